"""The sender: signs, posts, and tries again where nobody took it."""
import hashlib
import heapq
import hmac
import http.client
import threading
import time
from collections import Counter, deque
from urllib.parse import urlsplit

from . import webhooks

THREADS = 4
TIMEOUT = 20            # seconds for an answer
LONGEST_WAIT = 30       # seconds between two attempts
JOURNAL = 50_000
TOO_OLD = 900           # seconds, or ahead: far beyond the 300 that are allowed, for a while passes until somebody looks


class Sender:
    """Deliveries are rows of the world, so that a restart goes on with them; what is in the air is known here only."""

    def __init__(self, world, threads=THREADS):
        self.world, self.threads = world, threads
        self.journal, self.counts = deque(maxlen=JOURNAL), Counter()
        self._heap, self._in_flight, self._ended = [], set(), False
        self._waiting, self._held = set(), set()        # counting rows would take too long with very many
        self._changed = threading.Condition(world.store.lock)
        world.store.listeners.append(self._heard)
        for row in world.all('deliveries'):
            self._heard('deliveries', row['id'], None, row)
        world.listeners.append(self._wake)

    def start(self):
        for _number in range(self.threads):
            threading.Thread(target=self._work, daemon=True).start()
        return self

    def stop(self):
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def settle(self, seconds):
        """Waits until nothing is to be sent but what is held; False where that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.waiting, seconds)

    @property
    def waiting(self):
        """How many are still to be sent, those in the air among them."""
        return len(self._waiting)

    @property
    def held(self):
        return len(self._held)

    # -- what is due --------------------------------------------------------------------------------------------------
    def _heard(self, table, key, _old, new):
        if table != 'deliveries':
            return
        self._waiting.discard(key)
        self._held.discard(key)
        if new:
            (self._held if new['held'] else self._waiting).add(key)
            if not new['held']:
                heapq.heappush(self._heap, (new['due'], key))

    def _wake(self):
        self._changed.notify_all()

    def _work(self):
        while (row := self._next()) is not None:
            try:
                self._send(row)
            finally:
                with self._changed:
                    self._in_flight.discard(row['id'])
                    self._changed.notify_all()

    def _next(self):
        """Waits for the next delivery; None at the end."""
        with self._changed:
            while not self._ended:
                row = self._due()
                if row:
                    self._in_flight.add(row['id'])
                    return row
                self._changed.wait(self._heap and max(0.001, self._heap[0][0] - time.time()) or None)
            return None

    def _due(self):
        while self._heap and self._heap[0][0] <= time.time():
            due, key = heapq.heappop(self._heap)
            row = self.world.get('deliveries', key)
            if row and row['due'] == due and not row['held'] and key not in self._in_flight:
                return row
        return None

    # -- one delivery -------------------------------------------------------------------------------------------------
    def _send(self, row):
        endpoint = self.world.get('webhook_endpoints', row['endpoint'])
        body, event = webhooks.content(self.world, row)
        if endpoint is None or event is None or endpoint['status'] != 'enabled':
            return self._done(row)
        began = time.time()
        status, problem = _post(endpoint['url'], body, self._signature(endpoint, body, row))
        self._note(row, endpoint, event, status, problem, began)
        if row['kind'] or 200 <= status < 300:
            return self._done(row)
        return self._again(row)

    def _signature(self, endpoint, body, row):
        """The header; a test's deliveries carry a v0 as well, which means nothing."""
        moment = int(time.time())
        if row['kind'] == 'unsigned':
            return ''
        keys = webhooks.secrets_of(self.world, endpoint, moment)
        if row['kind'] == 'forged':
            keys = [webhooks.new_secret()]
        moment += {'stale': -TOO_OLD, 'future': TOO_OLD}.get(row['kind'], 0)
        return signature(body, keys, moment)

    def _done(self, row):
        with self.world.transaction():
            self.world.remove('deliveries', row['id'])

    def _again(self, row):
        attempts = row['attempts'] + 1
        if attempts >= self.world.setting('retries'):
            self.counts['given_up'] += 1
            return self._done(row)
        wait = min(LONGEST_WAIT, self.world.setting('retry_seconds') * 2 ** row['attempts'])
        with self.world.transaction():
            if self.world.get('deliveries', row['id']):
                self.world.put('deliveries', row['id'], {**row, 'attempts': attempts, 'due': time.time() + wait})
        return None

    def _note(self, row, endpoint, event, status, problem, began):
        taken = 200 <= status < 300
        with self._changed:
            self.counts['sent'] += 1
            self.counts[f'{"bad_" if row["kind"] else ""}{"accepted" if taken else "refused"}'] += 1
            self.journal.append({
                'number': self.counts['sent'], 'event': event['id'], 'type': event['type'], 'url': endpoint['url'],
                'status': status, 'problem': problem, 'kind': row['kind'], 'attempt': row['attempts'] + 1, 'at': began,
                'seconds': time.time() - began})


def signature(body, secrets, moment):
    """``Stripe-Signature`` of these bytes: one v1 for each secret."""
    signed = b'%d.%s' % (moment, body)
    values = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ','.join([f't={moment}', *(f'v1={value}' for value in values), f'v0={"0" * 64}'])


def _post(url, body, header):
    """(status, problem): 0 where there was no answer. Redirects are answers like any other."""
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == 'https' else http.client.HTTPConnection
    connection = connect(parts.hostname, parts.port, timeout=TIMEOUT)
    headers = {'Content-Type': 'application/json; charset=utf-8', 'Accept': '*/*; q=0.5, application/json',
               'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)', 'Connection': 'close'}
    if header:
        headers['Stripe-Signature'] = header
    try:
        connection.request('POST', (parts.path or '/') + (f'?{parts.query}' if parts.query else ''), body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, ''
    except (OSError, http.client.HTTPException) as error:
        return 0, f'{type(error).__name__}: {error}'
    finally:
        connection.close()
