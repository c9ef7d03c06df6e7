"""Kill the worker at every boundary and inside every driver call; start it again; look what there is.

One tenant a point: its provision is killed there, taken over by a second worker and checked; then its deletion is
killed at the corresponding point, taken over and checked.
"""
import contextlib
import json
import os
import secrets
import subprocess
from pathlib import Path

import pytest

from .. import journey_steps as steps

WORKER = Path(__file__).with_name('mortal_worker.py')
# What an undisturbed provision and an undisturbed deletion pass at the least, each point once or many times.
BOTH = {
    'after saas_operation_runner.py:_transaction', 'inside transport.py:run', 'after transport.py:run',
    'after transport.py:_replace replace', 'after edge_common.py:write', 'inside probe.py:get', 'after probe.py:get',
    'inside shared_node.py:look execute', 'after shared_node.py:look execute',
    'inside shared_node.py:close execute', 'after shared_node.py:close execute'}
PROVISIONED = BOTH | {
    'inside shared_node.py:clone_database execute', 'after shared_node.py:clone_database execute',
    'inside shared_node.py:_rename execute', 'after shared_node.py:_rename execute',
    'inside shared_node.py:publish_database execute', 'after shared_node.py:publish_database execute',
    'after postgres.py:connect commit', 'inside rpc.py:_post', 'after rpc.py:_post',
    *(f'after personalise.py statement {number}' for number in range(8, 41, 8))}
DELETED = BOTH | {'inside shared_node.py:drop execute', 'after shared_node.py:drop execute'}
BATCH = 12          # points of one test: small enough to see where it stands, large enough to share the set-up


class Worker:
    """The mortal worker as a child process."""

    def __init__(self, world):
        python, config, database, environment = world.master
        environment = {**os.environ, **environment, 'SAAS_WORKER_LOG': str(world.logs / 'mortal-worker.log')}
        self.process = subprocess.Popen(
            [python, WORKER, config, database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        assert self._answer()['ready']

    def _answer(self):
        line = self.process.stdout.readline()
        assert line, f'the worker process ended with {self.process.wait(10)}; see mortal-worker.log'
        return json.loads(line)

    def turn(self, kill=None, watch=False, work=None):
        self.process.stdin.write(json.dumps({'kill': kill, 'watch': watch or kill is not None, 'work': work}) + '\n')
        self.process.stdin.flush()
        return self._answer()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)


class Bench:
    """The stack with its own workers asleep, so that only the mortal one works."""

    def __init__(self, world):
        self.world, self.staff = world, world.staff()
        self.plan = self.staff.call('saas.plan', 'search', [('code', '=', 'basic')])[0]
        self._asleep = contextlib.ExitStack()
        self.let_rest(self.staff.workers())
        self.worker, self.kills = Worker(world), 0
        self.before = self.things()

    def close(self):
        self.worker.stop()
        self._asleep.close()

    def let_rest(self, crons):
        """Until the end of it."""
        self._asleep.enter_context(self.staff.resting(crons))

    def things(self):
        """Everything outside that a tenant may leave behind."""
        return {'databases': self.world.databases(), 'files': self.world.files(), 'roles': self.world.roles(),
                'routes': self.world.routes()}

    def order(self, name):
        tenant = self.staff.call('saas.tenant', 'create', {
            'name': name, 'company_name': 'Crash', 'email': f'{name}@crash.example', 'admin_name': 'Crash',
            'plan_id': self.plan})
        self.staff.call('saas.tenant', 'action_provision', [tenant])
        return tenant

    def end_leases(self):
        self.world.master_sql("UPDATE saas_operation SET lease_until = now() AT TIME ZONE 'UTC' - interval '1 second'"
                              " WHERE state = 'running'")

    def take_over(self):
        """The dead worker's lease is over; another worker goes on until nothing is left to do."""
        self.end_leases()
        for _turn in range(5):
            assert self.worker.turn()['code'] == 0
            self.world.master_sql("UPDATE saas_operation SET not_before = now() AT TIME ZONE 'UTC' - interval '1 second'"
                                  " WHERE state = 'waiting'")
            if not self.staff.call('saas.operation', 'search_count', [('state', 'in', ('waiting', 'running'))]):
                return
        left = self.staff.call(
            'saas.operation', 'search_read', [('state', 'in', ('waiting', 'running'))], ['kind', 'state', 'error'])
        raise AssertionError(f'operations are left over: {left}')

    def errors(self, name):
        return [operation['error'] for operation in self.staff.call(
            'saas.operation', 'search_read', [('tenant_id.name', '=', name), ('error', '!=', False)], ['error'])]

    def assert_one_healthy_tenant(self, name, where):
        state, mark = (self.staff.read(name, 'state', 'mark')[key] for key in ('state', 'mark'))
        now = self.things()
        new = {kind: set(now[kind]) - set(self.before[kind]) for kind in now}
        assert state == 'running', f'{where}: {self.errors(name)}'
        assert new == {'databases': {name}, 'files': {name}, 'roles': set(), 'routes': {name}}, where
        assert now['databases'][name] == f'saas:{mark}', where
        steps.login_page(self.world, name)
        steps.nobody_else_gets_in(self.world, name)

    def assert_nothing(self, tenant, where):
        assert self.staff.call('saas.tenant', 'read', [tenant], ['state'])[0]['state'] == 'deleted', where
        assert self.things() == self.before, where


@pytest.fixture(scope='module')
def bench(world):
    bench = Bench(world)
    yield bench
    bench.close()


def undisturbed(bench):
    """What one provision and one deletion pass that nobody kills."""
    name = f'crash-{secrets.token_hex(3)}'
    tenant = bench.order(name)
    provision = bench.worker.turn(watch=True)['points']
    bench.assert_one_healthy_tenant(name, 'undisturbed')
    bench.staff.call('saas.tenant', 'action_delete', [tenant])
    deletion = bench.worker.turn(watch=True)['points']
    bench.assert_nothing(tenant, 'undisturbed')
    return {'provision': provision, 'delete': deletion}


@pytest.fixture(scope='module')
def points(bench):
    points = undisturbed(bench)
    for kind, wanted in (('provision', PROVISIONED), ('delete', DELETED)):
        assert wanted <= set(points[kind]), f'the watch has not seen {wanted - set(points[kind])}'
    return points


def kill(bench, number, where):
    """A worker that dies there; one that looked at the router fewer times may have ended before it came so far."""
    answer = bench.worker.turn(kill=number)
    assert answer['killed'] or len(answer['points']) <= number, where
    bench.kills += answer['killed']


def crash_provision(bench, name, points, number):
    where = f'provision killed at {number}: {points[number]}'
    tenant = bench.order(name)
    kill(bench, number, where)
    bench.take_over()
    bench.assert_one_healthy_tenant(name, where)
    return tenant


def crash_delete(bench, tenant, points, number):
    where = f'delete killed at {number}: {points[number]}'
    bench.staff.call('saas.tenant', 'action_delete', [tenant])
    kill(bench, number, where)
    bench.take_over()
    bench.assert_nothing(tenant, where)


@pytest.mark.parametrize('share', range(BATCH))
def test_killed_anywhere(bench, points, share):
    """Every BATCH-th point, beginning with ``share``: together the tests of all shares are all points."""
    provision, deletion, kills = points['provision'], points['delete'], bench.kills
    numbers = range(share, len(provision), BATCH)
    for number in numbers:
        tenant = crash_provision(bench, f'crash-{number}-{secrets.token_hex(2)}', provision, number)
        crash_delete(bench, tenant, deletion, min(number, len(deletion) - 1))
    assert bench.kills - kills > len(numbers), 'of two kills a point hardly any may come too late'


@pytest.mark.parametrize('point', [
    'after shared_node.py:clone_database execute', 'after postgres.py:connect commit',
    'after shared_node.py:_rename execute', 'after transport.py:_replace replace'])
def test_cancelled_then_killed_while_cleaning_up(bench, points, point):
    """A provision that got as far as ``point`` is cancelled; its clean-up is killed between database and files; nothing is
    left."""
    name = f'cancel-{secrets.token_hex(3)}'
    tenant = bench.order(name)
    assert bench.worker.turn(kill=len(points['provision']) - 1 - points['provision'][::-1].index(point))['killed']
    operation = bench.staff.call('saas.operation', 'search', [('tenant_id', '=', tenant), ('kind', '=', 'provision')])
    bench.staff.call('saas.operation', 'action_cancel', operation)
    bench.end_leases()
    assert bench.worker.turn(kill='after shared_node.py:drop execute')['killed']
    bench.take_over()
    assert bench.staff.call('saas.tenant', 'read', [tenant], ['state'])[0]['state'] == 'failed'
    assert bench.things() == bench.before
