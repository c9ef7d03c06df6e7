"""What requests about subscriptions say, checked as Stripe checks it."""
from . import errors


def checked_price(world, params, required=False, currency=''):
    """The price that is named there; None where none is."""
    params.ignore('tax_rates', 'billing_thresholds', 'discounts', 'clear_usage')
    key, param = params.text('price') or params.text('plan'), params.param('price')
    if not key:
        if required:
            raise errors.missing(param)
        return None
    price = world.need('prices', key, param)
    if not price['active']:
        raise errors.invalid('The price specified is inactive. This field only accepts active prices.', param, 'price_inactive')
    if not price['recurring']:
        raise errors.invalid('The price specified is set to `type=one_time` but this field only accepts prices with '
                             '`type=recurring`.', param)
    if currency and price['currency'] != currency:
        raise errors.invalid(f'The price specified only supports `{price["currency"]}`. This doesn\'t match the expected '
                             f'currency: `{currency}`.', param)
    return price


def one_currency(world, customer, currency):
    """A customer has one currency as long as something of it is open."""
    other = next((row['currency'] for row in world.all('subscriptions', customer=customer['id'])
                  if row['status'] not in ('canceled', 'incomplete_expired') and row['currency'] != currency), None)
    if other:
        raise errors.invalid('You cannot combine currencies on a single customer. This customer has an active subscription, '
                             f'subscription schedule, discount, quote, or invoice item with currency {other}.')


def first_items(call):
    """Rows of a new subscription."""
    rows, currency = [], ''
    for params in call.subs('items', required=True):
        price = checked_price(call.world, params, required=True, currency=currency)
        currency = price['currency']
        rows.append({'price': price, 'quantity': params.number('quantity', default=1, least=0),
                     'metadata': params.metadata()})
    if not rows:
        raise errors.missing('items')
    _check_twice([row['price']['id'] for row in rows], 'items')
    return rows


def changed_items(call, subscription, name='items'):
    """Rows for ``items.compute``: what the request wants of the items there are, and new ones."""
    existing = {item['id']: item for item in subscription['items']['data']}
    rows = [_changed_item(call.world, params, existing, subscription['currency']) for params in call.subs(name)]
    left = {key: item['price']['id'] for key, item in existing.items()}
    for index, row in enumerate(rows):
        key = row.get('id') or f'new {index}'
        if row.get('deleted'):
            left.pop(key, None)
        elif row.get('price'):
            left[key] = row['price']['id']
    _check_twice(list(left.values()), name)
    if not left:
        raise errors.invalid('A subscription must have at least one active plan. To cancel a subscription, please use the '
                             'cancel API endpoint on subscriptions.', name)
    return rows


def _changed_item(world, params, existing, currency):
    key, deleted = params.text('id'), params.flag('deleted', default=False)
    price = checked_price(world, params, currency=currency)
    row = {'deleted': deleted, 'metadata': params.metadata() if params.has('metadata') else None}
    if key:
        if key not in existing:
            raise errors.invalid(f'The subscription item: `{key}` does not exist on the subscription.', params.param('id'),
                                 'resource_missing')
        row['id'] = key
    elif not price:
        raise errors.missing(params.param('price'))
    if price:
        row['price'] = price
    if params.has('quantity'):
        row['quantity'] = params.number('quantity', least=0)
    return row


def _check_twice(prices, param):
    twice = [price for price in prices if prices.count(price) > 1]
    if twice:
        raise errors.invalid(f'Cannot add multiple subscription items with the same plan: {twice[0]}', param)


def proration_date(call, subscription):
    """The moment a change counts from; within the period."""
    now = call.world.now()
    moment = call.moment('proration_date', default=now)
    start = min(item['current_period_start'] for item in subscription['items']['data'])
    end = max(item['current_period_end'] for item in subscription['items']['data'])
    if call.has('proration_date') and not start <= moment <= end:
        raise errors.invalid('Invalid proration_date: it must be within the current billing period of the subscription.',
                             call.param('proration_date'))
    return moment
