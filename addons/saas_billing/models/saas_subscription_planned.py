"""A smaller plan that was chosen for the end of the period.

What is paid until then is noted at Stripe, too (metadata ``saas_paid``): should we stop between its answer and our commit,
the next reading knows it again, and the tenant keeps what it has.
"""
import logging
from datetime import datetime, timedelta, timezone

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.drivers.errors import DriverError
from odoo.addons.saas_master.series import commit

from ..change import Terms
from ..const import ENDED, MONTHS
from ..drivers import money

_logger = logging.getLogger(__name__)

AHEAD = timedelta(hours=24)         # a shorter interval is asked of Stripe so long before the longer one is over
PAID, UNTIL = 'saas_paid', 'saas_paid_until'
KINDS = ('plan', 'user', 'domain')


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    next_users = fields.Integer('Extra Users then', readonly=True, copy=False)
    next_domains = fields.Integer('Extra Domains then', readonly=True, copy=False)
    paid_items = fields.Char('Paid until then', readonly=True, copy=False,
                             help='Where Stripe has the smaller plan already: kind:price:quantity of what was paid for.')

    def _has_begun(self):
        """Whether the period that the planned change was chosen for has begun at Stripe, whose clock counts."""
        return bool(self.next_from and self.period_start and self.period_start >= self.next_from)

    def _paid_until_then(self):
        """The terms that are paid, where Stripe has others already for the time after; else None."""
        if not self.paid_items or self._has_begun():
            return None
        paid = self._parse_items(self.paid_items)
        mirrors = self._mirrors([price for price, _quantity in paid.values()])
        plan = mirrors.get(paid.get('plan', ('', 0))[0])
        if not plan:
            return None
        units = sum(mirrors[price].unit_amount * quantity for price, quantity in paid.values() if price in mirrors)
        quantities = {kind: quantity for kind, (_price, quantity) in paid.items()}
        return Terms(plan.price_id.id, plan.interval, quantities.get('user', 0), quantities.get('domain', 0),
                     money.from_units(units, plan.currency_id.name))

    def _mirrors(self, stripe_ids):
        found = self.env['saas.stripe.price'].sudo().with_context(active_test=False).search(
            [('account_id', '=', self.account_id.id), ('stripe_id', 'in', stripe_ids)])
        return {price.stripe_id: price for price in found}

    @api.model
    def _parse_items(self, text):
        rows = (part.split(':') for part in text.split())
        return {kind: (price, int(quantity)) for kind, price, quantity in rows}

    # -- choosing and withdrawing ---------------------------------------------------------------

    def _plan_change(self, then, at):
        """``then`` begins when the period is over."""
        shorter = MONTHS[then.interval] < MONTHS[self._terms().interval]
        wanted, until = self._wanted(then), self.next_from or self.period_end
        price = self._mirrors([wanted['plan'][0]]).get(wanted['plan'][0]) or self.stripe_price_id
        after = None if shorter else self._ask_change(
            wanted, self._intent(then, at), prorate=False, note=self._note_paid(until))
        self.write({'next_stripe_price_id': price.id, 'next_from': until, 'next_users': then.users,
                    'next_domains': then.domains})
        if after:
            self._note_stripe(after)
        return {'state': 'planned', 'url': ''}

    @api.model
    def _note_paid(self, until):
        stamp = str(int(until.replace(tzinfo=timezone.utc).timestamp()))

        def note(current):
            if current.metadata.get(UNTIL) == stamp and current.metadata.get(PAID):
                return {}       # another smaller plan was chosen for the same day before
            paid = {kind: current.plan_item if kind == 'plan' else current.item(kind) for kind in KINDS}
            return {UNTIL: stamp, PAID: ' '.join(f'{kind}:{item.price}:{item.quantity}' for kind, item in paid.items() if item)}
        return note

    def _withdraw_planned(self):
        """Everything stays as it is paid: Stripe gets it back as it was, and nothing is charged."""
        if not self.next_from:
            raise UserError(_('No change is planned.'))
        if self.paid_items and not self._has_begun():
            paid = self._parse_items(self.paid_items)
            wanted = {kind: paid.get(kind, ('', 0)) for kind in KINDS}
            after = self._ask_change(
                wanted, f'withdrawn-{fields.Datetime.now():%Y%m%d%H%M%S}', prorate=False,
                note=lambda current: {UNTIL: '', PAID: ''})
            self._forget_planned()
            self._note_stripe(after)
        else:
            self._forget_planned()
        return {'state': 'done', 'url': ''}

    def _forget_planned(self):
        self.filtered('next_from').write({
            'next_stripe_price_id': False, 'next_from': False, 'next_users': 0, 'next_domains': 0, 'paid_items': False})

    # -- read from Stripe -----------------------------------------------------------------------

    @api.model
    def _reconcile(self, account, subscription):
        """What is planned is known before anything follows from what Stripe has."""
        mirrored = self.sudo().search([('account_id', '=', account.id), ('stripe_id', '=', subscription.id)])
        if mirrored:
            mirrored._recall_planned(subscription)
        record, effect = super()._reconcile(account, subscription)
        record.invoice_ids.filtered(lambda invoice: not invoice.plan_id).plan_id = record.plan_id
        return record, effect

    def _recall_planned(self, at_stripe):
        """Take over what is noted there; a note about a period that is over means nothing any more."""
        paid, until, item = at_stripe.metadata.get(PAID), at_stripe.metadata.get(UNTIL), at_stripe.plan_item
        moment = datetime.fromtimestamp(int(until), timezone.utc).replace(tzinfo=None) if (until or '').isdecimal() else None
        if at_stripe.status in ENDED or (self.paid_items and not paid):
            self._forget_planned()
        if at_stripe.status in ENDED or not (paid and moment and item and item.period_start and item.period_start < moment):
            return
        values = {} if self.paid_items == paid else {'paid_items': paid}
        price = self._mirrors([item.price]).get(item.price)
        if not self.next_from and price:
            values.update(next_from=moment, next_stripe_price_id=price.id,
                          next_users=self._quantity(at_stripe, 'user'), next_domains=self._quantity(at_stripe, 'domain'))
        if values:
            self.write(values)

    @api.model
    def _quantity(self, at_stripe, kind):
        item = at_stripe.item(kind)
        return item.quantity if item else 0

    # -- its day has come -----------------------------------------------------------------------

    def _apply_planned(self):
        """Called by the cron for those whose day is near or past; repeated, it finds nothing more to do.

        Stripe is asked with no transaction open.
        """
        for subscription in self.filtered('next_from'):
            if subscription.status in ENDED or subscription._has_begun() or subscription._is_at_stripe_unpaid():
                self._transaction(lambda one=subscription: (one._forget_planned(), one._follow()))
            elif subscription._is_due():
                subscription._apply_at_stripe()

    def _has_next_at_stripe(self):
        return (self.stripe_price_id, self.user_quantity, self.domain_quantity) == (
            self.next_stripe_price_id, self.next_users, self.next_domains)

    def _is_at_stripe_unpaid(self):
        """We stopped after Stripe had taken the shorter interval and before that was written here."""
        return self._has_next_at_stripe() and not self.paid_items

    def _is_due(self):
        return (not self._has_next_at_stripe() and not self.cancel_at and self.status in ('active', 'past_due')
                and self.next_from - fields.Datetime.now() <= AHEAD)

    def _apply_at_stripe(self):
        """The new interval begins at once and is paid for; should the payment fail, it is overdue like any other."""
        price = self.next_stripe_price_id.price_id
        stamp = int(self.next_from.replace(tzinfo=timezone.utc).timestamp())
        wanted = self._wanted(Terms(price.id, price.interval, self.next_users, self.next_domains))
        with self.env['saas.billing.event'].sudo()._alone(self.account_id.id, self.stripe_id) as is_alone:
            if not is_alone:
                return      # another worker reads it at this moment; there is time
            try:
                work, driver = self._change_call(wanted, f'planned-{stamp}', prorate=False), self.account_id._api()
                commit(self.env)
                after = work(driver)
            except (DriverError, UserError) as error:
                _logger.warning('Planned change of subscription %s: %s', self.id, error)
                self._transaction(lambda e=error: self._tell_not_applied(e))
                return
            self._transaction(lambda: (self._forget_planned(), self._note_stripe(after)))

    def _transaction(self, work):
        return self.env['saas.operation']._transaction(work)

    def _tell_not_applied(self, error):
        """One activity, renewed: somebody looks before the longer interval is charged again."""
        summary = _('The planned change of plan could not be asked of Stripe')
        note = self.account_id._problem_text(error) if isinstance(error, DriverError) else str(error)
        known = self.activity_ids.filtered(lambda activity: activity.automated and activity.summary == summary)[:1]
        if known:
            known.note = note
        else:
            user = self.env['saas.tenant']._attention_user()
            self.activity_schedule('mail.mail_activity_data_warning', summary=summary, note=note, user_id=user.id)
