"""Nothing is lost when the sandbox is restarted, not even when it is killed; and how it starts."""
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
