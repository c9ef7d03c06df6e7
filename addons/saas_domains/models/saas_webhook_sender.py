"""Sending: a batch is claimed, sent by threads while no transaction is open, and what came of it is written.

A claim only puts the next attempt off by a lease. Who is killed meanwhile loses nothing: when the lease is over it is
sent again, under the same number. Several crons and several servers share the work (SKIP LOCKED). To one endpoint a
claim is sent one after the other, oldest first.
"""
import logging
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.saas_master.drivers.errors import DriverError

from ..edge import webhook

_logger = logging.getLogger(__name__)

THREADS = 16
ENDPOINTS, EACH = 32, 10    # of one batch: endpoints, deliveries to each
TURN_SECONDS = 20           # batches are begun for so long
ENDPOINT_SECONDS = 20       # deliveries to one endpoint are begun for so long
LEASE_SECONDS = 180         # longer than both of them and two time limits of webhook.send
NOW = "(clock_timestamp() AT TIME ZONE 'UTC')"

# Endpoints by chance, so that those with a long queue do not always come first.
CLAIM = f"""
    UPDATE saas_webhook_delivery SET attempts = attempts + 1, tried_at = {NOW}, next_at = {NOW} + %(lease)s * interval '1 second'
     WHERE id IN (
        SELECT due.id
          FROM (SELECT hook.id FROM saas_webhook hook
                 WHERE hook.active AND hook.state = 'live' AND EXISTS (
                    SELECT FROM saas_webhook_delivery WHERE webhook_id = hook.id AND state = 'pending' AND next_at <= {NOW})
                 ORDER BY random() LIMIT %(endpoints)s) hook
         CROSS JOIN LATERAL (
            SELECT id FROM saas_webhook_delivery
             WHERE webhook_id = hook.id AND state = 'pending' AND next_at <= {NOW}
             ORDER BY id LIMIT %(each)s FOR UPDATE SKIP LOCKED) due)
    RETURNING id"""
GIVE_UP = f"""
    UPDATE saas_webhook_delivery SET state = 'failed' WHERE id IN (
        SELECT one.id FROM saas_webhook_delivery one JOIN saas_webhook hook ON hook.id = one.webhook_id
         WHERE one.state = 'pending' AND one.give_up_at < {NOW} AND NOT (hook.active AND hook.state = 'live')
         LIMIT 10000 FOR UPDATE OF one SKIP LOCKED)"""


@dataclass
class Job:
    """Plain values for a thread: what goes to one endpoint, and what came of it by number of the delivery."""

    url: str
    keys: tuple
    messages: list = field(default_factory=list)        # (id of the record, attempt, Message)
    outcomes: dict = field(default_factory=dict)        # id -> (attempt, Answer or DriverError)

    def run(self, rules, limits):
        """An endpoint that does not answer at all is asked once; the rest of its messages waits with the first."""
        ends = time.monotonic() + ENDPOINT_SECONDS
        for record_id, attempt, message in self.messages:
            if time.monotonic() > ends:
                return
            try:
                self.outcomes[record_id] = attempt, webhook.send(self.url, message, self.keys, rules, limits)
            except DriverError as error:
                self.outcomes[record_id] = attempt, error
                return


class SaasWebhookDelivery(models.Model):
    _inherit = 'saas.webhook.delivery'

    @api.model
    def _cron_send(self):
        transaction, ends = self.env['saas.operation']._transaction, time.monotonic() + TURN_SECONDS
        transaction(self._give_up_waiting)
        while jobs := transaction(self._claim):
            rules, limits = self.env['saas.webhook']._rules(), self._limits()
            transaction(lambda: None)       # none is open while something is sent
            with ThreadPoolExecutor(min(THREADS, len(jobs))) as pool:
                list(pool.map(lambda job, r=rules, lim=limits: job.run(r, lim), jobs))
            transaction(lambda done=jobs: self._settle(done))
            if time.monotonic() > ends:
                transaction(self._wake)
                break

    @api.model
    def _limits(self):
        return webhook.Limits()

    @api.model
    def _give_up_waiting(self):
        """What waits for an endpoint that is paused. For a live one everything is tried, however late."""
        self.env.flush_all()
        self.env.cr.execute(GIVE_UP, log_exceptions=False)
        self.invalidate_model()

    @api.model
    def _claim(self):
        """Jobs for the due deliveries of some endpoints; theirs alone until the lease is over."""
        self.env.flush_all()
        self.env.cr.execute(CLAIM, {'lease': LEASE_SECONDS, 'endpoints': ENDPOINTS, 'each': EACH}, log_exceptions=False)
        deliveries = self.browse(sorted(row[0] for row in self.env.cr.fetchall()))
        self.invalidate_model()
        by_hook = defaultdict(self.browse)
        for delivery in deliveries:
            by_hook[delivery.webhook_id] |= delivery
        return list(filter(None, (self._job(hook, found) for hook, found in by_hook.items())))

    def _job(self, hook, deliveries):
        """None where the secret cannot be opened, which is noted: the others are due as well."""
        try:
            keys = hook._keys()
        except DriverError:
            _logger.error('The secret of the webhook #%s cannot be opened; nothing is sent to it.', hook.id)
            keys = ()
        if not keys:
            deliveries.write({'problem': 'secret', 'status': 0})
            return None
        return Job(hook.url, keys, [
            (one.id, one.attempts, webhook.Message(one.number, one.event, one.payload.encode())) for one in deliveries])

    # -- what came of it --------------------------------------------------------------------------

    @api.model
    def _settle(self, jobs):
        for job in jobs:
            deliveries = self.browse([record_id for record_id, _attempt, _message in job.messages]).exists()
            if deliveries:
                deliveries._settle_job(job)

    def _settle_job(self, job):
        """All of one endpoint: outcomes, those that were not sent, and how the endpoint is doing."""
        hook, wait = self.webhook_id, fields.Datetime.now()
        good = given_up = 0
        for delivery in self.filtered(lambda one: one.id in job.outcomes):
            delivery._note_outcome(*job.outcomes[delivery.id])
            good += delivery.state == 'delivered'
            given_up += delivery.state == 'failed'
            if isinstance(job.outcomes[delivery.id][1], DriverError):
                wait = delivery.next_at
        for delivery in self.filtered(lambda one: one.id not in job.outcomes and one.state == 'pending'):
            delivery.write({'next_at': wait, 'attempts': max(delivery.attempts - 1, 0)})
        if job.outcomes:
            hook._note_health(bool(good), given_up)

    def _note_outcome(self, attempt, outcome):
        """A success counts whatever happened meanwhile; a failure only while the claim was ours."""
        taken = isinstance(outcome, webhook.Answer) and outcome.is_taken
        if not taken and (self.state != 'pending' or self.attempts != attempt):
            return
        now = fields.Datetime.now()
        if isinstance(outcome, webhook.Answer):
            values = {'status': outcome.status, 'words': outcome.words, 'problem': False,
                      'milliseconds': round(outcome.seconds * 1000)}
        else:
            values = {'status': 0, 'words': False, 'problem': outcome.problem or 'broken', 'milliseconds': 0}
        if taken:
            values.update(state='delivered', delivered_at=now)
        else:
            values['next_at'] = now + timedelta(seconds=webhook.pause(attempt, getattr(outcome, 'after', None)))
            if values['next_at'] > self.give_up_at:
                values['state'] = 'failed'
        self.write({**values, 'tried_at': now})
