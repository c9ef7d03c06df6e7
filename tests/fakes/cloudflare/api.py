"""The API: which request is whose, in which order it is refused, and what is noted of it."""
import json
import re
import time
from collections import deque
from urllib.parse import parse_qsl, unquote

from tests.fakes.faults import Faults

from . import access, faults, hostnames, records, tunnels, zones
from .answers import ApiError, encoded

PREFIX = '/client/v4'
JOURNAL = 50_000        # calls that are remembered

ZONE, TUNNEL = r'/zones/(?P<zone>[^/]+)', r'/accounts/(?P<account>[^/]+)/cfd_tunnel'
RECORD, HOSTNAME = rf'{ZONE}/dns_records', rf'{ZONE}/custom_hostnames'
ROUTES = [(method, re.compile(pattern), permission, act) for method, pattern, permission, act in (
    ('GET', '/user/tokens/verify', None, zones.verify_token),
    ('GET', '/accounts/(?P<account>[^/]+)/tokens/verify', None, zones.verify_token),
    ('GET', '/zones', 'Zone Read', zones.list_zones),
    ('GET', ZONE, 'Zone Read', zones.get_zone),
    ('GET', RECORD, 'DNS Read', records.list_records),
    ('POST', RECORD, 'DNS Write', records.create_record),
    ('POST', f'{RECORD}/batch', 'DNS Write', records.batch),
    ('GET', f'{RECORD}/usage', 'DNS Read', records.usage),
    ('GET', rf'{RECORD}/(?P<key>[^/]+)', 'DNS Read', records.get_record),
    ('PATCH', rf'{RECORD}/(?P<key>[^/]+)', 'DNS Write', records.patch_record),
    ('PUT', rf'{RECORD}/(?P<key>[^/]+)', 'DNS Write', records.put_record),
    ('DELETE', rf'{RECORD}/(?P<key>[^/]+)', 'DNS Write', records.delete_record),
    ('GET', HOSTNAME, 'SSL and Certificates Read', hostnames.list_hostnames),
    ('POST', HOSTNAME, 'SSL and Certificates Write', hostnames.create_hostname),
    ('GET', f'{HOSTNAME}/quota', 'SSL and Certificates Read', hostnames.quota),
    ('GET', f'{HOSTNAME}/fallback_origin', 'SSL and Certificates Read', hostnames.get_fallback),
    ('PUT', f'{HOSTNAME}/fallback_origin', 'SSL and Certificates Write', hostnames.put_fallback),
    ('DELETE', f'{HOSTNAME}/fallback_origin', 'SSL and Certificates Write', hostnames.delete_fallback),
    ('GET', rf'{HOSTNAME}/(?P<key>[^/]+)', 'SSL and Certificates Read', hostnames.get_hostname),
    ('PATCH', rf'{HOSTNAME}/(?P<key>[^/]+)', 'SSL and Certificates Write', hostnames.patch_hostname),
    ('DELETE', rf'{HOSTNAME}/(?P<key>[^/]+)', 'SSL and Certificates Write', hostnames.delete_hostname),
    ('GET', f'{ZONE}/dcv_delegation/uuid', 'SSL and Certificates Read', hostnames.delegation),
    ('GET', TUNNEL, 'Cloudflare Tunnel Read', tunnels.list_tunnels),
    ('POST', TUNNEL, 'Cloudflare Tunnel Write', tunnels.create_tunnel),
    ('GET', rf'{TUNNEL}/(?P<key>[^/]+)', 'Cloudflare Tunnel Read', tunnels.get_tunnel),
    ('PATCH', rf'{TUNNEL}/(?P<key>[^/]+)', 'Cloudflare Tunnel Write', tunnels.patch_tunnel),
    ('DELETE', rf'{TUNNEL}/(?P<key>[^/]+)', 'Cloudflare Tunnel Write', tunnels.delete_tunnel),
    ('GET', rf'{TUNNEL}/(?P<key>[^/]+)/token', 'Cloudflare Tunnel Write', tunnels.get_token),
    ('GET', rf'{TUNNEL}/(?P<key>[^/]+)/connections', 'Cloudflare Tunnel Read', tunnels.list_connections),
    ('DELETE', rf'{TUNNEL}/(?P<key>[^/]+)/connections', 'Cloudflare Tunnel Write', tunnels.clean_up),
    ('GET', rf'{TUNNEL}/(?P<key>[^/]+)/connectors/(?P<connector>[^/]+)', 'Cloudflare Tunnel Read', tunnels.get_connector),
    ('GET', rf'{TUNNEL}/(?P<key>[^/]+)/configurations', 'Cloudflare Tunnel Read', tunnels.get_configuration),
    ('PUT', rf'{TUNNEL}/(?P<key>[^/]+)/configurations', 'Cloudflare Tunnel Write', tunnels.put_configuration),
)]


class Call:
    """One request, as the endpoints see it."""

    def __init__(self, world, token, match, query, body):
        self.world, self.token, self.match, self.query, self._body = world, token, match, query, body
        self.key, self.account = match.get('key'), match.get('account')
        self.zone = zones.zone_of(self, match['zone']) if match.get('zone') else None

    def fields(self):
        if not isinstance(self._body, dict):
            raise ApiError(400, 9207, 'Request body is invalid.')
        return self._body


class Api:

    def __init__(self, world):
        self.world, self.faults = world, Faults(faults.KINDS)
        self.journal, self.counted = deque(maxlen=JOURNAL), 0

    def answer(self, method, target, headers, data):
        """(status, headers, body, fault): ``fault`` is for the listener, which holds the connection."""
        path, _, query = target.partition('?')
        path = path.removeprefix(PREFIX)
        with self.world.store.lock:
            fault = self.faults.take(method, path)
            status, more, body = self._outcome(method, path, dict(parse_qsl(query)), headers, data, fault)
            self._note(method, path, query, data, status, fault)
        return status, more, body, fault

    def _outcome(self, method, path, query, headers, data, fault):
        limits = {}
        try:
            if fault and fault['kind'] == 'status' and fault['when'] == 'before':
                raise faults.error_of(fault)
            if fault and fault['kind'] == 'drop' and fault['when'] == 'before':
                return 0, {}, b''
            token = access.token_of(self.world, headers, path)
            limits = access.count_call(self.world, token)
            answer = self._act(token, method, path, query, data, fault)
            if fault and fault['kind'] == 'status' and fault['when'] == 'after':
                raise faults.error_of(fault)
            return answer.status, limits, encoded(answer.body())
        except ApiError as error:
            return error.status, {**limits, **error.headers}, encoded(error.body())

    def _act(self, token, method, path, query, data, fault):
        route, match = self._route(method, path)
        permission, act = route
        is_verification = act is zones.verify_token
        if not is_verification:
            access.require(self.world, token, permission, match.get('zone'), match.get('account'))
        _check_ids(match)
        call = Call(self.world, token, match, query, _body(method, data, fault))
        with self.world.store.transaction():
            return act(call)

    def _route(self, method, path):
        found = [(other, match, route) for other, pattern, *route in ROUTES if (match := pattern.fullmatch(path))]
        for other, match, route in found:
            if other == method:
                return route, {name: unquote(value) for name, value in match.groupdict().items()}
        if found:
            raise ApiError(405, 7001, f'{method} method not allowed for the api_token authentication scheme')
        raise ApiError(404, 7000, 'No route for that URI')

    def _note(self, method, path, query, data, status, fault):
        self.counted += 1
        self.journal.append({
            'number': self.counted, 'method': method, 'path': path, 'query': query, 'status': status,
            'body': data.decode(errors='replace') if len(data) < 20_000 else f'{len(data)} bytes',
            'at': time.time(), 'fault': fault and fault['kind']})


def _check_ids(match):
    for name, pattern in (('zone', r'[0-9a-f]{32}'), ('account', r'[0-9a-f]{32}')):
        if match.get(name) and not re.fullmatch(pattern, match[name]):
            raise ApiError(404, 7003, f'Could not route to /{name}s/{match[name]}, perhaps your object identifier is invalid?')


def _body(method, data, fault):
    if method not in ('POST', 'PUT', 'PATCH'):
        return None
    try:
        body = json.loads(data)
    except ValueError:
        raise ApiError(400, 9207, 'Request body is invalid.') from None
    if fault and fault['kind'] == 'partial' and isinstance(body, dict):
        return faults.shortened(body, fault.get('done', 1))
    return body
