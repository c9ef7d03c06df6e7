import json
from unittest.mock import patch

import pyotp

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.saas_master.controllers.api import limits
from odoo.addons.saas_master.models.saas_step_up import SaasStepUp

from .common import SaasCase

JSON = {'Content-Type': 'application/json'}
PASSWORDS = 'rest-password-1'
GOOD = {'name': 'rest-new', 'company_name': 'Rest Ltd', 'email': 'ann@rest.example', 'admin_name': 'Ann', 'plan': 'test-plan'}


@tagged('post_install', '-at_install')
class ApiCase(SaasCase, HttpCase):
    """Everybody there is: a manager, support, two contacts of the customer, one of another, and an employee."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._user('rest-manager', 'saas_master.group_saas_manager')
        cls.support = cls._user('rest-support', 'saas_master.group_saas_support')
        cls.employee = cls._user('rest-employee', 'base.group_user')
        cls.actor = cls._contact('rest-actor', cls.customer, 'act')
        cls.looker = cls._contact('rest-looker', cls.customer, 'look')
        cls.nobody = cls._contact('rest-nobody', cls.customer, False)
        cls.other = cls._contact('rest-other', cls.stranger, 'act')
        cls.own, cls.foreign = cls._running_tenant('rest-own'), cls._running_tenant('rest-foreign', partner_id=cls.stranger.id)

    def setUp(self):
        super().setUp()
        limits.REQUESTS.seen.clear()
        self.authenticate(None, None)

    @classmethod
    def _user(cls, login, group):
        return new_test_user(cls.env, login, groups=group, password=PASSWORDS, email=f'{login}@rest.example')

    @classmethod
    def _contact(cls, login, company, right):
        user = cls._user(login, 'base.group_portal')
        user.partner_id.write({'parent_id': company.id, 'saas_right': right})
        return user

    def _as(self, user):
        self.authenticate(user and user.login, user and PASSWORDS)

    def _call(self, method, path, body=None, headers=None, raw=None):
        """An answer of the interface; every one of an error has the promised form."""
        changes = method not in ('GET', 'HEAD')
        data = raw if raw is not None else json.dumps(body) if body is not None else None
        answer = self.opener.request(method, self.base_url() + path, data=data, timeout=30, allow_redirects=False,
                                     headers={**(JSON if changes else {}), **(headers or {})})
        self._take_cookie(answer)
        if answer.status_code >= 400 and method != 'HEAD':
            self.assertEqual(answer.headers['Content-Type'], 'application/json')
            self.assertEqual(set(answer.json()), {'error'})
            self.assertEqual(set(answer.json()['error']), {'code', 'message', 'details'})
        return answer

    def _take_cookie(self, answer):
        """As a browser: the server's cookie replaces the one that the test has set without a domain."""
        sid = answer.cookies.get('session_id')
        if sid:
            self._use_cookie(sid)

    def _use_cookie(self, sid):
        for cookie in [cookie for cookie in self.opener.cookies if cookie.name == 'session_id']:
            self.opener.cookies.clear(cookie.domain, cookie.path, cookie.name)
        self.opener.cookies['session_id'] = sid

    def _get(self, path, **options):
        return self._call('GET', path, **options)

    def _post(self, path, body=None, **options):
        return self._call('POST', path, body, **options)

    def _assert_error(self, answer, status, code):
        self.assertEqual((answer.status_code, answer.json().get('error', {}).get('code')), (status, code), answer.text[:500])
        return answer.json()['error']

    def _fields(self, answer):
        """Names of the fields that are complained about."""
        return {entry['field'] for entry in self._assert_error(answer, 422, 'validation_error')['details']}

    def _failing(self, *request):
        """A request that fails a proof of identity, counted: in a test its rollback takes the count back, as both share
        one transaction."""
        noted = []
        with patch.object(limits.Failures, 'note', lambda guard: noted.extend(guard.subjects)):
            answer = self._call(*request)
        for purpose, subject, limit in noted:
            self.env['saas.rate']._count(purpose, subject, limit, limits.FAILURE_SECONDS)
        return answer

    def _enrol(self, user):
        """A second factor; the generator of its codes."""
        secret = pyotp.random_base32()
        user.sudo().totp_secret = secret
        self.env.flush_all()
        return pyotp.TOTP(secret)

    def _proven(self):
        """As if the person had just proven who they are."""
        return patch.object(SaasStepUp, '_is_fresh', lambda self, kind: True)

    def _key(self, user, scope='saas.api'):
        with self._proven():
            key = self.env['saas.api.key'].with_user(user)._make('Test', scope, 30)[1]
        self.env.flush_all()
        return {'X-API-KEY': key}
