"""Products, prices, coupons, promotion codes, customers and their cards."""
from decimal import Decimal

import pytest
import stripe

CARD = {'type': 'card', 'card[number]': '4242424242424242', 'card[exp_month]': '1', 'card[exp_year]': '2034', 'card[cvc]': '123'}


# -- products and prices ---------------------------------------------------------------------------------------------
def test_a_product(merchant):
    product = merchant.client.products.create({'name': 'Basic', 'description': 'Small', 'metadata': {'saas_plan': '7'}})
    assert (product.object, product.active, product.type, product.livemode) == ('product', True, 'service', False)
    changed = merchant.client.products.update(product.id, {'name': 'Basic 2', 'active': False, 'description': ''})
    assert (changed.name, changed.active, changed.description, changed.metadata['saas_plan']) == ('Basic 2', False, None, '7')
    event = merchant.events('product.updated')[0]
    assert event.data.previous_attributes.to_dict() == {'name': 'Basic', 'active': True, 'description': 'Small'}
    assert event.data.object['name'] == 'Basic 2'
    assert [row.id for row in merchant.client.products.list({'active': False}).data] == [product.id]
    assert merchant.client.products.list({'active': True}).data == []


def test_products_by_id(merchant):
    first, second = (merchant.client.products.create({'name': name}) for name in 'ab')
    assert [row.id for row in merchant.client.products.list({'ids': [first.id, 'prod_none']}).data] == [first.id]
    own = merchant.client.products.create({'id': 'basic', 'name': 'c'})
    assert (own.id, merchant.client.products.retrieve('basic').name) == ('basic', 'c')
    assert merchant.error('POST', '/v1/products', {'id': 'basic', 'name': 'd'})[1] == 'resource_already_exists'
    assert merchant.result('DELETE', f'/v1/products/{second.id}') == {'id': second.id, 'object': 'product', 'deleted': True}
    assert merchant.error('GET', f'/v1/products/{second.id}') == (404, 'resource_missing', 'id')


def test_a_change_of_nothing_tells_nobody(merchant):
    product = merchant.client.products.create({'name': 'Basic'})
    merchant.client.products.update(product.id, {'name': 'Basic'})
    assert merchant.events('product.updated') == []


def test_a_price(merchant):
    price = merchant.price(1900, 'year', 'EUR', nickname='yearly', metadata={'saas_price': '3'}, tax_behavior='inclusive')
    assert (price.currency, price.unit_amount, price.unit_amount_decimal, price.type) == ('eur', 1900, 1900, 'recurring')
    assert price.recurring.to_dict() == {
        'interval': 'year', 'interval_count': 1, 'meter': None, 'trial_period_days': None, 'usage_type': 'licensed'}
    assert (price.nickname, price.tax_behavior, price.active) == ('yearly', 'inclusive', True)


@pytest.mark.parametrize('name, value', [
    ('unit_amount', '5'), ('currency', 'mxn'), ('recurring[interval]', 'month'), ('product', 'prod_x')])
def test_what_a_price_costs_never_changes(merchant, name, value):
    price = merchant.price()
    assert merchant.error('POST', f'/v1/prices/{price.id}', {name: value})[:2] == (400, 'parameter_unknown')
    assert merchant.client.prices.retrieve(price.id) == price


def test_what_may_be_changed_of_a_price(merchant):
    price = merchant.price()
    changed = merchant.client.prices.update(price.id, {'active': False, 'nickname': 'old', 'metadata': {'a': '1'}})
    assert (changed.active, changed.nickname, changed.metadata['a']) == (False, 'old', '1')
    merchant.client.prices.update(price.id, {'tax_behavior': 'exclusive'})
    assert merchant.error('POST', f'/v1/prices/{price.id}', {'tax_behavior': 'inclusive'}) == (400, None, 'tax_behavior')


def test_prices_of_a_product(merchant):
    month = merchant.price()
    year = merchant.price(9900, 'year', 'mxn', product=month.product)
    merchant.price()

    def found(**params):
        return [row.id for row in merchant.client.prices.list({'product': month.product, **params}).data]
    assert found() == [year.id, month.id] and found(currency='mxn') == [year.id] and found(type='one_time') == []
    assert found(recurring={'interval': 'month'}) == [month.id]
    merchant.client.prices.update(year.id, {'active': False})
    assert found(active=True) == [month.id] and found(active=False) == [year.id]


def test_lookup_keys(merchant):
    first = merchant.price(lookup_key='basic')
    assert [row.id for row in merchant.client.prices.list({'lookup_keys': ['basic', 'other']}).data] == [first.id]
    with pytest.raises(stripe.InvalidRequestError, match='already uses that lookup key'):
        merchant.price(lookup_key='basic')
    second = merchant.price(lookup_key='basic', transfer_lookup_key=True)
    assert merchant.client.prices.retrieve(first.id).lookup_key is None and second.lookup_key == 'basic'


def test_a_price_and_its_product_at_once(merchant):
    product = merchant.client.products.create({'name': 'Plan', 'default_price_data': {
        'currency': 'usd', 'unit_amount': 500, 'recurring': {'interval': 'month'}}})
    assert merchant.client.prices.retrieve(product.default_price).product == product.id
    assert merchant.error('POST', f'/v1/prices/{product.default_price}', {'active': 'false'}) == (400, None, 'active')
    price = merchant.client.prices.create({'currency': 'usd', 'unit_amount_decimal': '0.5', 'product_data': {'name': 'Users'}})
    assert (price.unit_amount, price.unit_amount_decimal, price.type) == (None, Decimal('0.5'), 'one_time')
    assert merchant.client.products.retrieve(price.product).name == 'Users'


@pytest.mark.parametrize('params, param', [
    ({'unit_amount': '1'}, 'product_data'), ({'unit_amount': '1', 'unit_amount_decimal': '1', 'product': 'P'}, None),
    ({'product': 'P'}, None), ({'unit_amount_decimal': 'x', 'product': 'P'}, 'unit_amount_decimal')])
def test_prices_that_are_none(merchant, params, param):
    merchant.client.products.create({'id': 'P', 'name': 'Plan'})
    assert merchant.error('POST', '/v1/prices', {'currency': 'usd', **params})[2] == param


# -- coupons ---------------------------------------------------------------------------------------------------------
def test_a_promotion_code(merchant):
    coupon = merchant.client.coupons.create({
        'percent_off': 25, 'duration': 'repeating', 'duration_in_months': 3, 'name': 'Spring'})
    assert (coupon.percent_off, coupon.amount_off, coupon.valid) == (25.0, None, True)
    code = merchant.client.promotion_codes.create({'promotion': {'type': 'coupon', 'coupon': coupon.id}, 'code': 'spring25'})
    assert (code.code, code.promotion.coupon, code.active) == ('SPRING25', coupon.id, True)
    assert [row.id for row in merchant.client.promotion_codes.list({'code': 'Spring25', 'active': True}).data] == [code.id]
    expanded = merchant.client.promotion_codes.retrieve(code.id, {'expand': ['promotion.coupon']})
    assert expanded.promotion.coupon.name == 'Spring'
    assert merchant.error('POST', '/v1/promotion_codes', {
        'promotion[type]': 'coupon', 'promotion[coupon]': coupon.id, 'code': 'SPRING25'})[2] == 'code'
    merchant.client.coupons.delete(coupon.id)
    assert not merchant.client.promotion_codes.retrieve(code.id).active


@pytest.mark.parametrize('params, param', [
    ({}, 'percent_off'), ({'percent_off': '10', 'amount_off': '5', 'currency': 'usd'}, 'percent_off'),
    ({'percent_off': '101'}, 'percent_off'), ({'amount_off': '5'}, 'currency'),
    ({'percent_off': '5', 'duration': 'repeating'}, 'duration_in_months')])
def test_coupons_that_are_none(merchant, params, param):
    assert merchant.error('POST', '/v1/coupons', params)[2] == param


# -- customers -------------------------------------------------------------------------------------------------------
def test_a_customer(merchant):
    customer = merchant.client.customers.create({
        'name': 'Acme', 'email': 'acme@customer.example', 'preferred_locales': ['es'], 'metadata': {'saas_partner': '5'},
        'address': {'country': 'MX', 'city': 'Mérida'}, 'tax': {'validate_location': 'deferred'}})
    assert (customer.object, customer.preferred_locales, customer.address.city, customer.delinquent) == (
        'customer', ['es'], 'Mérida', False)
    assert customer.invoice_settings.default_payment_method is None
    changed = merchant.client.customers.update(customer.id, {'email': 'new@customer.example', 'preferred_locales': ['en']})
    assert (changed.email, changed.preferred_locales, changed.name) == ('new@customer.example', ['en'], 'Acme')
    assert [row.id for row in merchant.client.customers.list({'email': 'new@customer.example'}).data] == [customer.id]
    assert merchant.events('customer.updated')[0].data.previous_attributes.to_dict() == {
        'email': 'acme@customer.example', 'preferred_locales': ['es']}
    assert merchant.error('POST', '/v1/customers', {'email': 'nobody'}) == (400, 'email_invalid', 'email')


def test_a_customer_who_is_gone(merchant):
    customer, other = merchant.customer(), merchant.customer(card=None)
    assert merchant.client.customers.delete(customer.id).deleted
    assert merchant.client.customers.retrieve(customer.id).to_dict() == {
        'id': customer.id, 'object': 'customer', 'deleted': True}
    assert [row.id for row in merchant.client.customers.list().data] == [other.id]
    assert merchant.error('POST', f'/v1/customers/{customer.id}', {'name': 'x'})[:2] == (404, 'resource_missing')
    assert merchant.client.payment_methods.retrieve(customer.invoice_settings.default_payment_method).customer is None
    assert merchant.events()[-1].type == 'customer.deleted'


@pytest.mark.parametrize('query, found', [
    ("metadata['key']:'a'", 'A'), ('metadata["key"]:"b"', 'B'), ("email:'A@customer.example'", 'A'), ("name~'um'", 'B'),
    ("metadata['key']:'a' OR metadata['key']:'b'", 'BA'), ("metadata['key']:'a' AND email:'b@customer.example'", ''),
    ("-metadata['key']:'a'", 'CB'), ("metadata['key']:null", 'C'), ('created>0', 'CBA'), ('created<1', '')])
def test_search(merchant, query, found):
    merchant.client.customers.create({'name': 'Acme', 'email': 'a@customer.example', 'metadata': {'key': 'a'}, 'phone': 'A'})
    merchant.client.customers.create({'name': 'Bumble', 'email': 'b@customer.example', 'metadata': {'key': 'b'}, 'phone': 'B'})
    merchant.client.customers.create({'name': 'Cat', 'phone': 'C'})
    assert ''.join(row.phone for row in merchant.client.customers.search({'query': query}).data) == found


def test_pages_of_a_search(merchant):
    for number in range(5):
        merchant.client.customers.create({'name': 'Acme', 'phone': str(number)})
    first = merchant.client.customers.search({'query': 'name:"acme"', 'limit': 2})
    assert first.object == 'search_result' and first.has_more
    assert [row.phone for row in first.auto_paging_iter()] == list('43210')


@pytest.mark.parametrize('query', ['', 'acme', "shoe:'7'", "name:'a' OR name:'b' AND name:'c'", "metadata:'x'", "name['x']:'y'"])
def test_searches_that_are_none(merchant, query):
    assert merchant.error('GET', '/v1/customers/search', {'query': query})[2] == 'query'


# -- cards -----------------------------------------------------------------------------------------------------------
def test_a_card_becomes_the_default(merchant):
    customer = merchant.customer(card=None)
    method = merchant.result('POST', '/v1/payment_methods', CARD)
    assert (method['customer'], method['card']['last4'], method['card']['brand']) == (None, '4242', 'visa')
    path, params = f'/v1/customers/{customer.id}', {'invoice_settings[default_payment_method]': method['id']}
    assert merchant.error('POST', path, params) == (400, 'resource_missing', 'invoice_settings[default_payment_method]')
    merchant.client.payment_methods.attach(method['id'], {'customer': customer.id})
    assert merchant.result('POST', path, params)['invoice_settings']['default_payment_method'] == method['id']
    listed = merchant.client.payment_methods.list({'customer': customer.id, 'type': 'card'})
    assert [row.id for row in listed.data] == [method['id']]
    other = merchant.customer(card=None)
    assert merchant.error('POST', f'/v1/payment_methods/{method["id"]}/attach', {'customer': other.id})[0] == 400
    merchant.client.payment_methods.detach(method['id'])
    assert merchant.client.customers.retrieve(customer.id).invoice_settings.default_payment_method is None
    assert merchant.error('POST', f'/v1/payment_methods/{method["id"]}/detach')[0] == 400
    assert '4242424242424242' not in str(merchant.world.store.tables)


@pytest.mark.parametrize('token, decline', [
    ('pm_card_visa_chargeDeclined', 'generic_decline'), ('pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'),
    ('pm_card_chargeCustomerFail', ''), ('pm_card_visa', ''), ('pm_card_threeDSecure2Required', '')])
def test_cards_that_are_refused_at_once(merchant, token, decline):
    customer = merchant.customer(card=None)
    if not decline:
        assert merchant.client.payment_methods.attach(token, {'customer': customer.id}).customer == customer.id
        return
    with pytest.raises(stripe.CardError) as caught:
        merchant.client.payment_methods.attach(token, {'customer': customer.id})
    assert caught.value.json_body['error']['decline_code'] == decline
    assert not merchant.world.all('payment_methods'), 'nothing is left of it'


@pytest.mark.parametrize('params, expected', [
    ({**CARD, 'card[number]': '4242424242424241'}, (402, 'incorrect_number', 'card[number]')),
    ({**CARD, 'type': 'cheque'}, (400, None, 'type')),
    ({**CARD, 'card[exp_month]': '13'}, (400, 'parameter_invalid_integer', 'card[exp_month]')),
    ({'type': 'card'}, (400, 'parameter_missing', 'card'))])
def test_cards_that_are_none(merchant, params, expected):
    assert merchant.error('POST', '/v1/payment_methods', params) == expected


def test_a_card_from_outside(merchant):
    customer = merchant.customer()
    method = merchant.control.card(customer.id, '4000 0000 0000 0341')
    found = merchant.client.customers.retrieve(customer.id, {'expand': ['invoice_settings.default_payment_method']})
    assert found.invoice_settings.default_payment_method.id == method['id']
    assert found.invoice_settings.default_payment_method.card.last4 == '0341'
