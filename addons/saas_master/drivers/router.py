"""The front router of a node: the table from host names to databases that its nginx includes.

The configuration around it is ``config/nginx/nginx.conf.in``. A table nginx refuses never replaces a good one.
"""
import hashlib
import posixpath
import re
from dataclasses import dataclass

from .errors import NotFound, Permanent, Unreachable
from .transport import NOT_EXECUTABLE, NOT_FOUND

HEADER = '# Written by the router driver; changes made by hand are lost.\n'
# What may stand in the table: nothing that nginx reads as anything but a name. A host has a dot, since `map` means
# something else by the words default, include, hostnames and volatile. A database needs no escape in the regular
# expression that nginx makes of it for X-Odoo-dbfilter: a hyphen is special only between brackets.
LABEL = r'[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
HOST = re.compile(rf'(?=.{{1,253}}\Z){LABEL}(?:\.{LABEL})+')
DATABASE = re.compile(LABEL + r'|[a-z0-9][a-z0-9-]{0,49}__[0-9a-f]{8}')     # the second form: a name that was used before
NONCE = re.compile(r'[A-Za-z0-9_-]{1,128}')
NONCE_URL = '/.well-known/saas-domain'
UPSTREAM = re.compile(r'(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!:)|(?=:))){4}:[1-9]\d{0,4}', re.ASCII)
SHARED_HTTP, SHARED_WS = 'saas_tenants', 'saas_tenants_ws'      # upstreams of nginx.conf.in

WORDS = 800         # characters kept of what nginx says to a configuration that it refuses


@dataclass(frozen=True)
class Route:
    """``host``: as visitors type it, in lower case, without port, non-ASCII labels as punycode (``xn--…``).

    ``suspended``: visitors get the 503 page; ``redirect``: unless suspended, they are sent (308) to the same page at
    that host, which must have a route to the same database and stay there itself; ``nonce``: answered at ``NONCE_URL``
    in either case. ``upstream``: IPv4 address and port of the Odoo that has the database, of a container of its own for
    instance; ``websocket``: the same of its gevent port, which need not answer (then ``upstream`` is asked); without
    them the tenants' server of the node.
    """

    host: str
    database: str
    suspended: bool = False
    redirect: str = ''
    nonce: str = ''
    upstream: str = ''
    websocket: str = ''

    @property
    def target(self):
        """What answers: two routes with the same one show the same tenant."""
        return self.database, self.upstream


def render(routes):
    """The table as nginx reads it, the same for the same routes in any order.

    Permanent for a name that nginx could take for anything but a name, for a host with two meanings, or for a redirect
    that would not end at a name of the same database.
    """
    table = {}
    for route in routes:
        _check(route)
        if table.setdefault(route.host, route) != route:
            raise Permanent(f'The host {route.host} has two routes, to {table[route.host].database} and '
                            f'{route.database}: remove one')
    ordered = [table[host] for host in sorted(table)]
    for route in ordered:
        _check_redirect(route, table)
    return HEADER + ''.join((
        _map('saas_db', ((route.host, route.database) for route in ordered)),
        _map('saas_suspended', ((route.host, '1') for route in ordered if route.suspended)),
        _map('saas_redirect', ((route.host, route.redirect) for route in ordered if route.redirect)),
        _map('saas_nonce', ((route.host, route.nonce) for route in ordered if route.nonce)),
        _map('saas_http', ((route.host, route.upstream) for route in ordered if route.upstream), SHARED_HTTP),
        _map('saas_ws', ((route.host, route.websocket or route.upstream) for route in ordered if route.upstream), SHARED_WS),
    ))


def _check(route):
    for what, name, pattern in (('host', route.host, HOST), ('database', route.database, DATABASE)):
        if not isinstance(name, str) or not pattern.fullmatch(name):
            raise Permanent(f'{name!r} is no {what} name the router can take: it must be lower-case letters, digits '
                            'and hyphens' + (', in two or more labels with dots between' if what == 'host' else ''))
    if not isinstance(route.nonce, str) or route.nonce and not NONCE.fullmatch(route.nonce):
        raise Permanent(f'The nonce of {route.host} must be up to 128 letters, digits, hyphens and underscores')
    for address in filter(None, (route.upstream, route.websocket)):
        if not isinstance(address, str) or not UPSTREAM.fullmatch(address) or int(address.rpartition(':')[2]) > 65535:
            raise Permanent(f'{address!r} cannot be what {route.host} leads to: it must be an IPv4 address and a port')
    if route.websocket and not route.upstream:
        raise Permanent(f'{route.host} has an address for web sockets and none for pages: give both or neither')


def _check_redirect(route, table):
    """It ends where it leads to, and never with another database."""
    end = table.get(route.redirect)
    if route.redirect and (end is None or end.target != route.target or end.redirect):
        raise Permanent(f'{route.host} cannot redirect to {route.redirect!r}: that must be a host with a route to the '
                        f'same database ({route.database}) and without a redirect of its own')


def _map(variable, pairs, default='""'):
    lines = ''.join(f'    {host} {value};\n' for host, value in pairs)
    return f'map $host ${variable} {{\n    default {default};\n{lines}}}\n'


class Router:
    """nginx on the machine behind ``transport``.

    ``config_path``: the rendered ``nginx.conf.in``, which includes ``routes_path``; ``command``: nginx with the options
    it was started with, but for ``-c``; ``timeout``: seconds for each of its runs. One caller at a time: the table is
    written as a whole, so two at once would undo each other.
    """

    def __init__(self, transport, config_path, routes_path, command, timeout=20):
        self._transport = transport
        self._config, self._routes = config_path, routes_path
        self._command, self._timeout = tuple(command), timeout

    def apply(self, routes):
        """Make nginx serve exactly ``routes``; False when it did already and nothing was done.

        nginx takes a new table in within moments of the return: look at the result through it. Permanent with its
        words when it refuses the table, Unreachable when it does not run; the table is then in place for its start.
        """
        wanted = render(routes).encode('ascii')
        digest = hashlib.sha256(wanted).hexdigest().encode('ascii')
        config = self._transport.get(self._config).decode('utf-8', 'surrogateescape')
        pid_file = self._pid_file(config)
        if self._get(self._routes) == wanted and self._get(self._loaded) == digest:
            self._check_alive(pid_file)
            return False
        self._try(config, wanted)
        self._transport.put(self._routes, wanted, 0o644)
        self._reload(pid_file)
        self._transport.put(self._loaded, digest, 0o644)
        return True

    def inspect(self):
        """Raise what would keep ``apply`` from its work, with the code of the problem; changes nothing."""
        try:
            config = self._transport.get(self._config).decode('utf-8', 'surrogateescape')
        except (NotFound, Permanent) as error:
            raise Permanent(str(error), 'router_config') from error
        self._including(config, self._routes)
        result = self._nginx('-t', '-c', self._config)
        if result.exit_code in (NOT_EXECUTABLE, NOT_FOUND):
            raise Permanent(result.stderr.strip(), 'router_command')
        if result.exit_code:
            raise Permanent(result.stderr.strip()[-WORDS:], 'router_refuses')
        self._check_alive(self._pid_file(config))

    @property
    def _loaded(self):
        """Written after a reload: differs from the table after a crash in between, and the next call reloads."""
        return f'{self._routes}.loaded'

    def _get(self, path):
        try:
            return self._transport.get(path)
        except NotFound:
            return None

    def _nginx(self, *options):
        return self._transport.run((*self._command, *options), self._timeout)

    def _try(self, config, wanted):
        """nginx must accept its configuration with the new table in it before the old table goes."""
        table, trial = f'{self._routes}.candidate', f'{self._config}.candidate'
        self._transport.put(table, wanted, 0o644)
        self._transport.put(trial, self._including(config, table).encode('utf-8', 'surrogateescape'), 0o644)
        self._nginx('-t', '-c', trial).check('Testing the new routes (the old ones stay in use)')

    def _including(self, config, table):
        """The configuration with ``table`` instead of the table in use; relative paths stay true in its folder."""
        pattern = rf'''(?m)^(\s*include\s+)(["']?){re.escape(self._routes)}\2\s*;'''
        changed, count = re.subn(pattern, lambda match: f'{match[1]}"{table}";', config)
        if count != 1:
            raise Permanent(f'{self._config} includes {self._routes} {count} times instead of once: render it anew '
                            'from config/nginx/nginx.conf.in or correct the paths of the node', 'router_include')
        return changed

    def _pid_file(self, config):
        match = re.search(r'''(?m)^\s*pid\s+["']?([^"';]+?)["']?\s*;''', config)
        if not match:
            raise Permanent(f'{self._config} has no `pid` line: render it anew from config/nginx/nginx.conf.in',
                            'router_pid')
        return posixpath.join(posixpath.dirname(self._config), match[1])

    def _reload(self, pid_file):
        self._check_alive(pid_file)
        result = self._nginx('-c', self._config, '-s', 'reload')
        self._check_alive(pid_file)
        result.check('Reloading nginx')

    def _check_alive(self, pid_file):
        """The master process is there: its number in the pid file belongs to a running nginx."""
        number = (self._get(pid_file) or b'').decode('ascii', 'replace').strip()
        status = self._get(f'/proc/{number}/stat') if number.isdigit() else None
        # "number (command) state …", see proc(5)
        if not status or b'nginx' not in status or status.rpartition(b')')[2].split()[0] in (b'Z', b'X'):
            raise Unreachable(f'nginx does not run (no process of {pid_file}): start it; it then serves the new routes',
                              problem='router_stopped')
