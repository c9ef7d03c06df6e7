"""Deliveries of the fake Stripe, over HTTP, as the inbox meets them."""
import json
from collections import Counter
from datetime import timedelta

import pytest

from bare.saas_billing.const import EVENT_TYPES
from bare.saas_billing.drivers.webhook import Refused, parse, verify, without_cards
from tests.fakes.stripe import webhooks


def settle(stripe):
    assert stripe.fake.sender.settle(20)


def live(stripe):
    """A life with all that happens in one; the subscription's id."""
    customer = stripe.customer()
    subscription = stripe.subscribe('basic', 'user', customer=customer, trial_period_days=7)
    stripe.advance(days=8)
    stripe.use_card(customer, 'pm_card_chargeCustomerFail')
    stripe.advance(days=32)
    stripe.use_card(customer)
    stripe.api.pay_invoice(stripe.api.read_subscription(subscription.id).latest_invoice)
    stripe.api.cancel(subscription.id)
    stripe.advance(days=32)
    page = stripe.api.make_checkout(stripe.order())
    stripe.api.expire_checkout(page.id)
    return subscription.id


def test_every_delivery_of_a_life(stripe, hook):
    _key, secret = stripe.api.make_webhook(hook.url, ['*'])
    subscription = live(stripe)
    settle(stripe)
    events = [parse(body) for body, header in hook.taken if verify(body, header, ['whsec_other', secret]) == secret]
    assert len(events) == len(hook.taken) == len({event.id for event in events})
    ours = [event for event in events if event.subscription == subscription]
    types = {event.type for event in events}
    assert {'customer.subscription.trial_will_end', 'customer.subscription.deleted', 'invoice.payment_failed', 'invoice.paid',
            'checkout.session.expired', 'invoice.upcoming'} <= types
    assert all(event.subscription == subscription for event in events
               if event.object_type in ('subscription', 'invoice')) and len(ours) > 15
    assert all(event.checkout == event.object_id for event in events if event.object_type == 'checkout.session')
    month = stripe.now() - timedelta(days=29)       # and no longer Stripe keeps them
    listed = list(stripe.api.list_events(month))
    assert {event.id for event in events if event.created >= month} <= {event.id for event in listed}
    assert [event.created for event in listed] == sorted(event.created for event in listed)


def test_nothing_of_a_card_or_a_person_is_kept_of_a_life(stripe, hook):
    stripe.api.make_webhook(hook.url, ['*'])
    live(stripe)
    settle(stripe)
    bodies = b''.join(body for body, _header in hook.taken)
    kept = ''.join(without_cards(body) for body, _header in hook.taken)
    for word in ('Jenny Rosen', 'jenny@example.org', 'last4', 'client_secret', '/i/in_'):
        assert word.encode() in bodies and word not in kept, word
    assert all(json.loads(without_cards(body))['id'] == parse(body).id for body, _header in hook.taken)


def test_only_what_was_wished_for_is_delivered(stripe, hook):
    stripe.api.make_webhook(hook.url, EVENT_TYPES)
    live(stripe)
    settle(stripe)
    types = {parse(body).type for body, _header in hook.taken}
    assert types and types <= set(EVENT_TYPES)


def test_what_is_listed_is_what_was_delivered(stripe, hook):
    since = stripe.now() - timedelta(seconds=1)
    stripe.api.make_webhook(hook.url, ['*'])
    subscription = stripe.subscribe()
    settle(stripe)
    taken = {event.id: event for event in (parse(body) for body, _header in hook.taken)}
    listed = [event for event in stripe.api.list_events(since) if event.id in taken]
    assert len(listed) == len(taken) and subscription.id in [event.subscription for event in listed]
    for event in listed:
        other = taken[event.id]
        assert (event.type, event.created, event.object_id, event.customer) == (
            other.type, other.created, other.object_id, other.customer)
        assert json.loads(event.raw)['data'] == json.loads(other.raw)['data']


def test_while_the_secret_is_rolled_both_are_good(stripe, hook):
    key, first = stripe.api.make_webhook(hook.url, ['product.created'])
    second = webhooks.roll_secret(stripe.fake.world, key, 60)
    stripe.api.make_product('product-7', 'Basic')
    settle(stripe)
    (body, header), = hook.taken
    assert header.count('v1=') == 2
    assert verify(body, header, [first]) == first and verify(body, header, [second]) == second
    webhooks.roll_secret(stripe.fake.world, key, 0)
    stripe.api.make_product('product-8', 'Basic')
    settle(stripe)
    with pytest.raises(Refused) as caught:
        verify(*hook.taken[1], [first, second])
    assert caught.value.code == 'wrong'


def test_forged_stale_and_unsigned_ones_are_told_apart_from_good_ones(stripe, hook):
    _key, secret = stripe.api.make_webhook(hook.url, ['product.created'])
    stripe.fake.world.set('deliver', {'hold': True})
    for number in range(40):
        stripe.api.make_product(f'many-{number}', f'Product {number}')
    with stripe.fake.world.transaction():
        released = webhooks.release(stripe.fake.world, duplicate=2, shuffle=True, seed=7, forge=0.5)
    settle(stripe)
    codes = Counter(code_of(body, header, secret) for body, header in hook.taken)
    assert released['forged'] >= 20 and sum(codes.values()) == released['sent'] == len(hook.taken)
    assert codes.pop('') == released['sent'] - released['forged']
    assert set(codes) == {'wrong', 'stale', 'future', 'no_signature'}
    good = {parse(body).id for body, header in hook.taken if not code_of(body, header, secret)}
    assert good == {row['id'] for row in stripe.fake.world.all('events') if row['type'] == 'product.created'
                    and row['data']['object']['name'].startswith('Product ')}


def code_of(body, header, secret):
    try:
        return '' if verify(body, header, [secret]) else 'nothing'
    except Refused as error:
        return error.code
