"""Billing as the interface shows it."""
from odoo.addons.saas_master.controllers.api.errors import ApiError
from odoo.addons.saas_master.controllers.api.reading import invalid
from odoo.addons.saas_master.controllers.api.tenants_reading import find_tenant
from odoo.addons.saas_master.controllers.api.texts import _lt

UNKNOWN_OFFER = _lt('This plan is not sold so. Choose one of /api/plans, another interval or another currency.')
SEVERAL = _lt('There are several tenants. Say which one you mean.')
SAME = ('status', 'entitlement', 'amount', 'started_at', 'period_end', 'trial_end', 'cancel_at', 'ended_at')


def find_billed(call, name):
    """The tenant of this name if the caller may see it, or the only one of his that there is something to say of; else 404."""
    if name is not None:
        return find_tenant(call, name)
    tenants = call.env['saas.tenant'].search([('state', '!=', 'deleted'), ('subscription_id', '!=', False)], limit=2)
    if len(tenants) > 1:
        raise ApiError('ambiguous', call.text(SEVERAL))
    if not tenants:
        raise ApiError('not_found')
    return tenants


def find_offer(call):
    """The price on offer that was asked for, or 422."""
    body = call.body
    plan = call.env['saas.plan'].sudo().search([('code', '=', body.plan), ('is_published', '=', True)], limit=1)
    offer = plan and plan._offer(body.interval, body.currency or '')
    if not offer:
        raise invalid([('plan', 'not_offered', call.text(UNKNOWN_OFFER))])
    return offer


def show_billing(tenant):
    """Values of ``schemas_billing.Billing`` for a tenant the caller may see."""
    subscription, order = tenant._portal_subscription(), tenant._portal_order()
    return {'tenant': tenant.name, 'subscription': _subscription(subscription) if subscription else None,
            'order': show_order(order) if order else None}


def _subscription(subscription):
    following = subscription._portal_next_values()
    next_plan = subscription.next_stripe_price_id.plan_id.code if subscription.next_from else False
    return {
        **{name: subscription[name] for name in SAME},
        'plan': subscription.plan_id.code, 'interval': subscription.interval or None,
        'currency': subscription.currency_id.name, 'extra_users': subscription.user_quantity,
        'extra_domains': subscription.domain_quantity, 'next_plan': next_plan,
        'next_payment': {'amount': following[0], 'at': following[1]} if following else None,
        'has_card': subscription.has_payment_method, 'waits_for_payment': subscription.has_pending_update}


def show_order(order):
    """Values of ``schemas_billing.BillingOrder``."""
    price = order.price_id
    return {'plan': price.plan_id.code, 'interval': price.interval, 'currency': price.currency_id.name, 'amount': price.amount,
            'with_trial': order.with_trial, 'state': order.state, 'expires_at': order.expires_at}
