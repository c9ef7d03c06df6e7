"""How an endpoint is doing: paused when nothing got through for long, and its owner is told."""
from datetime import timedelta

from odoo import _, fields, models

from .saas_webhook import GIVE_UP_DAYS

WARNING = 'mail.mail_activity_data_warning'
NOTICE = timedelta(days=1)      # of what is given up, at most once within


class SaasWebhook(models.Model):
    _inherit = 'saas.webhook'

    def _note_health(self, is_good, given_up):
        """Written only when it changes: whoever announces something reads this row."""
        self.ensure_one()
        now = fields.Datetime.now()
        if is_good:
            if self.failing_since:
                self.failing_since = False
        elif not self.failing_since:
            self.failing_since = now
        elif self.state == 'live' and self.failing_since < now - timedelta(days=GIVE_UP_DAYS):
            self.write({'state': 'paused', 'pause_reason': 'failing'})
            self._notice('paused')
            return
        if given_up and (not self.noticed_at or self.noticed_at < now - NOTICE):
            self._notice('given_up')

    def _notice(self, about):
        """Customers by mail, staff by an activity."""
        self.noticed_at = fields.Datetime.now()
        if self.partner_id:
            self._mail_notice(about)
        else:
            text = {
                'paused': _('For %s days nothing was taken by it, so it is paused. Correct it, then resume it.', GIVE_UP_DAYS),
                'given_up': _('Deliveries were given up after %s days. See why, and replay them.', GIVE_UP_DAYS)}[about]
            self.activity_schedule(WARNING, summary=_('The webhook %s fails', self.name), note=text,
                                   user_id=self._caretaker().id)

    def _caretaker(self):
        """Who made it, if he is still there; else the first manager."""
        maker = self.create_uid
        if maker.active and maker._is_internal() and maker.id != self.env.ref('base.user_root').id:
            return maker
        return self.env.ref('base.user_admin')

    def _mail_notice(self, about):
        template = self.env.ref('saas_domains.mail_template_webhook').sudo()
        contacts = self.env['res.partner'].sudo().search([
            ('commercial_partner_id', '=', self.partner_id.id), ('saas_right', '=', 'act'), ('email_normalized', '!=', False)])
        link = f'{self.get_base_url()}/my/webhooks/{self.id}'
        for contact in contacts:
            template.with_context(about=about, mail_name=contact.name, mail_lang=contact.lang, portal_link=link).send_mail(
                self.id, email_values={'email_to': contact.email_normalized})
        self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()
