"""What handlers answer with."""
from dataclasses import dataclass, field

from .lists import page  # noqa: F401, one place for handlers to take answers from


@dataclass
class Html:
    """A hosted page; a handler of a page may as well return its text alone."""

    text: str
    status: int = 200
    headers: dict = field(default_factory=dict)


@dataclass
class Redirect:
    """303: the browser goes there with GET."""

    url: str


@dataclass
class File:
    body: bytes
    content_type: str
    name: str = ''


def shown(value):
    """Without what is nobody's business outside: names that start with ``_``."""
    if isinstance(value, dict):
        return {name: part if name == 'metadata' else shown(part) for name, part in value.items() if name[:1] != '_'}
    if isinstance(value, (list, tuple)):
        return [shown(part) for part in value]
    return value


def listed(rows, url):
    """A list inside of an object, complete."""
    return {'object': 'list', 'data': list(rows), 'has_more': False, 'url': url}


def deleted(row):
    return {'id': row['id'], 'object': row['object'], 'deleted': True}
