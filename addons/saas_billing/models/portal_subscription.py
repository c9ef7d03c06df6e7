"""A subscription before its customer: how it stands, what is paid next, what he can do, and what he has to know now."""
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import format_amount, format_date

from ..const import ENDED, TRIAL_NOTICES

UPDATABLE = ('trialing', 'active', 'past_due', 'unpaid', 'paused')      # a card can be entered
CHANGEABLE = ('trialing', 'active', 'past_due')
TAKES_MONEY = ('trialing', 'active')


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    @api.model
    def _portal_day(self, moment):
        """The day of a moment as the reader's calendar has it."""
        local = fields.Datetime.context_timestamp(self, moment)
        return format_date(self.env, local.date(), date_format='long')

    def _portal_money(self, amount):
        return format_amount(self.env, amount, self.currency_id)

    # -- how it stands --------------------------------------------------------------------------

    def _portal_state(self):
        """{code, label, text, level}: in words; ``level`` colours it."""
        self.ensure_one()
        code = self._portal_code()
        level = {'active': 'fine', 'trial': 'fine', 'free': 'fine', 'leaving': 'near', 'waiting': 'near', 'overdue': 'over',
                 'closed': 'over', 'trial_over': 'over', 'paused': 'near', 'ended': 'over'}[code]
        return {'code': code, 'label': self._portal_labels()[code], 'text': self._portal_text(code), 'level': level}

    def _portal_code(self):
        now = fields.Datetime.now()
        if self.status in ENDED:
            return 'ended'
        if self.is_paused:
            return 'paused'
        if self.comp_until and self.comp_until > now:
            return 'free'
        if self.status in ('past_due', 'unpaid'):
            return 'closed' if self.entitlement == 'suspended' else 'overdue'
        if self.status in ('paused', 'incomplete'):
            return 'trial_over' if self.status == 'paused' else 'waiting'
        return 'leaving' if self.cancel_at else 'trial' if self.status == 'trialing' else 'active'

    @api.model
    def _portal_labels(self):
        return {
            'active': _('Active'), 'trial': _('Trial'), 'free': _('Free of charge'), 'leaving': _('Cancelled'),
            'waiting': _('Payment awaited'), 'overdue': _('Payment overdue'), 'closed': _('Closed until it is paid'),
            'trial_over': _('Trial over'), 'paused': _('Paused'), 'ended': _('Ended')}

    def _portal_text(self, code):
        day = self._portal_day
        if code == 'trial' and self.trial_end:
            return _('The trial runs until %s; then the first payment is taken.', day(self.trial_end)) \
                if self.has_payment_method else _(
                    'The trial runs until %s. Enter a card before: without one your Odoo is closed then, with all its data '
                    'kept.', day(self.trial_end))
        if code == 'leaving':
            return _('It runs until %s and ends then. Nothing more is charged.', day(self.cancel_at))
        if code == 'free':
            return _('Nothing is charged until %s.', day(self.comp_until))
        if code == 'overdue':
            return self._portal_overdue()
        if code == 'ended':
            return self._portal_ended()
        return {
            'active': _('It is renewed by itself.'),
            'trial': _('The trial runs.'),
            'waiting': _('The first payment has not come through yet.'),
            'closed': _('The payment is overdue, so your Odoo is closed. All its data is kept. It opens as soon as it is paid.'),
            'trial_over': _('The trial is over and there is no card, so your Odoo is closed. All its data is kept.'),
            'paused': _('We have paused it: your Odoo is closed and nothing is charged. Please write to our support.'),
        }[code]

    def _portal_overdue(self):
        if self.entitlement == 'grace' and self.entitled_until:
            return _('The last payment did not come through. Your Odoo is closed on %s unless it is paid before.',
                     self._portal_day(self.entitled_until))
        return _('The last payment did not come through. Please pay, or enter another card.')

    def _portal_ended(self):
        tenant = self.tenant_id
        if self.entitlement == 'grace' and self.extended_until:
            return _('It has ended. Your Odoo stays open until %s.', self._portal_day(self.extended_until))
        if tenant.delete_on and tenant.state not in ('deleting', 'deleted'):
            return _('It has ended, and your Odoo is closed. It is deleted on %s unless you choose a plan again.',
                     self._portal_day(tenant.delete_on))
        return _('It ended on %s.', self._portal_day(self.ended_at)) if self.ended_at else _('It has ended.')

    # -- what is paid next ----------------------------------------------------------------------

    def _portal_next(self):
        """(amount, day) of the next payment, in words; None where none comes."""
        following = self._portal_next_values()
        return following and (self._portal_money(following[0]), self._portal_day(following[1]))

    def _portal_next_values(self):
        self.ensure_one()
        is_without_card = self.status == 'trialing' and not self.has_payment_method
        if self.status not in TAKES_MONEY or self.is_paused or is_without_card or not self.period_end:
            return None
        at = self.trial_end if self.status == 'trialing' and self.trial_end else self.period_end
        ends_before = self.cancel_at and self.cancel_at <= at
        is_free = self.comp_until and self.comp_until > at
        return None if ends_before or is_free else (self._portal_next_amount(at), at)

    def _portal_next_amount(self, at):
        """What is due regularly, before discounts and tax. A smaller plan that begins then counts."""
        price = self.next_stripe_price_id.price_id
        if price and self.next_from and self.next_from <= at + timedelta(days=1):
            return price.amount + self.next_users * price.user_amount + self.next_domains * price.domain_amount
        return self.amount

    def _portal_coming(self):
        """In words: the smaller plan that was chosen for later; '' if there is none."""
        price = self.next_stripe_price_id.price_id
        if not (price and self.next_from) or self.status in ENDED:
            return ''
        return _('From %(day)s it is %(plan)s.', day=self._portal_day(self.next_from), plan=price.plan_id.name)

    def _portal_open_invoice(self):
        """The one to pay now at Stripe, where there is one."""
        return self.invoice_ids.filtered(lambda invoice: invoice.status == 'open' and invoice.hosted_url)[:1]

    def _own_price(self):
        """The saas.plan.price that is paid for now, also where Stripe has a smaller one already for the time after."""
        return self.env['saas.plan.price'].sudo().browse(self._terms().price) if self.stripe_price_id else (
            self.env['saas.plan.price'].sudo())

    # -- what he can do -------------------------------------------------------------------------

    def _portal_acts(self):
        """Which buttons fit, whoever looks."""
        self.ensure_one()
        living = self.status not in ENDED and not self.is_paused
        changeable = living and self.status in CHANGEABLE
        return {
            'change': changeable and not self.cancel_at and not self.has_pending_update and not self.collection_paused,
            'keep_plan': bool(self.next_from) and living,
            'cancel': living and self.status in UPDATABLE and not self.cancel_at,
            'keep': living and bool(self.cancel_at),
            'card': living and self.status in UPDATABLE,
            'resume': living and self.status == 'paused' and self.has_payment_method,
            'choose': self.status in ENDED,
        }

    @api.model
    def _portal_feedback(self):
        """Why somebody leaves: (Stripe's word, ours)."""
        return [
            ('too_expensive', _('It costs too much')), ('missing_features', _('Something is missing')),
            ('switched_service', _('We use something else now')), ('unused', _('We do not use it enough')),
            ('too_complex', _('It is too complicated')), ('low_quality', _('It does not work well enough')),
            ('customer_service', _('We were not looked after well')), ('other', _('Another reason'))]

    def _person_look_again(self):
        """Read it from Stripe for somebody who comes from its pages. Raises UserError or RateLimited."""
        self._check_person()
        self._count_question()
        subscription, stripe_id = self.sudo(), self.sudo().stripe_id
        subscription._note_stripe(subscription._ask_alone(lambda api: api.read_subscription(stripe_id)))

    # -- what he has to know now ----------------------------------------------------------------

    def _portal_notice(self):
        """{level, title, text, label} of the banner, None where all is well."""
        self.ensure_one()
        code, now, name = self._portal_code(), fields.Datetime.now(), self.tenant_id.name
        title, label = {
            'overdue': (_('%s: the payment is overdue', name), _('Pay or change the card')),
            'closed': (_('%s: closed until it is paid', name), _('Pay or change the card')),
            'trial_over': (_('%s: the trial is over', name), _('Go on with it')),
            'ended': (_('%s: the subscription has ended', name), _('Choose a plan again')),
            'trial': (_('%s: the trial ends soon', name),
                      _('See the subscription') if self.has_payment_method else _('Enter a card')),
            'leaving': (_('%s: the subscription ends soon', name), _('See the subscription')),
        }.get(code, ('', ''))
        if not title or not self._portal_is_pressing(code, now):
            return None
        return {'code': code, 'level': self._portal_state()['level'] if code != 'trial' else 'near', 'title': title,
                'text': self._portal_text(code), 'label': label}

    def _portal_is_pressing(self, code, now):
        if code == 'ended':
            return bool(self.tenant_id.delete_on)
        if code == 'trial':
            return bool(self.trial_end) and self.trial_end - now <= timedelta(days=max(TRIAL_NOTICES))
        if code == 'leaving':
            days = self.env['saas.billing.settings']._number('ending_notice_days')
            return self.cancel_at - now <= timedelta(days=days)
        return True
