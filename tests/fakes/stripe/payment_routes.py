"""Payment intents and setup intents: to look at, and to confirm or give up."""
from . import answers, cards, customers, errors, lists, payments, subscriptions
from .objects import copy_of, save
from .routes import route

NO_EFFECT = ('automatic_payment_methods', 'payment_method_types', 'payment_method_options', 'setup_future_usage', 'return_url',
             'mandate_data', 'usage', 'use_stripe_sdk', 'error_on_requires_action', 'receipt_email', 'capture_method')


@route('POST', '/v1/payment_intents')
def create_intent(call):
    world, customer = call.world, call.text('customer')
    call.ignore(*NO_EFFECT)
    if customer:
        world.need('customers', customer, 'customer')
    intent = payments.new_intent(
        world, customer, call.number('amount', required=True, least=1), call.text('currency', required=True).lower(),
        description=call.text('description'), metadata=call.metadata())
    return _confirmed(call, intent) if call.flag('confirm', default=False) else intent


@route('GET', '/v1/payment_intents')
def list_intents(call):
    return answers.page(call, lists.within(call, call.world.all('payment_intents', **call.given(customer=call.text))))


@route('GET', '/v1/payment_intents/{key}')
def get_intent(call, key):
    call.ignore('client_secret')
    return call.world.need('payment_intents', key)


@route('POST', '/v1/payment_intents/{key}/confirm')
def confirm_intent(call, key):
    call.ignore(*NO_EFFECT)
    return _confirmed(call, call.world.need('payment_intents', key))


def _confirmed(call, intent):
    world, key = call.world, call.text('payment_method', required=True)
    method = customers.attached(world, key, intent['customer']) if intent['customer'] else world.need(
        'payment_methods', key, 'payment_method')
    on_session = not call.flag('off_session', default=False)
    invoice = _invoice_of(world, intent)
    if invoice and invoice['status'] == 'open':
        subscriptions.pay(world, invoice, method['id'], on_session=on_session)
        intent = copy_of(world, 'payment_intents', intent['id'])
    else:
        intent = payments.charge_intent(world, intent, method['id'], on_session)
    error = intent['last_payment_error']
    if error:
        raise customers.card_refused(error['decline_code'], payment_intent=intent, keeps=True)
    return intent


def _invoice_of(world, intent):
    row = next((row for row in world.all('invoice_payments') if row['payment']['payment_intent'] == intent['id']), None)
    return row and copy_of(world, 'invoices', row['invoice'])


@route('POST', '/v1/payment_intents/{key}/cancel')
def cancel_intent(call, key):
    intent = call.world.need('payment_intents', key)
    if intent['status'] in ('succeeded', 'canceled') or _invoice_of(call.world, intent):
        raise errors.invalid(f'You cannot cancel this PaymentIntent because it has a status of {intent["status"]}.',
                             code='payment_intent_unexpected_state')
    return payments.cancel_intent(call.world, key, call.text('cancellation_reason') or 'requested_by_customer')


@route('GET', '/v1/charges/{key}')
def get_charge(call, key):
    return call.world.need('charges', key)


# -- setup intents ----------------------------------------------------------------------------------------------------
@route('POST', '/v1/setup_intents')
def create_setup(call):
    world, key, customer = call.world, call.world.new_id('seti'), call.text('customer')
    call.ignore(*NO_EFFECT)
    if customer:
        world.need('customers', customer, 'customer')
    intent = save(world, 'setup_intents', {
        'id': key, 'object': 'setup_intent', 'application': None, 'automatic_payment_methods': None,
        'cancellation_reason': None, 'client_secret': f'{key}_secret_{world.new_id("s")[2:]}', 'created': world.now(),
        'customer': customer, 'customer_account': None, 'description': call.text('description'), 'flow_directions': None,
        'last_setup_error': None, 'latest_attempt': None, 'livemode': world.livemode, 'mandate': None,
        'metadata': call.metadata(), 'next_action': None, 'on_behalf_of': None, 'payment_method': None,
        'payment_method_configuration_details': None, 'payment_method_options': {}, 'payment_method_types': ['card'],
        'single_use_mandate': None, 'status': 'requires_payment_method', 'usage': 'off_session'})
    world.emit('setup_intent.created', intent)
    return _set_up(call, intent) if call.flag('confirm', default=False) else intent


@route('GET', '/v1/setup_intents/{key}')
def get_setup(call, key):
    call.ignore('client_secret')
    return call.world.need('setup_intents', key)


@route('POST', '/v1/setup_intents/{key}/confirm')
def confirm_setup(call, key):
    call.ignore(*NO_EFFECT)
    return _set_up(call, call.world.need('setup_intents', key))


def _set_up(call, intent):
    world = call.world
    method = world.need('payment_methods', call.text('payment_method', required=True), 'payment_method')
    said = cards.setup_outcome(world.get('cards', method['id'])['kind'])
    if said == 'authenticate':
        return save(world, 'setup_intents', {
            **intent, 'status': 'requires_action', 'payment_method': method['id'], 'next_action': {
                'type': 'use_stripe_sdk', 'use_stripe_sdk': {'type': 'three_d_secure_redirect'}}})
    if said:
        raise customers.card_refused(said)
    if intent['customer']:
        payments.attach(world, method, intent['customer'])
    payments.mark_set_up(world, method['id'])
    new = save(world, 'setup_intents', {**intent, 'status': 'succeeded', 'payment_method': method['id']})
    world.emit('setup_intent.succeeded', new)
    return new
