"""Debian packages for ourselves: fetched and verified by apt with lists of our own, unpacked into a folder.

Needs no root and leaves the system's packages, lists and caches alone. The mirror, its keys, proxies and
credentials are the machine's own.
"""
import os
import re
import shutil
import subprocess
from pathlib import Path

from .processes import base_environment, run
from .report import Problem

_KEPT = re.compile(r'APT::Architecture|Acquire::(?!IndexTargets|Languages|Gzip|Changelogs|CompressionTypes|cdrom)')
_NO_NETWORK = 'Check the network and the machine\'s apt sources (`apt-get update` must work), then repeat.'


class Apt:
    """``folder`` is ours; ``suite`` replaces the machine's release, for example with ``sid``."""

    def __init__(self, folder, suite=None, etc=Path('/etc/apt')):
        self.folder = folder
        self.suite = suite
        self.etc = etc
        for program in ('apt-get', 'apt-config', 'dpkg-deb'):
            if not shutil.which(program):
                raise Problem(f'{program} is missing, so nothing can be fetched from Debian: use a Debian machine, '
                              'or install what is wanted by the means of this system.')

    def update(self):
        """Fetch the package lists."""
        for part in ('lists/partial', 'cache/archives/partial'):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        entries = debian_entries(self.etc)
        (self.folder / 'private.sources').write_text(render_entries(entries, self.suite))
        (self.folder / 'apt.conf').write_text(self._configuration())
        self._run('apt-get', '-q', 'update')

    def fetch(self, *packages):
        """Just these packages; apt verifies their checksums. Returns the files."""
        archives = self.folder / 'cache' / 'archives'
        self._run('apt-get', '-q', 'download', *packages, cwd=archives)
        return sorted(archives.glob('*.deb'))

    def fetch_missing(self, *packages):
        """These packages and what they depend on, without what the machine has installed."""
        self._run('apt-get', '-q', '-y', '--no-install-recommends', '--download-only', 'install', *packages)
        files = sorted((self.folder / 'cache' / 'archives').glob('*.deb'))
        if not files:       # installed: apt has nothing to do
            raise Problem(f'{" ".join(packages)} seems to be installed but does not run: reinstall it.')
        return files

    def _configuration(self):
        """The machine's way to the network and nothing else of its configuration, such as hooks that clean up."""
        dump = subprocess.run(['apt-config', 'dump'], capture_output=True, text=True, env=base_environment())
        kept = [line for line in dump.stdout.splitlines() if _KEPT.match(line)]
        ours = {
            'Dir::Etc::SourceList': self.folder / 'private.sources',
            'Dir::Etc::SourceParts': '/dev/null',
            'Dir::Etc::Main': '/dev/null',
            'Dir::Etc::Parts': '/dev/null',
            'Dir::State::Lists': self.folder / 'lists',
            'Dir::Cache': self.folder / 'cache',
            'Acquire::Languages': 'none',
            'APT::Get::List-Cleanup': 'false',
            'APT::Sandbox::User': 'root',       # apt's own user cannot write here; only root would change to it
            'Debug::NoLocking': 'true',         # nothing of the system is written
        }
        return '\n'.join([*kept, *(f'{name} "{value}";' for name, value in ours.items()), ''])

    def _run(self, *argv, cwd=None):
        env = {**base_environment(), 'APT_CONFIG': str(self.folder / 'apt.conf'), 'DEBIAN_FRONTEND': 'noninteractive'}
        return run(argv, f'`{" ".join(argv)}`', _NO_NETWORK, env=env, cwd=cwd)


def unpack(files, root):
    root.mkdir(parents=True, exist_ok=True)
    for file in files:
        run(['dpkg-deb', '-x', file, root], f'Unpacking {file.name}', 'Check the free disk space.')


def library_path(root):
    """LD_LIBRARY_PATH for programs of an unpacked tree; some packages keep libraries one folder deeper."""
    folders = [folder for lib in ('usr/lib', 'lib') for pattern in (f'{lib}/*-linux-*', f'{lib}/*-linux-*/*', lib)
               for folder in sorted(root.glob(pattern)) if any(folder.glob('lib*.so*'))]
    return os.pathsep.join(map(str, folders))


# -- the machine's sources --------------------------------------------------------------------------------------------
def debian_entries(etc):
    """Those of the machine's sources that are Debian's own archive, as fields of the deb822 format."""
    entries = []
    for file in [etc / 'sources.list', *sorted((etc / 'sources.list.d').glob('*'))]:
        if file.suffix == '.sources':
            entries += parse_deb822(file.read_text())
        elif file.suffix == '.list' and file.exists():
            entries += parse_one_line(file.read_text())
    found = [entry for entry in entries if _is_debian(entry)]
    if not found:
        raise Problem(f'{etc} names no source of Debian packages with the component "main": add the line '
                      '`deb <mirror> <release> main` to sources.list, or install what is missing by other means.')
    return found


def parse_one_line(text):
    """``deb [options] uri suite components``: see sources.list(5)."""
    entries = []
    for line in text.splitlines():
        match = re.match(r'\s*deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)', line)
        if match:
            options, uri, suite, components = match.groups()
            entry = {'Types': 'deb', 'URIs': uri, 'Suites': suite, 'Components': components.strip()}
            for option in (options or '').split():
                name, _, value = option.partition('=')
                if name.lower() in ('signed-by', 'trusted'):
                    entry[name.title()] = value
            entries.append(entry)
    return entries


def parse_deb822(text):
    """Stanzas of ``Field: value`` with continuation lines: see sources.list(5)."""
    entries = []
    for stanza in re.split(r'\n[ \t]*\n', text):
        entry, name = {}, None
        for line in stanza.splitlines():
            if line.startswith('#'):
                continue
            if line[:1] in (' ', '\t') and name:
                entry[name] += '\n' + line
            elif ':' in line:
                name, _, value = line.partition(':')
                name = {'uris': 'URIs'}.get(name.strip().lower(), name.strip().title())
                entry[name] = value.strip()
        if entry and entry.get('Enabled', 'yes').lower() not in ('no', 'false'):
            entries.append(entry)
    return entries


def _is_debian(entry):
    """Other archives, such as a vendor's, use suites of their own; a local one (file:) has no sid."""
    releases = {'stable', 'oldstable', 'testing', 'unstable', 'sid', _codename()}
    suites = {suite.split('-')[0].split('/')[0] for suite in entry.get('Suites', '').split()}
    return ('main' in entry.get('Components', '').split() and suites <= releases
            and 'deb' in entry.get('Types', '').split() and not entry.get('URIs', '').startswith(('file:', 'cdrom:')))


def render_entries(entries, suite=None):
    """All entries as they are, or, with ``suite``, the first that is not for updates only, led to that suite."""
    if suite:
        main = [entry for entry in entries if 'security' not in entry['Suites'] and 'security' not in entry['URIs']]
        entries = [{**(main or entries)[0], 'Suites': suite}]
    fields = ('URIs', 'Suites', 'Signed-By', 'Trusted')
    return '\n'.join(
        ''.join(f'{name}: {value}\n' for name, value in (
            ('Types', 'deb'), ('Components', 'main'), *((name, entry[name]) for name in fields if name in entry)))
        for entry in entries)


def _codename():
    try:
        release = Path('/etc/os-release').read_text()
    except OSError:
        return ''
    match = re.search(r'^VERSION_CODENAME="?([a-z]+)', release, re.M)
    return match.group(1) if match else ''


