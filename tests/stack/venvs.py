"""Virtual environments from hash-locked requirement files, kept in the cache under their lock's checksum."""
import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from . import apt, fetching
from .processes import base_environment, run
from .report import Problem, doing, say

LOCKS = Path(__file__).parent / 'requirements'
TESTED = [(3, minor) for minor in range(10, 14)]
_NOT_OURS = ('PIP_USER', 'PIP_TARGET', 'PIP_PREFIX', 'PIP_ROOT', 'PIP_REQUIRE_VIRTUALENV', 'PIP_REQUIREMENT')
_NO_INDEX = ('Check the network; an index, a proxy or a certificate of your own is given with PIP_INDEX_URL, '
             'HTTPS_PROXY or PIP_CERT. Then repeat.')


def ensure(settings, name):
    """The Python of the environment for ``requirements/<name>.txt``, made if it is not there yet."""
    base, tag = _interpreter()
    folder = settings.cache / 'venvs' / f'{name}-py{tag}-{_checksum(name, tag)}'
    python = folder / 'bin/python'
    complete = folder / 'complete'
    if complete.exists() and _runs(python):
        return python
    with fetching.lock(settings.cache, folder.name):
        if not (complete.exists() and _runs(python)):
            fetching.require_space(settings.cache, 1000, 'A Python environment')
            with doing(f'Python libraries of {name} (locked, from PyPI)'):
                _build(settings, base, folder, LOCKS / f'{name}.txt')
            complete.touch()
    return python


def site_packages(python):
    return next(python.parent.parent.glob('lib/python3*/site-packages'))


def _checksum(name, tag):
    lock = (LOCKS / f'{name}.txt').read_bytes()
    return hashlib.sha256(lock + tag.encode() + platform.machine().encode()).hexdigest()[:12]


def _interpreter():
    """This Python if the locks were tried with its version, else one that is on PATH."""
    if sys.version_info[:2] in TESTED:
        return sys.executable, f'{sys.version_info[0]}.{sys.version_info[1]}'
    for major, minor in reversed(TESTED):
        found = shutil.which(f'python{major}.{minor}')
        if found:
            return found, f'{major}.{minor}'
    version = platform.python_version()
    say(f'Python {version} is newer than what the locked libraries were tried with (up to 3.{TESTED[-1][1]})')
    return sys.executable, f'{sys.version_info[0]}.{sys.version_info[1]}'


def _runs(python):
    try:
        return subprocess.run([python, '-c', ''], env=base_environment(), timeout=60).returncode == 0
    except OSError:
        return False


def _build(settings, base, folder, lock):
    shutil.rmtree(folder, ignore_errors=True)
    env = {name: value for name, value in base_environment().items() if name not in _NOT_OURS}
    if _has_ensurepip(base):
        run([base, '-m', 'venv', folder], 'Making a Python environment', 'Check the free disk space.', env=env)
    else:
        run([base, '-m', 'venv', '--without-pip', folder], 'Making a Python environment',
            'Install Debian\'s python3-venv or another Python ≥ 3.10.', env=env)
        env['PYTHONPATH'] = str(_debian_pip(settings))
    python = folder / 'bin/python'
    # The lock is complete, so nothing is resolved; everything in it is a wheel, so nothing is built.
    run([python, '-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--no-deps',
         '--require-hashes', '--only-binary', ':all:', '-r', lock],
        f'Installing {lock.name}', _NO_INDEX, seconds=1800, env=env)


def _has_ensurepip(base):
    """Debian splits it off into python3-venv."""
    check = 'import ensurepip, sys; sys.exit(not ensurepip.version())'
    return subprocess.run([base, '-c', check], env=base_environment(), capture_output=True).returncode == 0


def _debian_pip(settings):
    """pip as a wheel, which Python runs as it is."""
    folder = settings.cache / 'pip'
    with fetching.lock(settings.cache, 'pip'):
        if not folder.is_dir():
            say('this Python has no pip (Debian keeps it in python3-venv): taking the one Debian packages as a wheel')
            with fetching.appearing(folder) as building:
                private = apt.Apt(building / '.apt')
                private.update()
                apt.unpack(private.fetch('python3-pip-whl'), building)
                shutil.rmtree(building / '.apt')
    wheels = sorted(folder.glob('usr/share/python-wheels/pip-*.whl'))
    if not wheels:
        raise Problem(f'{folder} holds no pip: install Debian\'s python3-venv and repeat.')
    return wheels[-1]
