from odoo.addons.saas_master.drivers.pve.dedicated_node import mark_of

from .pve_common import PveCase


class TestDedicatedLife(PveCase):
    """From the order to the deletion on a Proxmox VE, over HTTPS, by the real driver."""

    def test_a_whole_life(self):
        self._assert_life()

    def test_every_step_killed_and_repeated(self):
        self._twice()
        self._assert_life()

    def _assert_life(self):
        tenant = self._provisioned()
        container, there = tenant.container_id, self._there(tenant)
        self.assertEqual((there['status'], there['node'], there['name']), ('running', 'pve1', 'own-server'))
        self.assertEqual(mark_of(there['config']), tenant.mark)
        self.assertEqual((int(there['config']['memory']), int(there['config']['cores'])), (2048, 2))
        self.assertIn(f'ip={container.ip_address_id.address}/24', there['config']['net0'])
        self.assertIn('gw=10.99.0.1', there['config']['net0'])
        self.assertEqual(self.inside.databases[container.vmid], {'mark': tenant.mark, 'state': 'published'})
        tenant.action_suspend()
        self._run_on(tenant)
        self.assertEqual((tenant.state, self._there(tenant)['status'], container.state), ('suspended', 'stopped', 'stopped'))
        tenant.action_resume()
        self._run_on(tenant)
        self.assertEqual((tenant.state, self._there(tenant)['status']), ('running', 'running'))
        self._prove()
        tenant.action_delete()
        operation = self._run_on(tenant)
        self.assertEqual((tenant.state, container.state), ('deleted', 'gone'), operation.error)
        self.assertIsNone(self._there(tenant))
        self.assertEqual(set(self.addresses.mapped('state')), {'free'})
        self.assertEqual(len(self.pve.control.containers()), len(self.pve.golden), 'no container is left')

    def test_progress_of_long_work_is_in_the_log(self):
        self.pve.control.tasks_slow(4, 'vzclone')
        calls = len(self.pve.control.calls())
        tenant = self._tenant('own-server', plan_id=self.dedicated.id)
        tenant.action_provision()
        operation = self._run(tenant._active_operation())
        step = operation.step_ids.filtered(lambda step: step.code == 'clone')
        self.assertEqual((operation.state, step.state, step.attempt), ('waiting', 'waiting', 0))
        self.assertIn(':vzclone:', step.task)
        self.assertTrue(step.log)
        self.pve.control.tasks_slow(0)
        self._run_on(tenant)
        self.assertEqual(tenant.state, 'running', operation.error)
        clones = [call for call in self.pve.control.calls(calls) if call['method'] == 'POST' and call['path'].endswith('/clone')]
        self.assertEqual(len(clones), 1, 'it was begun once')

    def test_a_number_of_somebody_else(self):
        number = self.cluster.vmid_next
        self.pve.control.create(number, 'not-ours')
        tenant = self._provisioned()
        self.assertEqual(tenant.container_id.vmid, number + 1)
        self.assertEqual(self.pve.control.containers()[number]['name'], 'not-ours')
        self.assertIn('somebody else', tenant.operation_ids.step_ids.filtered(lambda step: step.code == 'clone').log)

    def test_a_number_that_is_taken_at_that_very_moment(self):
        self.pve.control.collide()
        tenant = self._provisioned()
        self.assertEqual(tenant.container_id.vmid, self.cluster.vmid_next - 1)
        self.assertEqual(len(self.pve.control.containers()), len(self.pve.golden) + 2)

    def test_what_fails_leaves_nothing(self):
        self.pve.control.task_fails('vzstart', 'startup for container failed', times=None)
        tenant = self._tenant('own-server', plan_id=self.dedicated.id)
        tenant.action_provision()
        failed = self._run_on(tenant)
        self.assertEqual((failed.state, tenant.state), ('failed', 'failed'))
        self.assertIn('startup for container failed', failed.error)
        self._run_on(tenant)
        self.assertEqual(len(self.pve.control.containers()), len(self.pve.golden))
        self.assertEqual(set(self.addresses.mapped('state')), {'free'})
        self.pve.control.heal()
        failed.action_retry()
        self._run_on(tenant)
        self.assertEqual(tenant.state, 'running')

    def test_a_removal_that_fails_gives_nothing_back(self):
        tenant = self._provisioned()
        container = tenant.container_id
        self._prove()
        self.pve.control.configure(container.vmid, description='somebody has changed this')
        tenant.action_delete()
        operation = self._run_on(tenant)
        self.assertEqual((operation.state, container.ip_address_id.state), ('failed', 'used'))
        self.assertTrue(self._there(tenant), 'what does not carry our mark is left alone')
        operation._skip_failed_step('by hand')
        self._run_on(tenant)
        self.assertEqual((operation.state, container.ip_address_id.state), ('failed', 'used'))
        self.pve.control.destroy(container.vmid)
        operation.action_retry()
        self._run_on(tenant)
        self.assertEqual((tenant.state, container.ip_address_id.state), ('deleted', 'free'))

    def test_a_larger_plan_while_it_runs(self):
        tenant = self._provisioned()
        larger = self.dedicated.copy({'code': 'test-larger', 'memory_mib': 4096, 'cpu_cores': 4, 'disk_gib': 16})
        tenant._change_plan(larger)
        operation = self._run_on(tenant)
        self.assertEqual((operation.state, tenant.plan_id), ('done', larger), operation.error)
        config = self._there(tenant)['config']
        self.assertEqual((int(config['memory']), int(config['cores'])), (4096, 4))
        self.assertIn('size=16G', config['rootfs'])
        self.assertEqual(self._there(tenant)['status'], 'running')
