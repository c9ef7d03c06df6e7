"""Coupons, and the promotion codes by which customers ask for them."""
import secrets

from . import answers, errors, lists
from .catalogue import currency_of
from .routes import route

LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
DURATIONS = ('forever', 'once', 'repeating')


@route('POST', '/v1/coupons')
def create_coupon(call):
    world, key = call.world, call.text('id') or _letters()
    if world.get('coupons', key):
        raise errors.invalid('Coupon already exists.', 'id', 'resource_already_exists')
    percent = call.text('percent_off')
    amount = call.number('amount_off', least=1)
    if (percent is None) == (amount is None):
        raise errors.invalid('Must provide percent_off or amount_off when creating a coupon, and only one of them.',
                             'percent_off')
    duration = call.choice('duration', DURATIONS, default='once')
    row = world.put('coupons', key, {
        'id': key, 'object': 'coupon', 'amount_off': amount, 'created': world.now(),
        'currency': currency_of(call, 'currency') if amount else None, 'duration': duration,
        'duration_in_months': call.number('duration_in_months', required=duration == 'repeating', least=1),
        'livemode': world.livemode, 'max_redemptions': call.number('max_redemptions', least=1),
        'metadata': call.metadata(),
        'name': call.text('name', longest=40), 'percent_off': _percent(percent), 'redeem_by': call.moment('redeem_by'),
        'times_redeemed': 0, 'valid': True})
    world.emit('coupon.created', row)
    return row


def _percent(text):
    try:
        percent = None if text is None else float(text)
    except ValueError:
        percent = 0
    if percent is not None and not 0 < percent <= 100:
        raise errors.invalid('Invalid decimal: percent_off must be greater than 0 and at most 100', 'percent_off')
    return percent


def _letters():
    return ''.join(secrets.choice(LETTERS) for _i in range(8))


@route('GET', '/v1/coupons')
def list_coupons(call):
    return answers.page(call, lists.within(call, call.world.all('coupons')))


@route('GET', '/v1/coupons/{key}')
def get_coupon(call, key):
    return call.world.need('coupons', key)


@route('POST', '/v1/coupons/{key}')
def change_coupon(call, key):
    old = call.world.need('coupons', key)
    values = {**call.given(name=call.text), 'metadata': call.metadata(old['metadata'])}
    return call.world.change('coupons', key, values, event='coupon.updated')


@route('DELETE', '/v1/coupons/{key}')
def delete_coupon(call, key):
    """Whoever has it keeps it; nobody gets it any more."""
    row = call.world.change('coupons', key, {'valid': False})
    for code in call.world.all('promotion_codes', active=True):
        if code['promotion']['coupon'] == key:
            call.world.change('promotion_codes', code['id'], {'active': False}, event='promotion_code.updated')
    call.world.emit('coupon.deleted', row)
    return answers.deleted(row)


# -- promotion codes --------------------------------------------------------------------------------------------------
@route('POST', '/v1/promotion_codes')
def create_promotion_code(call):
    world, promotion, limits = call.world, call.sub('promotion', required=True), call.sub('restrictions')
    promotion.choice('type', ('coupon',), required=True)
    coupon = world.need('coupons', promotion.text('coupon', required=True), 'promotion[coupon]')
    code, customer = (call.text('code') or _letters()).upper(), call.text('customer')
    if any(row['code'] == code and row['active'] for row in world.all('promotion_codes')):
        raise errors.invalid('An active promotion code with `code: ' + code + '` already exists.', 'code')
    if customer:
        world.need('customers', customer, 'customer')
    key = world.new_id('promo')
    row = world.put('promotion_codes', key, {
        'id': key, 'object': 'promotion_code', 'active': call.flag('active', default=True) and coupon['valid'], 'code': code,
        'created': world.now(), 'customer': customer, 'customer_account': None, 'expires_at': call.moment('expires_at'),
        'livemode': world.livemode, 'max_redemptions': call.number('max_redemptions', least=1),
        'metadata': call.metadata(),
        'promotion': {'coupon': coupon['id'], 'type': 'coupon'}, 'times_redeemed': 0, 'restrictions': {
            'first_time_transaction': limits.flag('first_time_transaction', default=False),
            'minimum_amount': limits.number('minimum_amount', least=1), 'minimum_amount_currency': limits.text(
                'minimum_amount_currency')}})
    world.emit('promotion_code.created', row)
    return row


@route('GET', '/v1/promotion_codes')
def list_promotion_codes(call):
    rows = call.world.all('promotion_codes', **call.given(active=call.flag, customer=call.text))
    if call.has('code'):
        code = (call.text('code') or '').upper()
        rows = [row for row in rows if row['code'] == code]
    if call.has('coupon'):
        coupon = call.text('coupon')
        rows = [row for row in rows if row['promotion']['coupon'] == coupon]
    return answers.page(call, lists.within(call, rows))


@route('GET', '/v1/promotion_codes/{key}')
def get_promotion_code(call, key):
    return call.world.need('promotion_codes', key)


@route('POST', '/v1/promotion_codes/{key}')
def change_promotion_code(call, key):
    old = call.world.need('promotion_codes', key)
    values = {**call.given(active=call.flag), 'metadata': call.metadata(old['metadata'])}
    return call.world.change('promotion_codes', key, values, event='promotion_code.updated')
