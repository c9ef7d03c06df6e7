"""A Stripe on loopback that keeps the API's rules and remembers: the sandbox of the local stack, and what tests ask.

``python -m tests.fakes.stripe --help``; in tests ``with FakeStripe() as fake``. Nothing in the addons knows it.
"""
import itertools
import secrets
import threading

from tests.fakes.server import Server

from . import routes, webhooks
from .admin import Admin
from .api import Api
from .sender import Sender
from .server import StripeHandler
from .world import World

TICK = 1.0          # seconds between two looks at what time alone has made due
TIDY = 300          # ticks between two times of tidying up


class FakeStripe:
    """API, hosted pages and sender of webhooks. ``world`` is its inside, for tests in the same process."""

    def __init__(self, file=None, port=0, key='', public_url='', **settings):
        routes.load()
        self.key = key or f'sk_{"live" if settings.get("livemode") else "test"}_{secrets.token_hex(16)}'
        self.world = World(file, [self.key], **settings)
        self.sender = Sender(self.world)
        self.api = Api(self.world)
        self.server = Server(StripeHandler, port, api=self.api, admin=Admin(self.world, self.api, self.sender))
        self.world.public_url = (public_url or self.server.url).rstrip('/')
        self._ended = threading.Event()

    @property
    def url(self):
        """What a client takes as the API's address."""
        return self.server.url

    def add_webhook(self, url, secret='', kinds=('*',)):
        """(id, signing secret) of an endpoint. A secret that is given is never in the file."""
        row = webhooks.add_endpoint(self.world, url, secret, kinds)
        return row['id'], secret or row['_secret']

    def start(self):
        self.server.start()
        self.sender.start()
        threading.Thread(target=self._tick, daemon=True).start()
        return self

    def stop(self):
        self._ended.set()
        self.server.stop()
        self.sender.stop()
        self.world.store.close()

    def _tick(self):
        for number in itertools.count(1):
            if self._ended.wait(TICK):
                return
            self.world.advance()
            if number % TIDY == 0:
                self.world.tidy()
                self.api.idempotency.forget()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_error):
        self.stop()
