"""Idempotency keys, and what goes wrong on demand."""
import re
import threading

import pytest
import requests
import stripe

from tests.fakes.stripe import routes
from tests.stack.ports import wait_until


# -- idempotency -----------------------------------------------------------------------------------------------------
def create(merchant, key, **params):
    return merchant.ask('POST', '/v1/products', params, headers={'Idempotency-Key': key})


def test_the_same_key_gives_the_first_answer(merchant):
    first, again = create(merchant, 'one', name='a'), create(merchant, 'one', name='a')
    assert first.json() == again.json() and len(merchant.world.all('products')) == 1
    assert 'Idempotent-Replayed' not in first.headers and again.headers['Idempotent-Replayed'] == 'true'
    assert again.headers['Original-Request'] == first.headers['Request-Id'] != again.headers['Request-Id']
    assert first.headers['Idempotency-Key'] == 'one' and len(merchant.events('product.created')) == 1
    assert merchant.events('product.created')[0].request.to_dict() == {
        'id': first.headers['Request-Id'], 'idempotency_key': 'one'}


def test_the_same_key_with_other_parameters(merchant):
    create(merchant, 'one', name='a')
    assert create(merchant, 'one', name='b').status_code == 400
    with pytest.raises(stripe.IdempotencyError, match='same parameters'):
        merchant.client.customers.create({'name': 'a'}, {'idempotency_key': 'one'})


def test_a_key_is_forgotten_after_a_day(merchant):
    create(merchant, 'one', name='a')
    merchant.control.advance(hours=23)
    assert create(merchant, 'one', name='a').headers.get('Idempotent-Replayed')
    merchant.control.advance(hours=1)
    assert create(merchant, 'one', name='b').status_code == 200 and len(merchant.world.all('products')) == 2


def test_refusals_are_not_kept(merchant):
    assert create(merchant, 'one', nam='a').status_code == 400
    assert create(merchant, 'one', name='a').status_code == 200
    assert create(merchant, 'x' * 256, name='a').json()['error']['type'] == 'idempotency_error'


def test_a_key_that_is_at_work(merchant):
    merchant.control.fault('slow', path='products', when='after', seconds=1)
    running = threading.Thread(target=create, args=(merchant, 'one'), kwargs={'name': 'a'})
    running.start()
    assert wait_until(lambda: merchant.world.all('products'), 10)
    refused = requests.post(f'{merchant.fake.url}/v1/products', {'name': 'a'}, timeout=10, headers={
        'Authorization': f'Bearer {merchant.fake.key}', 'Idempotency-Key': 'one'})
    running.join()
    assert (refused.status_code, refused.json()['error']['code']) == (409, 'idempotency_key_in_use')
    assert create(merchant, 'one', name='a').status_code == 200 and len(merchant.world.all('products')) == 1


# -- faults ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('status, error, headers', [
    (402, stripe.CardError, {}), (409, stripe.APIError, {'Stripe-Should-Retry': 'true'}),
    (429, stripe.RateLimitError, {'Retry-After': '1', 'Stripe-Should-Retry': 'true'}), (500, stripe.APIError, {})])
def test_errors_on_demand(merchant, status, error, headers):
    merchant.control.fault('status', method='POST', path='/v1/products$', status=status)
    with pytest.raises(error) as caught:
        merchant.client.products.create({'name': 'a'})
    assert caught.value.http_status == status and headers.items() <= dict(caught.value.headers).items()
    assert not merchant.world.all('products') and merchant.client.products.create({'name': 'a'}).name == 'a'


def test_a_declined_card_on_demand(merchant):
    merchant.control.fault('status', status=402, decline_code='insufficient_funds', times=2)
    for _time in range(2):
        with pytest.raises(stripe.CardError, match='insufficient funds') as caught:
            merchant.client.products.list()
        assert (caught.value.code, caught.value.json_body['error']['decline_code']) == ('card_declined', 'insufficient_funds')
    assert merchant.client.products.list().data == []


def test_an_error_after_the_work_is_the_answer_to_the_key(merchant):
    merchant.control.fault('status', status=500, when='after')
    assert create(merchant, 'one', name='a').status_code == 500
    assert create(merchant, 'one', name='a').status_code == 500 and len(merchant.world.all('products')) == 1


@pytest.mark.parametrize('when, made', [('before', 0), ('after', 1)])
def test_a_connection_that_drops(merchant, when, made):
    merchant.control.fault('drop', when=when)
    with pytest.raises(requests.ConnectionError):
        create(merchant, 'one', name='a')
    assert len(merchant.world.all('products')) == made
    assert create(merchant, 'one', name='a').status_code == 200 and len(merchant.world.all('products')) == 1


def test_answers_that_are_none(merchant):
    for kind in ('garbage', 'truncated'):
        merchant.control.fault(kind)
        with pytest.raises((stripe.APIError, stripe.APIConnectionError)):
            merchant.client.products.list()
    merchant.control.fault('status', path='elsewhere')
    assert merchant.client.products.list().data == [] and len(merchant.control.get('faults')) == 1
    merchant.control.delete('faults')
    assert merchant.control.get('faults') == []


def test_a_fault_of_its_own_is_told(merchant, monkeypatch, capfd):
    def broken(call):
        assert call.path.endswith('/broken')
        call.world.emit('product.created', {'id': 'prod_x', 'object': 'product'})
        raise ZeroDivisionError('of nothing')
    monkeypatch.setattr(routes, 'API', [*routes.API, ('GET', re.compile('/v1/broken'), broken)])
    answer = merchant.ask('GET', '/v1/broken')
    assert answer.status_code == 500 and 'ZeroDivisionError: of nothing' in answer.json()['error']['message']
    monkeypatch.setattr(routes, 'PAGES', [('GET', re.compile('/broken'), broken)])
    assert merchant.session.get(f'{merchant.fake.url}/broken', timeout=10).status_code == 500
    assert 'Traceback' in capfd.readouterr().err and not merchant.events(), 'nothing half-done'
