"""Tests of the fakes: a test that trusts a fake is worth what the fake is worth."""
import http.server
import json
import socket
import threading

import pytest
import requests

from tests.fakes.cloudflare import FakeCloudflare

from .stripe_fixtures import merchant, receiver  # noqa: F401, fixtures of all files here
from .stripe_shop import shop  # noqa: F401

TOKEN = 'token-for-the-tests-of-the-fake'


class Visitor:
    """Asks the fake directly, without the addon's client."""

    def __init__(self, fake):
        self.fake, self.session = fake, requests.Session()
        self.session.trust_env = False
        self.zone = fake.world.add_zone('sajet.us', 'free')['id']
        tunnel = fake.world.add_tunnel('edge')
        self.tunnel, self.account = tunnel['id'], tunnel['account']
        self.records, self.hostnames = f'/zones/{self.zone}/dns_records', f'/zones/{self.zone}/custom_hostnames'
        self.tunnels = f'/accounts/{self.account}/cfd_tunnel'

    def ask(self, method, path, body=None, token=TOKEN, **options):
        headers = {'Authorization': f'Bearer {token}'} if token else {}
        return self.session.request(method, self.fake.url + path, json=body, headers=headers, timeout=10,
                                    allow_redirects=False, **options)

    def result(self, method, path, body=None, **options):
        answer = self.ask(method, path, body, **options)
        assert answer.ok, answer.text
        return answer.json()['result']

    def errors(self, method, path, body=None, **options):
        """(status, number)."""
        answer = self.ask(method, path, body, **options)
        content = answer.json()
        assert content['success'] is False and content['result'] is None
        return answer.status_code, content['errors'][0]['code']

    def record(self, name, content=None, kind='CNAME', **values):
        fields = {'type': kind, 'name': name, 'content': content or f'{self.tunnel}.cfargotunnel.com', 'proxied': True}
        return self.result('POST', self.records, {**fields, **values})

    def configure(self, *rules):
        return self.result('PUT', f'{self.tunnels}/{self.tunnel}/configurations', {'config': {'ingress': [
            *rules, {'service': 'http_status:404'}]}})['version']

    def visit(self, host, path='/', method='GET', headers=(), **options):
        """As somebody on the Internet."""
        return self.session.request(method, self.fake.edge_url + path, headers={'Host': host, **dict(headers)}, timeout=10,
                                    allow_redirects=False, **options)

    def live(self, name):
        """A custom hostname with all it takes."""
        hostname = self.result('POST', self.hostnames, {'hostname': name, 'ssl': {'method': 'http', 'type': 'dv'}})
        self.fake.world.store.put('hostnames', hostname['id'], {
            **self.fake.world.store.get('hostnames', hostname['id']), 'step': 4})
        return hostname


@pytest.fixture
def visitor():
    settings = {'validation_seconds': 0.0, 'connector_seconds': 0.0, 'certificates_per_minute': 0}
    with FakeCloudflare(**settings) as fake:
        fake.world.add_token(TOKEN)
        yield Visitor(fake)


class Origin(http.server.ThreadingHTTPServer):
    """Answers what it was asked; at ``/echo`` of a websocket it gives back what it gets."""

    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), OriginHandler)
        self.url = f'http://127.0.0.1:{self.server_address[1]}'


class OriginHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 10

    def do_GET(self):
        if self.headers.get('Upgrade'):
            return self._echo()
        length = int(self.headers.get('Content-Length') or 0)
        body = self._chunks() if 'chunked' in self.headers.get('Transfer-Encoding', '') else self.rfile.read(length)
        said = json.dumps({'method': self.command, 'path': self.path, 'headers': {
            name.lower(): value for name, value in self.headers.items()}, 'body': body.decode('latin-1')}).encode()
        self.send_response(204 if self.path == '/nothing' else 200)
        if self.path == '/stream':
            self.send_header('Transfer-Encoding', 'chunked')
            self.end_headers()
            for piece in (b'one', b'two'):
                self.wfile.write(b'%x\r\n%s\r\n' % (len(piece), piece))
            self.wfile.write(b'0\r\n\r\n')
            return
        if self.path != '/nothing':
            self.send_header('Content-Length', str(len(said)))
        self.send_header('X-Origin', 'yes')
        self.end_headers()
        if self.command != 'HEAD' and self.path != '/nothing':
            self.wfile.write(said)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

    def _chunks(self):
        body = b''
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _echo(self):
        self.send_response(101)
        self.send_header('Upgrade', 'websocket')
        self.send_header('Connection', 'Upgrade')
        self.end_headers()
        self.close_connection = True
        while data := self.connection.recv(4096):
            self.connection.sendall(data)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def origin():
    with Origin() as server:
        threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def plain_socket(visitor):
    """To the edge, for what no HTTP library would send."""
    with socket.create_connection(visitor.fake.edge.server_address, timeout=10) as connection:
        yield connection
