from unittest.mock import patch

from odoo import http
from odoo.tests import HttpCase, new_test_user

from .common import SaasCase


class PortalCase(SaasCase):
    """A company with somebody who may act, one who may look, one without a right; a stranger with tenants of his own; staff."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['saas.rate'].search([]).unlink()
        cls.env.company.email = 'sales@provider.example'
        cls.act, cls.look, cls.none, cls.outsider = (
            cls._person(name, company, right) for name, company, right in (
                ('Ada Actor', cls.customer, 'act'), ('Leo Looker', cls.customer, 'look'),
                ('Nora Nobody', cls.customer, False), ('Stan Stranger', cls.stranger, 'act')))
        cls.manager = new_test_user(cls.env, 'portal-manager', groups='saas_master.group_saas_manager')
        cls.employee = new_test_user(cls.env, 'portal-employee', groups='base.group_user')
        cls.tenant = cls._running_tenant('acme-one')
        cls.foreign = cls._running_tenant('foreign-one', partner_id=cls.stranger.id, company_name='Foreign Ltd')

    @classmethod
    def _person(cls, name, company, right):
        login = f'{name.split()[0].lower()}@{company.name.lower()}.example'
        user = new_test_user(cls.env, login, groups='base.group_portal', name=name, email=login)
        user.partner_id.write({'parent_id': company.id, 'saas_right': right, 'lang': 'en_US'})
        return user

    def _signed_in(self, user):
        self.env['res.users.log'].with_user(user).sudo().create({})
        self.env.invalidate_all()

    def _people(self, user):
        return self.env['saas.people'].with_user(user)

    def _as(self, user, tenant=None):
        return (tenant or self.tenant).with_user(user)

    def _acts(self):
        """What the audit has noted since the test began, newest last."""
        return self.env['saas.audit'].search([], order='id').mapped('act')

    def _mails_to(self, email):
        return self.env['mail.mail'].search([('email_to', '=', email)], order='id')

    def _proven(self):
        """As if the person had just proven who he is."""
        patcher = patch.object(self.env.registry['saas.step.up'], '_is_fresh', lambda _self, _kind: True)
        patcher.start()
        self.addCleanup(patcher.stop)


class PortalHttpCase(PortalCase, HttpCase):

    def _login(self, user):
        self.authenticate(user and user.login, user and user.login)

    def _get(self, path, status=200):
        page = self._open(path)
        self.assertEqual(page.status_code, status, path)
        return page

    def _post(self, path, data=None, csrf=True):
        token = {'csrf_token': http.Request.csrf_token(self)} if csrf else {}
        return self._open(path, data={**(data or {}), **token})

    def _open(self, path, **options):
        """Both sides see what the other has written."""
        self.env.flush_all()
        page = self.url_open(path, allow_redirects=False, **options)
        self.env.invalidate_all()
        return page
