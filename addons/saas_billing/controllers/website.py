"""Public pages of plans that are paid for: prices, the order's interval, and the page between confirmation and payment.

What may be ordered, paid and withdrawn is decided by saas.signup and saas.checkout. The browser's way back from Stripe
changes nothing: the progress page waits until Stripe itself has said that it is paid.
"""
from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.saas_master.controllers.website import SaasWebsite

from .. import hosted
from ..models.portal_tenant import PAYABLE
from . import offers

PAGES = {'type': 'http', 'auth': 'public', 'website': True, 'sitemap': False}
PAID = 'saas_signup_paid'       # in the session: whether a payment follows on the mail
UNDER_WAY = ('processing', 'complete')


class SaasBillingWebsite(SaasWebsite):

    # -- plans and form -------------------------------------------------------------------------

    def _plans_values(self, query):
        values = super()._plans_values(query)
        return {**values, **offers.choice(values['plans'], query)}

    def _chosen(self, query):
        return {**super()._chosen(query), **{name: query.get(name, '') for name in ('interval', 'currency')}}

    def _fields(self):
        return (*super()._fields(), 'interval', 'currency')

    def _form_values(self, values, plans, plan):
        return {**super()._form_values(values, plans, plan), **offers.choice(plans, values)}

    def _private(self, template, values, status=200, limited=None):
        """Adds whether a payment is one of the stages of this order."""
        signup = values.get('signup')
        if template == 'saas_master.signup_sent':
            with_payment = request.session.get(PAID)
        else:
            with_payment = signup and signup.price_id or values.get('plan') and values['plan']._is_paid()
        return super()._private(template, {'with_payment': bool(with_payment), **values}, status, limited)

    def _note_order(self, values):
        request.session[PAID] = request.env['saas.plan'].sudo().browse(values['plan_id'])._is_paid()
        return super()._note_order(values)

    # -- the payment ----------------------------------------------------------------------------

    @http.route('/saas/pay/<string:token>', methods=['GET'], **PAGES)
    def pay_page(self, token, back='', **_query):
        """What is ordered and what it costs. Opens nothing at Stripe: links are followed by more than people."""
        signup, checkout = self._order_of(token)
        return self._elsewhere(signup, checkout, token) or self._pay_page(signup, checkout, token, is_back=bool(back))

    @http.route('/saas/pay/<string:token>', methods=['POST'], **PAGES)
    def pay(self, token, **_form):
        signup, checkout = self._order_of(token)
        elsewhere = self._elsewhere(signup, checkout, token)
        if elsewhere or checkout.state not in PAYABLE:
            return elsewhere or self._pay_page(signup, checkout, token)
        try:
            with request.env.cr.savepoint():
                url = hosted.checkout_page(checkout, signup._link(f'/saas/progress/{token}?paid=1'),
                                           signup._link(f'/saas/pay/{token}?back=1'))
        except UserError as problem:
            return self._pay_page(signup, checkout, token, str(problem))
        return request.redirect(url, code=303, local=False)

    @http.route('/saas/pay/<string:token>/withdraw', methods=['POST'], **PAGES)
    def withdraw(self, token, **_form):
        """The visitor chooses again: the name he held is free, and what was open at Stripe is closed."""
        signup, checkout = self._order_of(token)
        elsewhere = self._elsewhere(signup, checkout, token)
        if elsewhere or checkout.state not in PAYABLE:
            return elsewhere or self._pay_page(signup, checkout, token)
        try:
            with request.env.cr.savepoint():
                checkout._abandon()
        except UserError as problem:
            return self._pay_page(signup, checkout, token, str(problem))
        return request.redirect(f'/saas/pay/{token}')

    @http.route('/saas/pay/<string:token>/again', methods=['POST'], **PAGES)
    def order_again(self, token, **_form):
        """The order that was given up, once more, with the same name if nobody has taken it meanwhile."""
        signup, checkout = self._order_of(token)
        if elsewhere := self._elsewhere(signup, checkout, token):
            return elsewhere
        if problem := signup._order_again():
            return self._pay_page(signup, checkout, token, problem[1])
        return request.redirect(f'/saas/pay/{token}')

    def _order_of(self, token):
        """(sign-up, its latest order); both are empty for a link that nobody has."""
        signup = self._signups()._find(token)
        return signup, signup._checkout() if signup else request.env['saas.checkout'].sudo()

    def _elsewhere(self, signup, checkout, token):
        """Another page's answer where this one has nothing to say."""
        if not signup:
            return self._unknown()
        if signup.state != 'confirmed':
            return request.redirect(f'/saas/confirm/{token}')
        if not checkout or checkout.state in UNDER_WAY:
            return request.redirect(f'/saas/progress/{token}')
        return None

    def _pay_page(self, signup, checkout, token, problem='', is_back=False):
        is_over = checkout.state not in PAYABLE
        return self._private('saas_billing.pay_over' if is_over else 'saas_billing.pay', {
            'signup': signup, 'checkout': checkout, 'token': token, 'problem': problem, 'is_back': is_back,
            'is_ready': is_over or hosted.is_ready(checkout), 'sandbox': checkout.account_id.mode != 'live',
            'address': self._signups()._address_parts(signup.plan_id),
        }, 410 if is_over else 422 if problem else 200)
