from datetime import date, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .common import SaasCase
from .dedicated_common import DedicatedCase


def figures_in(answer):
    """Every figure of the answer, however deep: what has a count and a domain."""
    if isinstance(answer, dict):
        if 'count' in answer and 'domain' in answer:
            yield answer
        for value in answer.values():
            yield from figures_in(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from figures_in(value)


class TestDashboard(SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.support = new_test_user(cls.env, 'saas-support', groups='saas_master.group_saas_support', tz='America/Bogota')
        cls.dashboard = cls.env['saas.dashboard'].with_user(cls.support)

    def _fill(self):
        """Something in every section, at the edges of what is counted too."""
        now = fields.Datetime.now()
        self._tenant('board-draft')
        running = self._running_tenant('board-running', trial_end=date.today() + timedelta(days=2))
        self._running_tenant('board-later', trial_end=date.today() + timedelta(days=60))
        deletion = self._running_tenant('board-deletion', delete_on=now + timedelta(days=3))
        self._running_tenant('board-gone')._set_state('deleting')
        self.node.write({'health': 'bad', 'capacity': 10})
        Operation = self.env['saas.operation']
        provision = {'kind': 'provision', 'tenant_id': running.id, 'node_id': self.node.id, 'state': 'done'}
        for number, (days, seconds) in enumerate(((0, 1), (1, 3), (29, 5), (45, 500))):
            ended_at = now - timedelta(days=days)
            live_at = ended_at - timedelta(seconds=15)      # the mail came later
            tenant = self._running_tenant(f'board-{number}', live_at=live_at)
            done = Operation.create({**provision, 'tenant_id': tenant.id, 'ended_at': ended_at})
            self.env.flush_all()
            self.env.cr.execute('UPDATE saas_operation SET create_date = %s WHERE id = %s',
                                [live_at - timedelta(seconds=seconds), done.id])
        failed = Operation.create([{**provision, 'kind': 'suspend', 'state': 'failed', 'error': 'Broken', 'ended_at': at}
                                   for at in (now, now - timedelta(days=2))])
        failed[0]._set_attention(True)
        deletion._open('install_modules')
        signups = self.env['saas.signup'].create([{
            'company_name': 'A', 'contact_name': 'B', 'email': f'{n}@a.example', 'name': f'a{n}', 'lang': 'en_US',
            'plan_id': self.plan.id, 'state': 'confirmed' if n % 2 else 'pending'} for n in range(5)])
        self.env.flush_all()
        for number, signup in enumerate(signups):
            self.env.cr.execute('UPDATE saas_signup SET create_date = %s WHERE id = %s',
                                [now - timedelta(days=12 * number), signup.id])
        self.env.invalidate_all()

    def test_every_figure_counts_what_it_leads_to(self):
        self._fill()
        shown = list(figures_in(self.dashboard.get_figures()))
        self.assertGreater(len(shown), 70)
        for figure in shown:
            found = self.env[figure['model']].with_user(self.support).search_count(figure['domain'])
            self.assertEqual(figure['count'], found, figure)
        for name in ('waiting', 'failed', 'attention', 'deletions', 'nodes'):
            self.assertTrue(self.dashboard.get_figures()['work'][name]['count'], name)

    def test_days_add_up(self):
        self._fill()
        answer = self.dashboard.get_figures()
        for section in ('signups', 'time_to_live'):
            days = answer[section]['days']
            self.assertEqual(len(days), 30)
            self.assertEqual(sum(day['count'] for day in days), answer[section]['count'], section)

    def test_time_to_live(self):
        before = self.dashboard.get_figures()['time_to_live']['count']
        self._fill()
        times = self.dashboard.get_figures()['time_to_live']
        self.assertEqual(times['count'], before + 3, 'what was done before the 30 days is not counted')
        if not before:
            self.assertAlmostEqual(times['median'], 3)
            self.assertAlmostEqual(times['late'], 4.8)

    def test_errors_say_which_wait(self):
        self._fill()
        errors = self.dashboard.get_figures()['errors']
        self.assertEqual([(error['error'], error['attention']) for error in errors[:2]], [('Broken', True), ('Broken', False)])

    def test_staff_only(self):
        employee = new_test_user(self.env, 'saas-employee', groups='base.group_user')
        portal = new_test_user(self.env, 'saas-portal', groups='base.group_portal')
        for user in (employee, portal):
            with self.assertRaises(AccessError):
                self.env['saas.dashboard'].with_user(user).get_figures()

    def test_queries_do_not_grow_with_tenants(self):
        self._fill()
        self.dashboard.get_figures()

        def queries():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.dashboard.get_figures()
            return self.env.cr.sql_log_count - before
        few = queries()
        for number in range(12):
            self._running_tenant(f'more-{number}', trial_end=date.today() + timedelta(days=1))._open('install_modules')
        self.assertEqual(queries(), few)

    def test_a_new_installation_is_told_what_to_do(self):
        self.assertTrue(self.dashboard.get_figures()['setup']['done']['node'])
        self.env.cr.execute('UPDATE saas_node SET active = false')
        setup = self.dashboard.get_figures()['setup']
        self.assertEqual((setup['is_new'], setup['done']['node']), (True, False))

    def test_another_addon_adds_a_section(self):
        Dashboard = self.env.registry['saas.dashboard']
        self.patch(Dashboard, '_sections', lambda model: ['revenue'])
        self.startPatcher(patch.object(Dashboard, '_figures_revenue', lambda model: {'monthly': 12}, create=True))
        self.assertEqual(self.dashboard.get_figures(), {'revenue': {'monthly': 12}})


class TestDedicatedDashboard(DedicatedCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support = new_test_user(cls.env, 'saas-support', groups='saas_master.group_saas_support')
        cls.dashboard = cls.env['saas.dashboard'].with_user(support)

    def _figures(self):
        answer = self.dashboard.get_figures()
        for figure in figures_in({name: answer.get(name, {}) for name in ('standby', 'containers')}):
            found = self.env[figure['model']].with_user(self.dashboard.env.user).search_count(figure['domain'])
            self.assertEqual(figure['count'], found, figure)
        return answer

    def test_no_card_without_such_things(self):
        self.env['saas.standby.pool'].search([]).unlink()       # pylint: disable=no-search-all  # none is to be left
        self.env['saas.container'].search([]).write({'state': 'gone'})      # pylint: disable=no-search-all
        self.assertFalse({'standby', 'containers'} & self._figures().keys())

    def test_ready_and_wanted(self):
        Pool, before = self.env['saas.standby.pool'], self.dashboard.get_figures().get('standby') or {'count': 0, 'wanted': 0}
        pools = Pool.create([{'plan_id': self.plan.id, 'node_id': self.node.id, 'wanted': 3},
                             {'plan_id': self.dedicated.id, 'node_id': self.pve_a.id, 'wanted': 2},
                             {'plan_id': self.dedicated.id, 'node_id': self.pve_b.id, 'wanted': 9, 'active': False}])
        for pool, state in ((0, 'ready'), (0, 'ready'), (0, 'building'), (1, 'taken'), (1, 'discarding'), (2, 'ready')):
            self.env['saas.standby'].create({
                'pool_id': pools[pool].id, 'node_id': pools[pool].node_id.id, 'state': state,
                'discarded_because': state == 'discarding' and 'failed'})
        standby = self._figures()['standby']
        self.assertEqual((standby['count'] - before['count'], standby['wanted'] - before['wanted']), (3, 5))
        shown = {pool['label']: (pool['count'], pool['wanted'], pool['building'], pool['failed']) for pool in standby['pools']}
        self.assertEqual(shown['Test on test node'], (2, 3, 1, 0))
        self.assertEqual(shown['Own server on test pve-a'], (0, 2, 0, 1))
        self.assertNotIn('Own server on test pve-b', shown)

    def test_containers_that_need_attention(self):
        self._container('well')
        before = self._figures()['containers']
        self._container('wrong', state='missing', problem_code='missing')
        self._container('stopped', state='stopped')
        self._container('gone', state='gone', problem_code='stopped')
        after = self._figures()['containers']
        self.assertEqual([after['attention']['count'] - before['attention']['count'], after['count'] - before['count'],
                          after['stopped']['count'] - before['stopped']['count']], [1, 2, 1])


class TestManyTenants(SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.draft, cls.running = cls._tenant('mass-draft'), cls._running_tenant('mass-running')
        cls.both = cls.draft | cls.running

    def _message(self, answer):
        return answer['params']['message']

    def test_what_can_be_suspended_is_and_the_rest_is_named(self):
        answer = self.both.action_mass_suspend()
        self.assertEqual(self.running.reason_ids.mapped('code'), ['staff'])
        self.assertFalse(self.draft.reason_ids)
        self.assertIn('Done for 1 of 2', self._message(answer))
        self.assertIn('mass-draft', self._message(answer))
        self.assertIn('already', self._message(self.running.action_mass_suspend()))

    def test_nothing_is_half_done(self):
        """A tenant that is refused keeps its state, whatever its act had begun."""
        self.running._open('install_modules')
        answer = self.both.action_mass_delete()
        self.assertEqual((self.draft.state, self.running.state), ('deleting', 'running'))
        self.assertIn('still under way', self._message(answer))

    def test_provision_resume_retry(self):
        self.assertIn('Done for 1 of 2', self._message(self.both.action_mass_provision()))
        self.assertEqual(self.draft.state, 'provisioning')
        self.assertIn('mass-running is not suspended', self._message(self.running.action_mass_resume()))
        self.assertIn('no operation', self._message(self.running.action_mass_retry()))

    def test_many_refusals_stay_readable(self):
        tenants = self.env['saas.tenant'].union(*(self._tenant(f'many-{n}') for n in range(15)))
        message = self._message(tenants.action_mass_suspend())
        self.assertIn('and 5 more', message)

    def test_support_may_not(self):
        support = new_test_user(self.env, 'saas-support', groups='saas_master.group_saas_support')
        for act in ('provision', 'suspend', 'resume', 'delete'):
            with self.assertRaises(AccessError, msg=act):
                getattr(self.both.with_user(support), f'action_mass_{act}')()
        self.assertEqual(self.both.mapped('state'), ['draft', 'running'])

    def test_withdraw_a_deletion(self):
        self.running.delete_on = fields.Datetime.now()
        self.running.action_keep()
        self.assertFalse(self.running.delete_on)
        with self.assertRaises(UserError):
            self.running.action_keep()
