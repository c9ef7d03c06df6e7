from ..hooks import uninstall_hook
from .checkout_common import CheckoutCase


class TestUninstall(CheckoutCase):

    def test_nobody_is_opened_and_nothing_is_given_away(self):
        self.plan.is_published = True
        self.tenant._suspend('paused')
        signup = self.env['saas.signup'].create({
            'company_name': 'Acme', 'contact_name': 'Ann', 'email': 'ann@acme.example', 'name': 'waiting', 'lang': 'en_US',
            'plan_id': self.plan.id, 'price_id': self.price.id, 'state': 'confirmed'})
        tenant = self._tenant('waiting')
        checkout = self.Checkout._order_plan(tenant, self.price, signup)
        uninstall_hook(self.env)
        self.assertIn('staff', self._codes())
        self.assertFalse(self.plan.is_published)
        self.assertFalse(tenant.exists())
        self.assertEqual(checkout.state, 'abandoned')
