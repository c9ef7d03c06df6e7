"""What dedicated tenants need besides: the stack's Proxmox VE as a cluster with its nodes, their addresses, a golden container
and a plan. Only when asked (``make demo-dedicated``); repeating it changes nothing.
"""
import time
from dataclasses import dataclass

from . import seed
from .report import Problem, say
from .rpc import RemoteError

MEMORY_MIB, CORES, DISK_GIB = 1024, 2, 8


@dataclass(frozen=True)
class Names:
    """Of the records; ``template`` is also what the plan asks for, ``plan`` its code."""

    cluster: str = 'Sandbox'
    pool: str = 'Sandbox containers'
    template: str = 'template_dedicated'
    plan: str = 'dedicated'


def seed_dedicated(stack, pve=None, names=None):
    """Bring the cluster's records in line with the running sandbox, until tenants can be cloned.

    :param pve: another sandbox than the stack's own; :param names: then others, too
    """
    session, pve, names = stack.session(), pve or stack.pve, names or Names()
    try:
        cluster = _cluster(session, pve, names)
        nodes = [_node(session, stack, pve, cluster, name) for name in pve.nodes]
        _addresses(session, pve, names, cluster)
        _plan(session, names)
        if pve.runtime == 'lxc':
            _golden(session, pve, names, nodes[0])
        else:
            _stand_ins(session, pve, names, nodes)
    except RemoteError as error:
        raise Problem(f'The master refuses its Proxmox VE: {error}') from None


def _kept(session, model, key, values, secrets):
    """Created, or changed where it differs; secrets are written with it."""
    found = session.search_read(model, [(key, '=', values[key])], list(values), limit=1, context={'active_test': False})
    if not found:
        session.prove('secret')
        return session.call(model, 'create', {**values, **secrets})
    present = {name: value[0] if isinstance(value, list) and len(value) == 2 else value for name, value in found[0].items()}
    changed = {name: value for name, value in values.items() if present[name] != value}
    if changed:
        session.prove('secret')
        session.call(model, 'write', [found[0]['id']], {**changed, **secrets})
    return found[0]['id']


def _cluster(session, pve, names):
    return _kept(session, 'saas.cluster', 'name', {
        'name': names.cluster, 'api_url': pve.url, 'token_id': pve.token_id, 'trust': 'ca', 'ca_certificate': pve.ca_text,
        'pve_pool': pve.pool, 'active': True}, {'token_secret': pve.token_secret})


def _node(session, stack, pve, cluster, name):
    local = session.call('saas.node', 'search', [('name', '=', seed.NODE)])[0]
    return _kept(session, 'saas.node', 'name', {
        'name': name, 'kind': 'proxmox', 'cluster_id': cluster, 'pve_node': name, 'series': stack.odoo.series,
        'storage': pve.storage, 'backup_storage': pve.backup_storage, 'bridge': pve.bridge, 'router_id': local,
        'address_pattern': stack.tenant_address('{name}'), 'transport': 'ssh', 'ssh_host': pve.ssh_host,
        'ssh_port': pve.ssh_port, 'ssh_user': pve.ssh_user, 'ssh_host_key': pve.ssh_host_key, 'active': True},
        {'ssh_private_key': pve.ssh_private_key})


def _addresses(session, pve, names, cluster):
    first, last = pve.addresses
    pool = _kept(session, 'saas.ip_pool', 'name', {
        'name': names.pool, 'network': pve.subnet, 'gateway': pve.gateway, 'bridge': pve.bridge, 'first': first,
        'last': last}, {})
    session.call('saas.ip_pool', 'write', [pool], {'cluster_ids': [(6, 0, [cluster])]})
    session.call('saas.ip_pool', 'action_fill', [pool])


def _plan(session, names):
    found = session.search_read('saas.plan', [('code', '=', names.plan)], ['id'], context={'active_test': False})
    if found:
        return
    currency = session.search_read('saas.plan', [('code', '=', 'basic')], ['currency_id'])[0]['currency_id'][0]
    plan = session.call('saas.plan', 'create', {
        'name': 'Dedicated', 'code': names.plan, 'sequence': 30, 'is_published': True, 'isolation': 'dedicated', 'price': 199,
        'currency_id': currency, 'trial_days': 14, 'template_name': names.template, 'tagline': 'A server of your own',
        'cpu_cores': CORES, 'memory_mib': MEMORY_MIB, 'disk_gib': DISK_GIB, 'user_limit': 0, 'domain_limit': 50})
    session.call('saas.plan', 'write', [plan], {'name': 'Dedicado', 'tagline': 'Un servidor solo para usted'},
                 context={'lang': 'es_ES'})


def _golden(session, pve, names, node):
    values = {'name': names.template, 'node_id': node, 'os_template': pve.ostemplate}
    domain = [('name', '=', names.template), ('node_id', '=', node)]
    found = session.search_read('saas.template', domain, ['state'], limit=1)
    template = found[0]['id'] if found else session.call('saas.template', 'create', values)
    state = found[0]['state'] if found else 'draft'
    if state in ('draft', 'outdated'):
        say(f'template {names.template}: building the golden container')
        session.call('saas.template', 'action_build', [template])
        state = 'building'
    if state == 'building':
        start = time.monotonic()
        seed.watch(session, template, names.template)
        say(f'template {names.template}: built in {time.monotonic() - start:.0f} s')


def _stand_ins(session, pve, names, nodes):
    """Templates that are there from the beginning, where none can be built: one on each node."""
    for node, vmid in zip(nodes, (pve.golden[name] for name in pve.nodes), strict=True):
        values = {'name': names.template, 'node_id': node, 'base_vmid': vmid}
        found = session.call('saas.template', 'search', [('name', '=', names.template), ('node_id', '=', node)])
        template = found[0] if found else session.call('saas.template', 'create', values)
        session.call('saas.template', 'write', [template], {
            'state': 'ready', 'version': 1, 'vmid': vmid, 'database_name': 'saas_golden'})
