"""What no delivery brought is read from Stripe's list of events, and old bodies are forgotten."""
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.drivers.errors import DriverError

from .. import inbox
from ..const import ENDED, EVENT_TYPES

_logger = logging.getLogger(__name__)

OVERLAP = timedelta(hours=1)        # what happened shortly before the last reading may have been listed late
LISTED = timedelta(days=30)         # Stripe keeps events so long
BATCH = 100
PRUNED = 1000
PRUNE = """
    UPDATE saas_billing_event SET body = NULL WHERE id IN (
        SELECT id FROM saas_billing_event WHERE body IS NOT NULL AND received_at < %s AND state != 'pending'
         ORDER BY received_at LIMIT %s)"""
SEEN = """
    UPDATE saas_stripe_account account SET last_event_at = latest.at
      FROM (SELECT account_id, max(received_at) AS at FROM saas_billing_event
             WHERE source = 'webhook' AND received_at > now() AT TIME ZONE 'UTC' - interval '1 hour' GROUP BY account_id) latest
     WHERE latest.account_id = account.id AND account.last_event_at IS DISTINCT FROM latest.at"""


class SaasBillingEvent(models.Model):
    _inherit = 'saas.billing.event'

    @api.model
    def _cron_backfill(self):
        """Each account by itself: one that does not answer keeps no other waiting, and the next run goes on from there."""
        self._transaction(self._note_deliveries)
        for account in self.env['saas.stripe.account']._usable():
            try:
                account._backfill()
            except (DriverError, UserError) as error:
                _logger.warning('Events of the Stripe account #%s cannot be listed: %s', account.id, error)
                self._roll_back()
        self._transaction(self._wake)

    @api.model
    def _note_deliveries(self):
        self.env.flush_all()
        self.env.cr.execute(SEEN, log_exceptions=False)
        self.env['saas.stripe.account'].invalidate_model(['last_event_at'])

    @api.model
    def _cron_prune(self):
        """Bodies only: what an event was about and what it changed is kept."""
        before = fields.Datetime.now() - timedelta(days=self.env['saas.billing.settings'].sudo()._number('event_days'))
        self.env.flush_all()
        while self._transaction(lambda: self._prune_some(before)) == PRUNED:
            pass
        self.invalidate_model(['body'])

    def _prune_some(self, before):
        self.env.cr.execute(PRUNE, [before, PRUNED], log_exceptions=False)
        return self.env.cr.rowcount


class SaasStripeAccount(models.Model):
    _inherit = 'saas.stripe.account'

    def _backfill(self):
        """Store what the list has and we have not, oldest first, so that an interruption leaves no gap."""
        self.ensure_one()
        events = self.env['saas.billing.event'].sudo()
        client = events._transaction(self._api)
        now, since = fields.Datetime.now(), self.events_read_to or self.create_date
        if since < now - LISTED + OVERLAP:
            events._transaction(self._forget_readings)
        events._transaction(lambda: None)       # none is open while Stripe answers
        listed = client.list_events(max(since, now - LISTED) - OVERLAP, types=EVENT_TYPES)
        batch = []
        for event in listed:
            batch.append(event)
            if len(batch) >= BATCH:
                events._transaction(lambda b=batch: self._store_listed(b, now))
                batch = []
        events._transaction(lambda: self._store_listed(batch, now, is_last=True))

    def _store_listed(self, batch, now, is_last=False):
        """``events_read_to`` moves with what is stored, and to the present when nothing is left."""
        self.env.flush_all()
        sender = inbox.Sender(self.id, self.mode, self.webhook_secrets_sealed or None)
        for event in batch:
            if event.livemode == (self.mode == 'live'):
                inbox.store(self.env.cr, sender, event, event.raw, 'backfill')
        reached = now if is_last else min(batch[-1].created, now)
        if not self.events_read_to or self.events_read_to < reached:
            self.events_read_to = reached

    def _forget_readings(self):
        """The list does not reach back so far: every subscription is read again by the hourly cron."""
        self.env['saas.subscription'].sudo().search(
            [('account_id', '=', self.id), ('status', 'not in', ENDED)]).write({'synced_at': False})
