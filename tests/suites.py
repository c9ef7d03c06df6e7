"""What ``make test`` runs: each suite as a pytest of its own, in the environment it needs, with its result counted."""
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

from .stack import packaged, venvs
from .stack.processes import MARK, base_environment
from .stack.settings import CHECKOUT

# A skipped test has not been run and counts as failed, unless its reason is one of these.
ALLOWED_SKIPS = (
    r'odoo-test-helper',            # does not import on 19.0; what it tests there is tested otherwise as well
)


@dataclass
class Result:
    suite: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0
    complaints: list = field(default_factory=list)


class Suites:
    """Runs suites with the Python and the tools of one stack."""

    def __init__(self, stack, tools, arguments=(), measured=False):
        self.stack = stack
        self.tools = tools
        self.arguments = list(arguments)
        self.measured = measured
        self.reports = stack.state / 'reports'
        self.reports.mkdir(parents=True, exist_ok=True)

    def plain(self, name, *paths, seconds=1800, start=(), **environment):
        """Tests that do not run inside Odoo."""
        return self._pytest(name, ['-p', 'no:odoo', *paths], environment, seconds, start)

    def drivers(self, name, *paths, **environment):
        """The drivers as what they are, plain Python, against real servers, as the tenants' role."""
        server, state = self.stack.server, self.stack.state
        return self.plain(name, *paths, start=self._measured(), **{
            'PGHOST': server.host, 'PGPORT': str(server.port), 'PGUSER': 'saas_tenant',
            'PGPASSWORD': self.stack.secrets['TENANT_DB_PASSWORD'],
            'SAAS_ODOO_COMMAND': str(state / 'bin/odoo-tenant'), **environment})

    def inside_odoo(self, name, database, config, environment, *paths):
        """pytest-odoo: the tests of the addons in a database that has them installed."""
        options = [f'--odoo-config={config}', f'--odoo-database={database}', '--odoo-http', *paths]
        return self._pytest(name, options, environment, 2400, self._measured())

    def _measured(self):
        """Before ``-m pytest`` where the addons' own lines run in the tests' process."""
        if not self.measured:
            return []
        return ['-m', 'coverage', 'run', '--rcfile=pyproject.toml', f'--data-file={self.stack.state}/coverage/data']

    def _pytest(self, name, options, environment, seconds, start):
        report = self.reports / f'{name.replace(" ", "-")}.xml'
        report.unlink(missing_ok=True)
        argv = [self.stack.python, *start, '-m', 'pytest', f'--junitxml={report}', '-q', '-rs', *options,
                *self.arguments]
        env = {**base_environment(), **self.stack.settings.environment(), **self.tools, **environment,
               MARK: str(self.stack.state)}     # whatever a suite leaves behind ends with its stack
        print(f'\n=== {name}', flush=True)
        begun = time.monotonic()
        outcome = run_group([str(word) for word in argv], env, seconds)
        return count(name, report, outcome, time.monotonic() - begun)


def run_group(argv, env, seconds):
    """Exit code, or None if it took too long; then its whole process group is ended."""
    process = subprocess.Popen(argv, cwd=CHECKOUT, env=env, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                               stdout=sys.stdout, start_new_session=True)
    try:
        return process.wait(seconds)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            return None
        raise


def count(name, report, outcome, seconds):
    """Read pytest's report; a suite that did not get to write one, or ran nothing, has failed."""
    result = Result(name, seconds=seconds)
    cases = list(ET.parse(report).iter('testcase')) if report.exists() else []
    for case in cases:
        _count_case(result, case)
    if outcome is None:
        _fail(result, f'not finished after {seconds:.0f} s')
    elif not cases:
        _fail(result, 'no test was run')
    elif outcome and not result.failed:
        _fail(result, f'pytest ended with {outcome}')
    return result


def _count_case(result, case):
    title = f'{case.get("classname")}.{case.get("name")}'
    skipped = case.find('skipped')
    if case.find('failure') is not None or case.find('error') is not None:
        _fail(result, title)
    elif skipped is None:
        result.passed += 1
    elif any(re.search(reason, skipped.get('message', '')) for reason in ALLOWED_SKIPS):
        result.skipped += 1
    else:
        _fail(result, f'{title} was not run: {skipped.get("message")}')


def _fail(result, complaint):
    result.failed += 1
    result.complaints.append(complaint)


def tools(settings, python):
    """Browser and SSH server for the tests, as the variables and the PATH by which these find them."""
    chromium, nginx = (packaged.find(settings, program) for program in (packaged.CHROMIUM, packaged.NGINX))
    server = packaged.sshd(settings)
    folders = [str(chromium.parent), str(server.parents[1] / 'bin'), os.environ.get('PATH', os.defpath)]
    return {'SAAS_CHROMIUM': str(chromium), 'SAAS_SSHD': str(server), 'SAAS_NGINX': str(nginx),
            'SAAS_PVE_PYTHON': str(venvs.ensure(settings, 'pve')),
            'PLAYWRIGHT_NODEJS_PATH': str(packaged.playwright_node(settings, python)),
            'PATH': os.pathsep.join(folders)}
