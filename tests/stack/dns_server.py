"""The sandbox's DNS: a real authoritative server on loopback for names that exist nowhere else, with dynamic updates.

The control plane asks it as it asks public resolvers; the demo and the tests play the customer and change his zone
(``dns_records``).
"""
import hashlib
import tempfile

from . import packaged
from .packaged import Program
from .ports import LOOPBACK, answers, require_free
from .processes import Service
from .rendering import render, write_if_changed
from .settings import CHECKOUT, Ports

KNOT = Program('knot', ('knotd',), ('knot',), 'usr/sbin/knotd', ('--version',))
TEMPLATE = CHECKOUT / 'tests/stack/templates/knot.conf.in'
HEAD = """$ORIGIN {zone}.
$TTL 60
@ SOA ns.sandbox.test. hostmaster.sandbox.test. 1 3600 600 86400 10
@ NS ns.sandbox.test.
"""
# Customers' names, the tenants' names, and where tunnels end. The last three zones are those of the example customers.
ZONES = {
    'test': f'ns.sandbox A {LOOPBACK}\n',
    'localhost': f'@ A {LOOPBACK}\n* A {LOOPBACK}\n',
    'cfargotunnel.com': '',
    'impulse-max.com': '',
    'evolucionamujer.com': '',
    'techeels.io': '',
}


class DnsServer:
    """``zones``: records by zone; a zone that has a file already keeps what was set in it."""

    def __init__(self, settings, zones=None):
        self.settings = settings
        self.zones = ZONES if zones is None else zones
        self.folder = settings.state / 'dns'
        self.config = self.folder / 'knot.conf'

    def prepare(self):
        """Find or fetch it."""
        return packaged.find(self.settings, KNOT)

    def start(self):
        program = self.prepare()
        self._render()
        service = self.service(program)
        if not service.is_current():
            service.stop()
            require_free(self.settings.ports.dns, 'the DNS server', Ports.variable('dns'))
            service.start()
        service.wait(lambda: answers(self.settings.ports.dns), 20)
        return service

    def service(self, program=None):
        text = self.config.read_text() if self.config.exists() else ''
        return Service('dns', self.settings.state, [program, '-c', self.config],
                       fingerprint=hashlib.sha256(text.encode()).hexdigest())

    def _render(self):
        (self.folder / 'zones').mkdir(parents=True, exist_ok=True)
        for zone, records in self.zones.items():
            file = self.folder / 'zones' / f'{zone}.zone'
            if not file.exists():
                file.write_text(HEAD.format(zone=zone) + records)
        write_if_changed(self.config, render(TEMPLATE, {
            'LISTEN': f'{LOOPBACK}@{self.settings.ports.dns}', 'FOLDER': self.folder, 'SOCKET': self._socket(),
            'ZONES': '\n'.join(f'  - domain: {zone}' for zone in self.zones)}))

    def _socket(self):
        """The state folder's path may be longer than a socket's may be."""
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return f'{tempfile.gettempdir()}/saas-dns-{name}.sock'
