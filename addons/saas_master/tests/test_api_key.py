import json
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.saas_master.series import USER_GROUPS, generate_api_key
from odoo.addons.saas_master.step_up import StepUpRequired

from .common import SaasCase

EVERY = ('saas.api', 'saas.provisioning')


class TestApiKey(SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, 'key-manager', groups='saas_master.group_saas_manager')
        cls.other = new_test_user(cls.env, 'key-other', groups='saas_master.group_saas_manager')
        cls.support = new_test_user(cls.env, 'key-support', groups='saas_master.group_saas_support')
        cls.portal = new_test_user(cls.env, 'key-portal', groups='base.group_portal')
        cls.Key = cls.env['saas.api.key']

    def setUp(self):
        super().setUp()
        self._prove()

    def _make(self, user=None, scope='saas.api', days=30):
        return self.Key.with_user(user or self.manager)._make('Shop', scope, days)

    def _whose(self, key, scopes=EVERY):
        self.env.flush_all()
        return self.Key._check(key, scopes)

    def _assert_nobody(self, key, scopes=EVERY):
        self.assertEqual(self._whose(key, scopes), (self.env['res.users'], None))

    def test_a_key_names_its_owner_and_scope(self):
        for scope in EVERY:
            record, key = self._make(scope=scope)
            self.assertEqual(self._whose(key), (self.manager, scope))
            self.assertEqual(self._whose(key, [scope]), (self.manager, scope))
            self.assertEqual(record.prefix, key[:8])
            self._assert_nobody(key, [other for other in EVERY if other != scope])
            self._assert_nobody(key, [])
            self._assert_nobody(key, ['rpc'])

    def test_the_second_check_asks_the_database_again(self):
        record, key = self._make()
        self.assertTrue(self._whose(key)[0])
        record.with_user(self.manager).action_revoke()
        self._assert_nobody(key)

    def test_what_is_no_key(self):
        _record, key = self._make()
        for text in ('', 'x', key[:8], key[:-1], key + '0', key.upper(), key[:8] + '0' * 32, 'ñ' * 40, '١' * 40, '0' * 10_000,
                     f'{key}\n', f' {key}', "' OR 1=1 --", '\x00' * 40, None, 1, b'bytes', ['list'], {'a': 1}):
            self._assert_nobody(text)

    def test_keys_of_odoo_are_none_of_ours(self):
        """Neither a global one, nor one of our scope that was made past us."""
        for scope in (None, 'rpc', *EVERY):
            key = generate_api_key(self.manager, scope, 'by hand', fields.Datetime.now() + timedelta(days=1))
            self._assert_nobody(key)

    def test_our_keys_are_none_of_odoo(self):
        _record, key = self._make()
        self.assertFalse(self.env['res.users.apikeys']._check_credentials(scope='rpc', key=key))

    def test_it_ends(self):
        record, key = self._make(days=1)
        self.assertAlmostEqual(record.expires_at, fields.Datetime.now() + timedelta(days=1), delta=timedelta(minutes=1))
        record.sudo().expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self._assert_nobody(key)
        odoo_key = record.sudo().key_id
        self.Key._remove_expired()
        self.assertFalse(record.exists())
        self.assertFalse(odoo_key.exists())

    def test_expired_ones_alone_are_tidied_away(self):
        record, key = self._make(days=1)
        self.Key._remove_expired()
        self.assertEqual(self._whose(key)[0], self.manager)
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.Key._remove_expired()
        self.assertFalse(record.exists())

    def test_days_and_name_are_checked(self):
        for days in (0, -1, 366, 10 ** 9):
            with self.assertRaisesRegex(UserError, '365'):
                self._make(days=days)
        for name in ('', '   ', False):
            with self.assertRaises(UserError):
                self.Key.with_user(self.manager)._make(name, 'saas.api', 1)
        self.assertEqual(self.Key.search_count([('user_id', '=', self.manager.id)]), 0)

    def test_who_may_make_what(self):
        _record, key = self._make(self.support)
        self.assertEqual(self._whose(key)[0], self.support)
        refused = ((self.support, 'saas.provisioning'), (self.portal, 'saas.api'), (self.manager, 'rpc'), (self.manager, None))
        for user, scope in refused:
            with self.assertRaises(AccessError):
                self._make(user, scope)

    def test_it_dies_with_its_owners_right(self):
        _record, key = self._make(scope='saas.provisioning')
        group = self.env.ref('saas_master.group_saas_manager')
        self.manager.write({USER_GROUPS: [(3, group.id)]})
        self._assert_nobody(key)

    def test_of_an_inactive_user(self):
        _record, key = self._make()
        self.manager.active = False
        self._assert_nobody(key)

    def test_revoking_takes_the_odoo_key_along(self):
        record, key = self._make()
        odoo_key = record.sudo().key_id
        record.with_user(self.manager).action_revoke()
        self.assertFalse(record.exists())
        self.assertFalse(odoo_key.exists())
        self._assert_nobody(key)

    def test_removing_the_odoo_key_takes_ours_along(self):
        record, key = self._make()
        record.sudo().key_id.with_user(self.manager)._remove()
        self.assertFalse(record.exists())
        self._assert_nobody(key)
        line = self.env['saas.audit'].search([('act', '=', 'revoke_api_key')], limit=1)
        self.assertEqual(line.user_id, self.manager)

    def test_removing_it_behind_the_orm_too(self):
        """As the clean-up of expired keys of later series does."""
        record, key = self._make()
        self.env.flush_all()
        self.env.cr.execute('DELETE FROM res_users_apikeys WHERE id = %s', [record.sudo().key_id.id])
        self._assert_nobody(key)
        self.env.invalidate_all()
        self.assertFalse(record.exists())

    def test_who_sees_and_revokes_whose(self):
        own, _key = self._make(self.support)
        foreign, _key = self._make(self.manager)
        self.assertEqual(self.Key.with_user(self.support).search([]), own)
        self.assertLessEqual(own | foreign, self.Key.with_user(self.other).search([]))
        with self.assertRaises(AccessError):
            foreign.with_user(self.support).action_revoke()
        foreign.with_user(self.other).action_revoke()
        own.with_user(self.support).action_revoke()
        self.assertFalse((own | foreign).exists())

    def test_nobody_writes_rows(self):
        record, _key = self._make()
        for user in (self.manager, self.support):
            key = record.with_user(user)
            for act in (lambda key=key: key.write({'expires_at': '2099-01-01'}), lambda key=key: key.unlink(),
                        lambda key=key: key.create([{'name': 'x'}])):
                with self.assertRaises(AccessError):
                    act()

    def test_the_wizard_shows_it_once(self):
        wizard = self.env['saas.api.key.new'].with_user(self.manager).create({'name': 'Shop', 'days': 10})
        action = wizard.action_make()
        key = action['context']['default_key']
        self.assertEqual(self._whose(key), (self.manager, 'saas.api'))
        self.assertFalse(wizard.exists())
        self.assertTrue(self.env['saas.api.key.show']._abstract)
        record = self.Key.search([('prefix', '=', key[:8])])
        self.assertNotIn(key, json.dumps(record.read(), default=str))

    def test_the_wizard_offers_what_one_may(self):
        scopes = self.env['saas.api.key.new'].with_user(self.support)._selection_scope()
        self.assertEqual([scope for scope, _label in scopes], ['saas.api'])

    def test_without_a_proof(self):
        with patch.object(self.env.registry['saas.step.up'], '_is_fresh', lambda service, kind: False), \
                self.assertRaises(StepUpRequired):
            self._make()

    def test_an_act_leaves_a_line(self):
        record, key = self._make()
        line = self.env['saas.audit'].search([('act', '=', 'make_api_key'), ('res_id', '=', record.id)])
        self.assertEqual((line.user_id, line.subject), (self.manager, 'Shop'))
        self.assertNotIn(key, str(line.read()))
