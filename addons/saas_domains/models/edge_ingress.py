"""The tunnel's document: rendered whole from the database, under the tunnel's lock, for all root domains that share it.

With the wildcard edge the document does not change for a new name: ``*.root`` and the root itself lead to the router, and so
does the catch-all, because the Host of a custom name stays the customer's and no rule for our own names ever matches it.
Per host, every name has a rule to the router of its tenant's node, and what no rule knows gets a 404.
"""
import zlib
from dataclasses import dataclass

from odoo.addons.saas_master.drivers.errors import NotFound
from odoo.addons.saas_master.models.saas_node_routes import locked

from ..const import INGRESS_LOCK
from ..edge import tunnel_file, tunnel_remote
from ..edge.cloudflare_plan import TooMuch
from ..edge.ingress import NOT_FOUND, Rule, normal, render, to_config
from ..edge.tunnel_local import LocalTunnel
from .edge_common import renew, write

FLOOR, PART = 5, 3          # as for records: more than a third, and more than so many rules, wait for a person

ROOTS = """
    SELECT id, name, edge_mode, origin_service, fallback_origin, tunnel_is_ours FROM saas_root_domain
     WHERE tunnel_id = %s AND active ORDER BY sequence, id"""
HOSTS = """
    SELECT d.id, d.external_domain, d.sajet_full_domain, r.router_url
      FROM saas_custom_domain d JOIN saas_tenant t ON t.id = d.tenant_id JOIN saas_node n ON n.id = t.node_id
      JOIN saas_node r ON r.id = COALESCE(n.router_id, n.id)
     WHERE d.root_domain_id = ANY(%s) AND d.to_publish"""
TENANTS = """
    SELECT t.host, r.router_url FROM saas_tenant t JOIN saas_node n ON n.id = t.node_id
      JOIN saas_node r ON r.id = COALESCE(n.router_id, n.id)
     WHERE t.is_routed AND t.host LIKE ANY(%s)"""
DONE = 'SELECT 1 FROM saas_custom_domain WHERE id = %s AND tunnel_ingress_configured IS NOT DISTINCT FROM to_publish'
# What the document served is written, not what is wanted by now: a name taken off meanwhile has its rule until the next
# document. NULL is "perhaps": a document was under way when its writer was killed.
PERHAPS = """
    UPDATE saas_custom_domain SET tunnel_ingress_configured = NULL
     WHERE id = ANY(%(served)s) AND tunnel_ingress_configured IS NOT TRUE"""
CONFIGURED = """
    UPDATE saas_custom_domain SET tunnel_ingress_configured = id = ANY(%(served)s)
     WHERE root_domain_id = ANY(%(roots)s) AND tunnel_ingress_configured IS DISTINCT FROM (id = ANY(%(served)s))"""
OURS = 'UPDATE saas_root_domain SET tunnel_is_ours = true WHERE id = ANY(%s) AND tunnel_is_ours IS NOT TRUE'
VERSION = """
    UPDATE saas_root_domain SET tunnel_is_ours = true, tunnel_version = %(version)s, connector_count = %(count)s,
           connectors_current = %(current)s
     WHERE id = ANY(%(roots)s)"""


@dataclass(frozen=True)
class Wanted:
    """``served``: ids of the domains that the document serves; ``roots``: those that share the tunnel."""

    ingress: list
    roots: tuple
    served: tuple
    is_first: bool

    def ids(self):
        return {'roots': list(self.roots), 'served': list(self.served)}


def lock_of(spec):
    return INGRESS_LOCK, zlib.crc32(f'{spec.account}/{spec.tunnel}'.encode()) - 2**31


def wanted(cr, spec):
    cr.execute(ROOTS, [spec.tunnel])
    roots = cr.fetchall()
    per_host = [row for row in roots if row[2] == 'per-host']
    whole = [row for row in roots if row[2] != 'per-host']
    rules = {}
    for _id, name, _mode, service, _fallback, _ours in whole:
        rules[name] = rules[f'*.{name}'] = service
    served = _hosts(cr, per_host, rules)
    if whole:
        cr.execute('SELECT id FROM saas_custom_domain WHERE root_domain_id = ANY(%s) AND to_publish', [[row[0] for row in whole]])
        served += [row[0] for row in cr.fetchall()]
    ingress = render([Rule(host, service) for host, service in rules.items()], whole[0][3] if whole else NOT_FOUND)
    return Wanted(ingress, tuple(row[0] for row in roots), tuple(served), not any(row[5] for row in roots))


def _hosts(cr, roots, rules):
    """A rule for each name under roots without a wildcard; a host that the wildcard of another one serves has its own."""
    if not roots:
        return []
    cr.execute(TENANTS, [[f'%.{row[1]}' for row in roots]])
    rules.update(cr.fetchall())
    cr.execute(HOSTS, [[row[0] for row in roots]])
    served = []
    for domain_id, external, own, service in cr.fetchall():
        rules[external] = service
        rules.setdefault(own, service)
        served.append(domain_id)
    return served


def sync(connect, spec, domain_id=None, force=False):
    """Write the document if it differs, once for all that wait, and see that every connector has it.

    :return: None, or NotYet while a connector still has an older one or none is up
    :raises TooMuch: with nothing written, where a person has to look first
    """
    with connect() as cr, locked(cr, lock_of(spec)):
        if domain_id:
            cr.execute(DONE, [domain_id])
            if cr.fetchone():
                return None
        want = wanted(cr, spec)
        answer = (_remote if spec.remote else _local)(cr, spec, want, force)
        if answer is None:
            write(cr, CONFIGURED, want.ids())
        return answer


def difference(before, after):
    """(lines for a person, how many rules of ``before`` are changed or gone)."""
    old, new = ({rule.get('hostname', '') + rule.get('path', ''): rule.get('service') for rule in normal(rules)}
                for rules in (before, after))
    gone = [f'- {host or "*"} → {service}' for host, service in old.items() if host not in new]
    changed = [f'~ {host or "*"} → {old[host]}  →  {new[host]}' for host in old if host in new and old[host] != new[host]]
    added = [f'+ {host or "*"} → {service}' for host, service in new.items() if host not in old]
    return gone + changed + added, len(gone) + len(changed)


def _remote(cr, spec, want, force):
    """There is no ETag, so the lock of the tunnel is what keeps two of us from overwriting each other."""
    renew(cr)
    client = spec.client()
    _version, document = client.configuration(spec.tunnel)
    _hold(document.get('ingress') or [], want, force)
    write(cr, PERHAPS, want.ids())
    version, _changed = tunnel_remote.publish(client, spec.tunnel, want.ingress)
    spread = tunnel_remote.look(client, spec.tunnel, version)
    write(cr, VERSION, {'version': spread.version, 'count': spread.connectors, 'current': spread.current,
                        'roots': list(want.roots)})
    return spread.not_yet()


def _hold(before, want, force):
    """The first time, whatever stands there was written by somebody else: not one rule of it goes unasked."""
    lines, lost = difference(before, want.ingress)
    digest = digest_of(lines)
    rules = [rule for rule in normal(before) if rule.get('hostname')]
    floor = 0 if want.is_first else FLOOR
    if rules and lost > floor and (want.is_first or lost * PART > len(before)) and force not in (True, digest):
        raise TooMuch(lost, len(before), tuple(lines), digest)


def digest_of(lines):
    return f'{zlib.crc32(chr(10).join(lines).encode()):08x}'


def _local(cr, spec, want, force):
    """A first config.yml is written where there is none and the tunnel's credentials are named."""
    renew(cr)
    with spec.access.open() as transport:
        try:
            before = tunnel_file.rules(transport.get(spec.config_path))
        except NotFound:
            if not spec.credentials_path:
                raise
            before = []
            transport.put(spec.config_path, to_config(want.ingress, spec.tunnel, spec.credentials_path), 0o644)
        _hold(before, want, force)
        write(cr, PERHAPS, want.ids())
        LocalTunnel(transport, spec.config_path, spec.cloudflared, reload=spec.reload).apply(want.ingress)
    write(cr, OURS, [list(want.roots)])
