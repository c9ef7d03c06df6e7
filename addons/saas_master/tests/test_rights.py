from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .common import SaasCase


class TestRights(SaasCase):
    """What a contact may do with his company's tenants: who says so, and when it ends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, 'saas-manager', groups='saas_master.group_saas_manager,base.group_partner_manager')
        cls.support = new_test_user(cls.env, 'saas-support', groups='saas_master.group_saas_support,base.group_partner_manager')
        cls.employee = new_test_user(cls.env, 'saas-employee', groups='base.group_user,base.group_partner_manager')
        cls.user = new_test_user(cls.env, 'saas-portal', groups='base.group_portal')
        cls.person = cls.user.partner_id
        cls.person.parent_id = cls.customer
        cls.tenant = cls._running_tenant()

    def _seen(self):
        return self.env['saas.tenant'].with_user(self.user).search([])

    def test_without_a_right_nothing_is_seen(self):
        self._tenant('nobodys', partner_id=False)
        self.assertFalse(self._seen())

    def test_a_right_begins_and_ends_at_once(self):
        for right, seen in (('look', self.tenant), (False, self.tenant.browse()), ('act', self.tenant)):
            self.person.with_user(self.manager).saas_right = right
            self.assertEqual(self._seen(), seen, right)

    def test_only_managers_give_rights(self):
        for user in (self.support, self.employee):
            with self.assertRaises(AccessError, msg=user.login):
                self.person.with_user(user).write({'saas_right': 'act'})
            with self.assertRaises(AccessError, msg=user.login):
                self.env['res.partner'].with_user(user).create(
                    {'name': 'Bob', 'parent_id': self.customer.id, 'saas_right': 'act'})
        self.assertFalse(self.person.saas_right)
        with self.assertRaises(AccessError):
            self.person.with_user(self.employee).read(['saas_right'])

    def test_a_right_is_not_taken_to_another_company(self):
        self.person.saas_right = 'act'
        foreign = self._running_tenant('foreign', partner_id=self.stranger.id)
        self.assertEqual(self._seen(), self.tenant)
        self.person.with_user(self.employee).parent_id = self.stranger
        self.assertFalse(self.person.saas_right)
        self.assertFalse(self._seen())
        self.person.write({'parent_id': self.stranger.id, 'saas_right': 'look'})
        self.assertEqual(self._seen(), foreign)

    def test_looking_is_not_acting(self):
        self.person.saas_right = 'look'
        tenant = self.tenant.with_user(self.user)
        for act in (tenant._person_suspend, tenant._person_resume, tenant._person_keep,
                    lambda: tenant._person_delete(tenant.name)):
            with self.assertRaises(AccessError):
                act()
        self.assertEqual((self.tenant.state, self.tenant.delete_on), ('running', False))
        self.person.saas_right = 'act'
        tenant._person_suspend()
        self.assertEqual(self.tenant.reason_ids.mapped('code'), ['customer'])
