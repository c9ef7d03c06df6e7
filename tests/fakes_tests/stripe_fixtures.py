"""A Stripe on loopback, whoever calls it, and whoever it calls."""
import http.server
import json
import threading

import pytest
import requests
import stripe

from tests.fakes.stripe import FakeStripe
from tests.fakes.stripe.control import Control


class Merchant:
    """Asks the fake as a merchant's program does: ``client`` is Stripe's own package, ``ask`` plain HTTP."""

    def __init__(self, fake):
        self.fake, self.world, self.control = fake, fake.world, Control(fake.url)
        self.client = stripe.StripeClient(fake.key, base_addresses={'api': fake.url}, max_network_retries=0).v1
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(self, method, path, params=None, key=None, headers=()):
        """``params``: as they are written in a form, brackets and all."""
        key = self.fake.key if key is None else key
        access = {'Authorization': f'Bearer {key}'} if key else {}
        data = {'data': params} if method == 'POST' else {'params': params}
        return self.session.request(method, self.fake.url + path, headers={**access, **dict(headers)}, timeout=10, **data)

    def result(self, method, path, params=None, **options):
        answer = self.ask(method, path, params, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, method, path, params=None, **options):
        """(status, code, param)."""
        answer = self.ask(method, path, params, **options)
        error = answer.json()['error']
        assert error['message'] and error['type']
        return answer.status_code, error.get('code'), error.get('param')

    # -- what most tests need -----------------------------------------------------------------------------------------
    def price(self, amount=1000, interval='month', currency='usd', product=None, **values):
        product = product or self.client.products.create({'name': 'Plan'}).id
        return self.client.prices.create({
            'product': product, 'currency': currency, 'unit_amount': amount, 'recurring': {'interval': interval}, **values})

    def customer(self, card='pm_card_visa', **values):
        """With a card that is the default, or with none."""
        if card:
            values.update(payment_method=card, invoice_settings={'default_payment_method': card})
        return self.client.customers.create({'name': 'Acme', 'email': 'acme@customer.example', **values})

    def events(self, *kinds):
        """Oldest first."""
        params = {'limit': 100, **({'types': list(kinds)} if kinds else {})}
        return list(self.client.events.list(params).auto_paging_iter())[::-1]


class Receiver(http.server.ThreadingHTTPServer):
    """An endpoint: takes what is signed as it should be, and notes all of it. ``answers``: statuses before it behaves."""

    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), ReceiverHandler)
        self.url, self.secret = f'http://127.0.0.1:{self.server_address[1]}/hook?of=stripe', ''
        self.answers, self.taken, self.refused, self.headers = [], [], [], []

    def judge(self, body, headers):
        self.headers.append(dict(headers))
        if self.answers:
            return self.answers.pop(0)
        try:
            stripe.WebhookSignature.verify_header(body.decode(), headers.get('Stripe-Signature', ''), self.secret, 300)
        except stripe.SignatureVerificationError:
            self.refused.append(json.loads(body))
            return 400
        self.taken.append(json.loads(body))
        return 200

    @property
    def kinds(self):
        return [event['type'] for event in self.taken]


class ReceiverHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 10

    def do_POST(self):
        status = self.server.judge(self.rfile.read(int(self.headers['Content-Length'])), self.headers)
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header('Location', '/elsewhere')
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def merchant():
    with FakeStripe(retry_seconds=0.01) as fake:
        yield Merchant(fake)


@pytest.fixture
def receiver(merchant):
    """Gets all events of the merchant's account."""
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02}, daemon=True).start()
        server.id, server.secret = merchant.fake.add_webhook(server.url)
        yield server
        server.shutdown()
