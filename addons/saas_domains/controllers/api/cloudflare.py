"""/api/cloudflare: what staff know of the edge. Nothing here waits for Cloudflare: it was asked before, or is asked next."""
from types import SimpleNamespace

from odoo import http

from odoo.addons.saas_master.controllers.api.endpoint import endpoint
from odoo.addons.saas_master.controllers.api.errors import ApiError
from odoo.addons.saas_master.controllers.api.reading import invalid
from odoo.addons.saas_master.controllers.api.texts import _lt

from ...edge.ingress_lint import lint
from ...models import edge_ingress
from .schemas_cloudflare import Begun, Ingress, RootQuery, Tunnel, ZoneUse

TAG = 'cloudflare'
UNKNOWN_ROOT = _lt('There is no root domain of this name.')
BEGUN = _lt('Records, custom hostnames, tunnel and routes are compared within a minute.')


class CloudflareApi(http.Controller):

    @endpoint('GET', '/api/cloudflare/tunnel', tag=TAG, summary=_lt('Read the state of a tunnel'), role='staff', query=RootQuery,
              answers={200: Tunnel}, errors=('not_found',), description=_lt('As it was when it was looked at last.'))
    def read_tunnel(self, call):
        root = _root(call)
        return {
            **_of(root), 'edge_mode': root.edge_mode, 'tunnel_management': root.tunnel_management, 'tunnel_id': root.tunnel_id,
            'status': root.tunnel_status, 'configuration_version': root.tunnel_version, 'connectors': root.connector_count,
            'connectors_current': root.connectors_current, 'health': root.health,
            'problems': (root.health_note or '').splitlines(), 'checked_at': root.health_checked_at,
            'synced_at': root.synced_at, 'sync_error': root.sync_error,
        }

    @endpoint('GET', '/api/cloudflare/ingress', tag=TAG, summary=_lt('Preview the document of a tunnel'), role='staff',
              query=RootQuery, answers={200: Ingress}, errors=('not_found',),
              description=_lt('Rendered from the records as they are now, with what our own check finds in it.'))
    def preview_ingress(self, call):
        root = _root(call)
        call.env.flush_all()
        rules = edge_ingress.wanted(call.env.cr, SimpleNamespace(tunnel=root.tunnel_id or '')).ingress
        return {**_of(root), 'tunnel_id': root.tunnel_id, 'ingress': rules,
                'problems': [{'code': found.code, 'where': found.where, 'words': found.words} for found in lint(rules)]}

    @endpoint('GET', '/api/cloudflare/dns', tag=TAG, summary=_lt('Read how full a zone is'), role='staff', query=RootQuery,
              answers={200: ZoneUse}, errors=('not_found',), description=_lt('As it was when it was looked at last.'))
    def read_zone(self, call):
        root = _root(call)
        return {**_of(root), 'zone': root.cloudflare_zone, 'checked_at': root.health_checked_at,
                'records': {'used': root.record_used, 'allowed': root.record_quota},
                'custom_hostnames': {'used': root.hostname_used, 'allowed': root.hostname_quota}}

    @endpoint('POST', '/api/cloudflare/sync', tag=TAG, summary=_lt('Compare the edge with the records'), role='manager',
              query=RootQuery, answers={202: Begun}, errors=('not_found', 'changes_held'), description=_lt(
                  'Asks for it; a scheduled action does it at once. Where more than a third would change it stops, and '
                  'until a person has allowed or dropped that in the backend this answers 409 with the difference.'))
    def sync(self, call):
        root = _root(call)
        if root.held_plan:
            raise ApiError('changes_held', details={
                'changes': {part: held['lines'] for part, held in root.held_plan.items()}})
        root.sudo()._reconcile_soon()
        call.env['saas.audit']._note('sync', root)
        return {**_of(root), 'message': call.text(BEGUN)}


def _root(call):
    """The root domain that was asked for, else the first one."""
    name = call.query.root_domain
    root = call.env['saas.root_domain'].search([('name', '=', name)] if name is not None else [], limit=1)
    if not root and name is not None:
        raise invalid([('root_domain', 'unknown', call.text(UNKNOWN_ROOT))])
    if not root:
        raise ApiError('not_found')
    return root


def _of(root):
    return {'root_domain': root.name, 'is_sandbox': root.is_sandbox}
