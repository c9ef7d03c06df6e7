from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

import pyotp

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .portal_common import PortalCase, PortalHttpCase

REASON = 'This one cannot be deleted.'
CRON = 'odoo.addons.saas_master.models.saas_tenant_deletion'


@tagged('post_install', '-at_install')
class TestDeletePage(PortalHttpCase):

    def setUp(self):
        super().setUp()
        self.path = f'/my/tenants/{self.tenant.id}'
        self._login(self.act)

    def _ask(self, **form):
        return self._post(f'{self.path}/delete', {'typed_name': 'acme-one', 'proof': self.act.login, **form})

    def test_ask_and_keep(self):
        page = self._get(f'{self.path}/delete').text
        for words in ('Nothing changes until', 'Your password of this customer account', 'No, keep it'):
            self.assertIn(words, page)
        answer = self._ask()
        self.assertEqual((answer.status_code, answer.headers['Location'].endswith(self.path)), (303, True))
        self.assertAlmostEqual(self.tenant.delete_on, fields.Datetime.now() + timedelta(days=7), delta=timedelta(minutes=1))
        self.assertEqual((self.tenant.delete_asked_by_id, self.tenant.state), (self.act, 'running'))
        page = self._get(self.path).text
        self.assertIn('It will be deleted on', page)
        self.assertIn('Keep it', page)
        self.assertNotIn('Delete it', page)
        self._get(f'{self.path}/delete', 303)
        self.assertEqual(self._post(f'{self.path}/keep').status_code, 303)
        self.assertFalse(self.tenant.delete_on)
        self.assertIn('The deletion is withdrawn', self._get(self.path).text)
        self.assertEqual(self._post(f'{self.path}/keep').status_code, 422)
        self.assertEqual(self._acts()[-2:], ['ask_deletion', 'withdraw_deletion'])

    def test_the_name_is_typed_as_it_is(self):
        for typed in ('', 'acme', 'ACME-ONE', 'foreign-one', 'acme-one\x00'):
            answer = self._ask(typed_name=typed)
            self.assertEqual(answer.status_code, 422, typed)
            self.assertIn('Type the name of the tenant', answer.text)
        self.assertFalse(self.tenant.delete_on)

    def test_a_proof_is_needed_and_counts_for_a_while(self):
        for proof in ('', 'wrong'):
            answer = self._ask(proof=proof)
            self.assertEqual(answer.status_code, 422)
            self.assertIn('This is not your password', answer.text)
        self.assertFalse(self.tenant.delete_on)
        other = self._running_tenant('acme-two')
        self.assertEqual(self._ask().status_code, 303)
        page = self._get(f'/my/tenants/{other.id}/delete').text
        self.assertNotIn('name="proof"', page, 'proven a moment ago')
        with patch('odoo.addons.saas_master.models.saas_step_up.time', SimpleNamespace(time=lambda: 9e9)):
            self.assertIn('name="proof"', self._get(f'/my/tenants/{other.id}/delete').text)
            answer = self._post(f'/my/tenants/{other.id}/delete', {'typed_name': 'acme-two'})
            self.assertEqual(answer.status_code, 422)
        self.assertFalse(other.delete_on)

    def test_too_many_tries(self):
        answers = [self._ask(proof='wrong').status_code for _try in range(7)]
        self.assertEqual(answers, [422] * 5 + [429] * 2)
        answer = self._ask()
        self.assertEqual(answer.status_code, 429)
        self.assertGreater(int(answer.headers['Retry-After']), 0)
        self.assertIn('Too many tries', answer.text)
        self.assertFalse(self.tenant.delete_on)
        self.env['saas.rate'].search([]).unlink()

    def test_a_code_where_there_is_an_authenticator(self):
        secret = pyotp.random_base32()
        self.env.flush_all()
        self.env.cr.execute('UPDATE res_users SET totp_secret = %s WHERE id = %s', [secret, self.act.id])
        self.env.invalidate_all()
        with self._second_factor_later():
            self._login(self.act)
        self.assertIn('The present code of your authenticator', self._get(f'{self.path}/delete').text)
        self.assertEqual(self._ask().status_code, 422, 'the password is not enough')
        code = pyotp.TOTP(secret).now()
        self.assertEqual(self._ask(typed_name='wrong', proof=code).status_code, 422, 'the code is not used up')
        self.assertEqual(self._ask(proof=code).status_code, 303)
        self.assertTrue(self.tenant.delete_on)

    @contextmanager
    def _second_factor_later(self):
        with patch.object(self.env.registry['res.users'], '_rpc_api_keys_only', lambda _self: False), \
                patch.object(self.env.registry['res.users'], '_mfa_url', lambda _self: None):
            yield

    def test_not_while_something_is_under_way(self):
        self.tenant._open('install_modules', modules=['contacts'])
        self._get(f'{self.path}/delete', 303)
        self.assertNotIn('Delete it', self._get(self.path).text)


class TestDeletion(PortalCase):

    def setUp(self):
        super().setUp()
        self._proven()

    def _due(self, tenant, **ago):
        tenant.delete_on = fields.Datetime.now() - timedelta(**ago)

    def test_those_who_may_act_are_told(self):
        self._as(self.act)._person_delete('acme-one')
        for email in (self.act.email, self.tenant.email):
            mail = self._mails_to(email)
            self.assertEqual(len(mail), 1, email)
            self.assertIn('will be deleted', mail.body_html)
            self.assertIn('Ada Actor', mail.body_html)
            self.assertIn(f'/my/tenants/{self.tenant.id}', mail.body_html)
        self.assertFalse(self._mails_to(self.look.email))
        self._as(self.act)._person_delete('acme-one')
        self.assertEqual(len(self._mails_to(self.act.email)), 1, 'asked twice, told once')
        self._as(self.act)._person_keep()
        self.assertIn('stays', self._mails_to(self.act.email)[-1].subject)

    def test_each_in_his_language(self):
        self.env['res.lang']._activate_lang('es_ES')
        self.act.partner_id.lang = 'es_ES'
        template = self.env.ref('saas_master.mail_template_deletion_asked')
        template.with_context(lang='es_ES').subject = 'Adiós'
        self._as(self.act)._person_delete('acme-one')
        self.assertEqual(self._mails_to(self.act.email).subject, 'Adiós')
        self.assertNotEqual(self._mails_to(self.tenant.email).subject, 'Adiós')

    def test_a_manager_deletes_at_once(self):
        self._as(self.manager)._person_delete('acme-one')
        self.assertEqual((self.tenant.state, self.tenant.delete_on), ('deleting', False))

    def test_only_what_is_there_is_deleted_or_kept(self):
        with self.assertRaises(UserError):
            self._as(self.act)._person_keep()
        for user in (self.look, self.none, self.outsider):
            for act in (lambda tenant: tenant._person_delete('acme-one'), lambda tenant: tenant._person_keep(),
                        lambda tenant: tenant._person_suspend(), lambda tenant: tenant._person_resume()):
                with self.assertRaises(AccessError):
                    act(self._as(user))
        self.assertFalse(self.tenant.delete_on)

    def test_the_cron_deletes_what_is_due(self):
        early, busy, kept = (self._running_tenant(f'acme-{name}') for name in ('early', 'busy', 'kept'))
        early.delete_on = fields.Datetime.now() + timedelta(days=3)
        for tenant in (self.tenant, busy):
            self._due(tenant, hours=1)
        busy._open('install_modules', modules=['contacts'])
        self.env['saas.tenant']._cron_deletions()
        self.assertEqual([tenant.state for tenant in (self.tenant, early, busy, kept)],
                         ['deleting', 'running', 'running', 'running'])
        self.assertEqual(self.tenant.operation_id.kind, 'delete')
        self.assertTrue(self.tenant.delete_on, 'the reason for the deletion stays on record')
        busy.operation_id.write({'state': 'done'})
        self.env['saas.tenant']._cron_deletions()
        self.assertEqual(busy.state, 'deleting')
        self.assertEqual(len(self.tenant.operation_ids), 1)

    def test_one_that_fails_stops_no_other(self):
        other = self._running_tenant('acme-two')
        for tenant in (self.tenant, other):
            self._due(tenant, hours=1)
        delete = self.env.registry['saas.tenant']._delete

        def failing(tenants):
            if tenants == self.tenant:
                tenants.company_name = 'half-done'
                raise UserError(REASON)
            return delete(tenants)
        self.patch(self.env.registry['saas.tenant'], '_delete', failing)
        self.patch(self.env.registry['saas.tenant'], '_for_each', self.env.registry['saas.tenant']._for_each)
        with mute_logger(CRON), patch(f'{CRON}.BATCH', 1):
            self.env['saas.tenant']._cron_deletions()
        self.assertEqual((self.tenant.state, self.tenant.company_name, other.state), ('running', 'Acme', 'deleting'))

    def test_one_reminder_the_day_before(self):
        self._as(self.act)._person_delete('acme-one')
        self.env['saas.tenant']._cron_deletions()
        self.assertEqual(len(self._mails_to(self.act.email)), 1, 'too early')
        self.tenant.delete_on = fields.Datetime.now() + timedelta(hours=23)
        for _run in range(2):
            self.env['saas.tenant']._cron_deletions()
        self.assertEqual(self._mails_to(self.act.email).mapped('subject')[1:], ['Tomorrow your Odoo is deleted'])
        self._as(self.act)._person_keep()
        self._as(self.act)._person_delete('acme-one')
        self.assertFalse(self.tenant.delete_reminded)

    def test_no_reminder_where_there_is_no_day_before(self):
        self.env['ir.config_parameter'].set_param('saas_master.cooling_off_days', '1')
        self._as(self.act)._person_delete('acme-one')
        self.env['saas.tenant']._cron_deletions()
        self.assertEqual(len(self._mails_to(self.act.email)), 1)

    def test_staff_who_delete_earlier_leave_no_day_behind(self):
        self._as(self.act)._person_delete('acme-one')
        self.tenant.with_user(self.manager)._delete()
        self.assertEqual((self.tenant.state, self.tenant.delete_on), ('deleting', False))
        with self.assertRaises(UserError):
            self._as(self.act)._person_keep()

    def test_customers_close_only_what_runs(self):
        failed = self._tenant('acme-failed')
        failed._set_state('provisioning')
        failed._set_state('failed')
        with self.assertRaisesRegex(UserError, 'Only a tenant that runs'):
            self._as(self.act, failed)._person_suspend()
        self.assertFalse(failed.reason_ids)
