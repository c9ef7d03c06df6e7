"""Odoo's own part in a template's database, on a shared server or in a golden container: installing, opening pages.

Both take minutes: they run detached over there (``detached``) and are watched.
"""
import json
import re
from pathlib import Path

from . import filestore
from .detached import ABSENT, KILLED, RUNNING, Job, require
from .errors import Permanent, Retryable
from .waiting import NotYet

ALWAYS = ('auth_signup',)       # the customer sets his password by its links
POLL = 1.0                      # seconds between looks at a build
LOOK_TIMEOUT = 120              # seconds for Odoo to start without a database
SCRIPTS = Path(__file__).parent / 'node_scripts'
LOADING = re.compile(r'Loading module (\w+) \((\d+)/(\d+)\)')
WITH_STDIN = 'script=$1; shift; exec "$@" <"$script"'


class OdooBuild:
    """:param spec: ``spec.NodeSpec``, of which ``odoo_command``, ``odoo_config``, ``data_dir`` and ``odoo_url`` are used

    Who inherits tells by ``_installed(build_db)`` which modules are installed.
    """

    def __init__(self, spec, transport):
        self.spec = spec
        self.transport = transport

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
        missing = wanted - self._installed(build_db)
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

    # -- how ---------------------------------------------------------------------------

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

