import secrets

from odoo import fields, models

from odoo.addons.saas_master.const import NO_ACCESS
from odoo.addons.saas_master.series import Constraint, UniqueIndex


class SaasCheckout(models.Model):
    """An order that waits for Stripe to say it is paid. Whatever the browser does, only Stripe's word opens the tenant."""

    _name = 'saas.checkout'
    _description = 'Checkout'
    _order = 'id desc'
    _rec_name = 'key'

    key = fields.Char(required=True, readonly=True, copy=False, default=lambda self: secrets.token_hex(16),
                      help='Stripe gets it as client_reference_id.')
    account_id = fields.Many2one('saas.stripe.account', required=True, readonly=True, ondelete='restrict')
    tenant_id = fields.Many2one('saas.tenant', readonly=True, index=True, ondelete='set null')
    partner_id = fields.Many2one('res.partner', 'Customer', required=True, readonly=True, index=True, ondelete='cascade')
    signup_id = fields.Many2one('saas.signup', readonly=True, index=True, ondelete='set null')
    price_id = fields.Many2one('saas.plan.price', required=True, readonly=True, ondelete='restrict')
    plan_id = fields.Many2one(related='price_id.plan_id', store=True)
    with_trial = fields.Boolean(readonly=True)
    state = fields.Selection([
        ('new', 'Not begun'), ('open', 'Payment page open'), ('processing', 'Payment under way'), ('complete', 'Complete'),
        ('expired', 'Expired'), ('abandoned', 'Abandoned')], required=True, readonly=True, default='new', index=True)
    attempt = fields.Integer(readonly=True, help='Payment pages made so far.')
    session = fields.Char('Checkout Session', readonly=True, copy=False, help='Stripe\'s id of the latest payment page.')
    url = fields.Char(readonly=True, groups=NO_ACCESS, copy=False)
    expires_at = fields.Datetime(readonly=True, copy=False)
    completed_at = fields.Datetime(readonly=True, copy=False)
    subscription_id = fields.Many2one('saas.subscription', readonly=True, ondelete='set null')

    _key_uniq = Constraint('UNIQUE (key)', 'Two checkouts cannot have the same key.')
    _session_uniq = UniqueIndex('(account_id, session) WHERE session IS NOT NULL', 'This payment page is known already.')
    _waiting_uniq = UniqueIndex("(tenant_id) WHERE state IN ('new', 'open', 'processing')",
                                'This tenant has an order that waits for its payment.')
