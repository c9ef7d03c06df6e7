"""Golden containers as templates of the ledger, against a Proxmox VE of the fakes over real HTTPS.

What is done inside the containers stands still here: ``Inside`` answers as the driver does. The whole of it, in real
containers, is in tests/privileged.
"""
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError

from odoo.addons.saas_master.drivers.errors import Permanent
from odoo.addons.saas_master.drivers.pve import golden
from odoo.addons.saas_master.drivers.pve.spec import Golden
from odoo.addons.saas_master.drivers.waiting import NotYet

from .dedicated_common import DedicatedCase
from .pve_common import PveCase

FACTS = {'size_bytes': 40 * 2**20, 'odoo_version': '17.0', 'modules': {'website': '17.0.1.0'}, 'languages': ['en_US']}


class Inside:
    """Stands where the inside of a container is, and remembers what it was asked."""

    asked, answers = [], {}

    def __init__(self, transport, build):
        self.vmid, self.build = transport, build

    def __getattr__(self, name):
        def call():
            self.asked.append((name, self.vmid))
            waiting = self.answers.get(name)
            answer = waiting.pop(0) if waiting else None
            if isinstance(answer, Exception):
                raise answer
            return answer or (dict(FACTS) if name == 'seal' else None)
        return call


class TestGoldenTemplate(PveCase):

    def setUp(self):
        super().setUp()
        Inside.asked, Inside.answers = [], {}
        self.env['saas.template'].search([('state', '=', 'ready')]).state = 'draft'     # the cron asks after all of these
        self.enterContext(patch.object(golden, 'GoldenInside', Inside))
        self.template = self.env['saas.template'].create({
            'name': 'test_own', 'node_id': self.pve_a.id, 'os_template': self.pve.ostemplate, 'rootfs_gib': 4})

    def _build(self):
        self.template.action_build()
        return self._finish(self.template._active_operation())

    def _finish(self, operation):
        for _turn in range(60):
            if operation.state in ('waiting', 'running'):
                self._run(operation)
        return operation

    def _containers(self):
        return {vmid: found for vmid, found in self.pve.control.containers().items() if vmid not in self.pve.golden.values()}

    def test_build(self):
        Inside.answers['recipe'] = [NotYet(0, '2/6 packages of Debian')]
        operation = self._build()
        self.assertEqual(operation.state, 'done', operation.error)
        template = self.template
        self.assertEqual((template.state, template.version, template.database_name), ('ready', 1, 'saas_golden'))
        found = self._containers()
        self.assertEqual(list(found), [template.vmid])
        self.assertTrue(found[template.vmid]['template'])
        self.assertIn(f'saas:{template.mark}', found[template.vmid]['config']['description'])
        self.assertEqual([name for name, _vmid in Inside.asked],
                         ['is_up', 'recipe', 'recipe', 'install', 'warm_up', 'seal'])
        self.assertEqual((template.size_mib, template.odoo_version), (40, '17.0'))
        recipe = operation.step_ids.filtered(lambda step: step.code == 'recipe')
        self.assertIn('2/6 packages of Debian', recipe.log)
        self.assertFalse(template.build_vmid)
        self.assertTrue(template._is_usable())

    def test_a_new_version_is_for_new_tenants_only_and_the_old_container_goes(self):
        self._build()
        first = self.template.vmid
        self._build()
        self.assertEqual(self.template.version, 2)
        self.assertNotEqual(self.template.vmid, first, 'numbers are given once')
        self.assertEqual(list(self._containers()), [self.template.vmid])
        self.assertFalse(self.template.leftover_vmids)

    def test_a_container_that_clones_share_blocks_with_is_swept_later(self):
        self._build()
        first = self.template.vmid
        words = f"base volume 'local-lvm:base-{first}-disk-0' is still in use by linked clones"
        self.pve.control.task_fails('vzdestroy', words)
        self.assertEqual(self._build().state, 'done')
        self.assertEqual((self.template.leftover_vmids, self.template.leftover_text), ([first], str(first)))
        self.pve.control.unlock(first)
        self.pve.control.task_fails('vzdestroy', words)
        self.env['saas.template']._cron_check()
        self.assertEqual(self.template.leftover_vmids, [first])
        self.pve.control.unlock(first)
        self.env['saas.template']._cron_check()
        self.assertFalse(self.template.leftover_vmids)
        self.assertEqual(list(self._containers()), [self.template.vmid])

    def test_a_failed_build_leaves_the_old_version_and_its_container_goes_with_the_next(self):
        self._build()
        first = self.template.vmid
        Inside.answers['install'] = [Permanent('Module(s) nonsense are not on node.')]
        operation = self._build()
        self.assertEqual((operation.state, self.template.state, self.template.vmid), ('failed', 'outdated', first))
        self.assertIn('nonsense', self.template.outdated_reason)
        half = self.template.build_vmid
        self.assertEqual(set(self._containers()), {first, half})
        self.assertEqual(self._build().state, 'done')
        self.assertEqual(list(self._containers()), [self.template.vmid])

    def test_a_worker_that_was_killed_goes_on_where_it_was(self):
        self.template.action_build()
        operation = self.template._active_operation()
        seen = []
        create = golden.GoldenBuilder.make

        def dies(builder):
            if not seen:
                seen.append(create(builder))
                raise ConnectionResetError('killed after it had begun')
            return create(builder)
        with patch.object(golden.GoldenBuilder, 'make', dies):
            self._run(operation)
        step = operation.step_ids.filtered(lambda one: one.code == 'create')
        self.assertNotEqual(step.state, 'done')
        if operation.state == 'failed':
            operation.action_retry()
        self._finish(operation)
        self.assertEqual(operation.state, 'done', operation.error)
        self.assertEqual(list(self._containers()), [self.template.vmid])

    def test_outdated_by_what_it_is_made_of(self):
        self._build()
        self.template.action_check()
        self.assertEqual(self.template.state, 'ready')
        self.template.odoo_source = 'https://packages.example.com/odoo.deb'
        self.assertEqual((self.template.state, self.template.outdated_because), ('outdated', 'made_of'))
        self.template.state = 'ready'
        self.env['saas.template']._cron_check()
        self.assertEqual((self.template.state, self.template.outdated_because), ('outdated', 'code'))

    def test_what_is_needed_first(self):
        empty = self.env['saas.template'].create({'name': 'test_empty', 'node_id': self.pve_a.id})
        with self.assertRaisesRegex(UserError, 'made from'):
            empty.action_build()
        for values in ({'os_template': 'debian.tar'}, {'odoo_source': 'http://x/odoo.deb'}, {'odoo_source': '/a b.deb'},
                       {'odoo_sha256': 'abc'}, {'build_address': '10.0.0.1'}, {'rootfs_gib': 1}, {'base_vmid': 5}):
            with self.assertRaises(ValidationError, msg=str(values)):
                self.template.write(values)


class TestGoldenForClones(DedicatedCase):

    def test_where_tenants_are_cloned_from(self):
        self.golden.vmid = False
        with self.assertRaisesRegex(Permanent, 'build it'):
            self.golden._golden(self.pve_a)
        self.golden.vmid = 12345
        self.assertEqual(self.golden._golden(self.pve_b), Golden(12345, 'pve-a', full=False))
        self.golden.is_full_clone = True
        self.assertTrue(self.golden._golden(self.pve_b).full)

    def test_other_labels_than_on_a_shared_server(self):
        codes = [code for code, _label in self.golden._operation_steps('build_template')]
        self.assertEqual(codes[:4], ['prepare', 'create', 'start', 'recipe'])
        self.assertNotIn('recipe', [code for code, _label in self.template._operation_steps('build_template')])
