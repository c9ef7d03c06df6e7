from odoo.tests import tagged

from .billing_common import BillingCase


@tagged('post_install', '-at_install')
class TestReconcile(BillingCase):

    def test_as_stripe_has_it(self):
        subscription = self._subscribe()
        self.assertEqual(subscription.status, 'active')
        self.assertEqual(subscription.tenant_id, self.tenant)
        self.assertEqual(subscription.partner_id, self.customer)
        self.assertEqual(subscription.plan_id, self.plan)
        self.assertEqual(subscription.amount, 29)
        self.assertEqual(subscription.interval, 'month')
        self.assertTrue(subscription.period_end > subscription.period_start)
        self.assertTrue(subscription.converted_at)
        self.assertEqual(subscription.entitlement, 'active')
        self.assertEqual(self.tenant.subscription_id, subscription)
        self.assertFalse(self._codes())
