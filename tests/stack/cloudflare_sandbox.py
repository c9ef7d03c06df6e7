"""The stack's Cloudflare, until real credentials are entered: ``tests/fakes/cloudflare`` as a process."""
from functools import cached_property

from tests.fakes.cloudflare.control import Control
from tests.fakes.cloudflare.shapes import hex_id, uuid_of

from .ports import LOOPBACK
from .sandbox import Sandbox

ROOT_DOMAIN = 'localhost'
TUNNEL = 'saas-sandbox'
# As Cloudflare's, but quicker and without what a developer's machine cannot have: names under real top-level domains.
SETTINGS = {'validation_seconds': 0.3, 'connector_seconds': 0.2, 'certificates_per_minute': 0, 'refuse_reserved': 0}


class CloudflareSandbox(Sandbox):
    """Ids are the same on every machine; the token is one of the stack's secrets."""

    name, title, ports = 'cloudflare', 'the Cloudflare sandbox', ('cloudflare', 'edge')
    account = hex_id('account', 'sandbox')
    zone = hex_id('zone', ROOT_DOMAIN)
    tunnel = uuid_of('tunnel', account, TUNNEL)

    @property
    def api_base(self):
        return f'http://{LOOPBACK}:{self.settings.ports.cloudflare}/client/v4'

    @property
    def edge_url(self):
        """Where visitors come in, with the Host they ask for."""
        return f'http://{LOOPBACK}:{self.settings.ports.edge}'

    @property
    def token(self):
        return self._secrets()['CLOUDFLARE_SANDBOX_TOKEN']

    @cached_property
    def control(self):
        """What goes on outside the API's rules: see ``tests/fakes/cloudflare/admin.py``."""
        return Control(self.api_base)

    def arguments(self):
        ports = self.settings.ports
        return ['--port', ports.cloudflare, '--edge-port', ports.edge, '--state', self.settings.state / 'cloudflare.json',
                '--zone', ROOT_DOMAIN, '--tunnel', TUNNEL,
                *(word for name, value in SETTINGS.items() for word in ('--set', f'{name}={value}'))]

    def environment(self):
        return {'CLOUDFLARE_SANDBOX_TOKEN': self.token}
