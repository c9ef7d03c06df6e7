"""What the OpenAPI document and the readable page say of these endpoints beside their schemas."""
from odoo.addons.saas_master.controllers.api.examples import EXAMPLES
from odoo.addons.saas_master.controllers.api.openapi import TAGS
from odoo.addons.saas_master.controllers.api.texts import _lt

TAGS['billing'] = _lt('Billing')

ORDER = {'plan': 'business', 'interval': 'year', 'currency': 'EUR', 'amount': 490.0, 'with_trial': False, 'state': 'open',
         'expires_at': '2030-02-01T00:00:00Z'}
SUBSCRIPTION = {
    'plan': 'business', 'status': 'active', 'entitlement': 'active', 'interval': 'month', 'currency': 'EUR', 'amount': 55.0,
    'extra_users': 1, 'extra_domains': 0, 'started_at': '2030-01-31T12:00:00Z', 'period_end': '2030-02-28T12:00:00Z',
    'trial_end': None, 'cancel_at': None, 'ended_at': None,
    'next_payment': {'at': '2030-02-28T12:00:00Z', 'amount': 55.0}, 'next_plan': None, 'has_card': True,
    'waits_for_payment': False}

EXAMPLES.update({
    'NewCheckout': {'tenant': 'acme', 'plan': 'business', 'interval': 'year', 'currency': 'EUR'},
    'PortalVisit': {'tenant': 'acme', 'purpose': 'card'},
    'Billing': {'tenant': 'acme', 'subscription': SUBSCRIPTION, 'order': None},
    'CheckoutPage': {'url': 'https://checkout.stripe.com/c/pay/cs_live_a1B2c3', 'order': ORDER},
    'PortalPage': {'url': 'https://billing.stripe.com/p/session/live_a1B2c3'},
})
