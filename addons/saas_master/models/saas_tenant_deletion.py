"""From a customer's wish to be deleted to the deletion: who is told, and the cron that begins it when its day has come."""
import logging
from datetime import timedelta

from odoo import api, fields, models

from ..series import commit_progress
from .saas_tenant_customer import DELETABLE

_logger = logging.getLogger(__name__)

BATCH = 200


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    delete_reminded = fields.Boolean(readonly=True, copy=False, help='The mail of the day before was sent.')

    def _delete(self):
        """Who deletes before the day that was asked for leaves no day behind."""
        result = super()._delete()
        now = fields.Datetime.now()
        self.sudo().filtered(lambda tenant: tenant.delete_on and tenant.delete_on > now)._forget_deletion()
        return result

    @api.model
    def _deletion_day(self):
        """When a deletion that is asked for now would begin."""
        return fields.Datetime.now() + timedelta(days=self._cooling_off_days())

    def _forget_deletion(self):
        self.write({'delete_on': False, 'delete_asked_by_id': False, 'delete_reminded': False})

    # -- mails ----------------------------------------------------------------------------------

    def _mail_deletion(self, about):
        """Tell whoever may act on it: 'asked', 'reminder' or 'withdrawn'; each in his own language."""
        template = self.env.ref(f'saas_master.mail_template_deletion_{about}').sudo()
        person = self.env.user if self.env.uid != self.env.ref('base.user_root').id else self.env['res.users']
        for tenant in self:
            link = f'{tenant.get_base_url()}/my/tenants/{tenant.id}'
            for email, (name, lang) in tenant._who_may_act().items():
                template.with_context(mail_name=name, mail_lang=lang, portal_link=link, person=person.name).send_mail(
                    tenant.id, email_values={'email_to': email})
        self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()

    def _who_may_act(self):
        """E-mail -> (name, language): the tenant's administrator, and the customer's contacts who may act."""
        contacts = self.env['res.partner'].search([
            ('commercial_partner_id', '=', self.partner_id.id), ('saas_right', '=', 'act'), ('email_normalized', '!=', False),
        ]) if self.partner_id else self.partner_id
        people = {contact.email_normalized: (contact.name, contact.lang or self.lang) for contact in contacts}
        return {self.email: (self.admin_name, self.lang), **people}

    # -- cron -----------------------------------------------------------------------------------

    @api.model
    def _cron_deletions(self):
        """Remind of what is deleted tomorrow, and begin the deletions whose time has come."""
        now, pending = fields.Datetime.now(), [('state', 'in', DELETABLE)]
        soon = [('delete_on', '>', now), ('delete_on', '<=', now + timedelta(days=1)), ('delete_reminded', '=', False)]
        self._for_each(pending + soon, '_remind_of_deletion')
        self._for_each(pending + [('delete_on', '<=', now)], '_delete_in_turn')

    def _for_each(self, domain, method):
        """Each tenant for itself, once: one that fails is logged, tried again by the next run, and stops no other."""
        last = 0
        while tenants := self.search(domain + [('id', '>', last)], order='id', limit=BATCH):
            for tenant in tenants:
                try:
                    with self.env.cr.savepoint():
                        getattr(tenant, method)()
                except Exception:       # whatever it is, the others are due as well
                    _logger.exception('%s of the tenant %s failed; the next run tries again', method, tenant.id)
                    self.env.invalidate_all()
                commit_progress(self.env, 1)
            last = tenants[-1].id

    def _remind_of_deletion(self):
        self.delete_reminded = True
        self._mail_deletion('reminder')

    def _delete_in_turn(self):
        """What is under way ends first; and who has just decided to keep it keeps it."""
        if self.delete_on and self.state in DELETABLE and not self._active_operation():
            self._delete()
