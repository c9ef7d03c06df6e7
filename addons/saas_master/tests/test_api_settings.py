from .api_common import ApiCase

CURRENT = '/api/settings/odoo/current'


class TestApiSettings(ApiCase):

    def test_what_everybody_may_know(self):
        self._assert_error(self._get(CURRENT), 401, 'token_required')
        for user, sees_nodes in ((self.actor, False), (self.looker, False), (self.support, True), (self.manager, True)):
            self._as(user)
            odoo = self._get(CURRENT).json()
            self.assertIn('http://{name}.test.localhost:8080', odoo['address_patterns'])
            template = next(entry for entry in odoo['templates'] if entry['name'] == 'test_template')
            self.assertEqual(template, {'name': 'test_template', 'version': 1, 'state': 'ready', 'modules': ['website',
                                                                                                             'website_mail'],
                                        'languages': ['en_US', 'es_ES']})
            self.assertEqual(bool(odoo['nodes']), sees_nodes)
        node = next(entry for entry in odoo['nodes'] if entry['name'] == 'test node')
        self.assertEqual((node['health'], node['tenants'], node['capacity']), ('unknown', 2, 100))

    def test_who_reads_and_who_changes(self):
        for user, reads, changes in ((self.actor, 403, 403), (self.employee, 403, 403), (self.support, 200, 403),
                                     (self.manager, 200, 200)):
            self._as(user)
            self.assertEqual(self._get('/api/settings').status_code, reads)
            self.assertEqual(self._call('PATCH', '/api/settings', {'signup': {'per_hour': 9}}).status_code, changes)

    def test_settings_are_changed_and_noted(self):
        self._as(self.manager)
        answer = self._call('PATCH', '/api/settings', {
            'signup': {'per_hour': 7, 'link_hours': 2}, 'operations': {'lease_seconds': 60, 'workers': 2},
            'deletion': {'cooling_off_days': 3}, 'api': {'requests_per_minute': 500}})
        self.assertEqual(answer.status_code, 200, answer.text)
        settings = self._get('/api/settings').json()
        self.assertEqual(settings, answer.json())
        self.assertEqual((settings['signup']['per_hour'], settings['operations'], settings['deletion']['cooling_off_days'],
                          settings['api']['requests_per_minute']), (7, {'workers': 2, 'lease_seconds': 60}, 3, 500))
        self.assertEqual(self.env['saas.tenant']._cooling_off_days(), 3)
        line = self.env['saas.audit'].search([('act', '=', 'change_setting')], limit=1)
        self.assertEqual(line.user_id, self.manager)
        self.assertIn('signup.per_hour=7', line.detail)

    def test_bad_settings_change_nothing(self):
        self._as(self.manager)
        before = self._get('/api/settings').json()
        for body, field in (({}, 'body'), ({'signup': {}}, 'body'), ({'signup': {'per_hour': -1}}, 'signup.per_hour'),
                            ({'signup': {'per_hour': '5'}}, 'signup.per_hour'),
                            ({'signup': {'per_hour': True}}, 'signup.per_hour'),
                            ({'operations': {'workers': 0}}, 'operations.workers'),
                            ({'operations': {'workers': 33}}, 'operations.workers'),
                            ({'odoo': {}}, 'odoo'), ({'signup': 1}, 'signup'), ({'signup': {'per_hour': 2, 'x': 1}}, 'signup.x')):
            self.assertEqual(self._fields(self._call('PATCH', '/api/settings', body)), {field}, body)
        self.assertEqual(self._get('/api/settings').json(), before)

    def test_no_secret_is_in_any_answer(self):
        self.node.write({'pg_password': 'tell-nobody', 'ssh_private_key': 'tell-nobody-either'})
        self.own.sudo().api_key_sealed = 'tell-nobody-at-all'
        self._as(self.manager)
        for path in ('/api/settings', CURRENT, '/api/tenants', '/api/tenants/rest-own', '/api/operations', '/api/auth/me'):
            text = self._get(path).text
            for word in ('tell-nobody', 'sealed', '"password":', 'pg_', 'ssh_', self.own.mark):
                self.assertNotIn(word, text, path)

    def test_plans(self):
        self.plan.write({'is_published': True, 'tagline': False})
        hidden = self.env['saas.plan'].create({'name': 'Hidden', 'code': 'rest-hidden'})
        plans = {plan['code']: plan for plan in self._get('/api/plans').json()['items']}
        self.assertNotIn(hidden.code, plans)
        self.assertEqual((plans['test-plan']['name'], plans['test-plan']['tagline'], plans['test-plan']['trial_days']),
                         ('Test', None, 14))
