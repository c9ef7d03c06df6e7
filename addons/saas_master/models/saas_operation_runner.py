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

BUSY_WORKERS = f"SELECT worker FROM saas_operation WHERE state = 'running' AND lease_until > {NOW}"
SECONDS_TO_NEXT = f"""
    SELECT extract(epoch FROM min(CASE state WHEN 'waiting' THEN not_before ELSE lease_until END) - {NOW})
      FROM saas_operation WHERE state IN ('waiting', 'running')"""
ANY_DUE = f"SELECT 1 FROM saas_operation WHERE state = 'waiting' AND not_before <= {NOW} LIMIT 1"
CLAIM = f"""
    WITH due AS (
        SELECT o.id, o.node_id FROM saas_operation o LEFT JOIN saas_node n ON n.id = o.node_id
         WHERE ((o.state = 'waiting' AND (o.not_before <= {NOW} OR o.cancel_requested))
            OR (o.state = 'running' AND o.lease_until < {NOW}))
           AND (n.breaker_until IS NULL OR n.breaker_until <= {NOW})
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
STEP_STARTED = f'UPDATE saas_operation_step SET started_at = {NOW}, ended_at = NULL WHERE id = %s'
STEP_ENDED = f'UPDATE saas_operation_step SET ended_at = {NOW} WHERE id = %s'
ENDED = f'UPDATE saas_operation SET ended_at = {NOW} WHERE id = %s'
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

        A node whose breaker is open is passed over. When its time is up one operation goes first (half-open):
        claiming it closes the door behind it for the length of a lease.
        """
        lease = self._lease_seconds()
        claimed = self._transaction(lambda: self._fetch_ids(CLAIM, {'worker': worker, 'lease': lease}))
        operation = self.browse(claimed)
        if operation and not in_test():
            self._transaction(operation._wake_next)
        return operation

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
            step = self._transaction(lambda: self._begin(claim))
            while step:
                started = time.monotonic()
                try:
                    outcome = self._act(step)
                except Exception as error:      # the policy decides what becomes of it
                    step = self._transaction(lambda s=step, e=error: self._on_error(claim, s, e))
                    continue
                took = int((time.monotonic() - started) * 1000)
                step = self._transaction(lambda s=step, o=outcome, t=took: self._on_outcome(claim, s, o, t))

    def _act(self, step):
        """The step itself. What it reads and writes is committed before the outside is asked anything."""
        subject = self._subject()
        handler = getattr(subject, f'_step_{step.code}')

        def prepare():
            with self.env.cr.savepoint():
                return handler(step)
        answer = self._transaction(prepare)
        return answer() if callable(answer) else answer

    def _begin(self, claim):
        """Mark the next step running and return it; None when the operation has ended."""
        self._hold(claim)
        if self.cancel_requested:
            return self._end('cancelled')
        step = self.step_ids.filtered(lambda s: s.state in ('waiting', 'running'))[:1]
        if not step:
            return self._end('done')
        if step.state == 'running':
            step._log(_('Taken over: the worker before was interrupted.'))
        step.write({'state': 'running', 'attempt': step.attempt + 1})
        self.env.flush_all()
        self.env.cr.execute(STEP_STARTED, [step.id])
        step.invalidate_recordset(['started_at', 'ended_at'])
        self._tell(step)
        return step

    def _on_outcome(self, claim, step, outcome, took):
        """Write what came of the step, and begin the next one in the same transaction."""
        self._hold(claim)
        self._node_answered()
        if isinstance(outcome, NotYet):
            if outcome.note:
                step._log(outcome.note)
            step.write({'state': 'waiting', 'attempt': step.attempt - 1})
            return self._wait(outcome.after)
        if outcome:
            self._subject()._apply_result(step, outcome)
        step.write({'state': 'done', 'duration_ms': took, 'error': False})
        self.env.flush_all()
        self.env.cr.execute(STEP_ENDED, [step.id])
        return self._begin(claim)

    def _on_error(self, claim, step, error):
        """Try again later or give up, as ``retry.decide`` says of error and attempt."""
        self._hold(claim)
        self._node_answered(error)
        message = self._explain(error)
        decision = retry.decide(error, step.attempt)
        step._log(message)
        if isinstance(decision, retry.Retry):
            step.write({'state': 'waiting', 'error': message})
            self.error = message
            self._wait(decision.delay)
            return self._tell(step)
        step.write({'state': 'failed', 'error': message})
        self.env.flush_all()
        self.env.cr.execute(STEP_ENDED, [step.id])
        step.invalidate_recordset(['ended_at'])
        return self._end('failed', message)

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

    def _end(self, state, error=False):
        """The only way out of the queue; tells the subject, which may open what has to follow."""
        self.write({'state': state, 'error': error, 'lease_until': False, 'cancel_requested': False})
        self.env.flush_all()
        self.env.cr.execute(ENDED, [self.id])
        self.invalidate_recordset(['ended_at'])
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

    def _hold(self, claim):
        """Lock the row and make sure that the claim is still ours."""
        self.env.cr.execute('SELECT claim FROM saas_operation WHERE id = %s FOR NO KEY UPDATE', [self.id],
                            log_exceptions=False)
        row = self.env.cr.fetchone()
        if not row or row[0] != claim:
            raise LostClaim

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
            except LostClaim:
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
