"""What time does to subscriptions: trials, renewals, dunning, ends."""
from datetime import datetime, timezone

import pytest

from .stripe_shop import DAY, HOUR, LATER

CARDLESS = {'trial_period_days': 14, 'trial_settings': {'end_behavior': {'missing_payment_method': 'pause'}}}


def period(subscription):
    item = subscription['items'].data[0]
    return item.current_period_start, item.current_period_end


def test_renewal(shop):
    subscription = shop.subscribe()
    start, end = period(subscription)
    before = shop.world.now()
    shop.control.advance(seconds=end - shop.world.now() - 1)
    assert shop.kinds(before) == ['invoice.upcoming']
    upcoming = shop.events('invoice.upcoming')[0].data.object
    assert 'id' not in upcoming and upcoming.created == end and upcoming.amount_due == 1000
    assert upcoming.billing_reason == 'upcoming' and upcoming.lines.data[0].period.start == end

    shop.control.advance(seconds=2)
    assert shop.kinds(end - 1) == ['invoice.created', 'customer.subscription.updated']
    subscription = shop.read(subscription)
    assert period(subscription)[0] == end and subscription.status == 'active'
    draft = shop.client.invoices.retrieve(subscription.latest_invoice)
    assert draft.status == 'draft' and draft.billing_reason == 'subscription_cycle' and draft.created == end
    assert (draft.period_start, draft.period_end) == (start, end)
    changed = shop.events('customer.subscription.updated')[0].data.previous_attributes
    assert changed['items'].data[0].current_period_end == end

    shop.control.advance(hours=1)
    invoice = shop.client.invoices.retrieve(draft.id, {'expand': ['payments']})
    assert invoice.status == 'paid' and invoice.amount_paid == 1000 and invoice.attempt_count == 1
    assert invoice.status_transitions.finalized_at == end + HOUR
    assert invoice.payments.data[0].payment.payment_intent.startswith('pi_')
    assert invoice.number.endswith('-0002')


def test_a_year_of_renewals_in_one_go(shop):
    subscription = shop.subscribe()
    shop.control.advance(days=366)
    invoices = shop.invoices(subscription)
    assert len(invoices) == 13 and {invoice.status for invoice in invoices} == {'paid'}
    created = [event.created for event in shop.events()]
    assert created == sorted(created)


def test_nothing_happens_twice(shop):
    shop.subscribe()
    shop.control.advance(days=40)
    before = shop.world.now()
    shop.control.advance(seconds=5)
    assert shop.kinds(before) == []


def test_trial_that_ends_in_a_payment(shop):
    subscription = shop.subscribe(trial_period_days=14)
    assert subscription.status == 'trialing' and subscription.billing_cycle_anchor == subscription.trial_end
    shop.control.advance(days=11, seconds=5)
    assert shop.kinds().count('customer.subscription.trial_will_end') == 1
    shop.control.advance(days=3)
    subscription = shop.read(subscription)
    assert subscription.status == 'active' and period(subscription)[0] == subscription.trial_end
    assert shop.invoices(subscription)[0].status == 'draft'
    shop.control.advance(hours=1)
    assert [invoice.total for invoice in shop.invoices(subscription)] == [1000, 0]
    assert shop.invoices(subscription)[0].status == 'paid'
    changed = shop.events('customer.subscription.updated')[0].data.previous_attributes
    assert changed.status == 'trialing'


@pytest.mark.parametrize(('behavior', 'status', 'kind'), [
    ('pause', 'paused', 'customer.subscription.paused'), ('cancel', 'canceled', 'customer.subscription.deleted')])
def test_trial_without_a_card(shop, behavior, status, kind):
    subscription = shop.subscribe(card=None, trial_period_days=14, trial_settings={
        'end_behavior': {'missing_payment_method': behavior}})
    shop.control.advance(days=14, hours=2)
    assert shop.read(subscription).status == status
    assert shop.kinds().count(kind) == 1
    assert len(shop.invoices(subscription)) == 1


def test_paused_is_resumed_with_a_card(shop):
    subscription = shop.subscribe(card=None, **CARDLESS)
    shop.control.advance(days=20)
    shop.control.card(subscription.customer)
    subscription = shop.client.subscriptions.resume(subscription.id)
    assert subscription.status == 'active'
    assert abs(period(subscription)[0] - shop.world.now()) < 5
    assert shop.invoices(subscription)[0].status == 'paid'
    assert 'customer.subscription.resumed' in shop.kinds()


def test_trial_without_a_card_and_an_invoice(shop):
    subscription = shop.subscribe(card=None, trial_period_days=14)
    shop.control.advance(days=14, hours=2)
    assert shop.read(subscription).status == 'past_due'
    assert 'invoice.payment_failed' in shop.kinds()


def failing(shop, **values):
    subscription = shop.subscribe(**values)
    shop.control.card(subscription.customer, LATER)
    return subscription


def test_dunning_ends_unpaid(shop):
    subscription = failing(shop)
    end = period(subscription)[1]
    shop.control.advance(seconds=end + HOUR - shop.world.now() + 1)
    assert shop.read(subscription).status == 'past_due'
    invoice = shop.invoices(subscription)[0]
    assert invoice.status == 'open' and invoice.attempt_count == 1
    assert invoice.next_payment_attempt == end + HOUR + 3 * DAY
    shop.control.advance(days=16)
    failed = [event for event in shop.events('invoice.payment_failed')]
    assert [event.created - end - HOUR for event in failed] == [0, 3 * DAY, 8 * DAY, 15 * DAY]
    assert [event.data.object.attempt_count for event in failed] == [1, 2, 3, 4]
    assert failed[-1].data.object.next_payment_attempt is None
    assert shop.read(subscription).status == 'unpaid'
    statuses = [event.data.object.status for event in shop.events('customer.subscription.updated')]
    assert statuses[-2:] == ['past_due', 'unpaid']


def test_dunning_ends_in_the_end(shop):
    shop.world.set('dunning_ends', 'cancel')
    subscription = failing(shop)
    shop.control.advance(days=31 + 16)
    subscription = shop.read(subscription)
    assert subscription.status == 'canceled' and subscription.cancellation_details.reason == 'payment_failed'
    assert subscription.ended_at and shop.kinds().count('customer.subscription.deleted') == 1
    assert shop.invoices(subscription)[0].status == 'open'


def test_unpaid_makes_drafts_that_wait(shop):
    subscription = failing(shop)
    shop.control.advance(days=31 * 3)
    invoices = shop.invoices(subscription)
    assert [invoice.status for invoice in invoices] == ['draft', 'draft', 'open', 'paid']
    assert invoices[0].auto_advance is False


def test_a_good_card_in_time(shop):
    subscription = failing(shop)
    shop.control.advance(days=32)
    assert shop.read(subscription).status == 'past_due'
    shop.control.card(subscription.customer)
    shop.control.advance(days=4)
    assert shop.read(subscription).status == 'active'
    assert shop.invoices(subscription)[0].status == 'paid'


def test_unpaid_is_paid_by_hand(shop):
    subscription = failing(shop)
    shop.control.advance(days=48)
    shop.control.card(subscription.customer)
    shop.client.invoices.pay(shop.invoices(subscription)[0].id)
    assert shop.read(subscription).status == 'active'


def test_cancel_at_period_end(shop):
    subscription = shop.subscribe()
    subscription = shop.change(subscription, cancel_at_period_end=True, cancellation_details={'feedback': 'unused'})
    end = period(subscription)[1]
    assert subscription.cancel_at == end and subscription.cancel_at_period_end and subscription.canceled_at
    assert subscription.cancellation_details.to_dict() == {
        'comment': None, 'feedback': 'unused', 'reason': 'cancellation_requested'}
    shop.control.advance(days=32)
    subscription = shop.read(subscription)
    assert subscription.status == 'canceled' and subscription.ended_at == end
    assert len(shop.invoices(subscription)) == 1 and 'invoice.upcoming' not in shop.kinds()
    assert [row.id for row in shop.client.subscriptions.list().data] == []
    assert [row.id for row in shop.client.subscriptions.list({'status': 'all'}).data] == [subscription.id]


def test_cancel_withdrawn(shop):
    subscription = shop.change(shop.subscribe(), cancel_at_period_end=True)
    subscription = shop.change(subscription, cancel_at_period_end=False)
    assert subscription.cancel_at is None and subscription.canceled_at is None
    assert subscription.cancellation_details.reason is None
    shop.control.advance(days=32)
    assert shop.read(subscription).status == 'active'


def test_cancel_at_a_moment(shop):
    subscription = shop.subscribe()
    moment = shop.world.now() + 10 * DAY
    subscription = shop.change(subscription, cancel_at=moment)
    assert subscription.cancel_at == moment and not subscription.cancel_at_period_end
    shop.control.advance(days=11)
    assert shop.read(subscription).ended_at == moment


def test_trial_that_is_canceled(shop):
    subscription = shop.change(shop.subscribe(trial_period_days=14), cancel_at_period_end=True)
    assert subscription.cancel_at == subscription.trial_end
    shop.control.advance(days=15)
    assert shop.read(subscription).status == 'canceled'
    assert [invoice.total for invoice in shop.invoices(subscription)] == [0]


@pytest.mark.parametrize(('behavior', 'status'), [
    ('void', 'void'), ('keep_as_draft', 'draft'), ('mark_uncollectible', 'uncollectible')])
def test_collection_is_paused(shop, behavior, status):
    subscription = shop.subscribe()
    resumes = shop.world.now() + 45 * DAY
    shop.change(subscription, pause_collection={'behavior': behavior, 'resumes_at': resumes})
    shop.control.advance(days=32)
    subscription = shop.read(subscription)
    assert subscription.status == 'active' and subscription.pause_collection.resumes_at == resumes
    assert shop.invoices(subscription)[0].status == status
    shop.control.advance(days=31)
    assert shop.read(subscription).pause_collection is None
    assert shop.invoices(subscription)[0].status == 'paid'


def test_the_31st(shop):
    now = datetime.fromtimestamp(shop.world.now(), timezone.utc)
    to = datetime(now.year + 1, 1, 31, 12, tzinfo=timezone.utc)
    shop.control.advance(seconds=int(to.timestamp()) - shop.world.now())
    subscription = shop.subscribe()
    days = []
    for _month in range(3):
        end = period(shop.read(subscription))[1]
        days.append(datetime.fromtimestamp(end, timezone.utc).day)
        shop.control.advance(seconds=end - shop.world.now() + 1)
    assert days[0] in (28, 29) and days[1:] == [31, 30]


def test_a_first_invoice_nobody_pays(shop):
    subscription = shop.subscribe(payment_behavior='default_incomplete')
    assert subscription.status == 'incomplete'
    shop.control.advance(hours=24)
    assert shop.read(subscription).status == 'incomplete_expired'
    assert shop.invoices(subscription)[0].status == 'void'
