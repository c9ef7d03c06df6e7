"""Whether a node can do its work, and how much it has left: every part is looked at, what is wrong gets a code.

Codes instead of sentences: who reads them reads his own language. Nothing is changed on the node.
"""
import json
import posixpath
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from .errors import DriverError
from .health_web import look_at_router, look_at_server
from .looks import Look, Wrong
from .postgres import connect
from .router import Router
from .transport import NOT_EXECUTABLE, NOT_FOUND

MINIMUM_VERSION = 140000            # PostgreSQL
TIMEOUT = 20                        # seconds for what should take milliseconds
VERSION_TIMEOUT = 60                # seconds for Odoo to say its version
MOST_CONNECTIONS = 0.9              # of what PostgreSQL allows
LEAST_DISK, LEAST_DISK_PART = 5 * 2**30, 0.05     # bytes or part of the disk, whichever is less
CLOCK_SKEW = 30                     # seconds; one-time codes and time-outs bear no more
SCRIPT = Path(__file__).parent / 'node_scripts/health.py'

ASK_POSTGRES = '''
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
           rolcreatedb OR rolsuper AS may_create,
           (SELECT count(*) FROM pg_database WHERE datdba = r.oid AND NOT datistemplate) AS databases,
           (SELECT sum(numbackends) FROM pg_stat_database)::int AS connections,
           current_setting('max_connections')::int AS connections_max,
           ARRAY(SELECT datname FROM pg_database WHERE datname = ANY(%s) AND NOT pg_has_role(r.oid, datdba, 'USAGE'))
               AS foreign_databases,
           extract(epoch FROM clock_timestamp())::float AS time
      FROM pg_roles r WHERE rolname = current_user'''


@dataclass(frozen=True)
class Live:
    """A tenant that has to be reachable. ``host``: as a browser sends it."""

    host: str
    database: str


@dataclass(frozen=True)
class Load:
    """Sizes in bytes; ``load_average`` over five minutes; ``databases``: those of the node's role. None: unknown."""

    cpu_count: int | None = None
    load_average: float | None = None
    memory_total: int | None = None
    memory_available: int | None = None
    disk_total: int | None = None
    disk_free: int | None = None
    databases: int | None = None
    connections: int | None = None
    connections_max: int | None = None


@dataclass(frozen=True)
class Report:
    looks: list
    load: Load = field(default_factory=Load)

    @property
    def problems(self):
        return [look for look in self.looks if look.state == 'bad']


def examine(spec, access, databases=(), live=()):
    """Look at every part of a shared node; never raises a DriverError, for an answer that fails is a result.

    :param access: ``access.Access``; reaching the machine is one of the parts
    :param databases: names of the tenants' databases, which the node's role has to own
    :param live: ``Live`` tenants; one of them has to be shown by the server and by the router
    """
    with ThreadPoolExecutor(3) as pool:
        postgres = pool.submit(_Postgres(spec).looks, list(databases))
        machine = pool.submit(_Machine(spec, access).looks)
        web = pool.submit(lambda: [look_at_server(spec, live), look_at_router(spec, live)])
    (found, known), (seen, measured) = postgres.result(), machine.result()
    load = {name: value for name, value in {**known, **measured}.items() if name in Load.__dataclass_fields__}
    return Report([*found, *seen, *web.result()], Load(**load))


def attempt(part, look, *arguments):
    """A ``Look`` at ``part``: ``look`` raises what is wrong with it."""
    try:
        look(*arguments)
    except Wrong as wrong:
        return Look(part, wrong.problem, wrong.values)
    except DriverError as error:
        return Look(part, error.problem or 'failed', {'words': error.words if error.problem else str(error)})
    return Look(part)


def _check_clock(theirs, asked_at, answered_at, problem):
    skew = theirs - (asked_at + answered_at) / 2
    if abs(skew) - (answered_at - asked_at) / 2 > CLOCK_SKEW:
        raise Wrong(problem, seconds=round(abs(skew)))


class _Postgres:

    def __init__(self, spec):
        self.spec, self.known, self.asked_at, self.answered_at = spec.postgres, {}, 0, 0

    def looks(self, databases):
        """The looks, and what became known."""
        return [attempt('postgres', self._connect, databases), *(
            attempt(part, look) if self.known else Look(part, 'not_asked')
            for part, look in (('role', self._role), ('connections', self._connections)))], self.known

    def _connect(self, databases):
        with connect(self.spec, timeout=TIMEOUT) as cursor:
            self.asked_at = time.time()
            cursor.execute(ASK_POSTGRES, [databases])
            self.known = dict(zip((column.name for column in cursor.description), cursor.fetchone(), strict=True))
            self.answered_at = time.time()
        if self.known['number'] < MINIMUM_VERSION:
            raise Wrong('pg_old', version=self.known['version'])
        _check_clock(self.known['time'], self.asked_at, self.answered_at, 'pg_clock')

    def _role(self):
        if not self.known['may_create']:
            raise Wrong('pg_createdb', user=self.spec.user)
        foreign = self.known['foreign_databases']
        if foreign:
            raise Wrong('pg_owner', user=self.spec.user, count=len(foreign), example=min(foreign))

    def _connections(self):
        used, most = self.known['connections'], self.known['connections_max']
        if used >= most * MOST_CONNECTIONS:
            raise Wrong('pg_connections', used=used, most=most)


class _Machine:
    """The node behind its transport."""

    def __init__(self, spec, access):
        self.spec, self.access, self.known = spec, access, {}
        self.asked_at = self.answered_at = 0

    def looks(self):
        parts = (('data', self._data), ('disk', self._disk), ('odoo', self._odoo), ('routes', self._routes))
        with self.access.open() as transport:
            first = attempt('machine', self._reach, transport)
            return [first, *(attempt(part, look, transport) if self.known else Look(part, 'not_asked')
                             for part, look in parts)], self.known

    def _reach(self, transport):
        spec = self.spec
        argv = ['python3', '-c', SCRIPT.read_text(), spec.data_dir, spec.odoo_config, posixpath.dirname(spec.router_routes)]
        self.asked_at = time.time()
        result = transport.run(argv, TIMEOUT)
        self.answered_at = time.time()
        if result.exit_code in (NOT_EXECUTABLE, NOT_FOUND):
            raise Wrong('python')
        result.check('Looking at the machine')
        self.known = json.loads(result.stdout)
        _check_clock(self.known['time'], self.asked_at, self.answered_at, 'clock')

    def _data(self, _transport):
        problem = self.known['data']
        if problem:
            raise Wrong('data_missing' if problem == 'missing' else 'data_unwritable',
                        folder=self.spec.data_dir, words=problem)

    def _disk(self, _transport):
        total, free = self.known.get('disk_total'), self.known.get('disk_free')
        if total and free < min(LEAST_DISK, total * LEAST_DISK_PART):
            raise Wrong('disk', folder=self.spec.data_dir, free=round(free / 2**30, 1), total=round(total / 2**30, 1))

    def _odoo(self, transport):
        command = ' '.join(self.spec.odoo_command)
        result = transport.run([*self.spec.odoo_command, '--version'], VERSION_TIMEOUT)
        if result.exit_code in (NOT_EXECUTABLE, NOT_FOUND):
            raise Wrong('odoo_command', command=command)
        found = re.search(r'\b(\d+\.\d+)', result.stdout)
        if result.exit_code or not found:
            raise Wrong('odoo_fails', command=command, words=(result.stderr or result.stdout).strip()[-500:])
        if found[1] != self.spec.series:
            raise Wrong('odoo_series', found=found[1], wanted=self.spec.series)
        if not self.known['config']:
            raise Wrong('odoo_config', file=self.spec.odoo_config)

    def _routes(self, transport):
        spec = self.spec
        if self.known['table']:
            raise Wrong('routes_unwritable', folder=posixpath.dirname(spec.router_routes), words=self.known['table'])
        Router(transport, spec.router_config, spec.router_routes, spec.router_command).inspect()
