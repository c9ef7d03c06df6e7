"""A real nginx on loopback with the product's configuration, in front of upstreams that answer what they were asked."""
import base64
import contextlib
import getpass
import grp
import hashlib
import http.client
import json
import os
import re
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from real_servers import children, free_port, listening, program, wait_until

CONFIG = Path(__file__).parents[4] / 'config' / 'nginx'
UPSTREAMS = ('MASTER_HTTP', 'MASTER_WS', 'TENANT_HTTP', 'TENANT_WS')


class Echo(BaseHTTPRequestHandler):
    """Tells as JSON which upstream was asked what; extra answer headers can be put into ``server.headers``.

    What is asked for at ``/held…`` is answered once ``server.gate`` is set.
    """

    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def _answer(self):
        if self.headers.get('Upgrade') == 'websocket':
            return self._switch()
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        self.server.seen.append(self.path)
        if self.path.startswith('/held'):
            self.server.gate.wait(10)
        text = json.dumps({'upstream': self.server.name, 'method': self.command, 'path': self.path,
                           'headers': [[name.lower(), value] for name, value in self.headers.items()],
                           'body': len(body), 'padding': ' ' * 2000}).encode()
        self.send_response(200)
        for name, value in {'Content-Type': 'application/json', **self.server.headers}.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = _answer

    def _switch(self):
        """The opening handshake of RFC 6455, then whatever comes goes back."""
        digest = hashlib.sha1((self.headers['Sec-WebSocket-Key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').encode())
        self.send_response(101)
        for name, value in {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'X-Upstream': self.server.name,
                            'X-Seen-Filter': self.headers.get('X-Odoo-dbfilter', 'none'),
                            'Sec-WebSocket-Accept': base64.b64encode(digest.digest()).decode()}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.rfile.read1())
        self.close_connection = True

    def log_message(self, *_args):
        pass


@contextlib.contextmanager
def upstream(name):
    server = ThreadingHTTPServer(('127.0.0.1', 0), Echo)
    server.daemon_threads = True
    server.name, server.headers, server.seen, server.gate = name, {}, [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Nginx:
    """One nginx and its folder. ``routes`` is its table's path, ``config`` that of its configuration."""

    def __init__(self, folder, addresses, **values):
        self.folder, self.port = folder, free_port()
        self.config, self.routes, self.pid_file = (str(folder / name) for name in ('nginx.conf', 'routes', 'nginx.pid'))
        self.command = (program('nginx', 'SAAS_NGINX', 'nginx-light'),)
        group = grp.getgrgid(os.getgid()).gr_name
        self.values = {
            'USER': '' if os.geteuid() else f'user {getpass.getuser()} {group};', 'LISTEN': f'127.0.0.1:{self.port}',
            'MASTER_NAMES': 'localhost 127.0.0.1', 'PUBLIC_SCHEME': 'http', 'TRUSTED_PROXIES': '', 'MAX_BODY': '1m',
            'REQUEST_RATE': '1000r/s', 'LOGIN_RATE': '1000r/s', 'ROUTES_FILE': self.routes,
            'PAGES_DIR': CONFIG / 'pages', 'STATE_DIR': folder, **addresses, **values}
        text = (CONFIG / 'nginx.conf.in').read_text()
        Path(self.config).write_text(re.sub('@([A-Z_]+)@', lambda match: str(self.values[match[1]]), text))
        Path(self.routes).write_bytes((CONFIG / 'routes.empty.conf').read_bytes())
        self.process = None

    def start(self):
        with open(self.folder / 'output', 'ab') as log:
            self.process = subprocess.Popen([*self.command, '-c', self.config, '-g', 'daemon off;'],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: listening(self.port) or self.process.poll() is not None, 'the start of nginx')
        assert self.process.poll() is None, (self.folder / 'output').read_text()

    def kill(self):
        for pid in (self.process.pid, *self.workers()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.process.wait(10)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def workers(self):
        return children(self.process.pid)

    def ask(self, host, path='/', method='GET', body=None, **headers):
        """Status, headers and body of an answer; ``headers`` with underscores for hyphens."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
        with contextlib.closing(connection):
            names = {name.replace('_', '-'): value for name, value in headers.items()}
            connection.request(method, path, body, {'Host': host, **names})
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def echo(self, *args, **values):
        """What the upstream was asked, with its headers as a dictionary."""
        status, _headers, body = self.ask(*args, **values)
        assert status == 200, body
        seen = json.loads(body)
        assert len(dict(seen['headers'])) == len(seen['headers']), 'a header arrived twice'
        return {**seen, 'headers': dict(seen['headers'])}

    def database(self, host):
        """Where a host leads: the header for Odoo, or the status of nginx's own answer."""
        status, _headers, body = self.ask(host)
        return dict(json.loads(body)['headers']).get('x-odoo-dbfilter') if status == 200 else status


def raw(nginx, text):
    """The answer to exactly these bytes."""
    with contextlib.closing(socket.create_connection(('127.0.0.1', nginx.port), 10)) as client:
        client.sendall(text.replace('\n', '\r\n').encode())
        answer = b''
        with contextlib.suppress(ConnectionResetError):     # refused before all of it was read
            while chunk := client.recv(65536):
                answer += chunk
    return answer.decode()


@pytest.fixture(scope='session')
def upstreams():
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(upstream(name)) for name in UPSTREAMS}


@pytest.fixture
def make_nginx(upstreams, tmp_path):
    """Starts an nginx with other values for placeholders, and stops it."""
    made = []

    def make(routes=(), **values):
        from drivers.router import render
        folder = tmp_path / f'nginx{len(made)}'
        folder.mkdir()
        addresses = {name: f'127.0.0.1:{server.server_port}' for name, server in upstreams.items()}
        made.append(Nginx(folder, addresses, **values))
        Path(made[-1].routes).write_text(render(routes))
        made[-1].start()
        return made[-1]
    yield make
    for nginx in made:
        nginx.stop()
