"""``make test``: lint and every test, on every Odoo series that can be had on this machine.

Each lane (``side_by_side``) gets a fresh stack of its own beside the one of ``make up``; two are tested at the same time. For
work on one part: ``SAAS_SERIES=17.0 python3 -m tests.run_all --only drivers unit``.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from . import lint, side_by_side
from .side_by_side import Lane
from .stack import Problem, Settings, Stack, lxc, odoo_sources
from .stack.ports import unused
from .stack.report import say
from .stack.settings import CHECKOUT, SERIES, Ports
from .suites import Result, Suites, tools

PARTS = ('lint', 'stack', 'drivers', 'unit', 'accounting', 'journey', 'browser', 'crash', 'privileged', 'fuzz', 'docker')


def main(argv=None):
    parser = argparse.ArgumentParser(prog='python3 -m tests.run_all', description=__doc__)
    parser.add_argument('--only', nargs='+', choices=PARTS, default=PARTS)
    parser.add_argument('--keep', action='store_true', help='leave the stacks running for a look')
    parser.add_argument('pytest', nargs='*', help='arguments for pytest, after --')
    for name, values in (('--lane', {}), ('--series', {'choices': SERIES}), ('--results', {'type': Path}),
                         ('--first', {'action': 'store_true'})):
        parser.add_argument(name, help=argparse.SUPPRESS, **values)     # of one beside others: see side_by_side
    options = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))     # so that stacks are taken down
    if options.lane:
        return one_lane(options)
    try:
        results = Run(options).everything()
    except Problem as problem:
        results = [Result('set-up', failed=1, complaints=[str(problem)])]
    except KeyboardInterrupt:
        results = [Result('interrupted', failed=1)]
    return summary(results)


def one_lane(options):
    run = Run(options)
    try:
        run.lane(Lane(options.lane, options.series, tuple(options.only), options.first))
    except Problem as problem:
        run.results.append(Result(options.lane, failed=1, complaints=[str(problem)]))
    side_by_side.write_results(options.results, run.results)
    return 0


class Run:
    def __init__(self, options):
        self.options = options
        self.settings = Settings.from_environment()
        self.results = []

    def everything(self):
        if 'lint' in self.options.only:
            self.results.append(linted())
        parts = [part for part in self.options.only if part != 'lint']
        if not parts:
            return self.results
        found = odoo_sources.present(self.settings)
        wanted = [series for series in SERIES if self.settings.series in (None, series)]
        present = [series for series in wanted if not isinstance(found[series], Problem)]
        for series in set(wanted) - set(present):
            self.loudly(f'Odoo {series} IS NOT TESTED: {found[series]}')
        if not present:
            raise Problem('No Odoo can be had on this machine, so nothing was tested.')
        lanes = side_by_side.lanes(present, parts)
        self.results += side_by_side.run(self.settings, lanes, self.options)
        if set(self.options.only) == set(PARTS):
            self.coverage(self.state(lanes[0]))
        return self.results

    def state(self, lane):
        return self.settings.state / 'tests' / lane.name

    def lane(self, lane):
        """All its suites; one that fails does not keep the others from running."""
        ports = Ports(**{name: unused() for name in Ports.__dataclass_fields__})
        stack = Stack(self.settings.change(
            state=self.state(lane), series=lane.series, ports=ports, private_postgres=True))
        say(f'Odoo {lane.series}: a fresh stack for its tests')
        stack.clean()
        try:
            self.suites(stack, lane.is_first)
        except Problem as problem:
            self.results.append(Result(f'{lane.name} stack', failed=1, complaints=[str(problem)]))
        finally:
            if not self.options.keep:
                stack.down()

    def suites(self, stack, first):
        only, series = self.options.only, stack.odoo.series
        stack.start_database()
        suites = Suites(stack, tools(self.settings, stack.python), self.options.pytest, measured=first)
        if first and 'stack' in only:
            self.results.append(suites.plain('stack', 'tests/stack_tests', 'tests/fakes_tests'))
        if 'drivers' in only:
            of_series = {} if first else {'SAAS_OF_SERIES': '1'}        # the others have nothing of a series in them
            self.results.append(suites.drivers(f'{series} drivers', *self.paths('addons/saas_master/tests/drivers'), **of_series))
            if first:
                self.results.append(suites.drivers('edge', *self.paths('addons/*/tests/edge')))
                self.results.append(suites.drivers('stripe', *self.paths('addons/saas_billing/tests/drivers')))
        if {'unit', 'accounting'} & set(only):
            self.inside_odoo(stack, suites)
        # fuzz last: after so many wrong passwords Odoo lets nobody from this address log in for a minute
        outside = [part for part in ('journey', 'browser', 'crash', 'privileged', 'fuzz') if part in only]
        if outside:
            stack.up()
        for part in outside:
            self.results.append(suites.plain(f'{series} {part}', self.folder(part, series), seconds=2400))
        if 'docker' in only:
            stack.down()
            self.results.append(suites.plain(f'{series} docker', 'tests/docker_tests'))

    def folder(self, part, series):
        """Real containers take a machine that lets us have them; the story is told without, where pages stand in for them."""
        obstacle = part == 'privileged' and lxc.obstacle(self.settings)
        if obstacle:
            self.loudly(f'{series} real containers ARE NOT TESTED: {obstacle}')
        return 'tests/privileged/test_dedicated_job.py' if obstacle else f'tests/{part}'

    def inside_odoo(self, stack, suites):
        """In a copy of the master's database made before anything was done in it; then, with Accounting, what needs that."""
        series, (database, config, environment) = stack.odoo.series, stack.make_unit_database()
        environment = {**environment, 'PYTHONPATH': str(stack.odoo.python_path)}
        if 'unit' in self.options.only:
            ignored = [f'--ignore={path}' for kind in ('drivers', 'edge', 'accounting')
                       for path in self.paths(f'addons/*/tests/{kind}')]
            self.results.append(suites.inside_odoo(
                f'{series} unit', database, config, environment, *self.paths('addons/*/tests'), *ignored))
        if 'accounting' in self.options.only:
            stack.install_in_unit_database('account')
            self.results.append(suites.inside_odoo(
                f'{series} accounting', database, config, environment, *self.paths('addons/*/tests/accounting')))

    @staticmethod
    def paths(pattern):
        return sorted(str(path.relative_to(CHECKOUT)) for path in CHECKOUT.glob(pattern) if path.is_dir())

    def coverage(self, state):
        """Of the first lane's tests together."""
        python = Stack(self.settings.change(state=state)).python
        target = self.settings.state / 'coverage'
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        data = [str(path) for path in (state / 'coverage').glob('data.*')]
        command = [str(python), '-m', 'coverage']
        options = ['--rcfile=pyproject.toml', f'--data-file={target}/data']
        print('\n=== coverage of the addons', flush=True)
        subprocess.run([*command, 'combine', *options, '--keep', '--quiet', *data], cwd=CHECKOUT)
        done = subprocess.run([*command, 'report', *options], cwd=CHECKOUT)
        self.results.append(Result('coverage', failed=1, complaints=['too few lines are covered']) if done.returncode
                            else Result('coverage', passed=1))

    def loudly(self, sentence):
        print(f'\n{"!" * 100}\n{sentence}\n{"!" * 100}', flush=True)
        self.results.append(Result(f'note: {sentence.partition(":")[0]}'))


def linted():
    result = Result('lint')
    for name, complaint in lint.checks():
        print(f'{"FAILED" if complaint else "ok":7} {name}{chr(10) * bool(complaint)}{complaint}', flush=True)
        result.passed += not complaint
        result.failed += bool(complaint)
        result.complaints += [name] * bool(complaint)
    return result


def summary(results):
    print('\n=== summary')
    for result in results:
        print(f'{result.suite:24} {result.passed:5} passed {result.failed:4} failed {result.skipped:4} skipped '
              f'{result.seconds:7.0f} s')
    for result in results:
        for complaint in result.complaints:
            print(f'FAILED  {result.suite}: {complaint}')
    failed = sum(result.failed for result in results)
    print(f'{sum(result.passed for result in results)} passed, {failed} failed, '
          f'{sum(result.skipped for result in results)} skipped')
    sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    os.chdir(CHECKOUT)
    sys.exit(main())
