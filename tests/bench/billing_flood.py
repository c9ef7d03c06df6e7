"""Thousands of events at once, some again and again, in no order and among forged ones: what is here in the end.

Once worked off by the stack's crons, once by a worker that is killed all the time while they sleep.
"""
import json
import os
import random
import signal
import subprocess
import time

from ..client import Wrong
from ..fakes.stripe import webhooks
from ..stack.settings import CHECKOUT
from .figures import Row

COUNT, MORE, FORGED = 5000, 2, 0.02     # events; deliveries of each beyond the first, at most; share that are none
KILLS, SHORTEST, LONGEST = 50, 0.1, 0.8    # seconds that a worker lives
SECONDS = 1200
ASLEEP = ('cron_events', 'cron_backfill', 'cron_follow')
WORKER = 'tests.bench.billing_worker'


class Mortal:
    """The worker as a child process."""

    def __init__(self, world):
        python, config, database, environment = world.master
        environment = {**os.environ, **environment, 'SAAS_WORKER_LOG': str(world.logs / 'billing-worker.log'),
                       'PYTHONPATH': f'{environment["PYTHONPATH"]}:{CHECKOUT}'}
        self.process = subprocess.Popen([python, '-m', WORKER, config, database], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, cwd=CHECKOUT, env=environment)
        self._answer('ready')

    def _answer(self, name):
        line = self.process.stdout.readline()
        if not line:
            raise Wrong('The worker of the benchmark ended; see billing-worker.log.')
        return json.loads(line)[name]

    def begin(self):
        self.process.stdin.write('\n')
        self.process.stdin.flush()
        self.pid = self._answer('pid')

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        if self._answer('signal') != signal.SIGKILL:
            raise Wrong('The worker of the benchmark had ended before it was killed; see billing-worker.log.')

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.process.stdin.close()
        self.process.wait(30)


def asleep(staff):
    """The stack's own crons that act on events do not run."""
    return staff.resting([staff.call('ir.model.data', 'check_object_reference', 'saas_billing', name)[1] for name in ASLEEP])


def release(business):
    """Their deliveries leave: (the events, deliveries, of which forged)"""
    events = business.life.go_on(COUNT)
    with business.fake.world.transaction():
        sent = webhooks.release(business.fake.world, duplicate=MORE, shuffle=True, forge=FORGED, seed=business.tag)
    return events, sent['sent'], sent['forged']


def by_crons(business):
    events, sent, forged = release(business)
    start = time.perf_counter()
    business.wait(SECONDS)
    took = time.perf_counter() - start
    yield from _rows(business, events, f'{len(events):,} events in {sent:,} deliveries, {forged} of them forged or stale',
                     f'{took:.0f} s in all')


def by_the_killed(business):
    chance, at_work = random.Random(business.tag), 0
    with asleep(business.staff), Mortal(business.world) as worker:
        events, sent, _forged = release(business)
        for _number in range(KILLS):
            worker.begin()
            time.sleep(chance.uniform(SHORTEST, LONGEST))
            at_work += business.is_busy()
            worker.kill()
        worker.begin()
        business.wait(SECONDS)
        worker.kill()
    yield from _rows(business, events, f'{len(events):,} events in {sent:,} deliveries, the worker killed {KILLS} times',
                     f'{at_work} at work')


def _rows(business, events, what, note):
    found = {'subscriptions that differ from Stripe': business.differing(), 'forged events stored': business.forged(),
             'events without exactly one effect': business.without_one_effect(events)}
    for name, wrong in found.items():
        if wrong:
            print(f'{name}: {sorted(map(str, wrong))[:5]}')
        yield Row(f'{what}: {name}', str(len(wrong)), note, len(wrong), 0)
    alarms = business.alarms()
    yield Row('… persons asked to look, though nothing is wrong', str(alarms), '–', alarms, 0)


def rows(business):
    yield from by_crons(business)
    yield from by_the_killed(business)
