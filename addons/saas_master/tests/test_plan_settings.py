import psycopg2

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .common import SaasCase


class TestPlanAndSettings(SaasCase):

    def test_the_plans_of_the_seed(self):
        basic, enterprise = self.env.ref('saas_master.plan_basic'), self.env.ref('saas_master.plan_enterprise')
        self.assertEqual((basic.domain_limit, enterprise.domain_limit), (10, 50))
        self.assertTrue(basic.is_published and enterprise.is_published)

    def test_bad_plans(self):
        for values in ({'code': 'Bad Code'}, {'code': 'basic'}, {'code': '-x'}, {'trial_days': -1}, {'price': -5},
                       {'user_limit': -1}):
            with self.assertRaises(psycopg2.IntegrityError, msg=str(values)), mute_logger('odoo.sql_db'), \
                    self.env.cr.savepoint():
                self.env['saas.plan'].create({'name': 'Bad', 'code': 'good', **values})

    def test_number_of_workers(self):
        operations = self.env['saas.operation']
        for wanted in (6, 2, 4):
            self.env['res.config.settings'].create({'saas_workers': wanted}).set_values()
            crons = operations._worker_crons()
            self.assertEqual(len(crons), wanted)
            self.assertEqual(len(set(crons.mapped('code'))), wanted, 'each has a slot of its own')
        for wanted in (0, -1, 1000):
            with self.assertRaises(UserError):
                self.env['res.config.settings'].create({'saas_workers': wanted}).set_values()
        self.assertEqual(self.env['res.config.settings'].get_values()['saas_workers'], 4)

    def test_numbers_are_kept_as_entered(self):
        """0 is a number of its own, what was never touched stays a default, what is out of range changes nothing."""
        parameters = self.env['ir.config_parameter'].sudo()
        self.env['res.config.settings'].create({'saas_signup_per_hour': 0, 'saas_cooling_off_days': 3}).set_values()
        self.assertEqual(parameters.get_param('saas_master.signup_per_hour'), '0')
        self.assertEqual(self.env['saas.tenant']._cooling_off_days(), 3)
        self.assertFalse(parameters.get_param('saas_master.api_requests_per_minute'))
        values = self.env['res.config.settings'].get_values()
        self.assertEqual((values['saas_signup_per_hour'], values['saas_api_requests_per_minute']), (0, 600))
        self.env['res.config.settings'].create({'saas_standby_days': 3}).set_values()
        self.assertEqual((self.env['saas.standby']._days(), parameters.get_param('saas_master.standby_days')), (3, '3'))
        for bad in ({'saas_audit_days': 1}, {'saas_standby_days': 0},
                    {'saas_api_login_failures': -1}, {'saas_signup_link_hours': 0}):
            with self.assertRaises(UserError):
                self.env['res.config.settings'].create({**bad, 'saas_signup_keep_days': 9}).set_values()
        self.assertFalse(parameters.get_param('saas_master.signup_keep_days'))
