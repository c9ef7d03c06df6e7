"""What counts as live, suspended and gone, seen through real servers."""
import contextlib
import threading
import time
import urllib.error
import urllib.request
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from drivers.errors import Retryable
from drivers.probe import probe_gone, probe_suspended, probe_tenant, warm_tenant

from real_servers import free_port


class Answer(BaseHTTPRequestHandler):
    """A router that answers every request with one status and page."""

    def __init__(self, status, page, *args):
        self.status, self.page = status, page
        super().__init__(*args)

    def do_GET(self):
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *args):
        pass


@pytest.fixture
def router():
    """``router(status, page)``: its address."""
    servers = []

    def start(status, page=b'', port=0):
        servers.append(ThreadingHTTPServer(('127.0.0.1', port), partial(Answer, status, page)))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f'http://127.0.0.1:{servers[-1].server_port}'
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_live_tenant(odoo_server, live_tenant):
    tenant = live_tenant()
    assert 0 < probe_tenant(odoo_server + '/', f'{tenant.name}.localhost', tenant.mark, 20) < 20


def test_warming_asks_the_server_itself(odoo_server, live_tenant):
    tenant = live_tenant()
    assert 0 < warm_tenant(odoo_server, f'{tenant.name}.localhost', tenant.name, 20) < 20
    with pytest.raises(Retryable, match='does not start'):
        warm_tenant(odoo_server, 'saastest-absent.localhost', 'saastest-absent', 0.1)


def test_another_database_is_not_the_tenant(odoo_server, live_tenant):
    tenant = live_tenant()
    warm_tenant(odoo_server, f'{tenant.name}.localhost', tenant.name, 20)
    with pytest.raises(Retryable, match='another database answers'):
        probe_tenant(odoo_server, f'{tenant.name}.localhost', 'f' * 32, 3)


def test_an_unknown_host_is_not_the_tenant(odoo_server):
    with contextlib.suppress(urllib.error.HTTPError):       # its first answer may take a busy machine long
        request = urllib.request.Request(f'{odoo_server}/web', headers={'Host': 'saastest-absent.localhost'})
        urllib.request.urlopen(request, timeout=60).close()
    with pytest.raises(Retryable, match='HTTP 404|there is no login page'):
        probe_tenant(odoo_server, 'saastest-absent.localhost', 'f' * 32, 3)


def test_the_mark_alone_is_not_enough(router):
    with pytest.raises(Retryable, match='no login page'):
        probe_tenant(router(200, b'f' * 32), 'x.localhost', 'f' * 32, 0.2)


def test_suspended_and_gone(router):
    assert probe_suspended(router(503), 'x.localhost', 5) < 5
    assert probe_gone(router(404), 'x.localhost', 5) < 5
    for probe, status in ((probe_suspended, 200), (probe_suspended, 404), (probe_gone, 503), (probe_gone, 200)):
        with pytest.raises(Retryable, match=f'HTTP {status}'):
            probe(router(status), 'x.localhost', 0.1)


class Polyglot(Answer):
    """A website of several languages: every page is under ``/en``, where it says 503."""

    def do_GET(self):
        if self.path.startswith('/en/'):
            return super().do_GET()
        self.send_response(303)
        self.send_header('Location', f'{self.page.decode()}/en{self.path}')
        self.end_headers()


@pytest.mark.parametrize('location, stays', [
    ('', True), ('http://x.localhost:8080', True), ('http://other.localhost', False)])
def test_redirects_are_followed_while_they_stay_at_the_host(location, stays):
    server = ThreadingHTTPServer(('127.0.0.1', 0), partial(Polyglot, 503, location.encode()))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f'http://127.0.0.1:{server.server_port}'
        if stays:
            assert probe_suspended(address, 'x.localhost:8080', 5) < 5
        else:
            with pytest.raises(Retryable, match='HTTP 303'):
                probe_suspended(address, 'x.localhost:8080', 0.2)
    finally:
        server.shutdown()
        server.server_close()


def test_a_router_that_reloads_is_waited_for(router):
    port = free_port()
    with pytest.raises(Retryable, match='nothing answers'):
        probe_gone(f'http://127.0.0.1:{port}', 'x.localhost', 0.1)
    threading.Timer(0.5, router, (404, b'', port)).start()
    assert 0.3 < probe_gone(f'http://127.0.0.1:{port}', 'x.localhost', 5) < 3


def test_a_silent_router_is_given_up(router):
    start = time.monotonic()
    with pytest.raises(Retryable):
        probe_tenant('http://127.0.0.1:1', 'x.localhost', 'f' * 32, 0.3)
    assert time.monotonic() - start < 2
