"""Products and prices. What a price costs never changes: another price is made instead."""
from decimal import Decimal, InvalidOperation

from . import answers, errors, lists
from .routes import route

INTERVALS = {'day': 1095, 'week': 156, 'month': 36, 'year': 3}      # and the most of them, three years


# -- products ---------------------------------------------------------------------------------------------------------
@route('POST', '/v1/products')
def create_product(call):
    key = call.text('id') or call.world.new_id('prod', 14)
    if call.world.get('products', key):
        raise errors.invalid('Product already exists.', 'id', 'resource_already_exists')
    values = _product_values(call, required=True)
    product = new_product(call.world, key, **values)
    price = call.sub('default_price_data')
    if price:
        product['default_price'] = new_price(call.world, price, key)['id']
        call.world.put('products', key, product)
    return product


def new_product(world, key, **values):
    row = world.put('products', key, {
        'id': key, 'object': 'product', 'active': True, 'created': world.now(), 'default_price': None, 'description': None,
        'images': [], 'livemode': world.livemode, 'marketing_features': [], 'metadata': {}, 'package_dimensions': None,
        'shippable': None, 'statement_descriptor': None, 'tax_code': None, 'type': 'service', 'unit_label': None,
        'updated': world.now(), 'url': None, **values})
    world.emit('product.created', row)
    return row


def _product_values(call, old=None, required=False):
    call.ignore('type', 'package_dimensions', 'tax_details')
    values = call.given(active=call.flag, description=call.text, shippable=call.flag, images=call.texts, url=call.text,
                        statement_descriptor=call.text, tax_code=call.text, unit_label=call.text)
    if required or call.has('name'):
        values['name'] = call.text('name', required=True)
    if call.has('marketing_features'):
        values['marketing_features'] = [
            {'name': part.text('name', required=True)} for part in call.subs('marketing_features')]
    return {**values, 'metadata': call.metadata(old and old['metadata'])}


@route('GET', '/v1/products')
def list_products(call):
    rows = call.world.all('products', **call.given(active=call.flag, shippable=call.flag, url=call.text, type=call.text))
    if call.has('ids'):
        wanted = call.texts('ids')
        rows = [row for row in rows if row['id'] in wanted]
    return answers.page(call, lists.within(call, rows))


@route('GET', '/v1/products/{key}')
def get_product(call, key):
    return call.world.need('products', key)


@route('POST', '/v1/products/{key}')
def change_product(call, key):
    values = _product_values(call, call.world.need('products', key))
    if call.has('default_price'):
        price = call.text('default_price')
        if price and call.world.need('prices', price, 'default_price')['product'] != key:
            raise errors.invalid('The price specified belongs to another product.', 'default_price')
        values['default_price'] = price
    return call.world.change('products', key, {**values, 'updated': call.world.now()}, event='product.updated')


@route('DELETE', '/v1/products/{key}')
def delete_product(call, key):
    row = call.world.need('products', key)
    if call.world.all('prices', product=key):
        raise errors.invalid('This product cannot be deleted because it has one or more user-created prices.', 'id')
    call.world.remove('products', key)
    call.world.emit('product.deleted', row)
    return answers.deleted(row)


# -- prices -----------------------------------------------------------------------------------------------------------
@route('POST', '/v1/prices')
def create_price(call):
    product = call.text('product')
    if product:
        call.world.need('products', product, 'product')
        return new_price(call.world, call, product)
    data = call.sub('product_data', required=not call.has('product'))
    key = call.world.new_id('prod', 14)
    new_product(call.world, key, name=data.text('name', required=True), metadata=data.metadata(),
                **data.given(active=data.flag, unit_label=data.text, statement_descriptor=data.text, tax_code=data.text))
    return new_price(call.world, call, key)


def new_price(world, params, product):
    """A price of what the parameters say: of a call for prices, or the price_data of another one."""
    currency = currency_of(params, 'currency')
    amount, decimal = _amount(params)
    key = world.new_id('price')
    row = world.put('prices', key, {
        'id': key, 'object': 'price', 'active': params.flag('active', default=True),
        'billing_scheme': params.choice('billing_scheme', ('per_unit',), default='per_unit'), 'created': world.now(),
        'currency': currency, 'custom_unit_amount': None, 'livemode': world.livemode,
        'lookup_key': _lookup_key(world, params), 'metadata': params.metadata(), 'nickname': params.text('nickname'),
        'product': product, 'recurring': _recurring(params.sub('recurring')),
        'tax_behavior': _tax_behavior(params) or 'unspecified', 'tiers_mode': None, 'transform_quantity': None,
        'type': 'recurring' if params.has('recurring') else 'one_time', 'unit_amount': amount,
        'unit_amount_decimal': decimal})
    world.emit('price.created', row)
    return row


def currency_of(params, name):
    currency = params.text(name, required=True).lower()
    if not (len(currency) == 3 and currency.isalpha()):
        raise errors.invalid(f'Invalid currency: {currency}. Stripe currently supports these currencies: usd, eur, mxn …',
                             params.param(name))
    return currency


def _amount(params):
    """(unit_amount, unit_amount_decimal): either may be given; the first is empty where it is no whole number."""
    if params.has('unit_amount_decimal'):
        if params.has('unit_amount'):
            raise errors.invalid('You may only specify one of these parameters: unit_amount, unit_amount_decimal.')
        text = params.text('unit_amount_decimal', required=True)
        try:
            amount = Decimal(text)
        except InvalidOperation:
            raise errors.invalid(f'Invalid decimal: {text}', params.param('unit_amount_decimal')) from None
        return (int(amount) if amount == int(amount) else None), text
    if not params.has('unit_amount'):
        raise errors.invalid('Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.')
    amount = params.number('unit_amount', required=True, least=0, most=99_999_999_999)
    return amount, str(amount)


def _recurring(params):
    if not params:
        return None
    interval = params.choice('interval', tuple(INTERVALS), required=True)
    params.choice('usage_type', ('licensed',))
    return {'interval': interval, 'meter': None, 'trial_period_days': None, 'usage_type': 'licensed',
            'interval_count': params.number('interval_count', default=1, least=1, most=INTERVALS[interval])}


def _tax_behavior(params):
    return params.choice('tax_behavior', ('inclusive', 'exclusive', 'unspecified'))


def _lookup_key(world, params, own=''):
    """Unique among active prices; ``transfer_lookup_key`` takes it from the one that has it."""
    key, transfer = params.text('lookup_key', longest=200), params.flag('transfer_lookup_key')
    for other in world.all('prices', lookup_key=key) if key else ():
        if other['id'] == own:
            continue
        if not transfer:
            raise errors.invalid(f'A price (`{other["id"]}`) already uses that lookup key.', 'lookup_key')
        world.change('prices', other['id'], {'lookup_key': None}, event='price.updated')
    return key


@route('GET', '/v1/prices')
def list_prices(call):
    rows = call.world.all('prices', **call.given(active=call.flag, currency=call.text, product=call.text, type=call.text))
    if call.has('lookup_keys'):
        wanted = call.texts('lookup_keys')
        rows = [row for row in rows if row['lookup_key'] in wanted]
    recurring = call.sub('recurring')
    for name, value in recurring.given(interval=recurring.text, usage_type=recurring.text).items():
        rows = [row for row in rows if row['recurring'] and row['recurring'][name] == value]
    return answers.page(call, lists.within(call, rows))


@route('GET', '/v1/prices/{key}')
def get_price(call, key):
    return call.world.need('prices', key)


@route('POST', '/v1/prices/{key}')
def change_price(call, key):
    """Neither amount nor currency, interval or product: those are unknown parameters here, as at Stripe."""
    world, old = call.world, call.world.need('prices', key)
    values = {**call.given(active=call.flag, nickname=call.text), 'metadata': call.metadata(old['metadata'])}
    if call.has('lookup_key'):
        values['lookup_key'] = _lookup_key(world, call, key)
    if call.has('tax_behavior'):
        values['tax_behavior'] = _tax_behavior(call)
        if old['tax_behavior'] not in ('unspecified', values['tax_behavior']):
            raise errors.invalid('You cannot change `tax_behavior` after it has been set to `exclusive` or `inclusive`.',
                                 'tax_behavior')
    if values.get('active') is False and world.all('products', default_price=key):
        raise errors.invalid('This price cannot be archived because it is the default price of its product.', 'active')
    return world.change('prices', key, values, event='price.updated')
