from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..const import NUMBERS

MOST = {'checkout_hours': 24}       # Stripe's limit


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    saas_billing_grace_days = fields.Integer('Grace (days)')
    saas_billing_retention_days = fields.Integer('Keep after the End (days)')
    saas_billing_ending_notice_days = fields.Integer('Notice before the End (days)')
    saas_billing_checkout_hours = fields.Integer('Payment Page open for (hours)')
    saas_billing_event_days = fields.Integer('Keep Events (days)')
    saas_billing_sandbox = fields.Char('Stripe Sandbox', readonly=True)

    @api.model
    def get_values(self):
        settings = self.env['saas.billing.settings']
        current = self.env['saas.stripe.account']._current()
        return {**super().get_values(), **{f'saas_billing_{name}': settings._number(name) for name in NUMBERS},
                'saas_billing_sandbox': current.is_sandbox and current.name}

    def set_values(self):
        """What is out of range changes nothing at all; a default that was never touched stays one."""
        for settings in self:
            settings._check_billing_numbers()
        result = super().set_values()
        parameters = self.env['ir.config_parameter'].sudo()
        for name in NUMBERS:
            value = self[f'saas_billing_{name}']
            if value != self.env['saas.billing.settings']._number(name):
                parameters.set_param(f'saas_billing.{name}', str(value))
        return result

    def _check_billing_numbers(self):
        for name, (_default, least) in NUMBERS.items():
            field, most = f'saas_billing_{name}', MOST.get(name)
            label = self._fields[field]._description_string(self.env)
            if self[field] < least:
                raise UserError(_('"%(setting)s" cannot be less than %(least)s.', least=least, setting=label))
            if most and self[field] > most:
                raise UserError(_('"%(setting)s" cannot be more than %(most)s.', most=most, setting=label))
