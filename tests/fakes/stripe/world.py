"""What this Stripe holds: its tables, its clock, and the events it makes of what happens.

A handler is written like this::

    from .routes import route

    @route('POST', '/v1/subscriptions/{key}/resume')
    def resume(call, key):
        world = call.world
        subscription = world.need('subscriptions', key)                 # 404 resource_missing
        anchor = call.choice('billing_cycle_anchor', ('now', 'unchanged'), default='now')
        return world.change('subscriptions', key, {'status': 'active'}, event='customer.subscription.resumed')

Rows are the API's objects as JSON; what is nobody's business outside starts with ``_`` and is left out of every answer
and event. ``get``, ``need`` and ``put`` give copies that may be altered at will: only ``put``, ``change`` and ``remove``
change the world. ``all`` gives the rows themselves, oldest first: for reading. Everything of one request is one
transaction, and so is one ``advance``, however long.
"""
import contextlib
import hashlib
import importlib
import random
import secrets
import string
import time

from tests.fakes.store import Store

from . import answers, errors

VERSION = '2026-10-28.endive'
EVENTS_KEPT = 30 * 86_400       # seconds
ALPHABET, CHANCE = string.ascii_letters + string.digits, random.Random(secrets.randbits(128))

TABLES = {      # name: how its ids begin, what an error calls one
    'products': ('prod', 'product'), 'prices': ('price', 'price'), 'coupons': ('coupon', 'coupon'),
    'promotion_codes': ('promo', 'promotion code'), 'customers': ('cus', 'customer'),
    'payment_methods': ('pm', 'PaymentMethod'), 'subscriptions': ('sub', 'subscription'),
    'subscription_items': ('si', 'subscription_item'), 'invoices': ('in', 'invoice'),
    'invoice_items': ('ii', 'invoiceitem'),
    'invoice_lines': ('il', 'invoice line'), 'invoice_payments': ('inpay', 'invoice payment'),
    'payment_intents': ('pi', 'payment_intent'), 'setup_intents': ('seti', 'setupintent'), 'charges': ('ch', 'charge'),
    'checkout_sessions': ('cs', 'checkout.session'), 'portal_sessions': ('bps', 'billing_portal.session'),
    'portal_configurations': ('bpc', 'billing_portal.configuration'), 'webhook_endpoints': ('we', 'webhook endpoint'),
    'events': ('evt', 'event'), 'test_clocks': ('clock', 'test clock'), 'discounts': ('di', 'discount'),
}
OF_PREFIX = {prefix: table for table, (prefix, _name) in TABLES.items()}

SETTINGS = {
    'livemode': False,
    'country': 'US', 'currency': 'usd', 'business_name': 'Sandbox',
    'dunning_ends': 'unpaid',       # or cancel
    'dunning_days': [3, 5, 7],      # from each failed attempt to the next one
    'upcoming_days': 3,             # invoice.upcoming comes so long before the renewal
    'debit_seconds': 0,             # how long a payment at checkout takes; 0: as with cards
    'tax_percent': 0,               # where automatic tax is enabled
    'retry_seconds': 0.5,           # until the second attempt of a delivery; each further one waits twice as long
    'retries': 16,                  # attempts of a delivery
    'deliver': {},                  # see webhooks
}


class World:
    """One Stripe account. ``public_url`` is where browsers find its hosted pages."""

    def __init__(self, file=None, keys=(), **settings):
        self.store = Store(file)
        self.public_url = ''
        self.keys = {hashlib.sha256(key.encode()).hexdigest() for key in keys}     # never in the file
        self.request = None         # the call that is being answered: {id, idempotency_key}
        self.secrets = {}           # of endpoints whose secret is not to be in the file
        self.listeners = []         # called when something was committed
        self._moment, self._depth = None, 0
        unknown = set(settings) - set(SETTINGS)
        if unknown:
            raise ValueError(f'there is no setting {", ".join(sorted(unknown))}')
        with self.store.transaction():
            for name, value in {**SETTINGS, **settings}.items():
                if name in settings or self.setting(name) is None:
                    self.store.put('settings', name, value)
            self.account = self.setting('account') or self.store.put('settings', 'account', self.new_id('acct', 16))

    def setting(self, name):
        return self.store.get('settings', name)

    def set(self, name, value):
        if name not in SETTINGS:
            raise KeyError(name)
        with self.transaction():
            self.store.put('settings', name, value)

    @property
    def livemode(self):
        return self.setting('livemode')

    def url(self, path):
        """Of a hosted page."""
        return self.public_url + path

    @contextlib.contextmanager
    def transaction(self):
        with self.store.transaction():
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if not self._depth:
                    for listener in self.listeners:
                        listener()

    # -- time ---------------------------------------------------------------------------------------------------------
    def now(self):
        """Seconds since 1970, whole as everywhere at Stripe."""
        return int(self._moment if self._moment is not None else time.time() + self._offset())

    def _offset(self):
        return self.store.get('settings', 'clock_offset') or 0

    @contextlib.contextmanager
    def at(self, moment):
        """``now()`` is that moment: what falls due while time is advanced happens at its own hour."""
        before, self._moment = self._moment, moment
        try:
            yield
        finally:
            self._moment = before

    def advance(self, seconds=0, minutes=0, hours=0, days=0):
        """Moves the clock, and lets happen what was due until then, in the order of time. With nothing: until now."""
        seconds += 60 * (minutes + 60 * (hours + 24 * days))
        life = importlib.import_module('.life', __package__)        # it knows the world
        with self.transaction():
            until = self.now() + seconds
            life.run(self, until)
            self.store.put('settings', 'clock_offset', self._offset() + seconds)
            return until

    def tidy(self):
        """Forgets what nobody can ask for any more."""
        with self.transaction():
            for key in [row['id'] for row in self.all('events') if row['created'] <= self.now() - EVENTS_KEPT]:
                self.remove('events', key)

    # -- rows ---------------------------------------------------------------------------------------------------------
    def new_id(self, prefix, length=24):
        """``sub_…``; sessions of checkout carry their mode, as Stripe's do."""
        mode = f'{"live" if self.livemode else "test"}_' if prefix in ('cs', 'bps') else ''
        return f'{prefix}_{mode}' + ''.join(CHANCE.choices(ALPHABET, k=length))

    def get(self, table, key):
        """A copy, or None."""
        row = self.store.get(table, key)
        return None if row is None else _copy(row)

    def need(self, table, key, param='', status=0):
        """The same, or Stripe's error: 404 where the path names it, 400 where the parameter ``param`` does."""
        row = self.get(table, key)
        if row is None or row.get('deleted'):
            raise errors.no_such(TABLES[table][1], key, param or 'id', status or (400 if param else 404))
        return row

    def find(self, key):
        """Whatever has this id, by its prefix; None."""
        table = OF_PREFIX.get(str(key).partition('_')[0])
        tables = [table] if table else ['products', 'coupons', 'prices']       # ids of these may be chosen freely
        return next((row for row in (self.get(name, key) for name in tables) if row), None)

    def all(self, table, **values):
        """The rows that have these values, oldest first."""
        with self.store.lock:
            rows = list(self.store.table(table).values())
        return [row for row in rows if all(row.get(name) == value for name, value in values.items())]

    def put(self, table, key, row):
        self.store.put(table, key, _copy(row))
        return row

    def remove(self, table, key):
        self.store.remove(table, key)

    def change(self, table, key, values, event=''):
        """The row with these values; ``event`` is told with what was before, if anything is different."""
        old = self.need(table, key)
        new = self.put(table, key, {**old, **values})
        previous = difference(answers.shown(old), answers.shown(new))
        if event and previous:
            self.emit(event, new, previous)
        return new

    # -- events -------------------------------------------------------------------------------------------------------
    def emit(self, kind, row, previous=None):
        """The event, stored, and on its way to every endpoint that wants it. ``row`` as it is now; ``previous``: values
        of before, of those that changed (only ``*.updated`` carries them)."""
        data = {'object': answers.shown(row)}
        if previous:
            data['previous_attributes'] = previous
        key = self.new_id('evt')
        event = self.store.put('events', key, {
            'id': key, 'object': 'event', 'api_version': VERSION, 'created': self.now(), 'data': data,
            'livemode': self.livemode, 'pending_webhooks': 0,
            'request': self.request or {'id': None, 'idempotency_key': None}, 'type': kind})
        importlib.import_module('.webhooks', __package__).queue(self, event)       # it knows the world
        return event


def _copy(value):
    kind = type(value)
    if kind is dict:
        return {name: _copy(part) for name, part in value.items()}
    return [_copy(part) for part in value] if kind in (list, tuple) else value


def difference(old, new):
    """``previous_attributes``: of what changed, the value before; of dictionaries only the part that changed."""
    found = {}
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict) and before.get('object') != 'list':
            before = difference(before, after)
        found[name] = before
    return found
