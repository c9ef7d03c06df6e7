from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import UserError
from odoo.http import request

PLACES = (('/api', 'api'), ('/my', 'portal'), ('/saas', 'website'), ('/web', 'backend'), ('/odoo', 'backend'))


class SaasAudit(models.Model):
    """What people did: written with the act, in its transaction, and never changed. Programs of ours leave no line."""

    _name = 'saas.audit'
    _description = 'Audit Line'
    _order = 'id desc'
    _log_access = False
    _rec_name = 'act'

    at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now, index=True)
    user_id = fields.Many2one('res.users', readonly=True, index=True, ondelete='set null')
    login = fields.Char(readonly=True, help='Kept when the user is removed.')
    via = fields.Selection([
        ('backend', 'Backend'), ('portal', 'Portal'), ('website', 'Website'), ('api', 'REST'), ('rpc', 'RPC'),
        ('server', 'Server')], required=True, readonly=True)
    address = fields.Char('Network Address', readonly=True)
    act = fields.Char(required=True, readonly=True, index=True)
    res_model = fields.Char('Model', readonly=True)
    res_id = fields.Many2oneReference('Record', model_field='res_model', readonly=True)
    subject = fields.Char(readonly=True, help='Name of the record at that time.')
    partner_id = fields.Many2one('res.partner', 'Customer', readonly=True, index=True, ondelete='set null')
    detail = fields.Char(readonly=True)

    @api.model
    def _note(self, act, records=None, detail=''):
        """Add one line for each of ``records``, or one line, when a person is at work. ``detail`` holds no secrets."""
        if self.env.uid == SUPERUSER_ID:
            return
        user = self.env.user.sudo()
        common = {
            'user_id': user.id, 'login': user.login, 'via': self._via(), 'act': act, 'detail': detail or False,
            'address': request.httprequest.remote_addr if request else False}
        rows = [{**common, 'res_model': record._name, 'res_id': record.id, 'subject': record.display_name,
                 'partner_id': self._customer(record).id} for record in (records.sudo() if records else ())]
        self.sudo().create(rows or [common])

    def _customer(self, record):
        if record._name == 'res.partner':
            return record.commercial_partner_id
        tenant = record if record._name == 'saas.tenant' else 'tenant_id' in record._fields and record.tenant_id
        return tenant.partner_id if tenant else self.env['res.partner']

    def _via(self):
        if not request:
            return 'server'
        path = request.httprequest.path
        return next((place for start, place in PLACES if path == start or path.startswith(f'{start}/')), 'rpc')

    def write(self, vals):
        raise UserError(_('An audit line is never changed.'))

    @api.ondelete(at_uninstall=False)
    def _never_unlink(self):
        raise UserError(_('An audit line is never removed.'))


class SaasAudited(models.AbstractModel):
    """Records whose making, changing and removing by a person's hand leaves an audit line with the fields' names."""

    _name = 'saas.audited'
    _description = 'Audited Records'

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if not self.env.su:
            self.env['saas.audit']._note('create', records)
        return records

    def write(self, vals):
        if not self.env.su and self:
            self.env['saas.audit']._note('change', self, ', '.join(sorted(vals)))
        return super().write(vals)

    def unlink(self):
        if not self.env.su and self:
            self.env['saas.audit']._note('remove', self)
        return super().unlink()
