from odoo.tests import new_test_user

from .billing_common import BillingCase

FAILS_LATER = '4000000000000341'


class ChangeCase(BillingCase):
    """Plans that sell users and domains besides; somebody who may act, one who may look, a stranger, and staff."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for price in cls.price | cls.big_price:
            price.write({'user_amount': 5, 'domain_amount': 3})
            cls._mirror(price)
        cls.plan.write({'user_limit': 5, 'domain_limit': 2})
        cls.big.write({'user_limit': 50, 'domain_limit': 10})
        cls.act, cls.look, cls.stranger_act = (
            cls._person(name, company, right) for name, company, right in (
                ('ada', cls.customer, 'act'), ('leo', cls.customer, 'look'), ('stan', cls.stranger, 'act')))
        cls.manager = new_test_user(cls.env, 'billing-manager', groups='saas_master.group_saas_manager')
        cls.support = new_test_user(cls.env, 'billing-support', groups='saas_master.group_saas_support')

    @classmethod
    def _person(cls, login, company, right):
        user = new_test_user(cls.env, f'{login}@{company.name.lower()}.example', groups='base.group_portal')
        user.partner_id.write({'parent_id': company.id, 'saas_right': right})
        return user

    def _apply(self, tenant=None):
        """Let a worker apply the plan; what was to be done."""
        operation = (tenant or self.tenant)._active_operation()
        self.assertEqual(operation.kind, 'change_plan')
        self._run(operation)
        self.assertEqual(operation.state, 'done')

    def _at(self, subscription):
        """The subscription as Stripe has it."""
        return self._stripe('GET', f'/v1/subscriptions/{subscription.stripe_id}')

    def _prices_at(self, subscription):
        return {item['price']['id']: item['quantity'] for item in self._at(subscription)['items']['data']}

    def _invoices_at(self, subscription):
        """Newest first."""
        return self._stripe('GET', '/v1/invoices', subscription=subscription.stripe_id)['data']
