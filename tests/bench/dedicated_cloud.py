"""A Proxmox VE of a benchmark's own beside the stack's: three nodes, pages in place of containers, its records in the master."""
from contextlib import contextmanager

from ..stack.pve_sandbox import START_SECONDS, PveSandbox
from ..stack.seed_dedicated import Names, seed_dedicated

NAMES = Names('Storm', 'Storm containers', 'template_storm', 'storm')


class Sandbox(PveSandbox):
    nodes = ('storm1', 'storm2', 'storm3')


class Cloud:
    """:ivar pve: the sandbox; :ivar tenants: names of what was ordered here"""

    def __init__(self, world, pve):
        self.world, self.staff, self.pve = world, world.staff(), pve
        self.cluster = self.staff.call('saas.cluster', 'search', [('name', '=', NAMES.cluster)])[0]

    def settled(self, names):
        """Tenants of these names, when none of them is being worked on any more; None before."""
        if self.world.master_sql("""
                SELECT 1 FROM saas_operation o JOIN saas_tenant t ON t.id = o.tenant_id
                 WHERE t.name = ANY(%s) AND o.state IN ('waiting', 'running') LIMIT 1""", names):
            return None
        return self.staff.call('saas.tenant', 'search_read', [('name', 'in', names)], ['name', 'state', 'container_id'])

    def kept(self):
        """What the records say is given away."""
        return self.staff.call('saas.container', 'search_read', [('cluster_id', '=', self.cluster), ('state', '!=', 'gone')],
                               ['name', 'vmid', 'ip_address_id', 'tenant_ids', 'mark'])

    def numbers(self):
        """All that were ever given to a container here."""
        rows = self.staff.call('saas.container', 'search_read', [('cluster_id', '=', self.cluster)], ['vmid'])
        return [one['vmid'] for one in rows]

    def held(self):
        """What the cluster has of ours: {number: its mark}."""
        return {vmid: (one['config'].get('description') or '').partition(':')[2][:32]
                for vmid, one in self.pve.control.containers().items()
                if (one['config'].get('description') or '').startswith('saas:')}

    def addresses_in_use(self):
        pool = self.staff.call('saas.ip_pool', 'search', [('name', '=', NAMES.pool)])
        return self.staff.call('saas.ip_address', 'search_count', [('pool_id', 'in', pool), ('state', '=', 'used')])


@contextmanager
def cloud(world):
    """Taken away again with its records."""
    stack = world.stack
    settings = stack.settings.change(state=stack.state / 'storm')
    pve = Sandbox(settings, lambda: stack.secrets)
    service = pve.start(stack.odoo, stack.python, 'pages')
    try:
        seed_dedicated(stack, pve, NAMES)
        made = Cloud(world, pve)
        made.staff.call('saas.plan', 'write', _ids(made, 'saas.plan', ('code', '=', NAMES.plan)), {'active': True})
        try:
            yield made
        finally:
            _retire(made)
    finally:
        service.stop(START_SECONDS)
        pve.pct.service().stop()


def _retire(made):
    """Its nodes are archived, so that nobody asks them for their health; the next run takes them out again."""
    for model, domain in (('saas.plan', ('code', '=', NAMES.plan)), ('saas.node', ('cluster_id', '=', made.cluster)),
                          ('saas.cluster', ('id', '=', made.cluster))):
        made.staff.call(model, 'write', _ids(made, model, domain), {'active': False})


def _ids(made, model, domain):
    return made.staff.call(model, 'search', [domain, ('active', 'in', (True, False))])
