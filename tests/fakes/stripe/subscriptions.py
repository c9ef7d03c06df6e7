"""What happens to a subscription: it begins, is changed, is paid for or not, ends."""
from . import discounts, invoices, lines, payments
from .items import compute, new_item, period_of
from .objects import copy_of, emit_change, listing, save

OVER = ('canceled', 'incomplete_expired')
HOURS_TO_PAY = 23 * 3600        # of a first invoice, and of a pending update
UPDATED = 'customer.subscription.updated'


# -- beginning --------------------------------------------------------------------------------------------------------
def build(world, customer, rows, trial_end=None, metadata=None, **values):
    """Kept, not told of. ``rows``: price, quantity, metadata of each item."""
    key, now = world.new_id('sub'), world.now()
    anchor = trial_end or now
    subscription = {
        'id': key, 'object': 'subscription', 'application': None, 'application_fee_percent': None,
        'automatic_tax': {'disabled_reason': None, 'enabled': False, 'liability': None}, 'billing_cycle_anchor': anchor,
        'billing_cycle_anchor_config': None, 'billing_mode': {
            'flexible': {'proration_discounts': 'included'}, 'type': 'flexible', 'updated_at': now},
        'billing_schedules': [], 'billing_thresholds': None, 'cancel_at': None, 'cancel_at_period_end': False,
        'canceled_at': None,
        'cancellation_details': {'comment': None, 'feedback': None, 'reason': None},
        'collection_method': 'charge_automatically', 'created': now, 'currency': rows[0]['price']['currency'],
        'customer': customer, 'customer_account': None, 'days_until_due': None, 'default_payment_method': None,
        'default_source': None, 'default_tax_rates': [], 'description': None, 'discounts': [], 'ended_at': None,
        'invoice_settings': {'account_tax_ids': None, 'issuer': {'type': 'self'}}, 'items': None,
        'latest_invoice': None, 'livemode': world.livemode, 'managed_payments': None,
        'metadata': metadata or {}, 'presentment_details': None, 'status_details': None,
        'next_pending_invoice_item_invoice': None,
        'on_behalf_of': None, 'pause_collection': None, 'payment_settings': {
            'payment_method_options': None, 'payment_method_types': None, 'save_default_payment_method': 'off'},
        'pending_invoice_item_interval': None, 'pending_setup_intent': None, 'pending_update': None, 'schedule': None,
        'start_date': now, 'status': 'trialing' if trial_end else 'incomplete', 'test_clock': None, 'transfer_data': None,
        'trial_end': trial_end, 'trial_settings': {'end_behavior': {'missing_payment_method': 'create_invoice'}},
        'trial_start': now if trial_end else None, **values}
    data = [_first_item(world, subscription, row) for row in rows]
    subscription['items'] = listing(data, f'/v1/subscription_items?subscription={key}')
    return save(world, 'subscriptions', subscription)


def _first_item(world, subscription, row):
    now, trial_end = world.now(), subscription['trial_end']
    start, end = (now, trial_end) if trial_end else period_of(row['price'], now, now)
    return new_item(world, subscription['id'], row['price'], row.get('quantity', 1), start, end, row.get('metadata'))


def begin(world, subscription, method=None, is_attempted=True, **how):
    """Its first invoice, tried at once. (subscription, invoice) afterwards."""
    is_trial = subscription['status'] == 'trialing'
    rows = [lines.of_period(world, item, is_trial) for item in subscription['items']['data']]
    invoice = invoices.new_invoice(world, subscription, rows, 'subscription_create', automatically_finalizes_at=None)
    invoice = invoices.finalize(world, invoice, next_payment_attempt=None)
    subscription = save(world, 'subscriptions', {**subscription, 'latest_invoice': invoice['id']})
    if invoice['status'] == 'open' and is_attempted:
        invoice = invoices.attempt(world, invoice, method, **how)
    if invoice['status'] == 'paid' and not is_trial:
        subscription = save(world, 'subscriptions', {**subscription, 'status': 'active'})
    world.emit('customer.subscription.created', subscription)
    return subscription, invoice


def add_discount(world, subscription, coupon, code=None):
    discount = discounts.new_discount(world, subscription['customer'], subscription['id'], coupon, code)
    return save(world, 'subscriptions', {**subscription, 'discounts': [*subscription['discounts'], discount['id']]})


# -- money arrived, or not --------------------------------------------------------------------------------------------
def pay(world, invoice, method=None, **how):
    """Try an open invoice and let its subscription follow. ``how``: as ``invoices.attempt`` takes it."""
    return follow(world, invoices.attempt(world, invoice, method, **how))


def follow(world, invoice):
    """The subscription after its invoice was paid or refused."""
    subscription = invoices.subscription_of(world, invoice)
    if not subscription or subscription['status'] in OVER:
        return invoice
    if invoice['status'] == 'paid':
        _after_payment(world, subscription, invoice)
    elif invoice['status'] == 'open' and invoice['attempted']:
        _after_refusal(world, subscription, invoice)
    return invoice


def _after_payment(world, subscription, invoice):
    waiting = world.get('pending_updates', subscription['id'])
    if waiting and waiting['invoice'] == invoice['id']:
        subscription = apply_pending(world, subscription, waiting)
    owed = [row for row in invoices.of_subscription(world, subscription['id'], 'open')
            if not waiting or row['id'] != waiting['invoice']]
    is_latest = invoice['id'] == subscription['latest_invoice']
    if subscription['status'] in ('incomplete', 'past_due', 'unpaid', 'paused') and (is_latest or not owed):
        new = change(world, subscription, status='active')
        if subscription['status'] == 'paused':
            world.emit('customer.subscription.resumed', new)


def _after_refusal(world, subscription, invoice):
    waiting = world.get('pending_updates', subscription['id'])
    if waiting and waiting['invoice'] == invoice['id']:
        return
    if subscription['status'] in ('active', 'trialing'):
        subscription = change(world, subscription, status='past_due')
    if invoices.is_given_up(world, invoice) and subscription['status'] == 'past_due':
        if world.setting('dunning_ends') == 'cancel':
            cancel(world, subscription, 'payment_failed')
        else:
            change(world, subscription, status='unpaid')


def after_void(world, invoice):
    """Nothing is owed any longer: what was only late for this goes on; what never began ends."""
    subscription = invoices.subscription_of(world, invoice)
    if not subscription or subscription['status'] not in ('incomplete', 'past_due', 'unpaid'):
        return
    if subscription['status'] == 'incomplete':
        change(world, subscription, status='incomplete_expired', ended_at=world.now())
    elif not invoices.of_subscription(world, subscription['id'], 'open'):
        change(world, subscription, status='active')


# -- changing ---------------------------------------------------------------------------------------------------------
def change(world, subscription, **values):
    """Write and tell; nothing is told where nothing changes."""
    new = save(world, 'subscriptions', {**subscription, **values})
    return emit_change(world, UPDATED, subscription, new)


def change_items(world, subscription, wanted, at, proration, behavior, values, anew=False):
    """``wanted`` rows as in ``items.compute``; ``values``: what else the request sets. The subscription afterwards.

    :raises payments.Declined: ``error_if_incomplete``
    """
    found = compute(world, subscription, wanted, at, proration != 'none', anew)
    values = {**values, 'items': {**subscription['items'], 'data': found.items, 'total_count': len(found.items)}}
    if found.renewed:
        values['billing_cycle_anchor'] = at
        if values.get('cancel_at_period_end', subscription['cancel_at_period_end']):
            values['cancel_at'] = min(item['current_period_end'] for item in found.items)
    if found.lines and (proration == 'always_invoice' or found.renewed):
        return _invoice_change(world, subscription, found.lines, at, behavior, values)
    if found.lines:
        keep_lines(world, subscription['id'], found.lines)
    return change(world, subscription, **values)


def pending_lines(world, key):
    return (copy_of(world, 'pending_lines', key) or {}).get('rows', [])


def keep_lines(world, key, rows):
    """For the next invoice."""
    save(world, 'pending_lines', {'id': key, 'rows': [*pending_lines(world, key), *rows]})


def take_pending_lines(world, key):
    rows = pending_lines(world, key)
    if rows:
        save(world, 'pending_lines', {'id': key, 'rows': []})
    return rows


def _invoice_change(world, subscription, rows, at, behavior, values):
    forget_pending(world, subscription)
    subscription = copy_of(world, 'subscriptions', subscription['id'])
    rows = [*take_pending_lines(world, subscription['id']), *rows]
    before = _billed(world, subscription)
    invoice = invoices.new_invoice(world, subscription, rows, 'subscription_update', at, automatically_finalizes_at=None)
    invoice = invoices.finalize(world, invoice, next_payment_attempt=None)
    if invoice['status'] == 'open':
        invoice = invoices.attempt(world, invoice, on_session=True, is_retried=behavior == 'allow_incomplete')
    values['latest_invoice'] = invoice['id']
    if invoice['status'] == 'paid':
        return change(world, subscription, **values)
    if behavior == 'error_if_incomplete':
        raise declined(world, invoice)
    if behavior == 'pending_if_incomplete':
        return _hold_back(world, subscription, invoice, values, before)
    return change(world, subscription, **values, status='past_due')


def declined(world, invoice):
    """The bank's answer to an invoice, as an exception."""
    intent = invoices.intent_of(world, invoice)
    error = intent and intent['last_payment_error']
    return payments.Declined(error['decline_code'] if error else 'authentication_required' if intent else 'generic_decline')


# -- a change that waits for its payment ------------------------------------------------------------------------------
def _billed(world, subscription):
    return {item['id']: world.get('billed', item['id']) for item in subscription['items']['data']}


def _set_billed(world, rows):
    for key, row in rows.items():
        if row:
            save(world, 'billed', row)
        else:
            world.remove('billed', key)


def _hold_back(world, subscription, invoice, values, billed):
    """Everything stays as it was until the invoice is paid, for 23 hours."""
    later = {item['id']: world.get('billed', item['id']) for item in values['items']['data']}
    _set_billed(world, billed)
    expires = world.now() + HOURS_TO_PAY
    save(world, 'pending_updates', {
        'id': subscription['id'], 'invoice': invoice['id'], 'values': values, 'expires_at': expires, 'billed': later})
    return change(world, subscription, latest_invoice=invoice['id'], pending_update={
        'billing_cycle_anchor': values.get('billing_cycle_anchor'), 'discounts': None, 'expires_at': expires,
        'subscription_items': values['items']['data'], 'trial_end': values.get('trial_end'), 'trial_from_plan': None})


def apply_pending(world, subscription, waiting):
    world.remove('pending_updates', subscription['id'])
    _set_billed(world, waiting['billed'])
    new = change(world, subscription, **waiting['values'], pending_update=None)
    world.emit('customer.subscription.pending_update_applied', new)
    return new


def forget_pending(world, subscription, kind=None):
    """Its invoice is void. ``kind``: of the event, where it ran out by itself."""
    waiting = world.get('pending_updates', subscription['id'])
    if not waiting:
        return
    world.remove('pending_updates', subscription['id'])
    invoice = copy_of(world, 'invoices', waiting['invoice'])
    if invoice['status'] == 'open':
        invoices.void(world, invoice)
    new = change(world, copy_of(world, 'subscriptions', subscription['id']), pending_update=None)
    if kind:
        world.emit(kind, new)


# -- the end -----------------------------------------------------------------------------------------------------------
def end(world, key):
    """At once, as when its customer is deleted."""
    return cancel(world, copy_of(world, 'subscriptions', key), 'cancellation_requested')


def cancel(world, subscription, reason, moment=None, **details):
    """Over. Open invoices stay owed, as at Stripe, and are tried no more."""
    forget_pending(world, subscription)
    subscription = copy_of(world, 'subscriptions', subscription['id'])
    moment = moment or world.now()
    for invoice in invoices.of_subscription(world, subscription['id'], 'open', 'draft'):
        invoices.update(world, invoice, auto_advance=False, next_payment_attempt=None, automatically_finalizes_at=None)
    was_planned = subscription['canceled_at'] and (subscription['cancel_at'] or subscription['cancel_at_period_end'])
    new = save(world, 'subscriptions', {
        **subscription, 'status': 'canceled', 'ended_at': moment,
        'canceled_at': subscription['canceled_at'] if was_planned else moment,
        'cancellation_details': {**subscription['cancellation_details'], 'reason': reason, **details}})
    world.emit('customer.subscription.deleted', new)
    return new
