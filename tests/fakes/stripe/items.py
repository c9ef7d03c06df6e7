"""Items of subscriptions: what a request asks for, and what it changes."""
import copy
from dataclasses import dataclass, field

from . import lines
from .proration import period_at


@dataclass
class Change:
    """``items`` afterwards; ``lines`` of the proration; ``renewed``: the period begins anew, ``anchor`` with it."""

    items: list
    lines: list = field(default_factory=list)
    renewed: bool = False
    changed: bool = False


def new_item(world, subscription, price, quantity, start, end, metadata=None):
    return {
        'id': world.new_id('si'), 'object': 'subscription_item', 'billed_until': end, 'billing_thresholds': None,
        'created': world.now(), 'current_period_start': start, 'current_period_end': end, 'discounts': [],
        'metadata': metadata or {}, 'plan': plan_of(price), 'price': price, 'quantity': quantity,
        'subscription': subscription, 'tax_rates': []}


def plan_of(price):
    """The older form of a price, still part of every item."""
    each = price['recurring']
    return {
        'id': price['id'], 'object': 'plan', 'active': price['active'], 'amount': price['unit_amount'],
        'amount_decimal': str(price['unit_amount']), 'billing_scheme': 'per_unit', 'created': price['created'],
        'currency': price['currency'], 'interval': each['interval'], 'interval_count': each['interval_count'],
        'livemode': price['livemode'], 'metadata': price['metadata'], 'meter': None, 'nickname': price['nickname'],
        'product': price['product'], 'tiers_mode': None, 'transform_usage': None, 'trial_period_days': None,
        'usage_type': 'licensed'}


def period_of(price, anchor, at):
    each = price['recurring']
    return period_at(anchor, each['interval'], each['interval_count'], at)


def is_same_interval(one, other):
    return all(one['recurring'][name] == other['recurring'][name] for name in ('interval', 'interval_count'))


def compute(world, subscription, wanted, at, prorate, anew=False):
    """What ``wanted`` (checked rows: id, price, quantity, deleted, metadata) makes of the subscription at this moment.

    :param anew: the billing cycle begins at this moment
    """
    items = copy.deepcopy(subscription['items']['data'])
    change = Change(items)
    is_free = subscription['status'] == 'trialing'
    for row in wanted:
        if row.get('id'):
            _change_item(world, change, row, at, prorate and not is_free)
        else:
            _add_item(world, change, subscription, row, at, prorate and not is_free)
    if anew and not is_free:
        _begin_anew(world, change, subscription, at, prorate)
    if is_free:
        _keep_in_trial(change, subscription)
    return change


def _change_item(world, change, row, at, prorate):
    item = next(item for item in change.items if item['id'] == row['id'])
    price, quantity = row.get('price') or item['price'], row.get('quantity', item['quantity'])
    if row.get('metadata') is not None:
        item['metadata'] = {**item['metadata'], **row['metadata']}
    if row.get('deleted'):
        _credit(world, change, item, at, prorate)
        change.items.remove(item)
        change.changed = True
        return
    if price['id'] == item['price']['id'] and quantity == item['quantity']:
        return
    change.changed = True
    _credit(world, change, item, at, prorate)
    other_period = not is_same_interval(price, item['price'])
    item.update(price=price, plan=plan_of(price), quantity=quantity)
    if other_period:
        start, end = period_of(price, at, at)
        item.update(current_period_start=start, current_period_end=end, billed_until=end)
        change.renewed = True
        change.lines.append(lines.of_period(world, item))
    elif prorate:
        change.lines.append(lines.debit(world, item, at))


def _add_item(world, change, subscription, row, at, prorate):
    price = row['price']
    beside = next((item for item in change.items if is_same_interval(item['price'], price)), None)
    start, end = ((beside['current_period_start'], beside['current_period_end']) if beside
                  else period_of(price, subscription['billing_cycle_anchor'], at))
    item = new_item(world, subscription['id'], price, row.get('quantity', 1), start, end, row.get('metadata'))
    change.items.append(item)
    change.changed = True
    if prorate:
        change.lines.append(lines.debit(world, item, at))


def _begin_anew(world, change, subscription, at, prorate):
    """What is left of the old periods is given back, the new ones are whole."""
    old = {item['id']: item for item in subscription['items']['data']}
    change.lines, change.renewed = [], True
    for item in old.values():
        _credit(world, change, item, at, prorate)
    for item in change.items:
        start, end = period_of(item['price'], at, at)
        item.update(current_period_start=start, current_period_end=end, billed_until=end)
        change.lines.append(lines.of_period(world, item))


def _credit(world, change, item, at, prorate):
    found = prorate and lines.credit(world, item, at)
    if found:
        change.lines.append(found)


def _keep_in_trial(change, subscription):
    """During a trial nothing is charged and the period is the trial."""
    change.lines, change.renewed = [], False
    for item in change.items:
        item.update(current_period_start=subscription['trial_start'], current_period_end=subscription['trial_end'],
                    billed_until=subscription['trial_end'])
