from lxml import html

from odoo.tests import tagged

from .billing_common import CARD, DECLINED
from .billing_portal_common import BillingPortalCase


@tagged('post_install', '-at_install')
class TestPortalBillingChanges(BillingPortalCase):
    """Each change is looked at first, and what Stripe then has is what was shown."""

    def setUp(self):
        super().setUp()
        self.subscription = self._subscribe()
        self._login(self.act)

    def _preview(self, **query):
        """(kind, texts of the amounts, what the form sends back) of the page before consent."""
        words = '&'.join(f'{name}={value}' for name, value in query.items())
        page = self._tree(self._path(f'/change?{words}'))
        box = page.find_class('o_saas_preview')[0]
        form = {field.get('name'): field.get('value') for field in box.xpath('.//form//input[@name!="csrf_token"]')}
        return box.get('data-kind'), box.text_content().replace('\xa0', ' '), form

    def _at_stripe_now(self):
        return self._stripe('GET', f'/v1/subscriptions/{self.subscription.stripe_id}')

    def _prices(self):
        return [item['price']['id'] for item in self._at_stripe_now()['items']['data']]

    def test_the_plans_to_choose_from(self):
        page = self._tree(self._path('/plans'))
        self.assertEqual(page.xpath('//article/@data-plan'), [self.plan.code, self.big.code])
        self.assertEqual([link.get('data-interval') for link in page.xpath('//a[@data-interval]')], ['month', 'year'])
        own = page.xpath(f'//article[@data-plan="{self.plan.code}"]')[0]
        self.assertIn('What you have', own.text_content())
        self.assertFalse(own.xpath('.//button'), 'there is nothing else to have of it')
        yearly = self._tree(self._path('/plans?interval=year')).xpath(f'//article[@data-plan="{self.plan.code}"]')[0]
        self.assertEqual(yearly.xpath('.//input[@name="price"]/@value'), [str(self.yearly.id)])
        self.assertIn('290.00', yearly.text_content())

    def test_a_larger_plan_at_once_for_what_was_shown(self):
        kind, text, form = self._preview(price=self.big_price.id)
        self.assertEqual(kind, 'up')
        self.assertIn('It begins at once', text)
        self.assertIn('70.00', text, 'the difference, as the period has just begun')
        self.assertEqual(self._prices(), [self._mirrored(self.price).stripe_id], 'nothing is changed by looking')
        answer = self._post(self._path('/change'), form)
        self.assertTrue(answer.headers['Location'].endswith(self._path()))
        self.assertEqual(self._prices(), [self._mirrored(self.big_price).stripe_id])
        self.assertEqual(self.subscription.plan_id, self.big)
        self.assertIn('It is changed.', self._text(self._path()))

    def test_what_was_not_shown_is_not_done(self):
        _kind, _text, form = self._preview(price=self.big_price.id)
        for wrong in ({'consent': ''}, {'consent': 'x~1~y'}, {'price': self.yearly.id}, {'users': '3'}):
            answer = self._post(self._path('/change'), {**form, **wrong})
            self.assertEqual(answer.status_code, 422, wrong)
            self.assertIn('alert-danger', answer.text)
        self.assertEqual(self._post(self._path('/change'), {'price': '2147483648'}).status_code, 422)
        self.assertEqual(self._prices(), [self._mirrored(self.price).stripe_id])

    def test_a_smaller_plan_later_and_kept_after_all(self):
        self._post(self._path('/change'), self._preview(price=self.big_price.id)[2])
        kind, text, form = self._preview(price=self.price.id)
        self.assertEqual(kind, 'down')
        self.assertIn('nothing is charged now', text)
        self._post(self._path('/change'), form)
        page = self._tree(self._path())
        self.assertIn(self.plan.name, page.find_class('o_saas_planned')[0].text_content())
        self.assertIn('29.00', page.find_class('o_saas_next_payment')[0].text_content())
        self.assertTrue(page.find_class('o_saas_do_keep-plan'))
        self._post(self._path('/keep-plan'))
        self.assertFalse(self.subscription.next_from)
        self.assertFalse(self._tree(self._path()).find_class('o_saas_planned'))

    def test_what_hinders_a_change_is_said_and_there_is_no_button(self):
        self.big.user_limit = 2
        self.tenant.usage_users = 4
        kind, text, form = self._preview(price=self.big_price.id)
        self.assertIn('4 users are active', text)
        self.assertFalse(form)
        self.assertEqual(kind, 'up')

    def test_further_users_where_they_are_sold(self):
        self.assertFalse(self._tree(self._path('/plans')).xpath('//input[@name="users"]'))
        self.price.user_amount = 5
        self._mirror(self.price)
        self.assertEqual(self._tree(self._path('/plans')).xpath('//input[@name="users"]/@value'), ['0'])
        kind, text, form = self._preview(price=self.price.id, users=2)
        self.assertEqual((kind, form['users']), ('up', '2'))
        self.assertIn('39.00', text)
        self._post(self._path('/change'), form)
        self.assertEqual(self.subscription.user_quantity, 2)
        self.assertIn('Further users', self._text(self._path()))

    def test_a_card_that_is_declined_leaves_everything_as_it_is(self):
        self.control.card(self.subscription.customer, DECLINED)
        answer = self._post(self._path('/change'), self._preview(price=self.big_price.id)[2])
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(self.subscription.plan_id, self.plan)
        self.assertTrue(self.subscription.has_pending_update)
        self.assertTrue(answer.headers['Location'].startswith(self.fake.url), 'to the invoice, where another card can be entered')
        page = self._tree(self._path())
        self.assertTrue(page.find_class('o_saas_pending'))
        self.assertFalse(page.find_class('o_saas_change'))
        self.control.card(self.subscription.customer, CARD)

    # -- the end --------------------------------------------------------------------------------

    def test_cancelling_with_a_reason_and_keeping_it(self):
        page = self._tree(self._path('/cancel'))
        for part in ('Everything goes on until', 'Then acme-one is closed', 'days after that'):
            self.assertIn(part, page.text_content())
        self.assertEqual(len(page.xpath('//input[@name="reason"]')), 8)
        answer = self._post(self._path('/cancel'), {'reason': '', 'comment': 'kept <b>words</b>'})
        self.assertEqual(answer.status_code, 422)
        self.assertIn('kept &lt;b&gt;words', answer.text)
        self.assertFalse(self.subscription.cancel_at)
        self.assertEqual(self._post(self._path('/cancel'), {'reason': 'too_expensive', 'comment': 'Bye'}).status_code, 303)
        self.assertEqual(self.subscription.cancel_at, self.subscription.period_end)
        details = self._at_stripe_now()['cancellation_details']
        self.assertEqual((details['feedback'], details['comment']), ('too_expensive', 'Bye'))
        page = self._tree(self._path())
        self.assertEqual(page.find_class('o_saas_money')[0].get('data-code'), 'leaving')
        self.assertFalse(page.find_class('o_saas_next_payment'))
        self.assertTrue(self._get(self._path('/cancel'), 303).headers['Location'].endswith(self._path()))
        self._post(self._path('/keep'))
        self.assertFalse(self.subscription.cancel_at)
        self.assertIn('It goes on.', self._text(self._path()))
        self.assertEqual(self._post(self._path('/keep')).status_code, 422, 'there is nothing to withdraw')

    def test_a_plan_again_for_one_that_ended(self):
        self._stripe('DELETE', f'/v1/subscriptions/{self.subscription.stripe_id}')
        self._read_again(self.subscription.stripe_id)
        self.assertEqual(self.subscription.status, 'canceled')
        page = self._tree(self._path())
        self.assertTrue(page.find_class('o_saas_choose'))
        for button in ('o_saas_cancel', 'o_saas_change', 'o_saas_do_card'):
            self.assertFalse(page.find_class(button), button)
        form = self._tree(self._path('/plans')).xpath(f'//article[@data-plan="{self.big.code}"]//form')[0]
        self.assertEqual(form.get('method'), 'post')
        self.assertEqual(self._post(self._path('/order'), {'price': self.big_price.id}).status_code, 303)
        self.assertEqual(self._levels('/my/tenants'), {}, 'the banner stands back while the order waits')
        self._goes_to_stripe(self._post(self._path('/pay')), '/c/pay/')
        order = self.tenant._portal_order()
        self.assertEqual((order.state, order.price_id), ('open', self.big_price))
        text = html.fromstring(self._get(self._path('/pay?back=1')).text).text_content()
        self.assertIn('You have left the page for the payment', text)
        self._post(self._path('/withdraw'))
        self.assertEqual((order.state, self.tenant.exists()), ('abandoned', self.tenant))

    def test_a_trial_that_ended_without_a_card_goes_on_with_one(self):
        self.subscription.write({'status': 'paused', 'has_payment_method': False})
        page = self._tree(self._path())
        self.assertTrue(page.find_class('o_saas_do_card'))
        self.assertFalse(page.find_class('o_saas_do_resume'))
        self.assertEqual(self._post(self._path('/resume')).status_code, 422)
        self.subscription.has_payment_method = True
        self.assertTrue(self._tree(self._path()).find_class('o_saas_do_resume'))
