from odoo.addons.saas_master.models.saas_container_watch import MIB

from .pve_common import PveCase


class TestContainerWatchLive(PveCase):
    """What people do by hand on a Proxmox VE, seen over HTTPS by the cron."""

    def setUp(self):
        super().setUp()
        self.tenant = self._provisioned()
        self.container = self.tenant.container_id
        self.vmid = self.container.vmid

    def _cron(self):
        self.env['saas.cluster']._cron_watch()
        return self.container.state, self.container.problem_code or ''

    def test_figures(self):
        self.pve.control.usage(self.vmid, cpu=0.5, mem=300 * MIB, disk=1500 * MIB)
        calls = len(self.pve.control.calls())
        self.assertEqual(self._cron(), ('running', ''))
        self.assertEqual(len(self.pve.control.calls(calls)), 1, 'one call for the cluster')
        figures = self.container.cpu_percent, self.container.memory_used_mib, self.container.disk_used_mib
        self.assertEqual(figures, (50, 300, 1500))

    def test_stopped_and_started_by_hand(self):
        self.pve.control.stop(self.vmid)
        self.assertEqual(self._cron(), ('stopped', 'stopped'))
        self.assertEqual(self.pve.control.containers()[self.vmid]['status'], 'stopped', 'nothing is mended by itself')
        self.pve.control.start(self.vmid)
        self.assertEqual(self._cron(), ('running', ''))
        self.pve.control.stop(self.vmid)
        self._cron()
        self.tenant.action_start_container()
        self._run_on(self.tenant)
        self.assertEqual((self.container.state, self.container.problem_code), ('running', False))
        self.assertEqual(self._cron(), ('running', ''))

    def test_removed_by_hand(self):
        self.pve.control.destroy(self.vmid)
        self.assertEqual(self._cron(), ('missing', 'missing'))
        self.assertIn('removed by hand', self.tenant.container_problem)
        self.assertTrue(self.tenant.activity_ids)
        self.assertEqual(self.container.ip_address_id.state, 'used', 'what it had stays reserved')
        self.assertNotIn(self.vmid, self.pve.control.containers(), 'it is never made anew by itself')
        self.assertEqual(self._cron(), ('missing', 'missing'))
        self._prove()
        self.tenant.action_delete()
        self._run_on(self.tenant)
        self.assertEqual((self.tenant.state, self.container.state), ('deleted', 'gone'))

    def test_replaced_by_hand(self):
        self.pve.control.destroy(self.vmid)
        self.pve.control.create(self.vmid, 'not-ours', node='pve1')
        self.assertEqual(self._cron(), ('foreign', 'foreign'))
        self.tenant.action_stop_container()
        operation = self._run_on(self.tenant)
        self.assertEqual(operation.state, 'failed')
        self.assertIn(self.vmid, self.pve.control.containers(), 'it is never touched')

    def test_moved_by_hand(self):
        self.pve.control.migrate(self.vmid, 'pve2')
        self.assertEqual(self._cron(), ('running', ''))
        self.assertEqual((self.container.node_id, self.tenant.node_id), (self.pve_b, self.pve_b))
        self.tenant.action_restart_container()
        self.assertEqual(self._run_on(self.tenant).state, 'done')

    def test_what_cannot_be_seen_is_not_missing(self):
        self.pve.control.revoke('VM.Audit')
        self._cron()
        self.assertEqual(self.container.state, 'running')
        self.pve.control.heal()
        self.pve.control.quorum(False)
        self.assertEqual(self._cron(), ('running', ''))
        self.pve.control.heal()
        self.pve.control.node_down('pve1')
        self.assertEqual(self._cron(), ('running', ''))
        self.pve.control.heal()
        self.pve.control.fail('cluster/resources')
        self.assertEqual(self._cron(), ('running', ''))

    def test_the_button(self):
        self.assertEqual(self.tenant.action_look_again()['params']['type'], 'success')
        self.pve.control.stop(self.vmid)
        answer = self.tenant.action_look_again()
        self.assertEqual(answer['params']['type'], 'warning')
        self.assertIn('stopped by hand', answer['params']['message'])
        self.pve.control.fail('cluster/resources')
        self.assertIn('test cluster', self.tenant.action_look_again()['params']['message'])
