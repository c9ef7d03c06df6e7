"""A Stripe of its own for each test, our client, and the package's own to prepare what ours has no business to make."""
from dataclasses import dataclass
from datetime import datetime, timezone

import pytest
import stripe as package

from bare.saas_billing.drivers.stripe_api import StripeApi
from bare.saas_billing.drivers.types import CheckoutOrder
from tests.fakes.stripe import FakeStripe


@dataclass
class StripeSetting:
    fake: FakeStripe
    api: StripeApi
    tool: object        # the v1 services of the package
    product: str = ''
    prices: dict = None

    def now(self):
        """Of the fake's clock, as our drivers write it."""
        return moment_of(self.fake.world.now())

    def advance(self, **how):
        self.fake.world.advance(**how)

    def make_prices(self):
        """By name: basic, pro (month), yearly, user, domain (month)."""
        rows = {'basic': (1900, 'month', 'plan'), 'pro': (4900, 'month', 'plan'), 'yearly': (19000, 'year', 'plan'),
                'user': (500, 'month', 'user'), 'domain': (300, 'month', 'domain')}
        self.product = self.api.make_product('product-1', 'Plan')
        self.prices = {name: self.api.make_price(f'price-{name}', self.product, 'USD', amount, interval, name, {
            'saas_kind': kind}) for name, (amount, interval, kind) in rows.items()}

    def customer(self, card='pm_card_visa'):
        """:param card: a token of Stripe's tests, '' for none"""
        key = self.api.make_customer('', 'Jenny Rosen', 'jenny@example.org', 'es_DO', {'saas_partner': '7'})
        if card:
            self.use_card(key, card)
        return key

    def use_card(self, customer, card='pm_card_visa'):
        """It is charged from now on."""
        method = self.tool.payment_methods.attach(card, {'customer': customer})
        self.tool.customers.update(customer, {'invoice_settings': {'default_payment_method': method.id}})

    def subscribe(self, *names, customer='', **values):
        """Our reading of a new subscription to these prices."""
        customer = customer or self.customer()
        items = [{'price': self.prices[name]} for name in names or ('basic',)]
        made = self.tool.subscriptions.create({'customer': customer, 'items': items, **values})
        return self.api.read_subscription(made.id)

    def order(self, key='order-1', **values):
        values = {'customer': '', 'lines': ((self.prices['basic'], 1),), 'expires_at': self.in_an_hour(), **values}
        return CheckoutOrder(key, values.pop('customer') or self.customer(''), values.pop('lines'),
                             'https://saas.example/paid', 'https://saas.example/plans', values.pop('expires_at'), **values)

    def in_an_hour(self):
        return moment_of(self.fake.world.now() + 3600)

    def fault(self, kind, **values):
        self.fake.api.faults.add({'kind': kind, **values})

    def calls(self):
        return [f'{call["method"]} {call["path"]}' for call in self.fake.api.journal]

    def sent(self):
        """The parameters of the latest call, as they were sent."""
        return self.fake.api.journal[-1]['params']


def moment_of(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None)


@pytest.fixture
def stripe():
    with FakeStripe() as fake:
        tool = package.StripeClient(fake.key, base_addresses={'api': fake.url}).v1
        setting = StripeSetting(fake, StripeApi(fake.key, fake.url, timeout=10), tool)
        setting.make_prices()
        yield setting
