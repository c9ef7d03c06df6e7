"""What the OpenAPI document and the readable page say of these endpoints beside their schemas."""
from odoo.addons.saas_master.controllers.api.examples import EXAMPLES, PATH_EXAMPLES
from odoo.addons.saas_master.controllers.api.openapi import TAGS
from odoo.addons.saas_master.controllers.api.schemas import PATH_TEXTS
from odoo.addons.saas_master.controllers.api.texts import _lt

TAGS.update(domains=_lt('Custom domains'), cloudflare=_lt('Cloudflare and the tunnel'))
PATH_TEXTS['domain'] = _lt("The customer's own name, in Unicode or as punycode.")
PATH_EXAMPLES['domain'] = 'www.impulse-max.com'

TOKEN = 'jeturing-verify-0123456789abcdef0123456789abcdef'
POINTER = {'type': 'CNAME', 'record': 'www.impulse-max.com', 'value': 'impulse-max.sajet.us',
           'note': 'Set this CNAME at your DNS provider.'}
NAMES = {'id': 1, 'external_domain': 'www.impulse-max.com', 'sajet_full_domain': 'impulse-max.sajet.us'}
OPERATION = {'id': 4711, 'kind': 'activate_domain', 'state': 'running', 'percent': 40}
ITEM = {**NAMES, 'verification_status': 'verified', 'is_active': True, 'is_primary': True}
DOMAIN = {
    **ITEM, 'display_domain': 'www.impulse-max.com', 'sajet_subdomain': 'impulse-max', 'root_domain': 'sajet.us',
    'customer_id': 123, 'tenant_deployment_id': 45, 'tenant': 'impulse', 'verification_token': TOKEN,
    'verified_at': '2030-01-31T12:00:00Z', 'cloudflare_dns_record_id': None, 'cloudflare_configured': True,
    'tunnel_ingress_configured': True, 'ssl_status': 'active', 'url': 'https://www.impulse-max.com', 'claim_state': 'living',
    'ended_at': None, 'ended_reason': None, 'left_at': None, 'unpublish_at': None, 'activated_at': '2030-01-31T12:02:00Z',
    'next_check_at': '2030-02-01T12:00:00Z', 'created_at': '2030-01-31T11:50:00Z', 'updated_at': '2030-01-31T12:02:00Z',
    'created_by': None, 'error': None, 'operation': {**OPERATION, 'state': 'done', 'percent': 100},
    'instructions': [{**POINTER, 'host': 'www', 'is_required': True}],
    'last_check': {'at': '2030-01-31T12:00:00Z', 'outcome': 'yes', 'code': 'ok', 'message': 'The domain points here.',
                   'expected': 'impulse-max.sajet.us', 'found': ['impulse-max.sajet.us'], 'next_step': '', 'warnings': [],
                   'provider': 'godaddy'}}
ROOT, TUNNEL_ID = {'root_domain': 'sajet.us', 'is_sandbox': False}, '6ff42ae2-765d-4adf-8112-31c55c1551ef'
TUNNEL = {
    **ROOT, 'edge_mode': 'wildcard', 'tunnel_management': 'remote', 'tunnel_id': TUNNEL_ID, 'status': 'healthy',
    'configuration_version': 17, 'connectors': 2, 'connectors_current': 2, 'health': 'ok', 'problems': [],
    'checked_at': '2030-01-31T12:00:00Z', 'synced_at': '2030-01-31T12:00:00Z', 'sync_error': None}

EXAMPLES.update({
    'NewDomain': {'external_domain': 'www.impulse-max.com', 'customer_id': 123, 'tenant_deployment_id': 45},
    'NewClaim': {**NAMES, 'sajet_subdomain': 'impulse-max', 'verification_status': 'pending', 'verification_token': TOKEN,
                 'verification_instructions': POINTER},
    'DomainPage': {'items': [ITEM], 'total': 1},
    'Domain': DOMAIN,
    'DomainChange': {'tenant_deployment_id': 45},
    'Verified': {'status': 'verified', 'message': 'The domain is verified.', 'cname_detected': 'impulse-max.sajet.us',
                 'next_step': 'It is being published; that takes a few minutes.'},
    'NotVerified': {'status': 'failed', 'message': 'No CNAME was found.', 'expected': 'impulse-max.sajet.us', 'found': None,
                    'instructions': 'Set the CNAME www.impulse-max.com → impulse-max.sajet.us'},
    'Activation': {'status': 'activating', 'message': 'www.impulse-max.com is being published.', 'operation': OPERATION},
    'Tunnel': TUNNEL,
    'Ingress': {**ROOT, 'tunnel_id': TUNNEL_ID, 'problems': [], 'ingress': [
        {'hostname': 'sajet.us', 'service': 'http://10.10.10.100:8080'},
        {'hostname': '*.sajet.us', 'service': 'http://10.10.10.100:8080'}, {'service': 'http://10.10.10.100:8080'}]},
    'ZoneUse': {**ROOT, 'zone': '4a83b88793ac3688486ace69b6ae80f9', 'records': {'used': 3, 'allowed': 200},
                'custom_hostnames': {'used': 3, 'allowed': 100}, 'checked_at': '2030-01-31T12:00:00Z'},
    'Begun': {**ROOT, 'message': 'Records, custom hostnames, tunnel and routes are compared within a minute.'},
})
