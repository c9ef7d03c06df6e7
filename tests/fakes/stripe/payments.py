"""Payment methods, payment intents and what the bank says to them."""
from . import cards
from .objects import address, copy_of, emit_change, save

HOLDER = {'address': address(), 'email': None, 'name': None, 'phone': None, 'tax_id': None}


class Declined(Exception):
    """The bank said no. ``code``: the decline code."""

    def __init__(self, code):
        self.code = code
        self.error, self.words = cards.DECLINES[code]
        super().__init__(self.words)


# -- payment methods --------------------------------------------------------------------------------------------------
def new_card(world, digits, month=12, year=None, **holder):
    """A payment method of this test number, of nobody yet."""
    method = {
        'id': world.new_id('pm'), 'object': 'payment_method', 'allow_redisplay': 'unspecified',
        'billing_details': {**HOLDER, **holder}, 'card': cards.card_of(digits, month, year), 'created': world.now(),
        'customer': None, 'customer_account': None, 'livemode': world.livemode, 'metadata': {}, 'type': 'card'}
    save(world, 'cards', {'id': method['id'], 'kind': cards.kind_of(digits), 'set_up': False})
    return save(world, 'payment_methods', method)


def attach(world, method, customer):
    """Of this customer from now on."""
    if method['customer'] == customer:
        return method
    save(world, 'payment_methods', {**method, 'customer': customer})
    world.emit('payment_method.attached', copy_of(world, 'payment_methods', method['id']))
    return copy_of(world, 'payment_methods', method['id'])


def detach(world, method):
    old = copy_of(world, 'payment_methods', method['id'])
    save(world, 'payment_methods', {**method, 'customer': None})
    holder = copy_of(world, 'customers', old['customer'])
    if holder and holder['invoice_settings']['default_payment_method'] == method['id']:
        set_default(world, holder['id'], None)
    for subscription in world.all('subscriptions'):
        if subscription['default_payment_method'] == method['id']:
            save(world, 'subscriptions', {**subscription, 'default_payment_method': None})
    return emit_change(world, 'payment_method.detached', old, copy_of(world, 'payment_methods', method['id']))


def mark_set_up(world, key):
    """Its holder has allowed charges without them."""
    save(world, 'cards', {**world.get('cards', key), 'set_up': True})


def set_default(world, customer, method):
    """What invoices are paid with where the subscription names nothing itself."""
    old = copy_of(world, 'customers', customer)
    new = copy_of(world, 'customers', customer)
    new['invoice_settings']['default_payment_method'] = method
    if old != new:
        save(world, 'customers', new)
        emit_change(world, 'customer.updated', old, new)


def give_card(world, customer, digits, is_set_up=True):
    """A card is the customer's default, and that of all subscriptions, as if somebody had entered it."""
    method = attach(world, new_card(world, digits), customer)
    use_card(world, customer, method['id'], is_set_up)
    return method


def use_card(world, customer, key, is_set_up=True):
    """This one from now on, wherever another one was named."""
    method = attach(world, copy_of(world, 'payment_methods', key), customer)
    if is_set_up:
        mark_set_up(world, key)
    set_default(world, customer, key)
    for subscription in world.all('subscriptions'):
        if subscription['customer'] == customer and subscription['default_payment_method'] \
                and subscription['status'] not in ('canceled', 'incomplete_expired'):
            new = {**subscription, 'default_payment_method': method['id']}
            save(world, 'subscriptions', new)
            emit_change(world, 'customer.subscription.updated', subscription, new)


def method_for(world, invoice, subscription=None):
    """The id of the payment method an invoice is paid with, or None."""
    if invoice.get('default_payment_method'):
        return invoice['default_payment_method']
    if subscription and subscription['default_payment_method']:
        return subscription['default_payment_method']
    customer = world.get('customers', invoice['customer'])
    return customer and customer['invoice_settings']['default_payment_method']


# -- payment intents --------------------------------------------------------------------------------------------------
def new_intent(world, customer, amount, currency, **values):
    key = world.new_id('pi')
    intent = {
        'id': key, 'object': 'payment_intent', 'amount': amount, 'amount_capturable': 0, 'amount_details': {'tip': {}},
        'amount_received': 0, 'application': None, 'application_fee_amount': None, 'automatic_payment_methods': None,
        'canceled_at': None, 'cancellation_reason': None, 'capture_method': 'automatic',
        'client_secret': f'{key}_secret_{world.new_id("s")[2:]}', 'confirmation_method': 'automatic',
        'created': world.now(), 'currency': currency, 'customer': customer, 'customer_account': None,
        'description': None, 'excluded_payment_method_types': None, 'last_payment_error': None, 'latest_charge': None,
        'livemode': world.livemode, 'metadata': {}, 'next_action': None, 'on_behalf_of': None, 'payment_method': None,
        'payment_method_configuration_details': None, 'payment_method_options': {'card': {
            'installments': None, 'mandate_options': None, 'network': None, 'request_three_d_secure': 'automatic'}},
        'payment_method_types': ['card'], 'processing': None, 'receipt_email': None, 'review': None,
        'setup_future_usage': 'off_session', 'shipping': None, 'source': None, 'statement_descriptor': None,
        'statement_descriptor_suffix': None, 'status': 'requires_payment_method', 'transfer_data': None,
        'transfer_group': None, **values}
    save(world, 'payment_intents', intent)
    world.emit('payment_intent.created', intent)
    return intent


def charge_intent(world, intent, method, on_session=False, authenticated=False):
    """One attempt. The intent afterwards: succeeded, requires_action or requires_payment_method with the reason."""
    card = world.get('cards', method) or {'kind': 'generic_decline', 'set_up': False}
    said = cards.outcome(card['kind'], card['set_up'], on_session, authenticated)
    if said == 'authenticate':
        return _needs_action(world, intent, method)
    if said:
        return _refused(world, intent, method, said)
    if authenticated and not card['set_up']:
        mark_set_up(world, method)
    return _received(world, intent, method)


def fail_authentication(world, intent):
    """Its holder did not pass 3-D Secure."""
    return _refused(world, intent, intent['payment_method'], 'authentication_required',
                    'payment_intent_authentication_failure', 'The provided PaymentMethod has failed authentication. '
                    'You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this '
                    'PaymentIntent again.')


def note_refusal(world, customer, amount, currency, method, code):
    """What stays of an attempt on a page of which nothing else came."""
    return _refused(world, new_intent(world, customer, amount, currency), method, code)


def cancel_intent(world, key, reason):
    intent = copy_of(world, 'payment_intents', key)
    if not intent or intent['status'] in ('succeeded', 'canceled'):
        return intent
    new = save(world, 'payment_intents', {**intent, 'status': 'canceled', 'canceled_at': world.now(),
                                          'cancellation_reason': reason, 'next_action': None})
    world.emit('payment_intent.canceled', new)
    return new


def _received(world, intent, method):
    charge = _charge(world, intent, method, 'succeeded')
    new = save(world, 'payment_intents', {
        **intent, 'status': 'succeeded', 'amount_received': intent['amount'], 'payment_method': method,
        'latest_charge': charge['id'], 'last_payment_error': None, 'next_action': None})
    world.emit('charge.succeeded', charge)
    world.emit('payment_intent.succeeded', new)
    return new


def _needs_action(world, intent, method):
    new = save(world, 'payment_intents', {
        **intent, 'status': 'requires_action', 'payment_method': method, 'last_payment_error': None, 'next_action': {
            'type': 'use_stripe_sdk', 'use_stripe_sdk': {'type': 'three_d_secure_redirect'}}})
    world.emit('payment_intent.requires_action', new)
    return new


def _refused(world, intent, method, decline, code=None, words=None):
    charge = _charge(world, intent, method, 'failed', decline)
    error, message = cards.DECLINES[decline]
    new = save(world, 'payment_intents', {
        **intent, 'status': 'requires_payment_method', 'payment_method': None, 'latest_charge': charge['id'],
        'next_action': None, 'last_payment_error': {
            'charge': charge['id'], 'code': code or error, 'decline_code': decline, 'message': words or message,
            'doc_url': f'https://stripe.com/docs/error-codes/{(code or error).replace("_", "-")}',
            'payment_method': copy_of(world, 'payment_methods', method), 'type': 'card_error'}})
    world.emit('charge.failed', charge)
    world.emit('payment_intent.payment_failed', new)
    return new


def _charge(world, intent, method, status, decline=None):
    key = world.new_id('ch')
    paid, error = status == 'succeeded', cards.DECLINES[decline] if decline else (None, None)
    details = copy_of(world, 'payment_methods', method) or {'card': {}, 'billing_details': HOLDER}
    return save(world, 'charges', {
        'id': key, 'object': 'charge', 'amount': intent['amount'], 'amount_captured': intent['amount'] if paid else 0,
        'amount_refunded': 0, 'balance_transaction': world.new_id('txn') if paid else None,
        'billing_details': details['billing_details'], 'captured': paid, 'created': world.now(),
        'currency': intent['currency'], 'customer': intent['customer'], 'description': intent['description'],
        'disputed': False, 'failure_code': error[0], 'failure_message': error[1], 'livemode': world.livemode, 'metadata': {},
        'outcome': {'network_status': 'approved_by_network' if paid else 'declined_by_network', 'reason': decline,
                    'risk_level': 'normal', 'seller_message': 'Payment complete.' if paid else error[1],
                    'type': 'authorized' if paid else 'issuer_declined'},
        'paid': paid, 'payment_intent': intent['id'], 'payment_method': method,
        'payment_method_details': {'card': details['card'], 'type': 'card'}, 'receipt_url': None, 'refunded': False,
        'status': status})
