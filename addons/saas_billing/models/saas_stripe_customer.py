from odoo import fields, models

from odoo.addons.saas_master.series import Constraint


class SaasStripeCustomer(models.Model):
    """Who of Stripe's customers is which of ours: one for each account and commercial partner."""

    _name = 'saas.stripe.customer'
    _description = 'Customer at Stripe'
    _rec_name = 'stripe_id'

    account_id = fields.Many2one('saas.stripe.account', required=True, readonly=True, ondelete='cascade')
    partner_id = fields.Many2one('res.partner', 'Customer', required=True, readonly=True, index=True, ondelete='cascade')
    stripe_id = fields.Char('Stripe ID', required=True, readonly=True)

    _partner_uniq = Constraint('UNIQUE (account_id, partner_id)', 'This customer is known at Stripe already.')
    _stripe_uniq = Constraint('UNIQUE (account_id, stripe_id)', 'Another customer has this ID already.')
