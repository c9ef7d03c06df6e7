from datetime import timedelta

from psycopg2.errors import RaiseException

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.saas_master.models.saas_audit import ACTS
from odoo.addons.saas_master.series import USER_GROUPS

from .common import SaasCase


class TestAudit(SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, 'audit-manager', groups=(
            'saas_master.group_saas_manager,base.group_system,base.group_partner_manager'))
        cls.support = new_test_user(cls.env, 'audit-support', groups='saas_master.group_saas_support')
        cls.Audit = cls.env['saas.audit']

    def setUp(self):
        super().setUp()
        self._prove()

    def _lines(self, act, record=None):
        domain = [('act', '=', act), ('user_id', '=', self.manager.id)]
        if record:
            domain += [('res_model', '=', record._name), ('res_id', '=', record.id)]
        return self.Audit.search(domain)

    def _line(self, **values):
        return self.Audit.create({'act': 'delete', 'via': 'backend', 'user_id': self.manager.id, 'login': 'x', **values})

    # -- every act ------------------------------------------------------------------------------

    def test_acts_on_tenants(self):
        tenant = self._tenant('audited').with_user(self.manager)
        operation = self.env['saas.operation']
        tenant.action_provision()
        operation = tenant.sudo().operation_ids.with_user(self.manager)
        operation.action_cancel()
        operation.sudo().write({'state': 'cancelled'})
        tenant.sudo()._set_state('running')
        tenant.action_suspend()
        tenant.sudo().operation_ids.write({'state': 'done'})
        tenant.sudo()._set_state('suspended')
        tenant.action_resume()
        tenant.sudo().operation_ids.write({'state': 'done'})
        wizard = self.env['saas.tenant.modules'].with_user(self.manager).create({
            'tenant_id': tenant.id, 'module_names': 'contacts, calendar'})
        wizard.action_install()
        tenant.sudo().operation_ids.write({'state': 'done'})
        tenant.action_delete()
        for act in ('provision', 'suspend', 'resume', 'install_modules', 'delete'):
            line = self._lines(act, tenant)
            self.assertEqual(len(line), 1, act)
            self.assertEqual((line.partner_id, line.subject, line.login, line.via),
                             (self.customer, 'audited', 'audit-manager', 'rpc'))
        self.assertEqual(self._lines('install_modules', tenant).detail, 'contacts, calendar')
        self.assertEqual(self._lines('cancel', operation).partner_id, self.customer)

    def test_acts_on_operations(self):
        tenant = self._running_tenant('ops')
        operation = tenant._open('install_modules', modules=['contacts'])
        operation.write({'state': 'failed'})
        operation.step_ids[0].state = 'failed'
        self.env['saas.step.skip'].with_user(self.manager).create({
            'operation_id': operation.id, 'reason': 'done by hand'}).action_skip()
        self.assertEqual(self._lines('skip_step', operation).detail, 'done by hand')
        operation.write({'state': 'failed'})
        operation.with_user(self.manager).action_retry()
        self.assertEqual(len(self._lines('retry', operation)), 1)

    def test_configuration(self):
        plan = self.env['saas.plan'].with_user(self.manager).create({
            'name': 'New', 'code': 'audit-new', 'template_name': 'test_template'})
        plan.price = 5
        plan.unlink()
        self.assertEqual(self._lines('change', plan).detail, 'price')
        self.assertTrue(self._lines('create', plan) and self._lines('remove', plan))
        reason = self.env['saas.suspension.reason'].with_user(self.manager).create({'name': 'Test', 'code': 'audit-test'})
        self.assertTrue(self._lines('create', reason))
        self.template.with_user(self.manager).module_names = 'website'
        self.assertIn('module_names', self._lines('change', self.template).mapped('detail'))
        self.template.with_user(self.manager).action_build()
        self.assertTrue(self._lines('build', self.template))
        self.node.with_user(self.manager).write({'capacity': 5, 'pg_password': 'secret'})
        self.assertEqual(self._lines('change', self.node).detail, 'capacity')
        self.assertEqual(self._lines('change_secret', self.node).detail, 'pg_password')
        self.patch(self.env.registry['saas.node'], '_check_health', lambda nodes: None)     # it asks the outside
        self.node.health = 'ok'
        self.node.with_user(self.manager).action_test()
        self.assertTrue(self._lines('test', self.node))

    def test_settings(self):
        settings = self.env['res.config.settings'].with_user(self.manager).create({'saas_signup_per_hour': 77})
        settings.execute()
        line = self._lines('change_setting').filtered(lambda line: line.subject == 'saas_master.signup_per_hour')
        self.assertRegex(line.detail, '→ 77$')
        parameters = self.env['ir.config_parameter'].with_user(self.manager)
        parameters.set_param('saas_master.something', 'a word that may be secret')
        line = self._lines('change_setting').filtered(lambda line: line.subject == 'saas_master.something')
        self.assertEqual(line.detail, '- → …')
        parameters.set_param('saas_master.something', False)
        self.assertEqual(len(self._lines('change_setting').filtered(lambda line: line.subject == 'saas_master.something')), 2)
        parameters.set_param('other.something', 'x')
        self.assertFalse(self._lines('change_setting').filtered(lambda line: line.subject == 'other.something'))

    def test_sign_up_link(self):
        signup = self.env['saas.signup'].create({
            'company_name': 'A', 'contact_name': 'B', 'email': 'b@a.example', 'name': 'audit-a', 'lang': 'en_US',
            'plan_id': self.plan.id})
        signup.with_user(self.manager).action_send_link()
        self.assertTrue(self._lines('send_link', signup))

    def test_rights_and_roles(self):
        person = self.env['res.partner'].create({'name': 'Ann', 'parent_id': self.customer.id})
        person.with_user(self.manager).saas_right = 'act'
        line = self._lines('change_right', person)
        self.assertEqual(line.partner_id, self.customer)
        group = self.env.ref('saas_master.group_saas_manager')
        self.env.ref('base.group_erp_manager')
        self.support.with_user(self.manager).sudo().write({USER_GROUPS: [(4, group.id)]})
        self.assertEqual(self._lines('change_role', self.support).detail, 'support → manager')

    def test_programs_leave_no_line(self):
        before = self.Audit.search_count([])
        tenant = self._tenant('silent')
        tenant.action_provision()
        self.env['saas.plan'].create({'name': 'N', 'code': 'audit-n', 'template_name': 'test_template'})
        self.assertEqual(self.Audit.search_count([]), before)

    def test_every_act_has_a_name(self):
        with self.assertRaises(ValueError):
            self.Audit.with_user(self.manager)._note('no such act')
        names = dict(self.Audit._fields['act']._description_selection(self.env))
        self.assertLessEqual({act for act, _label in ACTS}, set(names), 'other addons add theirs')
        self.assertTrue(all(names.values()))

    # -- never changed --------------------------------------------------------------------------

    def test_the_orm_changes_nothing(self):
        line = self._line()
        for records in (line, line.sudo(), line.with_user(self.manager)):
            with self.assertRaisesRegex((UserError), 'never'):
                records.write({'detail': 'forged'})
        with self.assertRaisesRegex(UserError, 'never'):
            line.unlink()
        with self.assertRaises(AccessError):
            line.with_user(self.manager).create([{'act': 'delete', 'via': 'backend'}])
        with self.assertRaises(AccessError):
            self.Audit.with_user(self.support).search([])

    @mute_logger('odoo.sql_db')
    def test_sql_changes_nothing_either(self):
        line = self._line(partner_id=self.customer.id)
        self.env.flush_all()
        for statement in (
                "UPDATE saas_audit SET detail = 'forged' WHERE id = %s", 'DELETE FROM saas_audit WHERE id = %s',
                "UPDATE saas_audit SET at = now() WHERE id = %s", 'UPDATE saas_audit SET id = id + 1000000 WHERE id = %s',
                'UPDATE saas_audit SET user_id = 1 WHERE id = %s', "UPDATE saas_audit SET login = 'other' WHERE id = %s",
                "SELECT set_config('saas_master.audit_prune', 'on', true); DELETE FROM saas_audit WHERE id = %s"):
            with self.assertRaisesRegex(RaiseException, 'never'), self.cr.savepoint():
                self.cr.execute(statement, [line.id])
        with self.assertRaisesRegex(RaiseException, 'never'), self.cr.savepoint():
            self.cr.execute('TRUNCATE saas_audit')

    def test_removed_people_and_customers_leave_it(self):
        user = new_test_user(self.env, 'audit-leaver', groups='base.group_user')
        customer = self.env['res.partner'].create({'name': 'Leaver'})
        line = self._line(user_id=user.id, login=user.login, partner_id=customer.id)
        user.unlink()
        customer.unlink()
        self.env.invalidate_all()
        self.assertEqual((line.user_id.id, line.partner_id.id, line.login), (False, False, 'audit-leaver'))

    def test_a_merged_customer_is_followed(self):
        twice = self.env['res.partner'].create({'name': 'Acme again'})
        line = self._line(partner_id=twice.id)
        self.env.flush_all()
        self.env['base.partner.merge.automatic.wizard'].create({})._merge([twice.id, self.customer.id], self.customer)
        self.env.invalidate_all()
        self.assertEqual(line.partner_id, self.customer)

    def test_pruning(self):
        now = fields.Datetime.now()
        ages = (1, 29, 31, 729, 731)
        lines = {age: self._line(at=now - timedelta(days=age)) for age in ages}
        for setting, gone in (('', {731}), ('100', {731, 729}), ('1', {731, 729, 31})):
            self.env['ir.config_parameter'].set_param('saas_master.audit_days', setting)
            self.Audit._prune()
            self.assertEqual({age for age, line in lines.items() if not line.exists()}, gone, setting)

    def test_the_guard_survives_an_update(self):
        self.Audit.init()
        self.Audit.init()
        self.cr.execute("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'saas_audit'::regclass AND tgname LIKE 'saas_audit%%'")
        self.assertEqual(self.cr.fetchone()[0], 2)

    # -- looking --------------------------------------------------------------------------------

    def test_from_the_tenant_to_its_lines_and_back(self):
        tenant = self._tenant('looked-at').with_user(self.manager)
        tenant.action_provision()
        action = tenant.action_view_audit()
        lines = self.Audit.with_user(self.manager).search(action['domain'])
        self.assertEqual(lines.mapped('act'), ['provision'])
        self.assertEqual(lines.action_open_record()['res_id'], tenant.id)
        with self.assertRaisesRegex(UserError, 'no such record'):
            self._line(res_model='gone.model', res_id=1).action_open_record()

    def test_views_open(self):
        views = self.Audit.with_user(self.manager).get_views([(False, 'list'), (False, 'form'), (False, 'search')])['views']
        self.assertEqual(set(views), {'list', 'form', 'search'})
        groups = self.Audit.with_user(self.manager)._read_group([], ['at:day', 'act'], ['__count'])
        self.assertIsInstance(groups, list)
