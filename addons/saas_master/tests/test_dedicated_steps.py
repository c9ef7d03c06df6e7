"""The ledger of dedicated tenants, step by step, against a host that keeps its containers in memory.

What the real driver does with a real API is in tests/drivers; whole lives over HTTPS are in test_dedicated_life.py.
"""
from odoo.addons.saas_master.drivers.errors import Permanent, Retryable
from odoo.addons.saas_master.drivers.waiting import NotYet

from .dedicated_common import DedicatedCase, Ordering


class MemoryHost:
    """As much of the contract of hosts as the ledger can tell from the real ones; ``slow`` answers by tasks first."""

    def __init__(self):
        self.containers, self.calls, self.slow, self.faults, self.pending = {}, [], set(), {}, ''

    def _called(self, name, tenant):
        self.calls.append(name)
        fault = self.faults.pop(name, None)
        if fault:
            raise fault
        if name in self.slow and not tenant.container.task:
            return NotYet(0, f'{name}: 40 %', task=f'UPID:{name}')
        if tenant.container.task:
            self.calls.append(tenant.container.task)
        return None

    def _ours(self, tenant):
        found = self.containers.get(tenant.container.vmid)
        if found and found['mark'] != tenant.mark:
            raise Permanent('The number is somebody else\'s.', 'pve_vmid_taken')
        return found

    def clone(self, template, tenant):
        self._ours(tenant)
        later = self._called('clone', tenant)
        if not later:
            self.containers.setdefault(tenant.container.vmid, {'mark': tenant.mark, 'state': 'stopped', 'database': 'staging'})
        return later

    def configure(self, tenant):
        self._called('configure', tenant)
        self._ours(tenant).update(address=tenant.container.address, hostname=tenant.container.hostname)

    def start(self, tenant):
        later = self._called('start', tenant)
        if not later:
            self._ours(tenant)['state'] = 'running'
        return later

    def stop(self, tenant):
        later = self._called('stop', tenant)
        if not later:
            self._ours(tenant)['state'] = 'stopped'
        return later

    def resize(self, tenant):
        self._called('resize', tenant)
        self._ours(tenant).update(memory=tenant.container.memory_mib, disk=tenant.container.disk_gib)
        return self.pending

    def personalise(self, tenant):
        self._called('personalise', tenant)
        if self._ours(tenant)['database'] == 'published':
            raise Permanent('published already')

    def publish_database(self, tenant):
        self._called('publish_database', tenant)
        self._ours(tenant)['database'] = 'published'

    def remove(self, tenant):
        later = self._called('remove', tenant)
        if not later and self._ours(tenant):
            del self.containers[tenant.container.vmid]
        return later

    def look(self, tenant):
        found = self._ours(tenant)
        return found['database'] if found else 'absent'


class TestDedicatedSteps(Ordering, DedicatedCase):

    def setUp(self):
        super().setUp()
        self.host = host = MemoryHost()
        nodes = self.env.registry['saas.node']
        for name in ('_on_host', '_on_node'):
            self.patch(nodes, name, lambda node, work: lambda: work(host))
        self.patch(nodes, '_sync_routes', lambda node: None)
        self._see_no_pages()

    def _kept(self, tenant):
        return self.host.containers.get(tenant.container_id.vmid)

    # -- a whole life ---------------------------------------------------------------------------

    def test_a_whole_life(self):
        self._assert_life()

    def test_every_step_may_be_killed_and_repeated(self):
        self._twice()
        self._assert_life()

    def test_long_work_is_followed_by_its_task(self):
        self.host.slow = {'clone', 'start', 'stop', 'remove'}
        tenant = self._assert_life()
        steps = tenant.operation_ids.step_ids
        for code in self.host.slow:
            self.assertIn(f'UPID:{code}', self.host.calls)
            self.assertIn(f'{code}: 40 %', ' '.join(steps.filtered(lambda step, c=code: step.code == c).mapped('log')))

    def _assert_life(self):
        tenant = self._provisioned()
        container = tenant.container_id
        self.assertEqual((tenant.database_name, tenant.template_id, container.mark), ('odoo', self.golden, tenant.mark))
        self.assertEqual(container.node_id, tenant.node_id)
        self.assertEqual((container.state, container.is_halted, container.memory_mib), ('running', False, 2048))
        self.assertEqual(self._kept(tenant), {
            'mark': tenant.mark, 'state': 'running', 'database': 'published', 'hostname': 'own-server',
            'address': container.ip_address_id.address})
        tenant.action_suspend()
        self._run_on(tenant)
        self.assertEqual((tenant.state, container.state, container.is_halted), ('suspended', 'stopped', True))
        self.assertEqual(self._kept(tenant)['state'], 'stopped')
        tenant.action_resume()
        self._run_on(tenant)
        self.assertEqual((tenant.state, container.state, container.is_halted), ('running', 'running', False))
        self._prove()
        tenant.action_delete()
        operation = self._run_on(tenant)
        self.assertEqual((tenant.state, container.state), ('deleted', 'gone'), operation.error)
        self.assertFalse(self.host.containers)
        self.assertEqual(container.ip_address_id.state or 'free', 'free')
        return tenant

    # -- numbers of others ----------------------------------------------------------------------

    def test_a_number_of_somebody_else_is_left_to_him(self):
        number = self.cluster.vmid_next
        self.host.containers.update({number + ahead: {'mark': 'f' * 32, 'state': 'running'} for ahead in range(2)})
        tenant = self._provisioned()
        self.assertEqual(tenant.container_id.vmid, number + 2)
        self.assertEqual(self.host.containers[number], {'mark': 'f' * 32, 'state': 'running'})
        self.assertIn('somebody else', tenant.operation_ids.step_ids.filtered(lambda step: step.code == 'clone').log)

    # -- what fails -----------------------------------------------------------------------------

    def test_a_failed_provision_gives_everything_back(self):
        tenant = self._tenant('own-server', plan_id=self.dedicated.id)
        tenant.action_provision()
        self.host.faults['start'] = Permanent('It does not start.')
        failed = self._run_on(tenant)
        container, mark = tenant.container_id, tenant.mark
        self.assertEqual((failed.state, tenant.state), ('failed', 'failed'))
        self.assertEqual(len(self.host.containers), 1)
        self._run_on(tenant)
        self.assertFalse(self.host.containers)
        self.assertEqual(container.state, 'gone')
        self.assertFalse(tenant.container_id or tenant.database_name)
        self.assertNotEqual(tenant.mark, mark, 'nothing of the former attempt is ever taken for the new one')
        failed.action_retry()
        self._run_on(tenant)
        self.assertEqual(tenant.state, 'running')
        self.assertGreater(tenant.container_id.vmid, container.vmid, 'numbers are given once')

    def test_nothing_is_given_back_while_the_container_is_there(self):
        tenant = self._provisioned()
        container = tenant.container_id
        self._prove()
        tenant.action_delete()
        self.host.faults['remove'] = Permanent('Protected.')
        operation = self._run_on(tenant)
        self.assertEqual((operation.state, container.state), ('failed', 'running'))
        operation._skip_failed_step('I do it by hand')
        self._run_on(tenant)
        self.assertEqual(operation.state, 'failed')
        self.assertIn('still on its node', operation.error)
        self.assertEqual(container.ip_address_id.state, 'used')
        self.host.containers.clear()
        operation.action_retry()
        self._run_on(tenant)
        self.assertEqual((tenant.state, container.state), ('deleted', 'gone'))

    def test_a_passing_error_begins_the_step_anew(self):
        self.host.slow = {'start'}
        tenant = self._tenant('own-server', plan_id=self.dedicated.id)
        tenant.action_provision()
        operation = self._run(tenant._active_operation())
        step = operation.step_ids.filtered(lambda step: step.code == 'start')
        self.assertEqual((operation.state, step.task), ('waiting', 'UPID:start'))
        self.host.faults['start'] = Retryable('Locked.')
        self._run(operation)
        self.assertFalse(step.task)
        self._run_on(tenant)
        self.assertEqual(tenant.state, 'running', operation.error)

    # -- suspended, stopped ---------------------------------------------------------------------

    def test_what_ends_suspended_is_stopped(self):
        tenant = self._tenant('own-server', plan_id=self.dedicated.id)
        tenant.action_provision()
        tenant._suspend('abuse')
        self._run_on(tenant)
        self.assertEqual((tenant.state, tenant._active_operation().kind), ('suspended', 'stop'))
        self._run_on(tenant)
        self.assertEqual(self._kept(tenant)['state'], 'stopped')
        self.assertFalse(tenant._active_operation())

    def test_a_reason_that_goes_while_it_is_stopped_starts_it_again(self):
        tenant = self._provisioned()
        tenant._suspend('unpaid')
        tenant.reason_ids = False
        self._run_on(tenant)
        self.assertEqual((tenant.state, tenant._active_operation().kind), ('suspended', 'resume'))
        self._run_on(tenant)
        self.assertEqual((tenant.state, self._kept(tenant)['state']), ('running', 'running'))

    def test_modules_of_a_suspended_tenant(self):
        tenant = self._provisioned()
        tenant.action_suspend()
        self._run_on(tenant)
        running = []
        self.patch(self.env.registry['saas.tenant'], '_step_install_modules',
                   lambda tenant, step: running.append(self._kept(tenant)['state']))
        tenant._open('install_modules', modules=['contacts'])
        self._run_on(tenant)
        self._run_on(tenant)
        self.assertEqual((running, self._kept(tenant)['state'], tenant.state), (['running'], 'stopped', 'suspended'))

    def test_stop_start_restart(self):
        tenant = self._provisioned()
        for act, state in (('stop', 'stopped'), ('start', 'running'), ('restart', 'running')):
            getattr(tenant, f'action_{act}_container')()
            self._run_on(tenant)
            self.assertEqual((self._kept(tenant)['state'], tenant.container_id.state, tenant.state), (state, state, 'running'))
        self.assertEqual(self.host.calls[-2:], ['stop', 'start'])

    # -- plans ----------------------------------------------------------------------------------

    def test_a_larger_plan(self):
        tenant = self._provisioned()
        larger = self.dedicated.copy({'code': 'test-larger', 'memory_mib': 4096, 'cpu_cores': 4, 'disk_gib': 16})
        tenant._change_plan(larger)
        operation = self._run_on(tenant)
        self.assertEqual((operation.state, tenant.plan_id), ('done', larger), operation.error)
        container = tenant.container_id
        self.assertEqual((container.memory_mib, container.cores, container.disk_gib), (4096, 4, 16))
        self.assertEqual((self._kept(tenant)['memory'], self._kept(tenant)['disk']), (4096, 16))
        self.assertFalse(tenant.activity_ids)

    def test_a_smaller_plan_leaves_the_disk(self):
        tenant = self._provisioned()
        self.host.pending = 'memory'
        tenant._change_plan(self.dedicated.copy({'code': 'test-smaller', 'memory_mib': 1024, 'disk_gib': 4}))
        operation = self._run_on(tenant)
        self.assertEqual((tenant.container_id.memory_mib, tenant.container_id.disk_gib), (1024, 8))
        self.assertIn('never made smaller', operation.step_ids[0].log)
        self.assertIn('(memory)', tenant.container_id.activity_ids.note)
        tenant.action_restart_container()
        self._run_on(tenant)
        self.assertFalse(tenant.container_id.activity_ids)
