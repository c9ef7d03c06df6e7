from odoo import api, models

from ..const import NUMBERS


class SaasDomainSettings(models.AbstractModel):
    """The whole numbers kept as system parameters ``saas_domains.<name>``; NUMBERS has their defaults."""

    _name = 'saas.domain.settings'
    _description = 'Settings of Custom Domains'

    @api.model
    def _number(self, name):
        default, least = NUMBERS[name]
        value = self.env['ir.config_parameter'].sudo().get_param(f'saas_domains.{name}') or ''
        return max(int(value), least) if value.isdecimal() else default
