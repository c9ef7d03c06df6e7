import requests

from odoo.tests import tagged

from odoo.addons.saas_master.tests.api_common import ApiCase

from .billing_common import BillingCase

SUBSCRIPTION, CHECKOUT, PORTAL = '/api/billing/subscription', '/api/billing/checkout', '/api/billing/portal'


@tagged('post_install', '-at_install')
class TestApiBilling(ApiCase, BillingCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.plan | cls.big).is_published = True
        cls.order = {'tenant': cls.own.name, 'plan': cls.plan.code}

    def _call(self, *arguments, **options):
        self.env.flush_all()
        answer = super()._call(*arguments, **options)
        self.env.invalidate_all()
        return answer

    def _orders(self):
        return self.env['saas.checkout'].search([('tenant_id', '=', self.own.id)])

    # -- reading --------------------------------------------------------------------------------

    def test_what_is_paid(self):
        subscription = self._subscribe(self.own)
        self._as(self.looker)
        answer = self._get(f'{SUBSCRIPTION}?tenant={self.own.name}')
        self.assertEqual(answer.status_code, 200, answer.text)
        billing = answer.json()
        self.assertEqual((billing['tenant'], billing['order']), (self.own.name, None))
        shown = billing['subscription']
        self.assertEqual((shown['plan'], shown['status'], shown['entitlement'], shown['amount'], shown['currency']),
                         (self.plan.code, 'active', 'active', 29.0, 'EUR'))
        self.assertEqual(shown['next_payment']['amount'], 29.0)
        self.assertEqual(shown['next_payment']['at'], shown['period_end'])
        self.assertTrue(shown['has_card'])
        self.assertNotIn(subscription.stripe_id, answer.text, 'ids of Stripe are nobody else\'s business')
        self.assertEqual(self._get(SUBSCRIPTION).json(), billing, 'the only one need not be named')

    def test_which_of_several(self):
        self._as(self.actor)
        self._assert_error(self._get(SUBSCRIPTION), 404, 'not_found')
        self._subscribe(self.own)
        self._subscribe(self.tenant)
        self._assert_error(self._get(SUBSCRIPTION), 409, 'ambiguous')
        self.assertEqual(self._get(f'{SUBSCRIPTION}?tenant={self.tenant.name}').json()['tenant'], self.tenant.name)

    def test_nothing_is_paid_yet(self):
        self._as(self.actor)
        self.assertEqual(self._get(f'{SUBSCRIPTION}?tenant={self.own.name}').json(),
                         {'tenant': self.own.name, 'subscription': None, 'order': None})
        self._assert_error(self._post(PORTAL, {'tenant': self.own.name}), 409, 'conflict')

    def test_nobody_crosses_to_another_customer(self):
        self._subscribe(self.foreign)
        for user in (self.actor, self.looker, self.nobody):
            self._as(user)
            for answer in (self._get(f'{SUBSCRIPTION}?tenant={self.foreign.name}'),
                           self._post(CHECKOUT, {**self.order, 'tenant': self.foreign.name}),
                           self._post(PORTAL, {'tenant': self.foreign.name})):
                self._assert_error(answer, 404, 'not_found')
        self._as(self.nobody)
        self._assert_error(self._get(f'{SUBSCRIPTION}?tenant={self.own.name}'), 404, 'not_found')
        self._as(None)
        for answer in (self._get(SUBSCRIPTION), self._post(CHECKOUT, self.order), self._post(PORTAL, {'tenant': self.own.name})):
            self._assert_error(answer, 401, 'token_required')

    def test_who_looks_does_not_order(self):
        self._subscribe(self.own)
        for user in (self.looker, self.support):
            self._as(user)
            self.assertEqual(self._get(f'{SUBSCRIPTION}?tenant={self.own.name}').status_code, 200, user.login)
            self._assert_error(self._post(CHECKOUT, self.order), 403, 'forbidden')
            self._assert_error(self._post(PORTAL, {'tenant': self.own.name}), 403, 'forbidden')
        self.assertFalse(self._orders())

    # -- ordering -------------------------------------------------------------------------------

    def test_an_order_is_answered_with_the_page_of_stripe(self):
        self._as(self.actor)
        answer = self._post(CHECKOUT, {**self.order, 'interval': 'year', 'currency': 'EUR'})
        self.assertEqual(answer.status_code, 200, answer.text)
        page = answer.json()
        self.assertTrue(page['url'].startswith(f'{self.fake.url}/c/pay/'))
        self.assertEqual(requests.get(page['url'], timeout=20).status_code, 200)
        self.assertEqual((page['order']['plan'], page['order']['interval'], page['order']['amount'], page['order']['state']),
                         (self.plan.code, 'year', 290.0, 'open'))
        again = self._post(CHECKOUT, {**self.order, 'interval': 'year'})
        self.assertEqual(again.json()['url'], page['url'])
        self.assertEqual(len(self._orders()), 1)
        waiting = self._get(f'{SUBSCRIPTION}?tenant={self.own.name}').json()
        self.assertEqual(waiting['order'], page['order'])
        self.assertIsNone(waiting['subscription'])

    def test_an_order_counts_once(self):
        self._as(self.actor)
        key = {'Idempotency-Key': 'order-1'}
        first = self._post(CHECKOUT, self.order, headers=key)
        second = self._post(CHECKOUT, self.order, headers=key)
        self.assertEqual(first.json(), second.json())
        self.assertEqual(second.headers['Idempotent-Replayed'], 'true')
        other = self._post(CHECKOUT, {**self.order, 'interval': 'year'}, headers=key)
        self._assert_error(other, 422, 'idempotency_key_reused')
        self.assertEqual(len(self._orders()), 1)

    def test_what_cannot_be_ordered(self):
        self._as(self.actor)
        self.assertEqual(self._fields(self._post(CHECKOUT, {**self.order, 'plan': 'nothing'})), {'plan'})
        self.assertEqual(self._fields(self._post(CHECKOUT, {**self.order, 'plan': 'big-plan', 'interval': 'year'})), {'plan'})
        self.assertEqual(self._fields(self._post(CHECKOUT, {**self.order, 'currency': 'USD'})), {'plan'})
        self.assertEqual(self._fields(self._post(CHECKOUT, {**self.order, 'currency': 'eur'})), {'currency'})
        self.assertEqual(self._fields(self._post(CHECKOUT, {**self.order, 'interval': 'week'})), {'interval'})
        self.assertEqual(self._fields(self._post(CHECKOUT, {'price': 1})), {'tenant', 'plan', 'price'})
        self._subscribe(self.own)
        self._assert_error(self._post(CHECKOUT, self.order), 409, 'conflict')
        self.assertFalse(self._orders())

    def test_stripe_does_not_answer(self):
        self._as(self.actor)
        self.control.fault('drop', method='POST', path='/v1/checkout/sessions', times=5)
        answer = self._post(CHECKOUT, self.order, headers={'Idempotency-Key': 'order-2'})
        self._assert_error(answer, 502, 'unavailable')
        self.assertEqual(answer.headers['Retry-After'], '60')
        self.control.delete('faults')
        again = self._post(CHECKOUT, self.order, headers={'Idempotency-Key': 'order-2'})
        self.assertEqual(again.status_code, 200, 'an order that failed left nothing behind')

    # -- the portal -----------------------------------------------------------------------------

    def test_a_page_of_the_customer_portal(self):
        self._subscribe(self.own)
        self._as(self.actor)
        for purpose in ({}, {'purpose': 'overview'}, {'purpose': 'card'}):
            answer = self._post(PORTAL, {'tenant': self.own.name, **purpose})
            self.assertEqual(answer.status_code, 200, answer.text)
            self.assertTrue(answer.json()['url'].startswith(f'{self.fake.url}/p/session/'))
        self.assertEqual(self._fields(self._post(PORTAL, {'tenant': self.own.name, 'purpose': 'delete'})), {'purpose'})

    def test_a_key_of_the_api_opens_it(self):
        self._subscribe(self.own)
        key = self._key(self.manager)
        answer = self._get(f'{SUBSCRIPTION}?tenant={self.own.name}', headers=key)
        self.assertEqual(answer.json()['subscription']['plan'], self.plan.code)
        answer = self._post(PORTAL, {'tenant': self.own.name}, headers=key)
        self.assertEqual(answer.status_code, 200, answer.text)

    def test_it_is_documented(self):
        document = self._get('/api/openapi.json').json()
        for path, method in ((SUBSCRIPTION, 'get'), (CHECKOUT, 'post'), (PORTAL, 'post')):
            described = document['paths'][path][method]
            self.assertEqual(described['tags'], ['billing'])
            self.assertIn('example', described['responses']['200']['content']['application/json'])
            self.assertLessEqual({'401', '404', '409', '502'}, set(described['responses']))
        self.assertIn({'name': 'billing', 'description': 'Billing'}, document['tags'])
        self.assertIn('Idempotency-Key', [entry['name'] for entry in document['paths'][CHECKOUT]['post']['parameters']])
