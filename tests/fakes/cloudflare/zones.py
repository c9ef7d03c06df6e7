"""Tokens and zones."""
from . import access
from .answers import Answer, ApiError, page_of
from .shapes import stamp


def verify_token(call):
    status = access.status_of(call.world, call.token)
    result = {'id': call.token['id'], 'status': status}
    if call.token.get('expires_on'):
        result['expires_on'] = stamp(call.token['expires_on'])
    return Answer(result, messages=[{'code': 10000, 'message': f'This API Token is valid and {status}', 'type': None}])


def list_zones(call):
    zones = [zone for zone in call.world.store.table('zones').values()
             if access._covers(call.token['zones'], zone['id']) and call.query.get('name') in (None, zone['name'])
             and call.query.get('account.id') in (None, zone['account']) and call.query.get('status') in (None, zone['status'])]
    return page_of([shown(zone) for zone in sorted(zones, key=lambda zone: zone['name'])], call.query, 20, 5, 50,
                   call.world.setting('page_cap'))


def get_zone(call):
    return Answer(shown(call.zone))


def zone_of(call, key):
    zone = call.world.store.get('zones', key)
    if zone is None:
        raise ApiError(403, 9109, 'Unauthorized to access requested resource')
    return zone


def shown(zone):
    created = stamp(zone['created'])
    return {
        'id': zone['id'], 'name': zone['name'], 'status': zone['status'], 'paused': False, 'type': 'full',
        'development_mode': 0, 'name_servers': ['ada.ns.cloudflare.com', 'bob.ns.cloudflare.com'],
        'original_name_servers': ['ns1.registrar.invalid', 'ns2.registrar.invalid'], 'original_registrar': None,
        'original_dnshost': None, 'created_on': created, 'modified_on': created, 'activated_on': created,
        'meta': {'step': 2, 'custom_certificate_quota': 0, 'page_rule_quota': 3, 'phishing_detected': False},
        'owner': {'id': None if zone['plan'] == '' else zone['account'], 'type': 'user', 'name': 'sandbox'},
        'account': {'id': zone['account'], 'name': 'Sandbox'},
        'permissions': ['#dns_records:edit', '#dns_records:read', '#ssl:edit', '#ssl:read', '#zone:read'],
        'plan': {'id': zone['plan'], 'name': f'{zone["plan"].title()} Website', 'legacy_id': zone['plan'],
                 'price': 0, 'currency': 'USD', 'is_subscribed': zone['plan'] != 'free'},
    }
