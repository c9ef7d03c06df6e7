"""What a tenant may be called. Plain rules, so that the sign-up page, the model and the tests ask the same."""
import functools
import os
import re
from pathlib import Path

NAME = re.compile(r'[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?')


@functools.lru_cache(maxsize=4)
def _read(path, _changed):
    lines = (line.partition('#')[0].strip() for line in path.read_text().splitlines())
    return frozenset(filter(None, lines))


def reserved_names():
    """Names of ``reserved-names.txt`` in ``SAAS_CONFIG_DIR`` (by default ``config`` beside ``addons``).

    Raises FileNotFoundError: without the list no name is safe to give away.
    """
    beside = Path(__file__).resolve().parents[2] / 'config'
    path = Path(os.environ.get('SAAS_CONFIG_DIR') or beside) / 'reserved-names.txt'
    if not path.is_file():
        raise FileNotFoundError(
            f'The list of reserved names {path} is missing: set SAAS_CONFIG_DIR to the folder that holds it.')
    return _read(path, path.stat().st_mtime_ns)


def problem(name):
    """None, or 'invalid' or 'reserved'. A hyphen in places 3 and 4 is punycode's and the like's."""
    if not isinstance(name, str) or not NAME.fullmatch(name) or name[2:4] == '--':
        return 'invalid'
    return 'reserved' if name in reserved_names() else None
