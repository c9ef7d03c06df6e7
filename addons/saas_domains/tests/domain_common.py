"""A root domain whose Cloudflare, resolver and router are real servers on loopback, and a customer with a running tenant."""
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import patch

from odoo.addons.saas_master.drivers import router
from odoo.addons.saas_master.drivers.vault import Vault
from odoo.addons.saas_master.models import saas_node_routes
from odoo.addons.saas_master.tests.common import SaasCase

from ..edge.dns_values import Finding
from ..models import edge_hostnames, saas_custom_domain_steps
from .edge.odd_dns import OddServer, rows

CHECKOUT = Path(__file__).resolve().parents[3]
if str(CHECKOUT) not in sys.path:
    sys.path.append(str(CHECKOUT))

from tests.fakes.cloudflare import FakeCloudflare  # noqa: E402

TOKEN = 'a-token-of-the-fake-cloudflare'
ROOT = 'test.localhost'
NAME = 'www.impulse-max.com'
QUICK = {'validation_seconds': 0.0001, 'connector_seconds': 0, 'certificates_per_minute': 0, 'refuse_reserved': 0}


class RouterStandIn(ThreadingHTTPServer):
    """What nginx makes of a table: nonces are answered, other pages tell the database. The table is rendered as for nginx."""

    daemon_threads = True
    routes, applied = {}, 0

    def __init__(self):
        super().__init__(('127.0.0.1', 0), _Answers)
        threading.Thread(target=self.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True).start()

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server_address[1]}'

    def apply(self, routes):
        router.render(routes)
        wanted = {route.host: route for route in routes}
        self.applied += wanted != self.routes
        self.routes = wanted

    def close(self):
        self.shutdown()
        self.server_close()


class _Answers(BaseHTTPRequestHandler):

    def do_GET(self):
        route = self.server.routes.get(self.headers['Host'].partition(':')[0])
        body = route and (route.nonce if self.path == router.NONCE_URL else route.database)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write((body or '').encode())

    def log_message(self, *arguments):
        pass


class DomainCase(SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fake = FakeCloudflare(**QUICK).start()
        cls.addClassCleanup(cls.fake.stop)
        cls.router = RouterStandIn()
        cls.addClassCleanup(cls.router.close)
        cls.dns = OddServer()
        cls.dns.__enter__()
        cls.addClassCleanup(cls.dns.__exit__)
        cls.startClassPatcher(patch.object(saas_node_routes, 'Router', lambda *arguments: cls.router))
        cls.startClassPatcher(patch.object(edge_hostnames, 'FRESH', 0))
        cls.startClassPatcher(patch.object(saas_custom_domain_steps, 'PROBE_SECONDS', 2))
        cls.fake.world.add_token(TOKEN)
        zone = cls.fake.world.add_zone(ROOT, plan='pro')
        tunnel = cls.fake.world.add_tunnel('test')
        cls.env['saas.root_domain'].search([]).active = False
        cls.root = cls.env['saas.root_domain'].sudo().create({
            'name': ROOT, 'is_sandbox': True, 'cloudflare_account': zone['account'], 'cloudflare_zone': zone['id'],
            'tunnel_id': tunnel['id'], 'api_base': cls.fake.url, 'origin_service': cls.router.url, 'txt_prefix': 'jeturing',
            'fallback_origin': f'fallback.{ROOT}', 'probe_url': cls.fake.edge_url,
            'dns_servers': f'127.0.0.1:{cls.dns.address[1]}',
            'api_token_sealed': Vault.from_environment().seal(TOKEN)})
        cls.root._reconcile()
        cls.node.router_url = cls.router.url
        cls.plan.domain_limit = 50
        cls.tenant = cls._running_tenant('techeels')
        cls.Domain = cls.env['saas.custom_domain']

    def setUp(self):
        super().setUp()
        client = self.root._edge_spec().client()
        for hostname in client.custom_hostnames(self.root.cloudflare_zone):     # of the test before
            client.delete_custom_hostname(self.root.cloudflare_zone, hostname.id)
        self.router.routes = {}

    @classmethod
    def _domain(cls, name=NAME, **values):
        """A claim, as code makes one."""
        tenant = values.pop('tenant', cls.tenant)
        return cls.Domain.sudo().create({
            'external_domain': name, 'tenant_id': tenant.id, 'partner_id': tenant.partner_id.id, **values})

    def _point(self, domain, target=None):
        """The customer sets the CNAME."""
        self.dns.behave(domain.external_domain, rows(
            (domain.external_domain, 60, 'CNAME', f'{target or domain.sajet_full_domain}.'),
            (target or domain.sajet_full_domain, 60, 'A', '127.0.0.1')))

    def _find(self, domain, outcome='yes', **values):
        """As if the DNS had answered so."""
        defaults = {'yes': {'evidence': 'cname', 'points': True}, 'no': {'code': 'no_record'}, 'unknown': {'code': 'timeout'}}
        domain._note_findings({domain.id: Finding(outcome, **{**defaults[outcome], **values})})
        domain.invalidate_recordset()

    def _work_off(self, domain, kind=None):
        """Run the domain's operation until it ends; *not yet* is asked again at once."""
        operation = domain._active_operation()
        self.assertTrue(operation, 'nothing is under way')
        if kind:
            self.assertEqual(operation.kind, kind)
        for _turn in range(15):
            self._run(operation)
            if operation.state not in ('waiting', 'running'):
                break
        domain.invalidate_recordset()
        return operation

    def _active(self, name=NAME, **values):
        """A name that is verified and published."""
        domain = self._domain(name, **values)
        self._find(domain)
        operation = self._work_off(domain, 'activate_domain')
        self.assertEqual(operation.state, 'done', operation.step_ids.mapped('log'))
        self.assertTrue(domain.is_active)
        return domain

    def _hostnames(self):
        return {hostname.hostname for hostname in self.root._edge_spec().client().custom_hostnames(self.root.cloudflare_zone)}
