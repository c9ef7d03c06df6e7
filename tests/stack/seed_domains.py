"""The root domain of the stack: its Cloudflare is the sandbox, its resolver the stack's own DNS server.

Whoever has entered real credentials keeps them: only a root domain that is still marked as a sandbox is brought in line.
"""
from .cloudflare_sandbox import ROOT_DOMAIN
from .ports import LOOPBACK

FOLLOWS = ('api_base', 'dns_servers', 'origin_service', 'probe_url', 'cloudflare_account', 'cloudflare_zone', 'tunnel_id')


def seed(session, stack):
    """Create it, or let it follow the stack's ports."""
    values = root_values(stack)
    found = session.search_read('saas.root_domain', [('name', '=', ROOT_DOMAIN)], ['is_sandbox', *FOLLOWS], limit=1,
                                context={'active_test': False})
    if not found:
        session.prove('secret')
        session.call('saas.root_domain', 'create', {**values, 'api_token': stack.cloudflare.token})
    elif found[0]['is_sandbox']:
        changed = {name: values[name] for name in FOLLOWS if found[0][name] != values[name]}
        if changed:
            session.prove('secret')
            session.call('saas.root_domain', 'write', [found[0]['id']], {**changed, 'api_token': stack.cloudflare.token})


def root_values(stack):
    cloudflare, ports = stack.cloudflare, stack.settings.ports
    return {
        'name': ROOT_DOMAIN, 'is_sandbox': True, 'edge_mode': 'wildcard', 'tunnel_management': 'remote',
        'cloudflare_account': cloudflare.account, 'cloudflare_zone': cloudflare.zone, 'tunnel_id': cloudflare.tunnel,
        'api_base': cloudflare.api_base, 'probe_url': cloudflare.edge_url,
        'origin_service': f'http://{LOOPBACK}:{ports.http}', 'fallback_origin': f'fallback.{ROOT_DOMAIN}',
        'txt_prefix': 'jeturing', 'dns_servers': f'{LOOPBACK}:{ports.dns}',
    }
