from types import SimpleNamespace

from odoo.addons.saas_master.models.saas_container_watch import MIB

from .dedicated_common import DedicatedCase


class TestContainerWatch(DedicatedCase):
    """What is done by hand on Proxmox VE is noticed, shown and told; nothing is mended but the way to what was moved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tenant = cls._dedicated_tenant()
        cls.container = cls.tenant.container_id

    def setUp(self):
        super().setUp()
        self.synced = []
        self.patch(self.env.registry['saas.node'], '_sync_routes', lambda node: lambda: self.synced.append(node))

    def _seen(self, container=None, **values):
        container = container or self.container
        return SimpleNamespace(**{
            'vmid': container.vmid, 'node': container.node_id.pve_node, 'mark': container.mark, 'state': 'running', 'cpu': 0.125,
            'memory': 512 * MIB, 'disk': 2048 * MIB, 'uptime': 60, 'lock': '', **values})

    def _look(self, *seen):
        """One turn with this answer of Proxmox VE; returns what is doubtful."""
        return self.cluster._note_seen(seen, self.cluster._database_now())

    def _activities(self, record=None):
        return (record or self.tenant).activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref('saas_master.mail_activity_container'))

    def test_figures_in_one_statement(self):
        other = self._dedicated_tenant('dedicated-two').container_id
        write_date = self.container.write_date
        self.env.flush_all()
        with self.assertQueryCount(20):
            self.assertFalse(self._look(self._seen(), self._seen(other, memory=7 * MIB, lock='backup')))
        self.assertEqual((self.container.cpu_percent, self.container.memory_used_mib, self.container.disk_used_mib,
                          self.container.uptime_seconds, self.container.lock), (12.5, 512, 2048, 60, False))
        self.assertEqual((other.memory_used_mib, other.lock), (7, 'backup'))
        self.assertTrue(self.container.observed_at)
        self.assertEqual(self.container.write_date, write_date)
        self.assertFalse(self.container.problem)

    def test_many_cost_no_more_statements(self):
        def statements(count):
            seen = [self._seen(self._container(f'many-{number}-{count}')) for number in range(count)]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._look(*seen)
            return self.cr.sql_log_count - before
        few = statements(2)
        self.assertLessEqual(statements(20) - few, 2)

    def test_stopped_by_hand(self):
        self._look(self._seen(state='stopped'))
        self.assertEqual((self.container.state, self.container.problem_code), ('stopped', 'stopped'))
        self.assertIn('stopped by hand', self.tenant.container_problem)
        self.assertEqual(len(self._activities()), 1)
        self.assertFalse(self.tenant._active_operation(), 'nothing is mended by itself')
        self.assertIn(self.tenant, self.tenant.search([('container_problem', '!=', False)]))
        self._look(self._seen(state='stopped'))
        self.assertEqual(len(self._activities()), 1)
        self._look(self._seen())
        self.assertEqual((self.container.state, self.container.problem_code), ('running', False))
        self.assertFalse(self._activities())

    def test_what_we_have_stopped_is_in_order(self):
        self.container.is_halted = True
        self._look(self._seen(state='stopped'))
        self.assertEqual((self.container.state, self.container.problem_code), ('stopped', False))
        self._look(self._seen())
        self.assertEqual(self.container.problem_code, 'started')

    def test_a_machine_that_is_down_says_nothing(self):
        self._look(self._seen(state='unknown'))
        self.assertEqual((self.container.state, self.container.problem_code), ('running', False))

    def test_what_is_worked_on_is_left_alone(self):
        operation = self.tenant._open('stop')
        self.assertFalse(self._look(self._seen(state='stopped', memory=9 * MIB)))
        self.assertFalse(self._look())
        self.assertEqual((self.container.state, self.container.memory_used_mib), ('running', 9))
        began = self.cluster._database_now()
        operation.write({'state': 'done', 'ended_at': began})
        self.cluster._note_seen([self._seen(state='stopped')], began)
        self.assertEqual(self.container.state, 'running', 'it was asked before the operation ended')

    def test_gone_or_replaced_is_doubtful_first(self):
        self.assertEqual(self._look(), self.container)
        self.assertEqual(self._look(self._seen(mark='f' * 32)), self.container)
        self.assertEqual((self.container.state, self.container.problem_code), ('running', False))
        self.container.state = 'planned'
        self.assertFalse(self._look(), 'what was never made cannot be missing')

    def test_moved_to_another_node_of_ours(self):
        self.pve_b.router_id = False
        self._look(self._seen(node='pve-b'))
        self.assertEqual((self.container.node_id, self.tenant.node_id), (self.pve_b, self.pve_b))
        self.assertFalse(self.container.problem_code)
        self.assertEqual(self.container.moved_from_id, self.pve_a)
        self.env['saas.container']._sync_moved_routes()
        self.assertEqual(set(self.synced), {self.pve_a, self.pve_b})
        self.assertFalse(self.container.moved_from_id)
        self.assertIn('Moved by hand', self.container.message_ids[0].body)

    def test_moved_to_where_we_cannot_follow(self):
        self._look(self._seen(node='unknown-machine'))
        self.assertEqual((self.container.node_id, self.container.problem_code), (self.pve_a, 'elsewhere'))
        self.pve_b.address_pattern = 'http://{name}.other.localhost'
        self._look(self._seen(node='pve-b'))
        self.assertEqual((self.tenant.node_id, self.container.problem_code), (self.pve_a, 'address'))
        self.assertIn('other addresses', self._activities().note)
        self._look(self._seen())
        self.assertFalse(self._activities())

    def test_a_container_without_a_tenant_tells_for_itself(self):
        spare = self._container('spare')
        self._look(self._seen(), self._seen(spare, state='stopped'))
        self.assertEqual(len(self._activities(spare)), 1)
