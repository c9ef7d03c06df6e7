"""Ids, times and first states of things."""
import hashlib
import uuid
from datetime import datetime, timezone


def hex_id(*words):
    """32 digits, the same for the same words."""
    return hashlib.sha256('/'.join(words).encode()).hexdigest()[:32]


def uuid_of(*words):
    return str(uuid.UUID(hex_id(*words)))


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


def new_tunnel(key, account, name, config_src, now):
    return {'id': key, 'account': account, 'name': name, 'config_src': config_src, 'created': now, 'deleted': None,
            'versions': []}     # [{'version', 'config', 'at'}], the last ones


def stamp(seconds):
    """RFC 3339, as the API writes it."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec='microseconds').replace('+00:00', 'Z')
