"""Customers, and the cards they pay with."""
import re
import secrets
import string

from . import answers, cards, errors, lists, payments
from .expand import includes
from .routes import route

ADDRESS = ('city', 'country', 'line1', 'line2', 'postal_code', 'state')
EMAIL = re.compile(r'[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost')
NO_EFFECT = ('validate', 'cash_balance', 'tax_id_data')


@route('POST', '/v1/customers')
def create_customer(call):
    world, key = call.world, call.world.new_id('cus', 14)
    letters = string.ascii_uppercase + string.digits
    row = {
        'id': key, 'object': 'customer', 'address': None, 'balance': 0, 'created': world.now(), 'currency': None,
        'customer_account': None, 'default_source': None, 'delinquent': False, 'description': None, 'discount': None,
        'email': None, 'invoice_prefix': ''.join(secrets.choice(letters) for _i in range(8)),
        'invoice_settings': {'custom_fields': None, 'default_payment_method': None, 'footer': None, 'rendering_options': None},
        'livemode': world.livemode, 'metadata': {}, 'name': None, 'next_invoice_sequence': 1, 'phone': None,
        'preferred_locales': [], 'shipping': None, 'tax_exempt': 'none', 'test_clock': None}
    method = call.text('payment_method')
    world.put('customers', key, {**row, **_values(call, row, is_new=True)})
    if method:
        method = attached(world, method, key, 'payment_method')
    settings = call.sub('invoice_settings')
    if settings:
        row = world.need('customers', key)
        world.put('customers', key, {**row, 'invoice_settings': _invoice_settings(world, settings, row, method)})
    row = world.need('customers', key)
    world.emit('customer.created', row)
    return row


def _values(call, old, is_new=False):
    call.ignore(*NO_EFFECT)
    values = call.given(
        name=call.text, description=call.text, phone=call.text, balance=call.number, business_name=call.text,
        individual_name=call.text, invoice_prefix=call.text, next_invoice_sequence=call.number, preferred_locales=call.texts)
    if call.has('email'):
        values['email'] = _email(call)
    if call.has('tax_exempt'):
        values['tax_exempt'] = call.choice('tax_exempt', ('none', 'exempt', 'reverse')) or 'none'
    if call.has('address'):
        values['address'] = address(call.sub('address'))
    if call.has('shipping'):
        shipping = call.sub('shipping')
        values['shipping'] = shipping and {
            'address': address(shipping.sub('address')), 'name': shipping.text('name', required=True),
            'phone': shipping.text('phone')} or None
    call.sub('tax').ignore('ip_address', 'validate_location')
    if not is_new and call.has('invoice_settings'):
        values['invoice_settings'] = _invoice_settings(call.world, call.sub('invoice_settings'), old)
    return {**values, 'metadata': call.metadata(old['metadata'])}


def _email(call):
    email = call.text('email', longest=512)
    if email and not EMAIL.fullmatch(email):
        raise errors.invalid(f'Invalid email address: {email}', 'email', 'email_invalid')
    return email


def address(params):
    """None where nothing is given."""
    return {name: params.text(name) for name in ADDRESS} if params else None


def _invoice_settings(world, settings, customer, method=None):
    settings.ignore('custom_fields', 'rendering_options')
    values = {**customer['invoice_settings'], **settings.given(footer=settings.text)}
    if settings.has('default_payment_method'):
        key = method['id'] if method else settings.text('default_payment_method')
        settings.ignore('default_payment_method')
        if key and (world.get('payment_methods', key) or {}).get('customer') != customer['id']:
            raise errors.invalid(f'The customer does not have a payment method with the ID {key}. The payment method must '
                                 'be attached to the customer.', 'invoice_settings[default_payment_method]',
                                 'resource_missing')
        values['default_payment_method'] = key
    return values


@route('GET', '/v1/customers')
def list_customers(call):
    rows = call.world.all('customers', **call.given(email=call.text, test_clock=call.text))
    return answers.page(call, lists.within(call, rows))


@route('GET', '/v1/customers/search')
def search_customers(call):
    return lists.search(call, call.world.all('customers'), ('created', 'email', 'name', 'phone'))


@route('GET', '/v1/customers/{key}')
def get_customer(call, key):
    """A deleted one is still there, as such."""
    row = call.world.get('customers', key)
    return row if row else call.world.need('customers', key)


@route('POST', '/v1/customers/{key}')
def change_customer(call, key):
    old = call.world.need('customers', key)
    return call.world.change('customers', key, _values(call, old), event='customer.updated')


@route('DELETE', '/v1/customers/{key}')
def delete_customer(call, key):
    """Its subscriptions end at once, its cards are nobody's any more."""
    from . import subscriptions  # it knows customers
    world, row = call.world, call.world.need('customers', key)
    for subscription in world.all('subscriptions', customer=key):
        if subscription['status'] not in ('canceled', 'incomplete_expired'):
            subscriptions.cancel(world, subscription, 'cancellation_requested')
    for method in world.all('payment_methods', customer=key):
        payments.detach(world, method)
    world.put('customers', key, {'id': key, 'object': 'customer', 'deleted': True})
    world.emit('customer.deleted', row)
    return answers.deleted(row)


@includes('customer', 'subscriptions')
def subscriptions_of(world, row):
    rows = [one for one in reversed(world.all('subscriptions', customer=row['id']))
            if one['status'] not in ('canceled', 'incomplete_expired')]
    return answers.listed(rows, f'/v1/customers/{row["id"]}/subscriptions')


@includes('customer', 'tax')
def tax_of(world, row):
    located = row.get('address') and row['address'].get('country')
    return {'automatic_tax': 'supported' if located else 'unrecognized_location', 'ip_address': None, 'location': None,
            'provider': 'stripe'}


# -- payment methods --------------------------------------------------------------------------------------------------
def attached(world, key, customer, param='payment_method'):
    """The payment method, of this customer from now on; a card that is refused is a card error."""
    digits = cards.number_of_token(key)
    method = payments.new_card(world, digits) if digits else world.need('payment_methods', key, param)
    if method['customer'] not in (None, customer):
        raise errors.invalid('The payment method you provided has already been attached to a customer.', param)
    declined = cards.setup_outcome(world.get('cards', method['id'])['kind'], authenticated=True)
    if declined:
        raise errors.card_refused(declined)
    return payments.attach(world, method, customer)


@route('POST', '/v1/payment_methods')
def create_payment_method(call):
    call.choice('type', ('card',), required=True)
    card = call.sub('card', required=True)
    call.ignore('allow_redisplay')
    digits = cards.number_of_token(card.text('token') or '') or cards.digits_of(card.text('number') or '')
    card.ignore('cvc')
    if not cards.is_number(digits):
        raise errors.ApiError(402, 'Your card number is incorrect.', 'incorrect_number', card.param('number'), 'card_error')
    dates = {'month': card.number('exp_month', default=12, least=1, most=12), 'year': card.number('exp_year')}
    holder = call.sub('billing_details')
    values = holder.given(name=holder.text, email=holder.text, phone=holder.text)
    if holder.has('address'):
        values['address'] = address(holder.sub('address'))
    method = payments.new_card(call.world, digits, **dates, **values)
    return call.world.change('payment_methods', method['id'], {'metadata': call.metadata()})


@route('GET', '/v1/payment_methods')
def list_payment_methods(call):
    customer = call.text('customer', required=True)
    call.world.need('customers', customer, 'customer')
    call.choice('type', ('card',))
    return answers.page(call, call.world.all('payment_methods', customer=customer))


@route('GET', '/v1/customers/{key}/payment_methods')
def list_payment_methods_of(call, key):
    call.world.need('customers', key)
    call.choice('type', ('card',))
    return answers.page(call, call.world.all('payment_methods', customer=key))


@route('GET', '/v1/payment_methods/{key}')
def get_payment_method(call, key):
    return call.world.need('payment_methods', key)


@route('POST', '/v1/payment_methods/{key}/attach')
def attach_payment_method(call, key):
    customer = call.text('customer', required=True)
    call.world.need('customers', customer, 'customer')
    return attached(call.world, key, customer, 'id')


@route('POST', '/v1/payment_methods/{key}/detach')
def detach_payment_method(call, key):
    method = call.world.need('payment_methods', key)
    if not method['customer']:
        raise errors.invalid('The payment method you provided is not attached to a customer so detachment is impossible.')
    return payments.detach(call.world, method)
