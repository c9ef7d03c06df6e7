from odoo import fields, models


class SaasStepSkip(models.TransientModel):
    """Asks why a failed step is left out; the answer stays in the step's log."""

    _name = 'saas.step.skip'
    _description = 'Skip a Failed Step'

    operation_id = fields.Many2one('saas.operation', required=True)
    reason = fields.Char(required=True)

    def action_skip(self):
        self.operation_id.check_access('write')
        self.operation_id.sudo()._skip_failed_step(self.reason)
        return {'type': 'ir.actions.act_window_close'}
