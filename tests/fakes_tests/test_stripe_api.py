"""The fake keeps the API's rules: keys, version, forms, errors, pages, expansions; and what is done to it from outside."""
import base64

import pytest
import stripe

from tests.fakes.stripe import FakeStripe
from tests.fakes.stripe.forms import Params, decoded
from tests.fakes.stripe.world import difference


# -- access ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('key, words', [
    ('', 'You did not provide an API key'), ('sk_test_somebodys_other_key', 'Invalid API Key provided: sk_test_***')])
def test_nobody_gets_in_without_the_key(merchant, key, words):
    answer = merchant.ask('GET', '/v1/account', key=key)
    assert answer.status_code == 401 and words in answer.json()['error']['message']
    assert 'somebodys' not in answer.text
    with pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient(key or 'none', base_addresses={'api': merchant.fake.url}).v1.products.list()


def test_a_key_may_be_a_user_without_a_password(merchant):
    header = {'Authorization': 'Basic ' + base64.b64encode(f'{merchant.fake.key}:'.encode()).decode()}
    assert merchant.ask('GET', '/v1/account', key='', headers=header).status_code == 200


def test_the_account(merchant):
    account = merchant.result('GET', '/v1/account')
    assert (account['object'], account['default_currency'], account['charges_enabled']) == ('account', 'usd', True)
    assert account['id'] == merchant.client.accounts.retrieve_current().id


@pytest.mark.parametrize('version, status', [
    ('2026-10-28.endive', 200), (None, 200), ('2019-05-16', 400), ('2026-09-30.endive', 400)])
def test_one_version_is_spoken(merchant, version, status):
    answer = merchant.ask('GET', '/v1/products', headers={'Stripe-Version': version} if version else {})
    assert answer.status_code == status and answer.headers['Stripe-Version'] == '2026-10-28.endive'
    assert answer.headers['Request-Id'].startswith('req_')


@pytest.mark.parametrize('method, path', [('GET', '/v1/nowhere'), ('DELETE', '/v1/products'), ('POST', '/v1/events')])
def test_unknown_addresses(merchant, method, path):
    answer = merchant.ask(method, path)
    assert answer.status_code == 404 and f'({method}: {path})' in answer.json()['error']['message']


def test_a_page_that_is_none(merchant):
    answer = merchant.session.get(f'{merchant.fake.url}/nothing', timeout=10)
    assert answer.status_code == 404 and answer.headers['Content-Type'].startswith('text/html')


# -- parameters ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('text, tree', [
    ('a=1&b=2', {'a': '1', 'b': '2'}), ('a[b][c]=1', {'a': {'b': {'c': '1'}}}), ('a[]=1&a[]=2', {'a': ['1', '2']}),
    ('i[1][p]=b&i[0][p]=a&i[0][q]=2', {'i': [{'p': 'a', 'q': '2'}, {'p': 'b'}]}), ('a=&m[x]=', {'a': '', 'm': {'x': ''}}),
    ('a%5Bb%5D=%C3%B1+%26', {'a': {'b': 'ñ &'}}), ('', {}), ('i[10]=k&i[9]=j', {'i': ['j', 'k']})])
def test_forms(text, tree):
    assert decoded(text) == tree


@pytest.mark.parametrize('params, expected', [
    ({}, (400, 'parameter_missing', 'currency')),
    ({'currency': ''}, (400, 'parameter_invalid_empty', 'currency')),
    ({'currency': 'usd', 'unit_amount': 'much'}, (400, 'parameter_invalid_integer', 'unit_amount')),
    ({'currency': 'usd', 'unit_amount': '-1'}, (400, 'parameter_invalid_integer', 'unit_amount')),
    ({'currency': 'usd', 'unit_amount': '1', 'active': 'yes'}, (400, None, 'active')),
    ({'currency': 'usd', 'unit_amount': '1', 'recurring[interval]': 'decade'}, (400, None, 'recurring[interval]')),
    ({'currency': 'usd', 'unit_amount': '1', 'recurring[interval_count]': '2'},
     (400, 'parameter_missing', 'recurring[interval]')),
    ({'currency': 'usd', 'unit_amount': '1', 'recurring': 'month'}, (400, None, 'recurring')),
    ({'currency': 'usd', 'unit_amount': '1', 'colour': 'red'}, (400, 'parameter_unknown', 'colour')),
    ({'currency': 'usd', 'unit_amount': '1', 'recurring[interval]': 'month', 'recurring[x]': '1'},
     (400, 'parameter_unknown', 'recurring[x]')),
    ({'currency': 'usd', 'unit_amount': '1', 'product': 'prod_none'}, (400, 'resource_missing', 'product'))])
def test_what_is_wrong_is_named(merchant, params, expected):
    product = merchant.client.products.create({'name': 'Plan'}).id
    assert merchant.error('POST', '/v1/prices', {'product': product, **params}) == expected
    assert not merchant.world.all('prices') and not merchant.events('price.created'), 'nothing half-done'


def test_lists_of_dictionaries_name_their_place():
    rows = Params({'items': [{'price': 'p'}, {'price': 'p', 'x': '1'}], 'deep': {'rows': [{'y': '1'}]}})
    assert [row.text('price') for row in rows.subs('items')] == ['p', 'p']
    assert rows.sub('deep').subs('rows')[0].param('y') == 'deep[rows][0][y]'
    with pytest.raises(Exception, match=r'unknown parameter: items\[1\]\[x\]'):
        rows.check()


def test_metadata_is_merged(merchant):
    product = merchant.client.products.create({'name': 'Plan', 'metadata': {'a': '1', '_b': '2'}})
    changed = merchant.client.products.update(product.id, {'metadata': {'a': '', 'c': '3'}})
    assert changed.metadata.to_dict() == {'_b': '2', 'c': '3'}
    assert merchant.result('POST', f'/v1/products/{product.id}', {'metadata': ''})['metadata'] == {}
    assert merchant.error('POST', f'/v1/products/{product.id}', {'metadata[x]': 'x' * 501})[2] == 'metadata[x]'


def test_an_empty_value_unsets(merchant):
    customer = merchant.client.customers.create({'name': 'Acme', 'phone': '1'})
    changed = merchant.result('POST', f'/v1/customers/{customer.id}', {'phone': ''})
    assert (changed['phone'], changed['name']) == (None, 'Acme')


def test_errors_are_what_the_package_expects(merchant):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        merchant.client.products.retrieve('prod_none')
    assert (caught.value.code, caught.value.param, caught.value.http_status) == ('resource_missing', 'id', 404)
    assert caught.value.user_message == "No such product: 'prod_none'"
    error = caught.value.json_body['error']
    assert error['doc_url'].endswith('/resource-missing') and error['request_log_url'].endswith(caught.value.request_id)


# -- lists -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def names(merchant):
    for number in range(25):
        merchant.client.customers.create({'name': f'{number:02}'})
    return lambda page: [row.name for row in page.data]


def test_pages_are_newest_first(merchant, names):
    first = merchant.client.customers.list()
    assert names(first) == [f'{number:02}' for number in range(24, 14, -1)] and first.has_more
    second = merchant.client.customers.list({'limit': 15, 'starting_after': first.data[-1].id})
    assert names(second) == [f'{number:02}' for number in range(14, -1, -1)] and not second.has_more
    back = merchant.client.customers.list({'limit': 3, 'ending_before': second.data[0].id})
    assert names(back) == ['17', '16', '15'] and back.has_more
    assert not merchant.client.customers.list({'limit': 3, 'ending_before': first.data[2].id}).has_more
    assert len(list(merchant.client.customers.list({'limit': 4}).auto_paging_iter())) == 25
    assert (first.object, first.url) == ('list', '/v1/customers')


@pytest.mark.parametrize('params, expected', [
    ({'limit': '0'}, (400, 'parameter_invalid_integer', 'limit')),
    ({'limit': '101'}, (400, 'parameter_invalid_integer', 'limit')),
    ({'starting_after': 'cus_none'}, (400, 'resource_missing', 'starting_after')),
    ({'starting_after': 'a', 'ending_before': 'b'}, (400, None, 'starting_after')),
    ({'page': '1'}, (400, 'parameter_unknown', 'page'))])
def test_pages_that_are_none(merchant, params, expected):
    assert merchant.error('GET', '/v1/customers', params) == expected


def test_by_the_time_of_creation(merchant):
    moments = []
    for name in 'abc':
        moments.append(merchant.client.customers.create({'name': name}).created)
        merchant.control.advance(days=1)

    def found(**created):
        return [row.name for row in merchant.client.customers.list({'created': created}).data]
    assert found(gte=moments[1]) == ['c', 'b'] and found(gt=moments[1]) == ['c']
    assert found(gt=moments[0], lt=moments[2]) == ['b'] and found(lte=moments[1]) == ['b', 'a']
    assert [row['name'] for row in merchant.result('GET', '/v1/customers', {'created': moments[1]})['data']] == ['b']


# -- expansions ------------------------------------------------------------------------------------------------------
def test_expansions(merchant):
    price = merchant.price()
    assert isinstance(price.product, str)
    assert merchant.client.prices.retrieve(price.id, {'expand': ['product']}).product.name == 'Plan'
    listed = merchant.result('GET', '/v1/prices', {'expand[]': 'data.product.default_price'})['data'][0]
    assert listed['product']['object'] == 'product' and listed['product']['default_price'] is None
    customer = merchant.customer()
    found = merchant.client.customers.retrieve(customer.id, {
        'expand': ['subscriptions', 'invoice_settings.default_payment_method', 'tax']})
    assert found.tax.automatic_tax == 'unrecognized_location'
    assert found.subscriptions.data == [] and found.invoice_settings.default_payment_method.card.last4 == '4242'
    assert 'subscriptions' not in customer


@pytest.mark.parametrize('path', [
    'nothing', 'metadata.x', 'active', 'metadata', 'product.default_price.product.default_price.product'])
def test_what_cannot_be_expanded(merchant, path):
    answer = merchant.error('GET', f'/v1/prices/{merchant.price().id}', {'expand[0]': path})
    assert answer == (400, None, 'expand[0]')


# -- from outside ----------------------------------------------------------------------------------------------------
def test_calls_are_noted(merchant):
    merchant.ask('POST', '/v1/products', {'name': 'a'}, headers={'Idempotency-Key': 'one'})
    merchant.ask('GET', '/v1/nowhere', key='sk_test_wrong')
    first, second = merchant.control.calls()
    assert (first['method'], first['path'], first['params'], first['status']) == ('POST', '/v1/products', 'name=a', 200)
    assert first['idempotency_key'] == 'one' and second['status'] == 401
    assert merchant.fake.key not in str(merchant.control.calls()) and merchant.control.calls(first['number']) == [second]
    merchant.control.delete('journal')
    assert merchant.control.calls() == []


@pytest.mark.parametrize('headers', [{'Origin': 'https://evil.example'}, {'Host': 'evil.example'}])
def test_pages_of_a_browser_do_not_get_in_from_behind(merchant, headers):
    assert merchant.session.get(f'{merchant.fake.url}/_admin/', headers=headers, timeout=10).status_code == 403


def test_the_clock(merchant):
    before = merchant.world.now()
    assert abs(merchant.control.advance(days=31) - before - 31 * 86400) < 5
    assert abs(merchant.world.now() - before - 31 * 86400) < 5
    assert abs(merchant.client.products.create({'name': 'a'}).created - merchant.world.now()) < 5


def test_what_is_too_old_is_forgotten(merchant):
    merchant.client.products.create({'name': 'a'}, {'idempotency_key': 'one'})
    merchant.control.advance(days=31)
    merchant.client.products.create({'name': 'b'}, {'idempotency_key': 'two'})
    merchant.world.tidy()
    merchant.fake.api.idempotency.forget()
    assert len(merchant.world.all('events')) == 1 and list(merchant.world.store.table('idempotency')) == ['two']


def test_bad_words_to_the_admin(merchant):
    with pytest.raises(OSError, match='400'):
        merchant.control.post('settings', no_such_setting=1)
    with pytest.raises(OSError, match='404'):
        merchant.control.get('nothing-of-the-kind')
    with pytest.raises(OSError, match='400'):
        merchant.control.fault('earthquake')
    with pytest.raises(OSError, match='404'):
        merchant.control.card('cus_none')
    with pytest.raises(ValueError, match='no setting speed'):
        FakeStripe(speed=1)


def test_what_changed():
    old = {'a': 1, 'b': {'x': 1, 'y': 2}, 'c': [1], 'gone': 1, 'same': {'z': []}}
    new = {'a': 2, 'b': {'x': 1, 'y': 3}, 'c': [1, 2], 'new': 1, 'same': {'z': []}}
    assert difference(old, new) == {'a': 1, 'b': {'y': 2}, 'c': [1], 'gone': 1, 'new': None}
