"""Routes that change under load, and ten thousand names rendered and checked. ``python -m tests.bench.edge``: this alone.

The router is a real nginx with the product's configuration. The other side is the same with kept connections, as nginx
has them by default.
"""
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from tests import bare  # noqa: F401 - registers the package ``bare``

from ..stack.nginx import Nginx
from ..stack.ports import unused
from ..stack.settings import Ports, Settings
from .edge_load import Seen, Visitor, upstream
from .figures import Row, table

from bare.saas_domains.edge.ingress import Rule, render, to_config  # isort: skip
from bare.saas_domains.edge.ingress_lint import lint  # isort: skip
from bare.saas_domains.edge.tunnel_file import with_ingress  # isort: skip
from bare.saas_master.drivers import router  # isort: skip
from bare.saas_master.drivers.transport import LocalTransport  # isort: skip

NAMES = 10_000
CHANGES, OTHER_CHANGES = 100, 20
VISITORS, PAUSE = 16, 0.03      # connections at a time; seconds between two requests of each
HOSTS = [f'www.customer{number}.test' for number in range(VISITORS)]
ROUNDS = 3
LONGEST = 10                    # seconds to wait for a change


class KeepingNginx(Nginx):
    """The other side: nginx as it is by default."""

    def _render(self):
        super()._render()
        text = self.config.read_text()
        assert text.count('keepalive_timeout 0;') == 1
        self.config.write_text(text.replace('keepalive_timeout 0;', 'keepalive_timeout 65s;'))


@contextmanager
def running(settings, kind=Nginx, routes=()):
    """(nginx with the product's configuration, the port at which it looks for the tenants' Odoo)."""
    with tempfile.TemporaryDirectory() as folder:
        ports = Ports(**{name: unused() for name in ('http', 'master', 'tenant')})
        nginx = kind(settings.change(state=Path(folder), ports=ports))
        nginx.prepare()
        nginx.folder.mkdir()
        nginx.routes.write_text(router.render(routes))
        service = nginx.start()
        try:
            yield nginx, ports.tenant
        finally:
            service.stop()


def driver(nginx):
    return router.Router(LocalTransport(), str(nginx.config), str(nginx.routes), nginx.command)


# -- changes under load ----------------------------------------------------------------------------------------------

def under_load(settings, kind, changes):
    """(seconds until nobody met the old routes, of each change; requests that were answered; those that were lost)."""
    with running(settings, kind, routes(0)) as (nginx, tenant_port):
        return asyncio.run(_change(nginx, tenant_port, changes))


def routes(number):
    return [router.Route(host, f'b{number}') for host in HOSTS]


async def _change(nginx, tenant_port, changes):
    apply, seen, over = driver(nginx).apply, Seen(), asyncio.Event()
    server = await upstream(tenant_port)
    visitors = [asyncio.create_task(Visitor(nginx.settings.ports.http, host, seen).stay(PAUSE, over)) for host in HOSTS]
    began = [time.monotonic()]
    for number in range(1, changes + 1):
        began.append(await _live(apply, number, seen))
    over.set()
    await asyncio.gather(*visitors)
    server.close()
    return _delays(began, seen.answers), len(seen.answers), seen.lost


async def _live(apply, number, seen):
    """Make a change and wait until a visitor sees it; when it began."""
    began = time.monotonic()
    await asyncio.to_thread(apply, routes(number))
    while not any(answer == f'b{number}' for _asked, answer in seen.answers[-VISITORS:]):
        if time.monotonic() > began + LONGEST:
            raise RuntimeError(f'Change {number} is not live after {LONGEST} s; lost: {seen.lost[-5:]}')
        await asyncio.sleep(0.005)
    return began


def _delays(began, answers):
    """Of each change, from its beginning to the last request that still met older routes."""
    last = [0.0] * len(began)
    for asked, database in answers:
        for number in range(int(database[1:]) + 1, len(began)):
            if asked < began[number]:
                break
            last[number] = max(last[number], asked - began[number])
    return last[1:]


def changes(settings):
    delays, answered, lost = under_load(settings, Nginx, CHANGES)
    _delays_kept, answered_kept, lost_kept = under_load(settings, KeepingNginx, OTHER_CHANGES)
    yield Row(f'a route change is live, slowest of {CHANGES} under load (s)', f'{max(delays):.2f} s',
              f'median {statistics.median(delays):.2f} s', max(delays), 1)
    yield Row(f'requests lost by {CHANGES} route changes under load', f'{len(lost)} of {answered + len(lost)}{_kinds(lost)}',
              f'kept connections: {len(lost_kept)} of {answered_kept + len(lost_kept)} by {OTHER_CHANGES}', len(lost), 0)


def _kinds(lost):
    kinds = sorted({what for _asked, what in lost})
    return f' ({", ".join(kinds)})' if kinds else ''


# -- many names --------------------------------------------------------------------------------------------------------

def fastest(act):
    took = []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        act()
        took.append(time.perf_counter() - start)
    return min(took)


def many_names(nginx):
    rules = [Rule(f'www.customer{number}.example.com', 'http://127.0.0.1:8080') for number in range(NAMES)]
    file = to_config(render(rules[1:]), 'tunnel', '/etc/cloudflared/credentials.json')

    def ingress():
        document = render(rules)
        assert not lint(document)
        assert with_ingress(file, document).count(b'hostname') == NAMES
    took = fastest(ingress)
    yield Row(f'ingress of {NAMES} names rendered, checked, in config.yml (s)', f'{took:.2f} s', '–', took, 1)
    pairs = [route for number in range(NAMES // 2) for route in _pair(number)]
    took, bare_took = fastest(lambda: _tested(nginx, pairs)), fastest(lambda: router.render(pairs))
    yield Row(f'map of {NAMES} names rendered and accepted by nginx (s)', f'{took:.2f} s',
              f'rendered: {bare_took:.2f} s', took, 1)


def _pair(number):
    """A tenant's primary name, and another that leads there."""
    primary, database, closed = f'www.customer{number}.test', f'customer{number}', number % 10 == 0
    yield router.Route(primary, database, closed, nonce=f'nonce-{number}')
    yield router.Route(f'customer{number}.test', database, closed, primary, f'other-{number}')


def _tested(nginx, pairs):
    """What the driver does before anything is replaced."""
    nginx.routes.write_text(router.render(pairs))
    nginx._test()


def rows(settings):
    with running(settings) as (nginx, _port):
        yield from many_names(nginx)
    yield from changes(settings)


if __name__ == '__main__':
    found = list(rows(Settings.from_environment()))
    print(table(found))
    sys.exit(not all(row.reached for row in found))
