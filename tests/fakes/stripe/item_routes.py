"""Items of subscriptions, one by one."""
from . import answers, errors
from .routes import route
from .subscription_params import checked_price, proration_date
from .subscription_routes import BEHAVIORS, PRORATIONS, change_items


@route('POST', '/v1/subscription_items')
def create_item(call):
    subscription = call.world.need('subscriptions', call.text('subscription', required=True), 'subscription')
    price = checked_price(call.world, call, required=True, currency=subscription['currency'])
    if any(item['price']['id'] == price['id'] for item in subscription['items']['data']):
        raise errors.invalid(f'Cannot add multiple subscription items with the same plan: {price["id"]}', 'price')
    before = {item['id'] for item in subscription['items']['data']}
    new = _change(call, subscription, {'price': price, 'quantity': call.number('quantity', default=1, least=0),
                                       'metadata': call.metadata()})
    return next((item for item in new['items']['data'] if item['id'] not in before), None) or _waiting(new, before)


def _waiting(subscription, before):
    return next(item for item in subscription['pending_update']['subscription_items'] if item['id'] not in before)


def _change(call, subscription, row):
    call.ignore('off_session')
    return change_items(
        call.world, subscription, [row], proration_date(call, subscription),
        call.choice('proration_behavior', PRORATIONS, default='create_prorations'),
        call.choice('payment_behavior', BEHAVIORS, default='allow_incomplete'), {})


@route('GET', '/v1/subscription_items')
def list_items(call):
    subscription = call.world.need('subscriptions', call.text('subscription', required=True), 'subscription')
    return answers.page(call, subscription['items']['data'])


def _found(call, key):
    """(subscription, item)"""
    for subscription in call.world.all('subscriptions'):
        for item in subscription['items']['data']:
            if item['id'] == key:
                return call.world.get('subscriptions', subscription['id']), item
    raise errors.no_such('subscription_item', key)


@route('GET', '/v1/subscription_items/{key}')
def get_item(call, key):
    return _found(call, key)[1]


@route('POST', '/v1/subscription_items/{key}')
def update_item(call, key):
    subscription, item = _found(call, key)
    row = {'id': key, 'metadata': call.metadata(item['metadata'])}
    price = checked_price(call.world, call, currency=subscription['currency'])
    if price:
        row['price'] = price
    if call.has('quantity'):
        row['quantity'] = call.number('quantity', least=0)
    new = _change(call, subscription, row)
    return next(item for item in new['items']['data'] if item['id'] == key)


@route('DELETE', '/v1/subscription_items/{key}')
def delete_item(call, key):
    subscription, item = _found(call, key)
    call.ignore('clear_usage')
    if len(subscription['items']['data']) == 1:
        raise errors.invalid('A subscription must have at least one active plan. To cancel a subscription, please use the cancel '
                             'API endpoint on subscriptions.')
    _change(call, subscription, {'id': key, 'deleted': True})
    return answers.deleted(item)
