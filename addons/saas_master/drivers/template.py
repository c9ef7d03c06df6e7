"""Golden databases: built once on a node by Odoo itself, then closed, and copied for every tenant.

Installing and warming take minutes: they run detached on the node (``detached``) and are watched. Every method may be
repeated after being killed at any instant. What is ours is told by the database's comment ``saas-template:<name>`` and
by a mark file in its filestore.

While it is built the database carries the template flag, so that the node's Odoo servers and their cron workers pass
over it (``odoo.service.db.list_dbs``): nobody but the build ever loads it.
"""
import json
import re
from contextlib import suppress
from pathlib import Path

from . import filestore
from .detached import ABSENT, KILLED, RUNNING, Job, require, stop_all
from .errors import NotFound, Permanent, Retryable
from .postgres import connect, statement
from .shared_node import close, drop, look
from .template_freeze import clean, facts
from .waiting import NotYet

ALWAYS = ('auth_signup',)       # the customer sets his password by its links
POLL = 1.0                      # seconds between looks at a build
VACUUM_TIMEOUT = 900            # seconds
LOOK_TIMEOUT = 120              # seconds for Odoo to start without a database
SCRIPTS = Path(__file__).parent / 'node_scripts'
LOADING = re.compile(r'Loading module (\w+) \((\d+)/(\d+)\)')
WITH_STDIN = 'script=$1; shift; exec "$@" <"$script"'


class TemplateBuilder:
    """Builds on one node. Every method raises nothing but ``errors``; ``build_db`` is the template's database."""

    def __init__(self, spec, transport):
        self.spec = spec
        self.transport = transport

    # -- the steps ---------------------------------------------------------------------

    def prepare(self, build_db):
        """An empty database, marked ours and hidden from the servers; what an earlier build left is removed."""
        self.drop(build_db)
        with self._cursor(autocommit=True) as cursor:
            # as Odoo creates one (odoo.service.db._create_empty_database), with the flag from the first moment
            cursor.execute(statement(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING 'unicode' LC_COLLATE 'C' IS_TEMPLATE true", build_db))
            cursor.execute(statement('COMMENT ON DATABASE {} IS %s', build_db), [_mark(build_db)])
        with suppress(Permanent), self._cursor(build_db) as cursor:     # contrib may be absent, as for Odoo itself
            cursor.execute('CREATE EXTENSION IF NOT EXISTS pg_trgm')
        filestore.run(self.transport, self.spec, filestore.MAKE, f'Making the folders of {build_db}',
                      build_db, _files_mark(build_db), self._folder(build_db))

    def start_install(self, build_db, modules, languages=()):
        """Begin to install ``modules`` (technical names) with ``languages`` (codes); adopt what runs already.

        :raises Permanent: a module, or one that it needs, is not on the node; known before the long part begins
        """
        job = self._job(build_db, 'install')
        if job.look().status != ABSENT:     # it runs, or its end waits to be told by poll
            return
        modules = sorted({*modules, *ALWAYS})
        self._check_present(modules)
        # the first one becomes the language of who is in the database (res.lang.install_lang)
        languages = dict.fromkeys(['en_US', *languages])
        command = [*self._odoo(), *self._options(build_db), '-i', ','.join(modules), '--without-demo=True']
        if len(languages) > 1:
            command.append(f'--load-language={",".join(languages)}')
        command.append('--stop-after-init')
        job.start([['sh', '-c', 'printf %s "$1" > modules', 'saas', ','.join(modules)], command])

    def poll(self, build_db):
        """``NotYet`` while it installs, None once every module is installed.

        :raises Permanent: it failed, with the end of its log
        :raises Retryable: it was killed; ``start_install`` begins it again
        """
        job = self._job(build_db, 'install')
        waiting = self._watch(job, 'The installation')
        if waiting:
            return waiting
        wanted = set(self.transport.get(f'{job.folder}/modules').decode().split(','))
        with self._cursor(build_db) as cursor:
            cursor.execute("SELECT name FROM ir_module_module WHERE state = 'installed'")
            missing = wanted - {name for name, in cursor.fetchall()}
        if missing:
            log = job.look().log
            job.tell()
            raise Permanent(f'Odoo left {", ".join(sorted(missing))} uninstalled. The end of its log:\n{log[-1500:]}')
        return None

    def warm(self, build_db):
        """Open the first pages once, so that clones compile no assets. ``NotYet`` while that goes on, then None."""
        job = self._job(build_db, 'warm')
        script = f'{job.folder}/warm.py'
        if job.look().status == ABSENT:
            self.transport.put(script, (SCRIPTS / 'warm.py').read_bytes())
        command = [*self._odoo('shell'), *self._options(build_db)]
        job.start([['sh', '-c', WITH_STDIN, 'saas', script, *command]])
        return self._watch(job, 'Opening its pages')

    def freeze(self, build_db):
        """Take the administrator's password and all traces of the build out, then close it for connections.

        :return: ``{'size_bytes', 'odoo_version', 'modules': {name: version}, 'languages'}``
        """
        with self._cursor(autocommit=True) as cursor:
            self._ours(cursor, build_db, must_exist=True)
            cursor.execute(statement('ALTER DATABASE {} ALLOW_CONNECTIONS true', build_db))
        with self._cursor(build_db) as cursor:
            clean(cursor)
        with connect(self.spec.postgres, build_db, autocommit=True, timeout=VACUUM_TIMEOUT) as cursor:
            cursor.execute('VACUUM (FULL, ANALYZE)')        # a clone copies every page, dead ones too
            found = facts(cursor)
        with self._cursor(autocommit=True) as cursor:
            cursor.execute(statement('ALTER DATABASE {} IS_TEMPLATE true', build_db))
            close(cursor, build_db)
        return found

    def drop(self, build_db):
        """Remove the database, its files and what still builds it; repeatable. Permanent if it is not ours."""
        filestore.check_names('0' * 32, build_db)
        with self._cursor(autocommit=True) as cursor:
            database = self._ours(cursor, build_db)
            stop_all(self.transport, self._folder(build_db))
            drop(cursor, database)
        filestore.run(self.transport, self.spec, filestore.DROP, f'Removing the files of {build_db}',
                      build_db, _files_mark(build_db))
        self.transport.run(['rm', '-rf', '--', self._folder(build_db)], timeout=60).check('Removing the build folder')

    def fingerprint(self):
        """What differs once Odoo's code or that of any module on the node differs; about two seconds."""
        return self._look()['digest']

    # -- how ---------------------------------------------------------------------------

    def _cursor(self, database=None, autocommit=False):
        return connect(self.spec.postgres, database, autocommit)

    def _folder(self, build_db):
        filestore.check_names('0' * 32, build_db)
        return f'{self.spec.data_dir}/saas-builds/{build_db}'

    def _job(self, build_db, name):
        return Job(self.transport, self._folder(build_db), name)

    def _odoo(self, *subcommand):
        return [*self.spec.odoo_command, *subcommand, '-c', self.spec.odoo_config]

    @staticmethod
    def _options(build_db):
        return ['-d', build_db, '--no-http', '--workers=0', '--max-cron-threads=0', '--logfile=']

    def _watch(self, job, what):
        """NotYet while the job runs, None when it is done; its failure is told once, then it may start anew."""
        state = job.look()
        if state.status == ABSENT:
            raise Permanent(f'{what} is not under way on the node. Build the template again.')
        if state.status == RUNNING:
            found = LOADING.findall(state.log)
            return NotYet(POLL, '{} ({}/{})'.format(*found[-1]) if found else '')
        if state.status == KILLED:
            job.tell()
            raise Retryable(f'{what} was stopped before its end, by a restart of the node or for want of memory.')
        if state.exit_code:
            job.tell()
        require(state, what)
        return None

    def _ours(self, cursor, build_db, must_exist=False):
        database = look(cursor, build_db).get(build_db)
        if not database and must_exist:
            raise NotFound(f'The template database {build_db} is not on the node; build it again.')
        # creating and marking are two statements: one with the flag but without any mark is half-made by us
        if database and database.comment != _mark(build_db) and (database.comment or not database.is_template):
            raise Permanent(f'The node has a database {build_db} that is no template of ours.'
                            ' Rename or remove it there.')
        return database

    def _look(self):
        command = [*self._odoo('shell'), '--no-http', '--logfile=']
        result = self.transport.run(command, timeout=LOOK_TIMEOUT, stdin=(SCRIPTS / 'look.py').read_bytes())
        result.check('Asking Odoo on the node for its modules')
        lines = [line for line in result.stdout.splitlines() if line.startswith('saas:')]
        if not lines:
            raise Permanent("Odoo's shell on the node answered nothing; check the command and the configuration file.")
        return json.loads(lines[-1][len('saas:'):])

    def _check_present(self, names):
        modules = self._look()['modules']
        pending, seen, absent = list(names), set(), set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            if not modules.get(name, {}).get('installable'):
                absent.add(name)
            elif name != 'base':
                pending += modules[name]['depends']
        if absent:
            raise Permanent(f'Module(s) {", ".join(sorted(absent))} are not on node {self.spec.odoo_url}:'
                            ' install them there or take them out of the template.')


def _mark(build_db):
    return f'saas-template:{build_db}'


def _files_mark(build_db):
    return f'template-{build_db}'
