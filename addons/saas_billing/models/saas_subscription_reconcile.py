"""Bringing a subscription here in line with what Stripe has, whatever it was before."""
from odoo import _, api, fields, models

from ..const import ENDED, INTERVALS
from ..drivers import money
from .saas_billing_event_process import ReadFirst

# A row that two would make at the same moment: the later one meets a conflict of snapshots, is repeated, and finds it.
HOLD = """
    INSERT INTO saas_subscription (account_id, stripe_id, status, entitlement, create_uid, create_date, write_uid, write_date)
    VALUES (%(account)s, %(id)s, %(status)s, 'none', %(uid)s, %(now)s, %(uid)s, %(now)s)
    ON CONFLICT (account_id, stripe_id) DO NOTHING RETURNING id"""
LOCK = 'SELECT id FROM saas_subscription WHERE account_id = %s AND stripe_id = %s FOR NO KEY UPDATE'
AS_THEY_ARE = ('started_at', 'trial_end', 'cancel_at', 'canceled_at', 'ended_at', 'has_payment_method', 'has_pending_update',
               'collection_paused')
FIRST_FAILURE = """
    SELECT min(created_at) FROM saas_billing_event
     WHERE account_id = %s AND type = 'invoice.payment_failed' AND object_id = %s"""
TOLD = ('status', 'plan_id', 'interval', 'amount', 'trial_end', 'period_end', 'cancel_at', 'ended_at', 'entitlement')


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    # -- asking ---------------------------------------------------------------------------------

    @api.model
    def _read_at_stripe(self, account, stripe_id):
        """Ask Stripe about one; what it gives back (``types.Subscription``) goes into ``_reconcile``. Raises DriverError.

        Until the transaction ends nobody else reads or writes this subscription by what Stripe says, so no older answer
        is written after this one.
        """
        self.env['saas.billing.event'].sudo()._wait_for(account.id, stripe_id)
        return account.sudo()._api().read_subscription(stripe_id)

    # -- writing --------------------------------------------------------------------------------

    @api.model
    def _reconcile(self, account, found):
        """Write what Stripe says (``types.Subscription``) and let its tenant follow: (record, effect).

        The record is empty for a subscription that has nothing to do with this control plane.
        """
        self = self.sudo()
        is_known = bool(self._find(account, found.id))
        if not is_known and not self._is_ours(account, found):
            return self, _('It was not made by this control plane; nothing was changed.')
        subscription = self._hold(account, found)
        before = subscription._told() if is_known else {}
        if not is_known:
            subscription._adopt_invoices()
        tenant = subscription.tenant_id or subscription._tenant_of(account, found)
        subscription._write_changed({**subscription._values(account, found), **subscription._owner(account, found, tenant)})
        subscription._note_failed_payment()
        subscription._choose()
        steps = subscription._follow()
        return subscription, subscription._effect(before, steps)

    def _is_ours(self, account, found):
        """By our mark on it, a price of ours or a customer of ours; one Stripe account may serve others as well."""
        prices = [item.price for item in found.items]
        return bool(
            {'saas_checkout', 'saas_tenant'} & found.metadata.keys()
            or self.env['saas.stripe.price'].sudo().with_context(active_test=False).search_count(
                [('account_id', '=', account.id), ('stripe_id', 'in', prices)], limit=1)
            or self.env['saas.stripe.customer'].sudo().search_count(
                [('account_id', '=', account.id), ('stripe_id', '=', found.customer)], limit=1))

    def _hold(self, account, found):
        """Its row, locked; made where there is none."""
        self.env.flush_all()
        cr = self.env.cr
        cr.execute(HOLD, {'account': account.id, 'id': found.id, 'status': found.status, 'uid': self.env.uid,
                          'now': fields.Datetime.now()}, log_exceptions=False)
        cr.execute(LOCK, [account.id, found.id], log_exceptions=False)
        subscription = self.browse(cr.fetchone()[0])
        self.invalidate_model()
        return subscription

    def _adopt_invoices(self):
        """Its first ones may have been read before it."""
        self.env['saas.billing.invoice'].sudo().search([
            ('account_id', '=', self.account_id.id), ('subscription_id', '=', False),
            ('stripe_subscription', '=', self.stripe_id)]).write({'subscription_id': self.id})

    def _write_changed(self, values):
        """Only what differs, so that a repeated event leaves no trace but the moment it was read."""
        def now(name):
            return self[name].id if self._fields[name].relational else self[name]
        self.write({name: value for name, value in values.items() if (now(name) or False) != (value or False)})

    # -- values ---------------------------------------------------------------------------------

    def _values(self, account, found):
        item = found.plan_item
        price = self._mirror_of(account, item)
        currency = self._currency(item)
        values = {name: getattr(found, name) for name in AS_THEY_ARE}
        values.update({
            'customer': found.customer, 'status': found.status, 'stripe_price_id': price.id, 'plan_id': price.plan_id.id,
            'currency_id': currency.id, 'interval': item.interval if item and item.interval in dict(INTERVALS) else False,
            'amount': self._amount(found, currency),
            'user_quantity': self._sold_quantity(account, found, 'user'),
            'domain_quantity': self._sold_quantity(account, found, 'domain'),
            'period_start': item and item.period_start, 'period_end': item and item.period_end,
            'cancel_reason': found.cancel_reason or False, 'cancel_feedback': found.cancel_feedback or False,
            'company_currency_id': self.company_currency_id.id or self.env.company.currency_id.id,
            'converted_at': self.converted_at or self._converted(found), 'synced_at': fields.Datetime.now(),
        })
        if latest := self._latest_invoice(account, found):
            values['latest_invoice_id'] = latest.id
        return {**values, 'mrr': self._mrr(values, currency)}

    def _mirror_of(self, account, item):
        Price = self.env['saas.stripe.price'].sudo().with_context(active_test=False)
        return Price.search([('account_id', '=', account.id), ('stripe_id', '=', item.price)], limit=1) if item else Price

    def _currency(self, item):
        return self.env['res.currency'].with_context(active_test=False).search(
            [('name', '=', (item.currency if item else '').upper())], limit=1)

    def _amount(self, found, currency):
        return money.from_units(sum(item.unit_amount * item.quantity for item in found.items), currency.name) if currency else 0

    def _sold_quantity(self, account, found, kind):
        """Of the items of this kind, as Stripe marks them or the mirrored price is."""
        item = found.item(kind) or next(
            (item for item in found.items if not item.kind and self._mirror_of(account, item).kind == kind), None)
        return item.quantity if item else 0

    def _latest_invoice(self, account, found):
        return self.env['saas.billing.invoice'].sudo().search(
            [('account_id', '=', account.id), ('stripe_id', '=', found.latest_invoice)], limit=1)

    def _converted(self, found):
        if found.status != 'active':
            return False
        now = fields.Datetime.now()
        return min(max(filter(None, (found.trial_end, found.started_at)), default=now), now)

    def _mrr(self, values, currency):
        """At the rate of the day it changed, so a rate that moves is no growth."""
        is_paid = values['status'] in ('active', 'past_due') and not values['collection_paused'] and values['interval']
        if not is_paid or not currency:
            return 0.0
        same = all(self[name] == values[name] for name in ('amount', 'interval')) and self.currency_id == currency
        if same and self.mrr:
            return self.mrr
        company = self.env.company
        target = self.env['res.currency'].browse(values['company_currency_id'])
        monthly = money.monthly(values['amount'], values['interval'])
        return target.round(currency._convert(float(monthly), target, company, fields.Date.today(), round=False))

    def _note_invoice(self, invoice):
        """One of its own was read, perhaps the latest."""
        latest = self.latest_invoice_id
        if invoice != latest and (not latest or invoice.created_at >= latest.created_at):
            self.latest_invoice_id = invoice
        self._note_failed_payment()

    def _note_failed_payment(self):
        """Overdue since its latest invoice failed first, whatever way and when we heard of it; never in the future."""
        for subscription in self:
            since = False
            if subscription.status in ('past_due', 'unpaid'):
                since = min(filter(None, (
                    subscription.past_due_since, subscription._first_failure(), fields.Datetime.now())))
            if subscription.past_due_since != since:
                subscription.past_due_since = since

    def _first_failure(self):
        if not self.latest_invoice_id:
            return None
        self.env.flush_all()
        self.env.cr.execute(FIRST_FAILURE, [self.account_id.id, self.latest_invoice_id.stripe_id])
        return self.env.cr.fetchone()[0]

    # -- whose it is ----------------------------------------------------------------------------

    def _tenant_of(self, account, found):
        """By the mark that was set when it was ordered; the order itself is the same tenant's."""
        Tenant, mark = self.env['saas.tenant'].sudo(), found.metadata.get('saas_tenant')
        tenant = Tenant.search([('mark', '=', mark)]) if mark else Tenant
        return tenant or self._checkout_of(account, found).tenant_id

    def _checkout_of(self, account, found):
        key = found.metadata.get('saas_checkout')
        Checkout = self.env['saas.checkout'].sudo()
        return Checkout.search([('account_id', '=', account.id), ('key', '=', key)]) if key else Checkout

    def _owner(self, account, found, tenant):
        """A tenant has one living subscription; a further one waits for a person, who gives the money back."""
        checkout, is_living = self._checkout_of(account, found), found.status not in ENDED
        partner = tenant.partner_id or self.env['saas.stripe.customer'].sudo().search(
            [('account_id', '=', account.id), ('stripe_id', '=', found.customer)], limit=1).partner_id or checkout.partner_id
        other = self._other_living(tenant) if is_living else self.browse()
        if other and self.env.context.get('saas_may_read_first') and other.account_id.active:
            raise ReadFirst((other.account_id.id, other.stripe_id))
        if is_living and not checkout:      # an order looks after its own
            self._plan_owner(tenant, other)
        if tenant and not other:
            self._close_owner()
        return {'tenant_id': False if other else tenant.id, 'partner_id': partner.commercial_partner_id.id or self.partner_id.id}

    def _other_living(self, tenant):
        return self.search([('tenant_id', '=', tenant.id), ('id', '!=', self.id), ('status', 'not in', ENDED)],
                           limit=1) if tenant else self.browse()

    # -- what changed ---------------------------------------------------------------------------

    def _told(self):
        return {name: self[name] for name in TOLD}

    def _effect(self, before, steps):
        """For the list of events: what it changed, in words."""
        parts = [_('New here: %s', self._label('status'))] if not before else [
            f'{self._fields[name].get_description(self.env)["string"]}: '
            f'{self._label(name, old) or "-"} → {self._label(name) or "-"}'
            for name, old in before.items() if old != self[name]]
        return '; '.join([*parts, *steps]) or _('Nothing to change.')

    def _label(self, name, value=None):
        value = self[name] if value is None else value
        field = self._fields[name]
        if field.type == 'selection':
            return dict(field._description_selection(self.env)).get(value, value)
        return value.display_name if field.relational else str(value or '')
