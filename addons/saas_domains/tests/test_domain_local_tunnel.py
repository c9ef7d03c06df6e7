"""A tunnel that is managed by its config.yml on the machine of the master."""
import tempfile
from pathlib import Path

import yaml

from ..edge.cloudflare_plan import TooMuch
from ..models import edge_ingress
from ..models.saas_custom_domain_claim import GONE
from .domain_common import DomainCase

FOREIGN = {'tunnel': 'edge', 'credentials-file': '/etc/cloudflared/edge.json', 'ingress': [
    {'hostname': 'shop.example.org', 'service': 'http://10.0.0.9'}, {'service': 'http_status:404'}]}


class TestLocalTunnel(DomainCase):

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.config = Path(folder.name) / 'config.yml'
        self.root.write({
            'tunnel_management': 'local', 'edge_mode': 'per-host', 'config_path': str(self.config), 'tunnel_is_ours': False,
            'cloudflared_command': f'{folder.name}/none', 'reload_mode': 'command', 'reload_command': 'true'})

    def _sync(self, **options):
        return edge_ingress.sync(self.env['saas.node']._cursor_maker(), self.root._edge_spec(), **options)

    def _hosts(self):
        return [rule.get('hostname') for rule in yaml.safe_load(self.config.read_text())['ingress']]

    def test_what_somebody_else_wrote_waits_for_a_person(self):
        before = yaml.safe_dump(FOREIGN)
        self.config.write_text(before)
        with self.assertRaises(TooMuch) as caught:
            self._sync()
        self.assertIn('- shop.example.org → http://10.0.0.9', caught.exception.lines)
        self.assertEqual(self.config.read_text(), before)
        self.assertFalse(self.root.tunnel_is_ours)
        self._sync(force=caught.exception.digest)       # the person has seen this very difference
        self.root.invalidate_recordset()
        self.assertTrue(self.root.tunnel_is_ours)
        self.assertNotIn('shop.example.org', self._hosts())

    def test_more_than_a_third_waits_for_a_person(self):
        self.config.write_text(yaml.safe_dump({**FOREIGN, 'ingress': [{'service': 'http_status:404'}]}))
        domains = [self._active(f'www{number}.many.example') for number in range(8)]
        self.assertTrue(all(domain.tunnel_ingress_configured for domain in domains))
        for domain in domains[:6]:
            domain.write(GONE)
        self.env.flush_all()
        with self.assertRaises(TooMuch):
            self._sync()
        self.assertEqual(sum(str(host).endswith('.many.example') for host in self._hosts()), 8)

    def test_it_is_started_again_when_none_is_up(self):
        cron = self.env.ref('saas_domains.cron_reconcile')
        triggers = self.env['ir.cron.trigger'].search([('cron_id', '=', cron.id)])
        for tunnel in self.fake.world.store.table('connectors').values():
            self.fake.world.add_connector(tunnel['tunnel'], tunnel['number'], connected=False)
            self.addCleanup(self.fake.world.add_connector, tunnel['tunnel'], tunnel['number'], connected=True)
        self.root._check_health()
        self.assertIn('connectors_none', {look['problem'] for look in self.root.health_looks})
        self.assertTrue(self.env['ir.cron.trigger'].search([('cron_id', '=', cron.id)]) - triggers)
