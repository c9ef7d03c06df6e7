"""Invoices as the API gives them, and what may be done to them."""
from . import answers, errors, invoices, lists, payments, previews, subscriptions
from .expand import includes
from .objects import copy_of
from .routes import route
from .subscription_params import changed_items, first_items, proration_date
from .subscription_routes import PRORATIONS, refused

KEY = '/v1/invoices/{key}'


@route('POST', '/v1/invoices')
def create_invoice(call):
    """Of what waits for the subscription's next invoice."""
    world = call.world
    customer, key = call.text('customer', required=True), call.text('subscription')
    world.need('customers', customer, 'customer')
    call.ignore('collection_method', 'days_until_due', 'pending_invoice_items_behavior', 'currency', 'due_date')
    rows = subscriptions.take_pending_lines(world, key) if key else []
    if not rows:
        raise errors.invalid('Nothing to invoice for subscription', code='invoice_no_subscription_line_items')
    advance = call.flag('auto_advance', default=True)
    return invoices.new_invoice(
        world, world.need('subscriptions', key, 'subscription'), rows, 'manual', auto_advance=advance,
        metadata=call.metadata(), description=call.text('description'))


@route('GET', '/v1/invoices')
def list_invoices(call):
    rows = call.world.all('invoices', **call.given(customer=call.text, status=call.text, collection_method=call.text))
    key = call.text('subscription')
    if key:
        rows = [row for row in rows if _subscription(row) == key]
    for name in ('created', 'due_date'):
        rows = lists.within(call, rows, name)
    return answers.page(call, rows)


def _subscription(row):
    return ((row['parent'] or {}).get('subscription_details') or {}).get('subscription')


@route('GET', KEY)
def get_invoice(call, key):
    return call.world.need('invoices', key)


@route('GET', KEY + '/lines')
def list_lines(call, key):
    return answers.page(call, list(reversed(call.world.need('invoices', key)['lines']['data'])))


@route('POST', KEY)
def update_invoice(call, key):
    old = call.world.need('invoices', key)
    values = call.given(description=call.text, footer=call.text, auto_advance=call.flag, default_payment_method=call.text)
    return invoices.update(call.world, old, **values, metadata=call.metadata(old['metadata']))


@route('POST', KEY + '/finalize')
def finalize_invoice(call, key):
    invoice = call.world.need('invoices', key)
    if invoice['status'] != 'draft':
        raise errors.invalid('This invoice is already finalized, you can\'t re-finalize a non-draft invoice.')
    advance = call.flag('auto_advance', default=invoice['auto_advance'])
    invoice = invoices.finalize(call.world, invoice, auto_advance=advance,
                                next_payment_attempt=call.world.now() + invoices.DRAFT_SECONDS if advance else None)
    return subscriptions.follow(call.world, invoice)


@route('POST', KEY + '/pay')
def pay_invoice(call, key):
    world, invoice = call.world, call.world.need('invoices', key)
    _check_is_payable(invoice)
    call.ignore('forgive', 'mandate', 'source')
    off_session, method = call.flag('off_session', default=True), call.text('payment_method')
    if method:
        world.need('payment_methods', method, 'payment_method')
    if invoice['status'] == 'draft':
        invoice = invoices.finalize(world, invoice, next_payment_attempt=None)
    if call.flag('paid_out_of_band', default=False):
        return subscriptions.follow(world, invoices.paid_elsewhere(world, invoice))
    return invoice if invoice['status'] == 'paid' else _paid(world, invoice, method, off_session)


def _paid(world, invoice, method, off_session):
    if not method and not payments.method_for(world, invoice, invoices.subscription_of(world, invoice)):
        raise errors.invalid('There is no `default_payment_method` set on this Customer or Invoice. Please set a '
                             '`default_payment_method` prior to attempting payment.', code='resource_missing')
    invoice = subscriptions.pay(world, invoice, method, on_session=not off_session)
    if invoice['status'] == 'paid':
        return copy_of(world, 'invoices', invoice['id'])
    intent = invoices.intent_of(world, invoice)
    if intent['status'] == 'requires_action':
        raise errors.ApiError(402, 'This payment requires additional user action before it can be completed successfully. '
                                   'Payment can be completed using the PaymentIntent associated with subscription.',
                              'invoice_payment_intent_requires_action', kind='card_error', keeps=True)
    raise refused(subscriptions.declined(world, invoice), payment_intent=intent)


def _check_is_payable(invoice):
    if invoice['status'] == 'paid':
        raise errors.invalid('Invoice is already paid', code='invoice_already_paid')
    if invoice['status'] == 'void':
        raise errors.invalid('This invoice can no longer be paid: it has been voided.', code='invoice_not_editable')


@route('POST', KEY + '/void')
def void_invoice(call, key):
    invoice = call.world.need('invoices', key)
    if invoice['status'] not in ('open', 'uncollectible'):
        raise errors.invalid(f'You can only pass in open or uncollectible invoices. This invoice isn\'t: {invoice["status"]}.')
    invoice = invoices.void(call.world, invoice)
    subscriptions.after_void(call.world, invoice)
    return invoice


@route('POST', KEY + '/mark_uncollectible')
def give_up_invoice(call, key):
    invoice = call.world.need('invoices', key)
    if invoice['status'] not in ('open', 'draft'):
        raise errors.invalid('You can only mark an invoice with status `open` as uncollectible.')
    invoice = invoices.void(call.world, invoice, 'uncollectible')
    subscriptions.after_void(call.world, invoice)
    return invoice


# -- payments ---------------------------------------------------------------------------------------------------------
@includes('invoice', 'payments')
def payments_of(world, invoice):
    return answers.listed(invoices.payments_of(world, invoice), f'/v1/invoices/{invoice["id"]}/payments')


@includes('invoice', 'confirmation_secret')
def secret_of(world, invoice):
    intent = invoices.intent_of(world, invoice)
    return intent and {'client_secret': intent['client_secret'], 'type': 'payment_intent'}


@route('GET', '/v1/invoice_payments')
def list_payments(call):
    rows = call.world.all('invoice_payments', **call.given(invoice=call.text, status=call.text))
    payment = call.sub('payment')
    payment.choice('type', ('payment_intent', 'charge', 'payment_record'))
    if payment.has('payment_intent'):
        key = payment.text('payment_intent')
        rows = [row for row in rows if row['payment']['payment_intent'] == key]
    return answers.page(call, lists.within(call, rows))


@route('GET', '/v1/invoice_payments/{key}')
def get_payment(call, key):
    return call.world.need('invoice_payments', key)


# -- previews ---------------------------------------------------------------------------------------------------------
@route('POST', '/v1/invoices/create_preview')
def create_preview(call):
    """Nothing of it stays."""
    world = call.world
    call.ignore('automatic_tax', 'currency', 'customer_details', 'discounts', 'issuer', 'on_behalf_of')
    key, details = call.text('subscription'), call.sub('subscription_details')
    is_recurring = call.choice('preview_mode', ('next', 'recurring'), default='next') == 'recurring'
    details.ignore('billing_mode', 'default_tax_rates', 'metadata', 'start_date')
    details.world = world
    if not key:
        return _preview_of_new(call, details)
    call.ignore('customer')
    subscription = world.need('subscriptions', key, 'subscription')
    if subscription['status'] in subscriptions.OVER:
        raise errors.invalid('You cannot preview the upcoming invoice for a canceled subscription.', code='invoice_upcoming_none')
    return _preview(call, subscription, details, is_recurring)


def _preview(call, subscription, details, is_recurring):
    world = call.world
    details.ignore('cancel_at')
    rows = changed_items(details, subscription)
    at, proration = proration_date(details, subscription), details.choice('proration_behavior', PRORATIONS,
                                                                           default='create_prorations')
    anew = details.choice('billing_cycle_anchor', ('now', 'unchanged')) == 'now'
    is_ending = details.flag('cancel_at_period_end', default=subscription['cancel_at_period_end'])
    if details.flag('cancel_now', default=False):
        return previews.of_end(world, subscription, at, proration)
    trial_end = details.moment('trial_end', now=world.now())
    if trial_end and trial_end <= world.now() and subscription['status'] == 'trialing':
        return previews.of_trial_end(world, subscription, world.now(), rows)
    if rows or anew:
        return previews.of_change(world, subscription, rows, at, 'none' if is_recurring else proration, anew, is_recurring)
    if is_ending or subscription['cancel_at']:
        raise errors.ApiError(404, f'No upcoming invoices for customer: {subscription["customer"]}', 'invoice_upcoming_none')
    return previews.upcoming(world, subscription, is_recurring=is_recurring)


class _Seen(Exception):
    pass


def _preview_of_new(call, details):
    world, customer = call.world, call.text('customer', required=True)
    world.need('customers', customer, 'customer')
    rows, found = first_items(details), []
    try:
        with world.transaction():
            subscription = subscriptions.build(world, customer, rows, details.moment('trial_end'))
            found.append(previews.of_new(world, subscription))
            raise _Seen
    except _Seen:
        return found[0]
