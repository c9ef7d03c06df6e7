from odoo.exceptions import UserError

from odoo.addons.saas_master.drivers.errors import Permanent

from .dedicated_common import DedicatedCase


class TestDedicatedPlan(DedicatedCase):
    """A plan is changed within its isolation only; a container gets its resources by an operation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls._dedicated_tenant()
        cls.shared = cls._running_tenant('shared-one')

    def test_what_decides(self):
        self.assertTrue(self.own._is_dedicated())
        self.assertFalse(self.shared._is_dedicated())
        self.assertTrue(self._tenant('draft-one', plan_id=self.dedicated.id)._is_dedicated())
        self.own.plan_id = self.dedicated.copy({'code': 'test-dedicated-2'})
        self.assertTrue(self.own._is_dedicated())

    def test_steps(self):
        def codes(tenant, kind):
            return [code for code, _label in tenant._operation_steps(kind)]
        self.assertEqual(codes(self.own, 'provision'), [
            'place', 'clone', 'configure', 'start', 'personalise', 'publish_database', 'warm', 'route', 'observe', 'go_live',
            'welcome'])
        self.assertEqual(codes(self.own, 'suspend'), ['route', 'observe_suspended', 'stop', 'suspended'])
        self.assertEqual(codes(self.own, 'resume'), ['start', 'warm', 'route', 'observe', 'resumed'])
        self.assertEqual(codes(self.own, 'cleanup'), ['unroute', 'remove', 'release'])
        self.assertEqual(codes(self.own, 'change_plan'), ['resize', 'apply_plan'])
        self.assertEqual(codes(self.shared, 'change_plan'), ['apply_plan'])
        self.assertNotIn('stop', codes(self.shared, 'suspend'))
        with self.assertRaisesRegex(UserError, 'no operation'):
            self.shared._operation_steps('snapshot')

    def test_there_is_no_way_between_shared_and_dedicated(self):
        for tenant, plan, words in ((self.own, self.plan, 'has a container of its own'),
                                    (self.shared, self.dedicated, 'is on a shared server')):
            before = tenant.plan_id
            self.assertIn(words, ' '.join(tenant._limit_problems(plan)))
            with self.assertRaisesRegex(UserError, words):
                tenant.write({'plan_id': plan.id})
            tenant._change_plan(plan)
            operation = tenant._active_operation()
            self._run(operation)
            self.assertEqual((operation.state, tenant.plan_id), ('failed', before))
            self.assertIn(words, operation.error)
            tenant._change_plan(plan)
            self.assertFalse(tenant._active_operation(), 'it is not tried again by itself')
        draft = self._tenant('draft-one')
        self.assertEqual(draft._limit_problems(self.dedicated), [])
        draft.plan_id = self.dedicated
        self.assertTrue(draft._is_dedicated())

    def test_a_plan_chosen_by_hand_waits_for_the_resources(self):
        larger = self.dedicated.copy({'code': 'test-larger', 'memory_mib': 4096})
        self.own.write({'plan_id': larger.id, 'company_name': 'Acme 2'})
        operation = self.own._active_operation()
        self.assertEqual((self.own.plan_id, self.own.company_name, operation.kind), (self.dedicated, 'Acme 2', 'change_plan'))
        self.assertEqual(operation.params['plan_id'], larger.id)
        with self.assertRaisesRegex(UserError, 'still under way'):
            self.own.plan_id = larger
        self.shared.plan_id = self.plan.copy({'code': 'test-plan-2'})
        self.assertFalse(self.shared._active_operation(), 'a shared tenant has nothing to be resized')

    def test_the_buttons_are_for_containers_that_are_there(self):
        for tenant in (self.shared, self._tenant('draft-one', plan_id=self.dedicated.id)):
            for act in ('start_container', 'stop_container', 'restart_container', 'snapshot', 'backup'):
                with self.assertRaisesRegex(UserError, 'no container'):
                    getattr(tenant, f'action_{act}')()
        self.own._set_state('deleting')
        with self.assertRaisesRegex(UserError, 'neither runs nor'):
            self.own.action_stop_container()

    def test_taking_back_asks_for_a_proof_and_the_name(self):
        kept = {'kind': 'backup', 'name': 'store:backup/one', 'at': '2030-01-31 12:00:00'}
        dialogue = self.env['saas.container.take.back'].create({'tenant_id': self.own.id, 'kept_ids': [(0, 0, kept)]})
        for act in (dialogue.action_take_back, dialogue.action_remove_kept):
            with self.assertRaisesRegex(UserError, 'Choose'):
                act()
        dialogue.kept_id = dialogue.kept_ids
        with self.assertRaisesRegex(UserError, 'Type the name'):
            dialogue.action_take_back()
        dialogue.typed_name = self.own.name
        self.patch(self.env.registry['saas.step.up'], '_is_fresh', lambda service, kind: False)
        for act in (dialogue.action_take_back, dialogue.action_remove_kept):
            with self.assertRaisesRegex(UserError, 'Confirm first'):
                act()
        self._prove()
        dialogue.action_take_back()
        operation = self.own._active_operation()
        self.assertEqual((operation.kind, operation.params), ('restore', {'name': 'store:backup/one'}))
        self.assertEqual(operation.step_ids.mapped('code'), ['restore', 'configure', 'start', 'warm'])

    def test_nothing_is_placed_twice(self):
        """A step of placing that is repeated finds its container."""
        operation = self.own._open('start')
        self.assertIsNone(self.own._step_place(operation.step_ids[:1]))
        self.assertEqual(self.own.container_id.vmid, self.own.container_id.vmid)

    def test_a_plan_that_shrank_is_refused_with_clear_words_only(self):
        with self.assertRaises(Permanent):
            self.own._checked_plan(self.own._open('change_plan', plan_id=self.plan.id).step_ids[:1])
