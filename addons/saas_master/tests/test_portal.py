import json
import re
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .portal_common import PortalCase, PortalHttpCase

GETS = ('/my/tenants/{0}', '/my/tenants/{0}/status', '/my/tenants/{0}/delete')
POSTS = ('/my/tenants/{0}/suspend', '/my/tenants/{0}/resume', '/my/tenants/{0}/keep', '/my/tenants/{0}/delete')
SCRIPT = re.compile(r'<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)|\son[a-z]+="|javascript:|\sstyle="', re.I)


@tagged('post_install', '-at_install')
class TestPortalRoles(PortalHttpCase):
    """Every route, as everybody."""

    def test_anonymous_is_asked_to_log_in(self):
        self._login(None)
        for path in (*GETS, '/my/tenants', '/my/tenants/page/2', '/my/people'):
            answer = self._get(path.format(self.tenant.id), 303)
            self.assertIn('/web/login', answer.headers['Location'])
        for path in (*POSTS, '/my/people', f'/my/people/{self.look.partner_id.id}/right'):
            answer = self._post(path.format(self.tenant.id))
            self.assertEqual(answer.status_code, 303)
            self.assertIn('/web/login', answer.headers['Location'])
        self.assertFalse(self.tenant.delete_on)
        self.assertFalse(self.tenant.operation_ids)

    def test_a_foreign_tenant_answers_like_none(self):
        nobody = self.env['saas.tenant'].search([], order='id desc', limit=1).id + 1000
        for user in (self.act, self.look, self.none, self.manager, self.employee):
            self._login(user)
            for tenant in (self.foreign.id, nobody, 0, 2**31, 2**70):
                for path in GETS:
                    self._get(path.format(tenant), 404)
                for path in POSTS:
                    answer = self._post(path.format(tenant), {'typed_name': self.foreign.name, 'proof': user.login})
                    self.assertEqual(answer.status_code, 404, path)
        self.assertFalse(self.foreign.operation_ids)
        self.assertFalse(self.foreign.delete_on)

    def test_lists_show_the_own_company_only(self):
        for user, shown in ((self.act, True), (self.look, True), (self.none, False), (self.outsider, False),
                            (self.manager, False), (self.employee, False)):
            self._login(user)
            page = self._get('/my/tenants').text
            self.assertEqual('acme-one' in page, shown, user.login)
            self.assertEqual('foreign-one' in page, user == self.outsider, user.login)

    def test_who_looks_sees_and_changes_nothing(self):
        self.tenant.write({'delete_on': fields.Datetime.now() + timedelta(days=3)})
        self._login(self.look)
        page = self._get(f'/my/tenants/{self.tenant.id}').text
        for word in ('/suspend', '/keep', '/delete"', 'Yes, close it'):
            self.assertNotIn(word, page)
        self.assertIn('You may look', page)
        self._get(f'/my/tenants/{self.tenant.id}/delete', 403)
        for path in POSTS:
            answer = self._post(path.format(self.tenant.id), {'typed_name': 'acme-one', 'proof': self.look.login})
            self.assertEqual(answer.status_code, 403, path)
        self.assertTrue(self.tenant.delete_on)
        self.assertFalse(self.tenant.operation_ids)

    def test_without_a_token_nothing_is_done(self):
        self._login(self.act)
        for path in (*POSTS, '/my/people', f'/my/people/{self.look.partner_id.id}/right',
                     f'/my/people/{self.look.partner_id.id}/invite'):
            answer = self._post(path.format(self.tenant.id), {'right': 'none'}, csrf=False)
            self.assertEqual(answer.status_code, 400, path)
        self.assertEqual(self.look.partner_id.saas_right, 'look')
        self.assertFalse(self.tenant.operation_ids)

    def test_without_a_right_one_is_told_whom_to_ask(self):
        self._login(self.none)
        page = self._get('/my/tenants').text
        self.assertIn('You have no access yet', page)
        self.assertIn('Ada Actor', page)
        self.assertNotIn('Leo Looker', page)
        self.assertIn('You have no access yet', self._get('/my/people', 403).text)

    def test_pages_are_private_and_without_inline_scripts(self):
        self.tenant.write({'delete_on': fields.Datetime.now() + timedelta(days=3)})
        self._login(self.act)
        other = self._running_tenant('acme-two')
        for path in ('/my/tenants', f'/my/tenants/{self.tenant.id}', f'/my/tenants/{other.id}/delete', '/my/people'):
            page = self._get(path)
            self.assertEqual(page.headers['Cache-Control'], 'no-store')
            ours = page.text.partition('class="o_saas o_saas_portal"')[2].partition('<footer')[0]
            self.assertTrue(ours, path)
            self.assertFalse(SCRIPT.findall(ours), path)
        self.assertEqual(self._get(f'/my/tenants/{self.tenant.id}/status').headers['Cache-Control'], 'no-store')


@tagged('post_install', '-at_install')
class TestPortalPages(PortalHttpCase):

    def setUp(self):
        super().setUp()
        self._login(self.act)

    def test_home_counts(self):
        self.assertIn('data-placeholder_count="saas_tenant_count"', self._get('/my').text)
        self._running_tenant('acme-two')
        answer = self.url_open('/my/counters', headers={'Content-Type': 'application/json'}, data=json.dumps(
            {'jsonrpc': '2.0', 'method': 'call', 'params': {'counters': ['saas_tenant_count']}}))
        self.assertEqual(answer.json()['result'], {'saas_tenant_count': 2})

    def test_search_sort_and_filter(self):
        closed = self._running_tenant('bravo', company_name='Zebra')
        closed.with_context(saas_set_state=True).state = 'suspended'
        for query, names in (('search=zebra', ['bravo']), ('search=acme&search_in=name', ['acme-one']),
                             ('search=acme-one&search_in=company_name', []), ('filterby=suspended', ['bravo']),
                             ('sortby=name', ['acme-one', 'bravo']), ('sortby=newest', ['bravo', 'acme-one']),
                             ('sortby=1;drop&filterby=x&search_in=y', ['bravo', 'acme-one']), ('search=%25', []),
                             ('search=%00%FF', []), ('search=' + 'x' * 5000, [])):
            page = self._get(f'/my/tenants?{query}').text
            self.assertEqual(re.findall(r'stretched-link"[^>]*>([^<]+)<', page), names, query)
        self.assertIn('Nothing fits', self._get('/my/tenants?search=nowhere').text)

    def test_pages_of_twenty(self):
        for number in range(25):
            self._tenant(f'many-{number:02}')
        self.assertEqual(self._get('/my/tenants').text.count('stretched-link'), 20)
        self.assertEqual(self._get('/my/tenants/page/2').text.count('stretched-link'), 6)
        self.assertEqual(self._get('/my/tenants/page/9999999999999').text.count('stretched-link'), 6)

    def test_empty_state_leads_to_the_plans(self):
        self.tenant.partner_id = self.env['res.partner'].create({'name': 'Else'})
        page = self._get('/my/tenants').text
        self.assertIn('Nothing here yet', page)
        self.assertIn('href="/saas"', page)

    def test_page_of_a_tenant(self):
        self.tenant.write({'trial_end': fields.Date.today() + timedelta(days=5)})
        page = self._get(f'/my/tenants/{self.tenant.id}').text
        for words in ('acme-one.test.localhost', 'Running', 'Not read yet', 'days left', 'Yes, close it', 'Delete it'):
            self.assertIn(words, page)
        self.tenant.write({
            'usage_users': 9, 'usage_database_mib': 900, 'usage_files_mib': 1100, 'usage_at': fields.Datetime.now()})
        page = self._get(f'/my/tenants/{self.tenant.id}').text
        for words in ('9 of 5', '1.95 GB of 10 GB', 'Database 900 MB, files 1.07 GB', 'This is more than the plan holds'):
            self.assertIn(words, page)

    def test_suspend_and_resume(self):
        answer = self._post(f'/my/tenants/{self.tenant.id}/suspend')
        self.assertEqual((answer.status_code, answer.headers['Location'].rpartition('/')[2]), (303, str(self.tenant.id)))
        operation = self.tenant.operation_id
        self.assertEqual((operation.kind, operation.requested_by_id), ('suspend', self.act))
        page = self._get(f'/my/tenants/{self.tenant.id}').text
        self.assertIn('data-busy="1"', page)
        self.assertNotIn('Yes, close it', page)
        status = self._get(f'/my/tenants/{self.tenant.id}/status').json()
        self.assertEqual((status['busy'], status['title']), (True, 'Closing'))
        self.assertIn(f'data-key="{status["key"]}"', page)
        operation.write({'state': 'done'})
        self.tenant._set_state('suspended')
        self.assertIn('You have suspended it yourself', self._get(f'/my/tenants/{self.tenant.id}').text)
        self.assertFalse(self._get(f'/my/tenants/{self.tenant.id}/status').json()['busy'])
        self._post(f'/my/tenants/{self.tenant.id}/resume')
        self.assertEqual(self.tenant.operation_id.kind, 'resume')
        self.assertEqual(self._acts()[-2:], ['suspend', 'resume'])

    def test_closed_by_others(self):
        self.tenant._suspend('unpaid')
        self.tenant.operation_id.write({'state': 'done'})
        self.tenant._set_state('suspended')
        page = self._get(f'/my/tenants/{self.tenant.id}').text
        self.assertIn('A payment is missing.', page)
        self.assertNotIn('Open it again', page)
        answer = self._post(f'/my/tenants/{self.tenant.id}/resume')
        self.assertEqual(answer.status_code, 422)
        self.assertIn('A payment is missing.', answer.text)
        self.assertEqual(self.tenant.reason_ids.mapped('code'), ['unpaid'])


class TestPortalView(PortalCase):
    """What a customer is told, without a page around it."""

    def test_history_has_names_and_no_internals(self):
        self._as(self.act)._person_suspend()
        self.tenant.operation_id.write({'state': 'failed', 'error': 'node-17: psycopg2 exploded'})
        self._proven()
        self.tenant._set_state('suspended')
        self._as(self.act)._person_delete('acme-one')
        self.tenant._open('install_modules', modules=['contacts'])
        rows = self._as(self.look).sudo()._customer_history()
        self.assertCountEqual([(row['what'], row['who']) for row in rows if row['state'] != 'waiting'],
                              [('Deletion asked for', 'Ada Actor'), ('Closed', 'Ada Actor')])
        self.assertEqual([row['what'] for row in rows if row['state'] == 'waiting'], ['Apps installed'])
        self.assertNotIn('psycopg2', str(rows))
        self.assertIn('Our staff knows', str(rows))

    def test_who_is_named(self):
        told = self.tenant._told_person
        self.assertEqual(told(self.look), 'Leo Looker')
        self.assertEqual(told(self.manager), 'Our staff')
        self.assertEqual(told(self.outsider), '')
        self.assertEqual(told(self.env.ref('base.user_root')), '')
        self.assertEqual(told(self.env.ref('base.public_user')), 'Ann')

    def test_usage_levels(self):
        self.assertEqual(self.tenant._customer_usage(), [])
        for users, level in ((0, 'fine'), (3, 'fine'), (4, 'near'), (5, 'near'), (6, 'over')):
            self.tenant.write({'usage_users': users, 'usage_at': fields.Datetime.now()})
            self.assertEqual(self.tenant._customer_usage()[0]['level'], level)
        self.plan.write({'user_limit': 0, 'disk_gib': 0})
        bars = self.tenant._customer_usage()
        self.assertEqual([(bar['limited'], bar['level'], bar['text']) for bar in bars],
                         [(False, 'fine', '6'), (False, 'fine', '0 MB')])

    def test_trial(self):
        today = fields.Date.context_today(self.tenant)
        for day, left in ((today, 0), (today + timedelta(days=3), 3), (today - timedelta(days=1), None), (False, None)):
            self.tenant.trial_end = day
            self.assertEqual(self.tenant._trial_days_left(), left)

    def test_the_list_needs_the_same_queries_for_many(self):
        def read(user):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            tenants = self.env['saas.tenant'].with_user(user)
            tenants.search_count(tenants._customer_domain())
            for tenant in tenants.search(tenants._customer_domain(), limit=20).sudo():
                self.assertTrue(tenant.name and tenant.plan_id.name and tenant.state)
                tenant._trial_days_left()
            return self.env.cr.sql_log_count - before
        read(self.act)      # what every first question costs
        few = read(self.act)
        for number in range(60):
            self._tenant(f'many-{number}')
        self.assertEqual(read(self.act), few)
