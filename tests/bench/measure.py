"""The figures that are promised, each with its other side measured in the same run. Exits non-zero if one is missed.

Without arguments all of them; ``sign-ups``, ``many``, ``domains``, ``billing`` or ``dedicated`` only those. The result is also in
``reports/bench.json`` of the stack's state folder.
"""
import json
import secrets
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from .. import journey_steps as steps
from ..client import Visitor, Wrong, expect, until_status
from ..stack import processes
from ..stack.settings import CHECKOUT
from ..world import World
from . import billing_flood, billing_screens, billing_webhook, dedicated, dns, domain_screens, edge, rest, screens
from . import domains as domain_batch
from .billing_business import business
from .copies import copies
from .figures import Row, table

ROUNDS = 10
CROWD = 20
CROWD_PAUSE = 0.25      # seconds between two looks of each of them
RATE_LIMIT = 'saas_master.signup_per_hour'


class Bench:

    def __init__(self, world):
        self.world, self.staff = world, world.staff()
        self.template = self.staff.call(
            'saas.template', 'search_read', [('name', '=', 'template_tenant')],
            ['database_name', 'module_names', 'language_codes'], limit=1)[0]
        self.made, self.copies = [], []

    # -- sign-ups -------------------------------------------------------------------------------

    def ordered(self):
        """An order that lacks nothing but the click on the button: (order, visitor, page)."""
        name = f'bench-{secrets.token_hex(4)}'
        order, visitor = steps.Order(name, 'Bench', f'{name}@bench.example'), Visitor(self.world.url)
        steps.sign_up(self.world, visitor, order)
        page = steps.confirmation_page(self.world, visitor, order)
        self.made.append(name)
        return order, visitor, page

    def confirm_and_wait(self, ready, **options):
        """Seconds from the click to the login page through nginx."""
        order, visitor, page = ready
        start = time.perf_counter()
        steps.confirm(visitor, page)
        steps.login_page(self.world, order.name, **options)
        return time.perf_counter() - start

    def settled(self):
        """Wait until nothing is under way, so that one round does not disturb the next."""
        while self.staff.call('saas.operation', 'search_count', [('state', 'in', ('waiting', 'running'))]):
            time.sleep(0.1)

    def clear(self):
        """Only at the end: taking a thousand files away slows whatever comes next, on either side."""
        for name in self.copies:
            self.drop(name)
        for name in self.made:
            self.staff.act(name, 'action_delete', 'deleted')
        self.made.clear()

    # -- the other side -------------------------------------------------------------------------

    def odoo_duplicates(self):
        """Odoo's own way: its duplicate in a warm process, then the first login page."""
        runtime = self.world.stack.runtime
        environment = {**processes.base_environment(), **runtime.environment('tenant')}
        script = Path(__file__).with_name('odoo_duplicate.py')
        worker = subprocess.Popen([self.world.stack.python, script, runtime.tenant_config], env=environment, text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert worker.stdout.readline().strip() == 'ready'

        def once():
            name = f'bench-copy-{secrets.token_hex(4)}'
            worker.stdin.write(f'{self.template["database_name"]} {name}\n')
            worker.stdin.flush()
            took = float(worker.stdout.readline())
            start = time.perf_counter()
            page = Visitor(self.world.tenant_server).get('/web/login', headers={'X-Odoo-dbfilter': f'^{name}$'})
            expect(page, 200)
            self.copies.append(name)
            return took + time.perf_counter() - start
        yield from iter(once, None)

    def drop(self, name):
        self.world.stack.sql((f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',))

    def fresh_installation(self):
        """Seconds of Odoo installing the template's modules in an empty database."""
        name, runtime = f'bench-fresh-{secrets.token_hex(4)}', self.world.stack.runtime
        languages = ','.join(code for code in self.template['language_codes'].split(',') if code != 'en_US')
        argv = runtime.command('-c', runtime.tenant_config, '-d', name, '-i', f'auth_signup,{self.template["module_names"]}',
                               f'--load-language={languages}', '--without-demo=True', '--no-http', '--max-cron-threads=0',
                               '--stop-after-init', '--logfile=/dev/null')
        environment = {**processes.base_environment(), **runtime.environment('tenant')}
        start = time.perf_counter()
        subprocess.run(argv, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took = time.perf_counter() - start
        self.drop(name)
        return took

    # -- figures --------------------------------------------------------------------------------

    def sign_up(self):
        """Rounds of both sides alternate, so that a busy moment of the machine meets both."""
        duplicates = self.odoo_duplicates()
        next(duplicates), self.confirm_and_wait(self.ordered())        # warm both
        ours, theirs = [], []
        for _round in range(ROUNDS):
            ready = self.ordered()
            self.settled()
            ours.append(self.confirm_and_wait(ready))
            self.settled()
            theirs.append(next(duplicates))
        mine, other, fresh = statistics.median(ours), statistics.median(theirs), self.fresh_installation()
        yield Row('sign-up confirmed → login page, median of 10; against Odoo\'s duplicate + first login page',
                  f'{mine:.2f} s', f'{other:.2f} s', mine / other, 1.0)
        yield Row('… against installing the same modules afresh', f'{mine:.2f} s', f'{fresh:.1f} s', fresh / mine, 25,
                  at_least=True)

    def first_step(self):
        """From opening an operation to its first running step, of the provisions just made."""
        rows = self.world.master_sql("""
            SELECT extract(epoch FROM min(s.started_at) - o.create_date) * 1000
              FROM saas_operation o JOIN saas_operation_step s ON s.operation_id = o.id
              JOIN saas_tenant t ON t.id = o.tenant_id
             WHERE o.kind = 'provision' AND t.name = ANY(%s) GROUP BY o.id""", self.made)
        median = statistics.median(float(row[0]) for row in rows)
        yield Row(f'operation opened → first step running, median of {len(rows)} (ms)', f'{median:.0f} ms', '–', median, 300)

    def crowd(self):
        """Many confirm at once; none may fail or be made twice."""
        ready = [self.ordered() for _number in range(CROWD)]
        self.settled()
        names, start = [order.name for order, _visitor, _page in ready], time.perf_counter()
        with ThreadPoolExecutor(CROWD) as pool:
            # looks less often than one visitor alone: twenty who look fifty times a second would keep a core busy
            list(pool.map(lambda order: self.confirm_and_wait(order, pause=CROWD_PAUSE), ready))
        took = time.perf_counter() - start
        self.settled()
        states = self.staff.call('saas.tenant', 'search_read', [('name', 'in', names)], ['name', 'state'])
        databases = self.world.databases()
        wrong = [tenant for tenant in states if tenant['state'] != 'running']
        if wrong or len(states) != CROWD or not set(names) <= databases.keys():
            raise Wrong(f'Of {CROWD} at once: {wrong or states}')
        yield Row(f'{CROWD} confirmed at once, the last one live after (s)', f'{took:.1f} s', 'none failed or doubled', took, 20)

    def memory(self):
        """What an idle stack, started anew, keeps: its processes' share of memory (PSS)."""
        stack = self.world.stack
        stack.down()
        stack.up()
        until_status(Visitor(), f'{self.world.url}/saas', 200)
        time.sleep(5)
        pids = [service.pid() for service in stack.services() if service.name != 'mail' and service.pid()]
        mib = sum(processes.resident_tree(pid) for pid in pids)
        yield Row('idle stack: PostgreSQL, two Odoo servers, nginx (MiB)', f'{mib} MiB', '–', mib, 700)


def sign_ups(world):
    """Figures of tenants that are really made."""
    bench = Bench(world)
    limit = bench.staff.call('ir.config_parameter', 'get_param', RATE_LIMIT)
    bench.staff.call('ir.config_parameter', 'set_param', RATE_LIMIT, '0')
    try:
        for figure in (bench.sign_up, bench.first_step, bench.crowd):
            yield from figure()
        bench.clear()
    finally:
        bench.staff.call('ir.config_parameter', 'set_param', RATE_LIMIT, limit)
    yield from bench.memory()


def many(world):
    """Figures of many tenants that are only records."""
    stack = world.stack
    with copies(stack, 100, 10_000) as databases:
        config = stack.runtime.configure_bench(stack.state / 'bench-data', CHECKOUT / rest.ADDONS)
        with screens.workers(stack, config, databases) as made:
            yield from screens.rows(made[100], made[10_000])
            session = made[100].session
            made[100].close()       # its memory is no longer needed, its session is
            with rest.Server(stack, config, databases[100], session) as server:
                yield from rest.rows(server)


def domains(world):
    """Figures of custom domains."""
    yield from dns.rows(world.stack.python, world.stack.settings)
    yield from edge.rows(world.stack.settings)
    yield from domain_batch.rows(world)
    stack = world.stack
    with copies(stack, 200, 20_000) as databases:
        config = stack.runtime.configure_bench(stack.state / 'bench-data', CHECKOUT / rest.ADDONS)
        yield from domain_screens.rows(stack, config, databases)


def billing(world):
    """Figures of what is paid by Stripe."""
    with business(world) as made:
        yield from billing_flood.rows(made)
        yield from billing_webhook.acknowledged(world, made.secret, made.fake.world.all('subscriptions'))
        made.wait(billing_flood.SECONDS)
    stack = world.stack
    with copies(stack, billing_screens.FEW, billing_screens.MANY) as databases:
        config = stack.runtime.configure_bench(stack.state / 'bench-data', CHECKOUT / rest.ADDONS)
        yield from billing_screens.rows(stack, config, databases)
        with rest.Server(stack, config, databases[billing_screens.FEW], '') as server:
            yield from billing_webhook.against_bare(server, stack.stripe.signing_secret)


def main(*wanted):
    world, rows = World(), []
    for name, figures in (('sign-ups', sign_ups), ('many', many), ('domains', domains), ('billing', billing),
                          ('dedicated', dedicated.rows)):
        if not wanted or name in wanted:
            for row in figures(world):
                print('  '.join(row.cells()), flush=True)
                rows.append(row)
    print(f'\n{table(rows)}')
    report = world.stack.state / 'reports/bench.json'
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps({'series': world.stack.odoo.series, 'rows': [
        {**asdict(row), 'reached': row.reached} for row in rows]}, indent=1))
    return 0 if all(row.reached for row in rows) else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
