"""``/accounts/{account}/cfd_tunnel``: tunnels, their configuration versions, and the cloudflareds that run them."""
import base64
import json
import re
import secrets
import uuid

from .answers import Answer, ApiError, page_of
from .shapes import hex_id, new_tunnel, stamp, uuid_of

KEPT_VERSIONS = 5
MOST_TUNNELS = 1000
LENGTHS = ('connectTimeout', 'tlsTimeout', 'tcpKeepAlive', 'keepAliveTimeout', 'keepAliveConnections')


def list_tunnels(call):
    deleted = call.query.get('is_deleted')
    rows = [tunnel for tunnel in _of_account(call) if call.query.get('name') in (None, tunnel['name'])
            and (deleted is None or (tunnel['deleted'] is not None) == (deleted == 'true'))]
    rows.sort(key=lambda tunnel: (tunnel['created'], tunnel['id']))
    return page_of([shown(call.world, tunnel) for tunnel in rows], call.query, 20, 1, 1000, call.world.setting('page_cap'))


def create_tunnel(call):
    body = call.fields()
    name, source = body.get('name'), body.get('config_src', 'local')
    if not isinstance(name, str) or not name or source not in ('local', 'cloudflare'):
        raise ApiError(400, 1023, 'name and config_src (local or cloudflare) are needed')
    living = [tunnel for tunnel in _of_account(call) if tunnel['deleted'] is None]
    if any(tunnel['name'] == name for tunnel in living):
        raise ApiError(409, 1013, 'You already have a tunnel with this name')
    if len(living) >= MOST_TUNNELS:
        raise ApiError(400, 1019, 'You have reached the limit of tunnels of this account')
    tunnel = new_tunnel(str(uuid.uuid4()), call.account, name, source, call.world.now())
    call.world.store.put('tunnels', tunnel['id'], tunnel)
    secret = base64.b64encode(secrets.token_bytes(32)).decode()     # said once and kept nowhere
    return Answer({**shown(call.world, tunnel), 'token': _token(tunnel, secret), 'credentials_file': {
        'AccountTag': call.account, 'TunnelID': tunnel['id'], 'TunnelName': name, 'TunnelSecret': secret}})


def get_tunnel(call):
    return Answer(shown(call.world, _tunnel(call)))


def patch_tunnel(call):
    tunnel, name = _tunnel(call), call.fields().get('name')
    if not isinstance(name, str) or not name:
        raise ApiError(400, 1023, 'name is needed')
    return Answer(shown(call.world, call.world.store.put('tunnels', tunnel['id'], {**tunnel, 'name': name})))


def delete_tunnel(call):
    tunnel = _tunnel(call)
    if any(connector['connected'] for connector in connectors(call.world, tunnel)):
        raise ApiError(400, 1022, 'Cannot delete tunnel because it has active connections')
    tunnel = call.world.store.put('tunnels', tunnel['id'], {**tunnel, 'deleted': call.world.now()})
    return Answer(shown(call.world, tunnel))


def get_token(call):
    return Answer(_token(_tunnel(call), hex_id('secret', call.key)))


def list_connections(call):
    tunnel = _tunnel(call)
    return Answer([shown_connector(call.world, tunnel, connector) for connector in connectors(call.world, tunnel)
                   if connector['connected']])


def get_connector(call):
    tunnel = _tunnel(call)
    for connector in connectors(call.world, tunnel):
        if connector['id'] == call.match['connector']:
            return Answer(shown_connector(call.world, tunnel, connector))
    raise ApiError(404, 1031, 'Connector not found')


def clean_up(call):
    """Those that are no longer there; a running one comes back at once."""
    _tunnel(call)
    return Answer({})


def get_configuration(call):
    tunnel = _tunnel(call)
    last = tunnel['versions'][-1] if tunnel['versions'] else {'version': 0, 'config': None, 'at': tunnel['created']}
    return Answer(_shown_version(tunnel, last))


def put_configuration(call):
    """Replaces the document; a tunnel that was managed by its file is no longer."""
    tunnel, config = _tunnel(call), call.fields().get('config')
    _check_config(config)
    version = {'version': (tunnel['versions'][-1]['version'] if tunnel['versions'] else 0) + 1, 'config': config,
               'at': call.world.now()}
    tunnel = call.world.store.put('tunnels', tunnel['id'], {
        **tunnel, 'config_src': 'cloudflare', 'versions': [*tunnel['versions'], version][-KEPT_VERSIONS:]})
    return Answer(_shown_version(tunnel, version))


# -- rules ------------------------------------------------------------------------------------------------------------
def _check_config(config):
    rules = config.get('ingress') if isinstance(config, dict) else None
    if not isinstance(rules, list) or not rules:
        raise _bad('The ingress rules are missing')
    for number, rule in enumerate(rules, 1):
        if not isinstance(rule, dict) or not isinstance(rule.get('service'), str) or not rule['service']:
            raise _bad(f'Rule #{number} has no service')
        _check_rule(rule, number, number == len(rules))
        for name in LENGTHS:
            if not isinstance((rule.get('originRequest') or {}).get(name, 0), int):
                raise _bad(f'Rule #{number}: {name} must be a number')


def _check_rule(rule, number, is_last):
    host, path, service = rule.get('hostname', ''), rule.get('path', ''), rule['service']
    catches_all = host in ('', '*') and not path
    if is_last and not catches_all:
        raise _bad('The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)')
    if not is_last and catches_all:
        raise _bad(f'Rule #{number} is matching the hostname \'{host}\', but this will match every hostname, meaning the'
                   f' rules which follow it will never be triggered.')
    if ':' in host:
        raise _bad(f'Rule #{number}: hostname cannot contain a port')
    if '*' in host[1:]:
        raise _bad(f'Rule #{number}: hostname patterns can have at most one wildcard character (*) and it can only be used'
                   ' for subdomains')
    try:
        re.compile(path)
    except re.error:
        raise _bad(f'Rule #{number} has an invalid regex') from None
    if not re.fullmatch(r'http_status:\d{3}|hello_world|[a-z0-9+]+:/{1,2}[^/]+|unix(\+tls)?:.+', service):
        raise _bad(f'{service} is an invalid address, please make sure it has a scheme and a hostname, and no path')


def _bad(words):
    return ApiError(400, 1056, f'Bad Configuration: {words}')


def _of_account(call):
    return [tunnel for tunnel in call.world.store.table('tunnels').values() if tunnel['account'] == call.account]


def _tunnel(call):
    tunnel = call.world.store.get('tunnels', call.key)
    if tunnel is None or tunnel['account'] != call.account:
        raise ApiError(404, 1003, 'Tunnel not found')
    return tunnel


# -- connectors -------------------------------------------------------------------------------------------------------
def connectors(world, tunnel):
    return sorted((connector for connector in world.store.table('connectors').values() if connector['tunnel'] == tunnel['id']),
                  key=lambda connector: connector['number'])


def version_of(world, tunnel, connector):
    """The newest configuration that has been there long enough for this connector; 0 is none."""
    until = connector['frozen_at'] if connector['frozen_at'] is not None else world.now()
    due = until - world.setting('connector_seconds') * connector['number']
    return max((version['version'] for version in tunnel['versions'] if version['at'] <= due), default=0)


def document_of(tunnel, number):
    """What a connector with this version does; without one, or with one that is long gone, nothing."""
    return next((version['config'] for version in tunnel['versions'] if version['version'] == number), None)


def status(world, tunnel):
    found = connectors(world, tunnel)
    up = [connector for connector in found if connector['connected'] and not connector['pending']]
    if not found:
        return 'inactive'
    return 'down' if not up else 'healthy' if len(up) == len(found) else 'degraded'


# -- as it is shown ---------------------------------------------------------------------------------------------------
def shown(world, tunnel):
    found = {'id': tunnel['id'], 'account_tag': tunnel['account'], 'name': tunnel['name'], 'tun_type': 'cfd_tunnel',
             'created_at': stamp(tunnel['created']), 'status': status(world, tunnel), 'metadata': {},
             'config_src': tunnel['config_src'], 'remote_config': tunnel['config_src'] == 'cloudflare',
             'connections': [connection for connector in connectors(world, tunnel) if connector['connected']
                             for connection in _connections(connector)]}
    if tunnel['deleted']:
        found['deleted_at'] = stamp(tunnel['deleted'])
    return found


def shown_connector(world, tunnel, connector):
    return {'id': connector['id'], 'arch': 'linux_amd64', 'version': '2026.8.0', 'run_at': stamp(connector['run_at']),
            'features': ['ha-origin'], 'config_version': version_of(world, tunnel, connector),
            'conns': _connections(connector)}


def _connections(connector):
    """Each cloudflared keeps four."""
    return [{'id': uuid_of(connector['id'], str(number)), 'uuid': uuid_of(connector['id'], str(number)),
             'client_id': connector['id'], 'client_version': '2026.8.0', 'colo_name': f'mad0{number}',
             'is_pending_reconnect': connector['pending'], 'opened_at': stamp(connector['run_at']),
             'origin_ip': '127.0.0.1'} for number in range(1, 5)]


def _shown_version(tunnel, version):
    return {'account_id': tunnel['account'], 'tunnel_id': tunnel['id'], 'version': version['version'],
            'config': version['config'], 'source': tunnel['config_src'], 'created_at': stamp(version['at'])}


def _token(tunnel, secret):
    return base64.b64encode(json.dumps({'a': tunnel['account'], 't': tunnel['id'], 's': secret}).encode()).decode()
