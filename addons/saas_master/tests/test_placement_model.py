"""Where tenants go: by what nodes have left, in words on the step, and never more than there is however many come at once."""
from datetime import timedelta

from odoo import fields
from odoo.tools import mute_logger

from odoo.addons.saas_master.drivers.errors import Permanent
from odoo.addons.saas_master.drivers.waiting import NotYet

from .dedicated_common import DedicatedCase
from .race_common import RaceCase


class TestPlacement(DedicatedCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nodes = cls.pve_a | cls.pve_b
        cls.nodes.write({'is_storage_shared': True, 'capacity_memory_mib': 10240, 'capacity_cores': 16, 'capacity_disk_gib': 100})

    def _placed(self, name, plan=None):
        """The tenant after the first step of its provision."""
        tenant = self._tenant(name, plan_id=(plan or self.dedicated).id)
        tenant.action_provision()
        self.step = tenant._active_operation().step_ids[0]
        self.assertIsNone(tenant._step_place(self.step))
        return tenant

    def _assert_full(self, *lines):
        """There is no room, nothing is reserved, and the step says why of each node."""
        containers = self.env['saas.container'].search_count([])
        tenant = self._tenant('no-room', plan_id=self.dedicated.id)
        tenant.action_provision()
        step = tenant._active_operation().step_ids[0]
        with self.assertRaisesRegex(Permanent, 'Every node with the template "test_golden" is full'):
            tenant._step_place(step)
        for line in lines:
            self.assertIn(line, step.log)
        self.assertEqual(self.env['saas.container'].search_count([]), containers)
        self.assertFalse(tenant.container_id)

    def test_spread(self):
        """Each goes where more is left; what decides is the scarcest."""
        self.assertEqual([self._placed(f'spread-{n}').node_id.name for n in range(4)],
                         ['test pve-a', 'test pve-b', 'test pve-a', 'test pve-b'])
        self._container('fat', disk_gib=90)        # on the first
        self.assertEqual(self._placed('spread-disk').node_id, self.pve_b)

    def test_what_is_reserved(self):
        tenant = self._placed('reserved-one')
        container = tenant.container_id
        self.assertEqual((container.memory_mib, container.cores, container.disk_gib, container.state), (2048, 2, 8, 'planned'))
        self.assertEqual((container.mark, container.name, tenant.database_name), (tenant.mark, 'reserved-one', 'odoo'))
        self.assertEqual(self.pve_a._used()[self.pve_a], {'count': 1, 'memory_mib': 2048, 'cores': 2, 'disk_gib': 8})
        container._release()
        self.assertEqual(self.pve_a._used()[self.pve_a]['memory_mib'], 0)

    def test_it_is_explained(self):
        """In figures: what is free of what there is, for every node that was looked at."""
        self._container('on-b', node_id=self.pve_b.id, memory_mib=7168)
        self._placed('explained')
        self.assertRegex(self.step.log, r'test pve-a: 100 of 100 places free, 10 of 10 GiB memory free.*, chosen')
        self.assertRegex(self.step.log, r'test pve-b: .*3 of 10 GiB memory free, 14 of 16 cores free, 92 of 100 GiB disk free')

    def test_each_resource_has_an_end(self):
        for values, words in (({'memory_mib': 9000}, 'not enough memory'), ({'cores': 15}, 'not enough cores'),
                              ({'disk_gib': 93}, 'not enough disk')):
            with self.env.cr.savepoint() as savepoint:
                for node in self.nodes:
                    self._container('fat', node_id=node.id, **values)
                self._assert_full('test pve-a: ', words)
                savepoint.rollback()
                self.env.invalidate_all()
        self.nodes.write({'capacity': 1})
        for number in range(2):
            self._placed(f'counted-{number}')
        self._assert_full('0 of 1 places free', 'has as many tenants as it may')

    def test_what_the_machine_has_counts_where_nothing_else_is_said(self):
        self.nodes.write({'capacity_memory_mib': 0, 'capacity_cores': 0, 'capacity_disk_gib': 0, 'memory_total_mib': 4096,
                          'cpu_count': 2, 'cpu_factor': 2.5, 'disk_total_gib': 50.9})
        self.assertEqual(self.pve_a._total(), {'count': 100, 'memory_mib': 4096, 'cores': 5, 'disk_gib': 50})

    def test_draining_maintenance_and_silence(self):
        later = fields.Datetime.now() + timedelta(minutes=5)
        for values, words in (({'is_draining': True}, 'takes no new tenants (draining)'), ({'in_maintenance': True},
                              'in maintenance'), ({'breaker_until': later}, 'does not answer')):
            with self.env.cr.savepoint() as savepoint:
                self.pve_a.write(values)
                self.assertEqual(self._placed('kept-away').node_id, self.pve_b, values)
                self.assertIn(f'test pve-a: {words}', self.step.log)
                self.pve_b.write(values)
                self._assert_full(words)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_region(self):
        self.pve_b.region = 'eu'
        self.dedicated.region = 'eu'
        self.assertEqual(self._placed('in-europe').node_id, self.pve_b)
        self.assertIn('in the region –, not eu', self.step.log)
        self.dedicated.region = 'us'
        self._assert_full('in the region eu, not us')

    def test_only_nodes_that_reach_the_template(self):
        self.pve_b.storage = 'another'
        self.assertEqual({self._placed(f'reach-{n}').node_id for n in range(3)}, {self.pve_a})
        self.golden.write({'state': 'building', 'vmid': 0, 'database_name': False})
        tenant = self._tenant('too-early', plan_id=self.dedicated.id)
        tenant.action_provision()
        self.assertIsInstance(tenant._step_place(tenant._active_operation().step_ids[0]), NotYet)

    def test_shared_nodes_by_the_same_code(self):
        """Only the number counts: nothing is set aside there."""
        self.node.capacity = 1
        tenant = self._placed('shared-one', self.plan)
        self.assertEqual((tenant.node_id, tenant.container_id.id), (self.node, False))
        self.assertIn('test node: 1 of 1 places free, chosen', self.step.log)

    def test_what_is_still_being_removed_counts(self):
        """A standby that is on its way out is still there."""
        pool = self.env['saas.standby.pool'].create({'plan_id': self.plan.id, 'node_id': self.node.id, 'wanted': 0})
        for state, count in (('building', 1), ('ready', 1), ('failed', 1), ('discarding', 1), ('taken', 0), ('gone', 0)):
            standby = self.env['saas.standby'].create({'pool_id': pool.id, 'node_id': self.node.id, 'state': state})
            self.assertEqual(self.node._used()[self.node]['count'], count, state)
            standby.unlink()

    def test_more_for_one_that_is_there(self):
        container = self._container('growing')
        container._reserve_more({'memory_mib': 10240, 'cores': 4, 'disk_gib': 8})
        self.assertEqual((container.memory_mib, container.cores), (10240, 4))
        with self.assertRaisesRegex(Permanent, 'has not enough free'):
            container._reserve_more({'memory_mib': 10241, 'cores': 4, 'disk_gib': 8})
        self.assertEqual(container.memory_mib, 10240)


class TestPlacementRace(RaceCase):
    """Sign-ups at the same moment, each in a transaction of its own, on nodes that cannot take them all."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        self._clean_up()        # of a run that was stopped
        with self._server() as env:
            router = env['saas.node'].create({'name': 'race router', 'address_pattern': 'http://{name}.race.localhost'})
            cluster = env['saas.cluster'].create({
                'name': 'race', 'api_url': 'https://127.0.0.1:1', 'token_id': 'saas@pve!test', 'vmid_from': 50000})
            nodes = env['saas.node'].create([{
                'name': f'race {name}', 'kind': 'proxmox', 'cluster_id': cluster.id, 'pve_node': name, 'is_storage_shared': True,
                'address_pattern': 'http://{name}.race.localhost', 'router_id': router.id} for name in 'ab'])
            env['saas.ip_pool'].create({
                'name': 'race', 'network': '10.94.0.0/26', 'cluster_ids': [(6, 0, cluster.ids)]}).action_fill()
            env['saas.template'].create({'name': 'race_golden', 'node_id': nodes[0].id}).write(
                {'database_name': 'saas_golden', 'version': 1, 'state': 'ready', 'vmid': 9000})
            plan = env['saas.plan'].create({
                'name': 'Race', 'code': 'race-plan', 'isolation': 'dedicated', 'template_name': 'race_golden',
                'memory_mib': 2048, 'cpu_cores': 2, 'disk_gib': 8})
            self.plan_id, self.node_ids = plan.id, nodes.ids

    def _clean_up(self):
        with self._server() as env:
            self._forget_tenants(env)
            templates = env['saas.template'].search([('name', '=', 'race_golden')])
            templates.write({'database_name': False, 'vmid': 0, 'state': 'draft'})
            templates.unlink()
            env['saas.plan'].search([('code', '=', 'race-plan')]).unlink()
            nodes = env['saas.node'].search([('name', '=like', 'race %')])
            nodes.filtered('router_id').unlink()
            nodes.exists().unlink()
            env['saas.ip_address'].search([('pool_id.name', '=', 'race')]).unlink()
            env['saas.ip_pool'].search([('name', '=', 'race')]).unlink()
            env['saas.cluster'].search([('name', '=', 'race')]).unlink()
            env['ir.cron.trigger'].search([]).unlink()

    def _forget_tenants(self, env):
        tenants = env['saas.tenant'].search([('name', '=like', 'race-%')])
        tenants.with_context(saas_set_state=True).write({
            'state': 'draft', 'database_name': False, 'container_id': False})
        tenants.unlink()
        containers = env['saas.container'].search([('cluster_id.name', '=', 'race')])
        containers._release()
        containers.unlink()

    def _sign_up(self, count):
        """Tenants whose provision has been opened; nobody works on it but the test."""
        with self._server() as env:
            tenants = env['saas.tenant'].create([{
                'name': f'race-{number}', 'company_name': 'Race', 'email': 'ann@race.example', 'admin_name': 'Ann',
                'plan_id': self.plan_id} for number in range(count)])
            for tenant in tenants:
                tenant.action_provision()
            return tenants.ids

    def _place(self, tenant_id):
        def work(env):
            tenant = env['saas.tenant'].browse(tenant_id)
            try:
                with env.cr.savepoint():
                    tenant._step_place(tenant._active_operation().step_ids[0])
            except Permanent:
                return False
            return True
        return work

    def _assert_never_more(self, room, values):
        """Ten at once for ``room`` on the two nodes: so many get in, and no node has more than it has."""
        with self._server() as env:
            for node_id, limits in zip(self.node_ids, values, strict=True):
                env['saas.node'].browse(node_id).write({
                    'capacity': 100, 'capacity_memory_mib': 0, 'capacity_cores': 0, 'capacity_disk_gib': 0, **limits})
        placed = self._at_once(*map(self._place, self._sign_up(10)), ways=self._patiently)
        self.assertEqual(sum(placed), room, values)
        with self._server() as env:
            nodes = env['saas.node'].browse(self.node_ids)
            for node, used in nodes._used().items():
                for resource, total in node._total().items():
                    self.assertLessEqual(used[resource], total or float('inf'), f'{node.name}: {resource}')
            containers = env['saas.container'].search([('node_id', 'in', nodes.ids), ('state', '!=', 'gone')])
            self.assertEqual(len(containers), room)
            for name in ('vmid', 'ip_address_id', 'mark', 'name'):
                self.assertEqual(len({container[name] for container in containers}), room, name)
            self._forget_tenants(env)

    @mute_logger('odoo.sql_db')
    def test_memory(self):
        self._assert_never_more(5, [{'capacity_memory_mib': 3 * 2048 + 2047}, {'capacity_memory_mib': 2 * 2048}])

    @mute_logger('odoo.sql_db')
    def test_cores(self):
        self._assert_never_more(3, [{'capacity_cores': 5}, {'capacity_cores': 3}])

    @mute_logger('odoo.sql_db')
    def test_disk(self):
        self._assert_never_more(4, [{'capacity_disk_gib': 8}, {'capacity_disk_gib': 31}])

    @mute_logger('odoo.sql_db')
    def test_count(self):
        self._assert_never_more(4, [{'capacity': 1}, {'capacity': 3}])

    @mute_logger('odoo.sql_db')
    def test_shared_nodes(self):
        """Nothing but the number of tenants is there to stand in each other's way."""
        with self._server() as env:
            node = env['saas.node'].search([('name', '=', 'race router')])
            node.capacity = 3
            env['saas.template'].create({'name': 'race_golden', 'node_id': node.id}).write(
                {'database_name': 'race_golden_1', 'version': 1, 'state': 'ready'})
            env['saas.plan'].browse(self.plan_id).isolation = 'shared'
        placed = self._at_once(*map(self._place, self._sign_up(10)), ways=self._patiently)
        self.assertEqual(sum(placed), 3)
        with self._server() as env:
            node = env['saas.node'].search([('name', '=', 'race router')])
            self.assertEqual((len(node.tenant_ids), node._used()[node]['count']), (3, 3))

    @mute_logger('odoo.sql_db')
    def test_the_last_address(self):
        """More room than addresses: who gets none has reserved nothing else either."""
        with self._server() as env:
            free = env['saas.ip_address'].search([('pool_id.name', '=', 'race'), ('state', '=', 'free')])
            free[4:].action_reserve()
        self._assert_never_more(4, [{}, {}])
