"""Coupons, the promotion codes a customer types in, and what they take off an invoice."""
from .objects import save
from .proration import percent_of


def code_of(world, text):
    """The active promotion code of these letters, or None."""
    found = [row for row in world.all('promotion_codes', active=True) if row['code'].upper() == text.strip().upper()
             and not (row['expires_at'] and row['expires_at'] <= world.now())]
    return found[0] if found else None


def new_discount(world, customer, subscription, coupon, code=None):
    return save(world, 'discounts', {
        'id': world.new_id('di'), 'object': 'discount', 'checkout_session': None, 'customer': customer,
        'customer_account': None, 'end': None, 'invoice': None, 'invoice_item': None, 'promotion_code': code,
        'source': {'coupon': coupon, 'type': 'coupon'}, 'start': world.now(), 'subscription': subscription,
        'subscription_item': None})


def amount_of(coupon, subtotal):
    if subtotal <= 0:
        return 0
    if coupon['percent_off']:
        return percent_of(subtotal, coupon['percent_off'])
    return min(coupon['amount_off'] or 0, subtotal)


def amounts(world, keys, subtotal, moment):
    """Rows of ``total_discount_amounts``. Coupons of one invoice or of some months end by themselves."""
    found = []
    for key in keys:
        discount = world.get('discounts', key)
        coupon = discount and world.get('coupons', discount['source']['coupon'])
        if coupon and _holds(coupon, discount, moment):
            found.append({'amount': amount_of(coupon, subtotal), 'discount': key})
            subtotal -= found[-1]['amount']
    return found


def _holds(coupon, discount, moment):
    if coupon['duration'] == 'once':
        return moment - discount['start'] < 3600
    if coupon['duration'] == 'repeating':
        return moment - discount['start'] < (coupon['duration_in_months'] or 1) * 30.5 * 86400
    return True
