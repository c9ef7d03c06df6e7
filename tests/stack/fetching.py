"""Downloads and archives, both of which may come from anywhere and are treated so."""
import contextlib
import fcntl
import http.client
import os
import shutil
import tarfile
import tempfile
import urllib.request
from pathlib import Path

from .report import Problem, say

CONNECT_SECONDS = 5


@contextlib.contextmanager
def lock(cache, name):
    """One checkout at a time prepares a thing in the shared cache."""
    folder = cache / 'locks'
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f'{name}.lock').open('w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f'{name}: another process is preparing it, waiting')
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def appearing(target):
    """A folder to build in, which becomes ``target`` in one step when all went well and vanishes otherwise."""
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f'.{target.name}-', dir=target.parent))
    building.chmod(0o755)
    try:
        yield building
        shutil.rmtree(target, ignore_errors=True)
        building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def require_space(folder, mebibytes, purpose):
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free // 2**20
    if free < mebibytes:
        raise Problem(f'{purpose} needs {mebibytes} MiB in {folder}, which has {free} MiB free: make room there '
                      'or name another place with XDG_CACHE_HOME (downloads) or SAAS_STATE (databases).')


def download(url, target):
    """Fetch a file; OSError (a refusal, a time-out, a broken connection) is the caller's to explain."""
    try:
        with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as answer, target.open('wb') as file:
            expected = int(answer.headers.get('Content-Length') or 0)
            shutil.copyfileobj(answer, file, 2**20)
    except http.client.HTTPException as error:
        raise OSError(f'the connection broke off: {error}') from None
    if expected and target.stat().st_size != expected:
        raise OSError('the connection broke off')


def unpack(archive, folder):
    """Unpack a tar archive that must not reach outside the folder; returns its single top folder."""
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                _check(member)
                tar.extract(member, folder, **({'filter': 'data'} if hasattr(tarfile, 'data_filter') else {}))
    except (tarfile.TarError, EOFError) as error:
        raise Problem(f'{archive.name} is not an intact archive ({error}): try again.') from None
    tops = list(folder.iterdir())
    if len(tops) != 1 or not tops[0].is_dir():
        raise Problem(f'{archive.name} does not hold one folder: it is not the expected source archive.')
    return tops[0]


def _check(member):
    target = os.path.normpath(os.path.join(os.path.dirname(member.name), member.linkname))
    names = [member.name] + [target] * member.issym() + [member.linkname] * member.islnk()
    for name in names:
        if os.path.isabs(name) or '..' in Path(os.path.normpath(name)).parts:
            raise Problem(f'The archive wants to write outside its folder ({member.name}): it is not used.')
    if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        raise Problem(f'The archive holds a device ({member.name}): it is not used.')
