from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.saas_master.drivers.health import Load, Report
from odoo.addons.saas_master.drivers.looks import Look
from odoo.addons.saas_master.models import saas_node_health

from .common import SaasCase

LOAD = Load(cpu_count=4, load_average=2.0, memory_total=8 * 2**30, memory_available=2 * 2**30, disk_total=100 * 2**30,
            disk_free=25 * 2**30, databases=7, connections=30, connections_max=100)
WELL = [Look('postgres'), Look('router')]
BAD = [Look('postgres', 'pg_unreachable', {'words': 'refused'}), Look('role', 'not_asked'), Look('router')]


class TestNodeHealth(SaasCase):

    def _examined(self, looks, load=LOAD):
        """The next looks at the node find this; what they were asked is in ``self.asked``."""
        def examine(*arguments):
            self.asked = arguments
            return Report(looks, load)
        return patch.object(saas_node_health.health, 'examine', examine)

    def _check(self, looks, **options):
        with self._examined(looks, **options):
            self.node._check_health()

    def test_the_button_names_what_is_wrong(self):
        with self._examined(BAD):
            answer = self.node.action_test()
        self.assertEqual((self.node.health, answer['params']['type']), ('bad', 'danger'))
        self.assertIn('PostgreSQL does not answer. Check that it runs', answer['params']['message'])
        self.assertIn('(refused)', self.node.health_note)
        self.assertIn('not looked at', self.node.health_list)
        with self._examined(WELL):
            answer = self.node.action_test()
        self.assertEqual((self.node.health, self.node.health_note, answer['params']['type']), ('ok', False, 'success'))

    def test_every_problem_has_words(self):
        values = dict.fromkeys((
            'words', 'version', 'seconds', 'user', 'count', 'example', 'used', 'most', 'folder', 'free', 'total', 'command',
            'found', 'wanted', 'file', 'address', 'status', 'database', 'host', 'nodes', 'pool', 'path', 'privileges',
            'storage', 'node', 'content', 'bridge', 'known', 'days', 'hours'), '?')
        templates = self.node._problem_templates()
        for code, template in templates.items():
            self.assertTrue(template % values, code)
        self.assertEqual(self.node._problem_words({'problem': 'failed', 'values': {'words': 'Its own words.'}}), 'Its own words.')

    def test_words_of_the_network_are_no_markup(self):
        self._check([Look('odoo', 'odoo_fails', {'command': 'odoo', 'words': '<script>alert(1)</script>'})])
        self.assertIn('&lt;script&gt;', self.node.health_list)

    def test_people_are_told_of_changes_only(self):
        self._check(WELL)
        messages = len(self.node.message_ids)
        self._check(WELL)
        self.assertEqual(len(self.node.message_ids), messages)
        self._check(BAD)
        self._check(BAD)
        self.assertEqual(len(self.node.message_ids), messages + 1)
        self.assertEqual(len(self.node.activity_ids), 1)
        self._check([Look('router', 'router_stopped', {'words': ''})])
        self.assertEqual(len(self.node.activity_ids), 1, 'another problem, but the same task')
        self._check(WELL)
        self.assertFalse(self.node.activity_ids)
        self.assertGreater(len(self.node.message_ids), messages + 2)

    def test_load(self):
        self._check(WELL)
        node = self.node
        self.assertEqual((node.cpu_percent, node.memory_percent, node.disk_percent, node.connection_percent), (50, 75, 75, 30))
        self.assertEqual((node.memory_total_mib, node.disk_free_gib, node.database_count), (8192, 25.0, 7))
        self._check(BAD, load=Load())
        self.assertEqual(node.memory_percent, 75, 'what could not be asked keeps its last value')

    def test_capacity(self):
        self.node.capacity = 4
        self._running_tenant('one')
        self.node.invalidate_recordset()
        self.assertEqual(self.node.capacity_percent, 25)
        self.node.capacity = 0
        self.assertEqual(self.node.capacity_percent, 0)

    def test_what_is_asked(self):
        self._running_tenant('one')
        self._running_tenant('two').is_routed = False
        self._check(WELL)
        spec, access, databases, live = self.asked
        self.assertEqual((spec.data_dir, access.host, databases), ('/var/lib/odoo', '', ['one']))
        self.assertEqual([(tenant.host, tenant.database) for tenant in live], [('one.test.localhost:8080', 'one')])

    def test_a_well_node_closes_its_breaker(self):
        self.node.write({'breaker_failures': 5, 'breaker_until': '2099-01-01'})
        self._check(BAD)
        self.assertTrue(self.node.breaker_until)
        self._check(WELL)
        self.assertEqual((self.node.breaker_failures, self.node.breaker_until), (0, False))

    def test_secrets_that_cannot_be_opened_are_a_problem_of_the_node(self):
        self.node.sudo().pg_password_sealed = 'sealed with another key'
        with self._examined(WELL):
            self.env['saas.node']._cron_check_health()
        self.assertEqual(self.node.health, 'bad')
        self.assertIn('sealed', self.node.health_note)

    def test_support_reads_and_does_not_test(self):
        support = new_test_user(self.env, 'look-only', groups='saas_master.group_saas_support')
        self._check(BAD)
        node = self.node.with_user(support)
        self.assertIn('PostgreSQL', node.health_note)
        with self.assertRaises(AccessError):
            node.action_test()
