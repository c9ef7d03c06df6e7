"""What containers of a sandbox are made of: a Debian with PostgreSQL, and over it one series of Odoo with its libraries.

Two folders in the cache, each a layer: ``lxc-debian-…`` (mmdebstrap, half a minute) and ``lxc-odoo-<series>-…`` (hard links
into Odoo's tree and its environment, a moment). Containers lie over both and write to neither. In a container are
``/opt/odoo/bin/odoo`` (the server, started by the system's ``python3``), ``/opt/odoo/src`` (Odoo's tree; of Debian's package
what is in its ``usr``), ``/opt/odoo/lib`` (its libraries) and ``/opt/odoo/series`` (``17.0``), so that a recipe for a golden
container needs no network.
"""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from . import apt, fetching, venvs
from .processes import base_environment, run
from .report import Problem, doing

PACKAGES = ('systemd-sysv', 'dbus', 'postgresql', 'python3', 'python3-psycopg2', 'iproute2', 'openssh-server',
            'ca-certificates', 'procps', 'tzdata')
UNWANTED = ('/usr/share/man/*', '/usr/share/locale/*', '/usr/share/doc/*', '/usr/share/info/*')
# A container has no devices, consoles or clocks of its own to look after; some of these would reach for the machine's.
MASKED = ('systemd-sysctl.service', 'systemd-modules-load.service', 'sys-kernel-debug.mount', 'sys-kernel-tracing.mount',
          'sys-kernel-config.mount', 'sys-fs-fuse-connections.mount', 'dev-hugepages.mount', 'dev-mqueue.mount',
          'console-getty.service', 'getty.target', 'systemd-logind.service', 'e2scrub_reap.service', 'systemd-remount-fs.service',
          'systemd-update-utmp.service', 'systemd-update-utmp-runlevel.service', 'systemd-journal-flush.service',
          'systemd-firstboot.service', 'systemd-udevd.service', 'systemd-udev-trigger.service', 'apt-daily.timer',
          'apt-daily-upgrade.timer', 'e2scrub_all.timer', 'fstrim.timer', 'dpkg-db-backup.timer', 'systemd-timesyncd.service')
LAUNCHER = '''#!/bin/sh
# Odoo {series} by the system's Python, with libraries of its own.
export PYTHONPATH=/opt/odoo/lib:/opt/odoo/src{inner}
exec /usr/bin/python3 -s /opt/odoo/src/{script} "$@"
'''


def ensure(settings, odoo, python):
    """Folders of the layers, the uppermost first.

    :param odoo: ``odoo_sources.Odoo``; :param python: of its environment
    """
    debian = _debian(settings)
    return [_odoo(settings, odoo, python, debian), debian]


def _sum(*words):
    return hashlib.sha256(repr(words).encode()).hexdigest()[:10]


# -- Debian -----------------------------------------------------------------------------------------------------------
def _debian(settings):
    folder = settings.cache / f'lxc-debian-{_sum(PACKAGES, UNWANTED, MASKED)}'
    with fetching.lock(settings.cache, folder.name):
        if not folder.is_dir():
            fetching.require_space(settings.cache, 2000, 'A Debian for containers')
            with fetching.appearing(folder) as building, doing('a Debian with PostgreSQL for containers (half a minute)'):
                _bootstrap(building)
                _tidy(building)
    return folder


def _bootstrap(root):
    """With the machine's own sources, in its own release."""
    sources = root.with_name(f'{root.name}.sources')
    sources.write_text(apt.render_entries(apt.debian_entries(Path('/etc/apt')), None))
    options = [f'--dpkgopt=path-exclude={path}' for path in UNWANTED]
    try:
        run(['mmdebstrap', '--quiet', '--mode=root', '--variant=minbase', f'--include={",".join(PACKAGES)}',
             '--aptopt=APT::Sandbox::User "root"', *options, '', root, sources], 'mmdebstrap',
            'Check the network and the machine\'s apt sources, then repeat.', seconds=900)
    finally:
        sources.unlink()


def _tidy(root):
    for unit in MASKED:
        link = root / 'etc/systemd/system' / unit
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to('/dev/null')
    for name in ('etc/machine-id', 'etc/resolv.conf'):
        (root / name).unlink(missing_ok=True)
        (root / name).write_text('')
    shutil.rmtree(root / 'var/lib/apt/lists', ignore_errors=True)


# -- Odoo -------------------------------------------------------------------------------------------------------------
def _odoo(settings, odoo, python, debian):
    tree = _tree(odoo)
    libraries = venvs.site_packages(python)
    release = (odoo.python_path / 'odoo/release.py').stat()
    folder = settings.cache / f'lxc-odoo-{odoo.series}-{_sum(str(tree), str(libraries), release.st_mtime_ns, LAUNCHER)}'
    with fetching.lock(settings.cache, folder.name):
        if not folder.is_dir():
            with fetching.appearing(folder) as building, doing(f'Odoo {odoo.series} as a layer for containers'):
                home = building / 'opt/odoo'
                (home / 'bin').mkdir(parents=True)
                _link(tree, home / 'src')
                _bring_libraries(python, libraries, home / 'lib', debian, odoo)
                _launcher(home, odoo, tree)
    return folder


def _tree(odoo):
    """All of it: Debian's package has its script and its shared files beside the Python."""
    for folder in (odoo.python_path, *odoo.python_path.parents):
        if odoo.script.is_relative_to(folder):
            return folder
    raise Problem(f'{odoo.script} is not in one tree with {odoo.python_path}.')


def _launcher(home, odoo, tree):
    inner = odoo.python_path.relative_to(tree)
    script = home / 'bin/odoo'
    script.write_text(LAUNCHER.format(series=odoo.series, script=odoo.script.relative_to(tree),
                                      inner='' if str(inner) == '.' else f'/{inner}'))
    script.chmod(0o755)
    (home / 'series').write_text(f'{odoo.series}\n')


def _link(source, target):
    """Hard links where that can be, for containers never write there; else a copy."""
    done = subprocess.run(['cp', '-al', '-T', source, target], capture_output=True)
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
        run(['cp', '-a', '-T', source, target], f'Copying {source}', 'Check the free disk space.')


def _bring_libraries(python, libraries, target, debian, odoo):
    """The environment's, if they are for the Python that the containers have; else the same locked ones for that."""
    inside = _python_inside(debian)
    if libraries.parent.name == f'python{inside}':
        return _link(libraries, target)
    env = {name: value for name, value in base_environment().items() if not name.startswith('PIP_USER')}
    return run([python, '-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--no-deps',
                '--require-hashes', '--only-binary', ':all:', '--python-version', inside, '--implementation', 'cp',
                '--target', target, '-r', venvs.LOCKS / f'odoo-{odoo.series}.txt'],
               f'Libraries for the containers\' Python {inside}', 'Check the network, then repeat.', seconds=1800, env=env)


def _python_inside(debian):
    """'3.11'."""
    return os.readlink(debian / 'usr/bin/python3').removeprefix('python')
