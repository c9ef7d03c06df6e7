"""Checkout: the session as a program asks for it, and its page as a person meets it."""
import pytest
import stripe

from .stripe_shop import ALWAYS, BACK, DAY, DECLINED, HOUR, LATER, OK, POOR, SECURE, links


def test_paid_with_a_good_card(shop):
    holder = shop.customer(card=None)
    session = shop.checkout(customer=holder.id, client_reference_id='key-1', metadata={'a': '1'},
                            subscription_data={'metadata': {'saas_checkout': 'key-1'}})
    assert session.status == 'open' and session.payment_status == 'unpaid' and session.subscription is None
    assert session.amount_total == 1000
    page = shop.look(session.url)
    assert 'Subscribe to Basic' in page and '$10.00' in page and 'sandbox' in page.lower()
    assert shop.pay(session.url) == f'http://127.0.0.1:9/thanks?session={session.id}'

    session = shop.client.checkout.sessions.retrieve(session.id, {'expand': ['subscription', 'invoice', 'line_items']})
    assert session.status == 'complete' and session.payment_status == 'paid' and session.url is None
    assert session.client_reference_id == 'key-1' and session.metadata.to_dict() == {'a': '1'}
    subscription = session.subscription
    assert subscription.status == 'active' and subscription.metadata.to_dict() == {'saas_checkout': 'key-1'}
    assert subscription.default_payment_method.startswith('pm_')
    assert session.invoice.status == 'paid' and session.invoice.billing_reason == 'subscription_create'
    assert session.line_items.data[0].price.id == shop.basic
    kinds = shop.kinds()
    for kind in ('customer.subscription.created', 'invoice.created', 'invoice.finalized', 'invoice.paid',
                 'payment_intent.succeeded', 'checkout.session.completed'):
        assert kinds.count(kind) == 1
    assert shop.look(BACK and session.success_url and shop.fake.url + f'/c/pay/{session.id}').count('completed') == 1


def test_of_somebody_new(shop):
    session = shop.checkout()
    assert 'email address' in shop.pay(session.url, status=402)
    shop.pay(session.url, email='new@customer.example')
    session = shop.client.checkout.sessions.retrieve(session.id, {'expand': ['customer']})
    assert session.customer.email == 'new@customer.example' == session.customer_details.email
    assert session.customer.invoice_settings.default_payment_method


@pytest.mark.parametrize(('number', 'words'), [
    (DECLINED, 'Your card was declined.'), (POOR, 'insufficient funds'), (LATER, 'Your card was declined.'),
    ('4000000000000069', 'has expired'), ('4111111111111111', 'non test card'), ('4242424242424241', 'number is incorrect')])
def test_refused_and_tried_again(shop, number, words):
    session = shop.checkout(customer=shop.customer(card=None).id)
    assert words in shop.pay(session.url, number, status=402).replace('&#x27;', "'")
    session = shop.client.checkout.sessions.retrieve(session.id)
    assert session.status == 'open' and session.subscription is None
    assert not shop.client.subscriptions.list().data and not shop.client.invoices.list().data
    shop.pay(session.url)
    assert shop.client.checkout.sessions.retrieve(session.id).payment_status == 'paid'


def test_a_refusal_leaves_the_attempt_behind(shop):
    shop.pay(shop.checkout(customer=shop.customer(card=None).id).url, DECLINED, status=402)
    failed = shop.events('payment_intent.payment_failed')
    assert [event.data.object.last_payment_error.decline_code for event in failed] == ['generic_decline']


@pytest.mark.parametrize('number', [SECURE, ALWAYS])
def test_the_bank_asks(shop, number):
    session = shop.checkout(customer=shop.customer(card=None).id)
    step = shop.pay(session.url, number)
    assert '3-D Secure' in shop.look(step) and '$10.00' in shop.look(step)
    assert 'unable to authenticate' in shop.send(step, 402, answer='fail')
    assert shop.client.checkout.sessions.retrieve(session.id).status == 'open'
    step = shop.pay(session.url, number)
    assert 'thanks' in shop.send(step, answer='complete')
    assert shop.client.checkout.sessions.retrieve(session.id).payment_status == 'paid'


def test_trial_with_a_card(shop):
    session = shop.checkout(customer=shop.customer(card=None).id, subscription_data={
        'trial_period_days': 14, 'trial_settings': {'end_behavior': {'missing_payment_method': 'pause'}}})
    page = shop.look(session.url)
    assert 'Try Basic' in page and '14 days free' in page and '$0.00' in page
    shop.pay(session.url, DECLINED, status=402)
    shop.pay(session.url)
    session = shop.client.checkout.sessions.retrieve(session.id, {'expand': ['subscription.latest_invoice']})
    assert session.payment_status == 'no_payment_required' and session.subscription.status == 'trialing'
    assert session.subscription.trial_end == session.subscription.trial_start + 14 * DAY
    assert session.subscription['items'].data[0].current_period_end == session.subscription.trial_end
    assert session.subscription.latest_invoice.total == 0 and session.subscription.latest_invoice.status == 'paid'


def test_trial_without_a_card(shop):
    session = shop.checkout(customer=shop.customer(card=None).id, payment_method_collection='if_required',
                            subscription_data={'trial_period_days': 7})
    assert 'cardNumber' not in shop.look(session.url)
    shop.send(session.url, pay='1')
    session = shop.client.checkout.sessions.retrieve(session.id, {'expand': ['subscription']})
    assert session.payment_status == 'no_payment_required' and session.subscription.default_payment_method is None


def test_promotion_code(shop):
    coupon = shop.client.coupons.create({'percent_off': 20, 'duration': 'forever'})
    shop.client.promotion_codes.create({'promotion': {'type': 'coupon', 'coupon': coupon.id}, 'code': 'HELLO'})
    session = shop.checkout(customer=shop.customer(card=None).id, allow_promotion_codes=True)
    assert 'code is invalid' in shop.send(session.url, 402, apply='1', promotionCode='NOPE')
    shop.send(session.url, apply='1', promotionCode='hello')
    assert '$8.00' in shop.look(session.url)
    shop.pay(session.url)
    session = shop.client.checkout.sessions.retrieve(session.id, {'expand': ['invoice']})
    assert session.invoice.total == 800 == session.amount_total
    assert [row.amount for row in session.invoice.total_discount_amounts] == [200]


def test_abandoned_and_too_late(shop):
    now = shop.world.now()
    session = shop.checkout(customer=shop.customer(card=None).id, expires_at=now + HOUR)
    assert BACK in links(shop.look(session.url))
    shop.control.advance(hours=2)
    assert shop.client.checkout.sessions.retrieve(session.id).status == 'expired'
    assert [event.data.object.id for event in shop.events('checkout.session.expired')] == [session.id]
    assert 'expired' in shop.look(session.url, status=410)
    assert 'expired' in shop.pay(session.url, status=410)


def test_expired_by_a_program(shop):
    session = shop.checkout(customer=shop.customer(card=None).id)
    assert shop.client.checkout.sessions.expire(session.id).status == 'expired'
    with pytest.raises(stripe.InvalidRequestError, match='expired'):
        shop.client.checkout.sessions.expire(session.id)


def test_paid_once_only(shop):
    session = shop.checkout(customer=shop.customer(card=None).id)
    shop.pay(session.url)
    assert 'completed' in shop.pay(session.url, status=200)
    assert len(shop.client.subscriptions.list().data) == 1


def test_in_spanish(shop):
    session = shop.checkout(customer=shop.customer(card=None).id, locale='es')
    page = shop.look(session.url)
    assert 'lang="es"' in page and 'Suscribirse a Basic' in page and '10,00\u00a0$' in page
    assert 'rechazada' in shop.pay(session.url, DECLINED, status=402)
    assert 'lang="es"' in shop.look(shop.checkout().url, language='es-MX,es;q=0.9')


@pytest.mark.parametrize(('values', 'param'), [
    ({'expires_at': 1}, 'expires_at'), ({'success_url': 'javascript:x'}, 'success_url'), ({'mode': 'gift'}, 'mode'),
    ({'line_items': [{'price': 'price_none'}]}, 'line_items[0][price]'), ({'customer': 'cus_none'}, 'customer'),
    ({'subscription_data': {'trial_period_days': 0}}, 'subscription_data[trial_period_days]'),
    ({'surprise': 'x'}, 'surprise')])
def test_what_is_refused(shop, values, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.checkout(**values)
    assert caught.value.param == param


def test_prices_of_one_interval(shop):
    with pytest.raises(stripe.InvalidRequestError, match='intervals'):
        shop.checkout(line_items=[{'price': shop.pro, 'quantity': 1}, {'price': shop.yearly, 'quantity': 1}])


def test_several_lines(shop):
    session = shop.checkout(customer=shop.customer(card=None).id, line_items=[
        {'price': shop.pro, 'quantity': 1}, {'price': shop.user, 'quantity': 3}])
    assert session.amount_total == 4500
    assert 'Quantity: 3' in shop.look(session.url)
    shop.pay(session.url, OK)
    items = shop.client.subscriptions.list().data[0]['items'].data
    assert [(item.price.id, item.quantity) for item in items] == [(shop.pro, 1), (shop.user, 3)]


@pytest.mark.parametrize(('number', 'payment', 'status', 'kind'), [
    (OK, 'paid', 'active', 'succeeded'), (LATER, 'unpaid', 'past_due', 'failed')])
def test_a_payment_that_takes_days(shop, number, payment, status, kind):
    shop.world.set('debit_seconds', 3 * DAY)
    session = shop.checkout(customer=shop.customer(card=None).id)
    shop.pay(session.url, number)
    session = shop.client.checkout.sessions.retrieve(session.id, {'expand': ['subscription']})
    assert (session.status, session.payment_status, session.subscription.status) == ('complete', 'unpaid', 'active')
    assert 'payment_intent.processing' in shop.kinds()
    shop.control.advance(days=4)
    session = shop.client.checkout.sessions.retrieve(session.id, {'expand': ['subscription']})
    assert (session.payment_status, session.subscription.status) == (payment, status)
    assert [event.data.object.id for event in shop.events(f'checkout.session.async_payment_{kind}')] == [session.id]


def test_one_currency_a_customer(shop):
    subscription = shop.subscribe()
    euros = shop.price(1000, currency='eur').id
    with pytest.raises(stripe.InvalidRequestError, match='combine currencies'):
        shop.checkout(euros, customer=subscription.customer)
    shop.client.subscriptions.cancel(subscription.id)
    assert shop.checkout(euros, customer=subscription.customer).currency == 'eur'
