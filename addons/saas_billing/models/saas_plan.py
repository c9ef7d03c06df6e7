from odoo import fields, models

from ..const import PAYMENTS


class SaasPlan(models.Model):
    _inherit = 'saas.plan'

    payment = fields.Selection(PAYMENTS, required=True, default='none')
    price_ids = fields.One2many('saas.plan.price', 'plan_id', 'Prices')
    allow_promotion_codes = fields.Boolean('Promotion Codes')
