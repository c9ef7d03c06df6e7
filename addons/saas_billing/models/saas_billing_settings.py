from odoo import api, models

from ..const import NUMBERS


class SaasBillingSettings(models.AbstractModel):
    """The whole numbers kept as system parameters ``saas_billing.<name>``; NUMBERS has their defaults."""

    _name = 'saas.billing.settings'
    _description = 'Settings of Billing'

    @api.model
    def _number(self, name):
        default, least = NUMBERS[name]
        value = self.env['ir.config_parameter'].sudo().get_param(f'saas_billing.{name}') or ''
        return max(int(value), least) if value.isdecimal() else default
