import requests

from ..const import OPEN
from .billing_common import BillingCase

from tests.fakes.stripe.control import Control  # isort: skip

CARD, DECLINED = '4242424242424242', '4000000000000002'
BACK, AWAY = 'https://shop.example/paid', 'https://shop.example/away'


class CheckoutCase(BillingCase):
    """Orders that are paid on Stripe's page, and Stripe's word that follows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.control = Control(cls.fake.url)
        cls.Checkout = cls.env['saas.checkout']

    def _order(self, name='ordered', price=None, **values):
        """An order for a tenant in draft."""
        price = price or self.price
        tenant = self._tenant(name, **{'plan_id': price.plan_id.id, **values})
        return self.Checkout._order_plan(tenant, price)

    def _own_price(self, amount=20.0):
        """Of a plan that only this test knows: what it does to it at Stripe outlives its transaction."""
        plan = self.plan.copy({'name': 'Own', 'code': 'own-plan', 'payment': 'now', 'trial_days': 0})
        return self._make_price(plan, 'month', amount)

    def _session(self, checkout):
        return self._stripe('GET', f'/v1/checkout/sessions/{checkout.session}')

    def _pay(self, url, number=CARD, **form):
        """What a person does on the page; returns where that leads, or the status."""
        answer = requests.post(url, data={'cardNumber': number, 'cardExpiry': '12 / 40', 'cardCvc': '123',
                                          'billingName': 'Ann', **form}, allow_redirects=False, timeout=20)
        return answer.headers.get('Location') or answer.status_code

    def _told(self, checkout, session=None):
        """Stripe's word about a page, as the inbox brings it; returns the effect."""
        client = self.account._api()
        found = client.read_checkout(session or checkout.session)
        subscription = client.read_subscription(found.subscription) if found.subscription else None
        effect = self.Checkout._reconcile(self.account, found, subscription)
        self.env.invalidate_all()
        return effect

    def _tidy(self):
        self.Checkout._cron_tidy()
        self.env.invalidate_all()

    def _expire(self, checkout):
        """Let the page's time pass here."""
        checkout.expires_at = '2020-01-01'

    def _assert_served(self, checkout):
        self.assertEqual(checkout.state, 'complete')
        self.assertTrue(checkout.subscription_id)
        self.assertEqual(checkout.tenant_id.subscription_id, checkout.subscription_id)
        self.assertIn(checkout.subscription_id.entitlement, OPEN)
        self.assertEqual(checkout.tenant_id.state, 'provisioning')
        self.assertEqual(checkout.tenant_id.operation_ids.mapped('kind'), ['provision'])
