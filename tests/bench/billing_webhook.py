"""How fast a delivery of Stripe's is acknowledged, on the running stack and against the least a route of Odoo costs."""
import itertools
import json
import math
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from ..fakes.stripe import answers
from ..fakes.stripe.sender import signature
from .figures import Row

CLIENTS, EACH, WARM = 4, 300, 40        # clients at a time; deliveries of each, and before that counts
SLICE, ROUNDS = 3, 5                    # seconds of one side; turns of both
PATH, BARE = '/saas/stripe/webhook', '/bench/posted'
MILLISECONDS, PERCENT = 80, 60
TYPE = 'customer.subscription.updated'


class Deliveries:
    """Each a new event, signed at this moment.

    :param subscriptions: objects as Stripe writes them, in turns
    """

    def __init__(self, secret, subscriptions):
        self.secret, self.subscriptions, self.tag = secret, list(subscriptions), secrets.token_hex(6)
        self.numbers = itertools.count()

    def next(self):
        """(body, headers)"""
        number, now = next(self.numbers), int(time.time())
        body = json.dumps({
            'id': f'evt_{self.tag}{number:08}', 'object': 'event', 'api_version': '2026-10-28.endive', 'created': now,
            'type': TYPE, 'livemode': False, 'pending_webhooks': 1, 'request': {'id': None, 'idempotency_key': None},
            'data': {'object': self.subscriptions[number % len(self.subscriptions)]}}, indent=2).encode()
        return body, {'Content-Type': 'application/json', 'Stripe-Signature': signature(body, [self.secret], now)}


def _send(session, url, deliveries):
    """Seconds until it was acknowledged."""
    body, headers = deliveries.next()
    start = time.perf_counter()
    answer = session.post(url, data=body, headers=headers, timeout=60)
    took = time.perf_counter() - start
    if answer.status_code != 200:
        raise LookupError(f'{url} answered HTTP {answer.status_code} {answer.text[:100]}')
    return took


def _clients(work):
    """``work(session)`` of so many at once; what each gave."""
    def client(_number):
        with requests.Session() as session:
            session.trust_env = False
            return work(session)
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(client, range(CLIENTS)))


def acknowledged(world, secret, rows):
    """Through nginx, with the stack's workers and crons at work."""
    deliveries, url = Deliveries(secret, answers.shown(rows)), world.url + PATH
    _clients(lambda session: [_send(session, url, deliveries) for _number in range(WARM)])
    times = sorted(itertools.chain(*_clients(lambda session: [_send(session, url, deliveries) for _number in range(EACH)])))
    last, middle = (times[math.ceil(len(times) * share) - 1] * 1000 for share in (0.99, 0.5))
    yield Row(f'webhook acknowledged, {CLIENTS} clients, {len(times):,} events: p99 (ms)', f'{last:.1f} ms',
              f'median {middle:.1f} ms', last, MILLISECONDS)


def rate(server, path, deliveries, seconds):
    """Requests per second, each of a client after the other's answer came."""
    url, end = f'http://127.0.0.1:{server.port}{path}', time.monotonic() + seconds

    def work(session):
        count = 0
        while time.monotonic() < end:
            _send(session, url, deliveries)
            count += 1
        return count
    return sum(_clients(work)) / seconds


def against_bare(server, secret):
    """Same server, same bodies and headers, by turns."""
    deliveries = Deliveries(secret, [_subscription(number) for number in range(1, 201)])
    what = f'webhook against a bare POST route, {CLIENTS} clients (% of its requests/s)'
    try:
        for path in (PATH, BARE):
            rate(server, path, deliveries, 1)       # warm
        pairs = [[rate(server, path, deliveries, SLICE) for path in (PATH, BARE)] for _round in range(ROUNDS)]
    except LookupError as error:
        yield Row(f'{what}: {error}', '–', '–', 0, PERCENT, at_least=True)
        return
    ours, bare = (sum(pair[side] for pair in pairs) / ROUNDS for side in (0, 1))
    yield Row(what, f'{ours:.0f}/s', f'{bare:.0f}/s', 100 * ours / bare, PERCENT, at_least=True)


def _subscription(number):
    """About as long as Stripe's are."""
    return {'id': f'sub_bench{number}', 'object': 'subscription', 'customer': f'cus_bench{number}', 'status': 'active',
            'livemode': False, 'metadata': {}, 'items': {'object': 'list', 'data': [
                {'id': f'si_{number}_{place}', 'object': 'subscription_item', 'quantity': 1, 'metadata': {},
                 'price': {'id': f'price_{number}_{place}', 'object': 'price', 'currency': 'eur', 'unit_amount': 4900,
                           'recurring': {'interval': 'month', 'interval_count': 1}}} for place in range(3)]}}
