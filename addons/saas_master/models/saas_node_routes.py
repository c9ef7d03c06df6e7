import contextlib

from odoo import api, models

from ..drivers.router import Route, Router
from ..series import in_test

ROUTES_LOCK = 0x5AA5            # first key of the advisory locks, the node's id is the second
HTTP_PORT, WEBSOCKET_PORT = 8069, 8072      # of Odoo in a container of its own
ROUTED_NODES = '(SELECT n.id FROM saas_node n WHERE COALESCE(n.router_id, n.id) = %s)'
UPSTREAM = 'LEFT JOIN saas_container c ON c.id = t.container_id LEFT JOIN saas_ip_address a ON a.id = c.ip_address_id'
TENANT_ROUTES = f"""
    SELECT t.database_name, t.host, EXISTS (SELECT 1 FROM saas_tenant_suspension_rel r WHERE r.tenant_id = t.id), a.address
      FROM saas_tenant t {UPSTREAM} WHERE t.node_id IN {ROUTED_NODES} AND t.is_routed"""


class SaasNode(models.Model):
    _inherit = 'saas.node'

    def _router(self):
        """The node whose router leads to the tenants of this one."""
        self.ensure_one()
        return self.router_id or self

    def _sync_routes(self):
        """The outside part of a step that changes routes: make the router equal to the committed records.

        Workers that come together queue at the lock; the first one writes what all of them have committed, the
        others then find nothing to change: one reload per batch.
        """
        node = self._router()
        node_id, spec, access, cursor = node.id, node._spec(), node._access(), node._cursor_maker()
        read, applied = self._route_rows, self._routes_applied

        def act():
            with cursor() as cr, locked(cr, (ROUTES_LOCK, node_id)), access.open() as transport:
                router = Router(transport, spec.router_config, spec.router_routes, spec.router_command)
                routes = read(cr, node_id)
                router.apply(routes)
                applied(cr, node_id, routes)
        return act

    @api.model
    def _route_rows(self, cr, node_id):
        """What the router of node ``node_id`` has to lead where, also to tenants of other nodes; read with ``cr`` and no
        record. Other addons add theirs.

        Published tenants; closed while they have any reason for suspension.
        """
        cr.execute(TENANT_ROUTES, [node_id])
        return [Route(host=host, database=database, suspended=closed, **upstream_of(address))
                for database, host, closed, address in cr.fetchall()]

    @api.model
    def _routes_applied(self, cr, node_id, routes):
        """The router has these now; still under the lock. For addons that keep note of it."""

    def _cursor_maker(self):
        """Cursors for the outside part; in a test its own one, which alone sees what the test wrote."""
        if not in_test():
            return self.env.registry.cursor
        self.env.flush_all()
        return lambda: contextlib.nullcontext(self.env.cr)


def upstream_of(address):
    """What a route to the container at ``address`` has besides; nothing for a tenant on a shared server."""
    return {'upstream': f'{address}:{HTTP_PORT}', 'websocket': f'{address}:{WEBSOCKET_PORT}'} if address else {}


@contextlib.contextmanager
def locked(cr, keys):
    """Hold a session lock. The commit ends the snapshot taken before the lock was had: what is read later is new."""
    cr.execute('SELECT pg_advisory_lock(%s, %s)', keys)
    if not in_test():
        cr.commit()  # pylint: disable=invalid-commit
    try:
        yield
    finally:
        cr.execute('SELECT pg_advisory_unlock(%s, %s)', keys)
