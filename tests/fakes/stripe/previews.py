"""Invoices that are not made: the next one, and what a change would cost."""
from . import invoices, lines
from .items import compute, period_of


def upcoming(world, subscription, proration_date=None, more=(), is_recurring=False):
    """The next regular invoice. ``more``: prorations of a change, before the items of the next period."""
    ahead, first = next_period(world, subscription)
    rows = [] if is_recurring else [*_pending(world, subscription), *more]
    rows += [lines.of_period(world, item) for item in ahead['items']['data'] if item['current_period_start'] == first]
    invoice = invoices.build(world, ahead, rows, 'upcoming', proration_date, key=world.new_id('upcoming_in'))
    return {**invoice, 'next_payment_attempt': first + invoices.DRAFT_SECONDS, 'created': first,
            'period_start': min(item['current_period_start'] for item in subscription['items']['data']),
            'period_end': first}


def next_period(world, subscription):
    """(the subscription as it will be, the moment its next period begins)"""
    items = subscription['items']['data']
    first = min(item['current_period_end'] for item in items)
    anchor = first if subscription['status'] == 'trialing' else subscription['billing_cycle_anchor']
    data = []
    for item in items:
        if item['current_period_end'] == first:
            start, end = period_of(item['price'], anchor, first)
            item = {**item, 'current_period_start': start, 'current_period_end': end}
        data.append(item)
    return {**subscription, 'items': {**subscription['items'], 'data': data}}, first


def _pending(world, subscription):
    kept = world.get('pending_lines', subscription['id'])
    return kept['rows'] if kept else []


def of_change(world, subscription, wanted, at, proration, anew=False, is_recurring=False):
    """What ``change_items`` would invoice at once, or else the next invoice with the change in it."""
    found = compute(world, subscription, wanted, at, proration != 'none', anew)
    ahead = {**subscription, 'items': {**subscription['items'], 'data': found.items}}
    if found.renewed:
        ahead['billing_cycle_anchor'] = at
    if found.lines and (proration == 'always_invoice' or found.renewed) and not is_recurring:
        rows = [*_pending(world, subscription), *found.lines]
        invoice = invoices.build(world, ahead, rows, 'subscription_update', at, key=world.new_id('upcoming_in'))
        return {**invoice, 'period_start': at, 'period_end': at}
    return upcoming(world, ahead, at if found.lines else None, found.lines, is_recurring)


def of_end(world, subscription, at, proration):
    """Ending at once: what would be given back."""
    rows = [] if proration == 'none' else [
        row for item in subscription['items']['data'] if (row := lines.credit(world, item, at))]
    return invoices.build(world, subscription, [*_pending(world, subscription), *rows], 'upcoming', at,
                          key=world.new_id('upcoming_in'))


def of_new(world, subscription):
    rows = [lines.of_period(world, item, subscription['status'] == 'trialing') for item in subscription['items']['data']]
    return invoices.build(world, subscription, rows, 'upcoming', key=world.new_id('upcoming_in'))


def of_trial_end(world, subscription, at, wanted=()):
    """Ending the trial at once: the first period that is paid for."""
    data = []
    for item in compute(world, subscription, wanted, at, False).items:
        start, end = period_of(item['price'], at, at)
        data.append({**item, 'current_period_start': start, 'current_period_end': end})
    ahead = {**subscription, 'status': 'active', 'items': {**subscription['items'], 'data': data}}
    rows = [lines.of_period(world, item) for item in data]
    return invoices.build(world, ahead, rows, 'subscription_update', key=world.new_id('upcoming_in'))
