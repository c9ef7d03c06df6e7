"""Which Odoo: a named tree, one in the cache, the official download or Debian's package, in that order."""
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from . import apt, fetching
from .report import Problem, doing, say
from .settings import SERIES

# The official archives of 17.0, tried in this order. Both hold one folder: the first with every addon in odoo/addons,
# the second with addons/ beside odoo/.
OFFICIAL = (
    'https://nightly.odoo.com/17.0/nightly/src/odoo_17.0.latest.tar.gz',
    'https://github.com/odoo/odoo/archive/refs/heads/17.0.tar.gz',
)
RETRY_OFFICIAL_AFTER = 6 * 3600     # seconds

# Odoo's addons link to these packages' files.
DEBIAN = ('odoo-19', 'libjs-jquery', 'libjs-underscore', 'libjs-jquery-form', 'fonts-font-awesome',
          'fonts-inconsolata', 'fonts-roboto-unhinted', 'fonts-montserrat', 'fonts-ocr-b')


@dataclass(frozen=True)
class Odoo:
    """``python_path``: the folder that holds the package ``odoo``; ``addons``: folders Odoo would not find itself."""

    series: str
    python_path: Path
    script: Path
    addons: tuple = ()
    why: str = ''


def resolve(settings, decided=lambda series: None):
    """The one to use; says which and why. ``decided(series)`` is called as soon as the series is known, which may be
    long before its files are there."""
    for find in (_named, _cached, _official):
        found = find(settings)
        if found and settings.series in (None, found.series):
            decided(found.series)
            break
    else:
        decided('19.0')
        found = _debian(settings)
    say(f'Odoo {found.series}: {found.why}')
    return found


def present(settings):
    """Every series this machine can have, for the tests: {series: Odoo, or the Problem that explains its absence}."""
    found = {}
    for series in SERIES:
        try:
            found[series] = resolve(settings.change(series=series))
        except Problem as problem:
            found[series] = problem
    return found


def inspect(tree, why):
    """An Odoo in any of its layouts: source archive, git checkout, or Debian's package unpacked."""
    debian = tree / 'usr/lib/python3/dist-packages'
    base = debian if (debian / 'odoo').is_dir() else tree
    series = _series(base)
    scripts = (tree / 'odoo-bin', tree / 'setup/odoo', tree / 'usr/bin/odoo', base / 'odoo/__main__.py')
    script = next((script for script in scripts if script.is_file()), None)
    if not series or not script:
        return None
    beside = tree / 'addons'
    return Odoo(series, base, script, (beside,) if (beside / 'web').is_dir() else (), why)


def _series(base):
    try:
        release = (base / 'odoo/release.py').read_text()
    except OSError:
        return None
    match = re.search(r'^version_info = \(\D*(\d+), (\d+)', release, re.M)
    return f'{match.group(1)}.{match.group(2)}' if match else None


def _named(settings):
    if not settings.source:
        return None
    found = inspect(settings.source, f'the tree named by ODOO_SRC, {settings.source}')
    if not found:
        raise Problem(f'ODOO_SRC={settings.source} is no Odoo source tree (there is no odoo/release.py with a version '
                      'in it): name the folder that holds odoo-bin.')
    if found.series not in SERIES:
        raise Problem(f'ODOO_SRC={settings.source} is Odoo {found.series}: name a tree of {" or ".join(SERIES)}.')
    return found


def _cached(settings):
    if settings.series not in (None, '17.0'):
        return None
    tree = settings.cache / 'odoo-17.0'
    if not tree.is_dir():
        return None
    found = inspect(tree, f'the tree in the cache, {tree}')
    if not found or found.series != '17.0':
        raise Problem(f'{tree} is not an Odoo 17.0 source tree: remove it or put one there.')
    return found


def named_series(settings):
    """The series of the tree that ODOO_SRC names, or None."""
    found = _named(settings)
    return found and found.series


# -- official download ------------------------------------------------------------------------------------------------
def _official(settings):
    if settings.series not in (None, '17.0'):
        return None
    tree = settings.cache / 'odoo-17.0'
    with fetching.lock(settings.cache, 'odoo-17.0'):
        if tree.is_dir():       # another process has just put it there
            return _cached(settings)
        unreachable = settings.cache / 'odoo-17.0.unreachable'
        if _is_recent(unreachable) and not settings.series:
            say(f"Odoo's own downloads could not be reached a short while ago; remove {unreachable} to try again now")
            return None
        if _download_official(settings, tree):
            unreachable.unlink(missing_ok=True)
            return inspect(tree, f'the official source of 17.0, kept in {tree}')
        settings.cache.mkdir(parents=True, exist_ok=True)
        unreachable.touch()
    if settings.series:
        raise Problem("Odoo 17.0 cannot be had: Odoo's own downloads cannot be reached from here. Name a source tree "
                      f'of 17.0 with ODOO_SRC=<folder> or put one in {tree}.')
    return None


def _is_recent(file):
    return file.exists() and time.time() - file.stat().st_mtime < RETRY_OFFICIAL_AFTER


def _download_official(settings, tree):
    fetching.require_space(settings.cache, 3000, 'Odoo 17.0')
    for url in OFFICIAL:
        try:
            with fetching.appearing(tree) as building:
                _fetch_official(url, building)
        except OSError as error:
            say(f'Odoo 17.0: not to be had there ({getattr(error, "reason", error)})')
        else:
            return True
    return False


def _fetch_official(url, building):
    archive = building / 'odoo.tar.gz'
    with doing(f'Odoo 17.0: asking for {url}'):
        fetching.download(url, archive)
    with doing('Odoo 17.0: unpacking'):
        top = fetching.unpack(archive, building / 'tree')
    for entry in top.iterdir():
        entry.rename(building / entry.name)
    shutil.rmtree(building / 'tree')
    archive.unlink()


# -- Debian -----------------------------------------------------------------------------------------------------------
def _debian(settings):
    tree = settings.cache / 'odoo-19.0'
    with fetching.lock(settings.cache, 'odoo-19.0'):
        if not tree.is_dir():
            _unpack_debian(settings, tree)
    return inspect(tree, f"Debian's odoo-19 package, unpacked in {tree}")


def _unpack_debian(settings, tree):
    fetching.require_space(settings.cache, 2000, "Debian's odoo-19")
    with fetching.appearing(tree) as building:
        private = apt.Apt(building / '.apt', suite='sid')
        with doing("Odoo 19.0: fetching Debian's package lists"):
            private.update()
        with doing(f'Odoo 19.0: downloading {len(DEBIAN)} Debian packages (133 MB)'):
            files = private.fetch(*DEBIAN)
        with doing('Odoo 19.0: unpacking'):
            apt.unpack(files, building)
        shutil.rmtree(building / '.apt')
        _complete(building)


def _complete(root):
    """Debian leaves out one file that a bundle names; without it every backend page logs an error."""
    folder = root / 'usr/lib/python3/dist-packages/odoo/addons/mail/static/lib/selfie_segmentation'
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'selfie_segmentation.js').write_text('/* not shipped by Debian */\n')
