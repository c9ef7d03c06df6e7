"""Subscriptions, their trials, pauses and ends, as the fake Stripe keeps them."""
from datetime import timedelta

import pytest

from bare.saas_billing.drivers.types import Subscription
from bare.saas_master.drivers.errors import NotFound

DAY = timedelta(days=1)


# -- reading -----------------------------------------------------------------------------------------------------------
def test_a_subscription(stripe):
    customer = stripe.customer()
    found = stripe.subscribe('basic', 'user', customer=customer, metadata={'saas_tenant': 'acme'})
    assert (found.customer, found.status, found.livemode, found.metadata) == (
        customer, 'active', False, {'saas_tenant': 'acme'})
    plan, user = found.item('plan'), found.item('user')
    assert found.plan_item == plan and found.item('domain') is None and len(found.items) == 2
    assert (plan.price, plan.product, plan.quantity, plan.unit_amount, plan.currency, plan.interval) == (
        stripe.prices['basic'], stripe.product, 1, 1900, 'usd', 'month')
    assert (user.price, user.unit_amount) == (stripe.prices['user'], 500)
    assert timedelta(days=27) < plan.period_end - plan.period_start < timedelta(days=32)
    assert found.created == found.started_at and abs(found.created - stripe.now()) < timedelta(minutes=1)
    assert found.has_payment_method and found.latest_invoice.startswith('in_')
    assert not (found.cancel_at or found.canceled_at or found.ended_at or found.trial_end or found.collection_paused
                or found.has_pending_update or found.cancel_reason)


def test_the_plan_is_the_item_that_is_marked_so(stripe):
    found = stripe.subscribe('user', 'domain', 'basic')
    assert found.plan_item.price == stripe.prices['basic']
    assert stripe.subscribe('user').plan_item.price == stripe.prices['user']
    assert Subscription('sub_1', 'cus_1', 'active', False).plan_item is None


def test_a_trial_without_a_card(stripe):
    found = stripe.subscribe(customer=stripe.customer(''), trial_period_days=14)
    assert found.status == 'trialing' and not found.has_payment_method
    assert found.trial_end - found.trial_start == 14 * DAY and found.plan_item.period_end == found.trial_end


@pytest.mark.parametrize('where', ['subscription', 'customer'])
def test_a_card_counts_whether_it_is_the_subscriptions_or_the_customers(stripe, where):
    customer = stripe.customer('')
    method = stripe.tool.payment_methods.attach('pm_card_visa', {'customer': customer})
    if where == 'customer':
        stripe.tool.customers.update(customer, {'invoice_settings': {'default_payment_method': method.id}})
    values = {'default_payment_method': method.id} if where == 'subscription' else {}
    assert stripe.subscribe(customer=customer, **values).has_payment_method
    assert next(stripe.api.list_subscriptions(customer)).has_payment_method


def test_one_that_is_not_there(stripe):
    with pytest.raises(NotFound) as caught:
        stripe.api.read_subscription('sub_nobodyHasMade')
    assert caught.value.problem == 'stripe_gone' and caught.value.values['code'] == 'resource_missing'


def test_lists_have_ended_ones_too(stripe):
    customer = stripe.customer()
    first, second = stripe.subscribe(customer=customer), stripe.subscribe(customer=customer)
    other = stripe.subscribe()
    stripe.api.cancel(first.id, at_period_end=False)
    assert {row.id: row.status for row in stripe.api.list_subscriptions(customer)} == {
        first.id: 'canceled', second.id: 'active'}
    assert {row.id for row in stripe.api.list_subscriptions()} == {first.id, second.id, other.id}


# -- trials ------------------------------------------------------------------------------------------------------------
def test_a_trial_becomes_longer_and_ends_now(stripe):
    before = stripe.subscribe(trial_period_days=3)
    until = before.trial_end + 7 * DAY
    assert stripe.api.set_trial_end(before.id, until).trial_end == until
    stripe.advance(hours=1)
    after = stripe.api.set_trial_end(before.id)
    assert after.status == 'active' and stripe.api.read_invoice(after.latest_invoice).amount_paid == 1900


def test_a_trial_without_a_card_is_paused_and_resumed(stripe):
    customer = stripe.customer('')
    before = stripe.subscribe(customer=customer, trial_period_days=3, trial_settings={
        'end_behavior': {'missing_payment_method': 'pause'}})
    stripe.advance(days=4)
    assert stripe.api.read_subscription(before.id).status == 'paused'
    stripe.use_card(customer)
    assert stripe.api.resume(before.id).status == 'active'


# -- the end -----------------------------------------------------------------------------------------------------------
def test_cancelled_at_the_periods_end(stripe):
    before = stripe.subscribe()
    after = stripe.api.cancel(before.id, feedback='too_expensive', comment='See you')
    assert after.status == 'active' and after.cancel_at == before.plan_item.period_end and after.canceled_at
    assert (after.cancel_reason, after.cancel_feedback) == ('cancellation_requested', 'too_expensive')
    stripe.advance(days=32)
    over = stripe.api.read_subscription(before.id)
    assert over.status == 'canceled' and over.ended_at and over.ended_at >= before.plan_item.period_end


def test_a_reason_of_our_own_is_told_as_another(stripe):
    assert stripe.api.cancel(stripe.subscribe().id, feedback='moved_to_mars').cancel_feedback == 'other'


def test_cancelled_now_and_once_more(stripe):
    before = stripe.subscribe()
    after = stripe.api.cancel(before.id, at_period_end=False, feedback='unused')
    assert after.status == 'canceled' and after.ended_at and after.cancel_feedback == 'unused'
    assert stripe.api.cancel(before.id, at_period_end=False) == after
    with pytest.raises(NotFound):
        stripe.api.cancel('sub_nobodyHasMade', at_period_end=False)


def test_what_cannot_be_cancelled_is_an_error_while_it_lives(stripe):
    before = stripe.subscribe()
    stripe.fault('status', method='DELETE', status=404, message='No such thing')
    with pytest.raises(NotFound, match='No such thing'):
        stripe.api.cancel(before.id, at_period_end=False)
    assert stripe.api.read_subscription(before.id).status == 'active'


def test_kept_after_all(stripe):
    before = stripe.subscribe()
    stripe.api.cancel(before.id, feedback='unused')
    after = stripe.api.keep(before.id)
    assert after.cancel_at is None and after.canceled_at is None and after.status == 'active'


def test_kept_after_it_was_cancelled_in_the_customer_portal(stripe):
    """Which sets cancel_at, and not cancel_at_period_end."""
    before = stripe.subscribe()
    end = before.plan_item.period_end
    stripe.tool.subscriptions.update(before.id, {'cancel_at': 'max_period_end'})
    assert stripe.api.read_subscription(before.id).cancel_at == end
    assert stripe.tool.subscriptions.retrieve(before.id).cancel_at_period_end is False
    assert stripe.api.keep(before.id).cancel_at is None


def test_keeping_what_was_not_cancelled_changes_nothing(stripe):
    before = stripe.subscribe()
    count = len(stripe.calls())
    assert stripe.api.keep(before.id) == before
    assert stripe.calls()[count:] == [f'GET /v1/subscriptions/{before.id}']


# -- pauses ------------------------------------------------------------------------------------------------------------
def test_nothing_is_collected_for_a_while(stripe):
    before = stripe.subscribe()
    until = stripe.now() + 90 * DAY
    assert stripe.api.pause_collection(before.id, until).collection_paused
    stripe.advance(days=32)
    found = stripe.api.read_subscription(before.id)
    assert found.status == 'active' and stripe.api.read_invoice(found.latest_invoice).status == 'void'
    assert not stripe.api.resume_collection(before.id).collection_paused
    stripe.advance(days=31)
    found = stripe.api.read_subscription(before.id)
    assert stripe.api.read_invoice(found.latest_invoice).status == 'paid'


def test_collection_goes_on_by_itself(stripe):
    before = stripe.subscribe()
    stripe.api.pause_collection(before.id, stripe.now() + 5 * DAY)
    stripe.advance(days=6)
    assert not stripe.api.read_subscription(before.id).collection_paused


def test_paused_without_an_end(stripe):
    before = stripe.subscribe()
    assert stripe.api.pause_collection(before.id).collection_paused
    stripe.advance(days=300)
    assert stripe.api.read_subscription(before.id).collection_paused
