from odoo import fields, models

from odoo.addons.saas_master.series import Constraint, UniqueIndex

from ..const import INTERVALS, KINDS

TAXES = [('unspecified', 'As Stripe is set'), ('inclusive', 'Included'), ('exclusive', 'Added')]


class SaasStripeProduct(models.Model):
    """What prices are of at Stripe: one product for each plan and kind, whose name stands on invoices."""

    _name = 'saas.stripe.product'
    _description = 'Product at Stripe'
    _order = 'id'
    _rec_name = 'stripe_id'

    account_id = fields.Many2one('saas.stripe.account', required=True, readonly=True, index=True, ondelete='cascade')
    plan_id = fields.Many2one('saas.plan', required=True, readonly=True, index=True, ondelete='cascade')
    kind = fields.Selection(KINDS, required=True, readonly=True, default='plan')
    stripe_id = fields.Char('Stripe ID', required=True, readonly=True)
    name = fields.Char(required=True, readonly=True, help='As it was told to Stripe.')

    _one_uniq = Constraint('UNIQUE (account_id, plan_id, kind)', 'This product is mirrored already.')


class SaasStripePrice(models.Model):
    """One price object at Stripe. Its amount never changes: another amount is another record, and subscriptions that run
    keep theirs. ``stripe_id`` is empty until the price has been made there."""

    _name = 'saas.stripe.price'
    _description = 'Price at Stripe'
    _order = 'id desc'
    _rec_name = 'stripe_id'

    account_id = fields.Many2one('saas.stripe.account', required=True, readonly=True, index=True, ondelete='cascade')
    price_id = fields.Many2one('saas.plan.price', required=True, readonly=True, index=True, ondelete='restrict')
    plan_id = fields.Many2one(related='price_id.plan_id', store=True, index=True)
    kind = fields.Selection(KINDS, required=True, readonly=True, default='plan')
    unit_amount = fields.Integer(required=True, readonly=True, help='In the smallest unit of the currency.')
    currency_id = fields.Many2one('res.currency', required=True, readonly=True)
    interval = fields.Selection(INTERVALS, required=True, readonly=True)
    tax_behavior = fields.Selection(TAXES, 'Tax', required=True, readonly=True, default='unspecified')
    product = fields.Char(readonly=True, help='Stripe\'s id.')
    stripe_id = fields.Char('Stripe ID', readonly=True, index=True)
    active = fields.Boolean(default=True, readonly=True, help='Sold; others only serve subscriptions that have them.')
    archived_at_stripe = fields.Boolean(readonly=True)
    error = fields.Text(readonly=True, copy=False, help='Why it is not at Stripe as it should be.')

    _stripe_uniq = UniqueIndex('(account_id, stripe_id) WHERE stripe_id IS NOT NULL', 'This price is mirrored already.')
    _sold_uniq = UniqueIndex('(account_id, price_id, kind) WHERE active', 'This price is sold already.')
