"""Changing, cancelling and keeping a subscription. Before anybody agrees to a change he reads what Stripe would take for it."""
from odoo import _, http
from odoo.http import request

from odoo.addons.saas_master import visitor
from odoo.addons.saas_master.controllers.portal import NONE, PAGES, Problem

from ..models.saas_subscription_acts import COMMENT_LENGTH, RUNS_OUT
from .portal import SaasBillingPortal

MOST = 10_000       # users or domains that a form can ask for


class SaasBillingPortalChange(SaasBillingPortal):

    # -- another plan ---------------------------------------------------------------------------

    @http.route('/my/billing/<int:tenant_id>/change', methods=['GET'], **PAGES)
    def billing_change_page(self, tenant_id, price='', users='', domains='', **_query):
        """The preview: asks Stripe, changes nothing."""
        tenant, subscription = self._subscribed(tenant_id)
        return self._change_page(tenant, subscription, self._wanted(subscription, price, users, domains))

    @http.route('/my/billing/<int:tenant_id>/change', methods=['POST'], **PAGES)
    def billing_change(self, tenant_id, price='', users='', domains='', consent='', **_form):
        tenant, subscription = self._subscribed(tenant_id)
        wanted, done = self._wanted(subscription, price, users, domains), {}
        if not wanted['price']:
            return self._change_page(tenant, subscription, wanted)
        if problem := self._try_at_stripe(lambda: done.update(
                subscription.sudo(False)._person_change(**wanted, consent=consent))):
            return self._change_page(tenant, subscription, wanted, problem)
        if done['state'] == 'payment' and done['url']:
            return request.redirect(done['url'], code=303, local=False)
        return self._go(f'/my/billing/{tenant.id}', {
            'done': _('It is changed.'), 'planned': _('It is noted. Until then everything stays as it is.'),
            'payment': _('The change waits for its payment.')}[done['state']])

    @http.route('/my/billing/<int:tenant_id>/keep-plan', methods=['POST'], **PAGES)
    def billing_keep_plan(self, tenant_id, **_form):
        """Withdraw the smaller plan that was chosen for later."""
        return self._act_on_subscription(tenant_id, '_person_keep_plan', _('Your plan stays as it is.'))

    # -- the end --------------------------------------------------------------------------------

    @http.route('/my/billing/<int:tenant_id>/cancel', methods=['GET'], **PAGES)
    def billing_cancel_page(self, tenant_id, **_query):
        tenant, subscription = self._subscribed(tenant_id)
        if not subscription._portal_acts()['cancel']:
            return self._go(f'/my/billing/{tenant.id}', '')
        return self._cancel_page(tenant, subscription)

    @http.route('/my/billing/<int:tenant_id>/cancel', methods=['POST'], **PAGES)
    def billing_cancel(self, tenant_id, reason='', comment='', **_form):
        tenant, subscription = self._subscribed(tenant_id)
        comment = visitor.clean(comment)[:COMMENT_LENGTH]
        if reason not in dict(subscription._portal_feedback()):
            return self._cancel_page(tenant, subscription, Problem(status=422), comment, not_chosen=True)
        if problem := self._try_at_stripe(lambda: subscription.sudo(False)._person_cancel(reason, comment)):
            return self._cancel_page(tenant, subscription, problem, comment)
        return self._go(f'/my/billing/{tenant.id}', _('It is cancelled.'))

    @http.route('/my/billing/<int:tenant_id>/keep', methods=['POST'], **PAGES)
    def billing_keep(self, tenant_id, **_form):
        return self._act_on_subscription(tenant_id, '_person_keep', _('It goes on. The cancellation is withdrawn.'))

    @http.route('/my/billing/<int:tenant_id>/resume', methods=['POST'], **PAGES)
    def billing_resume(self, tenant_id, **_form):
        """The trial is over and a card was entered since: go on, paid."""
        return self._act_on_subscription(tenant_id, '_person_resume_trial', _('It goes on from now on.'))

    # -- what these pages share -----------------------------------------------------------------

    def _act_on_subscription(self, tenant_id, method, said):
        tenant, subscription = self._subscribed(tenant_id)
        if problem := self._try_at_stripe(getattr(subscription.sudo(False), method)):
            return self._billing_page(tenant, problem)
        return self._go(f'/my/billing/{tenant.id}', said)

    def _wanted(self, subscription, price, users, domains):
        """What was asked for, as ``_person_preview`` takes it; the subscription's own price may be off the list."""
        own = subscription._own_price()
        chosen = own if own and price == str(own.id) else self._price(price)
        return {'price': chosen, 'users': self._count_of(users), 'domains': self._count_of(domains)}

    def _count_of(self, text):
        """A number that was typed; None leaves it as it is."""
        return min(int(text), MOST) if text.isascii() and text.isdecimal() and len(text) < 10 else None

    def _change_page(self, tenant, subscription, wanted, problem=NONE):
        if not wanted['price']:
            return self._plans_page(tenant, {}, Problem(_('This plan is not on offer any more. Choose another one.'), 422))
        preview = {}
        failed = self._try_at_stripe(lambda: preview.update(subscription.sudo(False)._person_preview(**wanted)))
        return self._page('saas_billing.portal_change', {
            'page_name': 'saas_billing_change', 'tenant': tenant.sudo(), 'subscription': subscription, 'preview': preview,
            **wanted}, problem if problem.text or not failed else failed)

    def _cancel_page(self, tenant, subscription, problem=NONE, comment='', not_chosen=False):
        ends = subscription.trial_end if subscription.status == 'trialing' else subscription.period_end
        return self._page('saas_billing.portal_cancel', {
            'page_name': 'saas_billing_cancel', 'tenant': tenant.sudo(), 'subscription': subscription, 'comment': comment,
            'not_chosen': not_chosen, 'reasons': subscription._portal_feedback(), 'limit': COMMENT_LENGTH,
            'days': request.env['saas.billing.settings']._number('retention_days'),
            'ends': ends if subscription.status in RUNS_OUT else None}, problem)
