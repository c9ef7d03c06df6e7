from odoo.exceptions import UserError
from odoo.tests import new_test_user

from odoo.addons.saas_master.drivers.pve.config import mark_of

from .pve_common import PveCase


class TestDedicatedKept(PveCase):
    """Start, stop, snapshot, backup, and going back to one, on a Proxmox VE over HTTPS."""

    def setUp(self):
        super().setUp()
        self.tenant = self._provisioned()
        self.vmid = self.tenant.container_id.vmid
        self._prove()

    def _act(self, name):
        getattr(self.tenant, f'action_{name}')()
        operation = self._run_on(self.tenant)
        self.assertEqual(operation.state, 'done', operation.error)
        return operation

    def _take_back(self, kind, button='action_take_back'):
        """As a manager does it in the dialogue, or with its other button."""
        dialogue = self.env['saas.container.take.back'].browse(self.tenant.action_take_back()['res_id'])
        dialogue.kept_id = dialogue.kept_ids.filtered(lambda kept: kept.kind == kind)[:1]
        self.assertTrue(dialogue.kept_id.at)
        dialogue.typed_name = self.tenant.name
        getattr(dialogue, button)()
        return self._run_on(self.tenant)

    def _status(self):
        return self._there(self.tenant)['status']

    def test_power(self):
        for act, status in (('stop_container', 'stopped'), ('start_container', 'running'), ('restart_container', 'running')):
            self._act(act)
            self.assertEqual((self._status(), self.tenant.container_id.state), (status, status))

    def test_a_snapshot_and_back(self):
        self._act('snapshot')
        self.pve.control.configure(self.vmid, memory='1111')
        operation = self._take_back('snapshot')
        self.assertEqual((operation.kind, operation.state), ('rollback', 'done'), operation.error)
        self.assertEqual((str(self._there(self.tenant)['config']['memory']), self._status()), ('2048', 'running'))
        self.assertEqual((self.tenant.container_id.state, self.tenant.state), ('running', 'running'))

    def test_a_backup_and_back(self):
        self._act('backup')
        self.assertIn(str(self.vmid), ' '.join(self.pve.control.backups()))
        self.pve.control.configure(self.vmid, memory='1111')
        operation = self._take_back('backup')
        self.assertEqual((operation.kind, operation.state), ('restore', 'done'), operation.error)
        self.assertEqual((str(self._there(self.tenant)['config']['memory']), self._status()), ('2048', 'running'))

    def test_one_that_was_removed_by_hand_comes_back(self):
        self._act('backup')
        self.pve.control.destroy(self.vmid)
        self.env['saas.cluster']._cron_watch()
        self.assertEqual(self.tenant.container_id.problem_code, 'missing')
        operation = self._take_back('backup')
        self.assertEqual((operation.kind, operation.state), ('restore', 'done'), operation.error)
        there = self._there(self.tenant)
        self.assertEqual((there['status'], mark_of(there['config'])), ('running', self.tenant.mark))
        self.assertEqual((self.tenant.container_id.state, self.tenant.container_id.problem_code), ('running', False))
        self.assertFalse(self.tenant.activity_ids)

    def test_what_was_stopped_stays_so(self):
        self._act('snapshot')
        self._act('stop_container')
        self.assertEqual(self._take_back('snapshot').state, 'done')
        self.assertEqual((self._status(), self.tenant.container_id.state), ('stopped', 'stopped'))

    def test_what_nobody_will_go_back_to_is_removed(self):
        for kind in ('snapshot', 'backup'):
            self._act(kind)
        self._twice()
        for kind in ('snapshot', 'backup'):
            operation = self._take_back(kind, 'action_remove_kept')
            self.assertEqual((operation.kind, operation.state), ('remove_kept', 'done'), operation.error)
        self.assertEqual((self._there(self.tenant)['snapshots'], self.pve.control.backups()), ([], {}))
        self.assertEqual(self._status(), 'running')

    def test_steps_killed_and_repeated(self):
        self._twice()
        for act in ('snapshot', 'backup', 'restart_container'):
            self._act(act)
        for kind in ('snapshot', 'backup'):
            operation = self._take_back(kind)
            self.assertEqual((operation.state, self._status()), ('done', 'running'), operation.error)

    def test_progress_of_a_backup(self):
        self.pve.control.tasks_slow(4, 'vzdump')
        self.tenant.action_backup()
        operation = self._run(self.tenant._active_operation())
        self.assertEqual(operation.state, 'waiting')
        self.assertIn(':vzdump:', operation.step_ids.task)
        self.pve.control.tasks_slow(0)
        self.assertEqual(self._run_on(self.tenant).state, 'done')

    def test_nothing_kept(self):
        action = self.tenant.action_take_back()
        self.assertFalse(self.env['saas.container.take.back'].browse(action['res_id']).kept_ids)
        self.pve.control.fail('snapshot', message='storage is offline')
        with self.assertRaisesRegex(UserError, 'storage is offline'):
            self.tenant.action_take_back()

    def test_every_act_is_in_the_audit(self):
        manager = new_test_user(self.env, 'kept-manager', groups='saas_master.group_saas_manager')
        tenant = self.tenant.with_user(manager)
        for act, noted in (('snapshot', 'snapshot'), ('backup', 'backup'), ('stop_container', 'stop'),
                           ('start_container', 'start')):
            getattr(tenant, f'action_{act}')()
            self._run_on(self.tenant)
            line = self.env['saas.audit'].search([], limit=1)
            self.assertEqual((line.act, line.user_id, line.res_id), (noted, manager, self.tenant.id))
            self.assertEqual(self.tenant.operation_id.requested_by_id, manager)
        name, = self._there(self.tenant)['snapshots']
        tenant._remove_kept('snapshot', name)
        line = self.env['saas.audit'].search([], limit=1)
        self.assertEqual((line.act, line.user_id, line.detail), ('remove_kept', manager, f'snapshot {name}'))
