from odoo import fields, models

from odoo.addons.saas_master.const import NO_ACCESS
from odoo.addons.saas_master.series import UniqueIndex

API_BASE = 'https://api.stripe.com'


class SaasStripeAccount(models.Model):
    """Access to one Stripe account in one mode. What it made is of no use to another, so every mirrored record names its
    account; the current one serves what is new."""

    _name = 'saas.stripe.account'
    _description = 'Stripe Account'
    _inherit = ['mail.thread', 'mail.activity.mixin', 'saas.audited']
    _order = 'is_current desc, id'

    _secret_fields = ('api_key', 'webhook_secret')

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    mode = fields.Selection([('sandbox', 'Sandbox'), ('test', 'Test mode'), ('live', 'Live')], required=True, default='test')
    is_current = fields.Boolean('Current', readonly=True, copy=False, help='New orders are paid here.')
    api_base = fields.Char('Stripe API', required=True, default=API_BASE)
    api_key = fields.Char('Secret Key', compute='_compute_secret', inverse='_inverse_api_key')
    api_key_sealed = fields.Char(groups=NO_ACCESS, copy=False)
    has_key = fields.Boolean(compute='_compute_has_secrets', compute_sudo=True)
    webhook_secret = fields.Char('Signing Secret', compute='_compute_secret', inverse='_inverse_webhook_secret',
                                 help='Entering another one adds it: the former ones go on being accepted until they are removed.')
    webhook_secrets_sealed = fields.Json(groups=NO_ACCESS, copy=False, help='Newest first.')
    webhook_secret_count = fields.Integer('Signing Secrets', compute='_compute_has_secrets', compute_sudo=True)
    webhook_endpoint = fields.Char('Webhook Endpoint', readonly=True, copy=False, help='Stripe\'s id of it.')
    account_id = fields.Char('Account ID', readonly=True, copy=False)
    portal_configuration = fields.Char(readonly=True, copy=False, help='Stripe\'s id of the customer portal\'s configuration.')
    automatic_tax = fields.Boolean('Stripe Tax', help='Stripe computes the tax of every invoice. Set it up at Stripe first.')
    events_read_to = fields.Datetime('Events read up to', readonly=True, copy=False)
    last_event_at = fields.Datetime('Last Delivery', readonly=True, copy=False)
    health = fields.Selection([('unknown', 'Unknown'), ('ok', 'Healthy'), ('bad', 'Needs attention')],
                              default='unknown', required=True, readonly=True, copy=False)
    health_note = fields.Text('What is Wrong', readonly=True, copy=False)
    health_checked_at = fields.Datetime('Checked at', readonly=True, copy=False)

    _current_uniq = UniqueIndex('(is_current) WHERE is_current', 'One account is the current one.')
