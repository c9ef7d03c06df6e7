from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..const import LEASE_SECONDS

MAX_WORKERS = 32


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    saas_workers = fields.Integer('Workers', help='Operations that run at the same time over all master servers.')
    saas_lease_seconds = fields.Integer(
        'Lease (seconds)', config_parameter='saas_master.lease_seconds', default=LEASE_SECONDS,
        help='An operation whose worker has been silent for so long is taken over by another one.')
    saas_signup_link_hours = fields.Integer(
        'Confirmation Link (hours)', config_parameter='saas_master.signup_link_hours', default=24)
    saas_signup_per_hour = fields.Integer(
        'Sign-ups per Hour', config_parameter='saas_master.signup_per_hour', default=5,
        help='For one network address, and for one e-mail address.')

    @api.model
    def get_values(self):
        return {**super().get_values(), 'saas_workers': len(self.env['saas.operation']._worker_crons())}

    def set_values(self):
        result = super().set_values()
        for settings in self:
            settings._set_workers(settings.saas_workers)
        return result

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
