from odoo import api, fields, models

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
    error = fields.Text()
    skip_reason = fields.Char()
    log = fields.Text()

    @api.depends('code', 'name')
    @api.depends_context('lang')
    def _compute_label(self):
        """Its name in the reader's language, as long as the operation's subject still has such a step."""
        for operation, steps in self.grouped('operation_id').items():
            labels = dict(operation._subject()._operation_steps(operation.kind))
            for step in steps:
                step.label = labels.get(step.code, step.name)

    def _log(self, line):
        """Add a line with its time (UTC); what is repeated word for word is kept once."""
        self.ensure_one()
        if self.log and self.log.endswith(line):
            return
        stamp = fields.Datetime.to_string(fields.Datetime.now())
        self.log = f'{self.log or ""}\n{stamp} {line}'.strip()[-LOG_LIMIT:]
