"""Lines of invoices: of a period, of a trial, and of a change in the middle of a period."""
from datetime import datetime, timezone

from .objects import save
from .proration import share

SIGNS = {'eur': '€', 'usd': '$', 'gbp': '£', 'mxn': 'MX$', 'clp': 'CLP '}
NO_DECIMALS = ('bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf', 'ugx', 'vnd', 'vuv', 'xaf', 'xof', 'xpf')
THREE_DECIMALS = ('bhd', 'jod', 'kwd', 'omr', 'tnd')


def places(currency):
    return 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2


def money(amount, currency):
    """As on a page: €29.00."""
    digits = places(currency)
    text = f'{abs(amount) / 10 ** digits:,.{digits}f}'
    return f'{"-" if amount < 0 else ""}{SIGNS.get(currency, currency.upper() + " ")}{text}'


def day(moment):
    return datetime.fromtimestamp(moment, timezone.utc).strftime('%-d %b %Y')


def name_of(world, price):
    product = world.get('products', price['product'])
    return product['name'] if product else price['product']


def interval_of(price):
    each = price['recurring']
    return each['interval'] if each['interval_count'] == 1 else f'{each["interval_count"]} {each["interval"]}s'


def amount_of(price, quantity):
    return (price['unit_amount'] or 0) * quantity


def line(world, item, amount, start, end, words, is_proration=False, credited=None):
    """One line that belongs to a subscription's item."""
    price, key = item['price'], world.new_id('il')
    details = {'invoice_item': world.new_id('ii') if is_proration else None, 'proration': is_proration,
               'proration_details': {'credited_items': credited} if credited else None,
               'subscription': item['subscription'], 'subscription_item': item['id']}
    return {
        'id': key, 'object': 'line_item', 'amount': amount, 'currency': price['currency'], 'description': words,
        'discount_amounts': [], 'discountable': not is_proration, 'discounts': [], 'invoice': None, 'livemode': world.livemode,
        'metadata': {}, 'parent': {'invoice_item_details': None, 'subscription_item_details': details,
                                   'type': 'subscription_item_details'},
        'period': {'start': start, 'end': end}, 'pretax_credit_amounts': [],
        'pricing': {'price_details': {'price': price['id'], 'product': price['product']}, 'type': 'price_details',
                    'unit_amount_decimal': str(price['unit_amount'] or 0)},
        'quantity': item['quantity'], 'quantity_decimal': str(item['quantity']), 'subscription': item['subscription'],
        'subtotal': amount, 'taxes': []}


def of_period(world, item, is_trial=False):
    """What an item costs for its current period."""
    name, price, count = name_of(world, item['price']), item['price'], item['quantity']
    each = f'{money(price["unit_amount"] or 0, price["currency"])} / {interval_of(price)}'
    words = f'Trial period for {name}' if is_trial else f'{count} × {name} (at {each})'
    amount = 0 if is_trial else amount_of(price, count)
    return line(world, item, amount, item['current_period_start'], item['current_period_end'], words)


def credit(world, item, at):
    """What was paid for the rest of the period: of what was really billed, as flexible billing does."""
    billed = world.get('billed', item['id'])
    if not billed or not billed['amount']:
        return None
    amount = share(billed['amount'], billed['start'], billed['end'], at)
    name = name_of(world, world.get('prices', billed['price']) or item['price'])
    count = f'{billed["quantity"]} × ' if billed['quantity'] > 1 else ''
    found = line(world, item, -amount, at, billed['end'], f'Unused time on {count}{name} after {day(at)}', True,
                 {'invoice': billed['invoice'], 'invoice_line_items': [billed['line']]})
    return _priced(found, world.get('prices', billed['price']) or item['price'], billed['quantity'])


def _priced(found, price, quantity):
    """A credit names the price it gives back, not the one that came after it."""
    found['pricing'] = {**found['pricing'], 'unit_amount_decimal': str(price['unit_amount'] or 0),
                        'price_details': {'price': price['id'], 'product': price['product']}}
    return {**found, 'quantity': quantity, 'quantity_decimal': str(quantity)}


def debit(world, item, at):
    """What the rest of the period costs from now on."""
    start, end = item['current_period_start'], item['current_period_end']
    amount = share(amount_of(item['price'], item['quantity']), start, end, at)
    count = f'{item["quantity"]} × ' if item['quantity'] > 1 else ''
    return line(world, item, amount, at, end, f'Remaining time on {count}{name_of(world, item["price"])} after {day(at)}',
                True)


def remember_billed(world, invoice):
    """What each item has been billed, from when to when: a later credit is a part of this."""
    for row in invoice['lines']['data']:
        details, period = (row['parent'] or {}).get('subscription_item_details'), row['period']
        if not details or row['amount'] < 0:
            continue
        save(world, 'billed', {
            'id': details['subscription_item'], 'amount': row['amount'], 'start': period['start'], 'end': period['end'],
            'line': row['id'], 'invoice': invoice['id'], 'price': row['pricing']['price_details']['price'],
            'quantity': row['quantity']})
