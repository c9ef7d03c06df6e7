"""Endpoints of customers: real HTTP and HTTPS servers on loopback that keep what they were sent and behave as told."""
import datetime
import ipaddress
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Endpoint(ThreadingHTTPServer):
    """``behave``: function(handler) that answers; ``requests``: (path, headers, body) in the order in which they came."""

    daemon_threads = True

    def __init__(self, behave=None, address='127.0.0.1', context=None):
        super().__init__((address, 0), _Handler)
        self.behave, self.requests, self.over = behave or taken, [], threading.Event()
        self.names = []         # asked for by SNI
        if context:
            context.sni_callback = lambda _sock, name, _context: self.names.append(name)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self):
        return self.server_address[1]

    def handle_error(self, request, client_address):
        """Clients here break off on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.server.requests.append((self.path, dict(self.headers), body))
        self.server.behave(self)

    def answer(self, status, body=b'', **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


def taken(handler):
    handler.answer(204)


def drip(handler):
    """One byte of the head after the other, each well within any time limit for a single read."""
    for byte in b'HTTP/1.1 200 OK\r\nX-Long: ' + b'x' * 10_000:
        if handler.server.over.wait(0.05):
            return
        handler.wfile.write(bytes([byte]))


def drip_body(handler):
    handler.send_response(200)
    handler.send_header('Content-Length', '10000')
    handler.end_headers()
    for _turn in range(10_000):
        if handler.server.over.wait(0.05):
            return
        handler.wfile.write(b'x')


def silent(handler):
    handler.server.over.wait(60)


def huge(handler):
    """More than anybody wants to read; what was taken of it is counted."""
    handler.send_response(200)
    handler.end_headers()
    handler.server.sent = 0
    while handler.server.sent < 2**30:
        handler.wfile.write(b'y' * 65536)
        handler.server.sent += 65536


@contextmanager
def serving(*args, **options):
    server = Endpoint(*args, **options)
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def endpoint():
    with serving() as server:
        yield server


# -- certificates -------------------------------------------------------------------------------


class Authority:
    """Signs certificates; ``file`` is what trusts it."""

    def __init__(self, folder, name='Test Authority'):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key.public_key(), [
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False)])
        self.file = str(folder / 'authority.pem')
        (folder / 'authority.pem').write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject, key, extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(
            issuer_name=self.name, subject_name=subject, public_key=key, serial_number=x509.random_serial_number(),
            not_valid_before=now - datetime.timedelta(days=1), not_valid_after=now + datetime.timedelta(days=1))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def context(self, *names):
        """A server's TLS for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = self._sign(subject, key.public_key(), [
            (x509.SubjectAlternativeName([_general(name) for name in names]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False)])
        file = self.folder / f'{time.monotonic_ns()}.pem'
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _general(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@pytest.fixture(scope='session')
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp('authority'))
