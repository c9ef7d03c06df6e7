from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user

from odoo.addons.saas_master.tests.common import SaasCase

from .staff_common import StaffDomains

MODELS = {'saas.custom_domain': ('list', 'kanban', 'form', 'search'), 'saas.root_domain': ('list', 'form', 'search')}
FILTERS = {'saas.custom_domain': 15, 'saas.root_domain': 3}


class TestViews(StaffDomains, SaasCase):

    def _arch(self, model, kind, user=None):
        views = self.env[model].with_user(user or self.manager).get_views([(False, kind)])
        return etree.fromstring(views['views'][kind]['arch'])

    def _fields(self, model, kind):
        """Names of the fields on the view itself, not of those in its lists."""
        return {node.get('name') for node in self._arch(model, kind, self.support).iter('field')
                if not any(parent.tag == 'field' for parent in node.iterancestors())}

    def test_every_view_opens_for_both_roles(self):
        for model, kinds in MODELS.items():
            for kind in kinds:
                for user in (self.support, self.manager):
                    self.assertIsNotNone(self._arch(model, kind, user), (model, kind))

    def test_buttons_by_role(self):
        def buttons(user, model, kind='form'):
            return {node.get('name') for node in self._arch(model, kind, user).iter('button')}
        for_managers = {'action_activate', 'action_make_primary', 'action_remove', 'action_sync'}
        self.assertLessEqual(for_managers | {'action_verify', 'action_retry'}, buttons(self.manager, 'saas.custom_domain'))
        self.assertFalse(for_managers & buttons(self.support, 'saas.custom_domain'))
        self.assertLessEqual({'action_verify', 'action_retry'}, buttons(self.support, 'saas.custom_domain'))
        held = {'action_test', 'action_sync', 'action_change_token', 'action_apply_held', 'action_drop_held'}
        self.assertLessEqual(held, buttons(self.manager, 'saas.root_domain'))
        self.assertFalse(held & buttons(self.support, 'saas.root_domain'))

    def test_every_filter_is_a_search_that_runs(self):
        self._domain('filter.example.com')
        for model, least in FILTERS.items():
            filters = [node for node in self._arch(model, 'search').iter('filter') if node.get('domain')]
            self.assertGreaterEqual(len(filters), least, model)
            for node in filters:
                domain = self._evaluate(node.get('domain'))
                self.assertIsInstance(self.env[model].with_user(self.support).search(domain).ids, list, node.get('name'))

    def _evaluate(self, text):
        from odoo.tools.safe_eval import safe_eval
        return safe_eval(text, {'uid': self.support.id})

    def test_lists_and_boards_cost_no_query_for_each_row(self):
        for kind in ('list', 'kanban'):
            names = sorted(self._fields('saas.custom_domain', kind))
            self._cost(names, f'{kind}-warm', 2)
            few = self._cost(names, f'{kind}-few', 3)
            many = self._cost(names, f'{kind}-many', 23)
            self.assertEqual(many, few, kind)

    def _cost(self, names, prefix, count):
        """Queries of one page of ``count`` rows, each with an operation; some have failed."""
        domains = self.env['saas.custom_domain'].union(*(
            self._domain(f'{prefix}-{number}.example.com', 'verified', tenant_id=self._running_tenant(f'{prefix}-{number}').id)
            for number in range(count)))
        for number, domain in enumerate(domains):
            operation = domain._open('activate_domain')
            if not number % 2:
                operation.write({'state': 'failed', 'error': 'Refused', 'attention': True})
                domain.attention = 1
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        rows = domains.with_user(self.support).read(names)
        self.assertEqual(len(rows), count)
        return self.env.cr.sql_log_count - before

    def test_the_board_has_a_column_for_every_status(self):
        groups = self.env['saas.custom_domain']._fields['verification_status'].get_values(self.env)
        expanded = self.env['saas.custom_domain']._expand_status([], [])
        self.assertEqual(expanded, groups)

    def test_a_manager_adds_a_domain_by_the_form(self):
        tenant = self._running_tenant('adds')
        form = Form(self.env['saas.custom_domain'].with_user(self.manager).with_context(default_tenant_id=tenant.id))
        form.external_domain = 'WWW.Added.example.com'
        domain = form.save()
        self.assertEqual((domain.external_domain, domain.partner_id, domain.tenant_id, domain.verification_status),
                         ('www.added.example.com', self.customer, tenant, 'pending'))
        self.assertTrue(domain.sajet_subdomain)
        with self.assertRaises(UserError):
            domain.with_user(self.manager).write({'external_domain': 'other.example.com'})

    def test_the_form_says_what_to_set_and_what_was_found(self):
        domain = self._domain('says.example.com', 'verifying').with_user(self.support)
        self.assertEqual([one['type'] for one in domain.instructions], ['CNAME', 'TXT'])
        self.assertFalse(domain.verdict, 'nobody has looked yet')
        domain.sudo().write({'checked_at': '2026-01-01 00:00:00', 'last_outcome': 'no', 'last_code': 'wrong_address',
                             'last_found': ['203.0.113.9']})
        domain.invalidate_recordset()
        self.assertEqual((domain.verdict['outcome'], domain.verdict['found']), ('no', ['203.0.113.9']))
        self.assertIn('203.0.113.9', domain.verdict['message'])
        domain.sudo().write({'lost_at': '2026-01-02 00:00:00', 'lost_reason': 'removed'})
        domain.invalidate_recordset()
        self.assertFalse(domain.instructions)

    def test_urgency_follows_failures_and_alerts(self):
        domain = self._domain('urgent.example.com', 'verified')
        self.assertEqual(domain.urgency, 'fine')
        domain.alert = 'left'
        self.assertEqual(domain.urgency, 'alert')
        domain.attention = 1
        self.assertEqual(domain.urgency, 'failed')

    def test_percent_of_quotas(self):
        self.root.write({'record_used': 50, 'record_quota': 200, 'hostname_used': 3, 'hostname_quota': 0})
        self.assertEqual((self.root.record_percent, self.root.hostname_percent), (25, 0))
        self.assertEqual((self.root.record_words, self.root.hostname_words), ('50 of 200', '3'))


class TestTabs(StaffDomains, SaasCase):

    def test_the_tab_of_a_tenant(self):
        tenant = self._running_tenant('tabs')
        domain = self._domain('tab.example.com', tenant_id=tenant.id)
        self.assertEqual(len(Form(tenant.with_user(self.manager)).domain_ids), 1)
        action = tenant.action_view_domains()
        self.assertEqual(self.env['saas.custom_domain'].search(action['domain']), domain)
        self.assertEqual(tenant.action_add_domain()['context'],
                         {'default_tenant_id': tenant.id, 'default_partner_id': self.customer.id})

    def test_the_tab_of_a_customer(self):
        person = self.env['res.partner'].create({'name': 'Ann', 'parent_id': self.customer.id})
        domain = self._domain('tab-two.example.com')
        customer = self.customer.with_user(self.support)
        self.assertEqual((customer.saas_domain_ids, customer.saas_has_domains), (domain, True))
        self.assertFalse(self.stranger.with_user(self.support).saas_has_domains)
        self.assertEqual(self.env['saas.custom_domain'].search(person.action_view_saas_domains()['domain']), domain)
        self.assertEqual(person.action_add_saas_domain()['context'], {'default_partner_id': self.customer.id})

    def test_an_employee_sees_no_tab(self):
        employee = new_test_user(self.env, 'saas-employee', groups='base.group_user,base.group_partner_manager')
        views = self.env['res.partner'].with_user(employee).get_views([(False, 'form')])
        self.assertNotIn('saas_domain', views['views']['form']['arch'])


class TestManyDomains(StaffDomains, SaasCase):

    def test_one_primary_only(self):
        domains = self._domain('one.example.com') | self._domain('two.example.com')
        with self.assertRaisesRegex(UserError, 'one only'):
            domains.with_user(self.manager).action_mass_make_primary()

    def test_nothing_to_retry_is_said_by_name(self):
        answer = self._domain('calm.example.com').with_user(self.support).action_mass_retry()
        self.assertIn('calm.example.com', answer['params']['message'])
        self.assertEqual(answer['params']['type'], 'danger')

    def test_removal_of_many_asks_who_it_is(self):
        domains = self._domain('away.example.com') | self._domain('off.example.com')
        with self.assertRaises(AccessError):
            domains.with_user(self.support).action_mass_remove()
        with self.assertRaises(UserError):
            domains.with_user(self.manager).action_mass_remove()
        self.assertFalse(any(domains.mapped('lost_at')))
        self._prove()
        domains.with_user(self.manager).action_mass_remove()
        self.assertTrue(all(domains.mapped('lost_at')))


class TestDomainSettings(SaasCase):

    def _settings(self, **values):
        return self.env['res.config.settings'].create(values)

    def test_defaults_are_shown_and_stay_unwritten(self):
        settings = self._settings()
        self.assertEqual(settings.saas_domains_unverified_days, 7)
        settings.set_values()
        self.assertFalse(self.env['ir.config_parameter'].get_param('saas_domains.unverified_days'))

    def test_what_is_changed_counts(self):
        self._settings(saas_domains_default_limit=0, saas_domains_unverified_days=3).set_values()
        number = self.env['saas.domain.settings']._number
        self.assertEqual((number('default_limit'), number('unverified_days')), (0, 3))

    def test_out_of_range_changes_nothing(self):
        with self.assertRaisesRegex(UserError, 'cannot be less than 1'):
            self._settings(saas_domains_default_limit=3, saas_domains_verify_batch=0).set_values()
        self.assertEqual(self.env['saas.domain.settings']._number('default_limit'), 10)

    def test_networks_without_webhooks(self):
        with self.assertRaisesRegex(UserError, '203.0.113.0/99'):
            self._settings(saas_domains_webhook_denied='203.0.113.0/99', saas_domains_default_limit=3).set_values()
        self.assertEqual(self.env['saas.domain.settings']._number('default_limit'), 10, 'nothing at all was changed')
        self._settings(saas_domains_webhook_denied='203.0.113.0/24, 2001:db8::/32').set_values()
        self.assertEqual([str(network) for network in self.env['saas.webhook']._rules().denied],
                         ['203.0.113.0/24', '2001:db8::/32'])

    def test_the_sandbox_is_named(self):
        self.env['saas.root_domain'].create({'name': 'played.test', 'is_sandbox': True})
        self.assertIn('played.test', self._settings().saas_domains_sandbox)
