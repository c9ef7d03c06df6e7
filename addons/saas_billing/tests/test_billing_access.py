import os

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.saas_master.drivers.vault import Vault
from odoo.addons.saas_master.series import call_kw
from odoo.addons.saas_master.tests.common import SaasCase

from .billing_staff_common import StaffBilling, days

MODELS = ('saas.subscription', 'saas.billing.invoice', 'saas.checkout')
REFUSALS = ('odoo.addons.base.models.ir_rule', 'odoo.addons.base.models.ir_model', 'odoo.models')


class TestBillingAccess(StaffBilling, SaasCase):
    """Customers see what their company pays, staff see all and change by acts only, nobody sees a key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own, cls.foreign = cls._running_tenant('pays-own'), cls._running_tenant('pays-foreign', partner_id=cls.stranger.id)
        cls.records = {tenant: cls._make_all(tenant) for tenant in (cls.own, cls.foreign)}
        cls.users = {'support': cls.support, 'manager': cls.manager, 'employee': new_test_user(cls.env, 'bill-employee')}
        for role, company in (('look', cls.customer), ('act', cls.customer), ('none', cls.customer)):
            cls.users[role] = new_test_user(cls.env, f'bill-{role}', groups='base.group_portal')
            cls.users[role].partner_id.write({'parent_id': company.id, 'saas_right': role if role != 'none' else False})
        cls.account.sudo().api_key_sealed = Vault.from_environment().seal('rk_live_never_shown')
        cls.env.flush_all()

    @classmethod
    def _make_all(cls, tenant):
        partner = {'partner_id': tenant.partner_id.id}
        subscription = cls._subscription('active', tenant_id=tenant.id, **partner)
        checkout = cls.env['saas.checkout'].sudo().create({
            'account_id': cls.account.id, 'tenant_id': tenant.id, 'price_id': cls.price.id,
            'url': 'https://checkout.example', **partner})
        return {'saas.subscription': subscription, 'saas.billing.invoice': cls._invoice(subscription, **partner),
                'saas.checkout': checkout}

    def _rpc(self, role, model, method, *args, **kwargs):
        self.env.invalidate_all()
        return call_kw(self.env[model].with_user(self.users[role]), method, list(args), kwargs)

    def test_customers_see_their_own_only(self):
        for model in MODELS:
            for role in ('look', 'act'):
                found = self._rpc(role, model, 'search_read', [], ['id'])
                self.assertEqual([row['id'] for row in found], self.records[self.own][model].ids, (model, role))
                with mute_logger(*REFUSALS), self.assertRaises(AccessError):
                    self._rpc(role, model, 'read', self.records[self.foreign][model].ids, ['partner_id'])
            self.assertFalse(self._rpc('none', model, 'search_read', [], ['id']), 'a contact without a right')
            with mute_logger(*REFUSALS), self.assertRaises(AccessError):
                self._rpc('employee', model, 'search_read', [], ['id'])

    @mute_logger(*REFUSALS)
    def test_nobody_writes_what_stripe_says(self):
        for model in MODELS:
            record = self.records[self.own][model]
            for role in self.users:
                for method, args in (('write', ({'partner_id': self.stranger.id},)), ('unlink', ())):
                    with self.assertRaises(AccessError, msg=(model, role, method)):
                        self._rpc(role, model, method, record.ids, *args)
                with self.assertRaises(AccessError, msg=(model, role)):
                    self._rpc(role, model, 'create', {'account_id': self.account.id})
        for role in self.users:
            with self.assertRaises(AccessError):
                self._rpc(role, 'saas.billing.event', 'create', {'account_id': self.account.id})

    @mute_logger(*REFUSALS)
    def test_customers_read_no_events_accounts_or_prices(self):
        self._event(self.records[self.own]['saas.subscription'])
        for model in ('saas.billing.event', 'saas.stripe.account', 'saas.stripe.price', 'saas.stripe.customer',
                      'saas.subscription.tally', 'saas.subscription.act'):
            for role in ('look', 'act', 'none', 'employee'):
                with self.assertRaises(AccessError, msg=(model, role)):
                    self._rpc(role, model, 'search_read', [], ['id'])

    @mute_logger(*REFUSALS)
    def test_keys_leave_by_no_way(self):
        for role in ('support', 'manager'):
            shown = self._rpc(role, 'saas.stripe.account', 'read', self.account.ids)
            self.assertNotIn('never_shown', str(shown))
            self.assertFalse(shown[0]['api_key'] or shown[0]['webhook_secret'])
            self.assertTrue(shown[0]['has_key'])
            for name in ('api_key_sealed', 'webhook_secrets_sealed'):
                with self.assertRaises(AccessError):
                    self._rpc(role, 'saas.stripe.account', 'read', self.account.ids, [name])
                with self.assertRaises(UserError):
                    self._rpc(role, 'saas.stripe.account', 'search', [(name, '!=', False)])
            with self.assertRaises(AccessError):
                self._rpc(role, 'saas.checkout', 'read', self.records[self.own]['saas.checkout'].ids, ['url'])
        self.assertTrue(os.environ['SAAS_SECRET_KEY'])

    @mute_logger(*REFUSALS)
    def test_support_reads_and_changes_nothing(self):
        with self.assertRaises(AccessError):
            self._rpc('support', 'saas.stripe.account', 'write', self.account.ids, {'name': 'x'})
        with self.assertRaises(AccessError):
            self._rpc('support', 'saas.plan.price', 'write', self.price.ids, {'amount': 1})
        with self.assertRaises(AccessError):
            self._rpc('support', 'saas.subscription.act', 'create', {'kind': 'extend'})
        subscription = self.records[self.own]['saas.subscription']
        for method in ('action_pause', 'action_unpause', 'action_keep', 'action_end_comp'):
            with self.assertRaises(AccessError, msg=method):
                self._rpc('support', 'saas.subscription', method, subscription.ids)

    def test_a_manager_proves_who_he_is_before_he_enters_a_key(self):
        with self.assertRaisesRegex(UserError, 'that it is you'):
            self._rpc('manager', 'saas.stripe.account', 'write', self.account.ids, {'api_key': 'rk_live_other'})
        with self.assertRaisesRegex(UserError, 'that it is you'):
            self._rpc('manager', 'saas.stripe.account', 'action_change_secrets', self.account.ids)
        self._prove()
        action = self._rpc('manager', 'saas.stripe.account', 'action_change_secrets', self.account.ids)
        self.assertEqual((action['res_id'], action['target']), (self.account.id, 'new'))
        self._rpc('manager', 'saas.stripe.account', 'write', self.account.ids, {'api_key': 'rk_live_other'})
        lines = self.env['saas.audit'].search([('res_model', '=', 'saas.stripe.account'), ('res_id', '=', self.account.id)])
        self.assertIn('change_secret', lines.mapped('act'))
        self.assertNotIn('rk_live_other', str(lines.mapped('detail')))

    def test_what_managers_do_is_written_down_with_the_customer(self):
        unpaid = self._subscription('unpaid')
        self.env['saas.subscription.act'].with_user(self.manager).create({
            'kind': 'extend', 'subscription_ids': [(6, 0, unpaid.ids)], 'days': 3}).action_confirm()
        line = self.env['saas.audit'].search([('act', '=', 'extend'), ('res_id', '=', unpaid.id)])
        self.assertEqual((line.user_id, line.partner_id, line.detail), (self.manager, self.customer, '3'))
        self.assertGreater(unpaid.extended_until, days(2))
