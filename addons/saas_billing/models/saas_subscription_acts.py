"""What people do with a subscription: customers in the portal and by REST; managers come the same way."""
from datetime import timedelta

from odoo import _, fields, models
from odoo.exceptions import UserError

from ..const import ENDED

CANCEL_REASONS = ('too_expensive', 'missing_features', 'switched_service', 'unused', 'customer_service', 'too_complex',
                  'low_quality', 'other')       # Stripe's words of cancellation_details.feedback
COMMENT_LENGTH = 500
CONSENT = timedelta(hours=1)
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
        """What ``_preview`` says; its ``at`` is what ``_person_change`` wants back within the hour."""
        self._check_person()
        self._count_question()
        return self.sudo()._preview(price.sudo(), users, domains)

    def _person_change(self, price, users=None, domains=None, at=None):
        """Do what was shown and consented to; what it answers: ``_change``. Raises UserError, AccessError, RateLimited.

        ``at`` decides what is charged, so one of another day is refused.
        """
        self._check_person()
        self._count_question()
        if at and abs(fields.Datetime.now() - at) > CONSENT:
            raise UserError(_('The amounts were worked out too long ago. Look at them again.'))
        answer = self.sudo()._change(price.sudo(), users, domains, at=at)
        self.env['saas.audit']._note('change_plan', self, price.sudo().plan_id.code)
        return answer

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
