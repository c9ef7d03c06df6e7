"""Programs that are used as installed, or else taken from Debian's packages and unpacked privately."""
import platform
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import apt, fetching, venvs
from .processes import base_environment
from .rendering import write_if_changed
from .report import Problem, doing, say


@dataclass(frozen=True)
class Program:
    """``installed``: names looked for on PATH and in sbin; ``inside``: where the package has it; ``check``: arguments
    with which it ends at once; ``options``: those that overrule a built-in path, with the file of the package that they
    are to name, if it has that."""

    name: str
    installed: tuple
    packages: tuple
    inside: str
    check: tuple
    mebibytes: int = 100
    options: tuple = ()


NGINX = Program('nginx', ('nginx',), ('nginx',), 'usr/sbin/nginx', ('-v',))
CHROMIUM = Program('chromium', ('chromium', 'chromium-browser', 'google-chrome'), ('chromium', 'fonts-dejavu-core'),
                   'usr/lib/chromium/chromium', ('--version',), 800)
SSHD = Program('sshd', ('sshd',), ('openssh-server', 'libnss-wrapper'), 'usr/sbin/sshd', ('-V',), options=(
    ('-o SshdSessionPath=', 'usr/lib/openssh/sshd-session'), ('-o SshdAuthPath=', 'usr/lib/openssh/sshd-auth')))


def find(settings, program):
    """The path of something to execute: the installed program, or a script that starts the unpacked one."""
    for name in program.installed:
        path = shutil.which(name) or shutil.which(name, path='/usr/sbin:/sbin:/usr/local/sbin')
        if path and _runs(path, program):
            return Path(path)
    folder = settings.cache / f'{program.name}-{_system()}'
    wrapper = folder / program.name
    with fetching.lock(settings.cache, folder.name):
        if not (wrapper.exists() and _runs(wrapper, program)):
            shutil.rmtree(folder, ignore_errors=True)
            _unpack(settings, program, folder)
    if not _runs(wrapper, program):
        raise Problem(f"Debian's {program.packages[0]}, unpacked in {folder}, does not do here: install it with "
                      f'`apt-get install {program.packages[0]}`.')
    return wrapper


def playwright_node(settings, python):
    """The Node.js in Playwright's wheel wants one library that a small system lacks."""
    node = venvs.site_packages(python) / 'playwright/driver/node'
    name = f'node-{python.parent.parent.name}'
    return find(settings, Program(name, (str(node),), ('libatomic1',), str(node), ('--version',)))


def sshd(settings):
    """For tests that set up its surroundings, which include accounts that may not exist: the server itself, or a file
    beside it that only gives it the options it cannot do without."""
    found = find(settings, SSHD)
    unpacked = found.parent / 'root' / SSHD.inside
    if not unpacked.exists():
        return found
    beside = unpacked.with_name('sshd-unpacked')
    write_if_changed(beside, f'#!/bin/sh\nexec {_command(SSHD, found.parent / "root")} "$@"\n', 0o755)
    return beside


def _unpack(settings, program, folder):
    fetching.require_space(settings.cache, program.mebibytes, program.name)
    say(f"{program.packages[0]} is not installed: taking Debian's package, unpacked privately")
    with fetching.appearing(folder) as building:
        private = apt.Apt(building / '.apt')
        with doing(f'{program.name}: fetching and unpacking Debian packages'):
            private.update()
            apt.unpack(private.fetch_missing(*program.packages), building / 'root')
        shutil.rmtree(building / '.apt')
        _write_wrapper(program, building / program.name, folder / 'root', building / 'root')


def _write_wrapper(program, wrapper, root, now):
    """Programs find their libraries, fonts and data where they were unpacked."""
    libraries = apt.library_path(now).replace(str(now), str(root))
    fonts = now.parent / 'fonts.conf'
    fonts.write_text(f'<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
                     f'<dir>{root}/usr/share/fonts</dir><dir>/usr/share/fonts</dir>'
                     f'<cachedir prefix="xdg">fontconfig</cachedir></fontconfig>\n')
    wrapper.write_text(
        '#!/bin/sh\n'
        f'export LD_LIBRARY_PATH={shlex.quote(libraries)}"${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"\n'
        f'[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE={shlex.quote(str(root.parent / "fonts.conf"))}\n'
        f'exec {_command(program, root, now)} "$@"\n')
    wrapper.chmod(0o755)


def _command(program, root, now=None):
    """``root``: where it will be; ``now``: where it is."""
    options = (f' {option}{shlex.quote(str(root / file))}' for option, file in program.options
               if ((now or root) / file).exists())
    return shlex.quote(str(root / program.inside)) + ''.join(options)


def _runs(path, program):
    try:
        done = subprocess.run([path, *program.check], env=base_environment(), capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode not in (126, 127) and b'error while loading shared libraries' not in done.stderr


def _system():
    """Packages of one release do not fit another."""
    try:
        release = Path('/etc/os-release').read_text()
    except OSError:
        release = ''
    found = dict(re.findall(r'^(ID|VERSION_CODENAME)="?([a-z0-9]+)', release, re.M))
    return '-'.join([found.get('ID', 'linux'), found.get('VERSION_CODENAME', 'any'), platform.machine()])
