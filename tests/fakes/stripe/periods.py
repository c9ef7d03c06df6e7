"""Trials and periods of subscriptions: how one ends and the next one begins, and what is invoiced for it."""
from . import invoices, lines, subscriptions
from .items import period_of
from .objects import copy_of, save


def set_trial(world, subscription, moment, prorate):
    """It is, or stays, a trial until then; what was paid for the rest of a period is given back."""
    now, data = world.now(), []
    was_trial = subscription['status'] == 'trialing'
    credits = [] if was_trial or not prorate else [
        row for item in subscription['items']['data'] if (row := lines.credit(world, item, now))]
    if credits:
        subscriptions.keep_lines(world, subscription['id'], credits)
    start = subscription['trial_start'] if was_trial else now
    for item in subscription['items']['data']:
        data.append({**item, 'current_period_start': start, 'current_period_end': moment, 'billed_until': moment})
    ending = {'cancel_at': moment} if subscription['cancel_at_period_end'] else {}
    return subscriptions.change(
        world, subscription, status='trialing', trial_start=start, trial_end=moment, billing_cycle_anchor=moment,
        items={**subscription['items'], 'data': data}, **ending)


def finish_trial(world, subscription, moment, is_early=False):
    """With a card it goes on; without one it does what it was told to."""
    behavior = subscription['trial_settings']['end_behavior']['missing_payment_method']
    holder = world.get('customers', subscription['customer'])
    if subscription['default_payment_method'] or behavior == 'create_invoice' \
            or holder['invoice_settings']['default_payment_method']:
        return end_trial(world, subscription, moment, is_early)
    if behavior == 'cancel':
        return subscriptions.cancel(world, subscription, None)
    new = subscriptions.change(world, subscription, status='paused', trial_end=moment)
    world.emit('customer.subscription.paused', new)
    return new


def end_trial(world, subscription, moment, is_early=False):
    """The first period that is paid for begins. Early, its invoice is tried at once; else after an hour as a draft."""
    save(world, 'last_period', {'id': subscription['id'], 'start': subscription['trial_start']})
    data = [_renewed(item, moment, moment) for item in subscription['items']['data']]
    return renew(world, subscription, data, 'subscription_update' if is_early else 'subscription_cycle', is_early,
                 status='active', trial_end=moment, billing_cycle_anchor=moment)


def begin_again(world, subscription):
    """A paused one: a new period, whose invoice has to be paid first."""
    now = world.now()
    data = [_renewed(item, now, now) for item in subscription['items']['data']]
    return renew(world, subscription, data, 'subscription_update', True, billing_cycle_anchor=now)


def credit_rest(world, subscription, invoice_now):
    """What was paid for the time after the end, as credit."""
    now = world.now()
    rows = [row for item in subscription['items']['data'] if (row := lines.credit(world, item, now))]
    if rows and invoice_now:
        invoice = invoices.new_invoice(world, subscription, rows, 'subscription_update', now, automatically_finalizes_at=None)
        invoices.finalize(world, invoice, next_payment_attempt=None)


def _renewed(item, anchor, moment):
    start, end = period_of(item['price'], anchor, moment)
    return {**item, 'current_period_start': start, 'current_period_end': end, 'billed_until': end}


def renew(world, subscription, data, reason, is_at_once=False, **values):
    """An invoice for the items whose period is new, and the subscription that names it."""
    values['items'] = {**subscription['items'], 'data': data}
    ahead = {**subscription, **values}
    old = {item['id']: _period(item) for item in subscription['items']['data']}
    rows = subscriptions.take_pending_lines(world, subscription['id'])
    rows += [lines.of_period(world, item) for item in data if _period(item) != old.get(item['id'])]
    invoice = invoices.new_invoice(world, ahead, rows, reason)
    subscription = subscriptions.change(world, subscription, **values, latest_invoice=invoice['id'])
    return _collect(world, subscription, invoice, is_at_once)


def _period(item):
    return item['current_period_start'], item['current_period_end']


def _collect(world, subscription, invoice, is_at_once):
    pause = subscription['pause_collection']
    if pause or subscription['status'] == 'unpaid':
        _hold_invoice(world, invoice, pause and pause['behavior'])
        return subscription
    if is_at_once:
        invoice = invoices.finalize(world, invoice, next_payment_attempt=None)
        if invoice['status'] == 'open':
            subscriptions.pay(world, invoice, on_session=True, is_retried=True)
        else:
            subscriptions.follow(world, invoice)
    return copy_of(world, 'subscriptions', subscription['id'])


def _hold_invoice(world, invoice, behavior):
    """While collection is paused, or after Stripe gave up on it."""
    invoice = {**invoice, 'auto_advance': False, 'automatically_finalizes_at': None, 'next_payment_attempt': None}
    save(world, 'invoices', invoice)
    if behavior in ('void', 'mark_uncollectible'):
        invoices.void(world, invoices.finalize(world, invoice) if invoice['amount_due'] else invoice,
                      'void' if behavior == 'void' else 'uncollectible')
