"""The same for a tenant with a container: killed at every call of Proxmox VE and ``pct``, taken over, one container in the end.

The containers are pages; numbers, marks, addresses and routes are as in earnest.
"""
import secrets

import pytest

from .. import journey_steps as steps
from ..bench.dedicated_cloud import NAMES
from ..bench.dedicated_cloud import cloud as a_cloud
from .test_crash import Bench, crash_delete, crash_provision, undisturbed

# Points of the ledger and the router are those of every tenant: here only what is asked of Proxmox VE and inside containers.
OURS = ('api.py:_call', 'ssh.py:execute')
SHARES = 3


class DedicatedBench(Bench):

    def __init__(self, world, cloud):
        self.cloud = cloud
        super().__init__(world)
        self.plan = self.staff.call('saas.plan', 'search', [('code', '=', NAMES.plan)])[0]

    def things(self):
        return {'containers': set(self.cloud.held()), 'kept': {one['vmid'] for one in self.cloud.kept()},
                'addresses': set(range(self.cloud.addresses_in_use())), 'routes': self.world.routes(),
                'databases': self.world.databases(), 'files': self.world.files()}

    def assert_one_healthy_tenant(self, name, where):
        record, now = self.staff.read(name, 'state', 'mark'), self.things()
        new = {kind: set(now[kind]) - set(self.before[kind]) for kind in now}
        assert record['state'] == 'running', where
        assert len(new['containers']) == 1 and new['kept'] == new['containers'], (where, new)
        assert len(new['addresses']) == 1 and not new['databases'] and not new['files'], (where, new)
        assert self.cloud.held()[new['containers'].pop()] == record['mark'], where
        steps.login_page(self.world, name)


@pytest.fixture(scope='module')
def bench(world):
    with a_cloud(world) as cloud:
        bench = DedicatedBench(world, cloud)
        yield bench
        bench.close()


@pytest.fixture(scope='module')
def points(bench):
    points = undisturbed(bench)
    for seen in OURS:
        assert f'after {seen}' in points['provision'] and f'inside {seen}' in points['provision'], seen
    assert 'after api.py:_call' in points['delete']
    return points


@pytest.mark.parametrize('share', range(SHARES))
def test_killed_at_every_call(bench, points, share):
    provision, deletion = points['provision'], points['delete']
    numbers, deletions = ([number for number, point in enumerate(seen) if point.endswith(OURS)] for seen in (provision, deletion))
    kills = bench.kills
    for turn, number in list(enumerate(numbers))[share::SHARES]:
        tenant = crash_provision(bench, f'crash-{number}-{secrets.token_hex(2)}', provision, number)
        crash_delete(bench, tenant, deletion, deletions[min(turn, len(deletions) - 1)])
    assert bench.kills - kills > len(numbers) // SHARES, 'of two kills a point hardly any may come too late'
