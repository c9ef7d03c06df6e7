from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..const import CANCELLABLE, ENDED, STAFF
from ..elapsed import elapsed_text
from ..series import UniqueIndex

STATES = [('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'),
          ('failed', 'Failed'), ('cancelled', 'Cancelled')]


class SaasOperation(models.Model):
    """One thing done to a tenant or a template: the ledger. How it is run: saas_operation_runner.py."""

    _name = 'saas.operation'
    _description = 'SaaS Operation'
    _order = 'id desc'

    kind = fields.Selection([
        ('provision', 'Provision'), ('suspend', 'Suspend'), ('resume', 'Resume'), ('delete', 'Delete'),
        ('cleanup', 'Clean up'), ('install_modules', 'Install modules'), ('change_plan', 'Change plan'),
        ('build_template', 'Build template'), ('build_standby', 'Build standby'), ('discard_standby', 'Discard standby'),
        ('start', 'Start'), ('stop', 'Stop'), ('restart', 'Restart'), ('snapshot', 'Snapshot'), ('rollback', 'Roll back'),
        ('backup', 'Back up'), ('restore', 'Restore'), ('remove_kept', 'Remove a kept state'),
    ], required=True, readonly=True, index=True)
    state = fields.Selection(STATES, required=True, default='waiting', readonly=True, index=True)
    tenant_id = fields.Many2one('saas.tenant', ondelete='cascade', index=True, readonly=True)
    template_id = fields.Many2one('saas.template', ondelete='cascade', index=True, readonly=True)
    standby_id = fields.Many2one('saas.standby', ondelete='cascade', index=True, readonly=True)
    node_id = fields.Many2one('saas.node', ondelete='restrict', index=True, readonly=True)
    step_ids = fields.One2many('saas.operation.step', 'operation_id', readonly=True)
    params = fields.Json(readonly=True, groups=STAFF)
    priority = fields.Integer(default=10, readonly=True, help='Lower runs first.')
    requested_by_id = fields.Many2one('res.users', readonly=True)
    cancel_requested = fields.Boolean(readonly=True)
    error = fields.Text(readonly=True, groups=STAFF)
    started_at = fields.Datetime(readonly=True)
    ended_at = fields.Datetime(readonly=True)
    duration = fields.Float('Duration (s)', compute='_compute_duration')
    elapsed = fields.Char('Took', compute='_compute_duration', help='From its start to its end; so far, while it runs.')
    progress = fields.Integer('Progress (%)', compute='_compute_progress')
    current_step = fields.Char(compute='_compute_progress')
    steps_summary = fields.Json(compute='_compute_steps_summary', groups=STAFF, help='What the live list of steps shows.')

    # Written by SQL with the clock of the database, which all workers share.
    not_before = fields.Datetime(readonly=True, default=fields.Datetime.now)
    lease_until = fields.Datetime(readonly=True)
    claim = fields.Integer(readonly=True, default=0, help='Fencing token: raised by every claim.')
    worker = fields.Char(readonly=True, groups=STAFF)

    _tenant_active_uniq = UniqueIndex(
        "(tenant_id) WHERE state IN ('waiting', 'running')",
        'Another operation of this tenant is still under way. Wait until it has ended, or cancel it.')
    _template_active_uniq = UniqueIndex(
        "(template_id) WHERE tenant_id IS NULL AND state IN ('waiting', 'running')",
        'This template is being built already. Wait until it has ended, or cancel it.')

    _standby_active_uniq = UniqueIndex(
        "(standby_id) WHERE state IN ('waiting', 'running')",
        'Another operation of this standby is still under way. Wait until it has ended.')

    def init(self):
        self.env.cr.execute("""
            CREATE INDEX IF NOT EXISTS saas_operation_queue ON saas_operation (priority, not_before, id)
             WHERE state IN ('waiting', 'running')""")

    @api.depends('kind', 'tenant_id', 'template_id', 'standby_id')
    def _compute_display_name(self):
        kinds = dict(self._fields['kind']._description_selection(self.env))
        for operation in self:
            operation.display_name = f'{kinds.get(operation.kind, "")} {operation._subject().display_name or ""}'.strip()

    @api.depends('started_at', 'ended_at')
    def _compute_duration(self):
        now = fields.Datetime.now()
        for operation in self:
            end = operation.ended_at or now
            started = operation.started_at
            operation.duration = max((end - started).total_seconds(), 0) if started else 0
            operation.elapsed = elapsed_text(operation.duration) if started else False

    @api.depends('step_ids.state')
    @api.depends_context('lang')
    def _compute_progress(self):
        for operation in self:
            steps = operation.step_ids
            over = steps.filtered(lambda step: step.state in ('done', 'skipped'))
            operation.progress = 100 * len(over) // len(steps) if steps else 0
            operation.current_step = (steps - over)[:1].label

    @api.depends('state', 'step_ids.state', 'step_ids.duration_ms')
    @api.depends_context('lang')
    def _compute_steps_summary(self):
        for operation in self:
            operation.steps_summary = [
                {'id': step.id, 'name': step.label, 'state': step.state, 'elapsed': step.elapsed or '', 'attempt': step.attempt}
                for step in operation.step_ids]

    # -- buttons ------------------------------------------------------------------------------

    def action_retry(self):
        """Go on where it failed. A failed provision was cleaned up, so its tenant starts anew."""
        self.check_access('write')
        self.env['saas.audit']._note('retry', self)
        for operation in self:
            if operation.state != 'failed':
                raise UserError(_('Only a failed operation can be retried; "%s" is not.', operation.display_name))
            if operation.kind == 'provision' and operation.tenant_id.state == 'failed':
                operation.sudo().tenant_id.action_provision()
            else:
                operation.sudo()._reopen()
        return True

    def action_cancel(self):
        """Cancel at the next boundary between two steps; what was done so far is cleaned up."""
        self.check_access('write')
        self.env['saas.audit']._note('cancel', self)
        for operation in self:
            if operation.kind not in self._cancellable():
                raise UserError(_('"%s" cannot be cancelled: half done it would do more harm than done.',
                                  operation.display_name))
            if operation.state in ENDED:
                raise UserError(_('"%s" has ended already; nothing is left to cancel.', operation.display_name))
            operation.sudo().cancel_requested = True
            operation._wake()
        return True

    def action_skip(self):
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'name': _('Skip Step'), 'res_model': 'saas.step.skip',
            'view_mode': 'form', 'target': 'new', 'context': {'default_operation_id': self.id},
        }

    # -- business -----------------------------------------------------------------------------

    def _subject(self):
        self.ensure_one()
        return self.tenant_id or self.template_id or self.standby_id

    @api.model
    def _cancellable(self):
        return CANCELLABLE

    def _reopen(self):
        """Let a worker take a failed operation again, from the step that failed."""
        self.ensure_one()
        if self._subject()._active_operation():
            raise UserError(_('Another operation of "%s" is still under way.', self._subject().display_name))
        self.step_ids.filtered(lambda step: step.state == 'failed').write({'state': 'waiting', 'attempt': 0})
        self.write({'state': 'waiting', 'error': False, 'ended_at': False, 'cancel_requested': False,
                    'not_before': fields.Datetime.now()})
        self._set_attention(False)
        self._wake()

    def _skip_failed_step(self, reason):
        """Leave the failed step out, for a reason that is kept, and go on with the next one."""
        self.ensure_one()
        step = self.step_ids.filtered(lambda step: step.state == 'failed')[:1]
        if self.state != 'failed' or not step:
            raise UserError(_('Only the failed step of a failed operation can be skipped.'))
        if self.kind == 'provision' and self.tenant_id.state == 'failed':
            raise UserError(_('This provision was cleaned up; there is nothing to go on with. Retry it instead.'))
        step.write({'state': 'skipped', 'skip_reason': reason})
        self.env['saas.audit']._note('skip_step', self, reason)
        step._log(_('Skipped by %(user)s: %(reason)s', user=self.env.user.name, reason=reason))
        self._reopen()

    def _progress(self):
        """What a progress page shows; the caller's language, no secrets."""
        self.ensure_one()
        steps = self.step_ids
        number = next((n for n, step in enumerate(steps, 1) if step.state not in ('done', 'skipped')), len(steps))
        return {
            'state': self.state,
            'percent': 100 if self.state == 'done' else self.progress,
            'step': number,
            'total': len(steps),
            'label': steps[number - 1].label if steps else '',
            'elapsed': round(self.duration, 1),
            'steps': [{'name': step.label, 'state': step.state} for step in steps],
            'error': self.error if self.state == 'failed' else None,
        }
