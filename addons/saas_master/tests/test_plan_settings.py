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
