"""Payment pages, the customer portal and invoices, as the fake Stripe keeps them."""
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from bare.saas_master.drivers.errors import NotFound, Permanent, Retryable


# -- payment pages -----------------------------------------------------------------------------------------------------
def test_a_payment_page(stripe):
    order = stripe.order(metadata={'saas_checkout': 'order-1'})
    page = stripe.api.make_checkout(order)
    assert (page.status, page.payment_status, page.livemode, page.reference) == ('open', 'unpaid', False, 'order-1')
    assert page.url.startswith(stripe.fake.url) and page.expires_at == order.expires_at
    assert page.customer == order.customer and page.subscription == '' and page.metadata == {'saas_checkout': 'order-1'}
    assert stripe.api.read_checkout(page.id) == page


def asked(stripe, **values):
    """What was sent for an order, by name."""
    stripe.api.make_checkout(stripe.order(**values))
    return {name: found[0] for name, found in parse_qs(stripe.sent(), keep_blank_values=True).items()}


def test_an_order_that_is_paid_at_once(stripe):
    sent = asked(stripe, lines=((stripe.prices['basic'], 1), (stripe.prices['user'], 3)), locale='es_DO')
    assert (sent['mode'], sent['locale'], sent['payment_method_collection']) == ('subscription', 'es', 'always')
    assert (sent['line_items[1][price]'], sent['line_items[1][quantity]']) == (stripe.prices['user'], '3')
    assert not [name for name in sent if 'trial' in name or 'promotion' in name or 'tax' in name]


def test_a_page_stays_open_for_a_day_where_nothing_is_said(stripe):
    assert 'expires_at' not in asked(stripe, expires_at=None)


def test_marks_are_the_subscriptions_too(stripe):
    sent = asked(stripe, metadata={'saas_tenant': 'acme'})
    assert sent['metadata[saas_tenant]'] == sent['subscription_data[metadata][saas_tenant]'] == 'acme'


def test_a_trial_with_a_card(stripe):
    sent = asked(stripe, trial_days=14)
    assert (sent['subscription_data[trial_period_days]'], sent['payment_method_collection']) == ('14', 'always')
    assert not [name for name in sent if 'trial_settings' in name]


def test_a_trial_without_a_card_ends_in_a_pause(stripe):
    sent = asked(stripe, trial_days=14, card_always=False)
    assert sent['payment_method_collection'] == 'if_required'
    assert sent['subscription_data[trial_settings][end_behavior][missing_payment_method]'] == 'pause'


def test_codes_and_tax(stripe):
    sent = asked(stripe, promotion_codes=True, automatic_tax=True)
    assert sent['allow_promotion_codes'] == sent['automatic_tax[enabled]'] == sent['tax_id_collection[enabled]'] == 'true'
    assert sent['customer_update[address]'] == sent['customer_update[name]'] == 'auto'


def test_the_same_attempt_is_the_same_page(stripe):
    order = stripe.order()
    stripe.fault('drop', method='POST', path='/v1/checkout/sessions', when='after')
    with pytest.raises(Retryable):
        stripe.api.make_checkout(order)
    page = stripe.api.make_checkout(order)
    assert stripe.api.make_checkout(order) == page
    assert len(stripe.fake.world.all('checkout_sessions')) == 1
    assert stripe.api.make_checkout(replace(order, attempt=2)).id != page.id


def test_the_same_attempt_with_other_values_is_an_error(stripe):
    order = stripe.order()
    stripe.api.make_checkout(order)
    with pytest.raises(Permanent) as caught:
        stripe.api.make_checkout(replace(order, trial_days=7))
    assert caught.value.problem == 'stripe_idempotency'


def test_a_customer_who_is_gone(stripe):
    with pytest.raises(NotFound) as caught:
        stripe.api.make_checkout(stripe.order(customer='cus_nobodyHasMade'))
    assert caught.value.values['param'] == 'customer'


def test_a_page_is_closed_once(stripe):
    page = stripe.api.make_checkout(stripe.order())
    closed = stripe.api.expire_checkout(page.id)
    assert closed.status == 'expired' and closed.url == ''
    assert stripe.api.expire_checkout(page.id) == closed


def test_a_page_that_could_not_be_closed_is_an_error(stripe):
    page = stripe.api.make_checkout(stripe.order())
    stripe.fault('status', method='POST', path='/expire$', status=400, message='Not now')
    with pytest.raises(Permanent, match='Not now'):
        stripe.api.expire_checkout(page.id)
    assert stripe.api.read_checkout(page.id).status == 'open'


def test_a_page_that_was_paid_meanwhile_is_given_back_so(stripe):
    page = stripe.api.make_checkout(stripe.order(metadata={'saas_tenant': 'acme'}))
    pay(stripe, page)
    found = stripe.api.expire_checkout(page.id)
    assert (found.status, found.payment_status) == ('complete', 'paid')
    subscription = stripe.api.read_subscription(found.subscription)
    assert subscription.status == 'active' and subscription.metadata == {'saas_tenant': 'acme'}
    assert subscription.has_payment_method


def test_a_trial_needs_no_payment(stripe):
    page = stripe.api.make_checkout(stripe.order(trial_days=14, card_always=False))
    pay(stripe, page, '')
    found = stripe.api.read_checkout(page.id)
    assert (found.status, found.payment_status) == ('complete', 'no_payment_required')
    subscription = stripe.api.read_subscription(found.subscription)
    assert subscription.status == 'trialing' and not subscription.has_payment_method
    stripe.advance(days=15)
    assert stripe.api.read_subscription(found.subscription).status == 'paused'


def pay(stripe, page, number='4242424242424242'):
    """As its page does it when it is sent."""
    from tests.fakes.stripe import checkout, payments
    world = stripe.fake.world
    with world.transaction():
        method = payments.new_card(world, number) if number else None
        checkout.complete(world, world.get('checkout_sessions', page.id), method)


def test_a_page_that_nobody_paid_expires(stripe):
    page = stripe.api.make_checkout(stripe.order())
    stripe.advance(hours=2)
    assert stripe.api.read_checkout(page.id).status == 'expired'


def test_a_page_that_is_not_there(stripe):
    with pytest.raises(NotFound):
        stripe.api.expire_checkout('cs_test_nobodyHasMade')


# -- the customer portal -----------------------------------------------------------------------------------------------
def configuration(stripe):
    return stripe.api.make_portal_configuration(
        'portal-1', 'Your plan', 'https://saas.example/privacy', 'https://saas.example/terms')


def test_a_link_into_the_portal(stripe):
    key = configuration(stripe)
    assert key == configuration(stripe)
    url = stripe.api.portal_url(stripe.customer(), 'https://saas.example/my', key, locale='es_DO')
    assert url.startswith(stripe.fake.url)
    row = stripe.fake.world.get('portal_configurations', key)
    features = row['features']
    assert row['business_profile']['headline'] == 'Your plan'
    assert features['payment_method_update']['enabled'] and features['invoice_history']['enabled']
    assert features['subscription_cancel']['mode'] == 'at_period_end' and not features['subscription_update']['enabled']


def test_links_to_one_thing(stripe):
    customer, key = stripe.customer(), configuration(stripe)
    subscription = stripe.subscribe(customer=customer)
    assert stripe.api.portal_url(customer, 'https://saas.example/my')
    assert stripe.api.portal_url(customer, 'https://saas.example/my', key, 'payment_method_update')
    assert stripe.api.portal_url(customer, 'https://saas.example/my', key, 'subscription_cancel', subscription.id)
    sent = {name: found[0] for name, found in parse_qs(stripe.sent()).items()}
    assert sent['flow_data[subscription_cancel][subscription]'] == subscription.id
    assert sent['flow_data[after_completion][redirect][return_url]'] == 'https://saas.example/my'


def test_the_portal_of_nobody(stripe):
    with pytest.raises(NotFound):
        stripe.api.portal_url('cus_nobodyHasMade', 'https://saas.example/my', configuration(stripe))


# -- invoices ----------------------------------------------------------------------------------------------------------
def test_an_invoice(stripe):
    subscription = stripe.subscribe('basic', 'user')
    found = stripe.api.read_invoice(subscription.latest_invoice)
    assert (found.subscription, found.customer, found.livemode) == (subscription.id, subscription.customer, False)
    assert (found.status, found.currency, found.billing_reason) == ('paid', 'usd', 'subscription_create')
    assert (found.subtotal, found.tax, found.total, found.amount_due, found.amount_paid, found.amount_remaining) == (
        2400, 0, 2400, 2400, 2400, 0)
    assert found.number and found.created and found.paid_at and found.next_attempt is None
    assert found.hosted_url.startswith(stripe.fake.url) and found.pdf_url.startswith(stripe.fake.url)
    assert sorted(line.amount for line in found.lines) == [500, 1900]
    assert all(line.description and not line.is_proration and line.period_start < line.period_end for line in found.lines)


def test_invoices_newest_first(stripe):
    subscription = stripe.subscribe()
    other = stripe.subscribe()
    stripe.advance(days=70)
    found = stripe.api.list_invoices(subscription.id)
    assert [row.billing_reason for row in found] == ['subscription_cycle'] * 2 + ['subscription_create']
    assert found[0].created > found[1].created and other.latest_invoice not in [row.id for row in found]
    assert [row.id for row in stripe.api.list_invoices(subscription.id, limit=1)] == [found[0].id]


def test_a_renewal_that_fails_is_paid_later(stripe):
    customer = stripe.customer('pm_card_visa')
    subscription = stripe.subscribe(customer=customer)
    stripe.use_card(customer, 'pm_card_chargeCustomerFail')
    stripe.advance(days=32)
    found = stripe.api.read_subscription(subscription.id)
    invoice = stripe.api.read_invoice(found.latest_invoice)
    assert found.status == 'past_due'
    assert (invoice.status, invoice.amount_remaining, invoice.attempt_count, invoice.paid_at) == ('open', 1900, 1, None)
    assert invoice.next_attempt > stripe.now()
    with pytest.raises(Permanent) as caught:
        stripe.api.pay_invoice(invoice.id)
    assert caught.value.problem == 'stripe_card' and caught.value.words == 'Your card was declined.'
    stripe.use_card(customer)
    paid = stripe.api.pay_invoice(invoice.id)
    assert paid.status == 'paid' and stripe.api.read_subscription(subscription.id).status == 'active'
    assert stripe.api.pay_invoice(invoice.id) == paid


def test_an_invoice_that_is_void_is_not_paid(stripe):
    subscription = stripe.subscribe()
    stripe.api.pause_collection(subscription.id)
    stripe.advance(days=32)
    invoice = stripe.api.read_subscription(subscription.id).latest_invoice
    with pytest.raises(Permanent) as caught:
        stripe.api.pay_invoice(invoice)
    assert caught.value.problem == 'stripe_refused' and stripe.api.read_invoice(invoice).status == 'void'


def test_an_invoice_that_is_not_there(stripe):
    with pytest.raises(NotFound):
        stripe.api.read_invoice('in_nobodyHasMade')
    with pytest.raises(NotFound):
        stripe.api.pay_invoice('in_nobodyHasMade')
