"""What a customer does to his own tenants, in the portal and by the REST API; staff come the same way."""
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..const import MANAGER

COOLING_OFF_DAYS = 7        # system parameter saas_master.cooling_off_days
DELETABLE = ('running', 'suspended', 'failed')


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    usage_users = fields.Integer('Users', readonly=True, copy=False, help='Active people who are no portal users.')
    usage_database_mib = fields.Integer('Database (MiB)', readonly=True, copy=False)
    usage_files_mib = fields.Integer('Files (MiB)', readonly=True, copy=False)
    usage_at = fields.Datetime('Usage read at', readonly=True, copy=False, index=True)
    delete_on = fields.Datetime('To be deleted on', readonly=True, copy=False, index=True, tracking=True)
    delete_asked_by_id = fields.Many2one('res.users', 'Deletion asked by', readonly=True, copy=False)

    def _may_act(self):
        """Whether the present person may act on these tenants: a manager, or a contact with that right on his own."""
        if self._is_manager():
            return True
        person = self.env.user.partner_id
        return person.saas_right == 'act' and all(
            tenant.partner_id == person.commercial_partner_id for tenant in self.sudo())

    def _check_act(self):
        self.check_access('read')
        if not self._may_act():
            raise AccessError(_('You may look at this tenant, not act on it. Ask a colleague who may to give you that right.'))

    def _is_manager(self):
        return self.env.user.has_group(MANAGER)

    def _own_reason(self):
        return 'staff' if self._is_manager() else 'customer'

    def _person_suspend(self):
        self._check_act()
        if not self._is_manager() and any(tenant.state not in ('running', 'suspended') for tenant in self.sudo()):
            raise UserError(_('Only a tenant that runs can be closed. Wait until what is under way has ended.'))
        self.sudo()._suspend(self._own_reason())
        self.env['saas.audit']._note('suspend', self)

    def _person_resume(self):
        """Take the person's own reason away; raises UserError, with what to do, where another one keeps it closed."""
        self._check_act()
        own = self._own_reason()
        for tenant in self.sudo():
            reasons = tenant.reason_ids
            if own == 'customer' and reasons and own not in reasons.mapped('code'):
                raise UserError(' '.join(reasons.filtered('customer_text').mapped('customer_text'))
                                or _('%s was closed by us. Please write to our support.', tenant.name))
        self.sudo()._resume(own)
        self.env['saas.audit']._note('resume', self)

    def _person_delete(self, typed_name):
        """Ask for deletion: a manager's is begun at once, a customer's after the cooling-off days.

        Raises UserError unless the name was typed as it is, StepUpRequired without a fresh proof.
        """
        self.ensure_one()
        self._check_act()
        self._check_typed_name(typed_name)
        self.env['saas.step.up']._require('delete')
        if self._is_manager():
            self._delete()
            return
        tenant = self.sudo()
        if tenant.state not in DELETABLE:
            raise UserError(_('%s cannot be deleted now. Wait until what is under way has ended.', tenant.name))
        if not tenant.delete_on:
            days = self._cooling_off_days()
            tenant.write({'delete_on': fields.Datetime.now() + timedelta(days=days),
                          'delete_asked_by_id': self.env.uid, 'delete_reminded': days <= 1})
            self.env['saas.audit']._note('ask_deletion', self)
            tenant._mail_deletion('asked')

    def _check_typed_name(self, typed_name):
        if typed_name != self.name:
            raise UserError(_('Type the name of the tenant, %s, to confirm that it is this one.', self.name))

    def _person_keep(self):
        """Withdraw a deletion that was asked for."""
        self._check_act()
        if any(not tenant.delete_on or tenant.state in ('deleting', 'deleted') for tenant in self.sudo()):
            raise UserError(_('There is no deletion to withdraw.'))
        self.sudo()._forget_deletion()
        self.env['saas.audit']._note('withdraw_deletion', self)
        self.sudo()._mail_deletion('withdrawn')

    @api.model
    def _cooling_off_days(self):
        value = self.env['ir.config_parameter'].sudo().get_param('saas_master.cooling_off_days')
        return int(value) if value and value.isdecimal() else COOLING_OFF_DAYS
