"""Changes of subscriptions: prorations, payments that decide over them, items, refusals."""
import pytest
import stripe

from .stripe_shop import ALWAYS, DAY, HOUR, LATER

UP = {'proration_behavior': 'always_invoice', 'payment_behavior': 'pending_if_incomplete'}


def middle(shop, subscription):
    """A third of the period is over."""
    item = subscription['items'].data[0]
    length = item.current_period_end - item.current_period_start
    return item.current_period_start + length // 3, item.current_period_start, item.current_period_end


def part(amount, start, end, at):
    return int(amount * (end - at) / (end - start) + 0.5)


def preview(shop, subscription, price, at, **details):
    return shop.client.invoices.create_preview({'subscription': subscription.id, 'subscription_details': {
        'items': [{'id': subscription['items'].data[0].id, 'price': price}], 'proration_date': at, **details}})


def test_upgrade_costs_to_the_second(shop):
    subscription = shop.subscribe()
    at, start, end = middle(shop, subscription)
    shop.control.advance(seconds=at - shop.world.now())
    seen = preview(shop, subscription, shop.pro, at, proration_behavior='always_invoice')
    subscription = shop.swap(subscription, shop.pro, proration_date=at, **UP)
    assert subscription['items'].data[0].price.id == shop.pro and subscription.pending_update is None
    assert subscription['items'].data[0].current_period_end == end
    invoice = shop.client.invoices.retrieve(subscription.latest_invoice)
    assert invoice.billing_reason == 'subscription_update' and invoice.status == 'paid'
    credit, debit = invoice.lines.data
    assert credit.amount == -part(1000, start, end, at) and debit.amount == part(3000, start, end, at)
    assert invoice.total == credit.amount + debit.amount == seen.total == seen.amount_due
    assert credit.description.startswith('Unused time on Basic after')
    assert debit.description.startswith('Remaining time on Pro after')
    assert all(line.parent.subscription_item_details.proration for line in invoice.lines.data)
    assert [line.pricing.price_details.price for line in invoice.lines.data] == [shop.basic, shop.pro]
    assert invoice.parent.subscription_details.subscription == subscription.id
    changed = shop.events('customer.subscription.updated')[-1].data.previous_attributes
    assert changed['items'].data[0].price.id == shop.basic
    assert shop.kinds().count('customer.subscription.pending_update_applied') == 0


def test_a_preview_changes_nothing(shop):
    subscription = shop.subscribe()
    before = shop.world.store.tables['invoices'].copy(), len(shop.kinds())
    preview(shop, subscription, shop.pro, shop.world.now())
    shop.client.invoices.create_preview({'subscription': subscription.id})
    assert (shop.world.store.tables['invoices'], len(shop.kinds())) == before
    assert shop.read(subscription)['items'].data[0].price.id == shop.basic


def test_preview_of_the_next_invoice(shop):
    subscription = shop.subscribe()
    end = subscription['items'].data[0].current_period_end
    invoice = shop.client.invoices.create_preview({'subscription': subscription.id})
    assert invoice.amount_due == 1000 and invoice.next_payment_attempt == end + HOUR
    at, start, _end = middle(shop, subscription)
    shop.control.advance(seconds=at - shop.world.now())
    invoice = preview(shop, subscription, shop.pro, at, proration_behavior='none')
    assert invoice.total == 3000 and len(invoice.lines.data) == 1
    invoice = preview(shop, subscription, shop.pro, at)
    assert invoice.total == 3000 + part(3000, start, end, at) - part(1000, start, end, at)


def test_downgrade_without_proration(shop):
    subscription = shop.subscribe(shop.pro)
    subscription = shop.swap(subscription, shop.basic, proration_behavior='none')
    assert len(shop.invoices(subscription)) == 1
    shop.control.advance(days=32)
    assert [invoice.total for invoice in shop.invoices(subscription)] == [1000, 3000]


def test_up_again_gives_back_what_was_billed(shop):
    """Flexible billing: the credit is of what was paid, not of the price that happens to be there."""
    subscription = shop.swap(shop.subscribe(shop.pro), shop.basic, proration_behavior='none')
    at, start, end = middle(shop, subscription)
    shop.control.advance(seconds=at - shop.world.now())
    subscription = shop.swap(subscription, shop.pro, proration_date=at, **UP)
    invoice = shop.client.invoices.retrieve(subscription.latest_invoice)
    assert invoice.total == 0 and [line.amount for line in invoice.lines.data] == [
        -part(3000, start, end, at), part(3000, start, end, at)]


def test_downgrade_with_proration_is_a_credit(shop):
    subscription = shop.subscribe(shop.pro)
    subscription = shop.swap(subscription, shop.basic, proration_behavior='always_invoice')
    invoice = shop.client.invoices.retrieve(subscription.latest_invoice)
    assert invoice.total < 0 and invoice.amount_due == 0 and invoice.status == 'paid'
    assert shop.client.customers.retrieve(subscription.customer).balance == invoice.total
    shop.control.advance(days=32)
    renewal = shop.invoices(subscription)[0]
    assert renewal.starting_balance == invoice.total and renewal.total == 1000
    assert renewal.amount_due == max(1000 + invoice.total, 0)


def test_prorations_wait_for_the_next_invoice(shop):
    subscription = shop.subscribe()
    at, start, end = middle(shop, subscription)
    shop.control.advance(seconds=at - shop.world.now())
    subscription = shop.swap(subscription, shop.pro, proration_date=at)
    assert len(shop.invoices(subscription)) == 1
    shop.control.advance(days=32)
    assert shop.invoices(subscription)[0].total == 3000 + part(3000, start, end, at) - part(1000, start, end, at)


def test_another_interval_begins_anew(shop):
    subscription = shop.subscribe(shop.pro)
    at, start, end = middle(shop, subscription)
    shop.control.advance(seconds=at - shop.world.now())
    seen = preview(shop, subscription, shop.yearly, at, proration_behavior='always_invoice')
    subscription = shop.swap(subscription, shop.yearly, proration_date=at, **UP)
    item = subscription['items'].data[0]
    assert item.current_period_start == at == subscription.billing_cycle_anchor
    assert item.current_period_end - at >= 365 * DAY
    invoice = shop.client.invoices.retrieve(subscription.latest_invoice)
    assert invoice.total == 30000 - part(3000, start, end, at) == seen.total


def test_declined_upgrade_waits(shop):
    subscription = shop.subscribe()
    shop.control.card(subscription.customer, LATER)
    subscription = shop.swap(subscription, shop.pro, **UP)
    assert subscription['items'].data[0].price.id == shop.basic and subscription.status == 'active'
    waiting = subscription.pending_update
    assert waiting.subscription_items[0].price.id == shop.pro
    assert waiting.expires_at - shop.world.now() in range(23 * HOUR - 5, 23 * HOUR + 5)
    invoice = shop.client.invoices.retrieve(subscription.latest_invoice)
    assert invoice.status == 'open' and invoice.next_payment_attempt is None
    assert 'invoice.payment_failed' in shop.kinds()

    shop.control.card(subscription.customer)
    shop.client.invoices.pay(invoice.id)
    subscription = shop.read(subscription)
    assert subscription.pending_update is None and subscription['items'].data[0].price.id == shop.pro
    assert shop.kinds().count('customer.subscription.pending_update_applied') == 1


def test_declined_upgrade_runs_out(shop):
    subscription = shop.subscribe()
    shop.control.card(subscription.customer, LATER)
    subscription = shop.swap(subscription, shop.pro, **UP)
    shop.control.advance(hours=24)
    expired, subscription = subscription.latest_invoice, shop.read(subscription)
    assert subscription.pending_update is None and subscription['items'].data[0].price.id == shop.basic
    assert shop.client.invoices.retrieve(expired).status == 'void'
    assert shop.kinds().count('customer.subscription.pending_update_expired') == 1


def test_upgrade_that_the_bank_asks_about(shop):
    subscription = shop.subscribe()
    shop.control.card(subscription.customer, ALWAYS)
    subscription = shop.swap(subscription, shop.pro, **UP)
    invoice = shop.client.invoices.retrieve(subscription.latest_invoice)
    assert subscription.pending_update and 'invoice.payment_action_required' in shop.kinds()
    assert 'Complete' in shop.look(invoice.hosted_invoice_url + '/3ds')
    shop.send(invoice.hosted_invoice_url + '/3ds', answer='complete')
    assert shop.read(subscription)['items'].data[0].price.id == shop.pro


def test_declined_upgrade_that_must_not_be_incomplete(shop):
    subscription = shop.subscribe()
    shop.control.card(subscription.customer, LATER)
    with pytest.raises(stripe.CardError) as caught:
        shop.swap(subscription, shop.pro, proration_behavior='always_invoice', payment_behavior='error_if_incomplete')
    assert caught.value.code == 'card_declined'
    assert len(shop.invoices(subscription)) == 1
    assert shop.read(subscription)['items'].data[0].price.id == shop.basic


def test_declined_upgrade_that_may_be_incomplete(shop):
    subscription = shop.subscribe()
    shop.control.card(subscription.customer, LATER)
    subscription = shop.swap(subscription, shop.pro, proration_behavior='always_invoice')
    assert subscription.status == 'past_due' and subscription['items'].data[0].price.id == shop.pro


def test_quantity_and_more_items(shop):
    subscription = shop.subscribe()
    subscription = shop.change(subscription, items=[{'price': shop.user, 'quantity': 2}], **UP)
    base, extra = subscription['items'].data
    assert extra.quantity == 2 and extra.current_period_end == base.current_period_end
    first = shop.client.invoices.retrieve(subscription.latest_invoice)
    assert [line.amount for line in first.lines.data] == [1000]
    subscription = shop.change(subscription, items=[{'id': extra.id, 'quantity': 3}], **UP)
    assert abs(shop.client.invoices.retrieve(subscription.latest_invoice).total - 500) <= 1
    subscription = shop.change(subscription, items=[{'id': extra.id, 'deleted': True}], proration_behavior='none')
    assert [item.price.id for item in subscription['items'].data] == [shop.basic]


def test_items_of_their_own(shop):
    subscription = shop.subscribe()
    item = shop.client.subscription_items.create({
        'subscription': subscription.id, 'price': shop.user, 'proration_behavior': 'none'})
    assert shop.client.subscription_items.update(item.id, {'quantity': 4, 'proration_behavior': 'none'}).quantity == 4
    rows = shop.client.subscription_items.list({'subscription': subscription.id}).data
    assert {row.id for row in rows} == {item.id, subscription['items'].data[0].id}
    assert shop.client.subscription_items.delete(item.id).deleted
    with pytest.raises(stripe.InvalidRequestError, match='at least one active plan'):
        shop.client.subscription_items.delete(subscription['items'].data[0].id)


def test_in_a_trial_nothing_is_charged(shop):
    subscription = shop.subscribe(trial_period_days=14)
    subscription = shop.swap(subscription, shop.yearly, **UP)
    assert subscription.status == 'trialing' and len(shop.invoices(subscription)) == 1
    assert subscription['items'].data[0].current_period_end == subscription.trial_end
    shop.control.advance(days=14, hours=2)
    assert shop.invoices(subscription)[0].total == 30000


def test_trial_ends_now(shop):
    subscription = shop.change(shop.subscribe(trial_period_days=14), trial_end='now')
    assert subscription.status == 'active'
    invoice = shop.client.invoices.retrieve(subscription.latest_invoice)
    assert invoice.status == 'paid' and invoice.total == 1000


def test_trial_is_longer(shop):
    subscription = shop.subscribe(trial_period_days=14)
    later = subscription.trial_end + 7 * DAY
    subscription = shop.change(subscription, trial_end=later)
    assert subscription.trial_end == later == subscription['items'].data[0].current_period_end
    shop.control.advance(days=15)
    assert shop.read(subscription).status == 'trialing'
    shop.control.advance(days=7)
    assert shop.read(subscription).status == 'active'


def test_canceled_at_once(shop):
    subscription = shop.client.subscriptions.cancel(shop.subscribe().id, {'cancellation_details': {'comment': 'bye'}})
    assert subscription.status == 'canceled' and subscription.cancellation_details.comment == 'bye'
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.subscriptions.cancel(subscription.id)
    assert caught.value.http_status == 404
    with pytest.raises(stripe.InvalidRequestError, match='canceled subscription'):
        shop.change(subscription, cancel_at_period_end=True)


@pytest.mark.parametrize(('values', 'words'), [
    ({'items': [{'id': 'si_none', 'price': 'PRO'}]}, 'does not exist on the subscription'),
    ({'items': [{'price': 'BASIC'}]}, 'same plan'), ({'items': [{'price': 'price_none'}]}, 'No such price'),
    ({'items': [{'quantity': 2}]}, 'Missing required'), ({'trial_end': 1000}, 'no earlier than the present'),
    ({'proration_date': 1000}, 'within the current billing period'), ({'proration_behavior': 'sometimes'}, 'must be one of'),
    ({'description': 'x', 'payment_behavior': 'pending_if_incomplete'}, 'cannot be passed'),
    ({'cancellation_details': {'feedback': 'angry'}}, 'must be one of'),
    ({'pause_collection': {'behavior': 'x'}}, 'must be one of')])
def test_what_is_refused(shop, values, words):
    subscription = shop.subscribe()
    names = {'PRO': shop.pro, 'BASIC': shop.basic}
    for item in values.get('items', ()):
        if item.get('price') in names:
            item['price'] = names[item['price']]
    with pytest.raises(stripe.InvalidRequestError, match=words):
        shop.change(subscription, **values)


def test_create_needs_a_card(shop):
    with pytest.raises(stripe.InvalidRequestError, match='no attached payment source'):
        shop.subscribe(card=None)
    with pytest.raises(stripe.CardError):
        shop.subscribe(card='pm_card_chargeCustomerFail', payment_behavior='error_if_incomplete')
    assert not shop.client.subscriptions.list().data
    assert shop.subscribe(card='pm_card_chargeCustomerFail').status == 'incomplete'


def test_tax(shop):
    shop.world.set('tax_percent', 21)
    subscription = shop.subscribe(automatic_tax={'enabled': True})
    invoice = shop.invoices(subscription)[0]
    assert (invoice.subtotal, invoice.total, invoice.total_excluding_tax) == (1000, 1210, 1000)
    assert [row.amount for row in invoice.total_taxes] == [210] and invoice.amount_paid == 1210


def test_invoices_by_hand(shop):
    subscription = shop.subscribe()
    shop.control.card(subscription.customer, LATER)
    shop.control.advance(days=32)
    invoice = shop.invoices(subscription)[0]
    with pytest.raises(stripe.CardError) as caught:
        shop.client.invoices.pay(invoice.id)
    assert caught.value.error.decline_code == 'generic_decline'
    assert shop.client.invoices.retrieve(invoice.id).attempt_count == 2
    assert shop.client.invoices.void_invoice(invoice.id).status == 'void'
    assert shop.read(subscription).status == 'active'
    with pytest.raises(stripe.InvalidRequestError, match='already paid'):
        shop.client.invoices.pay(shop.invoices(subscription)[1].id)
    assert [row.id for row in shop.client.invoices.list({'subscription': subscription.id, 'status': 'void'}).data] == [invoice.id]


def test_paid_elsewhere(shop):
    subscription = shop.subscribe()
    shop.control.card(subscription.customer, LATER)
    shop.control.advance(days=32)
    invoice = shop.client.invoices.pay(shop.invoices(subscription)[0].id, {'paid_out_of_band': True})
    assert invoice.status == 'paid' and shop.read(subscription).status == 'active'


def test_found_by_metadata(shop):
    subscription = shop.subscribe(metadata={'saas_tenant': 'abc'})
    found = shop.client.subscriptions.search({'query': "metadata['saas_tenant']:'abc'"}).data
    assert [row.id for row in found] == [subscription.id]


def test_a_planned_end_moves_with_the_period(shop):
    subscription = shop.change(shop.subscribe(shop.pro), cancel_at_period_end=True)
    subscription = shop.swap(subscription, shop.yearly, **UP)
    assert subscription.cancel_at == subscription['items'].data[0].current_period_end
