"""A Cloudflare on loopback that keeps the API's rules and remembers: the sandbox of the local stack, and what tests talk to.

``python -m tests.fakes.cloudflare --help``; in tests ``with FakeCloudflare() as fake``. Nothing in the addons knows it.
"""
from tests.fakes.server import Server

from .admin import Admin
from .api import PREFIX, Api
from .edge import EdgeHandler
from .routing import Routing
from .server import ApiHandler
from .world import World


class FakeCloudflare:
    """API and edge, each on a port of its own. ``world`` is its inside, for tests in the same process."""

    def __init__(self, file=None, port=0, edge_port=0, **settings):
        self.world = World(file, **settings)
        self.api = Api(self.world)
        self.server = Server(ApiHandler, port, api=self.api, admin=Admin(self.world, self.api))
        self.edge = Server(EdgeHandler, edge_port, routing=Routing(self.world))

    @property
    def url(self):
        """What a client takes as the API's address."""
        return self.server.url + PREFIX

    @property
    def edge_url(self):
        return self.edge.url

    def start(self):
        self.server.start()
        self.edge.start()
        return self

    def stop(self):
        self.server.stop()
        self.edge.stop()
        self.world.store.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_error):
        self.stop()
