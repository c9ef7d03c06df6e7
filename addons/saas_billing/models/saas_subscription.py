from odoo import api, fields, models

from odoo.addons.saas_master.series import Constraint, UniqueIndex

from ..const import ENDED, ENTITLEMENTS, INTERVALS, LIVING, STATUSES

RANKS = {**dict.fromkeys(LIVING, 2), 'canceled': 1}      # which of several is a tenant's


class SaasSubscription(models.Model):
    """A subscription at Stripe, as it was when it was last read, and what follows from it for its tenant.

    What is Stripe's is written by ``_reconcile`` alone, what is staff's (extend, comp, pause) by their acts alone.
    """

    _name = 'saas.subscription'
    _description = 'Subscription'
    _inherit = ['mail.thread', 'mail.activity.mixin', 'saas.audited']
    _order = 'id desc'
    _rec_name = 'stripe_id'

    account_id = fields.Many2one('saas.stripe.account', required=True, readonly=True, index=True, ondelete='restrict')
    stripe_id = fields.Char('Stripe ID', required=True, readonly=True, copy=False)
    tenant_id = fields.Many2one('saas.tenant', readonly=True, index=True, ondelete='restrict')
    partner_id = fields.Many2one('res.partner', 'Customer', readonly=True, index=True, ondelete='restrict')
    customer = fields.Char('Stripe Customer', readonly=True, index=True)
    status = fields.Selection(STATUSES, required=True, readonly=True, index=True, tracking=True)
    stripe_price_id = fields.Many2one('saas.stripe.price', 'Price', readonly=True, index=True, ondelete='restrict')
    plan_id = fields.Many2one('saas.plan', readonly=True, index=True, ondelete='restrict', help='What is paid for at Stripe.')
    interval = fields.Selection(INTERVALS, readonly=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    amount = fields.Monetary('Per Period', readonly=True, help='All items together, before discounts and tax.')
    user_quantity = fields.Integer('Extra Users', readonly=True)
    domain_quantity = fields.Integer('Extra Domains', readonly=True)
    mrr = fields.Monetary('MRR', currency_field='company_currency_id', readonly=True, index=True,
                          help='Per month, in the company\'s currency at the rate of the day it changed; 0 unless paid for.')
    company_currency_id = fields.Many2one('res.currency', readonly=True, default=lambda self: self.env.company.currency_id)
    started_at = fields.Datetime(readonly=True)
    period_start = fields.Datetime(readonly=True)
    period_end = fields.Datetime('Period ends', readonly=True, index=True)
    trial_end = fields.Datetime('Trial ends', readonly=True, index=True)
    converted_at = fields.Datetime('Paid first', readonly=True, help='When it became active.')
    cancel_at = fields.Datetime('Ends on', readonly=True, index=True)
    canceled_at = fields.Datetime('Cancelled at', readonly=True)
    ended_at = fields.Datetime('Ended at', readonly=True, index=True)
    cancel_reason = fields.Char(readonly=True)
    cancel_feedback = fields.Char(readonly=True)
    past_due_since = fields.Datetime('Overdue since', readonly=True, index=True)
    has_payment_method = fields.Boolean('Card on File', readonly=True)
    has_pending_update = fields.Boolean('Change awaits Payment', readonly=True)
    collection_paused = fields.Boolean('Collection paused', readonly=True)
    latest_invoice_id = fields.Many2one('saas.billing.invoice', readonly=True, ondelete='set null')
    invoice_ids = fields.One2many('saas.billing.invoice', 'subscription_id')
    event_ids = fields.One2many('saas.billing.event', 'subscription_id')
    synced_at = fields.Datetime('Read at', readonly=True)

    entitlement = fields.Selection(ENTITLEMENTS, required=True, readonly=True, default='none', index=True, tracking=True)
    entitled_until = fields.Datetime(readonly=True, index=True, help='When time alone changes it; empty: never.')
    entitled_why = fields.Char(readonly=True)
    notices = fields.Json(readonly=True, copy=False, help='Which notices were sent, by occasion.')

    next_stripe_price_id = fields.Many2one('saas.stripe.price', 'Next Price', readonly=True, copy=False, ondelete='set null',
                                           help='A smaller plan that was chosen for the end of the period.')
    next_from = fields.Datetime('Next Price from', readonly=True, copy=False, index=True)

    extended_until = fields.Datetime('Extended until', readonly=True, copy=False, help='Staff: open until then, paid or not.')
    comp_until = fields.Datetime('Free until', readonly=True, copy=False, help='Staff: nothing is collected until then.')
    is_paused = fields.Boolean('Paused by Staff', readonly=True, copy=False, help='Closed, and nothing is collected.')

    _stripe_uniq = Constraint('UNIQUE (account_id, stripe_id)', 'This subscription is mirrored already.')
    _tenant_living_uniq = UniqueIndex("(tenant_id) WHERE status NOT IN ('canceled', 'incomplete_expired')",
                                      'This tenant has a subscription already.')

    # -- which one ------------------------------------------------------------------------------

    @api.model
    def _find(self, account, stripe_id):
        return self.sudo().search([('account_id', '=', account.id), ('stripe_id', '=', stripe_id)])

    def _is_ended(self):
        self.ensure_one()
        return self.status in ENDED

    def _is_the_tenants(self):
        """Whether the tenant follows this one; others of it are history."""
        return bool(self.tenant_id) and self.tenant_id.sudo().subscription_id == self

    def _choose(self):
        """Have the tenant follow its living subscription, or else the latest."""
        for tenant in self.tenant_id.sudo():
            every = self.sudo().search([('tenant_id', '=', tenant.id)])
            chosen = max(every, key=lambda one: (RANKS.get(one.status, 0), one.id))
            if tenant.subscription_id != chosen:
                tenant.subscription_id = chosen
