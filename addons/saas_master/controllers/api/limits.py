"""How often the interface may be used.

Requests in general are counted in each process, in memory: with n Odoo processes a caller may reach n times the limit.
That costs microseconds, a count shared by all servers a transaction for every request. What guards secrets (failed
log-ins, wrong keys) is counted exactly, by ``saas.rate``.
"""
import threading
import time

from ... import visitor
from ...models.saas_rate import RateLimited

DEFAULTS = {                                # system parameters saas_master.<name>; 0: no limit
    'api_requests_per_minute': 600,         # by one person, or one network address without a log-in
    'api_login_failures': 10,               # for one log-in name, within FAILURE_SECONDS
    'api_address_failures': 50,             # of log-ins and keys, from one network address, within FAILURE_SECONDS
}
FAILURE_SECONDS = 900
WINDOW_SECONDS = 60
SUBJECTS = 10_000                           # of one process; beyond, windows that are over are dropped


class Window:
    """Counts uses by subject within fixed windows of time."""

    def __init__(self, clock=time.monotonic):
        self.clock, self.lock, self.seen = clock, threading.Lock(), {}

    def count(self, subject, limit):
        """Raise RateLimited when ``subject`` came ``limit`` times within the present window."""
        if limit <= 0:
            return
        now = self.clock()
        with self.lock:
            if len(self.seen) >= SUBJECTS and subject not in self.seen:
                self._forget(now)
            hits, ends_at = self.seen.get(subject, (0, 0))
            if ends_at <= now:
                hits, ends_at = 0, now + WINDOW_SECONDS
            self.seen[subject] = (min(hits + 1, limit + 1), ends_at)
        if hits >= limit:
            raise RateLimited(max(round(ends_at - now + 0.5), 1))

    def _forget(self, now):
        kept = {subject: entry for subject, entry in self.seen.items() if entry[1] > now}
        self.seen = kept if len(kept) < SUBJECTS else {}


REQUESTS = Window()


def number(env, name):
    """What staff have set, or the default."""
    value = env['ir.config_parameter'].sudo().get_param(f'saas_master.{name}')
    return int(value) if value and value.isdecimal() else DEFAULTS[name]


def count_request(env, user, address):
    subject = ('user', user.id) if user else ('address', visitor.network(address))
    REQUESTS.count((env.cr.dbname, *subject), number(env, 'api_requests_per_minute'))


class Failures:
    """Failed proofs of identity, for one address and perhaps one log-in name. Successes are not counted."""

    def __init__(self, env, address, login=None):
        self.rate, self.login = env['saas.rate'].sudo(), login
        self.subjects = [('api-address', visitor.network(address), number(env, 'api_address_failures'))]
        if login is not None:
            self.subjects.append(('api-login', login.lower(), number(env, 'api_login_failures')))

    def check(self):
        """Raise RateLimited where too much has failed already."""
        for purpose, subject, limit in self.subjects:
            self.rate._check_room(purpose, subject, limit)

    def note(self):
        """Count one, and leave a line of a failed log-in."""
        for purpose, subject, limit in self.subjects:
            self.rate._count(purpose, subject, limit, FAILURE_SECONDS)
        if self.login is not None:
            stranger = self.rate.env.ref('base.public_user')
            self.rate.env['saas.audit'].with_user(stranger)._note_apart('login_failed', detail=self.login[:80])
