"""From a claim to an active name and back, against a Cloudflare that keeps the API's rules."""
import requests

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.saas_master.drivers.errors import Permanent

from ..const import TRANSITIONS, VERIFICATION
from .domain_common import NAME, QUICK, ROOT, DomainCase


@tagged('post_install', '-at_install')
class TestPublish(DomainCase):

    def test_from_the_dns_to_the_tenant_and_back(self):
        domain = self._domain()
        self._point(domain)
        self.Domain._cron_verify()
        self.assertEqual(domain.verification_status, 'pending', 'not due yet')
        domain.next_check_at = '2020-01-01'
        self.Domain._cron_verify()
        domain.invalidate_recordset()
        self.assertEqual((domain.verification_status, domain.last_evidence), ('verified', 'cname'))
        operation = self._work_off(domain, 'activate_domain')
        self.assertEqual(operation.state, 'done', operation.step_ids.mapped('log'))
        self.assertTrue(domain.is_active and domain.cloudflare_configured and domain.tunnel_ingress_configured)
        self.assertEqual(domain.ssl_status, 'active')
        self.assertEqual(self._hostnames(), {NAME})
        answer = requests.get(self.fake.edge_url, headers={'Host': NAME}, timeout=10)
        self.assertEqual(answer.text, 'techeels')
        domain._end_claim('removed')
        self.assertEqual(domain.claim_state, 'ended')
        operation = self._work_off(domain, 'remove_domain')
        self.assertEqual(operation.state, 'done', operation.step_ids.mapped('log'))
        self.assertFalse(domain._has_edges())
        self.assertEqual(self._hostnames(), set())
        self.assertNotIn(NAME, self.router.routes)
        self.assertNotEqual(requests.get(self.fake.edge_url, headers={'Host': NAME}, timeout=10).status_code, 200)

    def test_declared_transitions_only(self):
        for now, _label in VERIFICATION:
            for then, _label in VERIFICATION:
                domain = self._domain(f'{now}-{then}.example.com')
                self.env.cr.execute('UPDATE saas_custom_domain SET verification_status = %s WHERE id = %s', [now, domain.id])
                domain.invalidate_recordset()
                if now == then or then in TRANSITIONS[now]:
                    domain._set_status(then)
                    self.assertEqual(domain.verification_status, then)
                else:
                    with self.assertRaisesRegex(UserError, 'cannot become'):
                        domain._set_status(then)

    def test_many_at_once_cost_one_document_and_one_reload(self):
        domains = [self._domain(f'www{number}.example.com') for number in range(6)]
        for domain in domains:
            self._find(domain)
        before = self.router.applied
        for domain in domains:
            self.assertEqual(self._work_off(domain).state, 'done')
        self.assertEqual(self.router.applied - before, 1)
        self.assertEqual(len(self._hostnames()), 6)

    def test_per_host_edge(self):
        self.root.write({'edge_mode': 'per-host'})
        domain = self._active()
        client = self.root._edge_spec().client()
        records = {record.name: record for record in client.records(self.root.cloudflare_zone)}
        self.assertIn(domain.sajet_full_domain, records)
        self.assertIn(f'techeels.{ROOT}', records, 'the record of the tenant itself comes along')
        self.assertEqual(records[domain.sajet_full_domain].id, domain.cloudflare_dns_record_id)
        rules = {rule.get('hostname'): rule['service'] for rule in client.configuration(self.root.tunnel_id).document['ingress']}
        self.assertEqual(rules[NAME], self.router.url)
        self.assertEqual(rules[None], 'http_status:404')
        domain._end_claim('removed')
        self._work_off(domain)
        self.assertNotIn(domain.sajet_full_domain, {record.name for record in client.records(self.root.cloudflare_zone)})
        document = client.configuration(self.root.tunnel_id).document
        self.assertNotIn(NAME, {rule.get('hostname') for rule in document['ingress']})

    def test_a_certificate_that_is_refused_is_told(self):
        domain = self._domain()
        self._find(domain)
        self.patch(self.env.registry['saas.custom_domain'], '_step_certificate', _refused)
        operation = self._work_off(domain)
        self.assertEqual((operation.state, domain.alert, domain.is_active), ('failed', 'certificate', False))
        self.assertIn('CAA', domain.error)
        self.assertTrue(domain.activity_ids and domain.attention)
        domain._end_claim('removed')
        self.assertEqual(self._work_off(domain).kind, 'remove_domain')
        self.assertFalse(domain.attention, 'removing makes up for the failure')

    def test_a_name_removed_while_it_is_published(self):
        domain = self._domain()
        self._find(domain)
        operation = domain._active_operation()
        domain._end_claim('removed')
        self._run(operation)
        self.assertEqual((operation.state, domain._has_edges(), domain.is_active), ('done', False, False))
        self.assertEqual(self._hostnames(), set())

    def test_a_name_removed_while_its_certificate_is_waited_for(self):
        self.fake.world.store.put('settings', 'validation_seconds', 60)
        self.addCleanup(self.fake.world.store.put, 'settings', 'validation_seconds', QUICK['validation_seconds'])
        domain = self._domain()
        self._find(domain)
        operation = self._run(domain._active_operation())
        self.assertEqual((operation.state, self._hostnames()), ('waiting', {NAME}))
        domain.invalidate_recordset()
        domain._end_claim('removed')
        self.assertTrue(operation.cancel_requested)
        self._run(operation)
        self.assertEqual(operation.state, 'cancelled')
        self.assertEqual(self._work_off(domain, 'remove_domain').state, 'done')
        self.assertEqual((domain._has_edges(), self._hostnames()), (False, set()))

    def test_a_name_added_again_while_the_old_claim_is_taken_off(self):
        first = self._active()
        first._end_claim('removed')
        again = self._domain()
        self._find(again)
        self._work_off(again)
        self.assertTrue(again.is_active)
        self.assertEqual(self._work_off(first, 'remove_domain').state, 'done')
        self.assertEqual(self._hostnames(), {NAME}, 'the custom hostname has passed on')
        self.assertIn(NAME, self.router.routes)

    def test_waits_for_a_tenant_that_is_not_live(self):
        tenant = self._tenant('not-yet')
        domain = self._domain(tenant=tenant)
        self._find(domain)
        self.assertEqual((domain.verification_status, domain.to_publish), ('verified', False))
        with self.assertRaisesRegex(UserError, 'not live yet'):
            domain._person_activate()
        tenant.write({'node_id': self.node.id, 'database_name': 'not-yet'})
        tenant._set_state('provisioning')
        tenant._set_state('running')
        tenant.is_routed = True
        self.Domain._cron_alerts()
        self.assertTrue(domain.to_publish and domain._active_operation())

    def test_a_token_proves_before_the_name_leads_here(self):
        domain = self._domain()
        self._find(domain, 'no', code='wrong_address', owned=True)
        self.assertEqual((domain.verification_status, domain.to_publish), ('verified', False))
        self.assertIn('yours', domain._verdict()['message'])
        self._find(domain, 'yes', evidence='cname', owned=True)
        self.assertTrue(domain.to_publish)

    def test_a_name_may_get_its_tenant_later_and_no_other_one_then(self):
        domain = self._domain(tenant=self.env['saas.tenant'], partner_id=self.customer.id)
        self._find(domain)
        self.assertEqual((domain.verification_status, domain.to_publish), ('verified', False))
        theirs = self._running_tenant('theirs', partner_id=self.stranger.id)
        with self.assertRaisesRegex(ValidationError, 'does not belong'), self.env.cr.savepoint():
            domain.tenant_id = theirs
        domain.tenant_id = self.tenant
        self.assertTrue(domain.to_publish, 'nothing else was missing')
        with self.assertRaisesRegex(UserError, 'cannot move'):
            domain.tenant_id = self._running_tenant('another')

    @mute_logger('odoo.addons.saas_domains.models.saas_custom_domain_dns')
    def test_one_that_cannot_be_noted_does_not_stop_the_others(self):
        bad, good = self._domain('bad.example.com'), self._domain('good.example.com')
        for domain in (bad, good):
            self._point(domain)
            domain.next_check_at = '2020-01-01'
        become = type(self.Domain)._become_verified

        def broken(domains):
            if bad in domains:
                raise ValueError('broken')
            return become(domains)
        self.patch(self.env.registry['saas.custom_domain'], '_become_verified', broken)
        self.Domain._cron_verify()
        self.env.invalidate_all()
        self.assertEqual(good.verification_status, 'verified')
        self.assertGreater(bad.next_check_at, fields.Datetime.now())

    def test_could_not_ask_changes_nothing(self):
        domain = self._active()
        self._find(domain, 'unknown')
        self.assertTrue(domain.is_active and not domain.left_at)
        waiting = self._domain('new.example.com')
        self._find(waiting, 'unknown')
        self.assertEqual((waiting.verification_status, waiting.last_outcome), ('pending', 'unknown'))
        self.assertGreater(waiting.next_check_at, waiting.checked_at)


def _refused(record, step):
    raise Permanent('A CAA record forbids it.', 'certificate')
