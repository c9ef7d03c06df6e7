"""/my/billing: what a customer pays for his tenants. What may be seen and done is decided by saas.tenant, saas.checkout and
saas.subscription; nothing here grants anything, and a tenant of somebody else answers like one that does not exist.
"""
from werkzeug.exceptions import NotFound

from odoo import _, http
from odoo.http import request

from odoo.addons.saas_master.controllers.portal import NONE, PAGES, PRIVATE, SaasPortal

from .. import hosted
from ..models.portal_tenant import PAYABLE
from . import offers


class SaasBillingPortal(SaasPortal):

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'saas_billing_count' in counters:
            values['saas_billing_count'] = len(request.env['saas.tenant']._portal_billed())
        return values

    def _prepare_portal_layout_values(self):
        return {**super()._prepare_portal_layout_values(), 'billing_notices': request.env['saas.tenant']._portal_notices()}

    # -- what there is --------------------------------------------------------------------------

    @http.route('/my/billing', methods=['GET'], **PAGES)
    def billing(self, **_query):
        tenants = request.env['saas.tenant']
        return self._page('saas_billing.portal_billing', {
            'page_name': 'saas_billing', 'tenants': tenants._portal_billed(),
            'invoices': request.env['saas.billing.invoice']._portal_invoices()})

    @http.route('/my/billing/<int:tenant_id>', methods=['GET'], **PAGES)
    def billing_of(self, tenant_id, paid='', **_query):
        return self._billing_page(self._tenant(tenant_id), is_back=bool(paid))

    @http.route('/my/billing/<int:tenant_id>/status', methods=['GET'], save_session=False, **PAGES)
    def billing_status(self, tenant_id, **_query):
        return request.make_json_response(self._tenant(tenant_id)._portal_billing_status(), headers=PRIVATE)

    # -- at Stripe ------------------------------------------------------------------------------

    @http.route('/my/billing/<int:tenant_id>/card', methods=['POST'], **PAGES)
    def billing_card(self, tenant_id, **_form):
        return self._to_portal(tenant_id, 'payment_method_update')

    @http.route('/my/billing/<int:tenant_id>/stripe', methods=['POST'], **PAGES)
    def billing_stripe(self, tenant_id, **_form):
        return self._to_portal(tenant_id)

    def _to_portal(self, tenant_id, flow=''):
        tenant, subscription = self._subscribed(tenant_id)
        found = []
        if problem := self._try(lambda: found.append(hosted.portal_page(
                subscription, self._absolute(f'/my/billing/{tenant.id}/back'), flow))):
            return self._billing_page(tenant, problem)
        return request.redirect(found[0], code=303, local=False)

    @http.route('/my/billing/<int:tenant_id>/back', methods=['GET'], **PAGES)
    def billing_back(self, tenant_id, **_query):
        """Home from Stripe's own pages: what was done there shows at once, a card for instance, of which no event tells."""
        tenant, subscription = self._subscribed(tenant_id)
        self._try_at_stripe(subscription.sudo(False)._person_look_again)
        return self._go(f'/my/billing/{tenant.id}', '')

    # -- an order -------------------------------------------------------------------------------

    @http.route('/my/billing/<int:tenant_id>/plans', methods=['GET'], **PAGES)
    def billing_plans(self, tenant_id, **query):
        """Choose a plan: another one, or one again."""
        tenant = self._tenant(tenant_id)
        tenant._check_act()
        return self._plans_page(tenant, query)

    @http.route('/my/billing/<int:tenant_id>/order', methods=['POST'], **PAGES)
    def billing_order(self, tenant_id, price='', **query):
        """Order a plan for a tenant that has no living subscription."""
        tenant = self._tenant(tenant_id)
        tenant._check_act()
        price = self._price(price)
        if problem := self._try_at_stripe(lambda: tenant._person_order(price)):
            return self._plans_page(tenant, query, problem)
        return self._go(f'/my/billing/{tenant.id}/pay', '')

    @http.route('/my/billing/<int:tenant_id>/pay', methods=['GET'], **PAGES)
    def billing_pay_page(self, tenant_id, back='', **_query):
        tenant = self._tenant(tenant_id)
        if tenant._portal_order().state not in PAYABLE:
            return self._go(f'/my/billing/{tenant.id}', '')
        return self._order_page(tenant, is_back=bool(back))

    @http.route('/my/billing/<int:tenant_id>/pay', methods=['POST'], **PAGES)
    def billing_pay(self, tenant_id, **_form):
        tenant = self._tenant(tenant_id)
        tenant._check_act()
        order, found = tenant._portal_order(), []
        if order.state not in PAYABLE:
            return self._go(f'/my/billing/{tenant.id}', '')
        if problem := self._try(lambda: found.append(hosted.checkout_page(
                order, self._absolute(f'/my/billing/{tenant.id}?paid=1'),
                self._absolute(f'/my/billing/{tenant.id}/pay?back=1')))):
            return self._order_page(tenant, problem)
        return request.redirect(found[0], code=303, local=False)

    @http.route('/my/billing/<int:tenant_id>/withdraw', methods=['POST'], **PAGES)
    def billing_withdraw(self, tenant_id, **_form):
        tenant = self._tenant(tenant_id)
        tenant._check_act()
        if tenant._portal_order().state not in PAYABLE:
            return self._go(f'/my/billing/{tenant.id}', '')
        if problem := self._try_at_stripe(tenant._person_withdraw_order):
            return self._order_page(tenant, problem)
        return self._go('/my/billing', _('The order is withdrawn. Nothing was charged.'))

    # -- what these pages share -----------------------------------------------------------------

    def _subscribed(self, tenant_id):
        """(tenant, its subscription) for somebody who may act; 404 where there is none."""
        tenant = self._tenant(tenant_id)
        tenant._check_act()
        subscription = tenant._portal_subscription()
        if not subscription:
            raise NotFound()
        return tenant, subscription

    def _try_at_stripe(self, act):
        """As ``_try``; where Stripe is the cause, in words for a customer."""
        return self._try(lambda: hosted.in_his_words(request.env, act))

    def _price(self, text):
        """One of the prices on offer; none for any other number."""
        number = int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 10 else 0
        return self._offered().filtered(lambda price: price.id == number)

    def _offered(self):
        return request.env['saas.plan'].sudo().search([('is_published', '=', True)])._offers()

    def _absolute(self, path):
        """For Stripe: where it sends the person back to, in the language of now and to the address he came by."""
        website = request.env['website'].get_current_website()
        lang = website.language_ids.filtered(lambda known: known.code == request.env.lang) - website.default_lang_id
        return f'{request.httprequest.host_url.rstrip("/")}{lang and "/" + lang.url_code or ""}{path}'

    def _billing_page(self, tenant, problem=NONE, is_back=False):
        subscription, order = tenant._portal_subscription(), tenant._portal_order()
        if not tenant._portal_is_billed():
            raise NotFound()
        return self._page('saas_billing.portal_subscription', {
            'page_name': 'saas_billing_tenant', 'tenant': tenant.sudo(), 'subscription': subscription, 'order': order,
            'may_act': tenant._may_act(), 'is_back': is_back, 'status': tenant._portal_billing_status(),
            'invoices': request.env['saas.billing.invoice']._portal_invoices(tenant),
            'can_choose': tenant._portal_can_choose(),
            'account_sandbox': subscription and subscription.account_id.mode != 'live',
        }, problem)

    def _order_page(self, tenant, problem=NONE, is_back=False):
        order = tenant._portal_order()
        return self._page('saas_billing.portal_order', {
            'page_name': 'saas_billing_tenant', 'tenant': tenant.sudo(), 'checkout': order, 'is_back': is_back,
            'may_act': tenant._may_act(), 'is_ready': hosted.is_ready(order), 'sandbox': order.account_id.mode != 'live',
        }, problem)

    def _plans_page(self, tenant, query, problem=NONE):
        subscription = tenant._portal_subscription()
        acts = subscription._portal_acts() if subscription else {'choose': True, 'change': False}
        plans = self._offered().plan_id
        living = acts['change']
        wanted = {'interval': subscription.interval, 'currency': subscription.currency_id.name} if subscription else {}
        return self._page('saas_billing.portal_plans', {
            'page_name': 'saas_billing_plans', 'tenant': tenant.sudo(), 'subscription': subscription, 'plans': plans,
            'is_change': living, 'can_choose': tenant._portal_can_choose(),
            **offers.choice(plans, {**wanted, **query, **({'currency': subscription.currency_id.name} if living else {})}),
        }, problem)
