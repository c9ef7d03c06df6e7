"""Who keeps a zone, told from the names of its name servers, so that instructions fit what the customer sees there."""
import functools
import ipaddress

# code: ends of the name servers' names; one that begins with '*' is a part of them
PROVIDERS = {
    'godaddy': ('domaincontrol.com',),
    'namecheap': ('registrar-servers.com', 'namecheaphosting.com'),
    'cloudflare': ('ns.cloudflare.com', 'foundationdns.com', 'foundationdns.net', 'foundationdns.org'),
    'route53': ('*.awsdns-',),
    'google': ('googledomains.com', 'google.com'),
    'squarespace': ('squarespacedns.com', 'squarespace.com'),
    'ionos': ('*.ui-dns.', '1and1.com', '1and1.es', '1und1.de', 'schlund.de'),
    'ovh': ('ovh.net', 'ovh.ca', 'anycast.me'),
    'gandi': ('gandi.net',),
    'hostinger': ('dns-parking.com', 'hostinger.com', 'main-hosting.eu'),
    'digitalocean': ('digitalocean.com',),
    'wix': ('wixdns.net',),
    'hover': ('hover.com',),
    'porkbun': ('porkbun.com',),
    'azure': ('*.azure-dns.',),
    'networksolutions': ('worldnic.com', 'networksolutions.com'),
    'register': ('register.com',),
    'arsys': ('arsys.es', 'arsys.net', 'servidoresdns.net'),
    'dondominio': ('dondominio.com',),
    'dinahosting': ('dinahosting.com',),
    'hetzner': ('ns.hetzner.com', 'ns.hetzner.de', 'first-ns.de', 'second-ns.de', 'second-ns.com', 'your-server.de'),
    'linode': ('linode.com',),
    'vercel': ('vercel-dns.com',),
    'netlify': ('nsone.net',),
    'bluehost': ('bluehost.com',),
    'hostgator': ('hostgator.com',),
    'siteground': ('siteground.net', 'sgvps.net', 'siteground.eu'),
    'dreamhost': ('dreamhost.com',),
    'namecom': ('name.com',),
    'dnsimple': ('dnsimple.com', 'dnsimple-edge.net'),
    'dynadot': ('dynadot.com',),
    'enom': ('name-services.com',),
    'strato': ('rzone.de', 'strato.de'),
    'infomaniak': ('infomaniak.ch', 'infomaniak.com'),
    'wordpress': ('wordpress.com',),
    'cloudns': ('cloudns.net',),
    'dnsmadeeasy': ('dnsmadeeasy.com',),
    'vultr': ('vultr.com',),
    'alibaba': ('alidns.com', 'hichina.com'),
    'one': ('one.com',),
}

# https://www.cloudflare.com/ips: who proxies there shows these instead of where it leads.
PROXIES = (
    '173.245.48.0/20', '103.21.244.0/22', '103.22.200.0/22', '103.31.4.0/22', '141.101.64.0/18', '108.162.192.0/18',
    '190.93.240.0/20', '188.114.96.0/20', '197.234.240.0/22', '198.41.128.0/17', '162.158.0.0/15', '104.16.0.0/13',
    '104.24.0.0/14', '172.64.0.0/13', '131.0.72.0/22',
    '2400:cb00::/32', '2606:4700::/32', '2803:f800::/32', '2405:b500::/32', '2405:8100::/32', '2a06:98c0::/29',
    '2c0f:f248::/32')
NETWORKS = tuple(map(ipaddress.ip_network, PROXIES))


def guess(hosts):
    """The code of the first name server that is known, '' if none is."""
    return next(filter(None, map(_code, hosts)), '')


@functools.lru_cache(maxsize=1024)
def _code(host):
    host = host.lower().rstrip('.')
    return next((code for code, patterns in PROVIDERS.items() if any(_fits(host, pattern) for pattern in patterns)), '')


def _fits(host, pattern):
    if pattern.startswith('*'):
        return pattern[1:] in host
    return f'.{host}'.endswith(f'.{pattern}')


@functools.lru_cache(maxsize=4096)
def is_proxy(address):
    address = ipaddress.ip_address(address)
    return any(address in network for network in NETWORKS if network.version == address.version)
