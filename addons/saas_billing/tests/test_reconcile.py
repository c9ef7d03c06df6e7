from datetime import datetime, timedelta, timezone

from odoo import fields
from odoo.sql_db import db_connect
from odoo.tests import tagged

from ..drivers import types
from ..models import saas_billing_event_process as process
from .billing_common import DECLINED, BillingCase


@tagged('post_install', '-at_install')
class TestReconcile(BillingCase):
    """What Stripe has is what is here afterwards."""

    def test_as_stripe_has_it(self):
        subscription = self._subscribe()
        self.assertEqual(
            (subscription.status, subscription.tenant_id, subscription.partner_id, subscription.plan_id, subscription.interval),
            ('active', self.tenant, self.customer, self.plan, 'month'))
        self.assertEqual((subscription.amount, subscription.currency_id), (29, self.currency))
        self.assertEqual(subscription.stripe_price_id, self._mirrored(self.price))
        self.assertEqual((subscription.period_end - subscription.period_start).days // 28, 1)
        self.assertTrue(subscription.converted_at)
        self.assertTrue(subscription.has_payment_method)
        self.assertEqual(self.tenant.subscription_id, subscription)

    def test_repeated_it_changes_nothing(self):
        subscription = self._subscribe()
        before = subscription.read()[0]
        found = self.Subscription._read_at_stripe(self.account, subscription.stripe_id)
        again, effect = self.Subscription._reconcile(self.account, found)
        self.assertEqual((again, effect), (subscription, 'Nothing to change.'))
        after = subscription.read()[0]
        for name in ('synced_at', 'write_date', '__last_update'):
            before.pop(name, None)
            after.pop(name, None)
        self.assertEqual(after, before)

    def test_revenue_per_month(self):
        euro = self.env.company.currency_id == self.currency
        yearly = self._subscribe(price=self.yearly)
        self.assertEqual(yearly.amount, 290)
        monthly = yearly.currency_id._convert(290 / 12, yearly.company_currency_id, self.env.company, fields.Date.today())
        self.assertAlmostEqual(yearly.mrr, monthly, 2)
        self.assertTrue(yearly.mrr or not euro)
        self._stripe('DELETE', f'/v1/subscriptions/{yearly.stripe_id}')
        self.assertEqual(self._read_again(yearly.stripe_id).mrr, 0, 'nothing is paid any more')

    def test_a_rate_that_moves_is_no_growth(self):
        subscription = self._subscribe()
        before = subscription.mrr
        self.assertTrue(before)
        dollar = self.env.ref('base.USD')
        self.env['res.currency.rate'].search([]).unlink()
        self.env['res.currency.rate'].create([
            {'currency_id': currency.id, 'rate': rate, 'name': fields.Date.today()}
            for currency, rate in ((self.currency, 3), (dollar, 1))])
        self.assertEqual(self._read_again(subscription.stripe_id).mrr, before)

    def test_users_and_domains(self):
        price = self._make_price(self.big, 'year', 900, user_amount=5, domain_amount=2.5)
        items = [{'price': self._mirrored(price, kind).stripe_id, 'quantity': quantity}
                 for kind, quantity in (('domain', 4), ('plan', 1), ('user', 3))]
        subscription = self._subscribe(items=items)
        self.assertEqual((subscription.user_quantity, subscription.domain_quantity, subscription.amount), (3, 4, 925))
        self.assertEqual(subscription.plan_id, self.big, 'the first item is not the plan')

    def test_trial(self):
        subscription = self._subscribe(trial_period_days=14)
        self.assertEqual((subscription.status, subscription.mrr, subscription.converted_at), ('trialing', 0, False))
        self.assertAlmostEqual(subscription.trial_end, self._stripe_now() + timedelta(days=14), delta=timedelta(minutes=1))

    def test_cancellation_either_way(self):
        """With flexible billing Stripe's portal sets ``cancel_at``, others set ``cancel_at_period_end``."""
        subscription = self._subscribe()
        self._stripe('POST', f'/v1/subscriptions/{subscription.stripe_id}', cancel_at_period_end=True)
        self._read_again(subscription.stripe_id)
        self.assertEqual(subscription.cancel_at, subscription.period_end)
        self._stripe('POST', f'/v1/subscriptions/{subscription.stripe_id}', cancel_at_period_end=False)
        self._read_again(subscription.stripe_id)
        self.assertFalse(subscription.cancel_at)
        self._stripe('DELETE', f'/v1/subscriptions/{subscription.stripe_id}')
        self._read_again(subscription.stripe_id)
        self.assertEqual(subscription.status, 'canceled')
        self.assertTrue(subscription.ended_at)

    def test_overdue_and_paid_again(self):
        subscription = self._subscribe()
        self.control.card(subscription.customer, DECLINED)
        self.control.advance(days=32)
        self._read_again(subscription.stripe_id)
        self.assertEqual(subscription.status, 'past_due')
        self.assertLessEqual(subscription.past_due_since, fields.Datetime.now(), 'never in the future, whatever Stripe\'s clock')
        since = subscription.past_due_since
        self._read_again(subscription.stripe_id)
        self.assertEqual(subscription.past_due_since, since)
        self.control.card(subscription.customer)
        self._pay(subscription)
        self.assertEqual((subscription.status, subscription.past_due_since), ('active', False))

    def _pay(self, subscription):
        found = self.Subscription._read_at_stripe(self.account, subscription.stripe_id)
        self._stripe('POST', f'/v1/invoices/{found.latest_invoice}/pay')
        self._read_again(subscription.stripe_id)

    def test_overdue_since_the_payment_failed(self):
        """Also where we hear of it days later."""
        subscription = self._subscribe()
        failed = fields.Datetime.now() - timedelta(days=4)
        invoice = self.env['saas.billing.invoice'].sudo().create({
            'account_id': self.account.id, 'stripe_id': 'in_late', 'status': 'open', 'currency_id': self.currency.id})
        self.Event.create([{
            'account_id': self.account.id, 'stripe_id': f'evt_{days}', 'type': 'invoice.payment_failed', 'source': 'webhook',
            'created_at': failed + timedelta(days=days), 'object_kind': 'invoice', 'object_id': 'in_late'} for days in (2, 0)])
        subscription.write({'status': 'past_due', 'latest_invoice_id': invoice.id})
        subscription._note_failed_payment()
        self.assertEqual(subscription.past_due_since, failed)

    # -- whose it is ----------------------------------------------------------------------------

    def test_none_of_ours(self):
        other = self._stripe('POST', '/v1/customers', name='Somebody else')['id']
        self.control.card(other)
        product = self._stripe('POST', '/v1/products', name='Another business')['id']
        price = self._stripe('POST', '/v1/prices', product=product, currency='eur', unit_amount=100,
                             recurring={'interval': 'month'})['id']
        stripe_id = self._stripe('POST', '/v1/subscriptions', customer=other, items=[{'price': price}])['id']
        found = self.Subscription._read_at_stripe(self.account, stripe_id)
        subscription, effect = self.Subscription._reconcile(self.account, found)
        self.assertFalse(subscription)
        self.assertIn('not made by this control plane', effect)
        self.assertFalse(self.Subscription._find(self.account, stripe_id))

    def test_of_no_tenant(self):
        """Ours by its price, and nobody knows whose: staff are told, nothing else happens."""
        subscription = self._subscribe(metadata={'saas_tenant': 'a-mark-nobody-has'})
        self.assertEqual((subscription.status, subscription.tenant_id), ('active', self.env['saas.tenant']))
        self.assertEqual(subscription.partner_id, self.customer)
        self.assertEqual(subscription.activity_ids.mapped('summary'), ['A subscription of no tenant'])
        self._read_again(subscription.stripe_id)
        self.assertEqual(len(subscription.activity_ids), 1)
        self._stripe('POST', f'/v1/subscriptions/{subscription.stripe_id}', metadata={'saas_tenant': self.tenant.mark})
        self._read_again(subscription.stripe_id)
        self.assertEqual((subscription.tenant_id, subscription.activity_ids.ids), (self.tenant, []))

    def test_a_second_one(self):
        """Paid twice: the tenant keeps the first, and a person gives the money back."""
        first = self._subscribe()
        second = self._subscribe()
        self.assertEqual((first.tenant_id, second.tenant_id), (self.tenant, self.env['saas.tenant']))
        self.assertEqual(self.tenant.subscription_id, first)
        self.assertEqual(second.activity_ids.mapped('summary'), ['A second subscription of one tenant'])

    def test_a_new_one_after_the_end(self):
        first = self._subscribe()
        self._stripe('DELETE', f'/v1/subscriptions/{first.stripe_id}')
        self._read_again(first.stripe_id)
        second = self._subscribe()
        self.assertEqual(self.tenant.subscription_id, second)
        self._read_again(first.stripe_id)
        self.assertEqual(self.tenant.subscription_id, second, 'history does not come back')
        self.assertFalse(self._codes())

    def test_the_old_one_is_heard_of_last(self):
        """The new subscription's event comes before that of the old one's end: the old one is read first."""
        first = self._subscribe()
        self._stripe('DELETE', f'/v1/subscriptions/{first.stripe_id}')
        second = self._at_stripe()
        self._event(second)
        self.Event._cron_process()
        self.env.invalidate_all()
        self.assertEqual(first.status, 'canceled')
        self.assertEqual(self.tenant.subscription_id.stripe_id, second)
        self.assertFalse(self.tenant.subscription_id.activity_ids)

    def test_the_new_one_is_heard_of_by_its_invoice(self):
        """Nor is it taken for a second one where its invoice comes first of all."""
        first = self._subscribe()
        self._stripe('DELETE', f'/v1/subscriptions/{first.stripe_id}')
        second = self._at_stripe()
        self._event(self._stripe('GET', f'/v1/subscriptions/{second}')['latest_invoice'], 'invoice')
        self.Event._cron_process()
        self.env.invalidate_all()
        self.assertEqual(first.status, 'canceled')
        self.assertEqual(self.tenant.subscription_id.stripe_id, second)
        self.assertFalse(self.tenant.subscription_id.activity_ids)

    def _event(self, object_id, kind='subscription', **values):
        return self.Event.create({
            'account_id': self.account.id, 'stripe_id': f'evt_{object_id}_{len(self.Event.search([]))}', 'source': 'webhook',
            'type': 'customer.subscription.updated', 'created_at': fields.Datetime.now(), 'object_kind': kind,
            'object_id': object_id, **values})

    def test_another_mode_is_refused(self):
        stripe_id = self._at_stripe()
        event = self._event(stripe_id)
        job = process.Job(self.account.id, 'subscription', stripe_id, (event.id,), types.Subscription(
            stripe_id, 'cus_1', 'active', True, created=datetime.now(timezone.utc).replace(tzinfo=None)))
        self.Event._settle(job)
        self.assertEqual(event.state, 'failed')
        self.assertFalse(self.Subscription._find(self.account, stripe_id))

    # -- one at a time --------------------------------------------------------------------------

    def test_what_another_worker_holds_is_passed_over(self):
        stripe_id = self._at_stripe()
        event = self._event(stripe_id)
        with db_connect(self.env.cr.dbname).cursor() as other:
            other.execute(f'SELECT pg_advisory_lock({process.KEY})', [self.account.id, stripe_id])
            self.Event._cron_process()
            self.assertEqual(event.state, 'pending')
            other.execute(f'SELECT pg_advisory_unlock({process.KEY})', [self.account.id, stripe_id])
            self.Event._cron_process()
            self.assertEqual(event.state, 'done')
            other.execute(f'SELECT pg_try_advisory_lock({process.KEY})', [self.account.id, stripe_id])
            self.assertTrue(other.fetchone()[0], 'nothing is held any more')
