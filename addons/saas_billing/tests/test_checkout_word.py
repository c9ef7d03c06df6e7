from odoo.exceptions import UserError

from .checkout_common import AWAY, BACK, DECLINED, CheckoutCase


class TestWord(CheckoutCase):
    """Only Stripe's word counts, however often it comes."""

    def test_paid(self):
        checkout = self._order()
        url = checkout._open_page(BACK, AWAY)
        self.assertEqual(self._told(checkout), 'The payment page is open yet.')
        self.assertEqual(self._pay(url, DECLINED), 402)
        self._told(checkout)
        self.assertEqual((checkout.state, checkout.tenant_id.state), ('open', 'draft'))
        self.assertEqual(self._pay(url), BACK)
        self.assertEqual(checkout.tenant_id.state, 'draft', 'the browser\'s way back changes nothing')
        self.assertIn('The order is paid.', self._told(checkout))
        self._assert_served(checkout)
        self.assertTrue(checkout.completed_at)
        self.assertFalse(checkout.sudo().url or checkout.page_open)

    def test_paid_on_the_page_of_before(self):
        """He has ordered another plan since, and not gone on to its page."""
        checkout = self._order()
        url = checkout._open_page(BACK, AWAY)
        self.Checkout._order_plan(checkout.tenant_id, self.big_price)
        self._pay(url)
        self._told(checkout)
        self._assert_served(checkout)
        self.assertEqual((checkout.price_id, checkout.subscription_id.plan_id), (self.price, self.plan), 'what was paid counts')

    def test_told_again_and_out_of_order(self):
        checkout = self._order()
        self._pay(checkout._open_page(BACK, AWAY))
        session = self._session(checkout)
        self._read_again(session['subscription'])       # its own event was first
        self.assertEqual(checkout.tenant_id.state, 'provisioning')
        self._told(checkout)
        completed = checkout.completed_at
        for _again in range(2):
            self._told(checkout)
        self._assert_served(checkout)
        self.assertEqual(checkout.completed_at, completed)
        self.assertEqual(self.Subscription.search_count([('tenant_id', '=', checkout.tenant_id.id)]), 1)

    def test_a_page_that_is_not_ours(self):
        other = self._stripe('POST', '/v1/checkout/sessions', mode='subscription', success_url=BACK,
                             line_items=[{'price': self._mirrored(self.price).stripe_id, 'quantity': 1}])
        self.assertEqual(self._told(self.Checkout, other['id']), 'It is no order of ours.')

    def test_expired(self):
        tenants = self.env['saas.tenant']
        checkout = self._order()
        checkout._open_page(BACK, AWAY)
        self._stripe('POST', f'/v1/checkout/sessions/{checkout.session}/expire')
        self._told(checkout)
        self.assertEqual((checkout.state, checkout.page_open), ('expired', False))
        self.assertTrue(checkout.tenant_id, 'it was there before the order')
        self.assertTrue(tenants._name_problem('ordered'))

    def test_an_old_page_that_expires_changes_nothing(self):
        checkout = self._order()
        checkout._open_page(BACK, AWAY)
        old = checkout.session
        self._stripe('POST', f'/v1/checkout/sessions/{old}/expire')
        checkout._open_page(BACK, AWAY)
        self._told(checkout, old)
        self.assertEqual(checkout.state, 'open')

    def test_a_bank_that_takes_its_time(self):
        checkout = self._order()
        self._pay(checkout._open_page(BACK, AWAY))
        subscription = self._session(checkout)['subscription']
        self.control.change('checkout_sessions', checkout.session, payment_status='unpaid')
        self.control.change('subscriptions', subscription, status='incomplete')
        self.assertEqual(self._told(checkout), 'The payment is under way.')
        self.assertEqual((checkout.state, checkout.tenant_id.state), ('processing', 'draft'))
        with self.assertRaisesRegex(UserError, 'under way'):
            checkout._open_page(BACK, AWAY)
        with self.assertRaisesRegex(UserError, 'under way'):
            self.Checkout._order_plan(checkout.tenant_id, self.big_price)
        self._expire(checkout)
        self._tidy()
        self.assertEqual(checkout.state, 'processing', 'it is not given up meanwhile')
        self.control.change('subscriptions', subscription, status='incomplete_expired')
        self._told(checkout)
        self.assertEqual(checkout.state, 'new', 'it can be paid again')
        self._pay(checkout._open_page(BACK, AWAY))
        self._told(checkout)
        self._assert_served(checkout)

    def test_a_bank_that_said_yes(self):
        checkout = self._order()
        self._pay(checkout._open_page(BACK, AWAY))
        self.control.change('checkout_sessions', checkout.session, payment_status='unpaid')
        self.control.change('subscriptions', self._session(checkout)['subscription'], status='incomplete')
        self._told(checkout)
        self.control.change('checkout_sessions', checkout.session, payment_status='paid')
        self.control.change('subscriptions', self._session(checkout)['subscription'], status='active')
        self._told(checkout)
        self._assert_served(checkout)


class TestTooMuch(CheckoutCase):
    """No money without service that nobody notices."""

    def _status(self, subscription):
        return self._stripe('GET', f'/v1/subscriptions/{subscription}')['status']

    def test_paid_twice(self):
        checkout = self._order()
        url = checkout._open_page(BACK, AWAY)
        self._subscribe(checkout.tenant_id)
        self.assertEqual(self._pay(url), BACK)
        second = self._session(checkout)['subscription']
        self._told(checkout)
        self.assertEqual((checkout.surplus, checkout.state), (second, 'abandoned'))
        self.assertIn(second, checkout.activity_ids.note)
        self._told(checkout)
        self.assertEqual(len(checkout.activity_ids), 1, 'told once')
        self.assertEqual(self._status(second), 'active')
        self._tidy()
        self.assertEqual((self._status(second), checkout.surplus_cancelled), ('canceled', True))
        self.assertEqual(checkout.tenant_id.subscription_id.status, 'active', 'the first one goes on')
        self._tidy()
        self._told(checkout)
        self.assertEqual(len(checkout.activity_ids), 1)

    def test_the_tenant_was_deleted_meanwhile(self):
        checkout = self.Checkout._order_plan(self._running_tenant('closing'), self.price)
        url = checkout._open_page(BACK, AWAY)
        checkout.tenant_id._set_state('deleting')
        self._pay(url)
        self._told(checkout)
        self.assertTrue(checkout.activity_ids)
        self._tidy()
        self.assertEqual(self._status(checkout.surplus), 'canceled')

    def test_stripe_does_not_answer_when_it_is_cancelled(self):
        self.test_the_tenant_was_deleted_meanwhile()
        checkout = self.Checkout.search([('surplus', '!=', False)])
        checkout.surplus_cancelled = False
        self.control.fault('status', status=500, times=1)
        self._tidy()
        self.assertFalse(checkout.surplus_cancelled)
        self._tidy()
        self.assertTrue(checkout.surplus_cancelled)


class TestTidy(CheckoutCase):
    """What nobody paid is given up, after Stripe was asked once more."""

    def test_nobody_paid(self):
        begun, never, young = (self._order(name) for name in ('begun', 'never', 'young'))
        url = begun._open_page(BACK, AWAY)
        self._expire(begun)
        self.env.flush_all()
        self.env.cr.execute("UPDATE saas_checkout SET write_date = write_date - interval '13 hours' WHERE id = %s", [never.id])
        self.env.invalidate_all()
        self._tidy()
        self.assertEqual((begun.state, never.state, young.state), ('expired', 'expired', 'new'))
        self.assertEqual(self._session(begun)['status'], 'expired')
        self.assertEqual(self._pay(url), 410, 'nobody can pay for it any more')

    def test_paid_in_the_last_moment_and_never_told(self):
        checkout = self._order()
        self._pay(checkout._open_page(BACK, AWAY))
        self._expire(checkout)
        self._tidy()
        self._assert_served(checkout)

    def test_withdrawn(self):
        checkout = self._order()
        url = checkout._open_page(BACK, AWAY)
        checkout._abandon()
        self.assertEqual(checkout.state, 'abandoned')
        with self.assertRaisesRegex(UserError, 'given up'):
            checkout._open_page(BACK, AWAY)
        self._tidy()
        self.assertEqual((self._pay(url), checkout.page_open), (410, False))
        again = self.Checkout._order_plan(checkout.tenant_id, self.price)
        self.assertNotEqual(again, checkout)

    def test_paid_right_after_it_was_withdrawn(self):
        checkout = self._order()
        url = checkout._open_page(BACK, AWAY)
        checkout._abandon()
        self._pay(url)
        self._tidy()
        self._assert_served(checkout)

    def test_stripe_does_not_answer(self):
        checkout, other = self._order(), self._order('other-one')
        checkout._open_page(BACK, AWAY)
        other._open_page(BACK, AWAY)
        for order in (checkout, other):
            self._expire(order)
        self.control.fault('status', method='GET', path=f'/v1/checkout/sessions/{other.session}', status=500, times=1)
        self._tidy()
        self.assertEqual((checkout.state, other.state), ('expired', 'open'), 'one that fails keeps no other')
        self._tidy()
        self.assertEqual(other.state, 'expired')

    def test_a_page_that_stripe_has_forgotten(self):
        checkout = self._order()
        checkout.write({'session': 'cs_test_gone', 'state': 'open', 'expires_at': '2020-01-01'})
        self._tidy()
        self.assertEqual(checkout.state, 'expired')
