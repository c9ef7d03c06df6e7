"""The customer portal and hosted invoices: what a program asks for, and what a person does there."""
import pytest
import stripe

from .stripe_shop import ALWAYS, BACK, DECLINED, LATER, SECURE, links

FEATURES = {
    'payment_method_update': {'enabled': True}, 'invoice_history': {'enabled': True},
    'subscription_cancel': {'enabled': True, 'mode': 'at_period_end', 'cancellation_reason': {
        'enabled': True, 'options': ['too_expensive', 'unused', 'other']}}}


def configuration(shop, **values):
    return shop.client.billing_portal.configurations.create({
        'business_profile': {'headline': 'Your plan', 'privacy_policy_url': 'https://sell.example/privacy',
                             'terms_of_service_url': 'https://sell.example/terms'}, 'features': {**FEATURES, **values}})


def late(shop):
    """A subscription whose renewal was refused."""
    subscription = shop.subscribe()
    shop.control.card(subscription.customer, LATER)
    shop.control.advance(days=32)
    assert shop.read(subscription).status == 'past_due'
    return subscription


def test_home(shop):
    subscription = shop.subscribe()
    session = shop.portal(subscription.customer, configuration=configuration(shop).id)
    page = shop.look(session.url)
    for words in ('Your plan', 'Basic', '$10.00', 'per month', 'Visa •••• 4242', 'Renews on', 'Invoice history', 'sandbox'):
        assert words in page
    assert BACK in links(page) and 'https://sell.example/terms' in links(page)
    assert 'Plan actual' not in page and 'Suscripción actual' in shop.look(session.url, 'es')


def test_another_card(shop):
    subscription = shop.subscribe()
    session = shop.portal(subscription.customer, flow_data={'type': 'payment_method_update', 'after_completion': {
        'type': 'redirect', 'redirect': {'return_url': 'http://127.0.0.1:9/done'}}})
    assert session.flow.type == 'payment_method_update'
    assert 'cardNumber' in shop.look(session.url)
    card = session.url + '/card'
    assert 'declined' in shop.pay(card, DECLINED, status=402)
    assert shop.pay(card, '5555555555554444') == 'http://127.0.0.1:9/done'
    method = shop.client.customers.retrieve(subscription.customer, {
        'expand': ['invoice_settings.default_payment_method']}).invoice_settings.default_payment_method
    assert method.card.brand == 'mastercard'
    assert {'payment_method.attached', 'customer.updated'} <= set(shop.kinds())


def test_a_card_with_3d_secure(shop):
    subscription = shop.subscribe()
    session = shop.portal(subscription.customer)
    step = shop.pay(session.url + '/card', SECURE)
    assert 'unable to authenticate' in shop.send(step, 402, answer='fail')
    shop.send(shop.pay(session.url + '/card', SECURE), answer='complete')
    assert '3155' in shop.look(session.url)
    shop.control.advance(days=32)
    assert shop.invoices(subscription)[0].status == 'paid'


def test_a_card_that_pays_what_is_owed(shop):
    subscription = late(shop)
    session = shop.portal(subscription.customer)
    assert 'Pay $10.00' in shop.look(session.url + '/card')
    assert 'paid' in shop.pay(session.url + '/card', pay='1')
    assert shop.read(subscription).status == 'active'
    assert shop.invoices(subscription)[0].status == 'paid'


def test_an_open_invoice_is_paid(shop):
    subscription = late(shop)
    session, invoice = shop.portal(subscription.customer), shop.invoices(subscription)[0]
    assert 'Past due' in shop.look(session.url)
    assert 'declined' in shop.send(f'{session.url}/pay/{invoice.id}', 402)
    shop.pay(session.url + '/card')
    assert shop.read(subscription).status == 'past_due'
    shop.send(f'{session.url}/pay/{invoice.id}')
    assert shop.read(subscription).status == 'active'


def test_canceled_with_a_reason(shop):
    subscription = shop.subscribe()
    session = shop.portal(subscription.customer, configuration=configuration(shop).id, flow_data={
        'type': 'subscription_cancel', 'subscription_cancel': {'subscription': subscription.id}})
    page = shop.look(session.url)
    assert 'Too expensive' in page and 'stays open until' in page and 'Quality' not in page
    shop.send(f'{session.url}/cancel/{subscription.id}', feedback='too_expensive', comment='too much')
    subscription = shop.read(subscription)
    assert subscription.cancel_at == subscription['items'].data[0].current_period_end
    assert subscription.cancel_at_period_end is False and subscription.status == 'active'
    assert subscription.cancellation_details.to_dict() == {
        'comment': 'too much', 'feedback': 'too_expensive', 'reason': 'cancellation_requested'}
    assert shop.events('customer.subscription.updated')[-1].data.previous_attributes.cancel_at is None
    assert 'Ends on' in shop.look(session.url + '/home')
    shop.send(f'{session.url}/keep/{subscription.id}')
    assert shop.read(subscription).cancel_at is None


def test_canceled_at_once(shop):
    subscription = shop.subscribe()
    chosen = configuration(shop, subscription_cancel={'enabled': True, 'mode': 'immediately'})
    session = shop.portal(subscription.customer, configuration=chosen.id)
    shop.send(f'{session.url}/cancel/{subscription.id}')
    assert shop.read(subscription).status == 'canceled'


def test_only_what_is_ones_own(shop):
    own, other = shop.subscribe(), shop.subscribe()
    session = shop.portal(own.customer)
    shop.send(f'{session.url}/cancel/{other.id}', 404)
    assert shop.read(other).cancel_at is None


def test_only_what_is_offered(shop):
    subscription = shop.subscribe()
    chosen = shop.client.billing_portal.configurations.create({'features': {'invoice_history': {'enabled': True}}})
    session = shop.portal(subscription.customer, configuration=chosen.id)
    page = shop.look(session.url)
    assert 'Cancel subscription' not in page and 'Change payment method' not in page
    shop.send(f'{session.url}/cancel/{subscription.id}', 200)
    assert shop.read(subscription).cancel_at is None
    with pytest.raises(stripe.InvalidRequestError, match='is enabled in the portal configuration'):
        shop.portal(subscription.customer, configuration=chosen.id, flow_data={'type': 'payment_method_update'})


def test_a_link_that_is_too_old(shop):
    session = shop.portal(shop.subscribe().customer)
    shop.control.advance(hours=2)
    assert 'expired' in shop.look(session.url, status=410)
    shop.pay(session.url + '/card', status=410)


def test_hosted_invoice(shop):
    subscription = late(shop)
    invoice = shop.invoices(subscription)[0]
    page = shop.look(invoice.hosted_invoice_url)
    assert invoice.number in page and 'ending in 0341' in page
    assert 'declined' in shop.send(invoice.hosted_invoice_url, 402, saved='1')
    assert 'declined' in shop.pay(invoice.hosted_invoice_url, DECLINED, status=402)
    step = shop.pay(invoice.hosted_invoice_url, ALWAYS)
    assert 'unable to authenticate' in shop.send(step, 402, answer='fail')
    shop.send(shop.pay(invoice.hosted_invoice_url, ALWAYS), answer='complete')
    assert shop.client.invoices.retrieve(invoice.id).status == 'paid'
    assert shop.read(subscription).status == 'active'
    assert 'cardNumber' not in shop.look(invoice.hosted_invoice_url)


def test_pdf(shop):
    invoice = shop.invoices(shop.subscribe())[0]
    answer = shop.session.get(invoice.invoice_pdf, timeout=10)
    assert answer.headers['Content-Type'] == 'application/pdf' and answer.content.startswith(b'%PDF-1.4')
    place = int(answer.content.split(b'startxref\n')[1].split()[0])
    assert answer.content[place:place + 4] == b'xref'
    assert invoice.number.encode() in answer.content and b'$10.00' in answer.content


def test_a_draft_has_no_page(shop):
    subscription = shop.subscribe()
    shop.control.advance(seconds=subscription['items'].data[0].current_period_end - shop.world.now() + 5)
    invoice = shop.invoices(subscription)[0]
    assert invoice.status == 'draft' and invoice.hosted_invoice_url is None
    shop.look(f'{shop.fake.url}/i/{invoice.id}', status=404)


@pytest.mark.parametrize(('values', 'param'), [
    ({'customer': 'cus_none'}, 'customer'), ({'return_url': 'nowhere'}, 'return_url'),
    ({'configuration': 'bpc_none'}, 'configuration'),
    ({'flow_data': {'type': 'dance'}}, 'flow_data[type]'),
    ({'flow_data': {'type': 'subscription_cancel', 'subscription_cancel': {'subscription': 'sub_none'}}},
     'flow_data[subscription_cancel][subscription]')])
def test_what_is_refused(shop, values, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.portal(**{'customer': shop.customer().id, **values})
    assert caught.value.param == param
