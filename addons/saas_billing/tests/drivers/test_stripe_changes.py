"""What a change of a subscription costs, and the change itself, as the fake Stripe keeps them."""
from datetime import timedelta

import pytest

from bare.saas_master.drivers.errors import NotFound, Permanent, Retryable

KEPT_NOT_CHARGED = 'pm_card_chargeCustomerFail'


# -- previews ----------------------------------------------------------------------------------------------------------
def change(subscription, price, quantity=None):
    return ((subscription.plan_item.id, price, quantity),)


def test_what_more_would_cost(stripe):
    before = stripe.subscribe()
    stripe.advance(days=10)
    at = stripe.now()
    preview = stripe.api.preview_change(before.id, change(before, stripe.prices['pro']), at)
    assert preview.currency == 'usd' and preview.at == at
    assert 0 < preview.due_now < 4900 - 1900 and preview.due_now == sum(line.amount for line in preview.lines)
    assert [line.is_proration for line in preview.lines] == [True, True]
    assert preview.lines[0].amount < 0 < preview.lines[1].amount
    assert preview.next_amount == 4900 and preview.next_at == before.plan_item.period_end
    assert stripe.api.read_subscription(before.id) == before


def test_the_preview_is_what_is_charged(stripe):
    before = stripe.subscribe()
    stripe.advance(days=10)
    preview = stripe.api.preview_change(before.id, change(before, stripe.prices['pro']), stripe.now())
    stripe.advance(hours=2)
    after = stripe.api.change_subscription('change-1', before.id, change(before, stripe.prices['pro']), True, preview.at)
    invoice = stripe.api.read_invoice(after.latest_invoice)
    assert (invoice.status, invoice.amount_paid, invoice.billing_reason) == ('paid', preview.due_now, 'subscription_update')
    assert [line.amount for line in invoice.lines] == [line.amount for line in preview.lines]


def test_what_less_would_give_back(stripe):
    before = stripe.subscribe('pro')
    stripe.advance(days=10)
    preview = stripe.api.preview_change(before.id, change(before, stripe.prices['basic']), stripe.now())
    assert -3000 < preview.due_now < 0 and preview.next_amount == 1900


def test_what_a_year_would_cost(stripe):
    """The period begins anew, so the coming regular invoice is a year away."""
    before = stripe.subscribe()
    stripe.advance(days=10)
    at = stripe.now()
    preview = stripe.api.preview_change(before.id, change(before, stripe.prices['yearly']), at)
    assert 19000 - 1900 < preview.due_now < 19000 and preview.next_amount == 19000
    assert timedelta(days=364) < preview.next_at - at < timedelta(days=367)


def test_what_a_change_in_the_trial_costs(stripe):
    before = stripe.subscribe(trial_period_days=14)
    preview = stripe.api.preview_change(before.id, change(before, stripe.prices['pro']), stripe.now())
    assert (preview.due_now, preview.next_amount, preview.next_at) == (0, 4900, before.trial_end)


def test_what_more_users_would_cost(stripe):
    before = stripe.subscribe('basic', 'user')
    preview = stripe.api.preview_change(before.id, ((before.item('user').id, '', 4),), stripe.now())
    assert preview.next_amount == 1900 + 4 * 500 and 1400 < preview.due_now <= 1500


def test_the_moment_is_that_of_stripes_clock_where_none_is_given(stripe):
    before = stripe.subscribe()
    stripe.advance(days=40)
    before = stripe.api.read_subscription(before.id)
    preview = stripe.api.preview_change(before.id, change(before, stripe.prices['pro']))
    assert abs(preview.at - stripe.now()) < timedelta(minutes=1) and 0 < preview.due_now < 3000
    after = stripe.api.change_subscription('change-1', before.id, change(before, stripe.prices['pro']), True, preview.at)
    assert stripe.api.read_invoice(after.latest_invoice).amount_paid == preview.due_now


# -- changes -----------------------------------------------------------------------------------------------------------
def test_more_is_paid_at_once(stripe):
    before = stripe.subscribe(metadata={'saas_tenant': 'acme'})
    after = stripe.api.change_subscription(
        'change-1', before.id, change(before, stripe.prices['pro']), True, metadata={'saas_change': '7'})
    assert after.plan_item.price == stripe.prices['pro'] and after.plan_item.id == before.plan_item.id
    assert not after.has_pending_update and after.latest_invoice != before.latest_invoice
    assert after.metadata == {'saas_tenant': 'acme', 'saas_change': '7'}


def test_the_same_change_twice_is_one(stripe):
    before = stripe.subscribe()
    asked = ('change-1', before.id, change(before, stripe.prices['pro']), True, stripe.now())
    first, second = (stripe.api.change_subscription(*asked) for _time in range(2))
    assert first == second and len(stripe.api.list_invoices(before.id)) == 2


def test_a_change_whose_answer_was_lost_is_one(stripe):
    before = stripe.subscribe()
    asked = ('change-1', before.id, change(before, stripe.prices['pro']), True, stripe.now())
    stripe.fault('drop', method='POST', path='/v1/subscriptions/', when='after')
    with pytest.raises(Retryable):
        stripe.api.change_subscription(*asked)
    assert stripe.api.change_subscription(*asked).plan_item.price == stripe.prices['pro']
    assert len(stripe.api.list_invoices(before.id)) == 2


def test_more_that_is_not_paid_waits(stripe):
    customer = stripe.customer()
    before = stripe.subscribe(customer=customer)
    stripe.use_card(customer, KEPT_NOT_CHARGED)
    after = stripe.api.change_subscription('change-1', before.id, change(before, stripe.prices['pro']), True)
    assert after.has_pending_update and after.plan_item.price == stripe.prices['basic'] and after.status == 'active'
    assert stripe.api.read_invoice(after.latest_invoice).status == 'open'
    stripe.use_card(customer)
    assert stripe.api.pay_invoice(after.latest_invoice).status == 'paid'
    found = stripe.api.read_subscription(before.id)
    assert not found.has_pending_update and found.plan_item.price == stripe.prices['pro']


def test_a_removal_cannot_wait_so_all_is_refused_where_it_is_not_paid(stripe):
    customer = stripe.customer()
    before = stripe.subscribe('basic', 'user', customer=customer)
    stripe.use_card(customer, KEPT_NOT_CHARGED)
    items = (*change(before, stripe.prices['pro']), (before.item('user').id, '', 0))
    with pytest.raises(Permanent) as caught:
        stripe.api.change_subscription('change-1', before.id, items, True)
    assert caught.value.problem == 'stripe_card' and caught.value.values['decline'] == 'generic_decline'
    assert stripe.api.read_subscription(before.id).items == before.items


def test_less_costs_nothing_before_the_next_period(stripe):
    before = stripe.subscribe('pro')
    after = stripe.api.change_subscription(
        'change-1', before.id, change(before, stripe.prices['basic']), False, metadata={'saas_change': '7'})
    assert after.plan_item.price == stripe.prices['basic'] and after.metadata == {'saas_change': '7'}
    assert after.latest_invoice == before.latest_invoice and after.plan_item.period_end == before.plan_item.period_end
    stripe.advance(days=32)
    renewed = stripe.api.read_invoice(stripe.api.read_subscription(before.id).latest_invoice)
    assert (renewed.total, renewed.status, renewed.billing_reason) == (1900, 'paid', 'subscription_cycle')


def test_items_come_change_and_go(stripe):
    found = stripe.subscribe()
    found = stripe.api.change_subscription('a', found.id, (('', stripe.prices['user'], 3),), True)
    assert found.item('user').quantity == 3
    found = stripe.api.change_subscription('b', found.id, ((found.item('user').id, '', 5),), True)
    assert found.item('user').quantity == 5 and found.plan_item.price == stripe.prices['basic']
    found = stripe.api.change_subscription('c', found.id, ((found.item('user').id, '', 0),), False)
    assert found.item('user') is None and len(found.items) == 1


def test_what_cannot_be_is_refused_with_its_name(stripe):
    before = stripe.subscribe()
    with pytest.raises(NotFound) as caught:
        stripe.api.change_subscription('a', before.id, change(before, 'price_nobodyHasMade'), True)
    assert caught.value.values['param'] == 'items[0][price]'
