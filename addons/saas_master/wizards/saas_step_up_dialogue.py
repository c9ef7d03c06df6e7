from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..models.saas_rate import RateLimited


class SaasStepUpDialogue(models.TransientModel):
    """Asks a member of staff for a fresh proof of identity, then does what he was about to do. Keeps no proof."""

    _name = 'saas.step.up.dialogue'
    _description = 'Is It You?'

    kind = fields.Char(required=True, readonly=True)
    res_model = fields.Char(required=True, readonly=True)
    res_ids = fields.Json(readonly=True)
    method = fields.Char(required=True, readonly=True)
    proof_type = fields.Selection([('totp', 'Code'), ('password', 'Password')], readonly=True,
                                  default=lambda self: self.env['saas.step.up']._proof_type())
    code = fields.Char(compute='_compute_nothing', inverse='_inverse_code')
    password = fields.Char(compute='_compute_nothing', inverse='_inverse_password')

    def _compute_nothing(self):
        self.code = self.password = False

    def _inverse_code(self):
        self._check('code')

    def _inverse_password(self):
        self._check('password')

    def _check(self, name):
        service = self.env['saas.step.up']
        for dialogue in self.filtered(name):
            try:
                service._prove(dialogue.kind, dialogue[name])
            except RateLimited as limited:
                raise UserError(service._explain_limit(limited)) from limited
        self.invalidate_recordset(['code', 'password'], flush=False)

    @api.model
    def _may_call(self, model, method, kind):
        """Only a button that asks for this very kind of proof is called by name."""
        return model in self.env and getattr(getattr(type(self.env[model]), method, None), 'step_up_kind', None) == kind

    def action_confirm(self):
        self.ensure_one()
        self.env['saas.step.up']._require(self.kind)
        if not self._may_call(self.res_model, self.method, self.kind):
            raise UserError(_('This act asks for no proof of identity.'))
        answer = getattr(self.env[self.res_model].browse(self.res_ids or ()), self.method)()
        return answer if isinstance(answer, dict) else {'type': 'ir.actions.act_window_close'}
