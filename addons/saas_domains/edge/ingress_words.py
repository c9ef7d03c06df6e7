"""The single values of a tunnel's rules: a code for what is wrong with one, '' if nothing is."""
import functools
import re
import warnings
from urllib.parse import urlsplit

LABEL = r'[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
HOST = re.compile(rf'(?=.{{1,255}}\Z)(?:\*\.)?{LABEL}(?:\.{LABEL})*')
LONGEST, LONGEST_LABEL = 253, 63
SCHEMES = {'http', 'https', 'ws', 'wss', 'tcp', 'ssh', 'rdp', 'smb'}
OWN_SERVICES = {'hello_world', 'hello-world', 'bastion', 'socks-proxy'}
PERL_ONLY = re.compile(r'\(\?(?:[=!>(#]|<[=!]|P=)|\\[1-9GZgk]|[*+?}]\+')     # Python reads it, Go does not
GO_DURATION = re.compile(r'(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+')

DURATION = 'duration'
OPTIONS = {
    'connectTimeout': DURATION, 'tlsTimeout': DURATION, 'tcpKeepAlive': DURATION, 'keepAliveTimeout': DURATION,
    'noHappyEyeballs': bool, 'noTLSVerify': bool, 'disableChunkedEncoding': bool, 'bastionMode': bool,
    'http2Origin': bool, 'matchSNItoHost': bool, 'keepAliveConnections': int, 'proxyPort': int, 'httpHostHeader': str,
    'originServerName': str, 'caPool': str, 'proxyAddress': str, 'proxyType': str, 'ipRules': list, 'access': dict}


def host_problem(host):
    """cloudflared knows ``*`` as a whole first label only, and compares as it stands: a wildcard with letters beyond
    ASCII, an upper-case letter, a space or a trailing dot never matches."""
    if host in (None, '', '*'):
        return ''
    if not isinstance(host, str):
        return 'host_invalid'
    if HOST.fullmatch(host) and len(host.removeprefix('*.')) <= LONGEST:
        return ''
    return next((code for code, is_so in HOST_CODES if is_so(host)), 'host_invalid')


HOST_CODES = (
    ('host_space', lambda host: re.search(r'\s', host)),
    ('host_unicode', lambda host: not host.isascii()),
    ('host_invalid', lambda host: '/' in host or '@' in host),
    ('host_port', lambda host: ':' in host),
    ('wildcard_place', lambda host: '*' in host.removeprefix('*.')),
    ('host_dot', lambda host: host.endswith('.')),
    ('host_long', lambda host: len(host.removeprefix('*.')) > LONGEST
     or max(map(len, host.split('.'))) > LONGEST_LABEL),
    ('host_case', lambda host: host != host.lower()),
)


def path_problem(path):
    """A Go regular expression that is looked for anywhere in the path; what Go and Python read alike is taken."""
    if path in (None, ''):
        return ''
    return _path_problem(path) if isinstance(path, str) else 'path_regex'


@functools.lru_cache(maxsize=1024)
def _path_problem(path):
    if PERL_ONLY.search(path):
        return 'path_regex'
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('error')      # what Python is about to read differently
            re.compile(path)
    except (re.error, Warning, OverflowError, RecursionError):
        return 'path_regex'
    return '' if path.startswith(('^', '(?i)^')) else 'path_unanchored'


def service_problem(service):
    """Scheme, host and port; cloudflared takes any scheme it does not know for one of TCP."""
    if service is None:
        return 'service_missing'
    return _service_problem(service) if isinstance(service, str) else 'service_invalid'


@functools.lru_cache(maxsize=1024)
def _service_problem(service):
    if not service:
        return 'service_missing'
    if service in OWN_SERVICES:
        return ''
    kind, colon, rest = service.partition(':')
    if kind == 'http_status':
        return '' if re.fullmatch('[1-5][0-9][0-9]', rest) else 'service_status'
    if kind in ('unix', 'unix+tls'):
        return '' if rest.startswith('/') and not re.search(r'\s', rest) else 'service_invalid'
    if not (colon and rest.startswith('//') and kind in SCHEMES):
        return 'service_scheme'
    return _address_problem(service, rest[2:])


def _address_problem(service, address):
    if re.search('[/?#]', address):
        return 'service_path'
    try:
        parts = urlsplit(service)
        port, host = parts.port, parts.hostname
    except ValueError:
        return 'service_invalid'
    return '' if host and port != 0 and re.fullmatch(r'(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?', address) \
        else 'service_invalid'


def options_problems(options, form):
    """Tuples (code, name, words) of an ``originRequest``; no name for one that is no mapping."""
    if options is None:
        return []
    if not isinstance(options, dict):
        return [('shape', '', type(options).__name__)]
    found = ((_option_problem(name, value, form), name, value) for name, value in options.items())
    return [(code, str(name), str(value)) for code, name, value in found if code]


def _option_problem(name, value, form):
    wanted = OPTIONS.get(name)
    if wanted is None:
        return 'unknown_key'
    if wanted == DURATION:
        return '' if _is_duration(value, form) else 'duration'
    right = isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))
    return '' if right and not (wanted is int and value < 0) else 'option_type'


def _is_duration(value, form):
    if form == 'yaml':
        return isinstance(value, str) and bool(GO_DURATION.fullmatch(value))
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
