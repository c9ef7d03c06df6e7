"""What a DNS record may be, by itself and beside others."""
import ipaddress
import re

from .answers import ApiError

HOST = re.compile(r'(?=.{1,253}$)(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?')
TYPES = ('A', 'AAAA', 'CNAME', 'TXT', 'MX', 'NS', 'CAA')
ADDRESSES = ('A', 'AAAA', 'CNAME')
FIELDS = ('type', 'name', 'content', 'proxied', 'ttl', 'comment', 'tags', 'priority', 'settings', 'data', 'id')
COMMENT_LIMITS = {'free': 100}
BATCH_LIMITS = {'free': 200}
PAID_COMMENT, PAID_BATCH = 500, 3500


def checked(zone, fields):
    """The record as it is kept: full name, defaults.

    :raises ApiError: 400 with the number of what is wrong
    """
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise _invalid(f'unknown field {unknown[0]}')
    kind, content = fields.get('type'), fields.get('content')
    if kind not in TYPES:
        raise _invalid(f'type {kind!r} is not supported', 9021)
    if not isinstance(content, str) or not content:
        raise _invalid(f'Content for {kind} record is invalid.', 9007)
    record = {'type': kind, 'name': full_name(zone, fields.get('name')), 'content': _content(zone, kind, content),
              'proxied': fields.get('proxied', False), 'ttl': fields.get('ttl', 1), 'comment': fields.get('comment') or '',
              'tags': fields.get('tags') or []}
    if 'priority' in fields:
        record['priority'] = fields['priority']
    _check_flags(record)
    _check_words(zone, record)
    if record['proxied']:
        record['ttl'] = 1
    return record


def _check_flags(record):
    if not isinstance(record['proxied'], bool):
        raise _invalid('proxied must be a boolean')
    if record['proxied'] and record['type'] not in ADDRESSES:
        raise ApiError(400, 9004, 'This record type cannot be proxied.')
    ttl = record['ttl']
    if isinstance(ttl, bool) or not isinstance(ttl, int) or ttl != 1 and not 60 <= ttl <= 86400:
        raise ApiError(400, 9021, 'Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.')


def _check_words(zone, record):
    limit = COMMENT_LIMITS.get(zone['plan'], PAID_COMMENT)
    if not isinstance(record['comment'], str) or len(record['comment']) > limit:
        raise ApiError(400, 9300, f'DNS record comment is too long: at most {limit} characters')
    if record['tags'] and zone['plan'] == 'free':
        raise ApiError(400, 9301, 'DNS record has too many tags: 0 are allowed on this plan')


def full_name(zone, name):
    if not isinstance(name, str) or not name:
        raise ApiError(400, 9000, 'DNS name is invalid.')
    name = name.rstrip('.').lower()
    if name == '@':
        return zone['name']
    if name != zone['name'] and not name.endswith('.' + zone['name']):
        name = f'{name}.{zone["name"]}'
    if not HOST.fullmatch(name):
        raise ApiError(400, 9000, 'DNS name is invalid.')
    return name


def _content(zone, kind, content):
    if kind in ('A', 'AAAA'):
        try:
            address = ipaddress.ip_address(content)
        except ValueError:
            address = None
        if address is None or address.version != (4 if kind == 'A' else 6):
            raise ApiError(400, 9005, f'Content for {kind} record must be a valid IPv{4 if kind == "A" else 6} address.')
        return str(address)
    if kind == 'TXT':
        return content
    host = content.rstrip('.').lower()
    if kind in ('CNAME', 'NS', 'MX') and not HOST.fullmatch(host):
        raise ApiError(400, 9007, f'Content for {kind} record is invalid.')
    return host


def check_beside(record, others):
    """:param others: the zone's records of that name"""
    for other in others:
        if all(other[part] == record[part] for part in ('type', 'content')):
            if other['proxied'] == record['proxied'] and other['comment'] == record['comment']:
                raise ApiError(400, 81058, 'An identical record already exists.')
            raise ApiError(400, 81057, 'The record already exists.')
        if record['type'] == 'CNAME':
            raise ApiError(400, 81053, 'An A, AAAA, or CNAME record with that host already exists. For more details,'
                           ' refer to the documentation.')
        if other['type'] == 'CNAME':
            raise ApiError(400, 81054, 'A CNAME record with that host already exists. For more details, refer to the'
                           ' documentation.')


def batch_limit(zone):
    return BATCH_LIMITS.get(zone['plan'], PAID_BATCH)


def _invalid(words, code=9999):
    return ApiError(400, 1004, 'DNS Validation Error', [(code, words)])
