"""Another plan, interval or number of users and domains: what it means, what hinders it, and what is asked of Stripe.

More or longer follows at once with proration. Less is asked of Stripe at once, without proration, so that the next invoice
is right whatever happens to us; the tenant keeps what is paid until then. From yearly to monthly is asked of Stripe in the
last hours of the year (``saas_subscription_planned.py``).
"""
from odoo import _, fields, models
from odoo.exceptions import UserError

from ..change import DOWN, SAME, UP, Terms, items, kind_of
from ..drivers import money

CHANGEABLE = ('trialing', 'active', 'past_due')


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    # -- what it is and would be ----------------------------------------------------------------

    def _terms(self):
        """What is paid for now, also while Stripe has less for the time after."""
        paid = self._paid_until_then()
        if paid:
            return paid
        price = self.stripe_price_id
        return Terms(price.price_id.id, self.interval or price.interval, self.user_quantity, self.domain_quantity, self.amount)

    def _terms_of(self, price, users=None, domains=None):
        """``price``: saas.plan.price. Quantities that are not said stay, as far as they are sold with it."""
        now = self._terms()
        users = (now.users if price.user_amount else 0) if users is None else users
        domains = (now.domains if price.domain_amount else 0) if domains is None else domains
        if price.id == now.price:
            amount = now.amount + (users - now.users) * price.user_amount + (domains - now.domains) * price.domain_amount
        else:
            amount = price.amount + users * price.user_amount + domains * price.domain_amount
        return Terms(price.id, price.interval, users, domains, amount)

    def _kind_of(self, then):
        """``up`` is done at once. During a trial everything is: nothing has been paid that could be used up."""
        kind = kind_of(self._terms(), then)
        return UP if kind == DOWN and self.status == 'trialing' else kind

    # -- what hinders it ------------------------------------------------------------------------

    def _change_problems(self, then, kind):
        """Texts, none where nothing hinders it; nothing outside is asked."""
        price = self.env['saas.plan.price'].browse(then.price)
        return [*self._state_problems(kind), *self._price_problems(price, then),
                *(self.tenant_id._limit_problems(price.plan_id, then.users, then.domains) if self.tenant_id else ())]

    def _state_problems(self, kind):
        labels = dict(self._fields['status']._description_selection(self.env))
        if self.status not in CHANGEABLE:
            yield _('Its state is "%s": it cannot be changed now.', labels[self.status])
        elif self.is_paused or self.collection_paused:
            yield _('Nothing is collected for it at present. Please write to our support.')
        elif self.has_pending_update:
            yield _('A change waits for its payment. Pay that invoice first, or wait until it has expired.')
        elif self.cancel_at:
            yield _('It has been cancelled. Withdraw that first.')
        elif kind == UP and self.status == 'past_due':
            yield _('A payment is overdue. Pay it first.')
        elif kind == SAME and not self.next_from:
            yield _('This is what you have already.')
        elif kind == UP and self.next_from:
            yield _('A smaller plan is planned already. Withdraw that first.')

    def _price_problems(self, price, then):
        if not price.exists() or (price.id != self._terms().price and not (price.active and price.plan_id.active)):
            yield _('This price is not sold any more.')
        elif price.currency_id != self.currency_id:
            yield _('It is paid in %s, and that cannot be changed.', self.currency_id.name)
        elif not (self._is_sold(then.users, price.user_amount, self.user_quantity)
                  and self._is_sold(then.domains, price.domain_amount, self.domain_quantity)):
            yield _('%s is not sold with so many users or domains besides.', price.plan_id.name)
        elif any(mirror is None for mirror, _quantity in self._wanted(then).values()):
            yield _('This price is not known at Stripe yet. Try again in a minute.')

    @staticmethod
    def _is_sold(quantity, amount, present):
        return quantity >= 0 and (not quantity or bool(amount) or quantity <= present)

    # -- what is asked of Stripe ----------------------------------------------------------------

    def _wanted(self, then):
        """Kind -> (Stripe's price id, '' to keep the present one or None where it has none yet; quantity)."""
        price, quantities = self.env['saas.plan.price'].browse(then.price).sudo(), {
            'plan': 1, 'user': then.users, 'domain': then.domains}
        same = price == self.stripe_price_id.price_id       # keeps what it costs now, also when it is sold for more
        present = {'plan': 1, 'user': self.user_quantity, 'domain': self.domain_quantity}
        return {kind: ('' if not quantity or same and present[kind]
                       else price._mirror(self.account_id, kind).stripe_id or None, quantity)
                for kind, quantity in quantities.items()}

    def _preview(self, price, users=None, domains=None):
        """What the change is and costs; asks Stripe only where something is due now.

        {kind, due_now, lines [{text, amount}], at, next_amount, next_at, from, currency, problems [texts]}; amounts in
        units of the currency; ``at`` goes back into ``_change``. With ``problems`` there are no amounts.
        """
        self.ensure_one()
        then = self._terms_of(price, users, domains)
        kind = self._kind_of(then)
        answer = {
            'kind': kind, 'due_now': 0, 'lines': [], 'at': fields.Datetime.now(), 'next_amount': then.amount,
            'next_at': self.period_end, 'from': None if kind == UP else self.period_end, 'currency': self.currency_id,
            'problems': list(self._change_problems(then, kind))}
        if kind == UP and not answer['problems']:
            answer.update(self._preview_at_stripe(then))
        return answer

    def _preview_at_stripe(self, then):
        wanted, stripe_id = self._wanted(then), self.stripe_id

        def look(api):
            return api.preview_change(stripe_id, items(api.read_subscription(stripe_id), wanted))
        preview = self.account_id._ask(look)
        units, code = money.from_units, self.currency_id.name
        return {
            'due_now': units(preview.due_now, code), 'at': preview.at,
            'next_amount': units(preview.next_amount, code), 'next_at': preview.next_at or self.period_end,
            'lines': [{'text': self._line_words(line), 'amount': units(line.amount, code)} for line in preview.lines]}

    def _line_words(self, line):
        """Stripe's own words are in one language only."""
        price = self.env['saas.stripe.price'].sudo().search(
            [('account_id', '=', self.account_id.id), ('stripe_id', '=', line.price or False)], limit=1)
        if not price.stripe_id:
            return line.description
        what = {'plan': price.plan_id.name, 'user': _('Further users'), 'domain': _('Extra domains')}[price.kind]
        what = f'{what} × {line.quantity}' if line.quantity > 1 else what
        if not line.is_proration:
            return what
        return _('Unused time of %s', what) if line.amount < 0 else _('Rest of the period of %s', what)

    # -- doing it -------------------------------------------------------------------------------

    def _change(self, price, users=None, domains=None, at=None):
        """Do what ``_preview`` showed. ``at``: its moment, so that exactly this is charged.

        Returns {state: done | planned | payment, url}: with ``payment`` everything stays as it is until the invoice at
        ``url`` is paid. Raises UserError with what hinders it.
        """
        self.ensure_one()
        then = self._terms_of(price, users, domains)
        kind = self._kind_of(then)
        problems = list(self._change_problems(then, kind))
        if problems:
            raise UserError('\n'.join(problems))
        if kind == UP:
            return self._change_now(then, at)
        return self._withdraw_planned() if kind == SAME else self._plan_change(then, at)

    def _intent(self, then, at):
        """The same for a repeated request: its first attempt may have been taken back here and not at Stripe."""
        return f'{then.price}-{then.users}-{then.domains}-{at or fields.Datetime.now():%Y%m%d%H%M%S}'

    def _change_now(self, then, at):
        in_trial = self.status == 'trialing'
        after = self._ask_change(self._wanted(then), self._intent(then, at), prorate=not in_trial,
                                 at=None if in_trial else at)
        self._note_stripe(after)
        if not after.has_pending_update:
            return {'state': 'done', 'url': ''}
        return {'state': 'payment', 'url': self._invoice_page(after.latest_invoice)}

    def _invoice_page(self, invoice_id):
        return invoice_id and self.account_id._ask(lambda api: api.read_invoice(invoice_id)).hosted_url or ''

    def _ask_change(self, wanted, key, prorate, at=None, note=None):
        """Ask Stripe for it, for a person, and return the subscription as it then is."""
        return self._ask_alone(self._change_call(wanted, key, prorate, at, note))

    def _ask_alone(self, work):
        """``work(api)`` for a person; no worker writes an older answer after what comes of it (``_note_stripe``)."""
        self.env['saas.billing.event'].sudo()._wait_for(self.account_id.id, self.stripe_id)
        return self.account_id._ask(work)

    def _change_call(self, wanted, key, prorate, at=None, note=None):
        """The call by itself, a function of the driver; it asks for nothing that is so already, so it may be repeated.

        ``note``: makes metadata of what was paid for before.
        """
        stripe_id, key = self.stripe_id, f'change-{self.id}-{key}'

        def work(api):
            current = api.read_subscription(stripe_id)
            asked = items(current, wanted)
            if not asked:
                return current
            return api.change_subscription(key, stripe_id, asked, prorate, at=at, metadata=note(current) if note else None)
        return work

    def _note_stripe(self, subscription):
        """Write what Stripe answered; what follows for the tenant follows."""
        return self._reconcile(self.account_id, subscription)
