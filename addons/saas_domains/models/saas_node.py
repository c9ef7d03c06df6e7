from odoo import api, models

from odoo.addons.saas_master.drivers.router import Route
from odoo.addons.saas_master.models.saas_node_routes import ROUTED_NODES, UPSTREAM, upstream_of

from .edge_common import write

# Published names of tenants that have a route. The name under our root domain is the tenant's own host for some: that one
# has its route already, and stays where it is whatever the primary name: it is the way in when a customer's DNS fails.
DOMAIN_ROUTES = f"""
    SELECT d.external_domain, d.sajet_full_domain, d.nonce, t.database_name,
           EXISTS (SELECT FROM saas_tenant_suspension_rel r WHERE r.tenant_id = t.id),
           CASE WHEN t.redirect_to_primary AND p.is_routed THEN p.external_domain END, a.address
      FROM saas_custom_domain d JOIN saas_tenant t ON t.id = d.tenant_id {UPSTREAM}
      LEFT JOIN saas_custom_domain p ON p.tenant_id = t.id AND p.is_primary
     WHERE t.node_id IN {ROUTED_NODES} AND t.is_routed AND d.is_routed AND d.lost_at IS NULL"""
LIVE = """
    UPDATE saas_custom_domain d SET is_route_live = d.is_routed AND d.external_domain = ANY(%(hosts)s)
      FROM saas_tenant t
     WHERE t.id = d.tenant_id AND t.node_id IN (SELECT n.id FROM saas_node n WHERE COALESCE(n.router_id, n.id) = %(node)s)
       AND d.is_route_live IS DISTINCT FROM (d.is_routed AND d.external_domain = ANY(%(hosts)s))"""


class SaasNode(models.Model):
    _inherit = 'saas.node'

    @api.model
    def _route_rows(self, cr, node_id):
        routes = super()._route_rows(cr, node_id)
        hosts = {route.host for route in routes}
        cr.execute(DOMAIN_ROUTES, [node_id])
        for external, own, nonce, database, closed, primary, address in cr.fetchall():
            redirect, end = primary if primary and primary != external else '', upstream_of(address)
            routes.append(Route(host=external, database=database, suspended=closed, redirect=redirect, nonce=nonce or '', **end))
            if own not in hosts:
                hosts.add(own)
                routes.append(Route(host=own, database=database, suspended=closed, redirect=primary or '', **end))
        return routes

    @api.model
    def _routes_applied(self, cr, node_id, routes):
        result = super()._routes_applied(cr, node_id, routes)
        write(cr, LIVE, {'node': node_id, 'hosts': [route.host for route in routes]})
        return result
