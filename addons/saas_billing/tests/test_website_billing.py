import re
from datetime import timedelta

from lxml import html

from odoo import fields, http
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.saas_master.tests.signup_common import GOOD, SignupCase

from .billing_common import BillingCase

FORM = {**GOOD, 'interval': 'month', 'currency': 'EUR'}


@tagged('post_install', '-at_install')
class TestWebsiteBilling(SignupCase, BillingCase, HttpCase):
    """From the plans page to the page of Stripe, as a visitor."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['saas.plan'].search([('id', 'not in', (cls.plan | cls.big).ids)]).is_published = False
        cls.big.is_published = True

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _get(self, path, status=200):
        self.env.flush_all()
        page = self.url_open(path, allow_redirects=False)
        self.env.invalidate_all()
        self.assertEqual(page.status_code, status, path)
        return page

    def _post(self, path, csrf=True, **data):
        self.env.flush_all()
        token = {'csrf_token': http.Request.csrf_token(self)} if csrf else {}
        page = self.url_open(path, data={**data, **token}, allow_redirects=False)
        self.env.invalidate_all()
        return page

    def _text(self, path, status=200):
        main = html.fromstring(self._get(path, status).text).xpath('//*[@id="wrap"]')[0]
        return re.sub(r'\s+', ' ', main.text_content()).replace('\xa0', ' ')

    def _plans(self, path='/saas'):
        """{code of the plan: (text of its price, address of its button)}"""
        tree = html.fromstring(self._get(path).text)
        return {card.get('data-plan'): (
            re.sub(r'\s+', ' ', card.find_class('o_saas_price')[0].text_content()).replace('\xa0', ' ').strip(),
            card.xpath('.//a[contains(@class, "btn")]/@href')[0]) for card in tree.find_class('o_saas_plan')}

    def _confirmed(self, **form):
        """An order whose link was clicked; returns (token, sign-up)."""
        signup = self._ordered(**{'interval': 'month', 'currency': 'EUR', **form})
        token = self._token()
        answer = self._post(f'/saas/confirm/{token}')
        self.assertEqual(answer.headers['Location'].partition('/saas')[2], f'/pay/{token}')
        return token, signup

    # -- plans ----------------------------------------------------------------------------------

    def test_prices_by_month_and_by_year(self):
        monthly = self._plans()
        self.assertEqual(monthly[self.plan.code], ('29.00 € a month', '/saas/signup?plan=test-plan&interval=month&currency=EUR'))
        yearly = self._plans('/saas?interval=year')
        self.assertEqual(yearly[self.plan.code], ('290.00 € a year', '/saas/signup?plan=test-plan&interval=year&currency=EUR'))
        self.assertEqual(yearly[self.big.code][0], '99.00 € a month', 'it is not sold by the year')
        self.assertIn('This plan is paid monthly.', self._text('/saas?interval=year'))
        tree = html.fromstring(self._get('/saas?interval=year').text)
        self.assertEqual(tree.xpath('//a[@aria-current="true"]/@data-interval'), ['year'])
        self.assertIn('save up to 17 %', self._text('/saas'))
        for odd in ('/saas?interval=week', '/saas?interval=&currency=XXX', '/saas?currency=%00&interval=%27'):
            self.assertEqual(self._plans(odd), monthly)

    def test_a_second_currency_can_be_chosen(self):
        dollar = self.env.ref('base.USD')
        dollar.active = True
        price = self.env['saas.plan.price'].sudo().create({
            'plan_id': self.plan.id, 'currency_id': dollar.id, 'interval': 'month', 'amount': 31})
        self.env['saas.stripe.price'].sudo().create({
            'account_id': self.account.id, 'price_id': price.id, 'unit_amount': 3100, 'currency_id': dollar.id,
            'interval': 'month', 'stripe_id': 'price_of_dollars', 'product': 'prod_x'})
        self.assertIn('31.00', self._plans('/saas?currency=USD')[self.plan.code][0])
        self.assertIn('29.00', self._plans('/saas?currency=EUR')[self.plan.code][0])
        self.assertIn('currency=USD', self._plans('/saas?currency=USD')[self.plan.code][1])

    def test_plans_without_payment_are_as_before(self):
        (self.plan | self.big).payment = 'none'
        self.plan.write({'price': 9, 'trial_days': 14})
        self.assertIn('9.00', self._plans()[self.plan.code][0])
        self.assertEqual(self._plans()[self.plan.code][1], f'/saas/signup?plan={self.plan.code}')
        text = self._text('/saas')
        self.assertIn('your trial starts without a card', text)
        self.assertFalse(html.fromstring(self._get('/saas').text).find_class('o_saas_switcher'))
        self.assertNotIn('Payment', self._text(f'/saas/signup?plan={self.plan.code}'))

    def test_nothing_promises_a_trial_without_a_card_where_one_is_asked_for(self):
        text = self._text('/saas')
        self.assertNotIn('without a card', text)
        self.assertIn('who sees my card?', text)
        self.assertNotIn('days free', text)
        self.plan.write({'payment': 'trial_card', 'trial_days': 14})
        self.assertIn('14 days free with a card', self._text('/saas'))
        self.plan.payment = 'trial'
        self.assertIn('14 days free without a card', self._text('/saas'))

    def test_a_plan_whose_price_is_not_at_stripe_yet_is_not_offered(self):
        self._mirrored(self.big_price).stripe_id = False
        self.assertEqual(list(self._plans()), [self.plan.code])

    # -- form and confirmation ------------------------------------------------------------------

    def test_the_form_knows_what_was_chosen(self):
        page = html.fromstring(self._get('/saas/signup?plan=test-plan&interval=year&currency=EUR').text)
        self.assertEqual(page.xpath('//input[@name="interval"][@checked]/@value'), ['year'])
        self.assertEqual(page.xpath('//input[@name="currency"]/@value'), ['EUR'])
        self.assertEqual(page.xpath('//input[@name="plan"][@checked]/@value'), ['test-plan'])
        self.assertIn('Payment', page.find_class('o_saas_stages')[0].text_content())

    def test_an_order_carries_its_price(self):
        answer = self._post('/saas/signup', **{**FORM, 'interval': 'year'})
        self.assertEqual(answer.status_code, 303, answer.text[:300])
        self.assertIn('leads you to the payment', self._text('/saas/signup/sent'))
        signup = self.Signup.search([('email', '=', 'zoe@nandu.example')])
        self.assertEqual(signup.price_id, self.yearly)
        text = self._text(f'/saas/confirm/{self._token()}')
        for part in ('One click, then the payment', '290.00 €', 'a year', 'Continue to the payment'):
            self.assertIn(part, text)

    def test_an_interval_that_is_not_sold_is_said_beside_the_choice(self):
        answer = self._post('/saas/signup', **{**FORM, 'plan': 'big-plan', 'interval': 'year'})
        self.assertEqual(answer.status_code, 422)
        tree = html.fromstring(answer.text)
        self.assertIn('not for sale', tree.find_class('o_saas_intervals')[0].text_content())

    # -- the page before the payment ------------------------------------------------------------

    def test_the_page_says_what_is_ordered_and_leads_to_stripe(self):
        token, signup = self._confirmed()
        self.assertEqual(signup.tenant_id.state, 'draft', 'nothing is made before it is paid')
        page = self._get(f'/saas/pay/{token}')
        self.assertIn(f"form-action 'self' {self.fake.url};", page.headers['Content-Security-Policy'] + ';')
        self.assertEqual(page.headers['Referrer-Policy'], 'same-origin')
        self.assertFalse(self.env['saas.checkout'].search([('signup_id', '=', signup.id)]).session, 'looking opens nothing')
        text = self._text(f'/saas/pay/{token}')
        for part in ('Your order', 'nandu', '29.00 €', 'To pay now', 'Pay now', 'sandbox'):
            self.assertIn(part, text)
        answer = self._post(f'/saas/pay/{token}')
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers['Location'].startswith(f'{self.fake.url}/c/pay/'))
        again = self._post(f'/saas/pay/{token}')
        self.assertEqual(again.headers['Location'], answer.headers['Location'], 'the same page while it is open')
        self.assertIn('You have left the page for the payment', self._text(f'/saas/pay/{token}?back=1'))
        self.assertEqual(self._get(f'/saas/confirm/{token}', 303).headers['Location'].partition('/saas')[2], f'/pay/{token}')

    def test_a_trial_costs_nothing_now(self):
        self.plan.write({'payment': 'trial', 'trial_days': 14})
        text = self._text(f'/saas/pay/{self._confirmed()[0]}')
        for part in ('0.00 €', '14 days free', 'No card is needed', 'Start the trial'):
            self.assertIn(part, text)

    def test_coming_back_from_stripe_opens_nothing(self):
        token, signup = self._confirmed()
        self._post(f'/saas/pay/{token}')
        text = self._text(f'/saas/progress/{token}?paid=1')
        self.assertIn('We are noting your payment', text)
        self.assertEqual(self._get(f'/saas/progress/{token}/status').json()['phase'], 'payment')
        self.assertEqual(signup.tenant_id.state, 'draft')
        self.assertIn('waits for its payment', self._text(f'/saas/progress/{token}'))

    def test_withdrawn_and_ordered_again(self):
        token, signup = self._confirmed()
        self._post(f'/saas/pay/{token}')
        self.assertEqual(self._post(f'/saas/pay/{token}/withdraw').status_code, 303)
        self.assertFalse(signup.tenant_id, 'the name is free again')
        text = self._text(f'/saas/pay/{token}', 410)
        self.assertIn('Your order is withdrawn', text)
        self.assertEqual(self._post(f'/saas/pay/{token}').status_code, 410, 'it cannot be paid any more')
        self.assertEqual(self._get(f'/saas/progress/{token}/status').json()['phase'], 'abandoned')
        self.assertEqual(self._post(f'/saas/pay/{token}/again').status_code, 303)
        self.assertEqual(signup.tenant_id.state, 'draft')
        self.assertIn('Pay now', self._text(f'/saas/pay/{token}'))

    def test_the_name_was_taken_meanwhile(self):
        token, signup = self._confirmed()
        self._post(f'/saas/pay/{token}/withdraw')
        self._tenant('nandu')
        answer = self._post(f'/saas/pay/{token}/again')
        self.assertEqual(answer.status_code, 410)
        self.assertIn('alert-danger', answer.text)
        self.assertFalse(signup.tenant_id)

    def test_an_order_that_expired(self):
        token, signup = self._confirmed()
        checkout = signup._checkout()
        checkout._give_up('expired')
        self.assertIn('was not paid in time', self._text(f'/saas/pay/{token}', 410))
        self.assertIn('was not paid', self._text(f'/saas/progress/{token}'))

    def test_the_page_is_being_prepared(self):
        token = self._confirmed()[0]
        self._mirrored(self.price).stripe_id = False
        text = self._text(f'/saas/pay/{token}')
        self.assertIn('is being prepared', text)
        self.assertNotIn('Pay now', text)
        self.assertEqual(self._post(f'/saas/pay/{token}').status_code, 422)

    def test_stripe_does_not_answer(self):
        token, signup = self._confirmed()
        self.control.fault('drop', method='POST', path='/v1/checkout/sessions', times=5)
        answer = self._post(f'/saas/pay/{token}')
        self.assertEqual(answer.status_code, 422)
        self.assertIn('Nothing was charged', answer.text)
        self.assertEqual(signup._checkout().state, 'new', 'nothing is half done')
        self.control.delete('faults')
        self.assertEqual(self._post(f'/saas/pay/{token}').status_code, 303)

    def test_who_has_no_link_sees_nothing(self):
        for path in ('/saas/pay/nothing', '/saas/pay/%F0%9F%98%80'):
            self._get(path, 404)
            self.assertEqual(self._post(path).status_code, 404)
            self.assertEqual(self._post(f'{path}/withdraw').status_code, 404)
        self._ordered(interval='month', currency='EUR')
        pending = self._token()
        self.assertIn('/saas/confirm/', self._get(f'/saas/pay/{pending}', 303).headers['Location'])

    @mute_logger('odoo.http')
    def test_without_a_token_of_the_form_nothing_is_done(self):
        token, signup = self._confirmed()
        for path in ('', '/withdraw', '/again'):
            self.assertEqual(self._post(f'/saas/pay/{token}{path}', csrf=False, any='x').status_code, 400)
        self.assertEqual(signup._checkout().state, 'new')
        self.assertGreater(signup._checkout().create_date, fields.Datetime.now() - timedelta(hours=1))
