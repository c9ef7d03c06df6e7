"""Odoo servers: their configuration, their command line and their start."""
import hashlib
import shlex
import signal
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass

from .ports import LOOPBACK, require_free, unused
from .processes import MARK, Service, base_environment
from .rendering import render, write_if_changed
from .report import Problem, last_lines
from .secret_file import odoo_hash

# Four operation workers and one for everything else.
MASTER_CRON_THREADS = 5
MAIL_FROM = 'saas@localhost.example'
START_SECONDS = 120


@dataclass(frozen=True)
class Runtime:
    """What running Odoo takes: the tree, the Python with its libraries, and the stack's settings and secrets."""

    odoo: object
    python: object
    settings: object
    secrets: dict
    database: object        # postgres.Server

    # -- configuration ------------------------------------------------------------------------------------------------
    @property
    def master_config(self):
        return self.settings.state / 'odoo-master.conf'

    @property
    def tenant_config(self):
        return self.settings.state / 'odoo-tenant.conf'

    @property
    def unit_config(self):
        return self.settings.state / 'odoo-unit.conf'

    def configure(self):
        """Write both configuration files and the tenants' command line."""
        state = self.settings.state
        self._write(self.master_config, self._master_values())
        self._write(self.tenant_config, {
            'DB_NAME': '', 'DB_USER': 'saas_tenant',
            'ADMIN_PASSWD': odoo_hash(self.secrets['TENANT_DB_MANAGER_PASSWORD']),
            'ADDONS_PATH': _paths(self.odoo.addons or (self.odoo.python_path / 'odoo/addons',)),
            'DATA_DIR': state / 'tenant-data',
            'SERVER_WIDE_MODULES': self._server_wide('dbfilter_from_header'), 'HTTP_PORT': self.settings.ports.tenant,
            'CRON_THREADS': 1})
        self._write_tenant_command(state / 'bin/odoo-tenant')

    def configure_unit(self, database, data_dir):
        """For tests inside Odoo, which serve HTTP themselves and run no planned work."""
        path = self.unit_config
        self._write(path, {**self._master_values(), 'DB_NAME': database, 'DATA_DIR': data_dir, 'CRON_THREADS': 0,
                           'HTTP_PORT': unused()})
        return path

    def configure_bench(self, data_dir, addons):
        """For servers on copies of the master's database, with one more folder of addons."""
        path, values = self.settings.state / 'odoo-bench.conf', self._master_values()
        self._write(path, {**values, 'DB_NAME': '', 'DATA_DIR': data_dir, 'CRON_THREADS': 0, 'HTTP_PORT': unused(),
                           'ADDONS_PATH': f'{values["ADDONS_PATH"]},{addons}'})
        return path

    def _master_values(self):
        return {'DB_NAME': 'saas_master', 'DB_USER': 'saas_master',
                'ADMIN_PASSWD': odoo_hash(self.secrets['MASTER_DB_MANAGER_PASSWORD']),
                'ADDONS_PATH': _paths((*self.odoo.addons, self.settings.addons)),
                'DATA_DIR': self.settings.state / 'master-data', 'SERVER_WIDE_MODULES': self._server_wide(),
                'HTTP_PORT': self.settings.ports.master, 'CRON_THREADS': MASTER_CRON_THREADS}

    def _server_wide(self, *more):
        rpc = () if self.odoo.series == '17.0' else ('rpc',)    # 19.0 moved XML-RPC and JSON-RPC there
        return ','.join(('base', *rpc, 'web', *more))

    def _write(self, path, values):
        smtp = {'SMTP_SERVER': LOOPBACK, 'SMTP_PORT': self.settings.ports.smtp, 'EMAIL_FROM': MAIL_FROM}
        values = {'DB_HOST': self.database.host, 'DB_PORT': self.database.port, 'DB_MAXCONN': 48, 'WORKERS': 0,
                  'INTERFACE': LOOPBACK, 'GEVENT_PORT': 8072, **smtp, **values}
        values['DATA_DIR'].mkdir(parents=True, exist_ok=True)
        write_if_changed(path, render(self.settings.config / 'odoo.conf.in', values), 0o600)

    def _write_tenant_command(self, path):
        """Odoo's command line as the tenants' role, for people and for the template builder."""
        secrets = shlex.quote(str(self.settings.state / 'secrets.env'))
        write_if_changed(path, '#!/bin/sh\n'
                         f"PGPASSWORD=$(sed -n 's/^TENANT_DB_PASSWORD=//p' {secrets}) TZ=UTC \\\n"
                         f'PYTHONPATH={shlex.quote(str(self.odoo.python_path))}; export PGPASSWORD TZ PYTHONPATH\n'
                         f'exec {shlex.quote(str(self.python))} {shlex.quote(str(self.odoo.script))} "$@"\n', 0o755)

    # -- processes ----------------------------------------------------------------------------------------------------
    def environment(self, role='master'):
        """For any Odoo of this stack. Fewer memory arenas: threads come and go, and keep what they once took."""
        environment = {
            'PYTHONPATH': str(self.odoo.python_path), 'PYTHONUNBUFFERED': '1', 'MALLOC_ARENA_MAX': '2',
            'PGPASSWORD': self.secrets[f'{role.upper()}_DB_PASSWORD'],
        }
        if role == 'master':
            environment |= {'SAAS_SECRET_KEY': self.secrets['SAAS_SECRET_KEY'],
                            'SAAS_CONFIG_DIR': str(self.settings.config)}
        return environment

    def command(self, *arguments, subcommand=()):
        """Odoo's command line; the configuration is the caller's to name."""
        return [str(word) for word in (self.python, self.odoo.script, *subcommand, *arguments)]

    def master(self, index=0, port=None):
        """The n-th server on the master's database; 0 is the one behind nginx."""
        port = self.settings.ports.master if not index else port
        arguments = ('-c', self.master_config, f'--http-port={port}', '--log-handler=werkzeug:WARNING')
        name = f'master-{index}' if index else 'master'
        return self._service(name, arguments, 'master', self.master_config)

    def tenant(self):
        arguments = ('-c', self.tenant_config, '--log-handler=werkzeug:WARNING')
        return self._service('tenant', arguments, 'tenant', self.tenant_config)

    def _service(self, name, arguments, role, config):
        argv = self.command(*arguments)
        env = self.environment(role)
        text = config.read_text() if config.exists() else ''
        fingerprint = hashlib.sha256(repr((argv, sorted(env.items()), text)).encode()).hexdigest()
        # The first interrupt lets requests end, the second does not wait for them.
        return Service(name, self.settings.state, argv, env, fingerprint,
                       stop_signals=(signal.SIGINT, signal.SIGINT, signal.SIGTERM))

    def run(self, what, *arguments, subcommand=(), script=None, extra_env=(), seconds=1800, config=None):
        """Odoo's command line on the master's database to its end; a Problem with its last words if it fails."""
        argv = self.command('-c', config or self.master_config, *arguments, subcommand=subcommand)
        log = self.settings.state / 'log/setup.log'
        log.parent.mkdir(parents=True, exist_ok=True)
        env = {**base_environment(), **self.environment(), **dict(extra_env), MARK: str(self.settings.state)}
        with log.open('ab') as output:
            begin = output.tell()
            try:
                done = subprocess.run(argv, input=script or b'', stdout=output, stderr=output, env=env, timeout=seconds,
                                      cwd='/')
                code = done.returncode
            except subprocess.TimeoutExpired:
                code = f'a time-out of {seconds} s'
        text = log.read_bytes()[begin:].decode(errors='replace')
        if code:
            raise Problem(f'{what} ended with {code}; see {log}:{last_lines(_complaints(text) or text, 12)}')
        return text


def start(service, port, variable):
    """Start unless it runs as wanted; the caller waits with ``wait``, so that several can start at once."""
    if service.is_current():
        return
    service.stop()
    require_free(port, f'the {service.name} Odoo server', variable)
    service.start()


def wait(service, port):
    service.wait(lambda: healthy(port), START_SECONDS)


def healthy(port):
    try:
        with urllib.request.urlopen(f'http://{LOOPBACK}:{port}/web/health', timeout=10) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def _paths(folders):
    return ','.join(str(folder) for folder in folders)


def _complaints(text):
    """From the first error on."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if ' ERROR ' in line or ' CRITICAL ' in line or line.startswith('Traceback'):
            return '\n'.join(lines[number:number + 40])
    return ''


