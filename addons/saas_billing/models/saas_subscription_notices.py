"""What customers are told of their subscription: each notice once per occasion, in the language of who reads it."""
import logging

from odoo import models

from ..drivers import notices

_logger = logging.getLogger(__name__)

TEMPLATES = {       # code: template; what it says beyond that it takes from the record and the context
    'past_due_1': 'past_due', 'past_due_3': 'past_due', 'past_due_5': 'past_due_last',
    'trial_3': 'trial_ending', 'trial_1': 'trial_ending', 'trial_over': 'trial_over', 'ending': 'ending', 'ended': 'ended'}
SUSPENDED = 'saas_master.mail_template_suspended'
SAY_MORE = {'trial', 'ended'}       # reasons of suspension whose own notice tells the same and what to do


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    def _notify(self, entitled, now):
        """Send what is due, and remember it in the same transaction. Who has no tenant yet is told nothing of its end."""
        if self.tenant_id.sudo().state == 'draft':
            return
        facts = self._facts()
        for code in notices.notices(facts, self._rules(), now, self.notices):
            self._tell(code, notices.occasion(code, facts))
        if entitled.state == 'ended':
            self._tell_once('ended', self._closed_at())
        elif entitled.why == 'trial_over':
            self._tell_once('trial_over', self.trial_end or now)

    def _tell_once(self, code, moment):
        if not self._is_noticed(code, moment):
            self._tell(code, self._occasion(moment))

    def _is_noticed(self, code, moment):
        return (self.notices or {}).get(code) == self._occasion(moment)

    def _occasion(self, moment):
        return moment.strftime(notices.FORMAT)

    def _tell(self, code, occasion):
        self.notices = {**(self.notices or {}), code: occasion}
        self._mail(TEMPLATES[code])

    def _mail(self, about):
        """Queue ``mail_template_billing_<about>`` for whoever may act. A template that cannot be rendered stops no follow-up."""
        template = self.env.ref(f'saas_billing.mail_template_billing_{about}', raise_if_not_found=False)
        tenant = self.tenant_id.sudo()
        if not template or not tenant:
            return
        link = f'{tenant.get_base_url()}/my/billing/{tenant.id}'
        try:
            with self.env.cr.savepoint():
                for email, (name, lang) in tenant._who_may_act().items():
                    template.sudo().with_context(mail_name=name, mail_lang=lang, portal_link=link).send_mail(
                        self.id, email_values={'email_to': email})
        except Exception:       # somebody has edited it
            _logger.exception('The mail "%s" of subscription %s cannot be made', about, self.id)
            return
        self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()

    # -- for the templates ----------------------------------------------------------------------

    def _retry_day(self):
        """When Stripe tries the card again; False where it does not say."""
        return self.latest_invoice_id.next_attempt

    def _closing_day(self):
        return notices.ends_at(self._facts()) or False


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    def _notify_customer(self, template_xmlid, **context):
        """Who reads that the trial or the subscription is over needs no second mail that the tenant is closed."""
        if template_xmlid == SUSPENDED and self.reason_ids and set(self.reason_ids.mapped('code')) <= SAY_MORE:
            return
        super()._notify_customer(template_xmlid, **context)
