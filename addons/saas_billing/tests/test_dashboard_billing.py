from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.saas_master.tests.common import SaasCase
from odoo.addons.saas_master.tests.test_dashboard import figures_in

from ..const import STATUSES
from .billing_staff_common import StaffBilling, days

RISKS = ('past_due', 'unpaid', 'ending', 'trial', 'failed', 'waiting')


class TestDashboardBilling(StaffBilling, SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dashboard = cls.env['saas.dashboard'].with_user(cls.support)
        cls.env['saas.stripe.account'].sudo().search([('id', 'not in', (cls.account + cls.sandbox).ids)]).write({'mode': 'test'})

    def _section(self):
        return self.dashboard.get_figures()['billing']

    def _fill(self):
        """By hand: 4 pay 29 + 29 + 10 + 290 / 12, of five who paid a month ago one has left."""
        make = self._subscription
        make('active', converted_at=days(-50))
        make('active', converted_at=days(-200), cancel_at=days(5))
        make('past_due', mrr=10, converted_at=days(-31))
        make('active', mrr=24.17, converted_at=days(-2), trial_end=days(-2))
        make('unpaid', converted_at=days(-90), trial_end=days(-89))
        make('trialing', trial_end=days(3))
        make('trialing', trial_end=days(3), has_payment_method=True)
        make('trialing', trial_end=days(20))
        make('paused', trial_end=days(-10))
        make('canceled', converted_at=days(-40), ended_at=days(-10))
        make('canceled', converted_at=days(-400), ended_at=days(-31))       # before what is counted
        make('canceled', converted_at=days(-20), ended_at=days(-1))         # came and went within it
        make('canceled', ended_at=days(-5), trial_end=days(-5))
        make('canceled', ended_at=days(-100), trial_end=days(-100))
        make('incomplete')
        make('incomplete_expired')
        make('active', mrr=1000, account=self.sandbox, converted_at=days(-50), cancel_at=days(1))
        self._event(state='failed')
        self._event(state='pending')
        self._event(state='pending', received_at=days(-1))

    def test_every_figure_counts_what_it_leads_to(self):
        self._fill()
        shown = list(figures_in(self._section()))
        self.assertEqual(len(shown), 1 + 2 + 2 + len(STATUSES) + len(RISKS))
        for figure in shown:
            found = self.env[figure['model']].with_user(self.support).search_count(figure['domain'])
            self.assertEqual(figure['count'], found, figure)

    def test_money_as_counted_by_hand(self):
        self._fill()
        [income] = self._section()['incomes']
        self.assertEqual((income['count'], round(income['mrr'], 2), round(income['arr'], 2)), (4, 92.17, 1106.04))
        self.assertIn('92', income['mrr_text'])
        paying = self.env['saas.subscription'].search(income['domain'])
        self.assertAlmostEqual(sum(paying.mapped('mrr')), income['mrr'], 2)

    def test_who_leaves_and_which_trials_pay(self):
        self._fill()
        section = self._section()
        churn, conversion = section['churn'], section['conversion']
        self.assertEqual((churn['count'], churn['base']['count'], churn['percent']), (1, 5, 20.0))
        self.assertEqual((conversion['count'], conversion['base']['count'], conversion['percent']), (2, 4, 50.0))

    def test_status_and_risk(self):
        self._fill()
        section = self._section()
        self.assertEqual({figure['value']: figure['count'] for figure in section['statuses']},
                         {'active': 3, 'past_due': 1, 'unpaid': 1, 'trialing': 3, 'paused': 1, 'canceled': 5, 'incomplete': 1,
                          'incomplete_expired': 1})
        events = self.env['saas.billing.event'].search_count
        self.assertEqual({figure['value']: figure['count'] for figure in section['risks']},
                         {'past_due': 1, 'unpaid': 1, 'ending': 1, 'trial': 1, 'failed': events([('state', '=', 'failed')]),
                          'waiting': events([('state', '=', 'pending'), ('received_at', '<', days(-1 / 48))])})

    def test_played_money_is_marked_and_never_added(self):
        self._fill()
        self.assertEqual(self._section()['mode'], 'live')
        self.account.is_current = False
        self.env.flush_all()
        self.sandbox.is_current = True
        section = self._section()
        self.assertEqual((section['mode'], section['incomes'][0]['mrr']), ('sandbox', 1000))

    def test_nothing_yet(self):
        section = self._section()
        self.assertEqual([(income['count'], income['mrr']) for income in section['incomes']], [(0, 0)])
        self.assertIsNone(section['churn']['percent'])
        self.assertIsNone(section['conversion']['percent'])

    def test_another_currency_of_a_company_is_counted_by_itself(self):
        self._subscription('active')
        other = self.env['res.currency'].with_context(active_test=False).search(
            [('id', '!=', self.company_currency.id)], limit=1)
        self._subscription('active', mrr=7, company_currency_id=other.id)
        incomes = {income['currency']: income['mrr'] for income in self._section()['incomes']}
        self.assertEqual(incomes, {self.company_currency.name: 29, other.name: 7})

    def test_queries_do_not_grow_with_subscriptions(self):
        self._fill()
        self._section()

        def queries():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._section()
            return self.env.cr.sql_log_count - before
        queries()
        few = queries()
        for number in range(25):
            self._subscription('active' if number % 2 else 'past_due', cancel_at=days(number + 1), converted_at=days(-number))
        self.assertEqual(queries(), few)

    def _truth(self):
        self.env.flush_all()
        self.env.cr.execute("""
            SELECT account_id, status, company_currency_id, count(*), count(*) FILTER (WHERE mrr > 0),
                   coalesce(sum(mrr), 0)::float, count(converted_at), count(cancel_at)
              FROM saas_subscription GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""")
        return self.env.cr.fetchall()

    def _tally(self):
        self.env.flush_all()
        self.env.cr.execute("""
            SELECT account_id, status, company_currency_id, sum(subscriptions), sum(paying), round(sum(mrr), 2)::float,
                   sum(converted), sum(ending) FROM saas_subscription_tally
             GROUP BY 1, 2, 3 HAVING sum(subscriptions) <> 0 ORDER BY 1, 2, 3""")
        return self.env.cr.fetchall()

    def test_the_tally_follows_every_change_and_is_made_anew(self):
        self._fill()
        subscription = self._subscription('trialing')
        self.assertEqual(self._tally(), self._truth())
        for values in ({'status': 'active', 'mrr': 29, 'converted_at': days(0)}, {'cancel_at': days(3)},
                       {'mrr': 99, 'cancel_at': False},
                       {'company_currency_id': False}, {'status': 'canceled', 'mrr': 0, 'ended_at': days(0)}):
            subscription.write(values)
            self.assertEqual(self._tally(), self._truth(), values)
        self.env['saas.subscription'].sudo().search([('status', '=', 'active')]).write({'mrr': 1})      # many by one statement
        self.assertEqual(self._tally(), self._truth())
        subscription.unlink()
        self.assertEqual(self._tally(), self._truth())
        rows = self.env['saas.subscription.tally'].search_count
        before = rows([])
        self.env['saas.subscription.tally']._make_anew()
        self.assertEqual(self._tally(), self._truth())
        self.assertLess(rows([]), before)

    def test_staff_only(self):
        portal = new_test_user(self.env, 'saas-portal', groups='base.group_portal')
        with self.assertRaises(AccessError):
            self.env['saas.dashboard'].with_user(portal).get_figures()

    def test_moments_are_of_one_and_the_same_now(self):
        self._subscription('canceled', converted_at=days(-30.001), ended_at=fields.Datetime.now())
        churn = self._section()['churn']
        self.assertEqual((churn['count'], churn['base']['count'], churn['percent']), (1, 1, 100.0))
