"""What people do with a subscription: customers in the portal and by REST; managers come the same way."""
import time
from datetime import datetime

from odoo import _, models
from odoo.exceptions import UserError
from odoo.tools.misc import consteq, hmac

from ..const import ENDED

CANCEL_REASONS = ('too_expensive', 'missing_features', 'switched_service', 'unused', 'customer_service', 'too_complex',
                  'low_quality', 'other')       # Stripe's words of cancellation_details.feedback
COMMENT_LENGTH = 500
CONSENT_SECONDS = 3600
ASKED = (20, 60)            # so many questions to Stripe within seconds, of one customer
RUNS_OUT = ('trialing', 'active', 'past_due')       # others have nothing left that could run out


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    def _check_person(self):
        """Who may act on the tenant acts on what is paid for it."""
        self.ensure_one()
        self.check_access('read')
        tenant = self.sudo().tenant_id
        if not tenant:
            raise UserError(_('This subscription belongs to no tenant.'))
        tenant.with_env(self.env)._check_act()

    def _count_question(self):
        limit, seconds = ASKED
        self.env['saas.rate']._count('billing', str(self.sudo().partner_id.id), limit, seconds)

    # -- another plan ---------------------------------------------------------------------------

    def _person_preview(self, price, users=None, domains=None):
        """What ``_preview`` says, with ``consent``: what ``_person_change`` wants back within the hour."""
        self._check_person()
        self._count_question()
        subscription, price = self.sudo(), price.sudo()
        preview = subscription._preview(price, users, domains)
        if preview['problems']:
            return preview
        terms = subscription._terms_of(price, users, domains)
        return {**preview, 'consent': subscription._sign_consent(terms, preview['at'].isoformat(), str(int(time.time())))}

    def _person_change(self, price, users=None, domains=None, consent=''):
        """Do what was shown and consented to; what it answers: ``_change``. Raises UserError, AccessError, RateLimited."""
        self._check_person()
        self._count_question()
        subscription, price = self.sudo(), price.sudo()
        at = subscription._read_consent(subscription._terms_of(price, users, domains), consent)
        answer = subscription._change(price, users, domains, at=at)
        self.env['saas.audit']._note('change_plan', self, price.plan_id.code)
        return answer

    def _sign_consent(self, terms, at, moment):
        """``at`` decides what is charged, and what it is charged for has to be as it was shown: both are signed."""
        shown = (self.id, self.stripe_price_id.id, self.user_quantity, self.domain_quantity, self.period_end, self.next_from,
                 terms.price, terms.users, terms.domains, sorted(self._wanted(terms).items()), at, moment)
        return '~'.join((at, moment, hmac(self.env(su=True), 'saas_billing.consent', repr(shown))))

    def _read_consent(self, terms, consent):
        """The moment that the amounts were worked out for; refused when anything is not as it was shown."""
        at, moment, _signature = [*(consent or '').split('~'), '', '', ''][:3]
        is_fresh = moment.isdecimal() and time.time() - int(moment) <= CONSENT_SECONDS
        if not (is_fresh and consteq(self._sign_consent(terms, at, moment), consent)):
            raise UserError(_('Something has changed meanwhile, or it was a while ago. Look at the amounts again.'))
        return datetime.fromisoformat(at)

    def _person_keep_plan(self):
        """Withdraw the smaller plan that was chosen for later."""
        self._check_person()
        self.sudo()._withdraw_planned()
        self.env['saas.audit']._note('change_plan', self, 'kept')

    def _person_resume_trial(self):
        """The trial ended without a card, and one was entered since: a period begins now and is paid."""
        self._check_person()
        subscription = self.sudo()
        if subscription.status != 'paused':
            raise UserError(_('There is nothing to go on with: its trial has not ended.'))
        stripe_id = subscription.stripe_id
        subscription._note_stripe(subscription._ask_alone(lambda api: api.resume(stripe_id)))
        self.env['saas.audit']._note('change_plan', self, 'resumed')

    # -- the end --------------------------------------------------------------------------------

    def _person_cancel(self, reason, comment=''):
        """It runs to the end of what is paid; ``reason`` is one of CANCEL_REASONS. Repeated, it changes nothing."""
        self._check_person()
        if reason not in CANCEL_REASONS:
            raise UserError(_('Say why you leave, please.'))
        if self.sudo().status in ENDED:
            raise UserError(_('It has ended already.'))
        self.sudo()._cancel(reason, (comment or '').strip()[:COMMENT_LENGTH])
        self.env['saas.audit']._note('cancel_subscription', self, reason)

    def _cancel(self, reason='', comment='', at_once=False):
        at_end, stripe_id = not at_once and self.status in RUNS_OUT, self.stripe_id
        self._note_stripe(self._ask_alone(lambda api: api.cancel(stripe_id, at_end, reason, comment)))

    def _person_keep(self):
        """Withdraw a cancellation that has not come true yet."""
        self._check_person()
        subscription = self.sudo()
        if subscription.status in ENDED:
            raise UserError(_('It has ended already. Choose a plan instead.'))
        if not subscription.cancel_at:
            raise UserError(_('There is no cancellation to withdraw.'))
        subscription._keep()
        self.env['saas.audit']._note('keep_subscription', self)

    def _keep(self):
        stripe_id = self.stripe_id
        self._note_stripe(self._ask_alone(lambda api: api.keep(stripe_id)))
        self.cancelled_with_tenant = False
