"""nginx in front of both Odoo servers: one loopback port, the master at localhost, tenants at <name>.localhost."""
import getpass
import hashlib
import os
import pwd
import shutil
import subprocess

from . import packaged
from .ports import LOOPBACK, answers, require_free
from .processes import Service, base_environment
from .rendering import render, write_if_changed
from .report import Problem, last_lines
from .settings import Ports


class Nginx:
    """The folder holds the rendered configuration, the routes written by the router, logs and temporary files."""

    def __init__(self, settings):
        self.settings = settings
        self.folder = settings.state / 'nginx'
        self.config = self.folder / 'nginx.conf'
        self.routes = self.folder / 'routes.conf'

    @property
    def program(self):
        """The same path for the router, whichever nginx was found."""
        return self.settings.state / 'bin' / 'nginx'

    @property
    def command(self):
        """Argument vector for the node's record: the router adds -c, -t and -s."""
        return [str(self.program)]

    def prepare(self):
        """Find or fetch nginx and leave a link to it."""
        found = packaged.find(self.settings, packaged.NGINX)
        self.program.parent.mkdir(parents=True, exist_ok=True)
        if not (self.program.is_symlink() and self.program.readlink() == found):
            self.program.unlink(missing_ok=True)
            self.program.symlink_to(found)

    def start(self):
        self._render()
        service = self.service()
        if not service.is_current():
            service.stop()
            require_free(self.settings.ports.http, 'nginx', Ports.variable('http'))
            self._test()
            service.start()
        service.wait(lambda: answers(self.settings.ports.http), 20)
        return service

    def service(self):
        text = self.config.read_text() if self.config.exists() else ''
        argv = [self.program, '-p', self.folder, '-c', self.config, '-g', 'daemon off;']
        return Service('nginx', self.settings.state, argv, fingerprint=hashlib.sha256(text.encode()).hexdigest())

    def _render(self):
        (self.folder / 'run').mkdir(parents=True, exist_ok=True)
        templates = self.settings.config / 'nginx'
        if not self.routes.exists():
            shutil.copyfile(templates / 'routes.empty.conf', self.routes)
        write_if_changed(self.config, render(templates / 'nginx.conf.in', self._values()))

    def _values(self):
        ports = self.settings.ports
        master, tenant = f'{LOOPBACK}:{ports.master}', f'{LOOPBACK}:{ports.tenant}'
        return {
            'USER': _user_directive(),
            'LISTEN': f'{LOOPBACK}:{ports.http}',
            'MASTER_NAMES': f'localhost {LOOPBACK}',
            'MASTER_HTTP': master, 'MASTER_WS': master,     # without workers Odoo serves both on one port
            'TENANT_HTTP': tenant, 'TENANT_WS': tenant,
            'PUBLIC_SCHEME': 'http',
            'TRUSTED_PROXIES': '',
            'MAX_BODY': '128m',
            'REQUEST_RATE': '200r/s',
            'LOGIN_RATE': '60r/m',
            'ROUTES_FILE': self.routes,
            'PAGES_DIR': self.settings.config / 'nginx' / 'pages',
            'STATE_DIR': self.folder / 'run',
        }

    def _test(self):
        done = subprocess.run([self.program, '-p', self.folder, '-t', '-c', self.config], text=True,
                              capture_output=True, env=base_environment())
        if done.returncode:
            raise Problem(f'nginx refuses {self.config}:{last_lines(done.stderr)}')


def _user_directive():
    """Started by root, nginx would hand its workers to a user who cannot read the state folder."""
    if os.geteuid():
        return ''
    return f'user {getpass.getuser()} {_group_name()};'


def _group_name():
    import grp
    return grp.getgrgid(pwd.getpwuid(os.geteuid()).pw_gid).gr_name
