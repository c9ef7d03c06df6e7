from odoo import fields, models

from odoo.addons.saas_master.series import Constraint


class SaasBillingEvent(models.Model):
    """The inbox: each event of Stripe's once, whatever way and how often it came. Written by ``inbox.py`` and the backfill."""

    _name = 'saas.billing.event'
    _description = 'Billing Event'
    _order = 'id desc'
    _rec_name = 'stripe_id'
    _log_access = False

    account_id = fields.Many2one('saas.stripe.account', required=True, readonly=True, ondelete='cascade')
    stripe_id = fields.Char('Event ID', required=True, readonly=True)
    type = fields.Char(required=True, readonly=True, index=True)
    created_at = fields.Datetime('Happened at', required=True, readonly=True, index=True)
    received_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    source = fields.Selection([('webhook', 'Webhook'), ('backfill', 'Read from the list')], required=True, readonly=True)
    object_id = fields.Char('Object', readonly=True, index=True, help='What is read again: a subscription, invoice or payment page.')
    object_kind = fields.Selection([('subscription', 'Subscription'), ('invoice', 'Invoice'), ('checkout', 'Payment page')],
                                   readonly=True)
    body = fields.Text(readonly=True, help='Without card data; emptied after some months.')
    state = fields.Selection([('pending', 'To do'), ('done', 'Done'), ('ignored', 'Of no concern'), ('failed', 'Failed')],
                             required=True, readonly=True, default='pending')
    attempt = fields.Integer(readonly=True)
    due_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    processed_at = fields.Datetime(readonly=True)
    effect = fields.Text(readonly=True, help='What it changed.')
    error = fields.Text(readonly=True)
    subscription_id = fields.Many2one('saas.subscription', readonly=True, index=True, ondelete='set null')

    _stripe_uniq = Constraint('UNIQUE (account_id, stripe_id)', 'An event is stored once.')
