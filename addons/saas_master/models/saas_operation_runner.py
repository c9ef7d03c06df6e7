"""The worker side of the ledger: claim, run step by step, commit, keep the lease.

Every commit of the ledger happens in ``_transaction``. While a step talks to the outside no transaction is open.
A claim carries a fencing token: a worker that lost its lease finds its token outdated and writes nothing more.
"""
import contextlib
import logging
import os
import random
import socket
import threading
import time

import psycopg2.errors

from odoo import _, api, models
from odoo.exceptions import UserError

from ..const import LEASE_SECONDS, LINGER_STEP, WORKER_SECONDS
from ..drivers import retry
from ..drivers.errors import DriverError
from ..drivers.waiting import NotYet
from ..series import commit, in_test

_logger = logging.getLogger(__name__)

CONFLICTS = (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected, psycopg2.errors.LockNotAvailable)
NOW = "(clock_timestamp() AT TIME ZONE 'UTC')"
TIMEKEEPER = 0x5AA5_0001            # advisory lock of the worker that waits for operations due soon
IDLE_WAIT = 30                      # seconds a waiting operation may be away for a worker to wait for it

HOLD = f'SELECT claim, {NOW} FROM saas_operation WHERE id = %s FOR NO KEY UPDATE'
BUSY_WORKERS = f"SELECT worker FROM saas_operation WHERE state = 'running' AND lease_until > {NOW}"
NOT_NOW = 'EXISTS (SELECT FROM saas_node n WHERE n.id = o.node_id AND n.in_maintenance)'
SECONDS_TO_NEXT = f"""
    SELECT extract(epoch FROM min(CASE state WHEN 'waiting' THEN not_before ELSE lease_until END) - {NOW})
      FROM saas_operation o WHERE state IN ('waiting', 'running') AND NOT {NOT_NOW}"""
ANY_DUE = f"SELECT 1 FROM saas_operation o WHERE state = 'waiting' AND not_before <= {NOW} AND NOT {NOT_NOW} LIMIT 1"
CLAIM = f"""
    WITH due AS (
        SELECT o.id, o.node_id FROM saas_operation o LEFT JOIN saas_node n ON n.id = o.node_id
         WHERE ((o.state = 'waiting' AND (o.not_before <= {NOW} OR o.cancel_requested))
            OR (o.state = 'running' AND o.lease_until < {NOW}))
           AND (n.breaker_until IS NULL OR n.breaker_until <= {NOW}) AND n.in_maintenance IS NOT TRUE
         ORDER BY o.priority, o.not_before, o.id LIMIT 1 FOR UPDATE OF o SKIP LOCKED
    ), door AS (
        UPDATE saas_node n SET breaker_until = {NOW} + %(lease)s * interval '1 second'
          FROM due WHERE n.id = due.node_id AND n.breaker_until IS NOT NULL
    )
    UPDATE saas_operation o
       SET state = 'running', worker = %(worker)s, claim = o.claim + 1,
           started_at = COALESCE(o.started_at, {NOW}),
           lease_until = {NOW} + %(lease)s * interval '1 second'
      FROM due WHERE o.id = due.id RETURNING o.id"""
WAIT = f"""
    UPDATE saas_operation SET state = 'waiting', lease_until = NULL,
           not_before = {NOW} + %s * interval '1 second' WHERE id = %s"""
PROLONG = f"""
    UPDATE saas_operation SET lease_until = {NOW} + %s * interval '1 second'
     WHERE id = %s AND claim = %s AND state = 'running'"""


class LostClaim(Exception):
    """Another worker has taken the operation over: nothing more may be written about it here."""


class SaasOperation(models.Model):
    _inherit = 'saas.operation'

    # -- waking ---------------------------------------------------------------------------------

    @api.model
    def _worker_crons(self):
        return self.env['ir.cron'].sudo().search([('code', '=like', 'model._work(%')], order='id')

    def _wake(self):
        """Have a worker look at the queue once this transaction is committed: one that is free, else all.

        A worker that claims something while more is waiting wakes the next one, so one wake is enough.
        """
        crons = self._worker_crons()
        self.env.cr.execute(BUSY_WORKERS)
        busy = {row[0].rpartition(':')[2] for row in self.env.cr.fetchall() if row[0]}
        free = crons.filtered(lambda cron: cron.code.strip(')').rpartition('(')[2] not in busy)
        for cron in random.choice(free) if free else crons:
            cron._trigger()

    # -- the loop -------------------------------------------------------------------------------

    @api.model
    def _work(self, slot=0):
        """One turn of a worker (called by its cron): claim and run until nothing is due for a while."""
        worker = f'{socket.gethostname()}:{os.getpid()}:{slot}'
        deadline = time.monotonic() + WORKER_SECONDS
        while time.monotonic() < deadline:
            operation = self._claim_next(worker)
            if operation:
                operation._run_claimed()
            elif not self._wait_for_due():
                return
        self._transaction(self._wake)

    def _wait_for_due(self):
        """Wait a moment for the next due operation; False when none is near or another worker waits already.

        Odoo looks at planned triggers once a minute only: too coarse for a step that asks to look again in 1 s.
        The lock goes with the transaction, so a dead timekeeper is replaced at once.
        """
        self.env.cr.execute(SECONDS_TO_NEXT)
        seconds = self.env.cr.fetchone()[0]
        if seconds is None or seconds > IDLE_WAIT or in_test():
            return False
        self.env.cr.execute('SELECT pg_try_advisory_xact_lock(%s)', [TIMEKEEPER])
        if not self.env.cr.fetchone()[0]:
            return False
        time.sleep(min(max(float(seconds), 0.01), LINGER_STEP))
        self._transaction(lambda: None)
        return True

    @api.model
    def _claim_next(self, worker):
        """Take the next due operation, or one whose worker has gone silent; an empty recordset if there is none.

        A node in maintenance is passed over, and one whose breaker is open. When its time is up one operation goes first
        (half-open): claiming it closes the door behind it for the length of a lease.
        """
        lease = self._lease_seconds()

        def claim():
            claimed = self.browse(self._fetch_ids(CLAIM, {'worker': worker, 'lease': lease}))
            if claimed and not in_test():
                claimed._wake_next()
            return claimed
        return self._transaction(claim)

    def _fetch_ids(self, query, params):
        self.env.cr.execute(query, params, log_exceptions=False)     # conflicts are repeated
        ids = [row[0] for row in self.env.cr.fetchall()]
        self.browse(ids).invalidate_recordset()
        return ids

    def _wake_next(self):
        self.env.cr.execute(ANY_DUE)
        if self.env.cr.fetchone():
            self._wake()

    # -- one operation --------------------------------------------------------------------------

    def _run_claimed(self):
        """Run the claimed operation until it ends, has to wait, or is lost to another worker."""
        self.ensure_one()
        claim = self.claim
        with contextlib.suppress(LostClaim), self._heartbeat(claim):
            step, ask = self._held(claim, lambda now: self._prepare(now, self._begin(now)))
            while step:
                started = time.monotonic()
                try:
                    outcome = ask()
                except Exception as error:      # the policy decides what becomes of it
                    self._held(claim, lambda now, s=step, e=error: self._on_error(now, s, e))
                    return
                took = _milliseconds(started)
                step, ask = self._held(claim, lambda now, s=step, o=outcome, t=took: self._prepare(
                    now, self._on_outcome(now, s, o, t)))

    def _prepare(self, now, step):
        """Do what ``step`` has to do with records, and the steps after it as long as they ask nothing outside; all of it is
        committed before the outside is asked anything.

        :return: (step, function that asks the outside) or (None, None) when the operation has ended or waits
        """
        while step:
            started = time.monotonic()
            try:
                with self.env.cr.savepoint():
                    answer = self._handle(step)
            except CONFLICTS:
                raise
            except Exception as error:      # the policy decides what becomes of it
                self._on_error(now, step, error, is_asked=False)
                break
            if callable(answer):
                self._tell(step)
                return step, answer
            step = self._on_outcome(now, step, answer, _milliseconds(started), is_asked=False)
        return None, None

    def _handle(self, step):
        """The step's own part: what it answers is its outcome, or asks the outside for one."""
        return getattr(self._subject(), f'_step_{step.code}')(step)

    def _begin(self, now):
        """Mark the next step running and return it; None when the operation has ended."""
        if self.cancel_requested:
            return self._end(now, 'cancelled')
        step = self.step_ids.filtered(lambda s: s.state in ('waiting', 'running'))[:1]
        if not step:
            return self._end(now, 'done')
        if step.state == 'running':
            step._log(_('Taken over: the worker before was interrupted.'))
        step.write({'state': 'running', 'attempt': step.attempt + 1, 'started_at': now, 'ended_at': False})
        return step

    def _on_outcome(self, now, step, outcome, took, is_asked=True):
        """Write what came of the step, and begin the next one in the same transaction. ``is_asked``: the node was."""
        if is_asked:
            self._node_answered()
        if isinstance(outcome, NotYet):
            if outcome.note:
                step._log(outcome.note)
            step.write({'state': 'waiting', 'attempt': step.attempt - 1, 'task': outcome.task or step.task})
            return self._wait(outcome.after)
        if outcome:
            self._subject()._apply_result(step, outcome)
        step.write({'state': 'done', 'duration_ms': took, 'error': False, 'ended_at': now})
        return self._begin(now)

    def _on_error(self, now, step, error, is_asked=True):
        """Try again later or give up, as ``retry.decide`` says of error and attempt. ``is_asked``: the node was."""
        if is_asked:
            self._node_answered(error)
        message = self._explain(error)
        decision = retry.decide(error, step.attempt)
        step._log(message)
        step.task = False       # the next attempt begins anew, or finds by itself what goes on
        if isinstance(decision, retry.Retry):
            step.write({'state': 'waiting', 'error': message})
            self.error = message
            self._wait(decision.delay)
            return self._tell(step)
        step.write({'state': 'failed', 'error': message, 'ended_at': now})
        return self._end(now, 'failed', message)

    def _explain(self, error):
        if isinstance(error, DriverError | UserError):
            return str(error)
        _logger.error('Operation %s: unexpected error', self.id, exc_info=error)
        return _('Unexpected %(kind)s; the server log of %(worker)s has the details.',
                 kind=type(error).__name__, worker=self.worker)

    def _wait(self, seconds):
        self.env.flush_all()
        self.env.cr.execute(WAIT, [seconds, self.id])
        self.invalidate_recordset(['state', 'lease_until', 'not_before'])

    def _end(self, now, state, error=False):
        """The only way out of the queue; tells the subject, which may open what has to follow."""
        self.write({'state': state, 'error': error, 'lease_until': False, 'cancel_requested': False, 'ended_at': now})
        subject = self._subject()
        if state == 'failed':
            self._set_attention(True)
        getattr(subject, f'_operation_{state}')(self)
        if state == 'done':
            subject._close_warnings(_('%s is done.', self.display_name))
        self._tell()

    def _node_answered(self, error=None):
        if self.node_id:
            self.node_id._record_answer(error)

    # -- claims, leases, commits ----------------------------------------------------------------

    @api.model
    def _lease_seconds(self):
        return float(self.env['ir.config_parameter'].sudo().get_param('saas_master.lease_seconds', LEASE_SECONDS))

    def _held(self, claim, work):
        """A transaction with ``work(now)`` in it, as long as the claim is ours; nobody else can take it meanwhile. ``now``:
        the clock of the database, which all workers share."""
        def holding():
            self.env.cr.execute(HOLD, [self.id], log_exceptions=False)
            found, now = self.env.cr.fetchone() or (None, None)
            if found != claim:
                raise LostClaim
            return work(now)
        return self._transaction(holding)

    def _transaction(self, work):
        """Do ``work`` and commit; again when another transaction stood in the way. All commits happen here."""
        for attempt in range(1, 11):
            try:
                result = work()
                commit(self.env)
                return result
            except CONFLICTS:
                if attempt == 10 or in_test():
                    raise
                self.env.cr.rollback()
                time.sleep(random.uniform(0, 0.02 * attempt))
            except LostClaim:       # nothing is written before the claim is made sure of
                if not in_test():
                    self.env.cr.rollback()
                raise

    @contextlib.contextmanager
    def _heartbeat(self, claim):
        """Prolong the lease from a thread with a connection of its own while a long call is under way."""
        lease = self._lease_seconds()
        over = threading.Event()

        def beat(registry, operation_id):
            while not over.wait(lease / 3):
                with registry.cursor() as cr:
                    cr.execute(PROLONG, [lease, operation_id, claim])
        if not in_test():
            threading.Thread(target=beat, args=(self.env.registry, self.id), daemon=True).start()
        try:
            yield
        finally:
            over.set()


def _milliseconds(started):
    return int((time.monotonic() - started) * 1000)
