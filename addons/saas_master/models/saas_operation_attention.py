"""What needs a person: failed operations that nobody has taken up, and the activities that tell of them."""
from odoo import _, api, fields, models

from ..const import STAFF

WARNING = 'mail.mail_activity_data_warning'

# Kind of operation -> kinds whose failure it makes up for; not named: its own. None: every kind.
MAKES_UP_FOR = {
    'provision': ('provision', 'cleanup'), 'suspend': ('suspend', 'resume'), 'resume': ('suspend', 'resume'), 'delete': None}


class SaasOperation(models.Model):
    _inherit = 'saas.operation'

    attention = fields.Boolean('Needs a Person', readonly=True, copy=False, groups=STAFF,
                               help='It failed, and nobody has retried it or done what makes up for it.')

    def init(self):
        self.env.cr.execute("""
            CREATE INDEX IF NOT EXISTS saas_operation_attention ON saas_operation (id) WHERE attention""")
        return super().init()

    def action_settle(self):
        """Nothing is left to do about a failure: it was mended elsewhere, or no longer matters."""
        self.check_access('write')
        self.env['saas.audit']._note('settle', self)
        for operation in self.sudo().filtered('attention'):
            operation._set_attention(False)
            operation._subject()._close_warnings(_('%(user)s: nothing is left to do.', user=self.env.user.name))
        return True

    def _set_attention(self, wanted):
        """Keep the count of the subject true along with it."""
        for operation in self.filtered(lambda operation: operation.attention != wanted):
            operation.attention = wanted
            operation._subject()._recount_attention()


class SaasOperationSubject(models.AbstractModel):
    _inherit = 'saas.operation.subject'

    attention = fields.Integer('Failures to Settle', readonly=True, default=0, copy=False, groups=STAFF,
                               help='Failed operations that wait for a person.')

    def _take_up(self, kind):
        """An operation of ``kind`` begins: the failures it makes up for wait no longer."""
        subject = self.sudo()
        if not subject.attention:
            return
        domain = [(self._operation_field(), '=', self.id), ('attention', '=', True)]
        kinds = self._makes_up_for(kind)
        if kinds is not None:
            domain.append(('kind', 'in', kinds))
        self.env['saas.operation'].sudo().search(domain)._set_attention(False)

    @api.model
    def _makes_up_for(self, kind):
        """Kinds whose failures an operation of ``kind`` takes up; None: every kind."""
        return MAKES_UP_FOR.get(kind, (kind,))

    def _recount_attention(self):
        for record in self.sudo():
            record.attention = self.env['saas.operation'].sudo().search_count(
                [(record._operation_field(), '=', record.id), ('attention', '=', True)])

    @api.model
    def _warning_type(self):
        return self.env.ref(WARNING, raise_if_not_found=False) or self.env['mail.activity.type']

    def _open_warnings(self):
        self.ensure_one()
        return self.env['mail.activity'].sudo().search([
            ('res_model', '=', self._name), ('res_id', '=', self.id), ('automated', '=', True),
            ('activity_type_id', '=', self._warning_type().id)])

    def _close_warnings(self, feedback):
        """Mark done what the ledger planned, once no failure is left: the list of activities stays true."""
        for record in self.sudo():
            if not record.attention and (warnings := record._open_warnings()):
                warnings.action_feedback(feedback=feedback)

    def _plan_attention(self, summary, note):
        """One activity for the managers' list; a further failure of the same kind only renews what it says."""
        for record in self:
            planned = record._open_warnings().filtered(lambda activity, s=summary: activity.summary == s)[:1]
            if planned:
                planned.note = note
            else:
                record.activity_schedule(WARNING, summary=summary, note=note, user_id=record._attention_user().id)
