"""The same key twice: the first answer again, or an error where the parameters are others or the first is at work."""
import contextlib
import threading

from . import errors

KEPT = 86_400       # seconds
LONGEST = 255


class Attempt:
    """``answer``: what was said to the first call with this key; None for the first one."""

    def __init__(self, world, key, asked, answer=None):
        self._world, self._key, self._asked, self.answer = world, key, asked, answer

    def keep(self, status, body, request):
        """Refusals before any work (validation, rights, limits) are not kept: the caller may correct itself."""
        if not self._key or not (status < 300 or status == 402 or status >= 500):
            return
        with self._world.transaction():
            self._world.store.put('idempotency', self._key, {
                'asked': self._asked, 'status': status, 'body': body, 'request': request, 'created': self._world.now()})


class Idempotency:

    def __init__(self, world):
        self.world = world
        self._running, self._lock = set(), threading.Lock()

    @contextlib.contextmanager
    def once(self, key, method, path, params):
        if not key:
            yield Attempt(self.world, None, None)
            return
        if len(key) > LONGEST:
            raise errors.ApiError(400, f'Idempotency keys have at most {LONGEST} characters.', kind='idempotency_error')
        with self._lock:
            if key in self._running:
                raise errors.ApiError(
                    409, 'There is currently another in-progress request using this Idempotent Key (that probably means you '
                    'submitted twice, and the other request is still going through).', 'idempotency_key_in_use',
                    kind='idempotency_error')
            self._running.add(key)
        try:
            asked = [method, path, params]
            yield Attempt(self.world, key, asked, self._former(key, asked))
        finally:
            with self._lock:
                self._running.discard(key)

    def _former(self, key, asked):
        former = self.world.store.get('idempotency', key)
        if former is None or former['created'] + KEPT <= self.world.now():
            return None
        if former['asked'] != asked:
            raise errors.ApiError(
                400, 'Keys for idempotent requests can only be used with the same parameters they were first used with. Try '
                f"using a key other than '{key}' if you meant to execute a different request.", kind='idempotency_error')
        return former

    def forget(self):
        """What is too old, from time to time."""
        with self.world.transaction():
            rows, latest = self.world.store.table('idempotency'), self.world.now() - KEPT
            for key in [key for key, row in rows.items() if row['created'] <= latest]:
                self.world.store.remove('idempotency', key)
