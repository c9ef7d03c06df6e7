"""Who is told what: activities for staff, mails for customers, a flag that the dashboard counts, events for webhooks."""
from datetime import timedelta

from markupsafe import Markup

from odoo import _, api, fields, models

ACTIVITY = 'saas_domains.mail_activity_domain'
BATCH = 500


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    # -- staff ----------------------------------------------------------------------------------

    def _alert_words(self, code):
        """(summary, what to do) of an alert, in the language of the environment."""
        return {
            'unverified': (_('Domain not verified for long'),
                           _('Its customer has not set the record. Ask whether help is needed.')),
            'propagation': (_('Domain could not be published'),
                            _('Look at the log of its operation; retry it once the cause is gone.')),
            'certificate': (_('Certificate of a domain'),
                            _('It is about to end, or was not issued. See what Cloudflare says, then press Sync.')),
            'left': (_('Domain points elsewhere'),
                     _('Its customer was told. It is unpublished when the days of grace are over.')),
            'contested': (_('Domain proven by another customer'),
                          _('It passes on to who has proven it when the notice is over. Find out whether that is right.')),
        }[code]

    def _plan_alert(self, code):
        """One activity for each; a further alert renews what it says."""
        manager = self._attention_user()
        for domain in self.with_context(lang=manager.lang).sudo():
            summary, note = domain._alert_words(code)
            note = Markup('<p>%s</p><p>%s</p>') % (domain.display_domain, note)
            planned = domain.activity_search([ACTIVITY])
            if planned:
                planned.write({'summary': summary, 'note': note})
            else:
                domain.activity_schedule(ACTIVITY, summary=summary, note=note, user_id=manager.id)

    def _close_alerts(self):
        """What was planned for these is done with."""
        kind = self.env.ref(ACTIVITY, raise_if_not_found=False)
        planned = kind and self.env['mail.activity'].sudo().search([
            ('res_model', '=', self._name), ('res_id', 'in', self.ids), ('activity_type_id', '=', kind.id)])
        if planned:
            planned.action_feedback(feedback=_('Settled.'))

    # -- customers ------------------------------------------------------------------------------

    def _mail(self, about):
        """Queue ``mail_template_domain_<about>`` to whoever may act on it, each in his own language."""
        template = self.env.ref(f'saas_domains.mail_template_domain_{about}', raise_if_not_found=False)
        if not template:
            return
        for domain in self.sudo():
            link = f'{domain.get_base_url()}/my/domains/{domain.id}'
            for email, (name, lang) in domain._who_is_told().items():
                template.sudo().with_context(mail_name=name, mail_lang=lang, portal_link=link).send_mail(
                    domain.id, email_values={'email_to': email})
        self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()

    def _who_is_told(self):
        """E-mail -> (name, language)."""
        self.ensure_one()
        if self.tenant_id and self.tenant_id.partner_id == self.partner_id:
            return self.tenant_id._who_may_act()
        contacts = self.env['res.partner'].search([
            ('commercial_partner_id', '=', self.partner_id.id), ('email_normalized', '!=', False),
            '|', ('saas_right', '=', 'act'), ('id', '=', self.partner_id.id)])
        return {contact.email_normalized: (contact.name, contact.lang or self.env.lang or 'en_US') for contact in contacts}

    # -- programs -------------------------------------------------------------------------------

    def _emit(self, event):
        """A state has changed; for addons and webhooks, in the transaction of the change.

        added, verified, failed, active, left, back, unpublished, contested, lost, removed, primary, certificate.
        """
        self.env['saas.webhook']._announce(f'domain.{event}', self)

    # -- cron -----------------------------------------------------------------------------------

    @api.model
    def _cron_alerts(self):
        """What nothing else would notice: claims that stay unproven, certificates about to end, names whose tenant is
        live by now."""
        transaction = self.env['saas.operation']._transaction
        transaction(self._alert_unverified)
        transaction(self._alert_certificates)
        transaction(self._publish_waiting)

    def _alert_unverified(self):
        settings, now = self.env['saas.domain.settings'], fields.Datetime.now()
        late = self.sudo().search([
            ('lost_at', '=', False), ('verification_status', 'in', ('pending', 'verifying')), ('alert', '=', False),
            ('trying_since', '<=', now - timedelta(days=settings._number('unverified_days')))], limit=BATCH)
        late.write({'alert': 'unverified'})
        late._plan_alert('unverified')
        late._mail('unverified')

    def _alert_certificates(self):
        """An expired or failed one, once; Cloudflare renews by itself, so one that is about to end is a sign of trouble."""
        soon = fields.Datetime.now() + timedelta(days=self.env['saas.domain.settings']._number('certificate_days'))
        ending = self.sudo().search([('is_active', '=', True), ('ssl_status', '=', 'active'), ('ssl_expires_at', '<=', soon)])
        ending.write({'ssl_status': 'expiring'})
        renewed = self.sudo().search([('ssl_status', '=', 'expiring'), ('ssl_expires_at', '>', soon)])
        renewed.write({'ssl_status': 'active'})
        bad = self.sudo().search([('is_active', '=', True), ('ssl_status', 'in', ('expiring', 'failed')), ('alert', '=', False)])
        bad.write({'alert': 'certificate'})
        bad._plan_alert('certificate')
        bad._mail('certificate')
        for domain in bad:
            domain._emit('certificate')
        well = self.sudo().search([('alert', '=', 'certificate'), ('ssl_status', '=', 'active')])
        well.write({'alert': False})
        well._close_alerts()

    def _publish_waiting(self):
        self.sudo().search([
            ('lost_at', '=', False), ('verification_status', '=', 'verified'), ('to_publish', '=', False),
            ('tenant_id', '!=', False)], limit=BATCH)._publish_what_can_be()
