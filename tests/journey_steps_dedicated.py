"""A tenant with a container of its own, step by step: what staff and the customer do, and what Proxmox VE then has."""
import time

from .client import POLL, Visitor, Wrong, authenticate, until_status

DATABASE = 'odoo'       # of every container
SHOWN = ['name', 'vmid', 'state', 'node_id', 'ip_address_id', 'memory_mib', 'cores', 'disk_gib', 'mark']


def container_of(world, name):
    """What the master has on record of the container of the newest tenant of that name."""
    staff = world.staff()
    found = staff.read(name, 'container_id')['container_id']
    if not found:
        raise Wrong(f'{name} has no container.')
    return staff.call('saas.container', 'read', [found[0]], SHOWN)[0]


def held_by_pve(world, name):
    """The container is on Proxmox VE as it is on record: running, with our mark, its address and its resources."""
    record = container_of(world, name)
    held = world.stack.pve.control.containers().get(record['vmid'])
    if not held:
        raise Wrong(f'Proxmox VE has no container {record["vmid"]}.')
    config = held['config']
    wrong = {
        'status': held['status'] != 'running', 'hostname': config.get('hostname') != name,
        'memory': int(config.get('memory', 0)) != record['memory_mib'], 'cores': int(config.get('cores', 0)) != record['cores'],
        'address': record['ip_address_id'][1] not in config.get('net0', ''),
        'mark': record['mark'] not in config.get('description', '')}
    if any(wrong.values()):
        raise Wrong(f'Proxmox VE has the container {record["vmid"]} with another {[what for what, bad in wrong.items() if bad]}: '
                    f'{held}')
    return record


def nobody_else_gets_in(world, name):
    """Neither the template's administrator nor the usual passwords, past the router."""
    address = container_of(world, name)['ip_address_id'][1]
    for login, password in (('admin', 'admin'), ('admin', ''), ('admin', 'False'), ('__system__', '')):
        if authenticate(f'http://{address}:8069', DATABASE, login, password):
            raise Wrong(f'{login} with the password "{password}" opens the container of {name}.')


def until_container(world, name, state, seconds=60):
    """Wait until the record says so."""
    deadline = time.monotonic() + seconds
    while container_of(world, name)['state'] != state:
        if time.monotonic() > deadline:
            raise Wrong(f'The container of {name} is {container_of(world, name)}, not {state}.')
        time.sleep(5 * POLL)


def compare(world):
    """Have the master look at Proxmox VE now, as its cron does."""
    staff = world.staff()
    cron = staff.call('ir.model.data', 'search_read', [('module', '=', 'saas_master'), ('name', '=', 'cron_container_watch')],
                      ['res_id'])[0]['res_id']
    staff.call('ir.cron', 'method_direct_trigger', [cron])


def look_inside(staff, name, what):
    """What support sees of the container: ``status`` or ``log``; Wrong if that is nothing."""
    shown = staff.call('saas.tenant', f'action_inside_{what}', [staff.tenant(name)])
    text = staff.call('saas.container.inside', 'read', [shown['res_id']], ['text'])[0]['text']
    if 'odoo' not in text.lower():
        raise Wrong(f'The {what} of {name} shows {text!r}.')
    return text


def take_back(staff, name, kind):
    """Have the newest ``snapshot`` or ``backup`` of it taken back, as a manager does in the dialogue."""
    dialogue = staff.call('saas.tenant', 'action_take_back', [staff.tenant(name)])['res_id']
    kept = staff.call('saas.container.kept', 'search', [('dialogue_id', '=', dialogue), ('kind', '=', kind)], limit=1)
    if not kept:
        raise Wrong(f'No {kind} of {name} is there to go back to.')
    staff.call('saas.container.take.back', 'write', [dialogue], {'kept_id': kept[0], 'typed_name': name})
    staff.call('saas.container.take.back', 'action_take_back', [dialogue])
    staff.wait(name, 'running')


def keep_ready(world, plan, wanted):
    """Have so many tenants of ``plan`` kept ready, on the node that has its template."""
    staff = world.staff()
    plan_id = staff.call('saas.plan', 'search', [('code', '=', plan)])[0]
    found = staff.call('saas.standby.pool', 'search', [('plan_id', '=', plan_id)])
    if found:
        return staff.call('saas.standby.pool', 'write', found, {'wanted': wanted})
    name = staff.call('saas.plan', 'read', [plan_id], ['template_name'])[0]['template_name']
    template = staff.call('saas.template', 'search_read', [('name', '=', name), ('state', '=', 'ready')], ['node_id'], limit=1)[0]
    return staff.call('saas.standby.pool', 'create', {'plan_id': plan_id, 'node_id': template['node_id'][0], 'wanted': wanted})


def shows_company(world, order):
    """On its pages that anybody sees; a standby is called so until it is somebody's."""
    for path in ('/', '/web/login'):
        text = Visitor(world.tenant_url(order.name)).get(path).text
        if order.company not in text or 'Standby' in text:
            raise Wrong(f'{path} of {order.name} is not that of {order.company}.')


def gone(world, name, record):
    """No address, no container; its number is not given again and its IP address is free."""
    until_status(Visitor(), world.tenant_url(name) + '/web/login', 404)
    if record['vmid'] in world.stack.pve.control.containers():
        raise Wrong(f'Proxmox VE still has the container {record["vmid"]} of {name}.')
    state = world.staff().call('saas.ip_address', 'read', [record['ip_address_id'][0]], ['state'])[0]['state']
    if state != 'free':
        raise Wrong(f'The address of {name} is {state}.')


def until_ready(world, plan, seconds=120):
    """Wait until a tenant of ``plan`` is kept ready for whoever comes next."""
    staff, deadline = world.staff(), time.monotonic() + seconds
    while not staff.call('saas.standby', 'search_count', [('plan_id.code', '=', plan), ('state', '=', 'ready')]):
        if time.monotonic() > deadline:
            found = staff.call('saas.standby', 'search_read', [('plan_id.code', '=', plan)], ['state'])
            raise Wrong(f'No standby of {plan} is ready after {seconds} s: {found}')
        time.sleep(5 * POLL)
