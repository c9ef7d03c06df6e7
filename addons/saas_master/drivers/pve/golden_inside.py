"""What is done inside a golden container while it is built: the recipe, then Odoo's database.

Installing and opening pages are done as in a template database of a shared server (``template_install``), only
that Odoo and PostgreSQL are in here and there is nobody else's database.
"""
import io
import tarfile
from dataclasses import dataclass

from ..container_scripts import golden
from ..detached import ABSENT, KILLED, RUNNING, Job, require, stop_all
from ..errors import Retryable
from ..inside import call
from ..template_install import POLL, OdooBuild
from ..waiting import NotYet
from .golden_spec import BUILD_DB

FOLDER = '/var/lib/saas'
RECIPE = f'{FOLDER}/recipe'
SECONDS = 60
FREEZE_SECONDS = golden.VACUUM_SECONDS + SECONDS
FILESTORE = '/var/lib/odoo/filestore'
# Under the name that the database gets in the end: publishing a clone then moves no files.
ROOM = '''set -eu
mkdir -p "$1"; rm -rf "$2/odoo" "$2/$3"
install -d -o odoo -g odoo -m 0700 "$2" "$2/odoo"; ln -s odoo "$2/$3"
'''
UNPACK = 'set -eu; rm -rf "$1.new"; mkdir -p "$1.new"; tar -xf - -C "$1.new"; rm -rf "$1"; mv "$1.new" "$1"'


@dataclass(frozen=True)
class _Place:
    """What of ``spec.NodeSpec`` the build of a database asks for."""

    odoo_command: tuple = ('runuser', '-u', 'odoo', '--', '/opt/saas/bin/odoo')
    odoo_config: str = '/etc/odoo/odoo.conf'
    data_dir: str = FOLDER          # of the build's jobs, which are root's
    odoo_url: str = 'the golden container'


class GoldenInside(OdooBuild):
    """:param transport: into the container, as its root; :param build: ``golden_spec.GoldenBuild``"""

    def __init__(self, transport, build):
        super().__init__(_Place(), transport)
        self.build = build

    def is_up(self):
        """NotYet until systemd takes units."""
        try:
            state = self.transport.run(['systemctl', 'is-system-running'], SECONDS).stdout.strip()
        except Retryable:
            state = ''
        return None if state in ('running', 'degraded') else NotYet(0.5, state)

    def recipe(self):
        """Run the recipe, NotYet with how far it is."""
        job = Job(self.transport, FOLDER, 'recipe')
        if job.look().status == ABSENT:
            self._send_recipe()
            settings = (f'ODOO_SOURCE={self.build.odoo_source}', f'ODOO_SHA256={self.build.odoo_sha256}')
            job.start([['env', *settings, 'sh', f'{RECIPE}/setup.sh']])
        state = job.look()
        if state.status in (RUNNING, ABSENT):
            return NotYet(POLL, _progress(state.log))
        if state.status == KILLED:
            job.tell()
            raise Retryable('The recipe was stopped before its end, by a restart of the container or for want of memory.')
        if state.exit_code:
            job.tell()
        require(state, 'The recipe')
        return None

    def install(self):
        """NotYet while the modules are installed. What an attempt that failed has left is made anew."""
        job = self._job(BUILD_DB, 'install')
        if job.look().status == ABSENT:
            stop_all(self.transport, self._folder(BUILD_DB))
            self.transport.run(['sh', '-c', ROOM, 'saas', self._folder(BUILD_DB), FILESTORE, BUILD_DB],
                               SECONDS).check('Making room for the build')
            call(self.transport, golden.create, BUILD_DB, user='postgres', timeout=SECONDS)
            self.start_install(BUILD_DB, self.build.modules, self.build.languages)
        return self.poll(BUILD_DB)

    def warm_up(self):
        return self.warm(BUILD_DB)

    def seal(self):
        """Close the database and take out what clones must not share; what is known about it, see ``template_freeze.facts``."""
        found = call(self.transport, golden.freeze, BUILD_DB, user='odoo', timeout=FREEZE_SECONDS)
        found['code'] = self._look()['digest']
        self._send_recipe()      # the seal removes it at its end, and may have to be repeated
        self.transport.run(['sh', f'{RECIPE}/seal.sh'], SECONDS * 2).check('Taking out what clones must not share')
        return found

    def _send_recipe(self):
        self.transport.run(['sh', '-c', UNPACK, 'saas', RECIPE], SECONDS, self._packed()).check('Sending the recipe')

    def _installed(self, build_db):
        return set(call(self.transport, golden.installed, build_db, user='odoo', timeout=SECONDS))

    def _packed(self):
        """The recipe as a tar; the same for the same files."""
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode='w') as archive:
            for name, (content, is_run) in self.build.recipe.files.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o755 if is_run else 0o644
                archive.addfile(entry, io.BytesIO(content))
        return data.getvalue()


def _progress(log):
    lines = [line.removeprefix('saas: ') for line in log.splitlines() if line.startswith('saas: ')]
    return lines[-1] if lines else ''
