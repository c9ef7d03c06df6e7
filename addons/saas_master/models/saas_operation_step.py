from odoo import api, fields, models

from ..const import STAFF
from ..elapsed import elapsed_text

LOG_LIMIT = 20_000      # characters kept of a step's log; the newest stay


class SaasOperationStep(models.Model):
    """One step of an operation. Running it again does no harm: see saas_operation_subject.py."""

    _name = 'saas.operation.step'
    _description = 'Step of a SaaS Operation'
    _order = 'operation_id desc, sequence, id'

    operation_id = fields.Many2one('saas.operation', required=True, ondelete='cascade', index=True)
    sequence = fields.Integer(required=True)
    code = fields.Char(required=True)
    name = fields.Char(required=True, help='In the language of who opened the operation.')
    label = fields.Char('Step', compute='_compute_label')
    state = fields.Selection([
        ('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('skipped', 'Skipped'), ('failed', 'Failed'),
    ], required=True, default='waiting')
    attempt = fields.Integer(default=0, help='Attempts begun; an answer of "not yet" does not count.')
    started_at = fields.Datetime()
    ended_at = fields.Datetime()
    duration_ms = fields.Integer('Duration (ms)', help='Of the last attempt.')
    elapsed = fields.Char('Took', compute='_compute_elapsed', help='The last attempt; so far, while it runs.')
    error = fields.Text(index='trigram')
    skip_reason = fields.Char()
    log = fields.Text(index='trigram')
    task = fields.Char(help='What the other side calls the work that goes on there, for instance a UPID of Proxmox VE.')

    # What the log is filtered by; read through the operation, so a step costs nothing more to write.
    kind = fields.Selection(related='operation_id.kind')
    tenant_id = fields.Many2one(related='operation_id.tenant_id')
    template_id = fields.Many2one(related='operation_id.template_id')
    node_id = fields.Many2one(related='operation_id.node_id')
    worker = fields.Char(related='operation_id.worker', groups=STAFF)

    def init(self):
        self.env.cr.execute("""
            CREATE INDEX IF NOT EXISTS saas_operation_step_started ON saas_operation_step (started_at);
            CREATE INDEX IF NOT EXISTS saas_operation_step_failed ON saas_operation_step (id) WHERE state = 'failed'""")

    @api.depends('code', 'name')
    @api.depends_context('lang')
    def _compute_label(self):
        """Its name in the reader's language, as long as the operation's subject still has such a step."""
        for operation, steps in self.grouped('operation_id').items():
            labels = dict(operation._subject()._operation_steps(operation.kind))
            for step in steps:
                step.label = labels.get(step.code, step.name)

    @api.depends('state', 'duration_ms', 'started_at', 'ended_at')
    def _compute_elapsed(self):
        now = fields.Datetime.now()
        for step in self:
            seconds = step.duration_ms / 1000
            if step.started_at and (step.state == 'running' or step.state == 'failed' and step.ended_at):
                end = step.ended_at if step.state == 'failed' else now
                seconds = max((end - step.started_at).total_seconds(), 0)
            step.elapsed = elapsed_text(seconds) if step.started_at or seconds else False

    def action_open_log(self):
        """The step on a page of its own: a log does not fit into a cell."""
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': self.label, 'res_model': self._name, 'res_id': self.id,
                'view_mode': 'form', 'views': [(False, 'form')], 'target': 'new'}

    def action_open_operation(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'res_model': 'saas.operation', 'res_id': self.operation_id.id,
                'view_mode': 'form', 'views': [(False, 'form')]}

    @api.depends('label')
    def _compute_display_name(self):
        for step in self:
            step.display_name = f'{step.operation_id.display_name}: {step.label}'

    def _log(self, line):
        """Add a line with its time (UTC); what is repeated word for word is kept once."""
        self.ensure_one()
        if self.log and self.log.endswith(line):
            return
        stamp = fields.Datetime.to_string(fields.Datetime.now())
        self.log = f'{self.log or ""}\n{stamp} {line}'.strip()[-LOG_LIMIT:]
