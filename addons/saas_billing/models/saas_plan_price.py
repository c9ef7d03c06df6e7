from odoo import fields, models

from odoo.addons.saas_master.series import Constraint, UniqueIndex

from ..const import INTERVALS


class SaasPlanPrice(models.Model):
    """What a plan costs per month or year in one currency. Its mirrors at Stripe are ``saas.stripe.price``."""

    _name = 'saas.plan.price'
    _description = 'Price of a Plan'
    _inherit = 'saas.audited'
    _order = 'plan_id, currency_id, interval, id'

    plan_id = fields.Many2one('saas.plan', required=True, index=True, ondelete='cascade')
    currency_id = fields.Many2one('res.currency', required=True, ondelete='restrict')
    interval = fields.Selection(INTERVALS, required=True, default='month')
    amount = fields.Monetary(required=True)
    user_amount = fields.Monetary('Per User', help='For each user beyond those the plan includes; 0: none are sold.')
    domain_amount = fields.Monetary('Per Extra Domain', help='For each domain beyond those the plan includes; 0: none are sold.')
    active = fields.Boolean(default=True)
    mirror_ids = fields.One2many('saas.stripe.price', 'price_id')

    _one_uniq = UniqueIndex('(plan_id, currency_id, interval) WHERE active', 'The plan has such a price already.')
    _amounts_positive = Constraint('CHECK (amount >= 0 AND user_amount >= 0 AND domain_amount >= 0)', 'Prices cannot be negative.')
