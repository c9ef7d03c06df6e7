from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..const import ACTIVE
from ..series import ALL_USER_GROUPS


class SaasOperationSubject(models.AbstractModel):
    """Something operations are done to. It lists the steps of each kind and has a ``_step_<code>`` for each.

    A step method reads and writes records and returns what to do outside: a function without arguments that
    touches no record (called with no transaction open; its answer is None, a dict of values for the subject,
    or NotYet), or None or such an answer itself when there is nothing to do outside.
    """

    _name = 'saas.operation.subject'
    _description = 'Subject of SaaS Operations'

    def _operation_field(self):
        """Name of the field of ``saas.operation`` that points at this model."""
        raise NotImplementedError

    @api.model
    def _operation_steps(self, kind):
        """The ordered steps of ``kind`` as (code, label); other addons insert theirs here."""
        raise UserError(_('There is no operation "%s" here.', kind))

    def _active_operation(self):
        self.ensure_one()
        return self.env['saas.operation'].sudo().search(
            [(self._operation_field(), '=', self.id), ('state', 'in', ACTIVE)], limit=1)

    def _open(self, kind, priority=10, **params):
        """Write the operation with its steps and wake a worker once this transaction is committed.

        Raises UserError while another operation of the same subject is under way; the partial unique index of
        saas.operation decides when two transactions race.
        """
        self.ensure_one()
        active = self._active_operation()
        if active:
            raise UserError(_(
                '%(subject)s: "%(operation)s" is still under way. Wait until it has ended, or cancel it.',
                subject=self.display_name, operation=active.display_name))
        self._take_up(kind)
        operation = self.env['saas.operation'].sudo().create({
            'kind': kind,
            self._operation_field(): self.id,
            'node_id': self.node_id.id,
            'priority': priority,
            'params': params,
            'requested_by_id': self.env.uid,
            'step_ids': [
                fields.Command.create({'sequence': number, 'code': code, 'name': label})
                for number, (code, label) in enumerate(self._operation_steps(kind), 1)
            ],
        })
        operation._wake()
        return operation

    def _apply_result(self, step, result):
        """Write what a step brought back: ``_result_<code>`` where the subject has one, else values for it."""
        handler = getattr(self, f'_result_{step.code}', None)
        handler(result) if handler else self.write(result)

    # -- told by the ledger, inside the transaction that ends the operation ----------------

    def _operation_done(self, operation):
        """All steps are done."""

    def _operation_failed(self, operation):
        """The operation was given up; what it left behind is to be cleaned up, and staff to be told."""

    def _operation_cancelled(self, operation):
        """Somebody cancelled it between two steps."""

    def _attention_user(self):
        managers = self.env.ref('saas_master.group_saas_manager')
        users = self.env['res.users'].sudo().search(
            [(ALL_USER_GROUPS, 'in', managers.id), ('share', '=', False)], order='id', limit=1)
        return users or self.env.ref('base.user_admin')
