from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.saas_master.tests.common import SaasCase
from odoo.addons.saas_master.tests.test_dashboard import figures_in

from .staff_common import StaffDomains


class TestDashboardDomains(StaffDomains, SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dashboard = cls.env['saas.dashboard'].with_user(cls.support)

    def _section(self):
        return self.dashboard.get_figures()['domains']

    def _fill(self):
        """Every status, every alert, active and not, one that has ended, two root domains."""
        for number, status in enumerate(('pending', 'verifying', 'failed')):
            self._domain(f'{status}.example.com', status, create_date=fields.Datetime.now() - timedelta(days=number))
        self._domain('live.example.com', 'verified', is_active=True)
        for alert in self.alerts:
            self._domain(f'{alert}.example.com', 'pending' if alert == 'unverified' else 'verified', alert=alert)
        self._domain('broken.example.com', 'verified', attention=2)
        self._domain('elsewhere.example.com', 'verified', root=self.other_root, is_active=True)
        self._domain('gone.example.com', 'pending', alert='left', attention=1,
                     lost_at=fields.Datetime.now(), lost_reason='removed')

    def test_every_figure_counts_what_it_leads_to(self):
        self._fill()
        section = self._section()
        shown = list(figures_in(section))
        self.assertEqual(len(shown), 5 + 4 + len(self.alerts) + len(self.env['saas.root_domain'].search([])))
        for figure in shown:
            found = self.env[figure['model']].with_user(self.support).search_count(figure['domain'])
            self.assertEqual(figure['count'], found, figure)
        for name in ('total', 'active', 'inactive', 'unverified', 'errors'):
            self.assertTrue(section[name]['count'], name)

    def test_sums(self):
        before = self._section()
        self._fill()
        section = self._section()

        def more(name):
            return section[name]['count'] - before[name]['count']
        self.assertEqual((more('total'), more('active'), more('inactive'), more('unverified'), more('errors')), (11, 2, 9, 4, 1))
        for part in ('statuses', 'roots'):
            self.assertEqual(sum(figure['count'] for figure in section[part]), section['total']['count'], part)

    def test_the_longest_unverified_come_first(self):
        self._fill()
        oldest = self._section()['oldest']
        self.assertLessEqual(len(oldest), 5)
        self.assertEqual([one['since'] for one in oldest], sorted(one['since'] for one in oldest))
        names = [one['name'] for one in oldest]
        self.assertNotIn('gone.example.com', names)
        self.assertFalse({'live.example.com', 'broken.example.com'} & set(names))

    def test_quota_and_sandbox_of_root_domains(self):
        self.root.write({'is_sandbox': True, 'record_used': 150, 'record_quota': 200, 'hostname_used': 7, 'hostname_quota': 100})
        shown = next(root for root in self._section()['roots'] if root['id'] == self.root.id)
        self.assertTrue(shown['is_sandbox'])
        self.assertEqual({one['name']: (one['used'], one['quota']) for one in shown['quotas']},
                         {'records': (150, 200), 'hostnames': (7, 100)})
        self.assertFalse(shown['is_held'])
        self.root.held_plan = {'records': {'lines': ['- CNAME a → b'], 'digest': 'x'}}
        self.assertTrue(next(root for root in self._section()['roots'] if root['id'] == self.root.id)['is_held'])

    def test_a_failed_publication_is_named_among_the_errors(self):
        domain = self._domain('fails.example.com', 'verified')
        self.env['saas.operation'].create({
            'kind': 'activate_domain', 'domain_id': domain.id, 'state': 'failed', 'error': 'Cloudflare refused',
            'ended_at': fields.Datetime.now()})
        error = self.dashboard.get_figures()['errors'][0]
        self.assertIn('fails.example.com', error['name'])
        self.assertEqual(error['error'], 'Cloudflare refused')

    def test_queries_do_not_grow_with_domains(self):
        self._fill()
        self._section()

        def queries():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._section()
            return self.env.cr.sql_log_count - before
        few = queries()
        for number in range(25):
            self._domain(f'more-{number}.example.com', 'pending', alert='unverified')
        self.assertEqual(queries(), few)

    def test_staff_only(self):
        portal = new_test_user(self.env, 'saas-portal', groups='base.group_portal')
        with self.assertRaises(AccessError):
            self.env['saas.dashboard'].with_user(portal).get_figures()
