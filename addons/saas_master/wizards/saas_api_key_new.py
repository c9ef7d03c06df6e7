from odoo import _, api, fields, models

from ..models.saas_api_key import SCOPES
from ..step_up import step_up


class SaasApiKeyNew(models.TransientModel):
    """What a new key is for, and for how long it counts."""

    _name = 'saas.api.key.new'
    _description = 'New API Key'

    name = fields.Char('Used by', required=True)
    scope = fields.Selection(selection='_selection_scope', required=True, default='saas.api')
    days = fields.Integer('Valid for (days)', required=True, default=90)

    @api.model
    def _selection_scope(self):
        labels = self.env['saas.api.key']._fields['scope']._description_selection(self.env)
        return [(scope, label) for scope, label in labels if self.env.user.has_group(SCOPES[scope])]

    @step_up('api_key')
    def action_make(self):
        self.ensure_one()
        _record, key = self.env['saas.api.key']._make(self.name, self.scope, self.days)
        self.unlink()
        return {'type': 'ir.actions.act_window', 'name': _('API Key'), 'res_model': 'saas.api.key.show',
                'views': [(False, 'form')], 'target': 'new', 'context': {'default_key': key}}


class SaasApiKeyShow(models.AbstractModel):
    """Shows the key once. It has no table, so nothing of it is stored."""

    _name = 'saas.api.key.show'
    _description = 'Show API Key'

    id = fields.Id()        # the form's onchange, which brings the value, asks for it
    key = fields.Char('API Key', readonly=True)
