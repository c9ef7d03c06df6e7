"""Invoices: from draft to paid, void or given up, with the events of each step."""
from . import discounts, lines, payments
from .objects import copy_of, emit_change, listing, save
from .proration import share

DRAFT_SECONDS = 3600
DAY = 86400
DUNNING_DAYS = [3, 5, 7]


# -- making -----------------------------------------------------------------------------------------------------------
def new_invoice(world, subscription, rows, reason, proration_date=None, **values):
    """A draft, told of."""
    invoice = build(world, subscription, rows, reason, proration_date, **values)
    save(world, 'invoices', invoice)
    known = world.get('invoices_of', subscription['id']) or {'id': subscription['id'], 'invoices': []}
    save(world, 'invoices_of', {**known, 'invoices': [*known['invoices'], invoice['id']]})
    world.emit('invoice.created', invoice)
    return invoice


def build(world, subscription, rows, reason, proration_date=None, key=None, **values):
    """The same without keeping it: previews."""
    key = key or world.new_id('in')
    customer = world.get('customers', subscription['customer'])
    for row in rows:
        row['invoice'] = key
    start, end = _period(world, subscription, reason)
    invoice = {
        'id': key, 'object': 'invoice', 'account_country': world.setting('country'),
        'account_name': world.setting('business_name'), 'account_tax_ids': None, 'amount_overpaid': 0,
        'amount_paid': 0, 'amount_paid_off_stripe': 0, 'amount_shipping': 0, 'application': None,
        'attempt_count': 0, 'attempted': False, 'auto_advance': True,
        'automatic_tax': {**subscription['automatic_tax'], 'provider': None, 'status': None},
        'automatically_finalizes_at': world.now() + DRAFT_SECONDS, 'billing_reason': reason,
        'collection_method': 'charge_automatically', 'created': world.now(), 'currency': subscription['currency'],
        'custom_fields': None, 'customer': subscription['customer'], 'customer_account': None,
        'customer_address': customer['address'], 'customer_email': customer['email'], 'customer_name': customer['name'],
        'customer_phone': customer['phone'], 'customer_shipping': None, 'customer_tax_exempt': 'none',
        'customer_tax_ids': [], 'default_payment_method': None, 'default_source': None, 'default_tax_rates': [],
        'description': None, 'discounts': list(subscription['discounts']), 'due_date': None, 'effective_at': None,
        'ending_balance': None, 'footer': None, 'from_invoice': None, 'hosted_invoice_url': None, 'invoice_pdf': None,
        'issuer': {'type': 'self'}, 'last_finalization_error': None, 'latest_revision': None,
        'lines': listing(rows, f'/v1/invoices/{key}/lines'), 'livemode': world.livemode, 'metadata': {},
        'next_payment_attempt': world.now() + DRAFT_SECONDS, 'number': None, 'on_behalf_of': None,
        'parent': {'quote_details': None, 'type': 'subscription_details', 'subscription_details': {
            'metadata': subscription['metadata'], 'subscription': subscription['id'],
            **({'subscription_proration_date': proration_date} if proration_date else {})}},
        'payment_settings': {'default_mandate': None, 'payment_method_options': None, 'payment_method_types': None},
        'period_end': end, 'period_start': start, 'post_payment_credit_notes_amount': 0,
        'pre_payment_credit_notes_amount': 0, 'receipt_number': None, 'rendering': None, 'shipping_cost': None,
        'shipping_details': None, 'starting_balance': customer.get('balance') or 0, 'statement_descriptor': None,
        'status': 'draft', 'status_transitions': {'finalized_at': None, 'marked_uncollectible_at': None, 'paid_at': None,
                                                  'voided_at': None},
        'test_clock': None, 'threshold_reason': None, 'webhooks_delivered_at': None, **values}
    return _sum(world, invoice)


def _period(world, subscription, reason):
    """Of an invoice itself: the period before it, as at Stripe; that of a first invoice is an instant."""
    if reason in ('subscription_cycle',):
        first = min(subscription['items']['data'], key=lambda item: item['current_period_end'])
        last = world.get('last_period', subscription['id'])
        return (last or {}).get('start', subscription['start_date']), first['current_period_start']
    return world.now(), world.now()


def _sum(world, invoice):
    """Discounts, taxes, totals and what is left to pay after the customer's balance."""
    rows = invoice['lines']['data']
    invoice['subtotal'] = sum(row['amount'] for row in rows)
    taken = discounts.amounts(world, invoice['discounts'], invoice['subtotal'], invoice['created'])
    invoice['total_discount_amounts'] = taken
    net = invoice['subtotal'] - sum(row['amount'] for row in taken)
    tax, inclusive = _tax(world, invoice, net)
    invoice['total_taxes'] = [{
        'amount': tax, 'tax_behavior': 'inclusive' if inclusive else 'exclusive', 'tax_rate_details': None,
        'taxability_reason': 'standard_rated', 'taxable_amount': net - tax if inclusive else net,
        'type': 'tax_rate_details'}] if tax else []
    invoice['total'] = net if inclusive else net + tax
    invoice['total_excluding_tax'] = invoice['total'] - tax
    invoice['subtotal_excluding_tax'] = invoice['subtotal'] - (tax if inclusive else 0)
    invoice['total_pretax_credit_amounts'] = []
    invoice['amount_due'] = max(invoice['total'] + invoice['starting_balance'], 0)
    invoice['amount_remaining'] = invoice['amount_due']
    return invoice


def _tax(world, invoice, net):
    percent = world.setting('tax_percent') or 0
    if not invoice['automatic_tax']['enabled'] or not percent:
        return 0, False
    invoice['automatic_tax']['status'] = 'complete'
    first = next((row for row in invoice['lines']['data'] if row.get('pricing')), None)
    price = first and world.get('prices', first['pricing']['price_details']['price'])
    if price and price.get('tax_behavior') == 'inclusive':
        return net - share(net, 0, 100 + percent, percent), True
    return share(net, 0, 100, 100 - percent), False


# -- the steps --------------------------------------------------------------------------------------------------------
def finalize(world, invoice, **values):
    """Open, with a number; paid at once where nothing is due."""
    number = _next_number(world, invoice['customer'])
    ending = min(invoice['starting_balance'] + invoice['total'], 0)
    url = world.url(f'/i/{invoice["id"]}')
    invoice = {**invoice, 'status': 'open', 'number': number, 'effective_at': world.now(), 'ending_balance': ending,
               'hosted_invoice_url': url, 'invoice_pdf': f'{url}/pdf', 'automatically_finalizes_at': None,
               'status_transitions': {**invoice['status_transitions'], 'finalized_at': world.now()}, **values}
    if invoice['amount_due']:
        invoice['_payment'] = _new_payment(world, invoice)['id']
    save(world, 'invoices', invoice)
    lines.remember_billed(world, invoice)
    _set_balance(world, invoice['customer'], ending)
    world.emit('invoice.finalized', invoice)
    return invoice if invoice['amount_due'] else _paid(world, invoice)


def attempt(world, invoice, method=None, on_session=False, authenticated=False, is_retried=False):
    """Ask the bank. The invoice afterwards: paid, or open with the reason on its payment intent.

    :param is_retried: it is Stripe's own attempt: after a refusal another one follows in some days
    """
    intent = intent_of(world, invoice)
    method = method or payments.method_for(world, invoice, subscription_of(world, invoice))
    later = _later(world, invoice) if is_retried else {}
    invoice = save(world, 'invoices', {
        **invoice, 'attempted': True, 'attempt_count': invoice['attempt_count'] + 1, **later})
    if not method:
        world.emit('invoice.payment_failed', invoice)
        return invoice
    intent = payments.charge_intent(world, intent, method, on_session, authenticated)
    if intent['status'] == 'succeeded':
        return _paid(world, invoice)
    error = intent['last_payment_error'] or {}
    if intent['status'] == 'requires_action' or error.get('decline_code') == 'authentication_required':
        world.emit('invoice.payment_action_required', invoice)
    if intent['status'] != 'requires_action':
        world.emit('invoice.payment_failed', invoice)
    return invoice


def dunning_days(world):
    """From each attempt to the next one."""
    return world.setting('dunning_days') or DUNNING_DAYS


def _later(world, invoice):
    number, days = invoice.get('_retries', 0), dunning_days(world)
    moment = world.now() + days[number] * DAY if number < len(days) else None
    return {'_retries': number + 1, 'next_payment_attempt': moment}


def is_given_up(world, invoice):
    return invoice.get('_retries', 0) > len(dunning_days(world))


def authentication_failed(world, invoice):
    """3-D Secure of an open invoice was not passed."""
    payments.fail_authentication(world, intent_of(world, invoice))
    world.emit('invoice.payment_failed', invoice)
    return invoice


def void(world, invoice, status='void'):
    """Nobody owes it any longer (``uncollectible``: nobody expects it)."""
    name = {'void': 'voided', 'uncollectible': 'marked_uncollectible'}[status]
    if status == 'void' and invoice['status'] != 'draft':
        for payment in payments_of(world, invoice):
            payments.cancel_intent(world, payment['payment']['payment_intent'], 'void_invoice')
            save(world, 'invoice_payments', {**payment, 'status': 'canceled', 'status_transitions': {
                **payment['status_transitions'], 'canceled_at': world.now()}})
    new = save(world, 'invoices', {
        **invoice, 'status': status, 'next_payment_attempt': None, 'auto_advance': False,
        'automatically_finalizes_at': None,
        'status_transitions': {**invoice['status_transitions'], f'{name}_at': world.now()}})
    world.emit({'void': 'invoice.voided', 'uncollectible': 'invoice.marked_uncollectible'}[status], new)
    return new


def paid_elsewhere(world, invoice):
    return _paid(world, invoice, is_elsewhere=True)


def update(world, invoice, **values):
    new = save(world, 'invoices', {**invoice, **values})
    return emit_change(world, 'invoice.updated', invoice, new)


# -- looking ----------------------------------------------------------------------------------------------------------
def subscription_of(world, invoice):
    details = (invoice['parent'] or {}).get('subscription_details')
    return copy_of(world, 'subscriptions', details and details['subscription'])


def of_subscription(world, key, *statuses):
    """Oldest first."""
    known = world.get('invoices_of', key) or {'invoices': []}
    rows = [world.get('invoices', invoice) for invoice in known['invoices']]
    return [row for row in rows if not statuses or row['status'] in statuses]


def payments_of(world, invoice):
    kept = world.get('invoices', invoice['id']) or {}
    payment = kept.get('_payment') and world.get('invoice_payments', kept['_payment'])
    return [payment] if payment else []


def intent_of(world, invoice):
    rows = payments_of(world, invoice)
    return copy_of(world, 'payment_intents', rows[-1]['payment']['payment_intent']) if rows else None


# -- inside -----------------------------------------------------------------------------------------------------------
def _new_payment(world, invoice):
    intent = payments.new_intent(world, invoice['customer'], invoice['amount_due'], invoice['currency'],
                                 description=_description(invoice))
    return save(world, 'invoice_payments', {
        'id': world.new_id('inpay'), 'object': 'invoice_payment', 'amount_paid': None,
        'amount_requested': invoice['amount_due'], 'created': world.now(), 'currency': invoice['currency'],
        'invoice': invoice['id'], 'is_default': True, 'livemode': world.livemode,
        'payment': {'payment_intent': intent['id'], 'type': 'payment_intent'}, 'status': 'open',
        'status_transitions': {'canceled_at': None, 'paid_at': None}})


def _description(invoice):
    return {'subscription_create': 'Subscription creation', 'subscription_cycle': 'Subscription update'}.get(
        invoice['billing_reason'], 'Subscription update')


def _paid(world, invoice, is_elsewhere=False):
    due = invoice['amount_due']
    new = save(world, 'invoices', {
        **invoice, 'status': 'paid', 'amount_paid': due, 'amount_remaining': 0, 'attempted': True,
        'next_payment_attempt': None, 'amount_paid_off_stripe': due if is_elsewhere else 0, 'auto_advance': False,
        'status_transitions': {**invoice['status_transitions'], 'paid_at': world.now()}})
    for payment in payments_of(world, invoice):
        _settle(world, payment, is_elsewhere)
    world.emit('invoice.paid', new)
    if not is_elsewhere:
        world.emit('invoice.payment_succeeded', new)
    return new


def _settle(world, payment, is_elsewhere):
    if is_elsewhere:
        payments.cancel_intent(world, payment['payment']['payment_intent'], 'requested_by_customer')
        save(world, 'invoice_payments', {**payment, 'status': 'canceled', 'status_transitions': {
            **payment['status_transitions'], 'canceled_at': world.now()}})
        return
    new = save(world, 'invoice_payments', {
        **payment, 'status': 'paid', 'amount_paid': payment['amount_requested'],
        'status_transitions': {**payment['status_transitions'], 'paid_at': world.now()}})
    world.emit('invoice_payment.paid', new)


def _next_number(world, key):
    customer = copy_of(world, 'customers', key)
    number = customer.get('next_invoice_sequence') or 1
    save(world, 'customers', {**customer, 'next_invoice_sequence': number + 1})
    prefix = customer.get('invoice_prefix') or key[-8:].upper()
    return f'{prefix}-{number:04d}'


def _set_balance(world, key, balance):
    old = copy_of(world, 'customers', key)
    if (old.get('balance') or 0) != balance:
        new = save(world, 'customers', {**old, 'balance': balance})
        emit_change(world, 'customer.updated', old, new)
