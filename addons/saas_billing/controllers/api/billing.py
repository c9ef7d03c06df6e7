"""/api/billing: what is paid for a tenant, and the ways to the pages of Stripe where a person pays."""
from odoo import http
from odoo.http import request

from odoo.addons.saas_master.controllers.api.dispatcher import Answer
from odoo.addons.saas_master.controllers.api.endpoint import endpoint
from odoo.addons.saas_master.controllers.api.errors import ApiError
from odoo.addons.saas_master.controllers.api.provisioning import once
from odoo.addons.saas_master.controllers.api.tenants_reading import find_tenant
from odoo.addons.saas_master.controllers.api.texts import _lt

from ... import hosted
from . import billing_reading as reading
from .schemas_billing import Billing, BillingQuery, CheckoutPage, NewCheckout, PortalPage, PortalVisit

TAG = 'billing'
LATER = 60          # seconds, where Stripe does not answer
FLOWS = {'overview': '', 'card': 'payment_method_update'}
NO_SUBSCRIPTION = _lt('There is no subscription yet. Order a plan first.')


class BillingApi(http.Controller):

    @endpoint('GET', '/api/billing/subscription', tag=TAG, summary=_lt('Read what is paid for a tenant'), query=BillingQuery,
              answers={200: Billing}, errors=('not_found', 'ambiguous'), description=_lt(
                  'Its subscription, and the order that waits for a payment. Asks nothing of Stripe: it is what was read last.'))
    def read_subscription(self, call):
        return reading.show_billing(reading.find_billed(call, call.query.tenant))

    @endpoint('POST', '/api/billing/checkout', tag=TAG, summary=_lt('Order a plan for a tenant'), body=NewCheckout,
              answers={200: CheckoutPage}, errors=('not_found', 'conflict'), idempotent=True, description=_lt(
                  'For one without a living subscription. The answer is the page of Stripe where a person pays; nothing begins '
                  'before Stripe has said that it is paid. The same order while it waits is answered with the same page.'))
    def order_checkout(self, call):
        def order():
            tenant = find_tenant(call, call.body.tenant)
            tenant._check_act()
            made = tenant._person_order(reading.find_offer(call))
            url = _asked(lambda: hosted.checkout_page(
                made, _page(tenant, '?paid=1'), _page(tenant, '/pay?back=1')))
            return Answer({'url': url, 'order': reading.show_order(made)})
        return once(call, order)

    @endpoint('POST', '/api/billing/portal', tag=TAG, summary=_lt('Open the pages of Stripe about a customer'), body=PortalVisit,
              answers={200: PortalPage}, errors=('not_found', 'conflict'), description=_lt(
                  'Invoices, addresses and the card, at Stripe. Plans are changed in the customer\'s account here.'))
    def open_portal(self, call):
        tenant = find_tenant(call, call.body.tenant)
        tenant._check_act()
        subscription = tenant._portal_subscription()
        if not subscription:
            raise ApiError('conflict', call.text(NO_SUBSCRIPTION))
        return {'url': _asked(lambda: hosted.portal_page(subscription, _page(tenant, '/back'), FLOWS[call.body.purpose]))}


def _page(tenant, more):
    """Where Stripe sends the person back to."""
    return f'{request.httprequest.host_url.rstrip("/")}/my/billing/{tenant.id}{more}'


def _asked(ask):
    try:
        return ask()
    except hosted.NotNow as problem:
        raise ApiError('unavailable', str(problem), headers={'Retry-After': str(LATER)}) from problem
