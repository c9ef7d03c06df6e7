from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.saas_master.const import TENANT_TRANSITIONS
from odoo.addons.saas_master.drivers import router
from odoo.addons.saas_master.drivers.errors import Permanent
from odoo.addons.saas_master.drivers.waiting import NotYet

from .common import SaasCase


def nothing(record, step):
    return None


def broken(record, step):
    raise Permanent('Broken')


class TestTenant(SaasCase):

    def _operation(self, tenant):
        tenant.invalidate_recordset()
        return tenant.operation_id

    def _patch_outside(self, **handlers):
        """The real lists of steps, with everything that would leave the process replaced."""
        steps = ('clone', 'personalise', 'publish_database', 'warm', 'observe', 'observe_suspended',
                 'drop_database', 'drop_filestore', 'observe_gone', 'welcome')
        model_class = self.env.registry['saas.tenant']
        for code in steps:
            self.patch(model_class, f'_step_{code}', handlers.get(code, nothing))
        self.patch(self.env.registry['saas.node'], '_sync_routes', handlers.get('routes', lambda node: None))

    def test_declared_transitions_only(self):
        states = list(TENANT_TRANSITIONS)
        for now in states:
            for then in states:
                tenant = self._tenant(f'transit-{states.index(now)}-{states.index(then)}')
                tenant.with_context(saas_set_state=True).state = now
                if then == now or then in TENANT_TRANSITIONS[now]:
                    tenant._set_state(then)
                    self.assertEqual(tenant.state, then)
                else:
                    with self.assertRaisesRegex(UserError, 'cannot become'):
                        tenant._set_state(then)

    def test_state_and_name_do_not_change_by_hand(self):
        tenant = self._running_tenant()
        with self.assertRaisesRegex(UserError, 'by operations'):
            tenant.state = 'deleted'
        with self.assertRaisesRegex(UserError, 'cannot change'):
            tenant.name = 'other-name'
        with self.assertRaisesRegex(UserError, 'Delete the tenant first'):
            tenant.unlink()

    def test_provision(self):
        self._patch_outside()
        tenant = self._tenant()
        tenant.action_provision()
        operation = self._run(self._operation(tenant))
        self.assertEqual(operation.state, 'done', operation.error)
        self.assertEqual(tenant.state, 'running')
        self.assertEqual((tenant.template_id, tenant.node_id), (self.template, self.node))
        self.assertEqual(tenant.url, 'http://acme-test.test.localhost:8080')
        self.assertEqual(tenant.host, 'acme-test.test.localhost')
        self.assertTrue(tenant.is_routed and tenant.live_at and tenant.trial_end)
        self.assertEqual(operation.node_id, self.node)

    def test_a_database_name_is_never_given_twice(self):
        self._patch_outside()
        first = self._running_tenant('again')
        first._set_state('deleting')
        first._set_state('deleted')
        self.env.flush_all()
        second = self._tenant('again')
        second.action_provision()
        self._run(self._operation(second))
        self.assertEqual(second.database_name, f'again__{second.mark[:8]}')
        self.assertEqual(second._spec().name, second.database_name)
        self.assertEqual(second.host, 'again.test.localhost')
        self.assertIn(second.database_name, router.render([router.Route(second.host, second.database_name)]))
        longest = self._running_tenant('l' * 63)
        longest._set_state('deleting')
        longest._set_state('deleted')
        self.env.flush_all()
        again = self._tenant('l' * 63)
        self.assertLessEqual(len(again._new_database_name()), 63)
        router.render([router.Route('long.localhost', again._new_database_name())])
        for tenant in (first, second):
            with self.assertRaises(UserError):
                tenant.unlink()

    def test_provision_waits_for_the_template(self):
        self._patch_outside()
        self.template.database_name = False
        tenant = self._tenant()
        tenant.action_provision()
        operation = self._run(self._operation(tenant))
        self.assertEqual(operation.state, 'waiting')
        self.assertIn('template', operation.step_ids[0].log)
        self.template.database_name = 'test_template_1'
        self._run(operation)
        self.assertEqual(tenant.state, 'running')

    def test_no_template_or_no_room_is_said(self):
        self._patch_outside()
        self.node.capacity = 1
        self._running_tenant('fills-it')
        tenant = self._tenant()
        tenant.action_provision()
        self.assertIn('full', self._run(self._operation(tenant)).error)
        other = self._tenant('no-template')
        self.plan.template_name = 'missing'
        other.action_provision()
        self.assertIn('No node has a template "missing"', self._run(self._operation(other)).error)

    def test_tenants_go_to_the_emptier_node(self):
        self._patch_outside()
        self._running_tenant('fills-one')
        other = self.node.copy({'name': 'emptier'})
        template = self.template.copy({'node_id': other.id})
        template.database_name = 'test_template_1'
        tenant = self._tenant()
        tenant.action_provision()
        self._run(self._operation(tenant))
        self.assertEqual(tenant.node_id, other)

    def test_a_failed_provision_cleans_up_and_can_start_anew(self):
        self._patch_outside(personalise=broken)
        tenant = self._tenant()
        tenant.action_provision()
        failed = self._run(self._operation(tenant))
        self.assertEqual((failed.state, tenant.state), ('failed', 'failed'))
        self.assertTrue(tenant.activity_ids)
        cleanup = self._operation(tenant)
        self.assertEqual((cleanup.kind, cleanup.state), ('cleanup', 'waiting'))
        self.assertEqual(cleanup.step_ids.mapped('code'), ['unroute', 'drop_database', 'drop_filestore'])
        self._run(cleanup)
        self.assertEqual(cleanup.state, 'done', cleanup.error)
        self._patch_outside()
        failed.action_retry()
        again = self._operation(tenant)
        self.assertEqual(again.kind, 'provision')
        self._run(again)
        self.assertEqual(tenant.state, 'running')

    def test_a_cancelled_provision_cleans_up(self):
        self._patch_outside()
        tenant = self._tenant()
        tenant.action_provision()
        operation = self._operation(tenant)
        operation.action_cancel()
        self._run(operation)
        self.assertEqual((operation.state, tenant.state), ('cancelled', 'failed'))
        self.assertEqual(self._operation(tenant).kind, 'cleanup')

    def test_a_failed_welcome_leaves_the_tenant_running(self):
        self._patch_outside(welcome=broken)
        tenant = self._tenant()
        tenant.action_provision()
        operation = self._run(self._operation(tenant))
        self.assertEqual((operation.state, tenant.state), ('failed', 'running'))
        self.assertEqual(self._operation(tenant), operation, 'nothing is cleaned up')

    def test_a_welcome_lets_those_go_first_whom_nobody_serves_yet(self):
        tenant, other = self._running_tenant(), self._tenant('other-test')
        other.action_provision()
        now = fields.Datetime.now()
        for live_at, started_at, waits in (
                (now, False, True), (now, now, False), (now - timedelta(seconds=60), False, False)):
            tenant.live_at, self._operation(other).started_at = live_at, started_at
            if waits:
                self.assertIsInstance(tenant._step_welcome(None), NotYet)
            else:
                with self.assertRaisesRegex(Permanent, 'no key'):       # on to the tenant's own Odoo
                    tenant._step_welcome(None)

    def test_suspension_reasons_are_a_set(self):
        self._patch_outside()
        tenant = self._running_tenant()
        tenant._suspend('unpaid')
        self._run(self._operation(tenant))
        self.assertEqual(tenant.state, 'suspended')
        tenant.action_suspend()
        tenant.action_suspend()
        self.assertEqual(sorted(tenant.reason_ids.mapped('code')), ['staff', 'unpaid'])
        tenant._resume('unpaid')
        self.assertFalse(tenant._active_operation(), 'paying does not clear what staff decided')
        self.assertEqual(tenant.state, 'suspended')
        with self.assertRaisesRegex(UserError, 'another reason: Suspended by staff'):
            tenant._resume('unpaid')
        tenant.action_resume()
        self._run(self._operation(tenant))
        self.assertEqual(tenant.state, 'running')
        with self.assertRaisesRegex(UserError, 'is not suspended'):
            tenant.action_resume()

    def test_suspending_while_provisioning_ends_suspended(self):
        self._patch_outside()
        tenant = self._tenant()
        tenant.action_provision()
        tenant._suspend('abuse')
        self._run(self._operation(tenant))
        self.assertEqual(tenant.state, 'suspended')

    def test_a_suspension_during_an_operation_follows_it(self):
        self._patch_outside()
        tenant = self._running_tenant()
        tenant._open('install_modules', modules=['contacts'])
        self.patch(self.env.registry['saas.tenant'], '_step_install_modules', nothing)
        tenant._suspend('unpaid')
        self.assertEqual(tenant.state, 'running')
        self._run(self._operation(tenant))
        operation = self._operation(tenant)
        self.assertEqual(operation.kind, 'suspend')
        self._run(operation)
        self.assertEqual(tenant.state, 'suspended')

    def test_a_suspension_that_fails_waits_for_a_person(self):
        self._patch_outside()
        tenant = self._running_tenant()
        self.patch(self.env.registry['saas.tenant'], '_step_route', broken)
        tenant._suspend('unpaid')
        failed = self._operation(tenant)
        self._run(failed)
        self.assertEqual((failed.state, failed.attention, tenant.state), ('failed', True, 'running'))
        self.assertEqual(self._operation(tenant), failed, 'nothing is begun anew by itself')

    def test_delete(self):
        self._patch_outside()
        tenant = self._running_tenant()
        tenant.action_delete()
        self.assertEqual(tenant.state, 'deleting')
        with self.assertRaises(UserError):
            tenant.action_suspend()
        self._run(self._operation(tenant))
        self.assertEqual(tenant.state, 'deleted')
        self.assertFalse(tenant.is_routed)
        with self.assertRaises(UserError):
            tenant.action_delete()

    def test_delete_a_draft(self):
        self._patch_outside()
        tenant = self._tenant()
        tenant.action_delete()
        operation = self._run(self._operation(tenant))
        self.assertEqual((operation.state, tenant.state), ('done', 'deleted'))

    def test_install_modules_wizard(self):
        tenant = self._running_tenant()
        wizard = self.env['saas.tenant.modules'].create({'tenant_id': tenant.id, 'module_names': 'contacts, calendar'})
        wizard.action_install()
        operation = self._operation(tenant)
        self.assertEqual((operation.kind, operation.params), ('install_modules', {'modules': ['contacts', 'calendar']}))
        for names in ('', 'Bad Name', "x'; drop", ','):
            wizard.module_names = names
            with self.assertRaisesRegex(UserError, 'technical names'):
                wizard.action_install()
        draft = self._tenant('a-draft')
        with self.assertRaisesRegex(UserError, 'running tenant only'):
            wizard.create({'tenant_id': draft.id, 'module_names': 'contacts'}).action_install()

    def test_without_our_key_nothing_is_asked(self):
        tenant = self._running_tenant()
        with self.assertRaisesRegex(Permanent, 'no key'):
            tenant._rpc()

    def test_buttons(self):
        tenant = self._running_tenant()
        self.assertEqual(tenant.action_open()['url'], tenant.url)
        self.assertEqual(tenant.action_view_operations()['domain'], [('tenant_id', '=', tenant.id)])
        self.assertEqual(tenant.action_install_modules()['res_model'], 'saas.tenant.modules')
        self.assertEqual(self.node.action_view_tenants()['domain'], [('node_id', '=', self.node.id)])
        self.assertEqual(self.node.tenant_count, 1)
