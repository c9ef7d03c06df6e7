"""``/zones/{zone}/custom_hostnames``."""
import re
import uuid

from . import hostname_life, records
from .answers import Answer, ApiError, page_of
from .shapes import hex_id, stamp

RESERVED = ('test', 'example', 'invalid', 'localhost')
LABEL = r'[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?'
HOSTNAME = re.compile(rf'(\*\.)?({LABEL}\.)+{LABEL}')
METHODS = ('http', 'txt', 'email')


class Index:
    """Ids by zone and hostname."""

    def __init__(self, store):
        self.ids, self.of_zone, self.moved = {}, {}, set()
        for key, hostname in store.table('hostnames').items():
            self.changed('hostnames', key, None, hostname)
        store.listeners.append(self.changed)

    def changed(self, table, key, old, new):
        if table != 'hostnames':
            return
        if old:
            self.ids.pop((old['zone'], old['hostname']), None)
            self.of_zone.get(old['zone'], {}).pop(key, None)
            self.moved.discard(key)
        if new:
            self.ids[new['zone'], new['hostname']] = key
            self.of_zone.setdefault(new['zone'], {})[key] = True
            self.moved.update([key] if new['hold'] == 'moved' else [])


def named(world, zone, name):
    key = world.hostnames.ids.get((zone['id'], name))
    found = key and world.store.get('hostnames', key)
    return None if not found or hostname_life.is_deleted(found, world.now()) else found


def state(world, hostname):
    return hostname_life.look(hostname, world.now(), world.setting('validation_seconds'))


# -- endpoints --------------------------------------------------------------------------------------------------------
def list_hostnames(call):
    query, world = call.query, call.world
    _sweep(call)
    if 'hostname' in query or 'hostname.exact' in query:
        found = named(world, call.zone, query.get('hostname', query.get('hostname.exact')).lower())
        rows = [found] if found else []
    else:
        rows = [world.store.get('hostnames', key) for key in world.hostnames.of_zone.get(call.zone['id'], ())]
    if 'hostname.contain' in query:
        rows = [row for row in rows if query['hostname.contain'] in row['hostname']]
    if 'id' in query:
        rows = [row for row in rows if row['id'] == query['id']]
    rows.sort(key=lambda row: (row['created'], row['id']))
    return page_of([shown(world, row) for row in rows], query, 20, 5, 1000, world.setting('page_cap'))


def get_hostname(call):
    return Answer(shown(call.world, _hostname(call)))


def quota(call):
    used, zone = _count(call.world, call.zone), call.zone
    return Answer({'allocated': zone['hostnames_allocated'], 'used': used, 'hard_cap': zone['hostnames_hard_cap'],
                   'exceeded': used > zone['hostnames_allocated']})


def delegation(call):
    """Where customers may delegate the proof for all time."""
    return Answer({'uuid': _delegation(call.zone['id'])})


def create_hostname(call):
    body, world = call.fields(), call.world
    name = _checked_name(call, body.get('hostname'))
    method = _checked_method(body)
    metadata = _checked_metadata(call.zone, body)
    _sweep(call)
    if named(world, call.zone, name):
        raise ApiError(409, 1406, 'Duplicate custom hostname found.')
    if not call.zone['hostnames_hard_cap']:
        raise ApiError(403, 1404, 'No quota has been allocated for this zone. If you\'re already a paid SSL for SaaS'
                       ' customer, please contact your Customer Success Manager.')
    if _count(world, call.zone) >= call.zone['hostnames_hard_cap']:
        raise ApiError(403, 1405, 'Quota exceeded. If you\'re already a paid SSL for SaaS customer, please contact your'
                       ' Customer Success Manager.')
    _count_certificate(call)
    now = world.now()
    hostname = {'id': str(uuid.uuid4()), 'zone': call.zone['id'], 'hostname': name, 'method': method, 'created': now,
                'began': now, 'step': 0, 'hold': '', 'forced': None, 'issued': None, 'metadata': metadata}
    world.store.put('hostnames', hostname['id'], hostname)
    return Answer(shown(world, hostname, fresh=True), 201)


def patch_hostname(call):
    """The same method again restarts the validation."""
    body, hostname = call.fields(), _hostname(call)
    metadata = _checked_metadata(call.zone, body) if 'custom_metadata' in body else hostname['metadata']
    values = {'metadata': metadata}
    if 'ssl' in body:
        held = hostname['hold'] if hostname['hold'] != 'moved' else ''
        values.update(method=_checked_method(body), began=call.world.now(), step=0, forced=None, hold=held)
    hostname = call.world.store.put('hostnames', hostname['id'], {**hostname, **values})
    return Answer(shown(call.world, hostname), 202)


def delete_hostname(call):
    hostname = _hostname(call)
    call.world.store.remove('hostnames', hostname['id'])
    return Answer(bare={'id': hostname['id']})


def get_fallback(call):
    if not call.zone['fallback']:
        raise ApiError(404, 1551, 'Resource not found. No fallback origin has been set for this zone.')
    return Answer(shown_fallback(call.world, call.zone))


def put_fallback(call):
    origin = call.fields().get('origin')
    if not isinstance(origin, str) or not HOSTNAME.fullmatch(origin.lower()):
        raise ApiError(400, 1415, 'Invalid custom origin hostname.')
    zone = call.world.store.put('zones', call.zone['id'], {
        **call.zone, 'fallback': {'origin': origin.lower(), 'created': call.world.now()}})
    return Answer(shown_fallback(call.world, zone))


def delete_fallback(call):
    if not call.zone['fallback']:
        raise ApiError(404, 1551, 'Resource not found. No fallback origin has been set for this zone.')
    call.world.store.put('zones', call.zone['id'], {**call.zone, 'fallback': None})
    return Answer({'origin': '', 'status': 'pending_deletion', 'errors': []})


# -- rules ------------------------------------------------------------------------------------------------------------
def _checked_name(call, name):
    if not isinstance(name, str) or not name:
        raise ApiError(400, 1407, 'Invalid custom hostname.')
    if not name.isascii():
        raise ApiError(400, 1408, 'Custom hostnames with non-ASCII characters are not supported.')
    name = name.lower().rstrip('.')
    if len(name) > 255 or not HOSTNAME.fullmatch(name) or re.fullmatch(r'[\d.]+', name):
        raise ApiError(400, 1407, 'Invalid custom hostname. Custom hostnames have to be smaller than 256 characters in'
                       ' length, cannot be IP addresses, cannot contain any special characters.')
    if call.world.setting('refuse_reserved') and name.rpartition('.')[2] in RESERVED:
        raise ApiError(400, 1409, 'Reserved top domain custom hostnames, such as \'test\', \'example\', \'invalid\' or'
                       ' \'localhost\', is not supported.')
    if name == call.zone['name']:
        raise ApiError(400, 1410, 'Unable to parse custom hostname - it is the name of the zone itself.')
    return name


def _checked_method(body):
    ssl = body.get('ssl')
    if not isinstance(ssl, dict):
        raise ApiError(400, 1423, 'The SSL attribute is invalid or was not provided.')
    if ssl.get('method') not in METHODS or ssl.get('type', 'dv') != 'dv':
        raise ApiError(400, 1424, 'SSL method or type is invalid: use http or txt and dv.')
    return ssl['method']


def _checked_metadata(zone, body):
    metadata = body.get('custom_metadata')
    if not metadata:
        return {}
    if not zone['custom_metadata']:
        raise ApiError(403, 1413, 'No custom metadata access has been allocated for this zone or account. If you\'re already'
                       ' a paid SSL for SaaS customer, please contact your Customer Success Manager.')
    if not isinstance(metadata, dict):
        raise ApiError(400, 1401, 'Unable to encode the Custom Metadata as JSON.')
    return metadata


def _count_certificate(call):
    """So many a minute; whoever goes over waits for 30 s."""
    most, now = call.world.setting('certificates_per_minute'), call.world.now()
    recent = [at for at in call.zone.get('issued', ()) if now - 60 < at <= now]
    if most and len(recent) >= most:
        raise ApiError(429, 1429, f'You have exceeded the limit of {most} certificates per minute.',
                       headers={'Retry-After': '30'})
    call.world.store.put('zones', call.zone['id'], {**call.zone, 'issued': [*recent, now]})


def _sweep(call):
    """Cloudflare's own removal of what has been moved for a week."""
    store, now = call.world.store, call.world.now()
    for key in list(call.world.hostnames.moved):
        if hostname_life.is_deleted(store.get('hostnames', key), now):
            store.remove('hostnames', key)


def _hostname(call):
    _sweep(call)
    found = call.world.store.get('hostnames', call.key)
    if found is None or found['zone'] != call.zone['id']:
        raise ApiError(404, 1436, 'The custom hostname was not found.')
    return found


def _count(world, zone):
    return len(world.hostnames.of_zone.get(zone['id'], ()))


def fallback_status(world, zone):
    """Active as long as it is a proxied record of the zone."""
    if not zone['fallback']:
        return ''
    proxied = any(record['proxied'] for record in records.of_name(world, zone, zone['fallback']['origin']))
    return 'active' if proxied else 'pending_deployment'


def shown_fallback(world, zone):
    status = fallback_status(world, zone)
    errors = [] if status == 'active' else ['DNS records are not setup correctly. Origin should be a proxied A/AAAA/CNAME'
                                            ' dns record']
    created = stamp(zone['fallback']['created'])
    return {'origin': zone['fallback']['origin'], 'status': status, 'errors': errors, 'created_at': created,
            'updated_at': created}


def shown(world, hostname, fresh=False):
    """``fresh``: what a POST answers, which has no validation records yet."""
    name, (status, ssl_status, errors, ssl_errors) = hostname['hostname'], state(world, hostname)
    ssl = {'id': str(uuid.uuid5(uuid.UUID(hostname['id']), 'ssl')), 'type': 'dv', 'method': hostname['method'],
           'status': ssl_status, 'wildcard': False, 'bundle_method': 'ubiquitous', 'certificate_authority': 'google',
           'settings': {'min_tls_version': '1.0'},
           'dcv_delegation_records': [{'cname': f'_acme-challenge.{name}',
                                       'cname_target': f'{name}.{_delegation(hostname["zone"])}.dcv.cloudflare.com'}]}
    if not fresh and ssl_status in ('pending_validation', 'pending_issuance', 'validation_timed_out'):
        ssl['validation_records'] = [_validation(hostname)]
    if ssl_errors:
        ssl['validation_errors'] = [{'message': words} for words in ssl_errors]
    if ssl_status in ('active', 'pending_deployment'):
        began = hostname['issued'] or hostname['began']
        ssl.update(issuer='GoogleTrustServices', hosts=[name], serial_number=str(int(hex_id(hostname['id'])[:12], 16)),
                   signature='ECDSAWithSHA256', uploaded_on=stamp(began),
                   expires_on=stamp(began + hostname_life.CERTIFICATE))
    found = {'id': hostname['id'], 'hostname': name, 'status': status, 'ssl': ssl, 'created_at': stamp(hostname['created'])}
    if hostname['metadata']:
        found['custom_metadata'] = hostname['metadata']
    if status != 'active':
        secret = str(uuid.uuid5(uuid.UUID(hostname['id']), 'ownership'))
        found['ownership_verification'] = {'type': 'txt', 'name': f'_cf-custom-hostname.{name}', 'value': secret}
        found['ownership_verification_http'] = {
            'http_url': f'http://{name}/.well-known/cf-custom-hostname-challenge/{hostname["id"]}', 'http_body': secret}
    if errors:
        found['verification_errors'] = errors
    return found


def _delegation(zone):
    return hex_id('dcv', zone)[:16]


def _validation(hostname):
    name, word = hostname['hostname'], hex_id('dcv', hostname['id'], str(hostname['began']))
    if hostname['method'] == 'txt':
        return {'status': 'pending', 'txt_name': f'_acme-challenge.{name}', 'txt_value': word}
    return {'status': 'pending', 'http_url': f'http://{name}/.well-known/pki-validation/{word}.txt', 'http_body': word}
