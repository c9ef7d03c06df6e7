"""The master's database: made with our addons, updated when they change, told where it is reached."""
import hashlib
import json
import shutil
from pathlib import Path

from . import postgres
from .odoo_server import MAIL_FROM
from .rendering import write_if_changed
from .report import Problem, doing, say

NAME = 'saas_master'
_SETUP = Path(__file__).parent / 'inside/master_setup.py'
_IGNORED = {'tests', '__pycache__'}


class MasterDatabase:
    """``record`` remembers what was installed; without one the database is a half-done attempt of ours."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.settings = runtime.settings
        self.server = runtime.database
        self.record = self.settings.state / 'master.json'

    def install(self, before_change=lambda: None):
        """Install or update what has changed. ``before_change`` stops the servers that use the database."""
        modules = addons(self.settings.addons)
        if not modules:
            raise Problem(f'{self.settings.addons} holds no addon: this is not a whole checkout.')
        wanted = {'addons': checksum(self.settings.addons), 'modules': modules, 'odoo': str(self.runtime.odoo.script)}
        found = self._recorded()
        if found.get('installed') != wanted:
            before_change()
            self._install_or_update(modules, found.get('installed'))
            self._remember(found, installed=wanted)

    def set_up(self):
        """Tell it its address and its administrator's password."""
        wanted = {'url': self.settings.url, 'password': _digest(self.runtime.secrets['ADMIN_PASSWORD']),
                  'script': _digest(_SETUP.read_text())}
        found = self._recorded()
        if found.get('setup') != wanted:
            self._set_up()
            self._remember(found, setup=wanted)

    def _recorded(self):
        return json.loads(self.record.read_text()) if self.record.exists() and self._existing() else {}

    def _remember(self, before, **done):
        write_if_changed(self.record, json.dumps({**before, **done}, indent=1))

    def _install_or_update(self, modules, installed):
        if installed:
            self._update(modules, [name for name in modules if name not in installed['modules']])
        else:
            self._install(modules)
        rows = self.server.sql(
            self.runtime.python, ("SELECT name FROM ir_module_module WHERE state = 'installed'",), database=NAME)
        missing = sorted(set(modules) - {row[0] for row in rows})
        if missing:
            raise Problem(f'Odoo did not install {", ".join(missing)}; see {self.settings.state}/log/setup.log.')

    def _update(self, modules, new):
        old = [name for name in modules if name not in new]
        arguments = [word for option, names in (('--update', old), ('--init', new)) if names
                     for word in (option, ','.join(names))]
        with doing(f'master: updating {", ".join(modules)}, which changed'):
            self._odoo(*arguments)

    def _install(self, modules):
        python = self.runtime.python
        self._refuse_foreign()
        postgres.drop_database(self.server, python, NAME)
        postgres.create_database(self.server, python, NAME)
        self.server.sql(python, (f'COMMENT ON DATABASE {NAME} IS {{}}', self._comment()))
        with doing(f'master: installing {", ".join(modules)} in the database {NAME}'):
            self._odoo('--init', ','.join(modules), '--load-language=en_US,es_ES')

    def _odoo(self, *arguments):
        self.runtime.run('Odoo', '-d', NAME, *arguments, '--stop-after-init', '--no-http', '--max-cron-threads=0')

    def _comment(self):
        return f'odoo-saas stack {self.settings.state}'

    def _existing(self):
        return self.server.sql(self.runtime.python, (
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = {}", NAME))

    def _refuse_foreign(self):
        """Only on a named server can somebody else's database have the name."""
        existing = self._existing()
        if existing and existing[0][0] != self._comment():
            raise Problem(f'The server at {self.server.host}:{self.server.port} has a database {NAME} that this stack '
                          'did not make: rename or drop it, or unset PGHOST and PGPORT for a private server.')

    def copy_for_unit_tests(self):
        """Nobody may be connected to the original. Its server gets a port that no other uses."""
        copy = postgres.MASTER_DATABASES[1]
        postgres.drop_database(self.server, self.runtime.python, copy)
        postgres.create_database(self.server, self.runtime.python, copy, template=NAME)
        data = self.settings.state / 'unit-data'
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.settings.state / f'master-data/filestore/{NAME}', data / f'filestore/{copy}')
        return copy, self.runtime.configure_unit(copy, data), self.runtime.environment()

    def install_in_copy(self, *modules):
        copy = postgres.MASTER_DATABASES[1]
        with doing(f'{copy}: installing {", ".join(modules)}'):
            self.runtime.run('Odoo', '-d', copy, '--init', ','.join(modules), '--stop-after-init', '--no-http',
                             '--max-cron-threads=0', config=self.runtime.unit_config)

    def drop_all(self):
        """What this stack made on a named server: the master's database and those of its tenants."""
        existing = self._existing()
        if not existing or existing[0][0] != self._comment():
            return
        owned = self.server.sql(self.runtime.python, (
            'SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) IN ({}, {})', 'saas_master', 'saas_tenant'))
        for (name,) in owned:
            self.server.sql(self.runtime.python, ('ALTER DATABASE {} IS_TEMPLATE false', {'identifier': name}))
            postgres.drop_database(self.server, self.runtime.python, name)

    def _set_up(self):
        say(f'master: its address is {self.settings.url}')
        self.runtime.run('Odoo', '-d', NAME, '--no-http', '--max-cron-threads=0', subcommand=['shell'],
                         script=_SETUP.read_bytes(), extra_env={
                             'SAAS_URL': self.settings.url, 'SAAS_MAIL': MAIL_FROM,
                             'ADMIN_PASSWORD': self.runtime.secrets['ADMIN_PASSWORD']})


def addons(folder):
    """Ours, by name."""
    return sorted(path.parent.name for path in folder.glob('saas_*/__manifest__.py'))


def checksum(folder):
    """Changes when an update of the database is due: with any file of the addons but their tests."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob('saas_*/**/*')):
        name = path.relative_to(folder)
        if path.is_file() and not any(part in _IGNORED or part.startswith('.') for part in name.parts):
            digest.update(f'{name}\0'.encode() + path.read_bytes() + b'\0')
    return digest.hexdigest()


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()
