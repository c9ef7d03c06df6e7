"""Somebody with a plan to sell, and customers with a browser."""
import re

import pytest

from .stripe_fixtures import Merchant

DAY, HOUR = 86400, 3600
OK, DECLINED, POOR, LATER, SECURE, ALWAYS = (
    '4242424242424242', '4000000000000002', '4000000000009995', '4000000000000341', '4000002500003155', '4000000000003220')
SUCCESS, BACK = 'http://127.0.0.1:9/thanks?session={CHECKOUT_SESSION_ID}', 'http://127.0.0.1:9/plans'


class Shop(Merchant):
    """A merchant whose plans are Basic (10), Pro (30) a month, Pro a year (300), and one more user (5 a month)."""

    def __init__(self, fake):
        super().__init__(fake)
        pro = self.client.products.create({'name': 'Pro'}).id
        self.basic = self.price(1000, product=self.client.products.create({'name': 'Basic'}).id).id
        self.pro, self.yearly = self.price(3000, product=pro).id, self.price(30000, 'year', product=pro).id
        self.user = self.price(500, product=self.client.products.create({'name': 'User'}).id).id

    # -- what programs do ---------------------------------------------------------------------------------------------
    def subscribe(self, price=None, card='pm_card_visa', **values):
        holder = self.customer(card)
        return self.client.subscriptions.create({'customer': holder.id, 'items': [{'price': price or self.basic}], **values})

    def read(self, subscription):
        return self.client.subscriptions.retrieve(getattr(subscription, 'id', subscription))

    def change(self, subscription, **values):
        return self.client.subscriptions.update(subscription.id, values)

    def swap(self, subscription, price, **values):
        return self.change(subscription, items=[{'id': subscription['items'].data[0].id, 'price': price}], **values)

    def invoices(self, subscription):
        """Newest first."""
        return self.client.invoices.list({'subscription': subscription.id, 'limit': 100}).data

    def checkout(self, price=None, customer='', **values):
        holder = {'customer': customer} if customer else {}
        return self.client.checkout.sessions.create({
            'mode': 'subscription', 'line_items': [{'price': price or self.basic, 'quantity': 1}], 'success_url': SUCCESS,
            'cancel_url': BACK, **holder, **values})

    def portal(self, customer, **values):
        return self.client.billing_portal.sessions.create({'customer': customer, 'return_url': BACK, **values})

    def kinds(self, since=0):
        """Of the events after this moment, oldest first."""
        return [event.type for event in self.events() if event.created > since]

    # -- what people do -----------------------------------------------------------------------------------------------
    def look(self, url, language='en', status=200):
        answer = self.session.get(url, headers={'Accept-Language': language}, timeout=10)
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, url, status=303, **form):
        """Where it leads to, or the page that says why not."""
        answer = self.session.post(url, data=form, allow_redirects=False, timeout=10)
        assert answer.status_code == status, answer.text
        return answer.headers['Location'] if status == 303 else answer.text

    def pay(self, url, number=OK, status=303, **form):
        return self.send(url, status, cardNumber=number, cardExpiry='12 / 34', cardCvc='123', billingName='Ana', **form)


def links(page):
    return re.findall(r'href="([^"]+)"', page)


@pytest.fixture
def shop(merchant):
    return Shop(merchant.fake)
