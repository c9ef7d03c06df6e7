"""Subscriptions as the API takes and gives them."""
from . import errors, lists, payments, periods, subscriptions
from .answers import page
from .life import period_end
from .objects import copy_of, save
from .routes import route
from .subscription_params import changed_items, first_items, one_currency, proration_date

BEHAVIORS = ('allow_incomplete', 'default_incomplete', 'error_if_incomplete', 'pending_if_incomplete')
PRORATIONS = ('always_invoice', 'create_prorations', 'none')
FEEDBACK = ('customer_service', 'low_quality', 'missing_features', 'other', 'switched_service', 'too_complex', 'too_expensive',
            'unused')
STATUSES = ('active', 'all', 'canceled', 'ended', 'incomplete', 'incomplete_expired', 'past_due', 'paused', 'trialing', 'unpaid')
NO_EFFECT = ('collection_method', 'days_until_due', 'payment_settings', 'billing_mode', 'off_session', 'invoice_settings',
             'currency', 'transfer_data', 'default_tax_rates', 'application_fee_percent', 'pending_invoice_item_interval')
MAY_WAIT = {'items', 'payment_behavior', 'proration_behavior', 'proration_date', 'expand', 'metadata', 'trial_end',
            'billing_cycle_anchor', 'cancel_at_period_end', 'discounts', 'off_session', 'trial_from_plan'}
DAY = 86400


@route('POST', '/v1/subscriptions')
def create_subscription(call):
    world, customer = call.world, call.text('customer', required=True)
    holder = world.need('customers', customer, 'customer')
    call.ignore(*NO_EFFECT, 'proration_behavior', 'trial_from_plan')
    behavior = call.choice('payment_behavior', BEHAVIORS, default='allow_incomplete')
    rows, trial_end = first_items(call), _first_trial_end(call)
    one_currency(world, holder, rows[0]['price']['currency'])
    values = _plain_values(call, customer, {'metadata': {}})
    method = values.get('default_payment_method') or holder['invoice_settings']['default_payment_method']
    due = any((row['price']['unit_amount'] or 0) * row['quantity'] for row in rows) and not trial_end
    if due and not method and behavior != 'default_incomplete':
        raise no_card()
    subscription = subscriptions.build(world, customer, rows, trial_end, **values)
    subscription = _with_discounts(call, subscription)
    if call.flag('cancel_at_period_end', default=False):
        subscription = save(world, 'subscriptions', {**subscription, **planned_end(world, subscription, at_period_end=True)})
    subscription, invoice = subscriptions.begin(
        world, subscription, method, behavior != 'default_incomplete', on_session=True)
    if invoice['status'] != 'paid' and behavior == 'error_if_incomplete':
        raise refused(subscriptions.declined(world, invoice), keeps=False)
    return subscription


def no_card():
    return errors.invalid('This customer has no attached payment source or default payment method. Please consider adding a '
                          'default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/'
                          'payment-methods-setting.', code='resource_missing')


def refused(declined, keeps=True, **more):
    return errors.ApiError(402, declined.words, declined.error, kind='card_error', keeps=keeps,
                           decline_code=declined.code, **more)


def _first_trial_end(call):
    days, moment = call.number('trial_period_days', least=1, most=730), call.moment('trial_end', now=0)
    if days and moment:
        raise errors.invalid('You cannot specify both `trial_end` and `trial_period_days`.', 'trial_end')
    if moment and moment <= call.world.now():
        raise errors.invalid('Invalid timestamp: can be no earlier than the present', 'trial_end')
    return call.world.now() + days * DAY if days else moment or None


def _plain_values(call, customer, old):
    """What is simply written."""
    values = call.given(description=call.text)
    if call.has('default_payment_method'):
        key = values['default_payment_method'] = call.text('default_payment_method')
        if key and (call.world.get('payment_methods', key) or {}).get('customer') != customer:
            raise errors.invalid(f'The customer does not have a payment method with the ID {key}. The payment method must be '
                                 'attached to the customer.', 'default_payment_method', 'resource_missing')
    if call.has('trial_settings'):
        behavior = call.sub('trial_settings').sub('end_behavior').choice(
            'missing_payment_method', ('cancel', 'create_invoice', 'pause'), required=True)
        values['trial_settings'] = {'end_behavior': {'missing_payment_method': behavior}}
    if call.has('automatic_tax'):
        tax = call.sub('automatic_tax')
        tax.ignore('liability')
        values['automatic_tax'] = {'disabled_reason': None, 'enabled': tax.flag('enabled', required=True), 'liability': None}
    return {**values, 'metadata': call.metadata(old['metadata'])}


def _with_discounts(call, subscription):
    if not call.has('discounts'):
        return subscription
    subscription = save(call.world, 'subscriptions', {**subscription, 'discounts': []})
    for row in call.subs('discounts'):
        key = row.text('promotion_code')
        code = call.world.need('promotion_codes', key, row.param('promotion_code')) if key else None
        coupon = code['promotion']['coupon'] if code else row.text('coupon', required=True)
        call.world.need('coupons', coupon, row.param('coupon'))
        subscription = subscriptions.add_discount(call.world, subscription, coupon, key)
    return subscription


# -- reading ----------------------------------------------------------------------------------------------------------
@route('GET', '/v1/subscriptions')
def list_subscriptions(call):
    rows = call.world.all('subscriptions', **call.given(
        customer=call.text, collection_method=call.text, test_clock=call.text))
    status = call.choice('status', STATUSES)
    if status in (None, 'ended'):
        rows = [row for row in rows if (row['status'] in subscriptions.OVER) == (status == 'ended')]
    elif status != 'all':
        rows = [row for row in rows if row['status'] == status]
    price = call.text('price') or call.text('plan')
    if price:
        rows = [row for row in rows if any(item['price']['id'] == price for item in row['items']['data'])]
    return page(call, lists.within(call, rows))


@route('GET', '/v1/subscriptions/search')
def search_subscriptions(call):
    return lists.search(call, call.world.all('subscriptions'), ('created', 'canceled_at', 'status'))


@route('GET', '/v1/subscriptions/{key}')
def get_subscription(call, key):
    return call.world.need('subscriptions', key)


# -- changing ---------------------------------------------------------------------------------------------------------
@route('POST', '/v1/subscriptions/{key}')
def update_subscription(call, key):
    world, old = call.world, call.world.need('subscriptions', key)
    call.ignore(*NO_EFFECT, 'trial_from_plan')
    _check_is_alive(call, old)
    behavior = call.choice('payment_behavior', BEHAVIORS, default='allow_incomplete')
    proration = call.choice('proration_behavior', PRORATIONS, default='create_prorations')
    _check_may_wait(call, behavior)
    values = {**_plain_values(call, old['customer'], old), **_ending(call, old), **_pause(call)}
    at = proration_date(call, old)
    subscription = _with_discounts(call, old)
    anew = call.choice('billing_cycle_anchor', ('now', 'unchanged')) == 'now'
    rows = changed_items(call, old)
    if rows or anew:
        subscription = change_items(world, subscription, rows, at, proration, behavior, values, anew)
    else:
        subscription = subscriptions.change(world, subscription, **values)
    return _change_trial(call, subscription, proration)


def change_items(world, subscription, rows, at, proration, behavior, values, anew=False):
    try:
        return subscriptions.change_items(world, subscription, rows, at, proration, behavior, values, anew)
    except payments.Declined as declined:
        raise refused(declined, keeps=False) from None


def _check_is_alive(call, old):
    if old['status'] in subscriptions.OVER and set(call.params) - {'metadata', 'cancellation_details', 'expand'}:
        raise errors.invalid('A canceled subscription can only update its cancellation_details and metadata.')


def _check_may_wait(call, behavior):
    other = set(call.params) - MAY_WAIT
    if behavior == 'pending_if_incomplete' and other:
        name = sorted(other)[0]
        raise errors.invalid('When `payment_behavior` is set to `pending_if_incomplete`, the parameter '
                             f'`{name}` cannot be passed.', name)


def planned_end(world, subscription, at_period_end=False, moment=None):
    """The values of a subscription that will end; of one that goes on where neither is given."""
    details = subscription['cancellation_details']
    if not at_period_end and not moment:
        return {'cancel_at': None, 'cancel_at_period_end': False, 'canceled_at': None,
                'cancellation_details': {'comment': None, 'feedback': None, 'reason': None}}
    return {'cancel_at': period_end(subscription) if at_period_end else moment, 'cancel_at_period_end': at_period_end,
            'canceled_at': world.now(), 'cancellation_details': {**details, 'reason': 'cancellation_requested'}}


def _ending(call, old):
    values, world = {}, call.world
    if call.has('cancel_at'):
        values = planned_end(world, old, moment=_cancel_at(call, old))
    if call.has('cancel_at_period_end'):
        if values.get('cancel_at'):
            raise errors.invalid('You may only pass one of `cancel_at` and `cancel_at_period_end`.', 'cancel_at')
        values = planned_end(world, old, at_period_end=call.flag('cancel_at_period_end'))
    if call.has('cancellation_details'):
        details = values.get('cancellation_details', old['cancellation_details'])
        values['cancellation_details'] = {**details, **_details(call)}
    return values


def _cancel_at(call, old):
    word = call.params['cancel_at']
    if word in ('min_period_end', 'max_period_end', 'max_billed_until'):
        call.ignore('cancel_at')
        ends = [item['current_period_end'] for item in old['items']['data']]
        return min(ends) if word == 'min_period_end' else max(ends)
    moment = call.moment('cancel_at')
    if moment and moment <= call.world.now():
        raise errors.invalid('Invalid timestamp: can be no earlier than the present', 'cancel_at')
    return moment


def _details(call):
    details = call.sub('cancellation_details')
    values = details.given(comment=details.text)
    if details.has('feedback'):
        values['feedback'] = details.choice('feedback', FEEDBACK)
    return values


def _pause(call):
    if not call.has('pause_collection'):
        return {}
    pause = call.sub('pause_collection')
    if not pause:
        return {'pause_collection': None}
    moment = pause.moment('resumes_at')
    if moment and moment <= call.world.now():
        raise errors.invalid('Invalid timestamp: can be no earlier than the present', 'pause_collection[resumes_at]')
    return {'pause_collection': {'resumes_at': moment, 'behavior': pause.choice(
        'behavior', ('keep_as_draft', 'mark_uncollectible', 'void'), required=True)}}


def _change_trial(call, subscription, proration):
    world, now = call.world, call.world.now()
    moment = call.moment('trial_end', now=now)
    if moment is None or subscription['status'] in subscriptions.OVER:
        return subscription
    if moment < now:
        raise errors.invalid('Invalid timestamp: can be no earlier than the present', 'trial_end')
    if moment > now:
        return periods.set_trial(world, subscription, moment, proration != 'none')
    if subscription['status'] != 'trialing':
        return subscription
    return periods.finish_trial(world, subscription, now, is_early=True)


@route('DELETE', '/v1/subscriptions/{key}')
def cancel_subscription(call, key):
    world, subscription = call.world, call.world.need('subscriptions', key)
    if subscription['status'] in subscriptions.OVER:
        raise errors.no_such('subscription', key)
    prorate, invoice_now = call.flag('prorate', default=False), call.flag('invoice_now', default=False)
    if prorate:
        periods.credit_rest(world, subscription, invoice_now)
    return subscriptions.cancel(world, copy_of(world, 'subscriptions', key), 'cancellation_requested', **_details(call))


@route('POST', '/v1/subscriptions/{key}/resume')
def resume_subscription(call, key):
    world, old = call.world, call.world.need('subscriptions', key)
    if old['status'] != 'paused':
        raise errors.invalid(f'The subscription cannot be resumed because its status is `{old["status"]}`; only `paused` '
                             'subscriptions can be.')
    call.choice('billing_cycle_anchor', ('now', 'unchanged'), default='now')
    call.ignore('payment_behavior', 'proration_behavior', 'proration_date')
    periods.begin_again(world, old)
    return copy_of(world, 'subscriptions', key)


# -- its cancellation as a customer does it ----------------------------------------------------------------------------
def cancel_by_customer(world, subscription, immediately, **details):
    """The portal of flexible billing sets ``cancel_at``, and not ``cancel_at_period_end``."""
    if immediately:
        return subscriptions.cancel(world, subscription, 'cancellation_requested', **details)
    values = planned_end(world, subscription, moment=period_end(subscription))
    values['cancellation_details'] = {**values['cancellation_details'], **details}
    return subscriptions.change(world, subscription, **values)


def keep_by_customer(world, subscription):
    return subscriptions.change(world, subscription, **planned_end(world, subscription))


