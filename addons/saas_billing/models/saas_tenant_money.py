"""What money means to a tenant: its plan follows what is paid, its deletion ends the subscription, and the end of the
subscription ends in its deletion."""
from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.drivers.errors import NotFound

from ..const import ENDED, OPEN

WAITING = ('new', 'open', 'processing')         # a checkout that may still be paid
ENDED_REASON = 'ended'


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    # -- its plan -------------------------------------------------------------------------------

    def _wanted_plan(self):
        """What is paid for. While a smaller plan waits for its day: what was paid until then."""
        subscription = self.sudo().subscription_id
        if not subscription.plan_id or subscription.status in (*ENDED, 'incomplete'):
            return super()._wanted_plan()
        terms = subscription._terms()
        plan = self.env['saas.plan.price'].sudo().browse(terms.price).plan_id or subscription.plan_id
        return plan, terms.users, terms.domains

    # -- deletion asked for, and withdrawn ------------------------------------------------------

    def _person_delete(self, typed_name):
        """Who leaves pays no further period: the subscription runs out while the deletion waits for its day."""
        result = super()._person_delete(typed_name)
        tenant = self.sudo()
        subscription = tenant.subscription_id
        if tenant.delete_on and tenant.state != 'deleting' and subscription and subscription.status not in ENDED \
                and not subscription.cancel_at:
            subscription._cancel('', 'Its deletion was asked for.')
            subscription.cancelled_with_tenant = True
        return result

    def _person_keep(self):
        """While its subscription has ended nothing is withdrawn: the deletion is what follows from that."""
        for tenant in self.sudo():
            if tenant.delete_on and ENDED_REASON in tenant.reason_ids.mapped('code'):
                raise UserError(_('The subscription of %s has ended. Choose a plan again, and it is kept.', tenant.name))
        result = super()._person_keep()
        for subscription in self.sudo().subscription_id.filtered('cancelled_with_tenant'):
            if subscription.status not in ENDED and subscription.cancel_at:
                subscription._keep()
        return result

    def _customer_acts(self):
        acts = super()._customer_acts()
        return {**acts, 'keep': acts['keep'] and ENDED_REASON not in self.sudo().reason_ids.mapped('code')}

    def _delete_in_turn(self):
        """A day that follows from the end of the subscription counts only while that is so; a payment under way goes first."""
        if 'processing' in self.checkout_ids.mapped('state'):
            return
        if self.delete_on and not self.delete_asked_by_id and self.subscription_id.entitlement in OPEN:
            self._forget_deletion()
            return
        super()._delete_in_turn()

    # -- the deletion itself --------------------------------------------------------------------

    @api.model
    def _operation_steps(self, kind):
        steps = super()._operation_steps(kind)
        return [('cancel_subscription', _('End the subscription')), *steps] if kind == 'delete' else steps

    def _step_cancel_subscription(self, step):
        """No money without service: before anything is taken down nothing is owed any more, and no open payment page can
        begin something new. Repeated, it finds all of it ended."""
        living = self.subscription_ids.filtered(lambda subscription: subscription.status not in ENDED)
        orders = self.checkout_ids.filtered(lambda checkout: checkout.state in WAITING and checkout.session)
        accounts = living.account_id | orders.account_id
        if not accounts:
            self._drop_orders()
            return None
        asked = [(account.id, account._api(), living.filtered(lambda s, a=account: s.account_id == a).mapped('stripe_id'),
                  orders.filtered(lambda o, a=account: o.account_id == a).mapped('session')) for account in accounts]

        def act():
            return {account: _end_all(driver, subscriptions, sessions)
                    for account, driver, subscriptions, sessions in asked}
        return act

    def _result_cancel_subscription(self, ended):
        for account_id, subscriptions in ended.items():
            account = self.env['saas.stripe.account'].browse(account_id)
            for subscription in subscriptions:
                self.env['saas.subscription']._reconcile(account, subscription)
        self._drop_orders()

    def _drop_orders(self):
        self.checkout_ids.filtered(lambda checkout: checkout.state in WAITING).write({'state': 'abandoned'})


def _end_all(driver, subscriptions, sessions):
    """End these at Stripe, and what came of the payment pages; what is unknown there takes no money."""
    ended = []
    for session in sessions:
        try:
            began = driver.expire_checkout(session).subscription
        except NotFound:
            continue
        subscriptions = [*subscriptions, *([began] if began else [])]
    for subscription in dict.fromkeys(subscriptions):
        try:
            ended.append(driver.cancel(subscription, at_period_end=False))
        except NotFound:
            continue
    return ended
