from datetime import timedelta

from odoo import fields

from .api_common import GOOD, PASSWORDS, ApiCase

OWN, FOREIGN = '/api/tenants/rest-own', '/api/tenants/rest-foreign'


class TestApiTenants(ApiCase):

    def _names(self, query=''):
        page = self._get(f'/api/tenants{query}').json()
        return [item['name'] for item in page['items']]

    def test_everybody_sees_what_is_his(self):
        for user, names in ((self.manager, {'rest-own', 'rest-foreign'}), (self.support, {'rest-own', 'rest-foreign'}),
                            (self.actor, {'rest-own'}), (self.looker, {'rest-own'}), (self.other, {'rest-foreign'}),
                            (self.nobody, set())):
            self._as(user)
            self.assertEqual(set(self._names('?q=rest-')), names, user.login)
        self._as(self.employee)
        self._assert_error(self._get('/api/tenants'), 403, 'forbidden')

    def test_a_tenant(self):
        self.own.write({'usage_users': 3, 'usage_at': '2030-01-31 12:00:00'})
        self.own.reason_ids = self.env['saas.suspension.reason'].search([('code', '=', 'staff')])
        self._as(self.looker)
        tenant = self._get(OWN).json()
        self.assertEqual((tenant['id'], tenant['name'], tenant['state'], tenant['plan'], tenant['url']), (
            self.own.id, 'rest-own', 'running', 'test-plan', 'http://rest-own.test.localhost:8080'))
        self.assertEqual(tenant['usage'], {'users': 3, 'database_mib': 0, 'files_mib': 0, 'at': '2030-01-31T12:00:00Z'})
        self.assertEqual(tenant['suspension_reasons'], ['staff'])
        self.assertIsNone(tenant['customer'], 'staff sees it')
        self.assertFalse({'node', 'database_name', 'mark'} & set(tenant))
        self._as(self.support)
        self.assertEqual(self._get(OWN).json()['customer'], {'id': self.customer.id, 'name': 'Acme'})

    def test_others_are_as_if_they_did_not_exist(self):
        self._as(self.actor)
        unknown = self._get('/api/tenants/rest-unknown')
        for method, end, body in (('GET', '', None), ('DELETE', '?confirm=rest-foreign', None), ('POST', '/suspend', None),
                                  ('POST', '/resume', None), ('POST', '/keep', None)):
            answer = self._call(method, FOREIGN + end, body)
            self.assertEqual((answer.status_code, answer.text), (404, unknown.text), end)
        self._assert_error(self._call('PATCH', FOREIGN, {'company_name': 'Mine'}), 403, 'forbidden')
        self.assertEqual(self.foreign.state, 'running')

    def test_names_that_are_none(self):
        self._as(self.manager)
        for name in ('%00', '..', 'a%00b', 'A', '%F0%9F%98%80', '%FF', "'", 'x' * 64, 'a' * 5000, '-', '1%2F2'):
            self._assert_error(self._get(f'/api/tenants/{name}'), 404, 'not_found')

    def test_who_may_look_may_not_act(self):
        self._as(self.looker)
        for path in ('/suspend', '/resume', '/keep'):
            self._assert_error(self._post(OWN + path), 403, 'forbidden')
        self._assert_error(self._call('DELETE', f'{OWN}?confirm=rest-own'), 403, 'forbidden')
        self._assert_error(self._post('/api/tenants', GOOD), 403, 'forbidden')
        self.assertEqual(self.own.state, 'running')

    def test_support_acts_on_nothing(self):
        self._as(self.support)
        for path in ('/suspend', '/resume', '/keep'):
            self._assert_error(self._post(OWN + path), 403, 'forbidden')
        for method, path, body in (('POST', '/api/tenants', GOOD), ('PATCH', OWN, {'company_name': 'X'}),
                                   ('DELETE', f'{OWN}?confirm=rest-own', None)):
            self._assert_error(self._call(method, path, body), 403, 'forbidden')

    def test_suspend_and_resume(self):
        self._as(self.actor)
        answer = self._post(f'{OWN}/suspend')
        self.assertEqual(answer.status_code, 202, answer.text)
        operation = answer.json()['operation']
        self.assertEqual((operation['kind'], operation['state'], operation['tenant']), ('suspend', 'waiting', 'rest-own'))
        self.assertEqual(answer.headers['Location'], f'/api/operations/{operation["id"]}')
        self.assertEqual(answer.json()['tenant']['suspension_reasons'], ['customer'])
        followed = self._get(answer.headers['Location']).json()
        self.assertEqual((followed['id'], followed['error']), (operation['id'], None))
        self.assertEqual(self._post(f'{OWN}/resume').json()['tenant']['suspension_reasons'], [])
        self._assert_error(self._post(f'{OWN}/resume'), 409, 'conflict')

    def test_a_customer_asks_for_deletion_and_withdraws(self):
        self._as(self.actor)
        self.assertEqual(self._fields(self._call('DELETE', OWN)), {'confirm'})
        self.assertEqual(self._fields(self._call('DELETE', f'{OWN}?confirm=rest-foreign')), {'confirm'})
        error = self._assert_error(self._call('DELETE', f'{OWN}?confirm=rest-own'), 403, 'step_up_required')
        self.assertEqual(error['details'], {'kind': 'delete', 'proof': 'password'})
        self._post('/api/auth/step-up', {'kind': 'delete', 'proof': PASSWORDS})
        answer = self._call('DELETE', f'{OWN}?confirm=rest-own')
        self.assertEqual(answer.status_code, 202, answer.text)
        self.assertIsNone(answer.json()['operation'])
        self.assertTrue(answer.json()['tenant']['delete_on'])
        self.assertEqual(answer.json()['tenant']['state'], 'running')
        self.assertIsNone(self._post(f'{OWN}/keep').json()['delete_on'])
        self._assert_error(self._post(f'{OWN}/keep'), 409, 'conflict')

    def test_a_manager_deletes_at_once(self):
        self._as(self.manager)
        with self._proven():
            answer = self._call('DELETE', f'{OWN}?confirm=rest-own')
        self.assertEqual(answer.json()['operation']['kind'], 'delete')
        self.assertEqual(self._get(OWN).json()['state'], 'deleting')
        self.own._set_state('deleted')
        self._assert_error(self._get(OWN), 404, 'not_found')
        self.assertIn('rest-own', self._names('?state=deleted'))
        self.assertNotIn('rest-own', self._names())

    def test_a_manager_orders_a_tenant(self):
        self._as(self.manager)
        answer = self._post('/api/tenants', {**GOOD, 'customer': self.customer.id})
        self.assertEqual(answer.status_code, 202, answer.text)
        tenant = self.env['saas.tenant'].search([('name', '=', 'rest-new')])
        self.assertEqual((tenant.state, tenant.partner_id, tenant.plan_id), ('provisioning', self.customer, self.plan))
        self.assertEqual(tenant.operation_id.requested_by_id, self.manager)
        self.assertEqual(answer.json()['operation']['id'], tenant.operation_id.id)
        self.assertIn('provision', self.env['saas.audit'].search([('res_id', '=', tenant.id)]).mapped('act'))
        self._assert_error(self._post('/api/tenants', GOOD), 409, 'name_taken')

    def test_bad_orders_leave_nothing(self):
        self._as(self.manager)
        for change, field in (({'name': 'www'}, 'name'), ({'name': 'Not A Name'}, 'name'), ({'name': 'xn--a'}, 'name'),
                              ({'email': 'nobody'}, 'email'), ({'company_name': 'www.spam.example'}, 'company_name'),
                              ({'company_name': ''}, 'company_name'), ({'admin_name': 'x' * 81}, 'admin_name'),
                              ({'plan': 'none'}, 'plan'),
                              ({'lang': 'xx_XX'}, 'lang'), ({'lang': 'no language'}, 'lang'),
                              ({'customer': 2**31 - 1}, 'customer'),
                              ({'customer': 2**40}, 'customer'), ({'customer': '1'}, 'customer'),
                              ({'customer': True}, 'customer'),
                              ({'name': 7}, 'name'), ({'unknown': 1}, 'unknown'), ({'name': None}, 'name')):
            self.assertEqual(self._fields(self._post('/api/tenants', {**GOOD, **change})), {field}, change)
        self.assertFalse(self.env['saas.tenant'].search([('company_name', '=', 'Rest Ltd')]))

    def test_a_manager_changes_a_tenant(self):
        self._as(self.manager)
        other = self.plan.copy({'code': 'rest-plan'})
        answer = self._call('PATCH', OWN, {'plan': 'rest-plan', 'trial_end': '2031-05-04', 'company_name': 'New',
                                           'customer': None})
        self.assertEqual((answer.json()['plan'], answer.json()['trial_end'], answer.json()['company_name'],
                          answer.json()['customer']),
                         ('rest-plan', '2031-05-04', 'New', None))
        self.assertEqual((self.own.plan_id, self.own.partner_id.id), (other, False))
        self.assertIsNone(self._call('PATCH', OWN, {'trial_end': None}).json()['trial_end'])
        for body, field in (({}, 'body'), ({'state': 'deleted'}, 'state'), ({'name': 'x'}, 'name'),
                            ({'trial_end': 'soon'}, 'trial_end'),
                            ({'trial_end': 20310504}, 'trial_end'), ({'plan': None}, 'plan'), ({'plan': 'none'}, 'plan')):
            self.assertEqual(self._fields(self._call('PATCH', OWN, body)), {field}, body)
        changes = self.env['saas.audit'].search([('res_id', '=', self.own.id), ('act', '=', 'change')])
        self.assertTrue(changes and changes[0].user_id == self.manager)

    def test_pages_filters_and_sorting(self):
        for number in range(5):
            self._tenant(f'rest-page-{number}', company_name=f'Page {9 - number}')
        self._as(self.manager)
        page = self._get('/api/tenants?q=rest-page&sort=name&limit=2&offset=2').json()
        self.assertEqual(([item['name'] for item in page['items']], page['total']), (['rest-page-2', 'rest-page-3'], 5))
        self.assertEqual(self._names('?q=rest-page&sort=-name&limit=1'), ['rest-page-4'])
        self.assertEqual(self._names('?q=rest-page&limit=1'), ['rest-page-4'], 'the newest first')
        self.assertEqual(self._names('?q=Page 7'), ['rest-page-2'])
        self.assertEqual(set(self._names('?q=rest-&state=running')), {'rest-own', 'rest-foreign'})
        self.assertEqual(self._names(f'?customer={self.stranger.id}'), ['rest-foreign'])
        self.assertEqual(len(self._names('?plan=test-plan')), 7)
        self.assertEqual(self._names('?plan=none'), [])
        self._as(self.looker)
        self.assertEqual(len(self._names('?plan=test-plan')), 6, 'his own; he may not read plans themselves')
        self.assertEqual(self._names(f'?customer={self.stranger.id}'), [])
        self._as(self.manager)
        last = self._get('/api/tenants?q=rest-page&offset=100').json()
        self.assertEqual((last['items'], last['total']), ([], 5))

    def test_bad_queries(self):
        self._as(self.manager)
        for query, field in (('limit=0', 'limit'), ('limit=101', 'limit'), ('limit=x', 'limit'), ('limit=1e1', 'limit'),
                             ('limit=', 'limit'),
                             ('offset=-1', 'offset'), ('offset=99999999999999999999', 'offset'), ('state=gone', 'state'),
                             ('sort=email', 'sort'),
                             ('sort=id;drop', 'sort'), ('page=2', 'page'), ('self=1', 'self'), ('call=1', 'call'),
                             ('limit=1&limit=2', 'limit'),
                             ('q=%00', 'query'), ('customer=0', 'customer'), ('customer=4294967296', 'customer'),
                             ('q=' + 'x' * 101, 'q')):
            self.assertEqual(self._fields(self._get(f'/api/tenants?{query}')), {field}, query)
        self.assertEqual(self._get('/api/tenants?q=%FF%25_\\').status_code, 200)

    def test_operations(self):
        operation = self.own._open('install_modules', modules=['contacts'])
        operation.write({'state': 'failed', 'error': 'internal secret of a server', 'worker': 'host:1:1',
                         'started_at': fields.Datetime.now(),
                         'ended_at': fields.Datetime.now() + timedelta(seconds=2)})
        hidden = self.foreign._open('install_modules', modules=['contacts'])
        self._as(self.looker)
        answer = self._get(f'/api/operations/{operation.id}')
        self.assertNotIn('secret', answer.text)
        self.assertNotIn('host:1', answer.text)
        self.assertEqual((answer.json()['state'], answer.json()['elapsed']), ('failed', 2.0))
        page = self._get('/api/operations').json()
        self.assertEqual(([item['id'] for item in page['items']], page['total']), ([operation.id], 1))
        for number in (hidden.id, 999999999, 0, 10**30, 'x', '-1', '1.0'):
            self._assert_error(self._get(f'/api/operations/{number}'), 404, 'not_found')
        self._as(self.support)
        self.assertIn('secret', self._get(f'/api/operations/{operation.id}').json()['error'])
        self.assertEqual(self._get('/api/operations?tenant=rest-foreign&state=waiting').json()['items'][0]['id'], hidden.id)

    def test_as_many_queries_for_a_hundred_as_for_one(self):
        for number in range(30):
            self._tenant(f'rest-many-{number}').action_provision()
        self._as(self.looker)
        counts = []
        for limit in (1, 1, 25):        # the first warms the caches
            before = self.cr.sql_log_count
            self.assertEqual(len(self._names(f'?limit={limit}')), limit)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
