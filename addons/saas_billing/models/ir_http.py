import re

from odoo import models
from odoo.http import request

from .. import hosted

PAYING = re.compile(r'(/[a-z]{2}([_-][A-Za-z0-9@_]+)?)?/(saas/pay|my/billing)/.*')


class IrHttp(models.AbstractModel):
    _inherit = 'ir.http'

    @classmethod
    def _saas_csp(cls, nonce):
        """A form on these pages ends at Stripe, or at the sandbox, which browsers count as its action."""
        rules = super()._saas_csp(nonce)
        if request.env and PAYING.fullmatch(request.httprequest.path):
            accounts = request.env['saas.stripe.account'].sudo().search([('active', '=', True)])
            return {**rules, 'form-action': [*rules['form-action'], *hosted.origins(accounts)]}
        return rules
