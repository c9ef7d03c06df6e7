"""The stack's Cloudflare, until real credentials are entered: ``tests/fakes/cloudflare`` as a process."""
import hashlib
from functools import cached_property

from tests.fakes.cloudflare.control import Control
from tests.fakes.cloudflare.shapes import hex_id, uuid_of

from .ports import LOOPBACK, answers, require_free
from .processes import Service
from .settings import CHECKOUT, Ports

ROOT_DOMAIN = 'localhost'
TUNNEL = 'saas-sandbox'
CODE = CHECKOUT / 'tests/fakes/cloudflare'
# As Cloudflare's, but quicker and without what a developer's machine cannot have: names under real top-level domains.
SETTINGS = {'validation_seconds': 0.3, 'connector_seconds': 0.2, 'certificates_per_minute': 0, 'refuse_reserved': 0}


class CloudflareSandbox:
    """Ids are the same on every machine; the token is one of the stack's secrets."""

    account = hex_id('account', 'sandbox')
    zone = hex_id('zone', ROOT_DOMAIN)
    tunnel = uuid_of('tunnel', account, TUNNEL)

    def __init__(self, settings, secrets):
        """:param secrets: gives them when asked, for they are made by the first ``up``"""
        self.settings, self._secrets = settings, secrets

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

    def start(self, python):
        service, ports = self.service(python), self.settings.ports
        if not service.is_current():
            service.stop()
            require_free(ports.cloudflare, 'the Cloudflare sandbox', Ports.variable('cloudflare'))
            require_free(ports.edge, 'the edge of the Cloudflare sandbox', Ports.variable('edge'))
            service.start()
        service.wait(lambda: answers(ports.cloudflare) and answers(ports.edge), 20)
        return service

    def service(self, python):
        ports, state = self.settings.ports, self.settings.state
        argv = [python, '-m', 'tests.fakes.cloudflare', '--port', ports.cloudflare, '--edge-port', ports.edge,
                '--state', state / 'cloudflare.json', '--zone', ROOT_DOMAIN, '--tunnel', TUNNEL,
                *(word for name, value in SETTINGS.items() for word in ('--set', f'{name}={value}'))]
        code = b''.join(file.read_bytes() for file in sorted(CODE.glob('*.py')))
        fingerprint = hashlib.sha256(code + repr(argv).encode() + self.token.encode()).hexdigest()
        return Service('cloudflare', state, argv, fingerprint=fingerprint, env={
            'PYTHONPATH': str(CHECKOUT), 'CLOUDFLARE_SANDBOX_TOKEN': self.token})
