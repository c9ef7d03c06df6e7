from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..const import LEASE_SECONDS
from .saas_standby import DAYS as STANDBY_DAYS

MAX_WORKERS = 32

# Whole numbers kept as system parameters saas_master.<name>: default, least. 0 has a meaning of its own ("no limit"),
# which is why config_parameter= does not do: it takes a 0 for nothing entered.
NUMBERS = {
    'lease_seconds': (LEASE_SECONDS, 5),
    'signup_link_hours': (24, 1),
    'signup_keep_days': (7, 1),
    'signup_per_hour': (5, 0),
    'name_checks_per_minute': (60, 0),
    'cooling_off_days': (7, 0),
    'invitations_per_day': (20, 0),
    'api_requests_per_minute': (600, 0),
    'api_login_failures': (10, 0),
    'api_address_failures': (50, 0),
    'audit_days': (730, 30),
    'standby_days': (STANDBY_DAYS, 1),
}


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    saas_workers = fields.Integer('Workers')
    saas_lease_seconds = fields.Integer('Lease (seconds)')
    saas_signup_link_hours = fields.Integer('Confirmation Link (hours)')
    saas_signup_keep_days = fields.Integer('Keep Unconfirmed Orders (days)')
    saas_signup_per_hour = fields.Integer('Sign-ups per Hour')
    saas_name_checks_per_minute = fields.Integer('Name Checks per Minute')
    saas_cooling_off_days = fields.Integer('Cooling-off (days)')
    saas_invitations_per_day = fields.Integer('Invitations per Day')
    saas_api_requests_per_minute = fields.Integer('Requests per Minute')
    saas_api_login_failures = fields.Integer('Wrong Log-ins per Name')
    saas_api_address_failures = fields.Integer('Wrong Log-ins per Network Address')
    saas_audit_days = fields.Integer('Keep Audit Lines (days)')
    saas_standby_days = fields.Integer('Keep Standbys (days)')
    saas_csp_sources = fields.Char('Further Sources of Pages', config_parameter='saas_master.csp_sources')

    @api.model
    def get_values(self):
        parameters = self.env['ir.config_parameter'].sudo()
        numbers = {}
        for name, (default, _least) in NUMBERS.items():
            value = parameters.get_param(f'saas_master.{name}') or ''
            numbers[f'saas_{name}'] = int(value) if value.isdecimal() else default
        return {**super().get_values(), **numbers, 'saas_workers': len(self.env['saas.operation']._worker_crons())}

    def set_values(self):
        """What is out of range changes nothing at all."""
        for settings in self:
            settings._check_numbers()
        result = super().set_values()
        for settings in self:
            settings._set_workers(settings.saas_workers)
            settings._set_numbers()
        return result

    def _check_numbers(self):
        for name, (_default, least) in NUMBERS.items():
            field = f'saas_{name}'
            if self[field] < least:
                raise UserError(_('"%(setting)s" cannot be less than %(least)s.', least=least,
                                  setting=self._fields[field]._description_string(self.env)))

    def _set_numbers(self):
        """Only what was changed: a default that was never touched stays one."""
        before = self.get_values()
        for name in NUMBERS:
            if self[f'saas_{name}'] != before[f'saas_{name}']:
                self.env['ir.config_parameter'].sudo().set_param(f'saas_master.{name}', str(self[f'saas_{name}']))

    def _set_workers(self, wanted):
        """As many active worker crons as wanted; crons beyond are kept, inactive."""
        if not 1 <= wanted <= MAX_WORKERS:
            raise UserError(_('Between 1 and %(most)s workers can run, not %(wanted)s.', most=MAX_WORKERS, wanted=wanted))
        crons = self.env['ir.cron'].sudo().with_context(active_test=False).search(
            [('code', '=like', 'model._work(%')], order='id')
        for number in range(len(crons) + 1, wanted + 1):
            crons |= crons[0].copy({'name': f'SaaS worker {number}', 'code': f'model._work({number})'})
        for number, cron in enumerate(crons, 1):
            if cron.active != (number <= wanted):
                cron.active = number <= wanted
