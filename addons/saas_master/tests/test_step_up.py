import json
import time
from unittest.mock import patch

import pyotp

from odoo.exceptions import UserError
from odoo.http import root
from odoo.tests import HttpCase, new_test_user
from odoo.tools import mute_logger

from odoo.addons.saas_master.models import saas_step_up
from odoo.addons.saas_master.series import SERIES_17
from odoo.addons.saas_master.step_up import StepUpRequired

from .common import SaasCase

SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
TOTP = pyotp.TOTP(SECRET)
MODULE = 'odoo.addons.saas_master.models.saas_step_up'
REQUIRED = 'odoo.addons.saas_master.step_up.StepUpRequired'


class Refused(Exception):
    def __init__(self, error):
        super().__init__(error['data']['message'])
        self.name = error['data']['name']


class StepUpCase(SaasCase, HttpCase):
    """A manager at work in a browser: calls are those of the web client, in his session."""

    def setUp(self):
        super().setUp()
        self.manager = new_test_user(self.env, 'step-manager', groups='saas_master.group_saas_manager')
        self.support = new_test_user(self.env, 'step-support', groups='saas_master.group_saas_support')
        self.tenant = self._running_tenant('stepped')
        self.clock = time.time()
        self.patch(saas_step_up.time, 'time', lambda: self.clock)
        patcher = mute_logger(MODULE, 'odoo.http')
        patcher.__enter__()
        self.addCleanup(patcher.__exit__, None, None, None)

    def _log_in(self, user):
        with patch.object(type(user), '_rpc_api_keys_only', lambda self: False):
            self.authenticate(user.login, user.login)

    def _enrol(self, user):
        self.env.flush_all()
        self.env.cr.execute('UPDATE res_users SET totp_secret = %s WHERE id = %s', [SECRET, user.id])
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        session = getattr(self, 'session', None)
        if session and session.uid == user.id:      # its token covers the enrolment; Odoo's own wizard renews it too
            session.session_token = user._compute_session_token(session.sid)
            root.session_store.save(session)

    def _call(self, model, method, *args, **kwargs):
        answer = self.url_open(f'/web/dataset/call_kw/{model}/{method}', data=json.dumps({
            'jsonrpc': '2.0', 'method': 'call', 'id': 1,
            'params': {'model': model, 'method': method, 'args': args, 'kwargs': kwargs},
        }), headers={'Content-Type': 'application/json'}).json()
        self.env.invalidate_all()
        if 'error' in answer:
            raise Refused(answer['error'])
        return answer['result']

    def _delete(self):
        return self._call('saas.tenant', 'action_delete', [self.tenant.id])

    def _give(self, kind='delete', **proof):
        found = self._call('saas.step.up.dialogue', 'create', {
            'kind': kind, 'res_model': 'saas.tenant', 'res_ids': [self.tenant.id], 'method': 'action_delete', **proof})
        return found if isinstance(found, int) else found[0]

    def _code(self, seconds=0):
        return TOTP.at(int(self.clock) + seconds)

    def _assert_refused(self, text, function, *args, **kwargs):
        with self.assertRaisesRegex(Refused, text):
            function(*args, **kwargs)


class TestStepUp(StepUpCase):

    def test_the_dialogue_comes_first_then_the_act(self):
        self._log_in(self.manager)
        action = self._delete()
        self.assertEqual(action['res_model'], 'saas.step.up.dialogue')
        self.assertEqual(self.tenant.state, 'running')
        dialogue = self._give(password='step-manager')
        self.assertEqual(self._call('saas.step.up.dialogue', 'read', [dialogue], ['password', 'code', 'proof_type'])[0], {
            'id': dialogue, 'password': False, 'code': False, 'proof_type': 'password'})
        self._call('saas.step.up.dialogue', 'action_confirm', [dialogue])
        self.assertEqual(self.tenant.state, 'deleting')

    def test_who_may_not_delete_is_not_asked(self):
        self._log_in(self.support)
        self._assert_refused('(?s).*', self._delete)
        self.assertEqual(self.tenant.state, 'running')
        dialogue = self._give(password='step-support')
        self._assert_refused('(?s).*', self._call, 'saas.step.up.dialogue', 'action_confirm', [dialogue])
        self.assertEqual(self.tenant.state, 'running')

    def test_without_a_proof_nothing_happens(self):
        self._log_in(self.manager)
        self._assert_refused('not your password', self._give, password='wrong')
        dialogue = self._give()
        self._assert_refused('Confirm first', self._call, 'saas.step.up.dialogue', 'action_confirm', [dialogue])
        self.assertEqual(self.tenant.state, 'running')

    def test_the_dialogue_calls_nothing_else(self):
        self._log_in(self.manager)
        dialogue = self._give(password='step-manager')
        for model, method in (('saas.tenant', 'action_suspend'), ('saas.tenant', 'unlink'), ('saas.tenant', '_delete'),
                              ('saas.node', 'action_change_secrets'), ('res.users', 'unlink'), ('no.model', 'x'),
                              ('saas.tenant', '__class__')):
            self.env['saas.step.up.dialogue'].browse(dialogue).write({'res_model': model, 'method': method})
            self.env.flush_all()
            self._assert_refused('asks for no proof', self._call, 'saas.step.up.dialogue', 'action_confirm', [dialogue])
        self.assertEqual(self.tenant.state, 'running')

    def test_ten_minutes_for_one_kind(self):
        self._log_in(self.manager)
        self._give('secret', password='step-manager')
        self._call('saas.node', 'write', [self.node.id], {'pg_password': 'new-one'})
        self.assertEqual(self._delete()['res_model'], 'saas.step.up.dialogue')
        self.clock += 599
        self._call('saas.node', 'write', [self.node.id], {'pg_password': 'newer'})
        self.clock += 2
        self._assert_refused('Confirm first', self._call, 'saas.node', 'write', [self.node.id], {'pg_password': 'newest'})
        self.assertEqual(self.node._spec().postgres.password, 'newer')

    def test_a_proof_ends_with_the_session(self):
        self._log_in(self.manager)
        self._give('delete', password='step-manager')
        self.url_open('/web/session/logout')
        self._log_in(self.manager)
        self.assertEqual(self._delete()['res_model'], 'saas.step.up.dialogue')

    def test_another_session_of_the_same_person(self):
        self._log_in(self.manager)
        self._give('delete', password='step-manager')
        self._log_in(self.manager)
        self.assertEqual(self._delete()['res_model'], 'saas.step.up.dialogue')

    def test_an_unknown_kind(self):
        self._log_in(self.manager)
        self._assert_refused('no act of the kind', self._give, 'everything', password='step-manager')

    # -- brute force ----------------------------------------------------------------------------

    def test_wrong_ones_lock_for_a_while(self):
        self._log_in(self.manager)
        self.patch(saas_step_up, 'LIMITS', (('step_up', 3, 600), ('step_up_day', 20, 86400)))
        with self._kept_counts():
            for _try in range(3):
                self._assert_refused('not your password', self._give, password='wrong')
            self._assert_refused(r'Too many tries.* \d+ seconds', self._give, password='step-manager')
            self._assert_refused('Too many tries', self._give, 'secret', password='step-manager')
        self.assertEqual(self._delete()['res_model'], 'saas.step.up.dialogue')

    def test_right_ones_do_not_count(self):
        self._log_in(self.manager)
        for _try in range(7):
            self._give(password='step-manager')
        self._give('secret', password='step-manager')
        self.env.cr.execute("SELECT coalesce(sum(hits), 0) FROM saas_rate WHERE key LIKE 'step_up%%'")
        self.assertEqual(self.env.cr.fetchone()[0], 0)

    def _kept_counts(self):
        """A test's cursors are one, so a refused request takes its count back with it. Keep them beside it."""
        counts = {}

        def count(_self, purpose, subject, limit, seconds):
            if counts.get((purpose, subject), 0) >= limit:
                raise saas_step_up.RateLimited(seconds)
            counts[purpose, subject] = counts.get((purpose, subject), 0) + 1
        return patch.object(self.env.registry['saas.rate'], '_count', count)

    # -- codes ----------------------------------------------------------------------------------

    def test_a_code_and_no_password_when_enrolled(self):
        self._log_in(self.manager)
        self._enrol(self.manager)
        self._assert_refused('not the present one', self._give, password='step-manager')
        self._assert_refused('not the present one', self._give, code='step-manager')
        dialogue = self._give(code=f'{self._code()[:3]} {self._code()[3:]}')
        self._call('saas.step.up.dialogue', 'action_confirm', [dialogue])
        self.assertEqual(self.tenant.state, 'deleting')

    def test_a_code_counts_once_for_every_kind(self):
        self._log_in(self.manager)
        self._enrol(self.manager)
        code = self._code()
        self._give('secret', code=code)
        for kind in ('secret', 'delete', 'api_key', 'restore'):
            self._assert_refused('used already', self._give, kind, code=code)
        self.clock += 30
        self._give('delete', code=self._code())

    def test_how_early_and_late(self):
        step_up = self.env['saas.step.up']
        self._enrol(self.manager)
        now = int(self.clock) // 30
        for seconds, counter in ((-60, None), (-30, now - 1), (0, now), (30, now + 1), (60, None)):
            self.assertEqual(step_up._counter(self.manager, self._code(seconds)), counter, seconds)

    def test_what_is_no_code(self):
        step_up, code = self.env['saas.step.up'], self._code()
        self._enrol(self.manager)
        arabic = ''.join(chr(0x660 + int(digit)) for digit in code)
        wide = ''.join(chr(0xff10 + int(digit)) for digit in code)
        for text in ('', ' ', code[:5], f'{code}0', f'0{code}', arabic, wide, f'{code}\x00', f'+{code[1:]}', code.encode(),
                     int(code), None, False, [code], '000000000000'):
            self.assertTrue(step_up._code_problem(self.manager, text), repr(text))
        self.assertIsNone(step_up._counter(self.support, code))

    def test_a_code_for_logging_in_is_used_too(self):
        """And the other way round."""
        self._enrol(self.manager)
        user = self.manager.with_user(self.manager)
        use = user._totp_check if SERIES_17 else user._use_totp     # later series reach it by _check_credentials
        use(int(self._code()))
        self._log_in(self.manager)
        self._assert_refused('used already', self._give, code=self._code())
        self.clock += 30
        if SERIES_17:
            self.patch(saas_step_up.time, 'time', lambda: self.clock)
        self._give(code=self._code())
        with self.assertRaisesRegex(Exception, 'used already'):
            use(int(self._code()))

    # -- no browser -----------------------------------------------------------------------------

    def test_a_password_over_rpc_proves_nothing(self):
        """JSON-RPC with login and password is a program: it can neither prove nor act."""
        def rpc(model, method, *args):
            return self.make_jsonrpc_request('/jsonrpc', {'service': 'object', 'method': 'execute_kw', 'args': [
                self.env.cr.dbname, self.manager.id, 'step-manager', model, method, list(args)]})
        for model, method, args in (
                ('saas.tenant', 'action_delete', [[self.tenant.id]]),
                ('saas.node', 'write', [[self.node.id], {'pg_password': 'stolen'}]),
                ('saas.node', 'create', [{'name': 'other', 'pg_password': 'stolen'}]),
                ('saas.api.key.new', 'create', [{'name': 'x'}])):
            if model == 'saas.api.key.new':
                args, method = [[rpc(model, method, *args)]], 'action_make'
            with self.assertRaisesRegex(Exception, 'Confirm first|StepUpRequired', msg=f'{model}.{method}'):
                rpc(model, method, *args)
        with self.assertRaisesRegex(Exception, 'Log in with a browser|UserError'):
            rpc('saas.step.up.dialogue', 'create', {
                'kind': 'delete', 'res_model': 'saas.tenant', 'res_ids': [self.tenant.id], 'method': 'action_delete',
                'password': 'step-manager'})
        self.env.invalidate_all()
        self.assertEqual(self.tenant.state, 'running')
        self.assertEqual(self.node._spec().postgres.password, 'not used')
        self.assertFalse(self.env['saas.node'].search([('name', '=', 'other')]))
        self.assertFalse(self.env['saas.api.key'].search([('user_id', '=', self.manager.id)]))

    def test_the_error_can_be_told_from_others(self):
        self._log_in(self.manager)
        with self.assertRaises(Refused) as raised:
            self._call('saas.node', 'write', [self.node.id], {'pg_password': 'x', 'name': 'half done'})
        self.assertEqual(raised.exception.name, REQUIRED)
        self.assertEqual(self.node.name, 'test node')
        with self.assertRaises(Refused):
            self._call('saas.node', 'create', {'name': 'other', 'pg_password': 'x'})
        self.assertFalse(self.env['saas.node'].search([('name', '=', 'other')]))

    # -- secrets of nodes -----------------------------------------------------------------------

    def test_change_secrets_asks_and_then_opens_its_form(self):
        self._log_in(self.manager)
        self._call('saas.node', 'write', [self.node.id], {'pg_password': False, 'capacity': 7})
        self.assertEqual(self.node.capacity, 7)
        dialogue = self._call('saas.node', 'action_change_secrets', [self.node.id])
        self.assertEqual(dialogue['context']['default_kind'], 'secret')
        self._give('secret', password='step-manager')
        action = self._call('saas.node', 'action_change_secrets', [self.node.id])
        self.assertEqual((action['res_model'], action['res_id']), ('saas.node', self.node.id))
        self._call('saas.node', 'write', [self.node.id], {'ssh_private_key': 'a key'})
        lines = self.env['saas.audit'].search([('res_model', '=', 'saas.node'), ('res_id', '=', self.node.id)])
        self.assertIn(('change_secret', 'ssh_private_key'), lines.mapped(lambda line: (line.act, line.detail)))
        self.assertEqual(lines.user_id, self.manager)

    def test_a_program_of_ours_needs_none(self):
        """A cron or a command; but not a person's RPC, where there is no request either."""
        self.node.pg_password = 'by a command'
        self.assertEqual(self.node._spec().postgres.password, 'by a command')
        self.env['saas.step.up']._require('delete')
        with self.assertRaises(StepUpRequired):
            self.env['saas.step.up'].with_user(self.manager)._require('delete')
        with self.assertRaises(StepUpRequired):
            self.env['saas.step.up'].with_user(self.manager).sudo()._require('delete')

    def test_the_errors(self):
        with self.assertRaises(UserError) as raised:
            raise StepUpRequired('text', 'delete')
        self.assertEqual(raised.exception.kind, 'delete')
