"""Figures of tenants with a container of their own, and of those that are kept ready."""
import json
import os
import secrets
import statistics
import subprocess
import time
from pathlib import Path

from .. import journey_steps as steps
from .. import journey_steps_dedicated as dedicated
from ..client import Visitor, Wrong
from ..stack import lxc
from ..stack.seed_dedicated import Names, seed_dedicated
from . import dedicated_storm
from .dedicated_cloud import NAMES, cloud
from .figures import Row

ROUNDS, OVERHEAD_ROUNDS = 5, 10
RATE_LIMIT = 'saas_master.signup_per_hour'
SECONDS = 120           # until one is kept ready


def rows(world):
    staff = world.staff()
    limit = staff.call('ir.config_parameter', 'get_param', RATE_LIMIT)
    staff.call('ir.config_parameter', 'set_param', RATE_LIMIT, '0')
    try:
        yield from shared(world)
        with cloud(world) as made:
            yield from overhead(made)
            yield from dedicated_storm.rows(made)
        yield from real(world)
    finally:
        staff.call('ir.config_parameter', 'set_param', RATE_LIMIT, limit)


# -- kept ready, against made when it is ordered -----------------------------------------------

class Race:
    """Sign-ups for two plans of one template, of which one has tenants ready; in turns, so that a busy moment meets both."""

    def __init__(self, world, code):
        self.world, self.staff, self.code, self.made = world, world.staff(), code, []
        cold = self.staff.call('saas.plan', 'search', [('code', '=', code)])[0]
        found = self.staff.call('saas.plan', 'search', [('code', '=', self.ready_code)], context={'active_test': False})
        self.plan = found[0] if found else self.staff.call('saas.plan', 'copy', [cold], {
            'code': self.ready_code, 'name': self.ready_code})
        if isinstance(self.plan, list):         # 19.0 answers with a list
            self.plan, = self.plan
        self.staff.call('saas.plan', 'write', [self.plan], {'active': True, 'is_published': True})

    @property
    def ready_code(self):
        return f'{self.code}-ready'

    def run(self):
        """(seconds of the cold ones, of those from the pool)."""
        cold, pooled = [], []
        for turn in range(ROUNDS + 1):      # the first warms both
            dedicated.keep_ready(self.world, self.ready_code, 1)
            dedicated.until_ready(self.world, self.ready_code, SECONDS)
            for code, times in ((self.code, cold), (self.ready_code, pooled)):
                took = self.sign_up(code)
                times += [took] * bool(turn)
        return cold, pooled

    def sign_up(self, code):
        """Seconds from the click to the login page through nginx."""
        name = f'race-{secrets.token_hex(4)}'
        order, visitor = steps.Order(name, 'Bench', f'{name}@bench.example', plan=code), Visitor(self.world.url)
        steps.sign_up(self.world, visitor, order)
        page = steps.confirmation_page(self.world, visitor, order)
        self.settled()
        self.made.append(name)
        start = time.perf_counter()
        steps.confirm(visitor, page)
        steps.login_page(self.world, name)
        took = time.perf_counter() - start
        self.settled()
        if bool(self.staff.read(name, 'standby_id')['standby_id']) != (code == self.ready_code):
            raise Wrong(f'{name} of the plan {code} was made the other way.')
        return took

    def settled(self):
        while self.staff.call('saas.operation', 'search_count', [('state', 'in', ('waiting', 'running'))]):
            time.sleep(0.1)

    def clear(self):
        """Tenants, pool and plan go."""
        for name in self.made:
            self.staff.act(name, 'action_delete', 'deleted')
        dedicated.keep_ready(self.world, self.ready_code, 0)
        deadline = time.monotonic() + SECONDS
        while self.staff.call('saas.standby', 'search_count', [
                ('plan_id', '=', self.plan), ('state', 'not in', ('taken', 'gone'))]) and time.monotonic() < deadline:
            time.sleep(0.5)
        self.staff.call('saas.plan', 'write', [self.plan], {'active': False})


def raced(world, code):
    race = Race(world, code)
    try:
        return [statistics.median(times) for times in race.run()]
    finally:
        race.clear()


def shared(world):
    cold, pooled = raced(world, 'basic')
    yield Row(f'shared sign-up from the pool → login page, median of {ROUNDS} (s)', f'{pooled:.2f} s', f'cold {cold:.2f} s',
              pooled, 0.5)
    yield Row('… as a part of the cold one', f'{pooled:.2f} s', f'{cold:.2f} s', pooled / cold, 0.5)


def real(world):
    """With Odoo and PostgreSQL in real LXC containers, where this machine can have them."""
    obstacle = lxc.obstacle(world.stack.settings)
    if obstacle:
        print(f'\n{"!" * 100}\nDedicated sign-ups in real containers ARE NOT MEASURED: {obstacle}\n{"!" * 100}', flush=True)
        return
    world.stack.start_pve()
    seed_dedicated(world.stack)
    cold, pooled = raced(world, Names().plan)
    yield Row(f'dedicated sign-up → login page, real LXC, cold, median of {ROUNDS} (s)', f'{cold:.2f} s', '–', cold, 12)
    yield Row('… from the pool (s)', f'{pooled:.2f} s', f'cold {cold:.2f} s', pooled, 1.5)


# -- our own part ------------------------------------------------------------------------------

def overhead(made):
    world = made.world
    python, config, database, environment = world.master
    plan = made.staff.call('saas.plan', 'search', [('code', '=', NAMES.plan)])[0]
    with made.staff.resting(made.staff.workers()):
        said = subprocess.run(
            [python, Path(__file__).with_name('dedicated_worker.py'), config, database, str(plan), str(OVERHEAD_ROUNDS + 1)],
            stdout=subprocess.PIPE, text=True, check=True, timeout=600,
            env={**os.environ, **environment, 'SAAS_WORKER_LOG': str(world.logs / 'dedicated-worker.log')}).stdout
    found = [json.loads(line) for line in said.splitlines() if line.startswith('{')]
    if {one['state'] for one in found} != {'running'} or len(found) != OVERHEAD_ROUNDS + 1:
        raise Wrong(f'Not all were made: {found}')
    own = [1000 * (one['took'] - one['others']) for one in found[1:]]
    calls, queries = (statistics.median(one[name] for one in found[1:]) for name in ('calls', 'queries'))
    for one in found:
        made.staff.act(one['name'], 'action_delete', 'deleted')
    median = statistics.median(own)
    others = statistics.median(1000 * one['others'] for one in found[1:])
    what = f'our own time for a dedicated tenant, median of {OVERHEAD_ROUNDS} (ms); {calls:g} calls, {queries:g} SQL statements'
    yield Row(what, f'{median:.0f} ms', f'the other side\'s {others:.0f} ms', median, 250)
