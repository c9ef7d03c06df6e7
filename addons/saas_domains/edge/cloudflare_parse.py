"""Values out of Cloudflare's answers; what is missing or of another kind becomes an empty one, never an exception."""
import re
from datetime import datetime, timezone


def text(found, name):
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ''


def number(found, name, default=0):
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def dicts(value):
    """The dictionaries of a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(value):
    return value if isinstance(value, dict) else {}


def words(value):
    """The messages of a list of texts or of ``{'message': …}``."""
    for item in value if isinstance(value, list) else ():
        said = item if isinstance(item, str) else text(item, 'message')
        if said:
            yield said[:300]


def instant(value):
    """RFC 3339, with nanoseconds or without, as an aware datetime in UTC; None if it is none."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(re.sub(r'(\.\d{6})\d+', r'\1', value.replace('Z', '+00:00').replace('z', '+00:00')))
    except ValueError:
        return _padded(value)
    return found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _padded(value):
    """Python 3.10 takes three or six digits of a second, no other number."""
    match = re.fullmatch(r'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{1,6})(Z|[+-]\d\d:\d\d)', value)
    return instant(f'{match[1]}.{match[2]:0<6}{match[3]}') if match and len(match[2]) != 6 else None
