"""Events and their deliveries: signed, repeated, late, in no order, forged; and what is there again after a restart."""
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import requests
import stripe

from tests.fakes.stripe import FakeStripe
from tests.fakes.stripe.control import Control
from tests.fakes.stripe.sender import Sender
from tests.stack.ports import answers, unused, wait_until
from tests.stack.settings import CHECKOUT

KEY, SECRET = 'sk_test_key_for_the_tests_of_the_fake', 'whsec_secret_for_the_tests_of_the_fake'


def names(merchant, count):
    return [merchant.client.products.create({'name': str(number)}).id for number in range(count)]


# -- events ----------------------------------------------------------------------------------------------------------
def test_an_event(merchant):
    product = merchant.client.products.create({'name': 'a'}, {'idempotency_key': 'one'})
    event = merchant.client.events.list().data[0]
    assert (event.object, event.type, event.livemode) == ('event', 'product.created', False)
    assert event.api_version == '2026-10-28.endive'
    assert event.data.object.to_dict() == product.to_dict() and event.request.idempotency_key == 'one'
    assert merchant.client.events.retrieve(event.id).to_dict() == event.to_dict()


def test_events_by_type_and_time(merchant):
    first = merchant.client.products.create({'name': 'a'})
    merchant.control.advance(days=2)
    merchant.price(product=first.id)
    merchant.client.products.update(first.id, {'name': 'b'})

    def kinds(**params):
        return [row.type for row in merchant.client.events.list(params).data]
    assert kinds() == ['product.updated', 'price.created', 'product.created']
    assert kinds(type='price.created') == ['price.created'] and kinds(type='product.*') == ['product.updated', 'product.created']
    assert kinds(types=['price.created', 'product.created']) == ['price.created', 'product.created']
    assert kinds(created={'gte': merchant.world.now() - 86400}) == ['product.updated', 'price.created']
    assert merchant.error('GET', '/v1/events', {'type': 'a', 'types[]': 'b'}) == (400, None, 'type')


def test_events_page_both_ways(merchant):
    names(merchant, 7)
    rows = merchant.client.events.list({'limit': 3})
    older = merchant.client.events.list({'limit': 3, 'starting_after': rows.data[-1].id})
    newer = merchant.client.events.list({'limit': 2, 'ending_before': older.data[0].id})
    assert newer.data == rows.data[1:] and newer.has_more
    assert len(list(merchant.client.events.list({'limit': 2}).auto_paging_iter())) == 7


def test_events_are_kept_for_30_days(merchant):
    names(merchant, 1)
    event = merchant.events()[0]
    merchant.control.advance(days=29)
    assert merchant.client.events.retrieve(event.id).id == event.id
    merchant.control.advance(days=1)
    assert merchant.events() == []
    assert merchant.error('GET', f'/v1/events/{event.id}') == (404, 'resource_missing', 'id')


# -- endpoints -------------------------------------------------------------------------------------------------------
def test_an_endpoint(merchant):
    made = merchant.client.webhook_endpoints.create({
        'url': 'https://saas.example/hook', 'enabled_events': ['invoice.paid'], 'api_version': '2026-10-28.endive'})
    assert made.secret.startswith('whsec_') and made.status == 'enabled'
    assert 'secret' not in merchant.client.webhook_endpoints.retrieve(made.id)
    assert [row.url for row in merchant.client.webhook_endpoints.list().data] == ['https://saas.example/hook']
    changed = merchant.client.webhook_endpoints.update(made.id, {'disabled': True, 'enabled_events': ['*']})
    assert (changed.status, changed.enabled_events) == ('disabled', ['*'])
    assert merchant.client.webhook_endpoints.delete(made.id).deleted
    assert merchant.error('GET', f'/v1/webhook_endpoints/{made.id}')[0] == 404


@pytest.mark.parametrize('params, expected', [
    ({'url': 'saas.example/hook', 'enabled_events[0]': '*'}, (400, 'url_invalid', 'url')),
    ({'url': 'http://x.example', 'enabled_events[0]': 'invoice paid'}, (400, None, 'enabled_events[0]')),
    ({'url': 'http://x.example'}, (400, 'parameter_missing', 'enabled_events')),
    ({'url': 'http://x.example', 'enabled_events[0]': '*', 'api_version': '2019-05-16'}, (400, None, 'api_version'))])
def test_endpoints_that_are_none(merchant, params, expected):
    assert merchant.error('POST', '/v1/webhook_endpoints', params) == expected


def test_no_more_than_sixteen(merchant):
    params = {'url': 'https://saas.example/hook', 'enabled_events': ['*']}
    for _number in range(16):
        merchant.client.webhook_endpoints.create(params)
    with pytest.raises(stripe.InvalidRequestError, match='maximum of 16'):
        merchant.client.webhook_endpoints.create(params)


def test_an_endpoint_gets_what_it_wants(merchant, receiver):
    merchant.client.webhook_endpoints.update(receiver.id, {'enabled_events': ['price.created', 'price.updated']})
    price = merchant.price()
    merchant.control.settle()
    assert receiver.kinds == ['price.created']
    merchant.client.webhook_endpoints.update(receiver.id, {'disabled': True})
    merchant.client.prices.update(price.id, {'active': False})
    merchant.control.settle()
    assert receiver.kinds == ['price.created']


# -- deliveries ------------------------------------------------------------------------------------------------------
def test_a_delivery(merchant, receiver):
    names(merchant, 1)
    merchant.control.settle()
    event, headers = receiver.taken[0], receiver.headers[0]
    stored = merchant.events()[0]
    assert event == {**stored.to_dict(), 'pending_webhooks': 1} and stored.pending_webhooks == 0
    assert headers['Content-Type'].startswith('application/json') and headers['User-Agent'].startswith('Stripe/1.0')
    values = dict(part.split('=') for part in headers['Stripe-Signature'].split(','))
    assert abs(int(values['t']) - time.time()) < 10
    body = json.dumps(event, indent=2).encode()
    assert values['v1'] == hmac.new(receiver.secret.encode(), values['t'].encode() + b'.' + body, hashlib.sha256).hexdigest()


def test_the_time_of_sending_is_the_real_one(merchant, receiver):
    merchant.control.advance(days=20)
    names(merchant, 1)
    merchant.control.settle()
    assert len(receiver.taken) == 1 and receiver.taken[0]['created'] > time.time() + 19 * 86400


def test_a_secret_that_is_rolled(merchant, receiver):
    merchant.control.post('settings', retries=1)
    old, receiver.secret = receiver.secret, merchant.control.post(f'endpoints/{receiver.id}', overlap=3600)['secret']
    names(merchant, 1)
    merchant.control.settle()
    assert len(receiver.taken) == 1 and receiver.headers[0]['Stripe-Signature'].count('v1=') == 2
    receiver.secret = old
    names(merchant, 1)
    merchant.control.settle()
    assert len(receiver.taken) == 2, 'the former secret is good until it ends'
    merchant.control.post(f'endpoints/{receiver.id}', overlap=0)
    names(merchant, 1)
    merchant.control.settle()
    assert len(receiver.taken) == 2 and len(receiver.refused) == 1


@pytest.mark.parametrize('status', [500, 302, 404])
def test_what_was_not_taken_comes_again(merchant, receiver, status):
    receiver.answers = [status, status]
    names(merchant, 1)
    merchant.control.settle()
    assert len(receiver.taken) == 1
    assert [(row['status'], row['attempt']) for row in merchant.control.sent()] == [(status, 1), (status, 2), (200, 3)]
    assert len({row['event'] for row in merchant.control.sent()}) == 1


def test_an_endpoint_that_is_away(merchant, receiver):
    merchant.control.post('settings', retries=3)
    receiver.server_close()
    names(merchant, 1)
    merchant.control.settle()
    assert merchant.control.deliveries()['given_up'] == 1
    assert [row['status'] for row in merchant.control.sent()] == [0, 0, 0] and merchant.control.sent()[0]['problem']


def test_what_is_held_leaves_when_it_is_released(merchant, receiver):
    merchant.control.deliveries(hold=True)
    made = names(merchant, 20)
    merchant.control.settle()
    assert receiver.taken == [] and merchant.control.deliveries()['held'] == 20 and merchant.events()[0].pending_webhooks == 1
    sent = merchant.control.release(duplicate=2, shuffle=True, seed=7)['sent']
    merchant.control.settle()
    arrived = [event['data']['object']['id'] for event in receiver.taken]
    assert len(arrived) == sent > 20 and set(arrived) == set(made)
    assert max(map(arrived.count, made)) <= 3 and list(dict.fromkeys(arrived)) != made
    names(merchant, 1)
    merchant.control.settle()
    assert len(receiver.taken) == sent + 1, 'nothing is held any more'


def test_more_than_once_as_they_come(merchant, receiver):
    merchant.control.deliveries(duplicate=2, seed=1)
    names(merchant, 20)
    merchant.control.settle()
    assert 20 < len(receiver.taken) <= 60 and len({event['id'] for event in receiver.taken}) == 20


def test_late_and_in_no_order(merchant, receiver):
    merchant.control.deliveries(delay=0.2, shuffle=True, seed=3)
    began, made = time.time(), names(merchant, 10)
    merchant.control.settle()
    assert [event['data']['object']['id'] for event in receiver.taken] != made and len(receiver.taken) == 10
    assert min(row['at'] for row in merchant.control.sent()) >= began + 0.2


def test_forged_ones_are_among_them(merchant, receiver):
    merchant.control.deliveries(hold=True)
    names(merchant, 50)
    assert merchant.control.release(forge=0.2, shuffle=True, seed=1) == {'sent': 60, 'forged': 10}
    merchant.control.settle()
    kinds = {row['kind']: row['status'] for row in merchant.control.sent() if row['kind']}
    assert kinds == {'forged': 400, 'stale': 400, 'unsigned': 400, 'future': 200}, "the package's own check takes the future"
    assert {event['id'] for event in merchant.events()} == {event['id'] for event in receiver.taken}
    assert merchant.control.deliveries()['accepted'] == 50


def test_forged_on_demand_and_never_again(merchant, receiver):
    names(merchant, 1)
    merchant.control.post('forge', kinds=['forged', 'unsigned'], times=3)
    merchant.control.settle()
    counts = merchant.control.deliveries()
    assert (counts['accepted'], counts['bad_refused'], counts.get('bad_accepted', 0)) == (1, 6, 0)
    assert all(event['id'].startswith('evt_forged') for event in receiver.refused)


def test_once_more_on_demand(merchant, receiver):
    names(merchant, 1)
    merchant.control.settle()
    merchant.control.resend(receiver.taken[0]['id'])
    merchant.control.post('events', type='plan.created', object={'id': 'plan_x', 'object': 'plan'})
    merchant.control.settle()
    assert sorted(receiver.kinds) == ['plan.created', 'product.created', 'product.created']


def test_what_was_undone_is_not_told(merchant, receiver):
    merchant.ask('POST', '/v1/products', {'name': 'a', 'unknown': '1'})
    merchant.control.settle()
    assert receiver.headers == [] and merchant.events() == []


# -- a restart -------------------------------------------------------------------------------------------------------
def test_deliveries_outlive_a_restart(tmp_path, receiver):
    with FakeStripe(tmp_path / 'stripe.json') as fake:
        _id, receiver.secret = fake.add_webhook(receiver.url)
        fake.world.set('deliver', {'delay': 3600})
        with fake.world.transaction():
            fake.world.emit('product.created', {'id': 'prod_x', 'object': 'product'})
        row = fake.world.all('deliveries')[0]
        fake.world.put('deliveries', row['id'], {**row, 'due': time.time()})
        fake.sender.stop()
    with FakeStripe(tmp_path / 'stripe.json') as fake:
        assert isinstance(fake.sender, Sender) and fake.sender.settle(10)
    assert 'product.created' in receiver.kinds


class Sandbox:
    """The process."""

    def __init__(self, folder, webhook):
        self.state, self.port, self.webhook, self.process = folder / 'stripe.json', unused(), webhook, None
        self.url = f'http://127.0.0.1:{self.port}'
        self.control = Control(self.url)

    def start(self):
        argv = [sys.executable, '-m', 'tests.fakes.stripe', '--port', self.port, '--state', self.state, '--webhook', self.webhook,
                '--set', 'dunning_ends=cancel', '--set', 'retry_seconds=0.05']
        self.process = subprocess.Popen([str(word) for word in argv], cwd=CHECKOUT, stdout=subprocess.DEVNULL, env={
            **os.environ, 'STRIPE_SANDBOX_KEY': KEY, 'STRIPE_SANDBOX_WEBHOOK_SECRET': SECRET})
        assert wait_until(lambda: answers(self.port), 20)

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(20)

    def ask(self, method, path, **params):
        data = {'data': params} if method == 'POST' else {'params': params}
        answer = requests.request(method, self.url + path, timeout=10, headers={
            'Authorization': f'Bearer {KEY}', 'Idempotency-Key': str(params)}, **data)
        assert answer.ok, answer.text
        return answer.json()


@pytest.fixture
def sandbox(tmp_path, receiver):
    receiver.secret = SECRET
    found = Sandbox(tmp_path, receiver.url)
    found.start()
    yield found
    found.process.kill()
    found.process.wait()


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_loses_nothing(sandbox, receiver, number):
    sandbox.ask('POST', '/v1/products', name='a')
    customer = sandbox.ask('POST', '/v1/customers', name='Acme')['id']
    sandbox.control.card(customer)
    sandbox.control.advance(hours=20)
    sandbox.control.settle()

    def everything():
        return [sandbox.ask('GET', path) for path in (
            '/v1/account', '/v1/products', '/v1/events', '/v1/webhook_endpoints', f'/v1/customers/{customer}')]
    before, count = everything(), len(receiver.taken)
    sandbox.end(number)
    sandbox.start()
    assert everything() == before and abs(sandbox.control.get('')['now'] - time.time() - 20 * 3600) < 60
    assert sandbox.ask('POST', '/v1/products', name='a')['id'] == before[1]['data'][0]['id'], 'keys are remembered too'
    sandbox.ask('POST', '/v1/products', name='b')
    sandbox.control.settle()
    assert len(receiver.taken) == count + 1 and len(sandbox.control.rows('webhook_endpoints')) == 1
    kept = sandbox.state.read_text() + sandbox.state.with_name('stripe.json.log').read_text()
    assert KEY not in kept and SECRET not in kept


def test_it_ends_when_it_is_told_to(sandbox):
    assert sandbox.end(signal.SIGTERM) == 0


@pytest.mark.parametrize('key, argv, words', [
    (KEY, ['--set', 'speed=1'], 'no setting speed'), ('sk_live_real', [], 'sk_test_'), ('', [], 'STRIPE_SANDBOX_KEY')])
def test_what_it_does_not_start_with(key, argv, words):
    done = subprocess.run([sys.executable, '-m', 'tests.fakes.stripe', *argv], cwd=CHECKOUT, timeout=20, capture_output=True,
                          text=True, env={**os.environ, 'STRIPE_SANDBOX_KEY': key})
    assert done.returncode and words in done.stderr and 'sk_live_real' not in done.stderr


def test_a_live_one_tells_its_mode():
    with FakeStripe(livemode=True) as fake:
        client = stripe.StripeClient(fake.key, base_addresses={'api': fake.url}).v1
        assert fake.key.startswith('sk_live_') and client.products.create({'name': 'a'}).livemode
        assert client.events.list().data[0].livemode
