"""Whatever else is asked for below /api: unknown addresses and methods."""
import re

from odoo import http
from odoo.http import request

from . import identity, limits
from .errors import ApiError
from .registry import installed


class Fallback(http.Controller):

    @http.route(['/api', '/api/<path:rest>'], type='saas_rest', auth='none', csrf=False, save_session=False, readonly=False)
    def unknown(self, rest=''):
        """Odoo's routing comes here when no endpoint has this address and method."""
        sent, env = request.httprequest, request.env
        request.dispatcher.lang = identity.language(env, sent, request.session)
        limits.REQUESTS.count((env.cr.dbname, 'address', sent.remote_addr), limits.number(env, 'api_requests_per_minute'))
        methods = {spec.method for spec in installed(env) if _pattern(spec.path).fullmatch(f'/api/{rest}'.rstrip('/'))}
        if not methods:
            raise ApiError('not_found')
        if 'GET' in methods:
            methods.add('HEAD')
        raise ApiError('method_not_allowed', headers={'Allow': ', '.join(sorted(methods))})


def _pattern(path):
    return re.compile(re.sub(r'\\{\w+\\}', '[^/]+', re.escape(path)))
