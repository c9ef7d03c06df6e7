"""Keeping the edges equal to the records: comparing, sweeping, what waits for a person, and what a test of them says."""
from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..edge.cloudflare_types import Record
from .domain_common import NAME, ROOT, DomainCase


@tagged('post_install', '-at_install')
class TestEdges(DomainCase):

    def setUp(self):
        super().setUp()
        self.client, self.zone = self.root._edge_spec().client(), self.root.cloudflare_zone
        self.root.write({'held_plan': False})

    def _ours(self):
        return {record.name for record in self.client.records(self.zone, self.root._edge_spec().mark)}

    def test_the_wildcard_edge_needs_two_records_and_one_document(self):
        self.assertEqual(self._ours(), {f'*.{ROOT}', f'fallback.{ROOT}'})
        self.assertEqual(self.client.fallback_origin(self.zone).origin, f'fallback.{ROOT}')
        ingress = self.client.configuration(self.root.tunnel_id).document['ingress']
        self.assertEqual([rule.get('hostname') for rule in ingress], [ROOT, f'*.{ROOT}', None])
        version = self.root.tunnel_version
        self._active()
        self.assertEqual(self._ours(), {f'*.{ROOT}', f'fallback.{ROOT}'}, 'a name costs no record')
        self.root._reconcile()
        self.assertEqual(self.root.tunnel_version, version)

    def test_a_comparison_repairs_and_leaves_alone_what_is_not_ours(self):
        domain = self._active()
        foreign = self.client.create_record(self.zone, Record('A', f'mail.{ROOT}', '203.0.113.9', False, 300, 'by hand'))
        self.addCleanup(self.client.delete_record, self.zone, foreign.id)
        for record in self.client.records(self.zone, self.root._edge_spec().mark):
            self.client.delete_record(self.zone, record.id)
        self.client.delete_custom_hostname(self.zone, domain.cloudflare_hostname_id)
        self.assertEqual(self.root._reconcile(), [])
        self.assertEqual(self._ours(), {f'*.{ROOT}', f'fallback.{ROOT}'})
        self.assertEqual(self._hostnames(), {NAME})
        self.assertIn(f'mail.{ROOT}', {record.name for record in self.client.records(self.zone, '')})

    def test_orphans_are_swept(self):
        spec = self.root._edge_spec()
        domain = self._active()
        domain._end_claim('removed')
        self.client.create_record(self.zone, Record('CNAME', f'old.{ROOT}', spec.target, True, 1, spec.comment('domain')))
        self.root._reconcile()
        self.assertEqual(self._hostnames(), set(), 'a leftover is where a takeover begins')
        self.assertNotIn(f'old.{ROOT}', self._ours())

    def test_more_than_a_third_waits_for_a_person(self):
        spec = self.root._edge_spec()
        for number in range(8):
            self.client.create_record(
                self.zone, Record('CNAME', f'old{number}.{ROOT}', spec.target, True, 1, spec.comment('domain')))
        problems = self.root._reconcile()
        self.assertIn('waits for a person', problems[0])
        self.assertIn(f'- old3.{ROOT}', self.root.held_text)
        self.assertEqual(len(self._ours()), 10, 'nothing was done')
        self.assertTrue(self.root.activity_ids)
        self.root._reconcile()
        self.assertEqual(len(self.root.activity_ids), 1, 'told once')
        self.root.action_apply_held()
        self.assertEqual(len(self._ours()), 2)
        self.assertFalse(self.root.held_plan or self.root.activity_ids)

    @mute_logger('odoo.sql_db')
    def test_a_root_domain_is_written_as_the_dns_has_it(self):
        for name in ('Sajet.us', 'sajet.us.', 'sajet us', '-x.us', ''):
            with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self.root.create({'name': name})

    def test_rules_of_others_in_the_tunnel_wait_for_a_person(self):
        tunnel = self.fake.world.add_tunnel('another')
        self.root.tunnel_id = tunnel['id']
        self.root._check_health()       # which knows of versions, and has asked nobody
        self.client.put_configuration(tunnel['id'], {'ingress': [
            {'hostname': 'erp.example.com', 'service': 'http://10.0.0.5:8069'}, {'service': 'http_status:404'}]})
        self.root._reconcile()
        self.assertIn('- erp.example.com', self.root.held_text)
        document = self.client.configuration(tunnel['id']).document
        self.assertEqual(document['ingress'][0]['hostname'], 'erp.example.com')

    def test_a_foreign_record_in_our_place_is_told(self):
        for record in self.client.records(self.zone, self.root._edge_spec().mark):
            self.client.delete_record(self.zone, record.id)
        blocker = self.client.create_record(self.zone, Record('A', f'fallback.{ROOT}', '203.0.113.9', True, 1, 'by hand'))
        self.assertIn(f'fallback.{ROOT}', ' '.join(self.root._reconcile()))
        self.client.delete_record(self.zone, blocker.id)
        self.root._reconcile()

    def test_a_test_says_what_is_missing(self):
        self.root._check_health()
        self.assertEqual(self.root.health, 'ok', self.root.health_note)
        self.assertEqual((self.root.connector_count, self.root.connectors_current), (2, 2))
        self.assertTrue(self.root.record_quota and self.root.hostname_quota)
        self.root.cloudflare_zone = 'f' * 32
        self.root._check_health()
        self.assertEqual(self.root.health, 'bad')
        self.assertTrue(self.root.activity_ids)
        self.root.write({'cloudflare_zone': self.zone, 'tunnel_id': False})
        self.root._check_health()
        self.assertIn('No tunnel', self.root.health_note)
        self.root.api_token_sealed = False
        self.root.action_test()
        self.assertIn('no API token', self.root.health_note)
        self.assertIn('fa-question-circle', self.root.health_list)

    def test_a_quota_nearly_used_up_is_told(self):
        self.env['ir.config_parameter'].set_param('saas_domains.quota_percent', '1')
        self.fake.world.add_zone(ROOT, plan='pro', record_quota=4)
        self.addCleanup(self.fake.world.add_zone, ROOT, plan='pro', record_quota=3500)
        self.root._check_health()
        self.assertIn('of 4 DNS records', self.root.health_note)

    def test_a_certificate_about_to_end(self):
        domain = self._active()
        domain.ssl_expires_at = '2020-01-01'
        self.Domain._cron_alerts()
        self.assertEqual((domain.ssl_status, domain.alert), ('expiring', 'certificate'))
        domain.ssl_expires_at = '2100-01-01'
        self.Domain._cron_alerts()
        self.assertEqual((domain.ssl_status, domain.alert), ('active', False))
