from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .checkout_common import AWAY, BACK, CheckoutCase


class TestOrder(CheckoutCase):
    """An order waits for its payment; a tenant has one that waits."""

    def test_nothing_is_made_before_it_is_paid(self):
        checkout = self._order()
        self.assertEqual((checkout.state, checkout.tenant_id.state, checkout.account_id), ('new', 'draft', self.account))
        self.assertFalse(checkout.tenant_id.operation_ids)
        self.assertEqual(self.env['saas.tenant']._name_problem('ordered')[0], 'taken', 'its name is held')

    def test_one_that_waits(self):
        checkout = self._order()
        again = self.Checkout._order_plan(checkout.tenant_id, self.big_price)
        self.assertEqual((again, again.price_id, again.plan_id), (checkout, self.big_price, self.big))
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError):
            checkout.copy()
            self.env.flush_all()

    def test_what_cannot_be_ordered(self):
        tenant = self._tenant('ordered')
        self.price.active = False
        with self.assertRaisesRegex(UserError, 'not for sale'):
            self.Checkout._order_plan(tenant, self.price)
        subscription = self._subscribe()
        self.assertEqual(subscription.tenant_id, self.tenant)
        with self.assertRaisesRegex(UserError, 'has a subscription already'):
            self.Checkout._order_plan(self.tenant, self.big_price)
        with self.assertRaisesRegex(UserError, 'no customer'):
            self.Checkout._order_plan(self._tenant('nobodys', partner_id=False), self.big_price)
        gone = self._running_tenant('gone')
        gone._set_state('deleting')
        with self.assertRaisesRegex(UserError, 'is deleted'):
            self.Checkout._order_plan(gone, self.big_price)
        self.account.is_current = False
        with self.assertRaises(UserError):
            self.Checkout._order_plan(tenant, self.big_price)

    def test_customers_see_their_own_and_no_address_of_a_page(self):
        checkout = self._order()
        checkout._open_page(BACK, AWAY)
        contact = self.env['res.partner'].create({'name': 'Ann', 'parent_id': self.customer.id, 'saas_right': 'look'})
        user = new_test_user(self.env, 'ann-of-acme', groups='base.group_portal', partner_id=contact.id)
        self.assertEqual(self.Checkout.with_user(user).search([]), checkout)
        with self.assertRaises(AccessError):
            checkout.with_user(user).read(['url'])
        contact.saas_right = False
        self.assertFalse(self.Checkout.with_user(user).search([]))


class TestPage(CheckoutCase):
    """The page at Stripe: what was ordered, and the same one as long as it can be paid."""

    def test_what_stripe_is_told(self):
        self.plan.allow_promotion_codes = True
        checkout = self._order(lang='es_ES')
        url = checkout._open_page(BACK, AWAY)
        session = self._session(checkout)
        self.assertEqual((session['url'], session['mode'], session['client_reference_id'], session['locale'],
                          session['success_url'], session['cancel_url'], session['allow_promotion_codes']),
                         (url, 'subscription', checkout.key, 'es', BACK, AWAY, True))
        self.assertEqual(session['amount_total'], 2900)
        self.assertEqual(session['metadata']['saas_tenant'], checkout.tenant_id.mark)
        expires = fields.Datetime.from_string('1970-01-01') + timedelta(seconds=session['expires_at'])
        self.assertEqual(checkout.expires_at, expires)
        self.assertLess(abs(expires - fields.Datetime.now() - timedelta(hours=12)), timedelta(minutes=11))
        self.assertEqual((checkout.state, checkout.attempt, checkout.stripe_price_id), ('open', 1, self._mirrored(self.price)))
        customer = self._stripe('GET', f'/v1/customers/{session["customer"]}')
        self.assertEqual((customer['name'], customer['email'], customer['preferred_locales']),
                         ('Acme', 'ann@acme.example', ['es']))

    def test_the_same_page_while_it_is_open(self):
        checkout = self._order()
        url = checkout._open_page(BACK, AWAY)
        self.assertEqual(checkout._open_page(BACK, AWAY), url)
        self.assertEqual(checkout.attempt, 1)

    def test_an_answer_that_was_lost(self):
        """The request was rolled back after Stripe had made the page: the next one gets the same, and the same customer."""
        checkout = self._order()
        with self.env.cr.savepoint() as point:
            url = checkout._open_page(BACK, AWAY)
            customer = self._session(checkout)['customer']
            point.rollback()
        self.env.invalidate_all()
        self.assertFalse(checkout.session)
        self.assertEqual(checkout._open_page(BACK, AWAY), url)
        self.assertEqual(self._session(checkout)['customer'], customer)
        other = self._order('other-one')
        with self.env.cr.savepoint() as point:
            lost = other._open_page(BACK, AWAY)
            point.rollback()
        self.env.invalidate_all()
        self.assertNotEqual(other._open_page(BACK, AWAY + '?x'), lost)
        self.assertEqual(other.attempt, 2, 'the first was for something else')

    def test_another_page_after_it_has_expired(self):
        checkout = self._order()
        url = checkout._open_page(BACK, AWAY)
        self._stripe('POST', f'/v1/checkout/sessions/{checkout.session}/expire')
        again = checkout._open_page(BACK, AWAY)
        self.assertNotEqual(again, url)
        self.assertEqual((checkout.attempt, checkout.state), (2, 'open'))

    def test_another_plan_closes_the_page(self):
        checkout = self._order()
        first = checkout._open_page(BACK, AWAY)
        self.Checkout._order_plan(checkout.tenant_id, self.big_price)
        checkout._open_page(BACK, AWAY)
        self.assertEqual(self._pay(first), 410)
        self.assertEqual(self._session(checkout)['amount_total'], 9900)

    def test_a_price_that_changed_meanwhile(self):
        price = self._own_price()
        checkout = self._order(price=price)
        first = checkout._open_page(BACK, AWAY)
        price.amount = 35
        with self.assertRaisesRegex(UserError, 'not for sale'):
            checkout._open_page(BACK, AWAY)     # for a moment, until Stripe knows it
        self.env['saas.stripe.price']._cron_mirror()
        checkout._open_page(BACK, AWAY)
        self.assertEqual(self._session(checkout)['amount_total'], 3500)
        self.assertEqual(self._pay(first), 410, 'nobody pays what is not shown any more')

    def test_a_plan_that_was_unpublished_meanwhile(self):
        price = self._own_price()
        checkout = self._order(price=price)
        price.plan_id.is_published = False
        self.assertTrue(checkout._open_page(BACK, AWAY), 'what was ordered is kept')
        price.plan_id.active = False
        self.env['saas.stripe.price']._cron_mirror()
        with self.assertRaisesRegex(UserError, 'not for sale'):
            checkout._open_page(BACK, AWAY)

    def test_paid_in_another_tab(self):
        checkout = self._order()
        url = checkout._open_page(BACK, AWAY)
        self.assertEqual(self._pay(url), BACK)
        self.assertEqual(checkout._open_page(BACK, AWAY), BACK, 'Stripe\'s word is on its way')
        self._told(checkout)
        with self.assertRaisesRegex(UserError, 'paid already'):
            checkout._open_page(BACK, AWAY)

    def test_stripe_does_not_answer(self):
        checkout = self._order()
        self.control.fault('status', method='POST', path='/v1/checkout/sessions', status=500, times=1)
        with self.assertRaisesRegex(UserError, 'Stripe is busy'):
            checkout._open_page(BACK, AWAY)
        self.assertTrue(checkout._open_page(BACK, AWAY))

    def test_a_customer_who_was_deleted_at_stripe(self):
        partner = self.env['res.partner'].create({'name': 'Lost', 'is_company': True})
        checkout = self._order(partner_id=partner.id)
        checkout._open_page(BACK, AWAY)
        lost = self._session(checkout)['customer']
        self._stripe('POST', f'/v1/checkout/sessions/{checkout.session}/expire')
        self._stripe('DELETE', f'/v1/customers/{lost}')
        checkout._open_page(BACK, AWAY)
        self.assertNotEqual(self._session(checkout)['customer'], lost)
        self.assertEqual(self.env['saas.stripe.customer']._of(self.account, partner), self._session(checkout)['customer'])

    def test_another_account_was_made_current(self):
        checkout = self._order()
        first = checkout._open_page(BACK, AWAY)
        other = self.env['saas.stripe.account'].create({'name': 'Other', 'mode': 'sandbox', 'api_base': self.fake.url + '/'})
        other.sudo().api_key_sealed = other._seal(self.fake.key)
        self._prove()
        other.action_make_current()
        self.env['saas.stripe.price']._cron_mirror()
        checkout._open_page(BACK, AWAY)
        self.assertEqual(checkout.account_id, other)
        self.assertEqual(self._pay(first), 410)

    def test_trials(self):
        self.plan.write({'payment': 'trial', 'trial_days': 14})
        checkout = self._order()
        url = checkout._open_page(BACK, AWAY)
        self.assertTrue(checkout.with_trial)
        self.assertEqual(self._session(checkout)['payment_method_collection'], 'if_required')
        self.assertEqual(self._pay(url), BACK)
        self._told(checkout)
        self._assert_served(checkout)
        self.assertEqual(checkout.subscription_id.status, 'trialing')
        second = self._order('second-one')
        self.assertFalse(second.with_trial, 'a customer has one trial')
        second._open_page(BACK, AWAY)
        session = self._session(second)
        self.assertEqual((session['payment_method_collection'], session['amount_total']), ('always', 2900))
        self.plan.payment = 'trial_card'
        third = self.Checkout._order_plan(self._tenant('third', partner_id=self.stranger.id), self.price)
        third._open_page(BACK, AWAY)
        self.assertEqual((third.with_trial, self._session(third)['payment_method_collection']), (True, 'always'))


class TestClock(CheckoutCase):

    def test_a_clock_that_is_ahead(self):
        """The sandbox's is, once it was moved on."""
        self.control.advance(days=40)
        checkout = self._order()
        self.assertTrue(checkout._open_page(BACK, AWAY))
        self.assertEqual(checkout.state, 'open')
