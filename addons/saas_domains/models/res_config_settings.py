from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..const import NUMBERS


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    saas_domains_default_limit = fields.Integer('Domains without a Tenant')
    saas_domains_give_up_days = fields.Integer('Give up (days)')
    saas_domains_unverified_days = fields.Integer('Not Verified (days)')
    saas_domains_contest_hours = fields.Integer('Notice before a Name Passes on (hours)')
    saas_domains_recheck_hours = fields.Integer('Look at Active Names every (hours)')
    saas_domains_verify_batch = fields.Integer('Names in One Go')
    saas_domains_verify_per_minute = fields.Integer('Clicks on Verify per Minute')
    saas_domains_add_per_hour = fields.Integer('Names Added per Hour')
    saas_domains_certificate_days = fields.Integer('Certificate Ends (days)')
    saas_domains_webhooks_per_customer = fields.Integer('Webhooks of a Customer')
    saas_domains_webhook_days = fields.Integer('Keep Deliveries (days)')
    saas_domains_quota_percent = fields.Integer('Quota Nearly Used (%)')
    saas_domains_webhook_denied = fields.Char('Networks without Webhooks', config_parameter='saas_domains.webhook_denied')
    saas_domains_sandbox = fields.Char('Root Domains in the Sandbox', readonly=True)

    @api.model
    def get_values(self):
        settings = self.env['saas.domain.settings']
        roots = self.env['saas.root_domain'].sudo().search([('is_sandbox', '=', True)])
        return {**super().get_values(), **{f'saas_domains_{name}': settings._number(name) for name in NUMBERS},
                'saas_domains_sandbox': ', '.join(roots.mapped('name'))}

    def set_values(self):
        """What is out of range changes nothing at all; a default that was never touched stays one."""
        for settings in self:
            settings._check_domain_numbers()
            self.env['saas.webhook']._networks(settings.saas_domains_webhook_denied)
        result = super().set_values()
        parameters = self.env['ir.config_parameter'].sudo()
        for name in NUMBERS:
            value = self[f'saas_domains_{name}']
            if value != self.env['saas.domain.settings']._number(name):
                parameters.set_param(f'saas_domains.{name}', str(value))
        return result

    def _check_domain_numbers(self):
        for name, (_default, least) in NUMBERS.items():
            field = f'saas_domains_{name}'
            if self[field] < least:
                raise UserError(_('"%(setting)s" cannot be less than %(least)s.', least=least,
                                  setting=self._fields[field]._description_string(self.env)))
