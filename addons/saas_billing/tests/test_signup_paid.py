from datetime import timedelta

from freezegun import freeze_time

from odoo import fields

from odoo.addons.saas_master.tests.signup_common import GOOD, TOKEN

from .checkout_common import AWAY, BACK, CheckoutCase


class SignupPaidCase(CheckoutCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.plan | cls.big).is_published = True
        cls.Signup = cls.env['saas.signup']
        cls.env.company.email = 'sales@provider.example'
        cls.env['saas.rate'].search([]).unlink()

    def _signup(self, **form):
        values, errors = self.Signup._check_form({**GOOD, **form})
        self.assertFalse(errors)
        signup = self.Signup.create({**values, 'ip': '192.0.2.1'})
        signup._send_link()
        return signup

    def _confirmed(self, **form):
        signup = self._signup(**form)
        self.assertFalse(signup._confirm())
        return signup, signup._checkout()


class TestForm(SignupPaidCase):
    """What can be ordered is what can be paid."""

    def test_price_of_the_form(self):
        values, errors = self.Signup._check_form(GOOD)
        self.assertEqual((values['price_id'], values['interval'], errors), (self.price.id, 'month', {}))
        values, errors = self.Signup._check_form({**GOOD, 'interval': 'year', 'currency': 'eur'})
        self.assertEqual((values['price_id'], values['interval']), (self.yearly.id, 'year'))
        for wrong in ({'interval': 'week'}, {'currency': 'XXX'}, {'plan': 'big-plan', 'interval': 'year'}):
            values, errors = self.Signup._check_form({**GOOD, **wrong})
            self.assertEqual((values['price_id'], list(errors)), (False, ['interval']))

    def test_a_plan_without_payment_is_as_before(self):
        self.plan.payment = 'none'
        values, _errors = self.Signup._check_form(GOOD)
        self.assertNotIn('price_id', values)
        signup, checkout = self._confirmed()
        self.assertEqual((signup.tenant_id.state, checkout), ('provisioning', self.Checkout))
        self.assertEqual(signup._after_confirm('x'), '/saas/progress/x')

    def test_what_cannot_be_paid_is_not_on_offer(self):
        self.assertIn(self.plan, self.Signup._plans())
        self.account.is_current = False
        self.assertNotIn(self.plan, self.Signup._plans())
        self.assertEqual(list(self.Signup._check_form(GOOD)[1]), ['plan'])


class TestConfirm(SignupPaidCase):
    """Confirmed, an order holds its name and waits; nothing is provisioned before Stripe says so."""

    def test_from_the_link_to_the_tenant(self):
        signup, checkout = self._confirmed()
        mail = self.env['mail.mail'].search([('email_to', '=', signup.email)], order='id desc', limit=1)
        token = TOKEN.search(mail.body_html)[1]
        self.assertEqual(signup._after_confirm(token), f'/saas/pay/{token}')
        self.assertEqual((signup.tenant_id.state, checkout.state, checkout.price_id), ('draft', 'new', self.price))
        self.assertFalse(signup.tenant_id.operation_ids)
        self.assertEqual(signup._status()['phase'], 'payment')
        self._pay(checkout._open_page(BACK, AWAY))
        self.assertEqual(signup._status()['phase'], 'payment', 'until Stripe has said so')
        self._told(checkout)
        self._assert_served(checkout)
        self.assertEqual(signup._status()['phase'], 'working')
        self.assertEqual(signup._after_confirm(token), f'/saas/progress/{token}')
        self.assertEqual(checkout.subscription_id.partner_id, signup.partner_id.commercial_partner_id)

    def test_by_the_events_alone(self):
        """As the inbox reads them from Stripe's list."""
        signup, checkout = self._confirmed()
        self._pay(checkout._open_page(BACK, AWAY))
        self.Event._cron_backfill()
        self.Event._cron_process()
        self.env.invalidate_all()
        self._assert_served(checkout)
        self.assertEqual(signup._status()['phase'], 'working')
        told = self.Event.search([('type', '=', 'checkout.session.completed'), ('object_id', '=', checkout.session)])
        self.assertEqual((told.state, told.subscription_id), ('done', checkout.subscription_id))

    def test_given_up_by_the_events_alone(self):
        signup, checkout = self._confirmed()
        checkout._open_page(BACK, AWAY)
        self._stripe('POST', f'/v1/checkout/sessions/{checkout.session}/expire')
        self.Event._cron_backfill()
        self.Event._cron_process()
        self.env.invalidate_all()
        self.assertEqual((checkout.state, signup.tenant_id.id, signup._status()['phase']), ('expired', False, 'abandoned'))

    def test_clicked_twice(self):
        signup, checkout = self._confirmed()
        self.assertFalse(signup._confirm())
        self.assertEqual(self.Checkout.search([('signup_id', '=', signup.id)]), checkout)

    def test_the_form_was_sent_twice(self):
        first, second = self._signup(), self._signup()
        self.assertFalse(first._confirm() or second._confirm())
        self.assertEqual(first.tenant_id, second.tenant_id)
        self.assertEqual(first._checkout(), second._checkout())
        self.assertEqual(second._after_confirm('x'), '/saas/pay/x')
        self.assertEqual(second._status()['phase'], 'payment')

    def test_the_plan_is_no_more_sold_like_that(self):
        signup = self._signup()
        self.price.active = False
        problem = signup._confirm()
        self.assertEqual(problem[0], 'not_offered')
        self.assertEqual((signup.state, signup.tenant_id.id), ('pending', False))

    def test_a_price_in_its_place(self):
        signup = self._signup()
        self.price.active = False
        other = self._make_price(self.plan, 'month', 33.0)
        self.assertFalse(signup._confirm())
        self.assertEqual(signup._checkout().price_id, other)

    def test_a_plan_that_is_paid_for_since(self):
        self.plan.payment = 'none'
        signup = self._signup()
        self.plan.payment = 'now'
        self.assertFalse(signup._confirm())
        self.assertEqual((signup.tenant_id.state, signup._checkout().price_id), ('draft', self.price))

    def test_the_bank_takes_its_time(self):
        signup, checkout = self._confirmed()
        checkout.state = 'processing'
        self.assertEqual(signup._status()['phase'], 'processing')
        self.assertEqual(signup._after_confirm('x'), '/saas/progress/x')


class TestGivenUp(SignupPaidCase):
    """Who does not pay lets go of the name, and may come back."""

    def _given_up(self, **form):
        signup, checkout = self._confirmed(**form)
        checkout._open_page(BACK, AWAY)
        self._expire(checkout)
        self._tidy()
        return signup, checkout

    def test_the_name_is_free_again(self):
        signup, checkout = self._given_up()
        self.assertEqual((checkout.state, checkout.tenant_id.id, checkout.tenant_name, signup.tenant_id.id), (
            'expired', False, 'nandu', False))
        self.assertFalse(self.env['saas.tenant']._name_problem('nandu'))
        self.assertEqual(signup._status()['phase'], 'abandoned')
        self.assertEqual(signup._after_confirm('x'), '/saas/progress/x')

    def test_never_begun(self):
        signup, checkout = self._confirmed()
        self.env.flush_all()
        with freeze_time(fields.Datetime.now() + timedelta(hours=11)):
            self._tidy()
            self.assertEqual(signup._status()['phase'], 'payment')
        with freeze_time(fields.Datetime.now() + timedelta(hours=13)):
            self._tidy()
        self.assertEqual((checkout.state, signup._status()['phase']), ('expired', 'abandoned'))

    def test_what_staff_have_provisioned_stays(self):
        signup, checkout = self._confirmed()
        signup.tenant_id.action_provision()
        checkout._abandon()
        self.assertEqual(signup.tenant_id.state, 'provisioning')

    def test_ordered_again(self):
        signup, checkout = self._given_up()
        self.assertFalse(signup._order_again())
        again = signup._checkout()
        self.assertNotEqual(again, checkout)
        self.assertEqual((signup.tenant_id.name, signup.tenant_id.state, again.state), ('nandu', 'draft', 'new'))
        self.assertFalse(signup._order_again(), 'once')
        self.assertEqual(signup._checkout(), again)
        self._pay(again._open_page(BACK, AWAY))
        self._told(again)
        self._assert_served(again)

    def test_ordered_again_when_it_is_taken_or_not_sold(self):
        signup, _checkout = self._given_up()
        taken = self._tenant('nandu')
        self.assertEqual(signup._order_again()[0], 'taken')
        taken.unlink()
        (self.price | self.yearly).active = False
        self.assertEqual(signup._order_again()[0], 'not_offered')
        self.assertFalse(signup.tenant_id)

    def test_paid_all_the_same(self):
        """By an old page, after the order was given up: the name is taken again."""
        signup, checkout = self._confirmed()
        url = checkout._open_page(BACK, AWAY)
        checkout._abandon()
        self.assertFalse(signup.tenant_id)
        self._pay(url)
        self._told(checkout)
        self._assert_served(checkout)
        self.assertEqual((checkout.tenant_id.name, signup.tenant_id), ('nandu', checkout.tenant_id))
        self.assertFalse(checkout.activity_ids)

    def test_paid_all_the_same_and_read_before(self):
        """Its subscription was read while there was no tenant."""
        signup, checkout = self._confirmed()
        url = checkout._open_page(BACK, AWAY)
        checkout._abandon()
        self._pay(url)
        self._read_again(self._session(checkout)['subscription'])
        self.assertFalse(signup.tenant_id)
        found = self.account._api().read_checkout(checkout.session)
        self.Checkout._reconcile(self.account, found)
        self.env.invalidate_all()
        self._assert_served(checkout)
        self.assertEqual(signup.tenant_id.name, 'nandu')

    def test_paid_all_the_same_and_the_name_is_gone(self):
        signup, checkout = self._confirmed()
        url = checkout._open_page(BACK, AWAY)
        checkout._abandon()
        other = self._tenant('nandu')
        self._pay(url)
        subscription = self._session(checkout)['subscription']
        self._told(checkout)
        self.assertEqual((checkout.surplus, checkout.state), (subscription, 'abandoned'))
        self.assertIn(subscription, checkout.activity_ids.note)
        self.assertEqual(other.state, 'draft', 'nobody is served by what somebody else paid')
        self._tidy()
        self.assertEqual(self._stripe('GET', f'/v1/subscriptions/{subscription}')['status'], 'canceled')
        self.assertFalse(signup._order_again() or signup.tenant_id, 'staff give the money back first')
