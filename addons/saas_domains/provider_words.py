"""How the forms of DNS providers want a record: by the codes of edge/dns_providers.py. Plain values.

The words to these codes, which are translated, are in models/saas_custom_domain_provider.py.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Panel:
    """``host``, ``value``: what the two fields are called. ``apex``: what stands in the first one for the domain itself, ''
    where it stays empty. ``dot``: a host in the second one ends with a dot. ``full``: the first one takes the whole name.
    ``ttl``: what to choose, '' to leave what is there. ``alias``: the type that leads a name without www to another name,
    '' where there is none. ``forward``: what sending visitors on to another name is called there."""

    host: str = 'name'
    value: str = 'value'
    apex: str = '@'
    dot: bool = False
    full: bool = False
    ttl: str = '300'
    alias: str = ''
    forward: str = ''


GENERIC = Panel()

PANELS = {
    'godaddy': Panel(ttl='half_hour', forward='forwarding'),
    'namecheap': Panel(host='host', ttl='automatic', alias='ALIAS', forward='url_redirect'),
    'cloudflare': Panel(value='target', ttl='auto', alias='CNAME', forward='redirect_rules'),
    'route53': Panel(host='record_name', apex=''),
    'google': Panel(host='dns_name', value='canonical_name', apex='', dot=True, alias='ALIAS'),
    'squarespace': Panel(host='host', value='data', ttl='', forward='forwarding'),
    'ionos': Panel(host='host_name', value='points_to', forward='forwarding'),
    'ovh': Panel(host='subdomain', value='target', apex='', dot=True, forward='redirection'),
    'gandi': Panel(value='host_name', dot=True, alias='ALIAS', forward='forwarding'),
    'hostinger': Panel(value='target', alias='ALIAS', forward='redirects'),
    'digitalocean': Panel(host='host_name', value='alias_of', dot=True),
    'wix': Panel(host='host_name', ttl=''),
    'hover': Panel(host='host_name', value='target_name', ttl='', forward='forwards'),
    'porkbun': Panel(host='host', value='answer', apex='', ttl='600', alias='ALIAS', forward='forwarding'),
    'azure': Panel(value='alias'),
    'networksolutions': Panel(host='alias', value='host_name', forward='forwarding'),
    'arsys': Panel(host='host', value='points_to', forward='redirection'),
    'dondominio': Panel(host='host', value='target', forward='redirection'),
    'dinahosting': Panel(host='host', value='target', forward='redirection'),
    'hetzner': Panel(dot=True),
    'linode': Panel(host='host_name', value='alias_to', apex=''),
    'vercel': Panel(apex='', ttl='60', alias='ALIAS'),
    'bluehost': Panel(host='host_record', value='points_to', forward='redirects'),
    'hostgator': Panel(full=True, dot=True, value='record', forward='redirects'),
    'siteground': Panel(value='points_to', forward='redirects'),
    'dreamhost': Panel(host='host', value='points_to', apex='', ttl='', forward='redirects'),
    'namecom': Panel(host='host', value='answer', apex='', alias='ANAME', forward='forwarding'),
    'dnsimple': Panel(apex='', ttl='600', alias='ALIAS', forward='url_record'),
    'dynadot': Panel(host='subdomain', apex='', ttl='', forward='forwarding'),
    'infomaniak': Panel(host='source', value='target', apex='', forward='redirection'),
    'strato': Panel(host='subdomain', apex='', ttl='', forward='redirection'),
    'cloudns': Panel(host='host', value='points_to', apex='', alias='ALIAS', forward='redirects'),
    'dnsmadeeasy': Panel(value='alias_to', apex='', alias='ANAME', forward='redirects'),
    'wordpress': Panel(value='alias_of', apex='', ttl=''),
    'one': Panel(host='host_name', apex='', ttl='', forward='redirects'),
    'alibaba': Panel(host='host', ttl='600'),
    'vultr': Panel(value='data', apex=''),
}


def panel(code):
    return PANELS.get(code, GENERIC)


def host(code, name, registrable):
    """``name`` as the field for the host takes it."""
    form = panel(code)
    if form.full:
        return f'{name}.' if form.dot else name
    return form.apex if name == registrable else name.removesuffix(f'.{registrable}')


def target(code, name):
    return f'{name}.' if panel(code).dot else name
