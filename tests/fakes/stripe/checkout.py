"""Checkout sessions: asked for, paid on their page, expired. A subscription exists only after the payment."""
from urllib.parse import urlsplit

from . import answers, customers, debits, discounts, errors, lists, payments, subscriptions
from .expand import includes
from .items import is_same_interval
from .lines import amount_of, name_of
from .objects import address, save
from .routes import Call, route
from .subscription_params import checked_price, one_currency

LOCALES = ('auto', 'bg', 'cs', 'da', 'de', 'el', 'en', 'en-GB', 'es', 'es-419', 'et', 'fi', 'fil', 'fr', 'fr-CA', 'hr', 'hu',
           'id', 'it', 'ja', 'ko', 'lt', 'lv', 'ms', 'mt', 'nb', 'nl', 'pl', 'pt', 'pt-BR', 'ro', 'ru', 'sk', 'sl', 'sv',
           'th', 'tr', 'vi', 'zh', 'zh-HK', 'zh-TW')
HALF_HOUR, DAY = 1800, 86400


@route('POST', '/v1/checkout/sessions')
def create_session(call):
    world = call.world
    if call.choice('mode', ('payment', 'setup', 'subscription'), required=True) != 'subscription':
        raise errors.invalid('This sandbox knows sessions with mode=subscription only.', 'mode')
    call.choice('ui_mode', ('hosted_page',), default='hosted_page')
    call.ignore('payment_method_types', 'billing_address_collection', 'custom_text', 'tax_id_collection', 'submit_type',
                'customer_update', 'consent_collection', 'phone_number_collection', 'branding_settings', 'custom_fields',
                'payment_method_options', 'saved_payment_method_options', 'currency', 'origin_context')
    customer = call.text('customer')
    rows = _line_items(call)
    if customer:
        one_currency(world, world.need('customers', customer, 'customer'), rows[0]['price']['currency'])
    session = _session(call, customer, rows, _subscription_data(call))
    save(world, 'checkout_sessions', session)
    return session


def _line_items(call):
    rows = []
    for line in call.subs('line_items', required=True):
        line.ignore('adjustable_quantity', 'tax_rates')
        price = checked_price(call.world, line, required=True)
        rows.append({'id': call.world.new_id('li'), 'price': price, 'quantity': line.number('quantity', default=1, least=1),
                     'metadata': line.metadata()})
    if not rows:
        raise errors.missing('line_items')
    if len({row['price']['currency'] for row in rows}) > 1:
        raise errors.invalid('All prices must use the same currency.', 'line_items')
    if not all(is_same_interval(row['price'], rows[0]['price']) for row in rows):
        raise errors.invalid('Checkout does not support multiple prices with different billing intervals.', 'line_items')
    return rows


def _subscription_data(call):
    data = call.sub('subscription_data')
    data.ignore('billing_mode', 'invoice_settings', 'proration_behavior', 'default_tax_rates', 'billing_cycle_anchor')
    behavior = data.sub('trial_settings').sub('end_behavior').choice(
        'missing_payment_method', ('cancel', 'create_invoice', 'pause'))
    days, end = data.number('trial_period_days', least=1, most=730), data.moment('trial_end')
    if days and end:
        raise errors.invalid('You cannot specify both `trial_end` and `trial_period_days`.', 'subscription_data[trial_end]')
    if end and end < call.world.now() + 2 * DAY:
        raise errors.invalid('The `trial_end` date has to be at least 2 days in the future.', 'subscription_data[trial_end]')
    return {'metadata': data.metadata(), 'description': data.text('description'), 'trial_days': days, 'trial_end': end,
            'missing_payment_method': behavior or 'create_invoice'}


def _session(call, customer, rows, data):
    world, key = call.world, call.world.new_id('cs', 58)
    currency, subtotal = rows[0]['price']['currency'], sum(amount_of(row['price'], row['quantity']) for row in rows)
    due = 0 if data['trial_days'] or data['trial_end'] else subtotal
    codes = call.flag('allow_promotion_codes')
    coupon, code = _given_discount(call)
    if coupon and codes:
        raise errors.invalid('You may only specify one of these parameters: allow_promotion_codes, discounts.',
                             'allow_promotion_codes')
    locale = call.choice('locale', LOCALES)
    session = {
        'id': key, 'object': 'checkout.session', 'adaptive_pricing': {'enabled': False}, 'after_expiration': None,
        'allow_promotion_codes': codes, 'amount_subtotal': due, 'amount_total': due,
        'automatic_tax': {'enabled': _automatic_tax(call), 'liability': None, 'provider': None, 'status': None},
        'billing_address_collection': None, 'cancel_url': _address(call, 'cancel_url'),
        'client_reference_id': call.text('client_reference_id', longest=200), 'client_secret': None,
        'collected_information': None, 'consent': None, 'consent_collection': None, 'created': world.now(),
        'currency': currency, 'currency_conversion': None, 'custom_fields': [], 'custom_text': {
            'after_submit': None, 'shipping_address': None, 'submit': None, 'terms_of_service_acceptance': None},
        'customer': customer, 'customer_account': None, 'customer_creation': None if customer else 'always',
        'customer_details': None, 'customer_email': call.text('customer_email'), 'discounts': [],
        'expires_at': _expires_at(call), 'invoice': None, 'invoice_creation': None, 'livemode': world.livemode,
        'locale': locale, 'metadata': call.metadata(), 'mode': 'subscription', 'origin_context': None,
        'payment_intent': None, 'payment_link': None, 'payment_method_collection': call.choice(
            'payment_method_collection', ('always', 'if_required'), default='always'),
        'payment_method_configuration_details': None, 'payment_method_options': {'card': {
            'request_three_d_secure': 'automatic'}}, 'payment_method_types': ['card'], 'payment_status': 'unpaid',
        'permissions': None, 'phone_number_collection': {'enabled': False}, 'recovered_from': None,
        'saved_payment_method_options': {'allow_redisplay_filters': ['always'], 'payment_method_remove': 'disabled',
                                         'payment_method_save': None},
        'setup_intent': None, 'shipping_address_collection': None, 'shipping_cost': None, 'shipping_options': [],
        'status': 'open', 'submit_type': None, 'subscription': None, 'success_url': _address(call, 'success_url', True),
        'total_details': {'amount_discount': 0, 'amount_shipping': 0, 'amount_tax': 0}, 'ui_mode': 'hosted_page',
        'url': world.url(f'/c/pay/{key}'), 'wallet_options': None, '_rows': rows, '_data': data, '_code': None}
    return with_discount(world, session, coupon, code)


def _automatic_tax(call):
    tax = call.sub('automatic_tax')
    tax.ignore('liability')
    return tax.flag('enabled', default=False)


def _given_discount(call):
    for row in call.subs('discounts'):
        if row.has('promotion_code'):
            code = call.world.need('promotion_codes', row.text('promotion_code'), 'discounts[0][promotion_code]')
            return call.world.get('coupons', code['promotion']['coupon']), code['id']
        return call.world.need('coupons', row.text('coupon', required=True), 'discounts[0][coupon]'), None
    return None, None


def _address(call, name, required=False):
    text = call.text(name, required=required)
    if text and urlsplit(text).scheme not in ('http', 'https'):
        raise errors.invalid('Not a valid URL', name, 'url_invalid')
    return text


def _expires_at(call):
    now = call.world.now()
    moment = call.moment('expires_at', default=now + DAY)
    if not now + HALF_HOUR - 60 <= moment <= now + DAY + 60:
        raise errors.invalid('The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session '
                             'creation.', 'expires_at')
    return moment


@route('GET', '/v1/checkout/sessions')
def list_sessions(call):
    rows = call.world.all('checkout_sessions', **call.given(
        customer=call.text, payment_intent=call.text, status=call.text, subscription=call.text))
    return answers.page(call, lists.within(call, rows))


@route('GET', '/v1/checkout/sessions/{key}')
def get_session(call, key):
    return call.world.need('checkout_sessions', key)


@route('POST', '/v1/checkout/sessions/{key}/expire')
def expire_session(call, key):
    session = call.world.need('checkout_sessions', key)
    if session['status'] != 'open':
        raise errors.invalid(f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
                             f'status of {session["status"]}.')
    return expire(call.world, session)


@route('GET', '/v1/checkout/sessions/{key}/line_items')
def list_line_items(call, key):
    call.ignore('limit')
    return line_items(call.world, call.world.need('checkout_sessions', key))


@includes('checkout.session', 'line_items')
def line_items(world, session):
    session = world.get('checkout_sessions', session['id'])
    rows = [{
        'id': row['id'], 'object': 'item', 'amount_discount': 0, 'amount_subtotal': 0 if is_trial(session) else
        amount_of(row['price'], row['quantity']), 'amount_tax': 0, 'amount_total': 0 if is_trial(session) else amount_of(
            row['price'], row['quantity']), 'currency': row['price']['currency'], 'description': name_of(world, row['price']),
        'metadata': row['metadata'], 'price': row['price'], 'quantity': row['quantity']} for row in session['_rows']]
    return answers.listed(rows, f'/v1/checkout/sessions/{session["id"]}/line_items')


# -- its life ---------------------------------------------------------------------------------------------------------
def is_trial(session):
    return bool(session['_data']['trial_days'] or session['_data']['trial_end'])


def needs_card(session):
    """Nothing due and no wish for a card: its page asks for none."""
    return session['amount_total'] > 0 or session['payment_method_collection'] == 'always'


def expire(world, session):
    new = save(world, 'checkout_sessions', {**session, 'status': 'expired', 'url': None})
    world.emit('checkout.session.expired', new)
    return new


def with_discount(world, session, coupon, code=None):
    """Totals with this coupon; without one as they were."""
    off = discounts.amount_of(coupon, session['amount_subtotal']) if coupon else 0
    return {**session, 'amount_total': session['amount_subtotal'] - off, '_code': code, '_coupon': coupon and coupon['id'],
            'total_details': {**session['total_details'], 'amount_discount': off}, 'discounts': [
                {'coupon': coupon['id'], 'promotion_code': code}] if coupon else []}


def complete(world, session, method=None, email=None, authenticated=False):
    """The page was sent. '' and the session is complete; ``authenticate``; or the decline code: nothing came of it.

    A refused attempt leaves nothing behind but the word of the bank: ``Undone`` carries it through the transaction.
    """
    session = _with_customer(world, session, email)
    holder = session['customer']
    if method:
        method = payments.attach(world, method, holder)
    subscription = _new_subscription(world, session, method)
    takes_days = bool(world.setting('debit_seconds'))
    subscription, invoice = subscriptions.begin(
        world, subscription, method and method['id'], not takes_days, on_session=True, authenticated=authenticated)
    if invoice['status'] != 'paid':
        if not takes_days:
            raise Undone(_why(world, invoice))
        invoice = debits.begin(world, invoice, method['id'])
    if method:
        payments.set_default(world, holder, method['id'])
        payments.mark_set_up(world, method['id'])
    is_due = invoice['amount_due'] > 0
    new = save(world, 'checkout_sessions', {
        **session, 'status': 'complete', 'url': None, 'subscription': subscription['id'], 'invoice': invoice['id'],
        'payment_status': 'no_payment_required' if not is_due else 'paid' if invoice['status'] == 'paid' else 'unpaid',
        'amount_total': invoice['total'], 'customer_details': _details(world, session, method)})
    world.emit('checkout.session.completed', new)
    return new


class Undone(Exception):
    """Why an attempt on the page came to nothing: ``authenticate`` or a decline code."""


def _why(world, invoice):
    intent = subscriptions.invoices.intent_of(world, invoice)
    if intent and intent['status'] == 'requires_action':
        return 'authenticate'
    error = intent and intent['last_payment_error']
    return error['decline_code'] if error else 'generic_decline'


def _with_customer(world, session, email):
    if session['customer']:
        return session
    email = email or session['customer_email']
    customer = customers.create_customer(Call(world, 'POST', '/v1/customers', {'email': email} if email else {}))
    return {**session, 'customer': customer['id']}


def _new_subscription(world, session, method):
    data = session['_data']
    trial_end = data['trial_end'] or (world.now() + data['trial_days'] * DAY if data['trial_days'] else None)
    subscription = subscriptions.build(
        world, session['customer'], session['_rows'], trial_end, data['metadata'], description=data['description'],
        default_payment_method=method and method['id'],
        automatic_tax={'disabled_reason': None, 'enabled': session['automatic_tax']['enabled'], 'liability': None},
        trial_settings={'end_behavior': {'missing_payment_method': data['missing_payment_method']}})
    if session.get('_coupon'):
        subscription = subscriptions.add_discount(
            world, subscription, session['_coupon'], session['_code'])
    return subscription


def _details(world, session, method):
    customer = world.get('customers', session['customer'])
    name = method and method['billing_details']['name']
    return {'address': address(), 'business_name': None, 'email': customer['email'], 'individual_name': None,
            'name': name or customer['name'], 'phone': None, 'tax_exempt': 'none', 'tax_ids': []}


