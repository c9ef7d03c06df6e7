"""The deployment's own scripts, run here instead of in a container: real PostgreSQL, Odoo, nginx and sshd."""
import getpass
import os
import pwd
import runpy
import signal
import subprocess
import time
from pathlib import Path

from ..stack import Settings, odoo_sources, packaged, venvs
from ..stack.ports import LOOPBACK, unused
from ..stack.postgres import Cluster
from ..stack.settings import CHECKOUT, Ports

DOCKER = CHECKOUT / 'docker'


class Deployment:
    """``folder``: everything it writes; ``secrets``: what prepare.sh made."""

    def __init__(self, folder, secrets):
        self.folder, self.secrets = folder, secrets
        self.settings = Settings.from_environment().change(state=folder / 'state', ports=Ports(postgres=unused()))
        self.settings.state.mkdir()
        self.odoo = odoo_sources.resolve(self.settings)
        self.python = venvs.ensure(self.settings, f'odoo-{self.odoo.series}')
        self.cluster = Cluster(self.settings, {'POSTGRES_PASSWORD': self.secret('postgres_password')})
        self.process = None

    def secret(self, name):
        return (self.secrets / name).read_text()

    # -- PostgreSQL -----------------------------------------------------------------------------

    def start_database(self):
        """A cluster that lets in whom the deployment's does."""
        self.service = self.cluster.start()
        rules = self.cluster.folder / 'data/pg_hba.conf'
        rules.write_text((DOCKER / 'db/pg_hba.conf').read_text())
        self.cluster.server.sql(self.python, ('SELECT pg_reload_conf()',))
        time.sleep(0.2)

    def init(self):
        """init.py as a module, without the installation of Odoo: {name: object}."""
        os.environ.update(self.environment())
        return runpy.run_path(str(DOCKER / 'bin/init.py'))

    # -- the node -------------------------------------------------------------------------------

    def environment(self):
        """As compose.yaml has it, with this machine's programs, folders and ports."""
        if not hasattr(self, '_environment'):
            modules = 'base,web' if self.odoo.series == '17.0' else 'base,rpc,web'
            ports = {f'SAAS_{name}_PORT': str(unused()) for name in ('ODOO', 'GEVENT', 'ROUTER', 'SSH')}
            self._environment = {
                'SAAS_HOME': str(CHECKOUT), 'SAAS_SECRETS': str(self.secrets), 'SAAS_RUN': str(self.folder / 'run'),
                'SAAS_USER': getpass.getuser(), 'SAAS_SERIES': self.odoo.series, 'SAAS_MODULES': modules,
                'SAAS_ODOO': str(self._odoo_program()), 'SAAS_NGINX': str(packaged.find(self.settings, packaged.NGINX)),
                'SAAS_SSHD': str(self._sshd_program()), 'SAAS_ADDRESS': LOOPBACK, **ports,
                'SAAS_DB_HOST': LOOPBACK, 'SAAS_DB_PORT': str(self.settings.ports.postgres),
                'SAAS_DATA_DIR': str(self.folder / 'data'), 'SAAS_ROUTER_DIR': str(self.folder / 'router'),
                'SAAS_ROUTER_LISTEN': f'{LOOPBACK}:{ports["SAAS_ROUTER_PORT"]}',
                'SAAS_WORKERS': '0', 'SAAS_CRON_THREADS': '0', 'SAAS_TENANT_ADDONS': str(self.folder / 'addons'),
                'SAAS_NODE_NAME': 'node-1', 'SAAS_MASTER_URL': 'http://master.test', 'SAAS_MASTER_NAMES': 'master.test',
                'SAAS_MASTER_HTTP': f'{LOOPBACK}:9', 'SAAS_MASTER_WS': f'{LOOPBACK}:9',
                'SAAS_TENANT_URL': 'http://{name}.master.test', 'SAAS_SCHEME': 'http', 'SAAS_TRUSTED_PROXIES': '',
                'SAAS_SMTP_SERVER': LOOPBACK, 'SAAS_SMTP_PORT': '9', 'SAAS_MAIL_FROM': 'saas@master.test',
            }
        return self._environment

    def start_node(self):
        (self.folder / 'addons').mkdir(exist_ok=True)
        with (self.folder / 'node.log').open('ab') as log:
            self.process = subprocess.Popen(
                [DOCKER / 'bin/entrypoint.sh', 'node.sh'], env={**os.environ, **self.environment()},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + 90
        while self.health().returncode:
            assert self.process.poll() is None and time.monotonic() < end, self.log()
            time.sleep(0.5)

    def health(self):
        """What the health check of the compose file says."""
        return subprocess.run([DOCKER / 'bin/healthy.sh', 'node'], env={**os.environ, **self.environment()},
                              capture_output=True, text=True)

    def log(self):
        return (self.folder / 'node.log').read_text()

    def stop_node(self):
        """Its exit code, after what the engine sends to stop a container."""
        self.process.terminate()
        return self.process.wait(60)

    def processes(self):
        """Whatever still runs of it."""
        return [int(path.name) for path in Path('/proc').glob('[0-9]*') if self._is_ours(path)]

    def _is_ours(self, path):
        try:
            return os.getpgid(int(path.name)) == self.process.pid and (path / 'cmdline').read_bytes() != b''
        except (OSError, ValueError):
            return False

    def close(self):
        if self.process:
            for pid in self.processes():
                os.kill(pid, signal.SIGKILL)
        self.service.stop()
        self.cluster.remove()

    # -- programs as the image has them ---------------------------------------------------------

    def _odoo_program(self):
        return self._program('odoo', f'export PYTHONPATH="{self.odoo.python_path}"\n'
                                     f'exec "{self.python}" "{self.odoo.script}" "$@"\n')

    def _sshd_program(self):
        """Started by root, which it is not in the image, sshd wants an account; where there is none it is pretended."""
        found = packaged.find(self.settings, packaged.SSHD)
        lines = ''
        if not os.geteuid() and 'sshd' not in {user.pw_name for user in pwd.getpwall()}:
            os.makedirs('/run/sshd', mode=0o755, exist_ok=True)
            (self.folder / 'passwd').write_text(
                'root:x:0:0:root:/root:/bin/sh\nsshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n')
            (self.folder / 'group').write_text('root:x:0:\nnogroup:x:65534:\n')
            wrapper = next(found.parent.rglob('libnss_wrapper.so'))
            lines = (f'export LD_PRELOAD="{wrapper}" NSS_WRAPPER_PASSWD="{self.folder}/passwd" '
                     f'NSS_WRAPPER_GROUP="{self.folder}/group"\n')
        return self._program('sshd', f'{lines}exec "{found}" "$@"\n')

    def _program(self, name, text):
        path = self.folder / name
        path.write_text(f'#!/bin/sh\n{text}')
        path.chmod(0o755)
        return path
