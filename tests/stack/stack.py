"""The whole stack as one object: brought up, looked at, taken down."""
import contextlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from . import fetching, mailbox, odoo_server, odoo_sources, postgres, processes, secret_file, seed, venvs
from .cloudflare_sandbox import CloudflareSandbox
from .dns_server import DnsServer
from .master_database import NAME as MASTER_DATABASE
from .master_database import MasterDatabase
from .nginx import Nginx
from .ports import LOOPBACK, require_free, unused
from .pve_sandbox import PveSandbox
from .report import Problem, say
from .rpc import Session
from .settings import Ports, Settings
from .stripe_sandbox import StripeSandbox

STOP_SECONDS = {'pve': 30}      # its containers end in an orderly way


class Stack:
    """``up()`` may be repeated: it starts and renews only what has to be. All of it can be used side by side with
    another stack that has its own ``settings.state`` and ports."""

    def __init__(self, settings=None):
        self.settings = settings or Settings.from_environment()
        self.state = self.settings.state
        self.nginx = Nginx(self.settings)
        self.dns = DnsServer(self.settings)
        self.cloudflare = CloudflareSandbox(self.settings, lambda: self.secrets)
        self.stripe = StripeSandbox(self.settings, lambda: self.secrets)
        self.pve = PveSandbox(self.settings, lambda: self.secrets)

    # -- what others use ----------------------------------------------------------------------------------------------
    @property
    def url(self):
        """The master site, as people reach it."""
        return self.settings.url

    @property
    def tenant_url(self):
        """The tenants' Odoo, past nginx."""
        return f'http://{LOOPBACK}:{self.settings.ports.tenant}'

    def tenant_address(self, name):
        return f'http://{name}.localhost:{self.settings.ports.http}'

    @cached_property
    def secrets(self):
        self.state.mkdir(parents=True, exist_ok=True)
        return secret_file.load(self.state / 'secrets.env')

    @cached_property
    def odoo(self):
        return odoo_sources.resolve(self._settled())

    @cached_property
    def python(self):
        """With Odoo's libraries."""
        return venvs.ensure(self.settings, f'odoo-{self.odoo.series}')

    @cached_property
    def server(self):
        """PostgreSQL: the named server or the private one."""
        named = None if self.settings.private_postgres else postgres.named()
        return named or self._cluster.server

    @cached_property
    def runtime(self):
        return odoo_server.Runtime(self.odoo, self.python, self.settings, self.secrets, self.server)

    def session(self, login='admin', password=None, url=None):
        """A session with the master, past nginx; ``url`` for another of its servers."""
        url = url or f'http://{LOOPBACK}:{self.settings.ports.master}'
        return Session(url, MASTER_DATABASE, login, password or self.secrets['ADMIN_PASSWORD'])

    def dns_records(self):
        """To play a customer at his DNS provider: see ``dns_records.Records``; needs Odoo's libraries."""
        from .dns_records import Records
        return Records(self.settings.ports.dns)

    def sql(self, *statements, database='postgres'):
        """Run statements as PostgreSQL's administrator: see ``postgres.Server.sql``."""
        return self.server.sql(self.python, *statements, database=database)

    def mails(self):
        return mailbox.messages(self.state)

    def wait_for_mail(self, to, subject='', seconds=30):
        return mailbox.wait_for(self.state, to, subject, seconds)

    # -- up -----------------------------------------------------------------------------------------------------------
    def up(self, seeded=True):
        with self._alone():
            self._require_plain_path()
            if not self._record.exists():       # what runs is of a state folder that was removed by hand
                processes.end_strays(self.state)
            self._require_ports()
            self.start_database()
            self.install_master()
            self._start_servers()
            if seeded:
                seed.seed(self)
        return self

    def start_database(self):
        """Everything up to a PostgreSQL with our roles; what does not wait for each other goes on at once."""
        fetching.require_space(self.state.parent, 1500, 'A stack')
        settings = self._settled()
        start_postgres = self._cluster.start if self.server.private else lambda: None
        with ThreadPoolExecutor() as pool:
            works = [pool.submit(work) for work in (start_postgres, self.nginx.prepare, self.dns.prepare)]
            self.odoo = odoo_sources.resolve(settings, decided=lambda series: works.append(
                pool.submit(venvs.ensure, self.settings, f'odoo-{series}')))
        for work in works:
            work.result()
        self._remember_series()
        version = postgres.prepare(self.server, self.python, self.secrets)
        self.runtime.configure()
        say(f'PostgreSQL {version} at {self.server.host}:{self.server.port}')

    def install_master(self):
        """The master's database with our addons as they are now."""
        database = MasterDatabase(self.runtime)
        database.install(before_change=self._stop_masters)
        database.set_up()

    def make_unit_database(self):
        """The master's database as installed and no more, for tests that run inside Odoo; before the first ``up``.
        Returns what they need: a copy's name, a configuration file and the environment."""
        database = MasterDatabase(self.runtime)
        database.install()
        return database.copy_for_unit_tests()

    def install_in_unit_database(self, *modules):
        """Odoo's own, which the master does without and our addons make use of where they are."""
        MasterDatabase(self.runtime).install_in_copy(*modules)

    def start_pve(self, runtime=None):
        """The Proxmox VE that dedicated tenants live on; nothing else waits for it. :param runtime: as ``PveSandbox.start``"""
        with self._alone():
            if not self._record.exists():
                self._remember_series()
            self.pve.start(self.odoo, self.python, runtime)
        return self.pve

    def start_master(self, index=1, port=None):
        """One more master server on the same database; returns its address."""
        port = port or unused()
        service = self.runtime.master(index, port)
        odoo_server.start(service, port, 'another number')
        odoo_server.wait(service, port)
        return f'http://{LOOPBACK}:{port}'

    def stop_master(self, index=0):
        """In an orderly way; ``service('master').kill()`` is the other one."""
        self.service(f'master-{index}' if index else 'master').stop()

    def _require_plain_path(self):
        """A node's command line is a field of words."""
        if len(str(self.state).split()) > 1:
            raise Problem(f'{self.state} has a space in it, which command lines of nodes cannot have: name another folder '
                          'for the state with SAAS_STATE=<folder>.')

    def _require_ports(self):
        """Before anything takes its time. Starting a service looks again."""
        ports = self.settings.ports
        for name, port, variable in (('nginx', ports.http, 'http'), ('master', ports.master, 'master'),
                                     ('tenant', ports.tenant, 'tenant'), ('mail', ports.smtp, 'smtp'),
                                     ('dns', ports.dns, 'dns'), ('cloudflare', ports.cloudflare, 'cloudflare'),
                                     ('stripe', ports.stripe, 'stripe'),
                                     *([('postgres', ports.postgres, 'postgres')] if self.server.private else [])):
            if not self.service(name).pid():
                require_free(port, name, Ports.variable(variable))

    def _start_servers(self):
        ports = self.settings.ports
        mail = mailbox.service(self.settings, self.python)
        master, tenant = self.runtime.master(), self.runtime.tenant()
        if not mail.is_current():
            mail.stop()
            require_free(ports.smtp, 'the mail catcher', Ports.variable('smtp'))
            mail.start()
        odoo_server.start(master, ports.master, Ports.variable('master'))
        odoo_server.start(tenant, ports.tenant, Ports.variable('tenant'))
        self.nginx.start()
        self.dns.start()
        self.cloudflare.start(self.python)
        self.stripe.start(self.python)
        mail.wait(lambda: mailbox.is_ready(self.settings), 20)
        odoo_server.wait(tenant, ports.tenant)
        odoo_server.wait(master, ports.master)

    @cached_property
    def _cluster(self):
        return postgres.Cluster(self.settings, self.secrets)

    # -- down ---------------------------------------------------------------------------------------------------------
    def down(self):
        """Stop everything, and what any of it has left running; stacks of test runs too."""
        if not self.state.exists():
            return []
        stopped = [f'{stack.state.name} {name}' for stack in self._nested() for name in stack.down()]
        with self._alone():
            stopped += [service.name for service in reversed(self.services()) if service.stop(STOP_SECONDS.get(service.name, 10))]
            self.pve.sweep()
            processes.end_strays(self.state)
        return stopped

    def clean(self):
        """Down, and every trace of it away; shared downloads stay."""
        if not self.state.exists():
            return
        for stack in self._nested():
            stack.clean()
        if not self.server.private:
            self._drop_databases()
        self.down()
        self._cluster.remove()
        shutil.rmtree(self.state)
        for name in ('secrets', 'odoo', 'server', 'runtime', '_cluster'):   # the next ``up`` makes others
            self.__dict__.pop(name, None)

    def _nested(self):
        """``make test`` keeps its stacks in a folder of this one's."""
        return [Stack(self.settings.change(state=state, private_postgres=True))
                for state in sorted((self.state / 'tests').glob('*')) if (state / 'stack.json').exists()]

    def _drop_databases(self):
        """On a server that others use too, only what this stack made."""
        try:
            MasterDatabase(self.runtime).drop_all()
        except Problem as problem:
            say(f'the databases on {self.server.host}:{self.server.port} stay: {problem}')

    def _stop_masters(self):
        for pid_file in (self.state / 'run').glob('master*.json'):
            self.service(pid_file.stem).stop()

    # -- what runs ----------------------------------------------------------------------------------------------------
    def service(self, name):
        """To look at, stop or kill ``postgres``, ``nginx``, ``dns``, ``cloudflare``, ``stripe``, ``mail``, ``tenant``,
        ``master`` or ``master-1`` …"""
        return processes.Service(name, self.state)

    def services(self):
        extra = sorted(file.stem for file in (self.state / 'run').glob('master-*.json'))
        names = ('postgres', 'mail', 'dns', 'cloudflare', 'stripe', 'nginx', 'tenant', 'master', *extra)
        asked_for = [name for name in ('pve', 'pve-sshd') if (self.state / f'run/{name}.json').exists()]
        return [self.service(name) for name in (*names, *asked_for)]

    @contextlib.contextmanager
    def _alone(self):
        """Two commands on one stack take turns."""
        self.state.mkdir(parents=True, exist_ok=True)
        with fetching.lock(self.state, 'stack'):
            yield

    # -- one series for life ------------------------------------------------------------------------------------------
    @property
    def _record(self):
        return self.state / 'stack.json'

    def _settled(self):
        """The settings with the series that this stack's databases were made with."""
        if not self._record.exists():
            return self.settings
        series = json.loads(self._record.read_text())['series']
        wanted = self.settings.series or odoo_sources.named_series(self.settings)
        if wanted not in (None, series):
            raise Problem(f'This stack was made with Odoo {series} and its databases do not fit {wanted}: run '
                          '`make clean` first, or give the other a folder and ports of its own (see README).')
        return self.settings.change(series=series)

    def _remember_series(self):
        series = self.odoo.series
        self.state.mkdir(parents=True, exist_ok=True)
        self._record.write_text(json.dumps({'series': series}))
