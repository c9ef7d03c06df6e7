"""The same for a tenant that was kept ready: killed anywhere between the pool and the customer, it is his in the end."""
import secrets

import pytest

from .. import journey_steps as steps
from .. import journey_steps_dedicated as dedicated
from ..client import Visitor, wait_for_link
from .test_crash import Bench, crash_provision, undisturbed

SHARES = 2


class StandbyBench(Bench):
    """One tenant is kept ready at a time; the mortal worker makes it too."""

    def __init__(self, world):
        super().__init__(world)
        self.let_rest(self.staff.call('ir.cron', 'search', [('code', '=like', 'model._cron_standby%')]))
        self.code = f'crash-{secrets.token_hex(3)}'
        plan = self.staff.call('saas.plan', 'copy', [self.plan], {'code': self.code, 'name': self.code})
        self.plan, = plan if isinstance(plan, list) else [plan]         # 19.0 answers with a list
        dedicated.keep_ready(world, self.code, 1)

    def close(self):
        dedicated.keep_ready(self.world, self.code, 0)
        self.staff.call('saas.plan', 'write', [self.plan], {'active': False})
        super().close()

    def order(self, name):
        self.worker.turn(work=('saas.standby.pool', '_cron_standby'))
        self.worker.turn()
        dedicated.until_ready(self.world, self.code, seconds=0)
        return super().order(name)

    def assert_one_healthy_tenant(self, name, where):
        record, now = self.staff.read(name, 'state', 'mark', 'standby_id', 'database_name'), self.things()
        database = record['database_name']
        new = {kind: set(now[kind]) - set(self.before[kind]) for kind in now}
        assert record['state'] == 'running' and record['standby_id'], where
        assert new == {'databases': {database}, 'files': {database}, 'roles': set(), 'routes': {database}}, where
        assert now['databases'][database] == f'saas:{record["mark"]}', where
        steps.login_page(self.world, name)
        steps.nobody_else_gets_in(self.world, database)
        self.assert_welcomed(name, where)

    def assert_welcomed(self, name, where):
        """The mail leads to a form for the customer's password, at his own address."""
        link = wait_for_link(self.world.stack, f'{name}@crash.example', '/web/reset_password')
        assert link.startswith(self.world.tenant_url(name) + '/'), where
        page = Visitor().page(link)
        assert 'name="confirm_password"' in page.text and 'standby' not in page.text.lower(), where


@pytest.fixture(scope='module')
def bench(world):
    bench = StandbyBench(world)
    yield bench
    bench.close()


@pytest.fixture(scope='module')
def points(bench):
    """The last of each kind: what is written in one transaction is cut in the tests of the drivers."""
    points = undisturbed(bench)['provision']
    for seen in ('after personalise.py statement 24', 'after transport.py:_replace replace', 'after probe.py:get'):
        assert seen in points, seen
    assert 'after shared_node.py:clone_database execute' not in points, 'nothing is made that was made before'
    return {number: point for point, number in {point: number for number, point in enumerate(points)}.items()}


@pytest.mark.parametrize('share', range(SHARES))
def test_killed_on_its_way_to_the_customer(bench, points, share):
    kills, numbers = bench.kills, sorted(points)[share::SHARES]
    for number in numbers:
        where = f'killed at {points[number]}'
        tenant = crash_provision(bench, f'crash-{number}-{secrets.token_hex(2)}', points, number)
        bench.staff.call('saas.tenant', 'action_delete', [tenant])
        bench.worker.turn()
        bench.assert_nothing(tenant, where)
    assert bench.kills - kills > len(numbers) // 2, 'hardly any may come too late'
