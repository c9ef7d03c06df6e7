"""Kill the worker while it publishes a customer's name and while it takes it off again; look what the outside has of it.

One claim a point: published with a kill there, taken over by a second worker and checked; then removed with a kill at the
corresponding point, taken over and checked.
"""
import os
import secrets

import pytest

from .. import journey_steps_domains as domains
from .test_crash import Bench, kill

SHARES = 2
STEP = int(os.environ.get('SAAS_CRASH_STEP', 4))     # every so many points; all of them take ten minutes
TURNS = 60          # of the second worker: certificates and connectors are waited for, a turn each


class Names:
    """A tenant, and names that all lead to it by one record of its customer's zone."""

    def __init__(self, bench):
        self.bench, self.world, self.staff, self.worker = bench, bench.world, bench.staff, bench.worker
        self.tag = f'crash-{secrets.token_hex(3)}'
        self.tenant = bench.order(self.tag)
        assert self.worker.turn()['code'] == 0
        self.customer = self.staff.call('res.partner', 'create', {'name': self.tag, 'is_company': True})
        self.staff.call('saas.tenant', 'write', [self.tenant], {'partner_id': self.customer})
        self.world.stack.dns_records().set(f'*.{self.tag}.test', 'CNAME', f'{self.tag}.localhost')

    def close(self):
        self.world.stack.dns_records().remove(f'*.{self.tag}.test')
        self.staff.call('saas.tenant', 'action_delete', [self.tenant])
        self.bench.take_over()

    def verified(self):
        """A new claim, proven just now: its operation waits for a worker."""
        name = f'n{secrets.token_hex(3)}.{self.tag}.test'
        self.number = self.staff.call('saas.custom_domain', 'create', {
            'external_domain': name, 'partner_id': self.customer, 'tenant_id': self.tenant})
        domains.run_verify_cron(self.world, name)
        return name

    def remove(self):
        self.staff.call('saas.custom_domain', 'action_remove', [self.number])

    def take_over(self):
        """The dead worker's lease is over; others go on until nothing is left to do."""
        for _turn in range(TURNS):
            self.bench.end_leases()
            self.world.master_sql("UPDATE saas_operation SET not_before = now() AT TIME ZONE 'UTC' - interval '1 second'"
                                  " WHERE state = 'waiting'")
            assert self.worker.turn()['code'] == 0
            if not self.staff.call('saas.operation', 'search_count', [('state', 'in', ('waiting', 'running'))]):
                return
        raise AssertionError('operations are left over')

    def assert_published(self, name, where):
        claim = domains.read(self.world, name)
        assert claim['is_active'], (where, claim)
        domains.held_outside(self.world, name)
        domains.answers(self.world, name, self.tag)

    def undisturbed(self):
        """(points of publishing, points of removing)"""
        name = self.verified()
        publish = self._watched()
        self.assert_published(name, 'undisturbed')
        self.remove()
        remove = self._watched()
        domains.no_trace(self.world, name)
        return publish, remove

    def _watched(self):
        points = self.worker.turn(watch=True)['points']
        self.take_over()
        return points


@pytest.fixture(scope='module')
def names(world):
    bench = Bench(world)
    names = Names(bench)
    yield names
    names.close()
    bench.close()


@pytest.fixture(scope='module')
def points(names):
    publish, remove = names.undisturbed()
    for seen in ('after saas_operation_runner.py:_transaction', 'after cloudflare.py:_ask', 'inside cloudflare.py:_ask',
                 'after edge_common.py:write', 'after transport.py:_replace replace'):
        assert seen in publish and seen in remove, seen
    assert 'after probe.py:_look' in publish
    return publish, remove


@pytest.mark.parametrize('share', range(SHARES))
def test_killed_anywhere(names, points, share):
    """The shares take turns in the points, so that each goes through all of both operations."""
    publish, remove = points
    kills = names.bench.kills
    for number in range(share * STEP, len(publish), SHARES * STEP):
        where = f'publishing killed at {number}: {publish[number]}'
        name = names.verified()
        kill(names.bench, number, where)
        names.take_over()
        names.assert_published(name, where)
        names.remove()
        last = min(number, len(remove) - 1)
        kill(names.bench, last, f'removing killed at {last}: {remove[last]}')
        names.take_over()
        domains.no_trace(names.world, name)
    assert names.bench.kills > kills
