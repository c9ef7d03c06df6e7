"""Whatever else is asked for below /api: unknown addresses and methods."""
from odoo import http
from odoo.http import request

from . import identity, limits
from .errors import ApiError
from .registry import allowed


class Fallback(http.Controller):

    @http.route(['/api', '/api/<path:rest>'], type='saas_rest', auth='none', csrf=False, save_session=False, readonly=False)
    def unknown(self, rest=''):
        """Odoo's routing comes here when no endpoint has this address and method."""
        sent, env = request.httprequest, request.env
        request.dispatcher.lang = identity.language(env, sent, request.session)
        limits.REQUESTS.count((env.cr.dbname, 'address', sent.remote_addr), limits.number(env, 'api_requests_per_minute'))
        methods = allowed(env, f'/api/{rest}'.rstrip('/'))
        raise ApiError('method_not_allowed', headers={'Allow': ', '.join(methods)}) if methods else ApiError('not_found')
