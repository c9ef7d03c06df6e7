from unittest.mock import patch

from odoo.addons.saas_master.controllers.api import limits
from odoo.addons.saas_master.controllers.api import texts as api_texts

from .api_common import PASSWORDS, ApiCase

LOGIN = '/api/auth/login'


class TestApiAuth(ApiCase):

    def _login(self, user, **more):
        return self._post(LOGIN, {'email': user.login, 'password': PASSWORDS, **more})

    def test_a_person_logs_in_and_out(self):
        before = self.opener.cookies['session_id']
        answer = self._login(self.actor)
        self.assertEqual(answer.status_code, 200, answer.text)
        me = answer.json()
        self.assertEqual((me['role'], me['right'], me['customer'], me['via']), ('customer', 'act', 'Acme', 'session'))
        self.assertEqual(me['customer_id'], self.customer.id)
        cookie = answer.headers['Set-Cookie']
        self.assertIn('HttpOnly', cookie)
        sid = cookie.partition('session_id=')[2].partition(';')[0]
        self.assertNotEqual(sid, before, 'a session that was planted before the log-in is none afterwards')
        self.assertNotIn(sid, answer.text)
        self.assertEqual(self._get('/api/auth/me').json()['email'], self.actor.login)
        self.assertEqual(self._post('/api/auth/logout').json(), {'ok': True})
        self._assert_error(self._get('/api/auth/me'), 401, 'token_required')
        self._use_cookie(sid)
        self._assert_error(self._get('/api/auth/me'), 401, 'token_required')

    def test_the_acts_leave_lines(self):
        self._login(self.manager)
        self._post('/api/auth/logout')
        lines = self.env['saas.audit'].search([('user_id', '=', self.manager.id)], order='id')
        self.assertEqual(lines.mapped('act')[-2:], ['login', 'logout'])
        self.assertEqual(set(lines.mapped('via')[-2:]), {'api'})

    def test_refresh_makes_the_old_cookie_void(self):
        self._as(self.manager)
        old = self.opener.cookies['session_id']
        answer = self._post('/api/auth/refresh')
        self.assertEqual(answer.json()['email'], self.manager.login)
        self.assertEqual(self._get('/api/auth/me').status_code, 200)
        self._use_cookie(old)
        self._assert_error(self._get('/api/auth/me'), 401, 'token_required')

    def test_wrong_passwords(self):
        for email, password in ((self.actor.login, 'wrong'), ('nobody@nowhere.example', PASSWORDS), ('%', PASSWORDS)):
            answer = self._post(LOGIN, {'email': email, 'password': password})
            self._assert_error(answer, 401, 'invalid_credentials')
            self.assertNotIn('Set-Cookie', answer.headers)

    def test_a_failed_log_in_leaves_a_line(self):
        with patch.object(type(self.env['saas.audit']), '_note_apart', lambda audit, act, **more: noted.append((act, more))):
            noted = []
            self._post(LOGIN, {'email': 'who-is-it', 'password': 'x'})
        self.assertEqual(noted, [('login_failed', {'detail': 'who-is-it'})])

    def test_failures_are_limited_and_successes_are_not(self):
        self.env['ir.config_parameter'].set_param('saas_master.api_login_failures', '2')
        for _try in range(4):
            self.assertEqual(self._login(self.actor).status_code, 200)
        self.authenticate(None, None)
        for _try in range(2):
            wrong = self._failing('POST', LOGIN, {'email': self.actor.login, 'password': 'wrong'})
            self._assert_error(wrong, 401, 'invalid_credentials')
        answer = self._login(self.actor)
        self._assert_error(answer, 429, 'rate_limited')
        self.assertGreater(int(answer.headers['Retry-After']), 0)
        self.assertEqual(self._login(self.looker).status_code, 200, 'others may')

    def test_one_address_cannot_try_many_names(self):
        self.env['ir.config_parameter'].set_param('saas_master.api_address_failures', '3')
        for number in range(3):
            wrong = self._failing('POST', LOGIN, {'email': f'guess-{number}', 'password': 'x'})
            self._assert_error(wrong, 401, 'invalid_credentials')
        self._assert_error(self._post(LOGIN, {'email': 'guess-9', 'password': 'x'}), 429, 'rate_limited')

    def test_the_pause_of_odoo_is_told(self):
        self.env['ir.config_parameter'].set_param('base.login_cooldown_after', '1')
        with patch.object(limits.Failures, 'note', lambda self: None):
            self._post(LOGIN, {'email': 'pause-me', 'password': 'x'})
            answer = self._post(LOGIN, {'email': 'pause-me', 'password': 'x'})
        self._assert_error(answer, 429, 'rate_limited')
        self._forget_pause()

    def _forget_pause(self):
        failures = getattr(self.registry, '_login_failures', None)
        self.assertTrue(failures)
        failures.clear()

    def test_the_second_factor(self):
        code = self._enrol(self.manager).now()
        self._assert_error(self._login(self.manager), 401, 'totp_required')
        self._assert_error(self._get('/api/auth/me'), 401, 'token_required')
        self._assert_error(self._login(self.manager, totp='000000'), 401, 'invalid_totp')
        answer = self._login(self.manager, totp=code)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertTrue(answer.json()['totp_enrolled'])
        self.authenticate(None, None)
        self._assert_error(self._login(self.manager, totp=code), 401, 'invalid_totp')

    def test_a_role_can_be_asked_for(self):
        for user, role, status in ((self.manager, 'admin', 200), (self.manager, 'support', 200), (self.support, 'support', 200),
                                   (self.support, 'admin', 403), (self.actor, 'customer', 200), (self.actor, 'manager', 403)):
            self.authenticate(None, None)
            self.assertEqual(self._login(user, role=role).status_code, status, (user.login, role))
        self._assert_error(self._get('/api/auth/me'), 401, 'token_required')

    def test_step_up(self):
        self._as(self.actor)
        self._assert_error(self._post('/api/auth/step-up', {'kind': 'delete', 'proof': 'wrong'}), 401, 'invalid_credentials')
        answer = self._post('/api/auth/step-up', {'kind': 'delete', 'proof': PASSWORDS})
        self.assertEqual([entry['kind'] for entry in answer.json()['step_ups']], ['delete'])
        self.assertEqual(self._get('/api/auth/me').json()['step_ups'], answer.json()['step_ups'])

    def test_who_is_who(self):
        for user, role, right in ((self.manager, 'manager', None), (self.support, 'support', None),
                                  (self.looker, 'customer', 'look'),
                                  (self.nobody, 'customer', None), (self.employee, 'none', None)):
            self._as(user)
            me = self._get('/api/auth/me').json()
            self.assertEqual((me['email'], me['role'], me['right'], me['scope']), (user.login, role, right, None))

    def test_the_common_errors_say_what_to_do(self):
        self.assertIn("credentials: 'same-origin'", self._assert_error(
            self._get('/api/tenants'), 401, 'token_required')['details']['hint'])
        for headers in ({}, {'X-API-KEY': 'no-key-of-ours'}, {'Authorization': 'Bearer x'}):
            answer = self._post('/api/provisioning/tenant', {'tenant_name': 'Test', 'subdomain': 'rest-x'}, headers=headers)
            self.assertIn('X-API-KEY', self._assert_error(answer, 401, 'invalid_api_key')['details']['hint'])

    def test_messages_follow_the_caller(self):
        self.env['res.lang']._activate_lang('es_ES')
        spanish = {'Token required': 'Token requerido', 'Invalid API key': 'API key inválida'}
        found = {('saas_master', 'es_ES'): spanish}
        with patch.object(api_texts.code_translations, 'python_translations', found):
            for accepted, message in (('es', 'Token requerido'), ('es-MX,en;q=0.5', 'Token requerido'),
                                      ('fr, es;q=0.1', 'Token requerido'),
                                      ('en;q=0.9,es;q=0.8', 'Token required'), ('xx;q=z', 'Token required')):
                answer = self._get('/api/tenants', headers={'Accept-Language': accepted})
                self.assertEqual(answer.json()['error']['message'], message, accepted)
            answer = self._get('/api/tenants', headers={'X-API-KEY': 'x', 'Accept-Language': 'es'})
            self.assertEqual(answer.json()['error']['message'], 'API key inválida')
            self.assertEqual(answer.headers['Content-Language'], 'es')


class TestApiKeys(ApiCase):

    def test_a_key_opens_as_its_owner(self):
        headers = self._key(self.support)
        for sent in (headers, {'Authorization': f'Bearer {headers["X-API-KEY"]}'}):
            me = self._get('/api/auth/me', headers=sent).json()
            self.assertEqual((me['email'], me['via'], me['scope']), (self.support.login, 'api_key', 'saas.api'))
        self.assertNotIn('Set-Cookie', self._get('/api/tenants', headers=headers).headers)

    def test_a_wrong_key_is_not_rescued_by_a_cookie(self):
        self._as(self.manager)
        self._assert_error(self._get('/api/tenants', headers={'X-API-KEY': 'wrong'}), 401, 'invalid_api_key')

    def test_wrong_keys_are_limited(self):
        self.env['ir.config_parameter'].set_param('saas_master.api_address_failures', '2')
        good = self._key(self.support)
        for _try in range(2):
            wrong = self._failing('GET', '/api/tenants', None, {'X-API-KEY': 'wrong'})
            self._assert_error(wrong, 401, 'invalid_api_key')
        self._assert_error(self._get('/api/tenants', headers={'X-API-KEY': 'wrong'}), 429, 'rate_limited')
        self.assertEqual(self._get('/api/tenants', headers=good).status_code, 200, 'a good one goes on')

    def test_no_key_proves_who_is_there(self):
        headers = self._key(self.manager)
        for path in ('/api/auth/logout', '/api/auth/refresh'):
            self._assert_error(self._post(path, headers=headers), 403, 'session_required')
        self._assert_error(self._post('/api/auth/step-up', {'kind': 'delete', 'proof': 'x'},
                                      headers=headers), 403, 'session_required')
        answer = self._call('DELETE', '/api/tenants/rest-own?confirm=rest-own', headers=headers)
        self._assert_error(answer, 403, 'step_up_required')

    def test_the_small_scope_stays_small(self):
        headers = self._key(self.manager, 'saas.provisioning')
        for method, path in (('GET', '/api/tenants'), ('GET', '/api/tenants/rest-own'), ('GET', '/api/settings'),
                             ('GET', '/api/auth/me'),
                             ('POST', '/api/tenants/rest-own/suspend'), ('DELETE', '/api/tenants/rest-own?confirm=rest-own')):
            self._assert_error(self._call(method, path, headers=headers), 403, 'insufficient_scope')
        self.foreign._open('install_modules', modules=['contacts'])
        self.assertEqual(self._get('/api/operations', headers=headers).json()['total'], 0, 'those its owner asked for')
