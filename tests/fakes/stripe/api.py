"""The API: which call is let in, what goes wrong with it, what is noted of it."""
import base64
import binascii
import contextlib
import hashlib
import json
import time
import traceback
from collections import deque

from tests.fakes.faults import Faults

from . import errors, faults, forms
from .idempotency import Idempotency
from .routes import Call
from .world import VERSION

JOURNAL = 50_000        # calls that are remembered


class Api:

    def __init__(self, world):
        self.world, self.faults, self.idempotency = world, Faults(faults.KINDS), Idempotency(world)
        self.journal, self.counted = deque(maxlen=JOURNAL), 0

    def answer(self, method, target, headers, data):
        """(status, headers, body, fault): ``fault`` is for the listener, which holds the connection."""
        path, _, query = target.partition('?')
        text = '&'.join(part for part in (query, data.decode(errors='replace')) if part)
        with self.world.store.lock:
            fault = self.faults.take(method, path)
        request = {'id': self.world.new_id('req', 14), 'idempotency_key': headers.get('Idempotency-Key')}
        try:
            if fault:
                faults.before(fault)
            self._check_access(headers)
            status, more, body = self._outcome(method, path, text, request, fault)
        except errors.ApiError as error:
            status, more, body = error.status, error.headers, error.body()
        if 'error' in body:
            mode = '' if self.world.livemode else 'test/'
            body['error']['request_log_url'] = f'https://dashboard.stripe.com/{mode}logs/{request["id"]}'
        more = {'Request-Id': request['id'], 'Stripe-Version': VERSION, **more}
        if request['idempotency_key']:
            more['Idempotency-Key'] = request['idempotency_key']
        self._note(method, path, text, headers, status, fault, more)
        return status, more, json.dumps(body).encode(), fault if fault and fault['kind'] in faults.OF_LISTENER else None

    # -- access -------------------------------------------------------------------------------------------------------
    def _check_access(self, headers):
        key = _key(headers.get('Authorization', ''))
        if not key:
            raise errors.ApiError(401, 'You did not provide an API key. You need to provide your API key in the '
                                       "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_KEY').")
        if hashlib.sha256(key.encode()).hexdigest() not in self.world.keys:
            raise errors.ApiError(401, f'Invalid API Key provided: {key[:8]}{"*" * max(0, len(key) - 12)}{key[-4:]}')
        version = headers.get('Stripe-Version')
        if version not in (None, VERSION):
            raise errors.invalid(f'Invalid Stripe API version: {version}. This sandbox speaks {VERSION}.')

    # -- the work -----------------------------------------------------------------------------------------------------
    def _outcome(self, method, path, text, request, fault):
        params, key = forms.decoded(text), request['idempotency_key'] if method == 'POST' else None
        with self.idempotency.once(key, method, path, params) as attempt:
            former = attempt.answer
            if former:
                more = {'Idempotent-Replayed': 'true', 'Original-Request': former['request']}
                return former['status'], more, former['body']
            try:
                status, more, body = 200, {}, self._act(method, path, params, request)
                if fault:
                    faults.after(fault)
            except errors.ApiError as error:
                status, more, body = error.status, error.headers, error.body()
            attempt.keep(status, body, request['id'])
            return status, more, body

    def _act(self, method, path, params, request):
        """In one transaction; an error that keeps what was done is raised when that is safe."""
        kept, body = None, None
        with self.world.transaction(), self._told_as(request):
            try:
                body = Call(self.world, method, path, params).answered()
            except errors.ApiError as error:
                if not error.keeps:
                    raise
                kept = error
            except Exception as error:
                traceback.print_exc()
                words = f'The sandbox itself fails: {type(error).__name__}: {error}'
                raise errors.ApiError(500, words, kind='api_error') from error
        if kept:
            raise kept
        return body

    @contextlib.contextmanager
    def _told_as(self, request):
        """Events say which request they come from."""
        self.world.request = request
        try:
            yield
        finally:
            self.world.request = None

    def _note(self, method, path, text, headers, status, fault, more):
        with self.world.store.lock:
            self.counted += 1
            self.journal.append({
                'number': self.counted, 'method': method, 'path': path, 'params': text[:20_000], 'status': status,
                'at': time.time(), 'fault': fault and fault['kind'], 'version': headers.get('Stripe-Version'),
                'idempotency_key': headers.get('Idempotency-Key'), 'replayed': 'Idempotent-Replayed' in more,
                'request': more['Request-Id']})


def _key(header):
    kind, _, value = header.partition(' ')
    if kind == 'Bearer':
        return value.strip()
    if kind == 'Basic':
        try:
            return base64.b64decode(value).decode().partition(':')[0]
        except (binascii.Error, UnicodeDecodeError):
            return ''
    return ''
