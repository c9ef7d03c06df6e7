import re
from unittest.mock import patch

from odoo import http
from odoo.tests import HttpCase, tagged

from .signup_common import GOOD, TOKEN, SignupCase

INVALID = re.compile(r'id="(\w+)_problem"[^>]*>\s*[^<\s]')


@tagged('post_install', '-at_install')
class WebsiteCase(SignupCase, HttpCase):

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _post(self, path, data=None, csrf=True, **options):
        values = dict(data or {})
        if csrf:
            values['csrf_token'] = http.Request.csrf_token(self)
        return self.url_open(path, data=values, **options)

    def _order(self, **form):
        return self._post('/saas/signup', {**GOOD, **form}, allow_redirects=False)

    def _count(self):
        return self.Signup.search_count([])

    def _problems(self, response):
        """Fields with an error beside them."""
        return INVALID.findall(response.text)

    def _path(self, response):
        return response.headers['Location'].partition('//')[2].partition('/')[2] or response.headers['Location']


class TestPages(WebsiteCase):

    def test_plans(self):
        hidden = self.env['saas.plan'].create({'name': 'Secret Plan', 'code': 'secret-plan'})
        self.plan.write({'trial_days': 0, 'user_limit': 0, 'isolation': 'dedicated', 'memory_mib': 1536, 'price': 12})
        page = self.url_open('/saas')
        self.assertEqual(page.status_code, 200)
        self.assertNotIn(hidden.name, page.text)
        card = re.search(r'<article[^>]*data-plan="test-plan".*?</article>', page.text, re.S)[0]
        for words in ('Test', '/saas/signup?plan=test-plan', 'Get started', 'Unlimited', 'A container of your own', '1.5 GB',
                      '12.00'):
            self.assertIn(words, card)
        self.assertNotIn('days free', card)
        self.assertIn('Start free trial', page.text, 'the plans with a trial')

    def test_no_plans(self):
        self.env['saas.plan'].search([]).is_published = False
        for path in ('/saas', '/saas/signup'):
            page = self.url_open(path)
            self.assertIn('No plan is on offer right now', page.text)
            self.assertNotIn('<form action="/saas/signup"', page.text)
        self.assertEqual(self._order().status_code, 422)

    def test_menu_and_home(self):
        home = self.url_open('/')
        self.assertEqual(home.status_code, 200)
        self.assertIn('href="/saas"', home.text)

    def test_form_knows_the_plan_and_survives_any_query(self):
        page = self.url_open('/saas/signup?plan=test-plan')
        self.assertRegex(page.text, r'value="test-plan"[^>]*checked')
        for query in ('plan=%00', 'plan=%FF%FE', 'plan[]=1', 'plan=' + 'x' * 3000, 'company_name=<script>', 'plan=%27%20OR%201'):
            page = self.url_open(f'/saas/signup?{query}')
            self.assertEqual(page.status_code, 200, query)
            self.assertNotIn('<script>"', page.text)

    def test_known_user_need_not_type_everything(self):
        user = self.env['res.users'].search([('login', '=', 'admin')])
        user.email = 'boss@provider.example'
        self.authenticate('admin', 'admin')
        self.assertIn('value="boss@provider.example"', self.url_open('/saas/signup').text)


class TestOrder(WebsiteCase):

    def test_journey(self):
        sent = self._order()
        self.assertEqual((sent.status_code, self._path(sent).strip('/')), (303, 'saas/signup/sent'))
        self.assertIn('zoe@nandu.example', self.url_open('/saas/signup/sent').text)
        signup = self.Signup.search([], limit=1)
        self.assertEqual((signup.state, signup.name, signup.ip), ('pending', 'nandu', '127.0.0.1'))
        token = self._token()

        for _scan in range(2):      # mail scanners open links, with GET and HEAD
            page = self.url_open(f'/saas/confirm/{token}')
            self.assertEqual(page.status_code, 200)
        self.assertEqual(self.opener.head(self.base_url() + f'/saas/confirm/{token}').status_code, 200)
        self.assertIn('Start my Odoo', page.text)
        self.assertEqual(self.opener.get(self.base_url() + f'/saas/progress/{token}', allow_redirects=False).status_code, 303)
        self.assertEqual(self.url_open(f'/saas/progress/{token}/status').status_code, 404)
        self.assertFalse(signup.tenant_id, 'only the button starts something')

        for _click in range(2):
            confirmed = self._post(f'/saas/confirm/{token}', allow_redirects=False)
            self.assertEqual((confirmed.status_code, self._path(confirmed).strip('/')), (303, f'saas/progress/{token}'))
        self.env.invalidate_all()
        self.assertEqual(len(self.env['saas.tenant'].search([('name', '=', 'nandu')])), 1)
        self.assertEqual(len(signup.tenant_id.operation_ids), 1)
        again = self.url_open(f'/saas/confirm/{token}', allow_redirects=False)
        self.assertEqual(self._path(again).strip('/'), f'saas/progress/{token}')
        self._progress(token, signup.tenant_id)

    def _progress(self, token, tenant):
        page = self.url_open(f'/saas/progress/{token}')
        self.assertIn('We are making your Odoo', page.text)
        self.assertIn('data-phase="working"', page.text)
        answer = self.url_open(f'/saas/progress/{token}/status')
        self.assertEqual(answer.json()['phase'], 'working')
        self.assertEqual(answer.headers['Cache-Control'], 'no-store')
        self.assertNotIn(tenant.mark, answer.text)
        tenant.node_id = self.node
        for state, words in (('running', 'Your Odoo is ready'), ('suspended', 'Your Odoo is suspended'),
                             ('failed', 'You need do nothing'), ('deleted', 'This Odoo was deleted')):
            tenant.with_context(saas_set_state=True).state = state
            self.assertIn(words, self.url_open(f'/saas/progress/{token}').text)
        self.assertEqual(self.url_open(f'/saas/progress/{token}/status').json()['url'], False)

    def test_errors_stand_beside_the_fields(self):
        bad = {'company_name': '', 'contact_name': 'x' * 81, 'email': 'nobody', 'name': 'a.b', 'lang': 'xx_XX', 'plan': 'gone'}
        for field, value in bad.items():
            page = self._order(**{field: value})
            self.assertEqual(page.status_code, 422, field)
            if field == 'plan':
                self.assertIn('This plan is not on offer any more', page.text)
            else:
                self.assertEqual(self._problems(page), [field])
            kept = {'company_name': 'Ñandú &amp; Söhne GmbH', 'email': 'Zoe@Nandu.example', 'contact_name': 'Zoë O'}
            for other in kept.keys() - {field}:
                self.assertIn(kept[other], page.text)
        page = self._order(**bad)
        self.assertEqual(set(self._problems(page)), set(bad) - {'plan'})
        self.assertEqual(self._count(), 0)
        self.assertFalse(self._mails())

    def test_what_comes_back_is_escaped(self):
        page = self._order(company_name='"><script>alert(1)</script>', name='"><img src=x>')
        self.assertEqual(page.status_code, 422)
        for markup in ('<script>alert(1)', '<img src=x>'):
            self.assertNotIn(markup, page.text)

    def test_hostile_bodies(self):
        token = http.Request.csrf_token(self)
        fields = [(name, value) for name, value in GOOD.items() if name != 'company_name']
        for company in ('%00', 'A%00B', '%FF%FE', '%C3%28', '%ED%A0%80', '%0d%0aBcc:%20x', '%E2%80%AE', 'A' * 100_000):
            body = '&'.join(f'{name}={value.replace("@", "%40")}' for name, value in fields).replace(' ', '+')
            page = self.opener.post(
                f'{self.base_url()}/saas/signup', data=f'csrf_token={token}&{body}&company_name={company}'.encode(),
                headers={'Content-Type': 'application/x-www-form-urlencoded'}, allow_redirects=False, timeout=20)
            self.assertEqual(page.status_code, 422, company[:20])
            self.assertEqual(self._problems(page), ['company_name'])
        for field in GOOD:          # a file where text is expected
            values = {**GOOD, 'csrf_token': token}
            values.pop(field)
            page = self.url_open('/saas/signup', data=values, files={field: ('x.txt', b'x')}, allow_redirects=False)
            self.assertEqual(page.status_code, 422, field)
        page = self.url_open('/saas/signup', data={'csrf_token': token}, allow_redirects=False)
        self.assertEqual(page.status_code, 422)
        self.assertEqual(self._count(), 0)

    def test_csrf(self):
        self._order()
        token = self._token()
        for path in ('/saas/signup', f'/saas/confirm/{token}', f'/saas/confirm/{token}/renew'):
            for values in ({}, {'csrf_token': ''}, {'csrf_token': '0123o9999999999'}):
                answer = self._post(path, {**GOOD, **values}, csrf=False)
                self.assertEqual(answer.status_code, 400, path)
        self.env.invalidate_all()
        self.assertEqual((self._count(), self.Signup.search([]).state), (1, 'pending'))

    def test_methods(self):
        token = 'x' * 43
        self.assertEqual(self.url_open(f'/saas/confirm/{token}/renew').status_code, 405)
        for path in ('/saas', '/saas/signup/check', '/saas/signup/sent', f'/saas/progress/{token}',
                     f'/saas/progress/{token}/status'):
            self.assertEqual(self._post(path).status_code, 405, path)
        for method in ('PUT', 'DELETE', 'PATCH'):
            answer = self.opener.request(method, f'{self.base_url()}/saas/signup', timeout=20)
            self.assertEqual(answer.status_code, 405, method)

    def test_a_robot_is_thanked_and_forgotten(self):
        sent = self._order(subject='cheap watches')
        self.assertEqual((sent.status_code, self._path(sent).strip('/')), (303, 'saas/signup/sent'))
        self.assertEqual(self._count(), 0)
        self.assertFalse(self._mails())
        self.assertRegex(self.url_open('/saas/signup').text, r'<input [^>]*tabindex="-1"[^>]*name="subject"')

    def test_known_addresses_are_not_revealed(self):
        self.env['res.partner'].create({'name': 'Known', 'email': 'known@nandu.example'})
        self._ordered(email='known@nandu.example', name='known-1')._confirm()
        known = self._order(email='known@nandu.example', name='nandu-1')
        unknown = self._order(email='unknown@nandu.example', name='nandu-2')
        self.assertEqual((known.status_code, known.headers['Location']), (unknown.status_code, unknown.headers['Location']))

    def test_check(self):
        self._tenant('in-use')
        for name, code in (('nandu', 'free'), ('in-use', 'taken'), ('admin', 'reserved'), ('%00', 'invalid'), ('%FF', 'invalid'),
                           ('', 'invalid'), ('x' * 2000, 'invalid')):
            answer = self.url_open(f'/saas/signup/check?name={name}')
            self.assertEqual((answer.status_code, answer.json()['code']), (200, code), name)
        self.assertEqual(self.url_open('/saas/signup/check').json()['code'], 'invalid')


class TestLinks(WebsiteCase):

    def test_forged_links(self):
        self._order()
        token = self._token()
        for forged in (token[:-1], token + 'A', token[::-1], self.Signup.search([]).token_hash, '%00', '%FF', 'x' * 3000, "'--"):
            for path in (f'/saas/confirm/{forged}', f'/saas/progress/{forged}', f'/saas/progress/{forged}/status'):
                self.assertEqual(self.url_open(path).status_code, 404, path)
            self.assertEqual(self._post(f'/saas/confirm/{forged}').status_code, 404)
            self.assertEqual(self._post(f'/saas/confirm/{forged}/renew').status_code, 404)
        self.assertEqual(self.Signup.search([]).state, 'pending')

    def test_private_pages(self):
        self._order()
        token = self._token()
        for path in ('/saas/signup', '/saas/signup/sent', f'/saas/confirm/{token}', '/saas/confirm/forged'):
            headers = self.url_open(path).headers
            self.assertEqual(headers['Cache-Control'], 'no-store', path)
            self.assertEqual(headers['Referrer-Policy'], 'same-origin')
            self.assertIn('noindex', headers['X-Robots-Tag'])
        self.assertNotIn('/saas/confirm', self.url_open('/sitemap.xml').text)

    def test_expired(self):
        self._order()
        token, signup = self._token(), self.Signup.search([])
        signup.expires_at = '2020-01-01 00:00:00'
        page = self.url_open(f'/saas/confirm/{token}')
        self.assertEqual(page.status_code, 410)
        self.assertIn('This link is too old', page.text)
        self.assertEqual(self._post(f'/saas/confirm/{token}').status_code, 410)
        self.assertFalse(signup.tenant_id)
        self.assertIn('Check your inbox', self._post(f'/saas/confirm/{token}/renew').text)
        self.env.invalidate_all()
        self.assertEqual(self.url_open(f'/saas/confirm/{token}').status_code, 404, 'the old link is void')
        fresh = self._token()
        self.assertNotEqual(fresh, token)
        mails = len(self._mails())
        self.assertEqual(self._post(f'/saas/confirm/{fresh}/renew').status_code, 200, 'a good link needs no other')
        self.assertEqual(len(self._mails()), mails)

    def test_name_taken_meanwhile(self):
        self._order()
        token = self._token()
        self._tenant('nandu')
        page = self.url_open(f'/saas/confirm/{token}')
        self.assertEqual(page.status_code, 200)
        self.assertIn('cannot be given any more', page.text)
        for name in ('', 'nandu', 'admin', 'a.b', '\x00', '\ufffd', 'x' * 5000):
            page = self._post(f'/saas/confirm/{token}', {'name': name})
            self.assertEqual((page.status_code, self._problems(page)), (409, ['name']), ascii(name)[:20])
        self._post(f'/saas/confirm/{token}', {'name': 'nandu-too'})
        self.env.invalidate_all()
        self.assertEqual(self.Signup.search([]).tenant_id.name, 'nandu-too')

    def test_the_other_mail_of_the_same_order(self):
        for _time in range(2):
            self._order()
        first, second = (TOKEN.search(mail.body_html)[1] for mail in self._mails())
        self._post(f'/saas/confirm/{first}')
        self.assertNotIn('cannot be given any more', self.url_open(f'/saas/confirm/{second}').text)
        self._post(f'/saas/confirm/{second}')
        self.env.invalidate_all()
        self.assertEqual(len(self.Signup.search([]).tenant_id), 1)

    def test_spanish_address(self):
        website = self.env['website'].search([], limit=1)
        languages = self.env['res.lang'].search([('code', 'in', ('en_US', 'es_ES'))])
        website.write({'language_ids': [(6, 0, languages.ids)],
                       'default_lang_id': languages.filtered(lambda lang: lang.code == 'en_US').id})
        spanish = (languages - website.default_lang_id).url_code
        self.assertEqual(self.url_open(f'/{spanish}/saas').status_code, 200)
        self.assertEqual(self.url_open(f'/{spanish}/saas/signup/check?name=nandu').json()['code'], 'free')
        self._order(lang='es_ES')
        token = self._token()
        self.assertIn(f'/{spanish}/saas/confirm/{token}', self._mails()[-1].body_html)
        page = self.url_open(f'/{spanish}/saas/confirm/{token}')
        self.assertIn(f'action="/{spanish}/saas/confirm/{token}"', page.text)


class TestLimits(WebsiteCase):

    def _set(self, name, value):
        self.env['ir.config_parameter'].set_param(f'saas_master.{name}', str(value))

    def test_from_one_address(self):
        self._set('signup_per_hour', 2)
        for number in range(2):
            self.assertEqual(self._order(name=f'nandu-{number}', email=f'zoe{number}@nandu.example').status_code, 303)
        self.assertEqual(self._order(email='wrong').status_code, 422, 'mistakes do not count')
        limited = self._order(email='zoe9@nandu.example')
        self.assertEqual(limited.status_code, 429)
        self.assertTrue(3500 < int(limited.headers['Retry-After']) <= 3600)
        self.assertIn('That was a bit too often', limited.text)
        self.assertIn('value="zoe9@nandu.example"', limited.text, 'what was typed is kept')
        self.assertEqual(self._count(), 2)
        self.env['saas.rate'].search([]).write({'ends_at': '2020-01-01 00:00:00'})
        self.assertEqual(self._order(email='zoe9@nandu.example').status_code, 303)

    def test_for_one_email(self):
        """From many addresses, as a botnet would."""
        self._set('signup_per_hour', 2)
        statuses = []
        for number in range(4):
            with patch('odoo.addons.saas_master.visitor.network', return_value=f'192.0.2.{number}'):
                statuses.append(self._order(name=f'nandu-{number}', email='ZOE@nandu.example').status_code)
        self.assertEqual(statuses, [303, 303, 429, 429])
        self.assertEqual(len(self._mails()), 2)

    def test_new_links_count_too(self):
        self._set('signup_per_hour', 1)
        self._order()
        token = self._token()
        self.Signup.search([]).state = 'expired'
        page = self._post(f'/saas/confirm/{token}/renew')
        self.assertEqual(page.status_code, 429)
        self.assertIn('Retry-After', page.headers)
        self.assertEqual(len(self._mails()), 1)

    def test_checks(self):
        self._set('name_checks_per_minute', 3)
        statuses = [self.url_open('/saas/signup/check?name=nandu').status_code for _check in range(5)]
        self.assertEqual(statuses, [200, 200, 200, 429, 429])
        limited = self.url_open('/saas/signup/check?name=nandu')
        self.assertEqual(limited.json()['error'], 'rate_limited')
        self.assertTrue(0 < int(limited.headers['Retry-After']) <= 60)

    def test_forwarded_addresses_of_strangers_are_not_believed(self):
        """Without a trusted proxy in front, a header names nobody."""
        self._set('name_checks_per_minute', 1)
        statuses = [
            self.url_open('/saas/signup/check?name=nandu', headers={'X-Forwarded-For': f'192.0.2.{number}'}).status_code
            for number in range(3)]
        self.assertEqual(statuses, [200, 429, 429])

    def test_no_limit(self):
        self._set('name_checks_per_minute', 0)
        for _check in range(3):
            self.assertEqual(self.url_open('/saas/signup/check?name=nandu').status_code, 200)
        self.assertFalse(self.env['saas.rate'].search([]))
