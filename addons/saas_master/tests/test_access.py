from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .common import SaasCase

MODELS = ('saas.plan', 'saas.node', 'saas.template', 'saas.tenant', 'saas.operation', 'saas.operation.step',
          'saas.suspension.reason', 'saas.signup')


class TestAccess(SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.support = new_test_user(cls.env, 'saas-support', groups='saas_master.group_saas_support')
        cls.manager = new_test_user(cls.env, 'saas-manager', groups='saas_master.group_saas_manager')
        cls.employee = new_test_user(cls.env, 'saas-employee', groups='base.group_user')
        cls.portal = new_test_user(cls.env, 'saas-portal', groups='base.group_portal')
        cls.portal.partner_id.write({'parent_id': cls.customer.id, 'saas_right': 'look'})
        cls.own, cls.foreign = cls._running_tenant('own'), cls._running_tenant('foreign', partner_id=cls.stranger.id)
        cls.own_operation, cls.foreign_operation = (
            tenant._open('install_modules', modules=['contacts']) for tenant in (cls.own, cls.foreign))

    def test_support_reads_everything_and_changes_nothing(self):
        for model in MODELS:
            self.env[model].with_user(self.support).search([]).read(['id'])
        with self.assertRaises(AccessError):
            self.own.with_user(self.support).company_name = 'Changed'
        for action in ('action_provision', 'action_suspend', 'action_resume', 'action_delete'):
            with self.assertRaises(AccessError, msg=action):
                getattr(self.own.with_user(self.support), action)()
        for record in (self.node, self.template):
            with self.assertRaises(AccessError):
                record.with_user(self.support).name = 'changed'

    def test_support_may_retry(self):
        self.own_operation.write({'state': 'failed'})
        self.own_operation.with_user(self.support).action_retry()
        self.assertEqual(self.own_operation.state, 'waiting')

    def test_support_may_start_a_failed_provision_anew(self):
        tenant = self._tenant('once-failed')
        tenant._set_state('provisioning')
        failed = tenant._open('provision')
        failed.write({'state': 'failed'})
        tenant._set_state('failed')
        failed.with_user(self.support).action_retry()
        self.assertEqual(tenant.state, 'provisioning')
        self.assertEqual(tenant._active_operation().requested_by_id, self.support)

    def test_a_customer_sees_no_internals(self):
        for name in ('error', 'worker', 'params'):
            with self.assertRaises(AccessError, msg=name):
                self.own_operation.with_user(self.portal).read([name])

    def test_an_employee_without_group_sees_nothing(self):
        for model in MODELS:
            with self.assertRaises(AccessError, msg=model):
                self.env[model].with_user(self.employee).search([])

    def test_a_customer_sees_his_own_only(self):
        tenants = self.env['saas.tenant'].with_user(self.portal).search([])
        self.assertEqual(tenants, self.own)
        operations = self.env['saas.operation'].with_user(self.portal).search([])
        self.assertEqual(operations, self.own_operation)
        for record in (self.foreign, self.foreign_operation):
            with self.assertRaises(AccessError):
                record.with_user(self.portal).read(['display_name'])

    def test_a_customer_changes_nothing_directly(self):
        for values in ({'company_name': 'x'}, {'plan_id': self.plan.id}, {'partner_id': self.stranger.id}):
            with self.assertRaises(AccessError):
                self.own.with_user(self.portal).write(values)
        with self.assertRaises(AccessError):
            self.own_operation.with_user(self.portal).action_retry()
        for model in set(MODELS) - {'saas.tenant', 'saas.operation'}:
            with self.assertRaises(AccessError, msg=model):
                self.env[model].with_user(self.portal).search([])

    def test_secrets_are_write_only(self):
        """Even a manager who may write them never reads them back; nor their sealed form."""
        self.node.write({'pg_password': 'tell-nobody', 'ssh_private_key': 'tell-nobody-either'})
        self.own.sudo().api_key_sealed = 'sealed'
        node, tenant = self.node.with_user(self.manager), self.own.with_user(self.manager)
        self.assertEqual(node.read(['pg_password', 'ssh_private_key'])[0]['pg_password'], False)
        for record, name in ((node, 'pg_password_sealed'), (node, 'ssh_private_key_sealed'), (tenant, 'api_key_sealed')):
            with self.assertRaises(AccessError, msg=name):
                record.read([name])
            self.assertNotIn(name, record.fields_get())
        self.assertNotIn('tell-nobody', str(node.read()))
        self.env.flush_all()
        self.env.cr.execute('SELECT pg_password_sealed, ssh_private_key_sealed FROM saas_node WHERE id = %s', [node.id])
        self.assertNotIn('tell-nobody', str(self.env.cr.fetchall()))
        self.assertEqual(self.node._spec().postgres.password, 'tell-nobody')
        self.assertNotIn('tell-nobody', repr(self.node._spec()))
