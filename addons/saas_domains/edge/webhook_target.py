"""Where a webhook may be sent: an address on the internet, never one inside our own networks.

The name is resolved once. Every address it has must be public, and the connection is made to one of just these, so a
name that means something else a moment later (DNS rebinding) leads nowhere.
"""
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import dns.exception
import dns.resolver
import idna

from ...saas_master.drivers.errors import NotFound, Permanent, Retryable

LONGEST = 2000              # characters of an address
LOOK_UP_SECONDS = 5.0
MOST_ADDRESSES = 8
PORTS = {'https': 443, 'http': 80}
# Of other services, which might take what we send for their own protocol; below 1024 only those of the web are open.
CLOSED_PORTS = frozenset({
    1080, 1433, 1521, 2049, 2375, 2376, 2379, 3128, 3306, 3389, 4369, 5060, 5061, 5432, 5672, 5984, 5985, 6000, 6379, 6443,
    6665, 6666, 6667, 6668, 6669, 6697, 8500, 9042, 9200, 9300, 10250, 11211, 27017})

# IPv4: IANA's special-purpose registry, multicast and reserved; and the metadata server that Azure has at a public one.
_CLOSED_V4 = [ipaddress.ip_network(text) for text in (
    '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '168.63.129.16/32', '169.254.0.0/16', '172.16.0.0/12',
    '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16',
    '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4')]
# IPv6: global unicast without what carries other addresses inside (6to4, Teredo, ORCHID) or is for documents.
_OPEN_V6 = ipaddress.ip_network('2000::/3')
_CLOSED_V6 = [ipaddress.ip_network(text) for text in (
    '2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20')]
_NAT64 = ipaddress.ip_network('64:ff9b::/96')       # what DNS64 makes of a public IPv4 address
_LABEL = re.compile('[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?')


def look_up(host):
    """The addresses of a name by the machine's resolvers; Retryable when they cannot be asked, NotFound without any."""
    try:
        found = dns.resolver.Resolver().resolve_name(host, lifetime=LOOK_UP_SECONDS, search=False)
        return list(found.addresses())
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        raise NotFound(f'{host} has no address.', problem='no_address') from None
    except (dns.exception.DNSException, OSError) as error:
        raise Retryable(f'{host} could not be looked up: {type(error).__name__}', problem='no_look_up') from None


@dataclass(frozen=True)
class Rules:
    """``allow_local``: loopback and plain http as well, for tests. ``denied``: further networks, such as our own.

    ``resolve``: from a name to its addresses as text; raises driver errors only.
    """

    allow_local: bool = False
    denied: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    resolve: Callable = look_up


@dataclass(frozen=True)
class Target:
    """A checked address of a webhook; ``host`` in ASCII, without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self):
        host = f'[{self.host}]' if ':' in self.host else self.host
        port = '' if self.port == PORTS[self.scheme] else f':{self.port}'
        return f'{self.scheme}://{host}{port}{self.path}'


def parse(url, rules=None):
    """The Target of ``url``; Permanent, whose ``problem`` is a code, when nothing is ever sent to such a one.

    Codes: form, scheme, credentials, host, port, not_public.
    """
    rules = rules or Rules()
    if not isinstance(url, str) or len(url) > LONGEST or re.search(r'[\x00-\x20\x7f\\]', url):
        raise _refused('form')
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused('form') from None
    if parts.scheme not in (PORTS if rules.allow_local else ('https',)):
        raise _refused('scheme')
    if '@' in parts.netloc:
        raise _refused('credentials')
    if '[' in parts.netloc and ':' not in (parts.hostname or ''):
        raise _refused('host')
    host = _host(parts.hostname or '')
    port = PORTS[parts.scheme] if port is None else port
    if port not in PORTS.values() and (port < 1024 or port in CLOSED_PORTS):
        raise _refused('port')
    if (literal := _literal(host)) and not is_open(literal, rules):
        raise _refused('not_public')
    query = f'?{parts.query}' if parts.query else ''
    return Target(parts.scheme, host, port, _ascii(parts.path or '/') + _ascii(query))


def addresses(target, rules=None):
    """Where to connect, IPv4 first: all that the name has now, each of them public.

    Raises NotFound or Retryable (look-up), Permanent (``not_public``) when only one of them is not open to us.
    """
    rules = rules or Rules()
    if _literal(target.host):
        found = [target.host]
    elif target.host == 'localhost' or target.host.endswith('.localhost'):
        found = ['127.0.0.1']           # RFC 6761: never asked of the DNS
    else:
        found = list(rules.resolve(target.host))
    literals = [_literal(text) for text in found]
    if not literals:
        raise NotFound(f'{target.host} has no address.', problem='no_address')
    if not all(literal and is_open(literal, rules) for literal in literals):
        raise _refused('not_public')
    return [str(literal) for literal in sorted(literals, key=lambda address: address.version)][:MOST_ADDRESSES]


def is_open(address, rules):
    """Whether we connect to this address."""
    if any(address in network for network in rules.denied):
        return False
    if rules.allow_local and address.is_loopback:
        return True
    if address.version == 6 and address in _NAT64:
        return is_open(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF), rules)
    if address.version == 4:
        return not any(address in network for network in _CLOSED_V4)
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)


def _literal(text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if getattr(address, 'scope_id', None) else address


def _host(host):
    """In ASCII and lower case; what resolvers and libraries would read differently (127.1, 0x7f.1) is refused."""
    if ':' in host:
        literal = _literal(host)
        if not literal:
            raise _refused('host')
        return str(literal)
    try:
        host = host.lower().removesuffix('.')
        ascii_host = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise _refused('host') from None
    labels = ascii_host.split('.')
    if len(ascii_host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused('host')
    if re.fullmatch('[0-9]+|0x[0-9a-f]*', labels[-1]) and not _literal(ascii_host):
        raise _refused('host')
    return ascii_host


def _ascii(text):
    """Bytes beyond ASCII escaped; what is escaped already stays."""
    return ''.join(char if char.isascii() else ''.join(f'%{byte:02X}' for byte in char.encode()) for char in text)


WORDS = {
    'form': 'This is no web address.', 'scheme': 'The address has to begin with https://.',
    'credentials': 'The address carries a user name or password.', 'host': 'The host of the address is malformed.',
    'port': 'Nothing is sent to this port.', 'not_public': 'The host has an address that is not on the public internet.',
}


def _refused(code):
    return Permanent(WORDS[code], problem=code)
