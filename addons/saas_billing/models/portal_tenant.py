"""What a customer's pages show of the billing of his tenants."""
from odoo import _, api, models
from odoo.exceptions import UserError

from ..const import ENDED
from .saas_checkout import WAITING

PAYABLE = ('new', 'open')
GONE = ('deleting', 'deleted')
INVOICES = 50


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    def _portal_order(self):
        """The order that waits for its payment (sudo); none where all is paid."""
        self.ensure_one()
        return self.sudo().checkout_ids.filtered(lambda checkout: checkout.state in WAITING)[:1]

    def _portal_subscription(self):
        """The living subscription or the latest (sudo)."""
        return self.sudo().subscription_id

    def _portal_is_billed(self):
        """Whether there is something to show: a subscription, an order, or a plan that would have to be paid for."""
        self.ensure_one()
        return bool(self._portal_subscription() or self._portal_order() or self.sudo().plan_id._is_paid())

    def _portal_can_choose(self):
        """Whether a plan can be ordered: no payment is under way, and no subscription lives."""
        self.ensure_one()
        subscription = self._portal_subscription()
        return self.sudo().state not in GONE and self._portal_order().state != 'processing' and (
            not subscription or subscription._portal_acts()['choose'])

    def _person_order(self, price):
        """Order a plan for a tenant that has none which lives. Returns the order, which waits for its payment."""
        self.ensure_one()
        self._check_act()
        if not price:
            raise UserError(_('This plan is not on offer any more. Choose another one.'))
        self.env['saas.audit']._note('checkout', self)
        return self.env['saas.checkout'].sudo()._order_plan(self.sudo(), price)

    def _person_withdraw_order(self):
        """The order is withdrawn; its page at Stripe is closed. A tenant that was only ordered is given up with it."""
        self.ensure_one()
        self._check_act()
        order = self._portal_order()
        if order.state not in PAYABLE:
            raise UserError(_('There is no order that could be withdrawn.'))
        self.env['saas.audit']._note('checkout', self, 'withdrawn')
        order._abandon()

    @api.model
    def _portal_billed(self):
        """Those of the person's company that the billing page shows, and of those that are deleted none (sudo)."""
        if not self.has_access('read'):
            return self.sudo()
        own = self.search(self._customer_domain() + [('state', 'not in', GONE)], order='name, id')
        return own.sudo().filtered(lambda tenant: tenant._portal_is_billed())

    @api.model
    def _portal_notices(self):
        """Banners about the money of the person's company, the worst first: one for each tenant at most."""
        if not self.env.user.partner_id.sudo().saas_right:
            return []
        company = self.env.user.partner_id.commercial_partner_id
        subscriptions = self.env['saas.subscription'].sudo().search([
            ('tenant_id.partner_id', '=', company.id), ('tenant_id.state', 'not in', GONE)])
        current = subscriptions.filtered(lambda subscription: subscription.tenant_id.subscription_id == subscription)
        notices = [{**notice, 'tenant': subscription.tenant_id.id} for subscription in current
                   if not subscription.tenant_id._portal_order() and (notice := subscription._portal_notice())]
        return sorted(notices, key=lambda notice: notice['level'] != 'over')

    def _portal_billing_status(self):
        """What the page asks for while a payment is being noted. ``key`` changes when there is something new to show."""
        self.ensure_one()
        tenant, subscription, order = self.sudo(), self._portal_subscription(), self._portal_order()
        shown = (tenant.state, subscription.id, subscription.status, subscription.entitlement, subscription.cancel_at,
                 subscription.plan_id.id, subscription.has_payment_method, subscription.has_pending_update,
                 order.id, order.state, subscription.user_quantity, subscription.domain_quantity)
        return {'key': '/'.join(str(part) for part in shown), 'waiting': bool(order),
                'living': bool(subscription) and subscription.status not in ENDED}

    def _trial_days_left(self):
        """Where it is paid for, the subscription knows the trial and the page of the money tells of it."""
        return None if self._portal_is_billed() else super()._trial_days_left()


class SaasBillingInvoice(models.Model):
    _inherit = 'saas.billing.invoice'

    @api.model
    def _portal_invoices(self, tenant=None):
        """Those of the person's company, newest first (sudo); without drafts, which nobody has to pay yet."""
        if not self.has_access('read'):
            return self.sudo()
        domain = [('partner_id', '=', self.env.user.partner_id.commercial_partner_id.id), ('status', '!=', 'draft')]
        return self.search(domain + ([('tenant_id', '=', tenant.id)] if tenant else []), limit=INVOICES).sudo()
