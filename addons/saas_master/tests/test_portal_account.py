from odoo.tests import new_test_user

from .signup_common import SignupCase

OUTCOME = {'link': 'https://nandu.example/web/reset_password?token=x'}


class TestPortalAccount(SignupCase):
    """Who ordered gets into the portal; nobody gets in by an address that is not his."""

    def _ordered_tenant(self, **form):
        signup = self._ordered(**form)
        signup._confirm()
        tenant = signup.tenant_id
        tenant.operation_id.write({'state': 'done'})
        return tenant, signup.partner_id

    def _welcome(self, tenant):
        tenant._result_welcome(OUTCOME)
        return self._mails(tenant.email)[-1].body_html

    def test_who_ordered_gets_an_account(self):
        tenant, contact = self._ordered_tenant()
        self.assertFalse(contact.user_ids, 'not before it is live')
        body = self._welcome(tenant)
        user = contact.user_ids
        self.assertEqual((user.login, contact.saas_right), ('zoe@nandu.example', 'act'))
        self.assertTrue(user.share and user.has_group('base.group_portal'))
        self.assertFalse(tenant.activity_ids)
        for words in (OUTCOME['link'], '/web/signup?', 'Set the password of my customer account'):
            self.assertIn(words, body)
        self.assertEqual(self.env['saas.tenant'].with_user(user).search([]), tenant)
        self.assertTrue(tenant.with_user(user)._may_act())

    def test_again_changes_nothing(self):
        tenant, contact = self._ordered_tenant()
        self._welcome(tenant)
        contact.saas_right = 'look'
        self._welcome(tenant)
        self.assertEqual((len(contact.user_ids), contact.saas_right), (1, 'look'))

    def test_a_second_order_adds_no_second_user(self):
        tenant, contact = self._ordered_tenant()
        self._welcome(tenant)
        self.env['res.users.log'].with_user(contact.user_ids).sudo().create({})
        self.env.invalidate_all()
        second, same = self._ordered_tenant(name='nandu-two')
        self.assertEqual(same, contact)
        body = self._welcome(second)
        self.assertIn(f'/my/tenants/{second.id}', body)
        self.assertNotIn('/web/signup?', body)
        self.assertEqual(len(contact.user_ids), 1)
        self.assertEqual(self.env['saas.tenant'].with_user(contact.user_ids).search([]), tenant | second)

    def test_a_stranger_with_the_address_gets_nothing(self):
        """Somebody registered with the customer's address, as login or only as e-mail, before the customer came."""
        for number, (login, email) in enumerate((('Zoe@nandu.example', False), ('stranger', 'zoe@nandu.example'))):
            stranger = new_test_user(self.env, f'{login}', groups='base.group_portal', email=email or login)
            tenant, contact = self._ordered_tenant(name=f'nandu-{number}')
            body = self._welcome(tenant)
            self.assertNotIn('customer account', body)
            self.assertIn(OUTCOME['link'], body)
            self.assertFalse(contact.user_ids)
            self.assertFalse(contact.saas_right or stranger.partner_id.saas_right)
            self.assertFalse(self.env['saas.tenant'].with_user(stranger).search([]))
            self.assertIn('No customer account', tenant.activity_ids.summary)
            partner = stranger.partner_id
            stranger.unlink()
            partner.unlink()
            self.Signup.search([]).unlink()

    def test_an_invitation_by_strangers_takes_no_order_over(self):
        """A company invited the address; what its owner orders later is in a company of its own."""
        boss = new_test_user(self.env, 'boss@other.example', groups='base.group_portal', email='boss@other.example')
        boss.partner_id.write({'parent_id': self.stranger.id, 'saas_right': 'act'})
        invited = self.env['saas.people'].with_user(boss)._invite('Zoe', 'zoe@nandu.example', 'act')
        tenant, contact = self._ordered_tenant()
        self._welcome(tenant)
        self.assertNotEqual(contact, invited)
        self.assertNotEqual(tenant.partner_id, self.stranger)
        for user in (boss, invited.user_ids):
            self.assertFalse(self.env['saas.tenant'].with_user(user).search([]))

    def test_who_changes_his_address_gets_no_orders_of_it(self):
        tenant, contact = self._ordered_tenant()
        self._welcome(tenant)
        contact.email = 'victim@nandu.example'
        _other, victim = self._ordered_tenant(name='victims-own', email='victim@nandu.example')
        self.assertNotEqual(victim.commercial_partner_id, contact.commercial_partner_id)

    def test_who_lost_his_right_orders_for_himself(self):
        tenant, contact = self._ordered_tenant()
        self._welcome(tenant)
        contact.saas_right = False
        second, other = self._ordered_tenant(name='nandu-two')
        self.assertNotEqual(other.commercial_partner_id, contact.commercial_partner_id)
        self._welcome(second)
        self.assertTrue(second.activity_ids)
        self.assertFalse(self.env['saas.tenant'].with_user(contact.user_ids).search([]))

    def test_a_tenant_of_staff_gives_nobody_access(self):
        tenant = self._running_tenant()
        self.assertEqual(tenant._portal_access(), {})
        self.assertFalse(tenant.activity_ids)
