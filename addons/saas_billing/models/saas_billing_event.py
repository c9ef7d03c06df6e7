from odoo import _, fields, models
from odoo.exceptions import AccessError

from odoo.addons.saas_master.const import MANAGER
from odoo.addons.saas_master.series import Constraint

CRON = 'saas_billing.cron_events'


class SaasBillingEvent(models.Model):
    """The inbox: each event of Stripe's once, whatever way and how often it came. Written by ``inbox.py`` and the backfill."""

    _name = 'saas.billing.event'
    _description = 'Billing Event'
    _order = 'id desc'
    _rec_name = 'stripe_id'
    _log_access = False

    account_id = fields.Many2one('saas.stripe.account', required=True, readonly=True, ondelete='cascade')
    stripe_id = fields.Char('Event ID', required=True, readonly=True)
    type = fields.Char(required=True, readonly=True)
    created_at = fields.Datetime('Happened at', required=True, readonly=True)
    received_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    source = fields.Selection([('webhook', 'Webhook'), ('backfill', 'Read from the list')], required=True, readonly=True)
    object_id = fields.Char(readonly=True, index=True,
                            help='What is read again: a subscription, invoice or payment page.')
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

    def init(self):
        self.env.cr.execute("""
            CREATE INDEX IF NOT EXISTS saas_billing_event_pending ON saas_billing_event (account_id, object_kind, object_id)
                WHERE state = 'pending';
            CREATE INDEX IF NOT EXISTS saas_billing_event_bodies ON saas_billing_event (received_at) WHERE body IS NOT NULL""")
        return super().init()

    def action_replay(self):
        """Act on them again, as if they had just come: what they are about is read from Stripe once more."""
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(_('Only managers can have events worked off again.'))
        self.check_access('read')
        self.env['saas.audit']._note('replay_event', self)
        again = self.sudo().filtered('object_kind')
        again.write({'state': 'pending', 'attempt': 0, 'due_at': fields.Datetime.now(), 'error': False, 'processed_at': False})
        if again:
            self._wake()
        return True

    def _wake(self):
        """Have the cron look once this transaction is committed."""
        self.env.ref(CRON).sudo()._trigger()
