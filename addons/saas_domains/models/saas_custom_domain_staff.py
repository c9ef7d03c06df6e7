"""What staff see of domains at a glance, and what they do to many at once."""
from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.const import ACTIVE, STAFF
from odoo.addons.saas_master.step_up import step_up

# one index for the columns of the board, one for the dashboard's figures, one for the longest unverified
INDEXES = """
    CREATE INDEX IF NOT EXISTS saas_custom_domain_board ON saas_custom_domain (claim_state, verification_status, urgency);
    CREATE INDEX IF NOT EXISTS saas_custom_domain_figures
        ON saas_custom_domain (root_domain_id, verification_status, is_active, alert, attention) WHERE lost_at IS NULL;
    CREATE INDEX IF NOT EXISTS saas_custom_domain_unverified ON saas_custom_domain (create_date, id)
     WHERE lost_at IS NULL AND verification_status <> 'verified'"""


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    verification_status = fields.Selection(group_expand='_expand_status')
    is_sandbox = fields.Boolean(related='root_domain_id.is_sandbox', string='Sandbox')
    operation_error = fields.Text('Why It Failed', compute='_compute_operation_words', groups=STAFF)
    operation_progress = fields.Integer('Progress (%)', compute='_compute_operation_words', groups=STAFF)
    operation_step = fields.Char('Present Step', compute='_compute_operation_words', groups=STAFF)
    shown_operation_id = fields.Many2one('saas.operation', compute='_compute_shown_operation', groups=STAFF)
    operation_steps = fields.Json(compute='_compute_shown_operation', groups=STAFF)
    urgency = fields.Selection(
        [('failed', 'Needs a person'), ('alert', 'Alert'), ('fine', 'In order')], compute='_compute_urgency', store=True,
        groups=STAFF)
    instructions = fields.Json('Records to Set', compute='_compute_instructions', groups=STAFF)
    verdict = fields.Json('What the DNS Said', compute='_compute_verdict', groups=STAFF)

    def init(self):
        self.env.cr.execute(INDEXES)
        return super().init()

    def _compute_operation_words(self):
        """Only what is under way is looked at step by step. A failure counts until somebody has taken it up."""
        failures = self._failures()
        for domain in self:
            operation = domain.operation_id.sudo()
            under_way = operation.state in ACTIVE
            domain.operation_error = failures.get(domain.id, False)
            domain.operation_progress = operation.progress if under_way else 0
            domain.operation_step = operation.current_step if under_way else False

    def _failures(self):
        """By domain, the error of the failure that waits for a person; the first one, since others follow from it."""
        waiting = self.filtered('attention')
        failed = waiting and self.env['saas.operation'].sudo().search(
            [('domain_id', 'in', waiting.ids), ('attention', '=', True)], order='id desc')
        return {operation.domain_id.id: operation.error for operation in failed}

    def _compute_shown_operation(self):
        """What the form shows step by step: the failure that waits for a person, else the latest."""
        for domain in self:
            failed = domain.attention and self.env['saas.operation'].search(
                [('domain_id', '=', domain.id), ('attention', '=', True)], order='id', limit=1)
            domain.shown_operation_id = operation = failed or domain.operation_id
            domain.operation_steps = operation.sudo().steps_summary

    @api.depends('attention', 'alert')
    def _compute_urgency(self):
        for domain in self.sudo():
            domain.urgency = 'failed' if domain.attention else 'alert' if domain.alert else 'fine'

    @api.depends_context('lang')
    def _compute_instructions(self):
        for domain in self:
            domain.instructions = [] if domain.lost_at or not domain.external_domain else domain._instructions(self.env.lang)

    @api.depends_context('lang')
    def _compute_verdict(self):
        for domain in self:
            domain.verdict = domain._verdict() if domain.checked_at else False

    @api.model
    def _expand_status(self, statuses, domain, order=None):
        return [status for status, _label in self._fields['verification_status'].selection]

    # -- buttons ------------------------------------------------------------------------------

    def action_view_tenant(self):
        self.ensure_one()
        return self._open_form(self.tenant_id)

    def action_view_customer(self):
        self.ensure_one()
        return self._open_form(self.partner_id)

    def _open_form(self, record):
        return {'type': 'ir.actions.act_window', 'res_model': record._name, 'res_id': record.id, 'views': [(False, 'form')]}

    # -- many at once, beside those buttons that take many as they are ----------------------------

    def action_mass_make_primary(self):
        if len(self) != 1:
            raise UserError(_('A tenant has one primary domain: choose one only.'))
        return self.action_make_primary()

    def action_mass_retry(self):
        def retry(domain):
            if not domain.attention:
                raise UserError(_('Nothing of %s has failed.', domain.display_domain))
            domain.action_retry()
        return self._act_on_each(retry)

    @step_up('delete')
    def action_mass_remove(self):
        return self.action_remove()
