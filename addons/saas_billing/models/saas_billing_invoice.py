from odoo import fields, models

from odoo.addons.saas_master.const import STAFF
from odoo.addons.saas_master.series import Constraint


class SaasBillingInvoice(models.Model):
    """An invoice of Stripe's, mirrored for customers, for figures and, where Accounting is installed, for the books."""

    _name = 'saas.billing.invoice'
    _description = 'Invoice at Stripe'
    _order = 'created_at desc, id desc'
    _rec_name = 'number'

    account_id = fields.Many2one('saas.stripe.account', required=True, readonly=True, index=True, ondelete='restrict')
    stripe_id = fields.Char('Stripe ID', required=True, readonly=True)
    number = fields.Char(readonly=True)
    customer = fields.Char('Stripe Customer', readonly=True)
    stripe_subscription = fields.Char('Subscription at Stripe', readonly=True, index=True)
    subscription_id = fields.Many2one('saas.subscription', readonly=True, index=True, ondelete='restrict')
    tenant_id = fields.Many2one(related='subscription_id.tenant_id', store=True, index=True)
    partner_id = fields.Many2one('res.partner', 'Customer', readonly=True, index=True, ondelete='restrict')
    plan_id = fields.Many2one('saas.plan', readonly=True, index=True, ondelete='set null')
    status = fields.Selection([
        ('draft', 'Draft'), ('open', 'Open'), ('paid', 'Paid'), ('uncollectible', 'Uncollectible'), ('void', 'Void')],
        required=True, readonly=True, index=True)
    billing_reason = fields.Char(readonly=True)
    currency_id = fields.Many2one('res.currency', required=True, readonly=True)
    subtotal = fields.Monetary(readonly=True)
    tax = fields.Monetary(readonly=True)
    total = fields.Monetary(readonly=True)
    amount_paid = fields.Monetary('Paid', readonly=True)
    amount_remaining = fields.Monetary('Open', readonly=True)
    company_currency_id = fields.Many2one('res.currency', readonly=True, default=lambda self: self.env.company.currency_id)
    revenue = fields.Monetary(currency_field='company_currency_id', readonly=True,
                              help='What was paid without tax, in the company\'s currency at the rate of that day.')
    created_at = fields.Datetime('Date', readonly=True, index=True)
    due_at = fields.Datetime(readonly=True)
    paid_at = fields.Datetime(readonly=True, index=True)
    period_start = fields.Datetime(readonly=True)
    period_end = fields.Datetime(readonly=True)
    attempt_count = fields.Integer('Attempts', readonly=True)
    next_attempt = fields.Datetime(readonly=True)
    hosted_url = fields.Char('Page at Stripe', readonly=True)
    pdf_url = fields.Char('PDF', readonly=True)
    lines = fields.Json(readonly=True)
    move = fields.Integer('Journal Entry', readonly=True, copy=False, help='The account.move, where Accounting is installed.')
    move_problem = fields.Char('Why it is not in the Books', readonly=True, copy=False, groups=STAFF)

    _stripe_uniq = Constraint('UNIQUE (account_id, stripe_id)', 'This invoice is mirrored already.')
