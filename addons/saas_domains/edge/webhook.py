"""Webhooks: what is sent is signed, where it is sent is checked and pinned, what comes back is read to a limit.

The signature (docs/webhooks.md has the recipe)::

    Saas-Signature: t=<seconds since 1970>,v1=<hex>[,v1=<hex>]

``v1`` is HMAC-SHA256 with the secret over ``<t>.`` and the raw body. While a secret is being rolled there is one for each
of the two, and a receiver accepts any.
"""
import contextlib
import hashlib
import hmac
import http.client
import json
import re
import secrets
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from functools import partial

import urllib3
from requests.certs import where as public_authorities
from urllib3.connection import HTTPConnection, HTTPSConnection

from ...saas_master.drivers import retry
from ...saas_master.drivers.errors import AuthError, Retryable, Unreachable
from . import webhook_target
from .webhook_target import Rules

TOLERANCE = 300             # seconds a receiver lets a signature be old
CONNECT_SECONDS, READ_SECONDS, ALL_SECONDS = 5.0, 10.0, 20.0
KEPT = 500                  # bytes of an answer
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 6 * 3600.0       # seconds between two attempts
AGENT = 'saas-webhooks/1'
SECRET_START = 'whsec_'
UNREADABLE = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]')


@dataclass(frozen=True)
class Message:
    """One delivery: ``body`` are the very bytes that are signed and sent, the same at each attempt."""

    id: str
    event: str
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the endpoint said. ``words``: the beginning of its body. ``after``: seconds it asks us to wait."""

    status: int
    words: str
    seconds: float
    after: float | None = None

    @property
    def is_taken(self):
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Limits:
    """Seconds. ``ca_file``: authorities to trust instead of the public ones, for tests."""

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    all: float = ALL_SECONDS
    ca_file: str = field(default='', repr=False)


# -- signature ----------------------------------------------------------------------------------


def new_secret():
    return SECRET_START + secrets.token_urlsafe(32)


def new_body(message_id, event, created_at, data):
    """The raw body of a delivery; ``created_at`` as text in ISO 8601."""
    content = {'id': message_id, 'type': event, 'created_at': created_at, 'data': data}
    return json.dumps(content, ensure_ascii=False, separators=(',', ':')).encode()


def sign(body, keys, now=None):
    """The header Saas-Signature of ``body`` (bytes) by each of ``keys``, the newest first."""
    moment = int(time.time() if now is None else now)
    return ','.join([f't={moment}', *(f'v1={_digest(key, moment, body)}' for key in keys)])


def verify(header, body, keys, tolerance=TOLERANCE, now=None):
    """The time at which ``body`` was signed by one of ``keys``; AuthError when it was not, or too long ago.

    This is what a receiver does.
    """
    pairs = [part.partition('=')[::2] for part in (header or '').split(',')]
    moments = [value for name, value in pairs if name == 't' and re.fullmatch('[0-9]{1,12}', value)]
    if len(moments) != 1:
        raise AuthError('The signature has no time.', problem='form')
    moment = int(moments[0])
    wanted = [_digest(key, moment, body) for key in keys]
    sent = [value.encode('utf-8', 'replace') for name, value in pairs if name == 'v1']
    if not any(hmac.compare_digest(one.encode(), other) for one in wanted for other in sent):
        raise AuthError('The signature is not of this body and secret.', problem='signature')
    if abs((time.time() if now is None else now) - moment) > tolerance:
        raise AuthError('The signature is too old.', problem='time')
    return moment


def _digest(key, moment, body):
    return hmac.new(key.encode(), b'%d.' % moment + body, hashlib.sha256).hexdigest()


# -- when to try again --------------------------------------------------------------------------


def pause(attempt, after=None, jitter=None):
    """Seconds to wait after attempt number ``attempt`` (from 1): 10 s doubled to six hours, the upper half by chance.

    ``after``: what the endpoint asked for; at most the longest pause is granted.
    """
    wanted = None if after is None else min(after, LONGEST_PAUSE)
    chance = {'jitter': jitter} if jitter else {}
    return retry.decide(Retryable('', after=wanted), attempt, max_attempts=attempt + 1, base=FIRST_PAUSE,
                        cap=LONGEST_PAUSE, **chance).delay


# -- sending ------------------------------------------------------------------------------------


def send(url, message, keys, rules=None, limits=None):
    """Send once; the Answer, whatever its status: a redirect is one like any other and is not followed.

    Raises Permanent when the address is none we send to, NotFound when its name has no address, AuthError when the
    certificate is not one for it, Unreachable when nothing listens, Retryable for what else may go better later.
    """
    rules, limits = rules or Rules(), limits or Limits()
    started = time.monotonic()
    target = webhook_target.parse(url, rules)
    places = webhook_target.addresses(target, rules)
    with _Deadline(limits.all) as deadline, _pool(target, places, deadline, limits) as pool:
        status, headers, words = _exchange(pool, target, message, keys, deadline)
    return Answer(status, words, time.monotonic() - started, _after(headers.get('Retry-After')))


def _exchange(pool, target, message, keys, deadline):
    headers = {
        'Content-Type': 'application/json', 'User-Agent': AGENT, 'Connection': 'close', 'Accept-Encoding': 'identity',
        'Saas-Delivery': message.id, 'Saas-Event': message.event, 'Saas-Signature': sign(message.body, keys)}
    try:
        answer = pool.urlopen('POST', target.path, body=message.body, headers=headers, retries=False, redirect=False,
                              assert_same_host=False, preload_content=False, decode_content=False)
        try:
            return answer.status, answer.headers, _words(answer, deadline)
        finally:
            answer.close()
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        raise _explained(error, target.host, deadline) from None


def _words(answer, deadline):
    """The beginning of the body. That the rest is slow or broken does not matter: the status has said it all."""
    read = b''
    with contextlib.suppress(urllib3.exceptions.HTTPError, http.client.HTTPException, OSError):
        while len(read) < KEPT and not deadline.over:
            piece = answer.read(KEPT - len(read), decode_content=False)
            if not piece:
                break
            read += piece
    return UNREADABLE.sub('·', read[:KEPT].decode('utf-8', 'replace'))


def _explained(error, host, deadline):
    """The driver error for what happened on the way; its ``problem`` is a code."""
    causes = _causes(error)
    if deadline.over or any(isinstance(one, TimeoutError | urllib3.exceptions.TimeoutError) for one in causes):
        return Retryable(f'{host} did not answer in time.', problem='timeout')
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
        return AuthError(f'{host} has no valid certificate for its name.', problem='certificate')
    if any(isinstance(one, ssl.SSLError | urllib3.exceptions.SSLError) for one in causes):
        return Retryable(f'{host} does not speak TLS as it should.', problem='tls')
    if any(isinstance(one, _NoConnection) for one in causes):
        return Unreachable(f'{host} takes no connection.', problem='unreachable')
    return Retryable(f'{host} broke off or gave no answer in HTTP.', problem='broken')


def _causes(error):
    found = []
    while error is not None and error not in found:
        found.append(error)
        reason = getattr(error, 'reason', None)
        inner = next((value for value in (reason, *getattr(error, 'args', ())) if isinstance(value, Exception)), None)
        error = inner or error.__cause__ or error.__context__
    return found


def _after(value):
    """Seconds of a Retry-After; its dates are not looked at."""
    return float(value) if value and re.fullmatch('[0-9]{1,9}', value) else None


# -- connection ---------------------------------------------------------------------------------


class _NoConnection(OSError):
    """None of the addresses took a connection."""


class _Deadline:
    """Shuts the socket when its time is over: a time limit for each read alone lets an endpoint drip for ever."""

    def __init__(self, seconds):
        self._ends = time.monotonic() + seconds
        self._guard, self._lock = None, threading.Lock()
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True

    @property
    def left(self):
        return self._ends - time.monotonic()

    @property
    def over(self):
        return self.left <= 0

    def watch(self, sock):
        with self._lock:
            self._guard = sock.dup()        # the same connection, also while TLS wraps the other one

    def _shut(self):
        with self._lock, contextlib.suppress(OSError):
            if self._guard:
                self._guard.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        self._timer.start()
        return self

    def __exit__(self, *_error):
        self._timer.cancel()
        with self._lock:
            if self._guard:
                self._guard.close()
                self._guard = None


class _Pinned:
    """A connection to one of the checked addresses; name, SNI and certificate are those of the host."""

    def __init__(self, *args, places=(), deadline=None, **options):
        super().__init__(*args, **options)
        self._places, self._deadline = places, deadline

    def _new_conn(self):
        for place in self._places:
            try:
                sock = socket.create_connection((place, self.port), max(min(CONNECT_SECONDS, self._deadline.left), 0.01))
            except OSError:
                continue
            self._deadline.watch(sock)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        raise _NoConnection('no connection')


class _PinnedHttp(_Pinned, HTTPConnection):
    pass


class _PinnedHttps(_Pinned, HTTPSConnection):
    pass


@contextlib.contextmanager
def _pool(target, places, deadline, limits):
    timeout = urllib3.Timeout(connect=limits.connect, read=limits.read)
    if target.scheme == 'https':
        context = ssl.create_default_context(cafile=limits.ca_file or public_authorities())
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        pool = urllib3.HTTPSConnectionPool(
            target.host, target.port, timeout=timeout, ssl_context=context, cert_reqs='CERT_REQUIRED')
        pool.ConnectionCls = partial(_PinnedHttps, places=places, deadline=deadline)
    else:
        pool = urllib3.HTTPConnectionPool(target.host, target.port, timeout=timeout)
        pool.ConnectionCls = partial(_PinnedHttp, places=places, deadline=deadline)
    try:
        yield pool
    finally:
        pool.close()
