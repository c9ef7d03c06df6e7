import psycopg2

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.saas_master.drivers.errors import AuthError, NotFound, Permanent, Retryable, Unreachable
from odoo.addons.saas_master.drivers.waiting import NotYet
from odoo.addons.saas_master.models.saas_operation_runner import LostClaim

from .common import SaasCase


def outside(function):
    """A step handler that only has an outside part."""
    return lambda record, step: function


def nothing(record, step):
    """A step handler that asks nothing outside."""


def failing(error):
    def act():
        raise error
    return outside(act)


class TestLedger(SaasCase):

    def setUp(self):
        super().setUp()
        self.tenant = self._running_tenant()
        self.calls = []

    def _note(self, word, answer=None):
        def act():
            self.calls.append(word)
            return answer
        return outside(act)

    def test_steps_run_in_order_and_write_their_results(self):
        self._steps('saas.tenant', a=self._note('a', {'company_name': 'Written by a'}), b=self._note('b'))
        operation = self._run(self.tenant._open('install_modules'))
        self.assertEqual(self.calls, ['a', 'b'])
        self.assertEqual(self.tenant.company_name, 'Written by a')
        self.assertEqual(operation.state, 'done')
        self.assertEqual(operation.step_ids.mapped('state'), ['done', 'done'])
        self.assertEqual(operation.progress, 100)
        self.assertTrue(operation.started_at and operation.ended_at)
        self.assertFalse(operation.lease_until)

    def test_one_transaction_for_each_thing_that_is_asked(self):
        """And one more at the end; what asks nothing goes along."""
        self._steps('saas.tenant', a=nothing, b=self._note('b'), c=nothing, d=nothing, e=self._note('e'), f=nothing)
        operation, before = self.tenant._open('install_modules'), []
        runner = self.env.registry['saas.operation']
        transaction = runner._transaction

        def counted(record, work):
            result = transaction(record, work)
            before.append(list(self.calls))
            return result
        self.patch(runner, '_transaction', counted)
        self._run(operation)
        self.assertEqual(before[1:], [[], ['b'], ['b', 'e']], 'after the one that claims it')
        self.assertEqual(operation.step_ids.mapped('state'), 6 * ['done'])

    def test_what_a_step_wrote_before_it_failed_is_not_kept(self):
        def right(record, step):
            record.company_name = 'Whole'

        def wrong(record, step):
            record.company_name = 'Half'
            raise Permanent('no')
        self._steps('saas.tenant', a=right, b=wrong)
        operation = self._run(self.tenant._open('install_modules'))
        self.assertEqual((operation.state, operation.step_ids.mapped('state')), ('failed', ['done', 'failed']))
        self.assertEqual(self.tenant.company_name, 'Whole', 'the step before is not undone')

    def test_what_asks_nothing_tells_nothing_of_the_node(self):
        self.node.write({'breaker_failures': 2})
        self._steps('saas.tenant', a=nothing)
        self._run(self.tenant._open('install_modules'))
        self.assertEqual(self.node.breaker_failures, 2)
        self._steps('saas.tenant', a=self._note('a'))
        self._run(self.tenant._open('install_modules'))
        self.assertEqual(self.node.breaker_failures, 0)

    def test_one_active_operation_per_tenant(self):
        self._steps('saas.tenant', a=self._note('a'))
        self.tenant._open('install_modules')
        with self.assertRaisesRegex(UserError, 'still under way'):
            self.tenant._open('suspend')

    def test_the_database_decides_when_two_open_at_once(self):
        self._steps('saas.tenant', a=self._note('a'))
        first = self.tenant._open('install_modules')
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger('odoo.sql_db'), self.env.cr.savepoint():
            first.copy({'kind': 'suspend', 'tenant_id': self.tenant.id})

    def test_retryable_waits_and_goes_on_from_the_step(self):
        answers = [Retryable('Busy, try later'), None]

        def act():
            self.calls.append('b')
            answer = answers.pop(0)
            if answer:
                raise answer
        self._steps('saas.tenant', a=self._note('a'), b=outside(act))
        operation = self._run(self.tenant._open('install_modules'))
        self.assertEqual(operation.state, 'waiting')
        self.assertEqual(operation.error, 'Busy, try later')
        self.assertEqual(operation.step_ids.mapped('state'), ['done', 'waiting'])
        self.env.cr.execute("SELECT not_before > clock_timestamp() AT TIME ZONE 'UTC' FROM saas_operation WHERE id = %s",
                            [operation.id])
        self.assertTrue(self.env.cr.fetchone()[0])
        self._run(operation)
        self.assertEqual(operation.state, 'done')
        self.assertEqual(self.calls, ['a', 'b', 'b'])
        self.assertEqual(operation.step_ids[1].attempt, 2)
        self.assertIn('Busy, try later', operation.step_ids[1].log)

    def test_retryable_is_given_up_in_the_end(self):
        self._steps('saas.tenant', a=failing(Retryable('Busy')))
        operation = self.tenant._open('install_modules')
        for _attempt in range(20):
            if operation.state != 'failed':
                self._run(operation)
        self.assertEqual(operation.state, 'failed')
        self.assertLessEqual(operation.step_ids.attempt, 10)

    def test_errors_that_cannot_heal_fail_at_once(self):
        for number, error in enumerate((Permanent('Broken'), AuthError('Refused'), NotFound('Gone'))):
            tenant = self._running_tenant(f'acme-{number}')
            self._steps('saas.tenant', a=failing(error), b=self._note('never'))
            operation = self._run(tenant._open('install_modules'))
            self.assertEqual(operation.state, 'failed')
            self.assertEqual(operation.error, str(error))
            self.assertEqual(operation.step_ids.mapped('state'), ['failed', 'waiting'])
            self.assertTrue(tenant.activity_ids, 'staff are told')
        self.assertFalse(self.calls)

    def test_an_unexpected_error_shows_no_details(self):
        self._steps('saas.tenant', a=failing(ValueError('secret-in-a-traceback')))
        with mute_logger('odoo.addons.saas_master.models.saas_operation_runner'):
            operation = self._run(self.tenant._open('install_modules'))
        self.assertIn('ValueError', operation.error)
        self.assertNotIn('secret', operation.error + operation.step_ids.log)

    def test_not_yet_is_no_attempt(self):
        answers = [NotYet(5, 'Still copying'), NotYet(5, 'Still copying'), None]
        self._steps('saas.tenant', a=outside(lambda: answers.pop(0)))
        operation = self.tenant._open('install_modules')
        for state in ('waiting', 'waiting', 'done'):
            self._run(operation)
            self.assertEqual(operation.state, state)
        self.assertEqual(operation.step_ids.attempt, 1)
        self.assertEqual(operation.step_ids.log.count('Still copying'), 1)

    def test_a_silent_worker_is_replaced(self):
        self._steps('saas.tenant', a=self._note('a'), b=self._note('b'))
        operation = self.tenant._open('install_modules')
        self.Operation._claim_next('dead:1:1')
        operation._held(operation.claim, operation._begin)
        self.assertFalse(self.Operation._claim_next('other:2:2'), 'the lease still holds')
        self.env.flush_all()
        self.env.cr.execute("UPDATE saas_operation SET lease_until = now() AT TIME ZONE 'UTC' - interval '1 second'"
                            " WHERE id = %s", [operation.id])
        claimed = self.Operation._claim_next('other:2:2')
        self.assertEqual(claimed, operation)
        claimed._run_claimed()
        self.assertEqual(operation.state, 'done')
        self.assertEqual(self.calls, ['a', 'b'])
        self.assertIn('interrupted', operation.step_ids[0].log)

    def test_a_worker_that_lost_its_claim_writes_nothing(self):
        self._steps('saas.tenant', a=self._note('a'))
        operation = self.tenant._open('install_modules')
        self.Operation._claim_next('slow:1:1')
        old = operation.claim
        self.env.cr.execute('UPDATE saas_operation SET claim = claim + 1 WHERE id = %s', [operation.id])
        with self.assertRaises(LostClaim):
            operation._held(old, lambda now: operation._on_outcome(now, operation.step_ids, None, 1))
        self.assertEqual(operation.step_ids.state, 'waiting')

    def test_cancel_waiting(self):
        self._steps('saas.tenant', a=self._note('a'))
        operation = self.tenant._open('install_modules')
        operation.action_cancel()
        self._run(operation)
        self.assertEqual(operation.state, 'cancelled')
        self.assertFalse(self.calls)
        with self.assertRaisesRegex(UserError, 'ended already'):
            operation.action_cancel()

    def test_cancel_between_two_steps(self):
        def a(record, step):
            step.operation_id.cancel_requested = True
        self._steps('saas.tenant', a=a, b=self._note('b'))
        operation = self._run(self.tenant._open('install_modules'))
        self.assertEqual(operation.state, 'cancelled')
        self.assertFalse(self.calls)

    def test_what_must_not_be_cancelled(self):
        self._steps('saas.tenant', a=self._note('a'))
        with self.assertRaisesRegex(UserError, 'cannot be cancelled'):
            self.tenant._open('delete').action_cancel()

    def test_retry_and_skip(self):
        self._steps('saas.tenant', a=self._note('a'), b=failing(Permanent('Broken')), c=self._note('c'))
        operation = self._run(self.tenant._open('install_modules'))
        operation.action_retry()
        self.assertEqual(operation.state, 'waiting')
        self._run(operation)
        self.assertEqual(operation.state, 'failed')
        self.assertEqual(self.calls, ['a'], 'done steps are not repeated')
        wizard = self.env['saas.step.skip'].create({'operation_id': operation.id, 'reason': 'Done by hand'})
        wizard.action_skip()
        self._run(operation)
        self.assertEqual(operation.state, 'done')
        self.assertEqual(self.calls, ['a', 'c'])
        self.assertEqual(operation.step_ids[1].state, 'skipped')
        self.assertIn('Done by hand', operation.step_ids[1].log)
        for button in (operation.action_retry, lambda: operation._skip_failed_step('no')):
            with self.assertRaises(UserError):
                button()

    def test_priority_and_order(self):
        tenants = [self._running_tenant(f'order-{n}') for n in range(3)]
        self._steps('saas.tenant', a=self._note('a'))
        late, early, first = (t._open('install_modules', priority=p) for t, p in zip(tenants, (10, 10, 5), strict=True))
        claimed = [self.Operation._claim_next(f'w:1:{n}') for n in range(4)]
        self.assertEqual(claimed, [first, late, early, self.Operation])

    def test_breaker_opens_and_lets_one_through(self):
        tenants = [self._running_tenant(f'down-{n}') for n in range(3)]
        other_node = self.node.copy({'name': 'other node'})
        elsewhere = self._running_tenant('elsewhere')
        elsewhere.node_id = other_node
        self._steps('saas.tenant', a=failing(Unreachable('No answer')))
        operations = [tenant._open('install_modules') for tenant in tenants]
        for operation in operations:
            self._run(operation)
        self.assertEqual(self.node.breaker_failures, 3)
        self.assertTrue(self.node.breaker_until)
        self.env.cr.execute("UPDATE saas_operation SET not_before = now() AT TIME ZONE 'UTC' - interval '1 second'")
        self.assertFalse(self.Operation._claim_next('w:1:1'), 'the breaker is open')
        free = elsewhere._open('install_modules')
        self.assertEqual(self.Operation._claim_next('w:1:1'), free, 'the other node is not held up')
        self.env.cr.execute("UPDATE saas_node SET breaker_until = now() AT TIME ZONE 'UTC' - interval '1 second'")
        one = self.Operation._claim_next('w:1:1')
        self.assertIn(one, operations)
        self.assertFalse(self.Operation._claim_next('w:1:2'), 'one goes first')
        self._steps('saas.tenant', a=self._note('a'))
        one._run_claimed()
        self.assertEqual(one.state, 'done')
        self.assertFalse(self.node.breaker_until)
        self.assertTrue(self.Operation._claim_next('w:1:2'), 'the node is back')

    def test_progress(self):
        self._steps('saas.tenant', a=self._note('a'), b=failing(Permanent('Broken')))
        operation = self.tenant._open('install_modules')
        self.assertEqual(operation._progress()['percent'], 0)
        self._run(operation)
        progress = operation._progress()
        self.assertEqual((progress['step'], progress['total'], progress['percent']), (2, 2, 50))
        self.assertEqual([step['state'] for step in progress['steps']], ['done', 'failed'])
        self.assertEqual(progress['error'], 'Broken')

    def test_wake_picks_a_free_worker(self):
        crons = self.Operation._worker_crons()
        self.assertGreaterEqual(len(crons), 2)
        self._steps('saas.tenant', a=self._note('a'))
        self.tenant._open('install_modules')
        self.Operation._claim_next('host:1:1')
        triggers = self.env['ir.cron.trigger'].sudo()
        before = triggers.search([])
        self.Operation._wake()
        woken = (triggers.search([]) - before).cron_id
        self.assertEqual(len(woken), 1)
        self.assertNotEqual(woken.code, 'model._work(1)')

    def test_a_turn_of_the_worker(self):
        self._steps('saas.tenant', a=self._note('a'))
        operations = [self._running_tenant(f'turn-{n}')._open('install_modules') for n in range(3)]
        self.Operation._work(1)
        self.assertEqual([operation.state for operation in operations], ['done'] * 3)
