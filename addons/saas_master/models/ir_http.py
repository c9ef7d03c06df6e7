import secrets

from werkzeug.exceptions import HTTPException

from odoo import _, api, models
from odoo.exceptions import ValidationError
from odoo.http import request

from .. import headers

SOURCES = 'saas_master.csp_sources'
LOGIN_POLICY = "frame-ancestors 'self'"     # what Odoo sets on some pages; ours says that and more


class IrHttp(models.AbstractModel):
    """Every answer that passes through Odoo gets its security headers; what a controller set itself is left.

    Static files do not come by here: the router gives them theirs.
    """

    _inherit = 'ir.http'

    @classmethod
    def _post_dispatch(cls, response):
        result = super()._post_dispatch(response)
        cls._saas_harden(response)
        return result

    @classmethod
    def _serve_fallback(cls):
        response = super()._serve_fallback()
        if response:
            cls._saas_harden(response)
        return response

    @classmethod
    def _handle_error(cls, exception):
        response = super()._handle_error(exception)
        if isinstance(response, HTTPException):
            response = response.get_response(request.httprequest.environ)
        if hasattr(response, 'headers'):
            cls._saas_harden(response)
        return response

    @classmethod
    def _saas_harden(cls, response):
        is_own, is_secure = headers.is_own(request.httprequest.path), request.httprequest.scheme == 'https'
        for name, value in headers.COMMON.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault('Permissions-Policy', headers.OWN_FEATURES if is_own else headers.ODOO_FEATURES)
        if is_secure:
            response.headers.setdefault('Strict-Transport-Security', headers.HSTS)
        policy = cls._saas_policy(response.mimetype)
        if policy and response.headers.get('Content-Security-Policy', LOGIN_POLICY) == LOGIN_POLICY:
            response.headers['Content-Security-Policy'] = policy
        cookies = response.headers.getlist('Set-Cookie')
        if cookies:
            response.headers.setlist('Set-Cookie', [
                headers.harden_cookie(cookie, is_secure) if cookie.startswith('session_id=') else cookie
                for cookie in cookies])

    @classmethod
    def _saas_policy(cls, mimetype):
        if mimetype in ('application/json', 'application/problem+json'):
            return headers.JSON_POLICY
        if mimetype != 'text/html':
            return None
        rules = cls._saas_csp(cls._saas_nonce())
        more = request.env['ir.config_parameter'].sudo().get_param(SOURCES) if request.env else ''
        return headers.policy(rules, headers.sources(more)[0])

    @classmethod
    def _saas_csp(cls, nonce):
        """The policy of an HTML page as {directive: [source]}; for other addons to extend.

        ``nonce`` is set for our own pages, None for all others.
        """
        return headers.directives(nonce)

    @classmethod
    def _saas_nonce(cls):
        """The word by which this answer's own inline scripts are known, None where any inline script runs."""
        if not request or not headers.is_own(request.httprequest.path):
            return None
        if not hasattr(request, 'saas_nonce'):
            request.saas_nonce = secrets.token_urlsafe(16)
        return request.saas_nonce


class IrQWeb(models.AbstractModel):
    _inherit = 'ir.qweb'

    def _prepare_environment(self, values):
        values['saas_nonce'] = self.env['ir.http']._saas_nonce()
        return super()._prepare_environment(values)


class IrConfigParameter(models.Model):
    _inherit = 'ir.config_parameter'

    @api.constrains('key', 'value')
    def _check_csp_sources(self):
        for parameter in self.filtered(lambda parameter: parameter.key == SOURCES):
            bad = headers.sources(parameter.value)[1]
            if bad:
                raise ValidationError(_(
                    'These are no addresses that pages may load from: %s. They look like https://cdn.example.com or '
                    'https://*.example.com, separated by blanks.', ', '.join(bad)))
