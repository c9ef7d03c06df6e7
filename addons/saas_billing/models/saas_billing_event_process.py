"""Working off the inbox: what events are about is read from Stripe and reconciled to; never is an event's own word applied.

All events of one object are served by one reading, in one transaction with what follows from it. Reading and writing of
an object happen under a lock of its own, so an older answer never overwrites a newer one. The lock is the session's: who
is killed loses it at once, and with it nothing, since nothing was written that is not complete.
"""
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.drivers.errors import DriverError, NotFound, Permanent, Retryable
from odoo.addons.saas_master.models.saas_operation_runner import CONFLICTS
from odoo.addons.saas_master.series import in_test

_logger = logging.getLogger(__name__)

OBJECTS = 40            # of one batch
LOOKED_AT = 160         # objects that are due; those that another worker holds are passed over
THREADS = 6             # ask Stripe at once
TURN_SECONDS = 40       # batches are begun for so long
PAUSE = 0.05            # seconds between two of them
BREATH = 0.002          # and between two objects
MANY = 10               # deliveries within about a second: more are on their way
READ = {'subscription': 'read_subscription', 'invoice': 'read_invoice', 'checkout': 'read_checkout'}
ORDER = list(READ)      # an invoice and a payment page belong to a subscription that is known by then
NOW = "(clock_timestamp() AT TIME ZONE 'UTC')"
DUE = f"""
    SELECT account_id, object_kind, object_id FROM saas_billing_event
     WHERE state = 'pending' AND due_at <= {NOW} GROUP BY 1, 2, 3 ORDER BY min(id) LIMIT %s"""
LATELY = f"""
    SELECT count(*) FROM (SELECT FROM saas_billing_event
     WHERE body IS NOT NULL AND received_at >= {NOW} - interval '1 second' LIMIT {MANY}) lately"""
EVENTS = """
    SELECT id FROM saas_billing_event
     WHERE state = 'pending' AND account_id = %s AND object_kind = %s AND object_id = %s ORDER BY id"""
KEY = "hashtextextended('saas_billing ' || %s || ' ' || %s, 0)"


class ReadFirst(Exception):
    """These subscriptions have to be read before the one at hand can be reconciled."""

    def __init__(self, *subscriptions):
        """:param subscriptions: pairs (id of the account here, Stripe's id)"""
        super().__init__(', '.join(stripe_id for _account, stripe_id in subscriptions))
        self.subscriptions = subscriptions


@dataclass
class Job:
    """One object at Stripe, the events that are served by reading it, and what Stripe said."""

    account: int
    kind: str
    object_id: str
    events: tuple = ()
    answer: Any = None      # a value of the drivers, or the error

    def ask(self, api):
        """In a thread: touches no record."""
        try:
            self.answer = getattr(api, READ[self.kind])(self.object_id) if not isinstance(api, Exception) else api
        except Exception as error:      # decided on by who writes it down
            self.answer = error


class SaasBillingEvent(models.Model):
    _inherit = 'saas.billing.event'

    # -- the turn of a worker -------------------------------------------------------------------

    @api.model
    def _cron_process(self):
        ends, began = time.monotonic() + TURN_SECONDS, time.monotonic()
        while self._work_off_batch():
            if time.monotonic() > ends:
                self._transaction(self._wake)
                break
            self._give_way(time.monotonic() - began)
            began = time.monotonic()

    def _give_way(self, worked):
        """Pages are served by the same processor: while Stripe delivers a lot, half of the time is theirs."""
        if not in_test():
            is_busy = self._transaction(lambda: self._rows(LATELY, []))[0][0] >= MANY
            time.sleep(max(worked, PAUSE) if is_busy else PAUSE)

    def _transaction(self, work):
        return self.env['saas.operation']._transaction(work)

    @api.model
    def _work_off_batch(self):
        """Some of what is due, each object with all its events; False when nothing is left to this worker."""
        with ExitStack() as locks:
            jobs = self._claim(locks)
            self._work_off(jobs)
            return bool(jobs)

    @api.model
    def _work_off_alone(self, jobs):
        """These objects, whether there are events of them or not; those that another worker holds are passed over."""
        with ExitStack() as locks:
            held = [job for job in jobs if locks.enter_context(self._alone(job.account, job.object_id))]
            self._transaction(lambda: self._with_events(held))
            self._work_off(held)

    @api.model
    def _claim(self, locks):
        """Due objects that nobody else works on. Their events are looked up under the lock, in a snapshot after it."""
        self.env.flush_all()
        due = self._transaction(lambda: self._rows(DUE, [LOOKED_AT]))
        held = []
        for account, kind, object_id in due:
            if len(held) < OBJECTS and locks.enter_context(self._alone(account, object_id)):
                held.append(Job(account, kind, object_id))
        return self._transaction(lambda: self._with_events(held))

    def _with_events(self, jobs):
        for job in jobs:
            job.events = tuple(row[0] for row in self._rows(EVENTS, [job.account, job.kind, job.object_id]))
        return [job for job in jobs if job.events]

    def _rows(self, query, params):
        self.env.cr.execute(query, params)
        return self.env.cr.fetchall()

    @contextmanager
    def _alone(self, account, object_id):
        """Whether this session has the object at Stripe for itself; until the end, over all transactions between."""
        cr = self.env.cr
        cr.execute(f'SELECT pg_try_advisory_lock({KEY})', [account, object_id])
        got = cr.fetchone()[0]
        try:
            yield got
        finally:
            if got:
                self._let_go(account, object_id)

    @api.model
    def _wait_for(self, account, object_id):
        """The same for one transaction, whose end lets it go; waits until it can be had."""
        self.env.cr.execute(f'SELECT pg_advisory_xact_lock({KEY})', [account, object_id], log_exceptions=False)

    def _let_go(self, account, object_id):
        cr = self.env.cr
        try:
            cr.execute(f'SELECT pg_advisory_unlock({KEY})', [account, object_id], log_exceptions=False)
        except psycopg2.errors.InFailedSqlTransaction:
            cr.rollback()
            cr.execute(f'SELECT pg_advisory_unlock({KEY})', [account, object_id])
        except psycopg2.Error:      # with the connection all its locks are gone
            _logger.warning('The connection was lost with the lock of %s', object_id)

    # -- asking ---------------------------------------------------------------------------------

    @api.model
    def _work_off(self, jobs):
        """Ask about all of them at once, then write each by itself. The caller holds their locks."""
        jobs.sort(key=lambda job: ORDER.index(job.kind))
        self._ask(jobs)
        for job in jobs:
            self._settle(job)
            if not in_test():
                time.sleep(BREATH)

    def _ask(self, jobs):
        """With no transaction open."""
        share = min(THREADS, len(jobs))
        accounts = {job.account for job in jobs}
        clients = self._transaction(lambda: [
            {account: self._client(account) for account in accounts} for _thread in range(share)])

        def read(number):
            for job in jobs[number::share]:
                job.ask(clients[number][job.account])
        if share:
            with ThreadPoolExecutor(share) as pool:
                list(pool.map(read, range(share)))

    def _client(self, account):
        """One of its own for each thread; or the error, where there is no key."""
        try:
            return self.env['saas.stripe.account'].sudo().browse(account)._api()
        except (DriverError, UserError) as error:
            return Retryable(str(error), after=600)

    # -- writing --------------------------------------------------------------------------------

    def _settle(self, job):
        """Reconcile and note what came of it, together or not at all."""
        try:
            if isinstance(job.answer, Exception):
                raise job.answer
            self._reconcile_job(job)
        except NotFound:
            self._note_done(job, _('Stripe does not know it any more; nothing was changed.'))
        except Exception as error:      # the policy decides what becomes of it; the other objects go on
            self._roll_back()
            self._transaction(lambda e=error: self._note_failure(job, e))

    def _reconcile_job(self, job):
        if job.kind == 'checkout' and job.answer.status == 'complete' and job.answer.subscription:
            return self._reconcile_order(job)
        return self._apply_in_order(job)

    def _apply_in_order(self, job, depth=2):
        """After those that have to be known before: for an invoice its subscription, for that its tenant's former one."""
        try:
            self._transaction(lambda: self._apply(job, may_ask=depth > 0))
        except ReadFirst as first:
            self._roll_back()
            for account, stripe_id in first.subscriptions:
                self._read_one(account, stripe_id, depth - 1)
            self._transaction(lambda: self._apply(job, may_ask=False))

    def _reconcile_order(self, job):
        """A payment page that was paid, together with the subscription that came of it."""
        with self._read_alone(job.account, job.answer.subscription) as subscription:
            scoped = self.with_context(saas_subscription=subscription)
            self._transaction(lambda: scoped._apply(job, may_ask=False))

    def _read_one(self, account, stripe_id, depth):
        """Bring one subscription in line, for the sake of another object. Raises what kept it from that."""
        with suppress(NotFound), self._read_alone(account, stripe_id) as answer:
            self._apply_in_order(Job(account, 'subscription', stripe_id, answer=answer), depth)

    @contextmanager
    def _read_alone(self, account, stripe_id):
        """What Stripe says of a subscription, which is this worker's alone meanwhile."""
        with self._alone(account, stripe_id) as got:
            if not got:
                raise Retryable('Another worker reads the subscription at this moment.', after=1)
            job = Job(account, 'subscription', stripe_id)
            self._ask([job])
            if isinstance(job.answer, Exception):
                raise job.answer
            yield job.answer

    def _roll_back(self):
        if not in_test():
            self.env.cr.rollback()

    def _apply(self, job, may_ask):
        with self.env.cr.savepoint():
            self._apply_answer(job, may_ask)

    def _apply_answer(self, job, may_ask):
        self.env.invalidate_all()
        account = self.env['saas.stripe.account'].sudo().browse(job.account)
        if job.answer.livemode != (account.mode == 'live'):
            raise Permanent('Stripe answered in another mode than that of the account.', problem='stripe_mode')
        scoped = self.with_context(saas_may_read_first=may_ask)
        subscription, effect = getattr(scoped, f'_apply_{job.kind}')(account, job.answer)
        self._note(job, {'state': 'done', 'effect': effect, 'error': False, 'subscription_id': subscription.id})

    def _apply_subscription(self, account, answer):
        return self.env['saas.subscription'].sudo()._reconcile(account, answer)

    def _apply_invoice(self, account, answer):
        self._first(account, answer.subscription)
        invoice, effect = self.env['saas.billing.invoice'].sudo()._reconcile(account, answer)
        subscription = invoice.subscription_id
        if subscription:
            subscription._note_invoice(invoice)
        return subscription, effect or _('Nothing to change.')

    def _apply_checkout(self, account, answer):
        effect = self.env['saas.checkout'].sudo()._reconcile(account, answer, self.env.context.get('saas_subscription'))
        return self.env['saas.subscription'].sudo()._find(account, answer.subscription), effect

    def _first(self, account, stripe_id):
        """Have the subscription read before, unless it is known."""
        if stripe_id and self.env.context.get('saas_may_read_first') and not self.env['saas.subscription'].sudo().search_count(
                [('account_id', '=', account.id), ('stripe_id', '=', stripe_id)], limit=1):
            raise ReadFirst((account.id, stripe_id))

    def _note(self, job, values):
        """Only the events that were there before Stripe was asked; of later ones it may not have known."""
        self.sudo().browse(job.events).exists().write({**values, 'processed_at': fields.Datetime.now()})

    def _note_done(self, job, effect):
        self._transaction(lambda: self._note(job, {'state': 'done', 'effect': effect, 'error': False}))

    def _note_failure(self, job, error):
        for event in self.sudo().browse(job.events).exists():
            event._fail(error)
        if not job.events and not isinstance(error, (Retryable, *CONFLICTS)):
            _logger.error('%s of Stripe cannot be read again: %s', job.object_id, error)
