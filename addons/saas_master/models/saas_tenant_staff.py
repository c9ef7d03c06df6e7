"""What staff see of tenants at a glance, and what they do to many at once."""
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..const import ACTIVE, STAFF
from ..step_up import step_up
from .saas_operation import STATES

TRIAL_WARNING_DAYS = 7
SHOWN_REFUSALS = 10


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    operation_state = fields.Selection(STATES, 'Latest Operation State', compute='_compute_operation', groups=STAFF)
    operation_error = fields.Text('Why It Failed', compute='_compute_operation', groups=STAFF)
    operation_progress = fields.Integer('Progress (%)', compute='_compute_operation', groups=STAFF)
    operation_step = fields.Char('Present Step', compute='_compute_operation', groups=STAFF)
    shown_operation_id = fields.Many2one('saas.operation', compute='_compute_shown_operation', groups=STAFF)
    operation_steps = fields.Json(compute='_compute_shown_operation', groups=STAFF)
    urgency = fields.Selection(
        [('failed', 'Needs a person'), ('leaving', 'Deletion asked'), ('fine', 'In order')], compute='_compute_urgency',
        store=True, groups=STAFF)
    trial_days_left = fields.Integer(compute='_compute_trial_days_left')
    is_trial_ending = fields.Boolean(compute='_compute_trial_days_left')
    customer_was_told = fields.Text(compute='_compute_customer_was_told', groups=STAFF)

    def init(self):
        self.env.cr.execute("""
            CREATE INDEX IF NOT EXISTS saas_tenant_board ON saas_tenant (state, attention DESC, id DESC);
            CREATE INDEX IF NOT EXISTS saas_tenant_urgency ON saas_tenant (state, urgency);
            CREATE INDEX IF NOT EXISTS saas_tenant_figures ON saas_tenant (state, plan_id, node_id);
            CREATE INDEX IF NOT EXISTS saas_tenant_trials ON saas_tenant (trial_end) WHERE state = 'running'""")
        return super().init()

    @api.depends('operation_ids.state', 'operation_ids.step_ids.state', 'attention')
    def _compute_operation(self):
        """Only what is under way is looked at step by step. A failure counts until somebody has taken it up."""
        failures = self._failures()
        for tenant in self:
            operation = tenant.operation_id.sudo()
            under_way = operation.state in ACTIVE
            tenant.operation_state = operation.state
            tenant.operation_error = failures.get(tenant.id, False)
            tenant.operation_progress = operation.progress if under_way else 0
            tenant.operation_step = operation.current_step if under_way else False

    def _failures(self):
        """By tenant, the error of the failure that waits for a person; the first one, since others follow from it."""
        waiting = self.filtered('attention')
        failed = waiting and self.env['saas.operation'].sudo().search(
            [('tenant_id', 'in', waiting.ids), ('attention', '=', True)], order='id desc')
        return {operation.tenant_id.id: operation.error for operation in failed}

    def _compute_shown_operation(self):
        """What the form shows step by step: the failure that waits for a person, else the latest."""
        for tenant in self:
            tenant.shown_operation_id = operation = tenant._operation_to_retry()
            tenant.operation_steps = operation.sudo().steps_summary

    @api.depends('attention', 'delete_on')
    def _compute_urgency(self):
        for tenant in self.sudo():
            tenant.urgency = 'failed' if tenant.attention else 'leaving' if tenant.delete_on else 'fine'

    @api.depends('trial_end', 'state')
    def _compute_trial_days_left(self):
        today = fields.Date.context_today(self)
        for tenant in self:
            on_trial = tenant.trial_end and tenant.state == 'running'
            tenant.trial_days_left = (tenant.trial_end - today).days if on_trial else 0
            tenant.is_trial_ending = bool(on_trial) and 0 <= tenant.trial_days_left <= TRIAL_WARNING_DAYS

    @api.depends('reason_ids')
    def _compute_customer_was_told(self):
        for tenant in self:
            tenant.customer_was_told = ' '.join(filter(None, tenant.reason_ids.mapped('customer_text')))

    @api.model
    def _trial_ending_domain(self):
        today = fields.Date.context_today(self)
        return [('state', '=', 'running'), ('trial_end', '>=', str(today)),
                ('trial_end', '<=', str(today + timedelta(days=TRIAL_WARNING_DAYS)))]

    # -- buttons ------------------------------------------------------------------------------

    def action_keep(self):
        self._person_keep()
        return True

    def action_view_customer(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'res_model': 'res.partner', 'res_id': self.partner_id.id,
                'view_mode': 'form', 'views': [(False, 'form')]}

    # -- many at once -------------------------------------------------------------------------

    def action_mass_provision(self):
        self.check_access('write')
        return self._act_on_each(lambda tenant: tenant.action_provision())

    def action_mass_suspend(self):
        self.check_access('write')

        def suspend(tenant):
            if tenant.state not in ('provisioning', 'running', 'suspended'):
                raise UserError(_('%s does not run, so there is nothing to suspend.', tenant.name))
            if 'staff' in tenant.reason_ids.mapped('code'):
                raise UserError(_('%s is suspended by staff already.', tenant.name))
            tenant.action_suspend()
        return self._act_on_each(suspend)

    def action_mass_resume(self):
        self.check_access('write')
        return self._act_on_each(lambda tenant: tenant.action_resume())

    def action_mass_retry(self):
        def retry(tenant):
            if not tenant.operation_id:
                raise UserError(_('%s has no operation yet.', tenant.name))
            tenant._operation_to_retry().action_retry()
        return self._act_on_each(retry)

    @step_up('delete')
    def action_mass_delete(self):
        return self._act_on_each(lambda tenant: tenant._delete())

    def action_retry(self):
        for tenant in self:
            tenant._operation_to_retry().action_retry()
        return True

    def _operation_to_retry(self):
        """The first failure that waits for a person; a clean-up that came after it does not hide it."""
        self.ensure_one()
        failed = self.env['saas.operation'].search(
            [('tenant_id', '=', self.id), ('attention', '=', True)], order='id', limit=1)
        return failed or self.operation_id

    def _act_on_each(self, act):
        """Do ``act`` to each tenant by itself and say for how many it was done, and for which not and why."""
        refusals = []
        for tenant in self:
            try:
                with self.env.cr.savepoint():
                    act(tenant)
            except UserError as refusal:
                text = str(refusal)
                refusals.append(text if tenant.name in text else f'{tenant.name}: {text}')
        return self._tell_result(len(self) - len(refusals), refusals)

    def _tell_result(self, done, refusals):
        lines = [_('Done for %(done)s of %(all)s.', done=done, all=len(self)), *refusals[:SHOWN_REFUSALS]]
        if len(refusals) > SHOWN_REFUSALS:
            lines.append(_('… and %s more.', len(refusals) - SHOWN_REFUSALS))
        kind = 'success' if not refusals else 'warning' if done else 'danger'
        return {'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
            'type': kind, 'sticky': bool(refusals), 'message': ' '.join(lines), 'title': _('Tenants'),
            'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}}}
