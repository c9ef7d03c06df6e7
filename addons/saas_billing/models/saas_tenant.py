from odoo import fields, models


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    subscription_ids = fields.One2many('saas.subscription', 'tenant_id', 'All Subscriptions')
    subscription_id = fields.Many2one('saas.subscription', readonly=True, copy=False, ondelete='set null',
                                      help='The living one, or the latest.')
    entitlement = fields.Selection(related='subscription_id.entitlement')
    checkout_ids = fields.One2many('saas.checkout', 'tenant_id')
