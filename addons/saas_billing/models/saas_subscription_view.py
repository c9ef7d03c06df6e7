"""What staff read of a subscription: sentences instead of Stripe's words and of codes."""
from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.tools import format_date

from ..const import LIVING, STATUSES


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'
    _rec_names_search = ['stripe_id', 'tenant_id.name', 'partner_id.name']

    status = fields.Selection(group_expand='_expand_status')
    is_sandbox = fields.Boolean(compute='_compute_is_sandbox', compute_sudo=True)
    is_at_risk = fields.Boolean(compute='_compute_is_at_risk', search='_search_is_at_risk', help='It may stop being paid for.')
    stripe_words = fields.Char('At Stripe', compute='_compute_words')
    follow_words = fields.Char('For the Tenant', compute='_compute_words')
    next_steps = fields.Html('What happens next', compute='_compute_words', sanitize=False)
    cancel_words = fields.Char('Why it was cancelled', compute='_compute_cancel_words')
    short_next = fields.Char('Next', compute='_compute_words')

    @api.model
    def _expand_status(self, statuses, domain, order=None):
        """A column for each that is not over."""
        return [status for status, _label in STATUSES if status in ('incomplete', *LIVING) or status in statuses]

    @api.depends('tenant_id.name', 'plan_id.name', 'stripe_id')
    @api.depends_context('lang')
    def _compute_display_name(self):
        for subscription in self:
            names = [subscription.tenant_id.name or subscription.partner_id.name, subscription.plan_id.name]
            subscription.display_name = ' · '.join(filter(None, names)) or subscription.stripe_id

    @api.depends('account_id.mode')
    def _compute_is_sandbox(self):
        for subscription in self:
            subscription.is_sandbox = subscription.account_id.mode == 'sandbox'

    @api.depends('status', 'cancel_at', 'has_payment_method', 'trial_end', 'comp_until')
    def _compute_is_at_risk(self):
        at_risk = self.filtered_domain(self._risk_domain())
        for subscription in self:
            subscription.is_at_risk = subscription in at_risk

    def _search_is_at_risk(self, operator, value):
        if operator not in ('=', '!='):
            raise NotImplementedError
        domain = self._risk_domain()
        return domain if (operator == '=') == bool(value) else ['!', *domain]

    @api.model
    def _risk_domain(self):
        """One normalised condition: overdue, closed for money, to be cancelled, or a trial without a card."""
        return ['|', ('status', 'in', ('past_due', 'unpaid', 'paused')),
                '&', ('status', 'in', ('trialing', 'active')),
                '|', ('cancel_at', '!=', False), '&', ('status', '=', 'trialing'), ('has_payment_method', '=', False)]

    # -- sentences ------------------------------------------------------------------------------

    @api.depends('status', 'entitlement', 'entitled_until', 'entitled_why', 'period_end', 'trial_end', 'cancel_at', 'ended_at',
                 'past_due_since', 'next_from', 'next_stripe_price_id', 'extended_until', 'comp_until', 'is_paused',
                 'amount', 'has_payment_method', 'collection_paused', 'latest_invoice_id.next_attempt', 'tenant_id.delete_on')
    @api.depends_context('lang', 'tz')
    def _compute_words(self):
        for subscription in self:
            subscription.stripe_words = subscription._words_of_stripe()
            subscription.follow_words = subscription._words_of_entitlement()
            steps = sorted(subscription._coming(), key=lambda step: step[0])
            rows = Markup().join(
                Markup('<li class="d-flex gap-2 py-1"><i class="fa fa-fw fa-%s text-%s mt-1" aria-hidden="true"></i>'
                       '<span><strong class="me-1">%s</strong>%s</span></li>') % (icon, tone, subscription._day(moment), text)
                for moment, icon, tone, text in steps)
            subscription.next_steps = rows and Markup('<ul class="list-unstyled mb-0 o_saas_next_steps">%s</ul>') % rows
            subscription.short_next = steps and f'{subscription._day(steps[0][0])}: {steps[0][3]}'

    def _day(self, moment):
        return format_date(self.env, fields.Datetime.context_timestamp(self, moment)) if moment else ''

    def _money(self):
        return self.currency_id.format(self.amount) if self.currency_id else str(self.amount)

    def _words_of_stripe(self):
        day = self._day
        return {
            'incomplete': _('The first payment is awaited.'),
            'incomplete_expired': _('The first payment never came.'),
            'trialing': _('On trial until %s.', day(self.trial_end)),
            'active': _('Paid for until %s.', day(self.period_end)),
            'past_due': _('The payment is overdue since %s; Stripe tries again.', day(self.past_due_since)),
            'unpaid': _('Unpaid: Stripe has given up collecting.'),
            'paused': _('Paused: the trial ended without a card.'),
            'canceled': _('Cancelled; it ended on %s.', day(self.ended_at)),
        }.get(self.status, '')

    def _words_of_entitlement(self):
        """By ``entitled_why``, one of WHYS in drivers/entitlement.py."""
        day = self._day
        return {
            'canceled': _('It is closed: the subscription has ended.'),
            'extended': _('It runs unpaid: staff extended it until %s.', day(self.extended_until)),
            'comp': _('It runs, free of charge until %s.', day(self.comp_until)),
            'paused': _('It is closed: staff paused the subscription.'),
            'first_payment': _('Nothing follows yet: the first payment is awaited.'),
            'trialing': _('It runs, on trial.'),
            'paying': _('It runs.'),
            'overdue': _('It runs for the present, until %s.', day(self.entitled_until)),
            'grace_over': _('It is closed: it was overdue for longer than the grace allows.'),
            'unpaid': _('It is closed: it was not paid for.'),
            'trial_over': _('It is closed: its trial is over and no card was given.'),
        }.get(self.entitled_why, _('Nothing follows yet.'))

    def _coming(self):
        """(moment, icon, tone, text) of what time alone brings."""
        now = fields.Datetime.now()
        steps = [*self._coming_money(), *self._coming_ends()]
        return [step for step in steps if step[0] and step[0] > now]

    def _coming_money(self):
        if self.cancel_at or self.is_paused or self.collection_paused:
            return
        if self.status == 'trialing':
            yield (self.trial_end, 'credit-card', 'info', _('the trial ends; %s are collected.', self._money())) \
                if self.has_payment_method else \
                (self.trial_end, 'exclamation-triangle', 'warning', _('the trial ends; without a card the tenant is suspended.'))
        elif self.status == 'active' and not self.next_from:
            yield self.period_end, 'credit-card', 'info', _('%s are collected for the next period.', self._money())
        elif self.status == 'past_due':
            yield self.latest_invoice_id.sudo().next_attempt, 'refresh', 'warning', _('Stripe tries the card again.')
            if self.entitlement == 'grace':
                yield self.entitled_until, 'lock', 'danger', _('the tenant is suspended if nothing has been paid.')

    def _coming_ends(self):
        after = self.next_stripe_price_id.sudo().plan_id.name
        yield self.next_from, 'arrow-down', 'info', _('the plan becomes %s.', after)
        yield self.cancel_at, 'times-circle', 'danger', _('it ends; the tenant is closed and later deleted.')
        yield self.extended_until, 'hourglass-end', 'warning', _('the extension by staff ends.')
        yield self.comp_until, 'gift', 'warning', _('the free time ends; it is collected again.')
        yield self.tenant_id.delete_on, 'trash-o', 'danger', _('the tenant is deleted.')

    @api.depends('cancel_reason', 'cancel_feedback')
    @api.depends_context('lang')
    def _compute_cancel_words(self):
        reasons, feedback = self._cancel_labels()
        for subscription in self:
            words = (reasons.get(subscription.cancel_reason, subscription.cancel_reason),
                     feedback.get(subscription.cancel_feedback, subscription.cancel_feedback))
            subscription.cancel_words = ': '.join(filter(None, words))

    @api.model
    def _cancel_labels(self):
        """What Stripe calls the cause of an end, and what customers choose in its portal."""
        return ({
            'cancellation_requested': _('Cancelled by request'), 'payment_disputed': _('A payment was disputed'),
            'payment_failed': _('The payment failed'),
        }, {
            'customer_service': _('Customer service'), 'low_quality': _('Quality is too low'),
            'missing_features': _('Features are missing'), 'other': _('Another reason'),
            'switched_service': _('Uses another service now'), 'too_complex': _('Too complex'),
            'too_expensive': _('Too expensive'), 'unused': _('Not used enough')})
