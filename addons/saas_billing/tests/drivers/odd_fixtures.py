"""A server in Stripe's place that misbehaves: says nothing, breaks off, leads elsewhere, answers with other things."""
import contextlib
import datetime
import json
import socket
import ssl
import threading
import traceback

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bare.saas_billing.drivers.stripe_api import StripeApi
from bare.saas_billing.drivers.stripe_errors import PROBLEMS

ODD_KEY = 'sk_test_oddThatNobodyMaySee0001'
ACCOUNT = {'id': 'acct_1', 'object': 'account', 'country': 'DO', 'default_currency': 'dop', 'charges_enabled': True}


class OddServer:
    """``answer``: the bytes that each request gets, b'' to hang up, None for silence. ``seen``: requests as bytes."""

    def __init__(self, context=None):
        self.context, self.answer, self.seen, self.over = context, b'', [], threading.Event()
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=50)
        self.url = f'{"https" if context else "http"}://127.0.0.1:{self.listener.getsockname()[1]}'
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exc):
        self.over.set()
        with socket.create_connection(self.listener.getsockname()):
            pass
        self.thread.join(5)
        self.listener.close()

    def says(self, content, status='200 OK', **headers):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        lines = [f'HTTP/1.1 {status}', 'Content-Type: application/json', 'Connection: close',
                 f'Content-Length: {headers.pop("length", len(body))}',
                 *(f'{name.replace("_", "-")}: {value}' for name, value in headers.items())]
        self.answer = '\r\n'.join(lines).encode() + b'\r\n\r\n' + body

    def refuses(self, status, headers=None, **error):
        self.says({'error': {'type': 'invalid_request_error', **error}}, status, **(headers or {}))

    def api(self, timeout=10, key=ODD_KEY):
        return StripeApi(key, self.url, timeout=timeout)

    def _serve(self):
        while not self.over.is_set():
            connection, _peer = self.listener.accept()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            if self.context:
                connection = stack.enter_context(self.context.wrap_socket(connection, server_side=True))
            request = b''
            while not self._is_whole(request):
                piece = connection.recv(65536)
                if not piece:
                    return
                request += piece
            self.seen.append(request)
            if self.answer is None:
                self.over.wait(30)
            else:
                connection.sendall(self.answer)

    @staticmethod
    def _is_whole(request):
        head, _, body = request.partition(b'\r\n\r\n')
        sizes = [int(line.split(b':')[1]) for line in head.split(b'\r\n') if line.lower().startswith(b'content-length:')]
        return b'\r\n\r\n' in request and len(body) >= sum(sizes)


def own_certificate(folder):
    """TLS by a certificate for this address that nobody else has signed."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, '127.0.0.1')])
    day = datetime.timedelta(days=1)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day).sign(
        key, hashes.SHA256())
    file = folder / 'own.pem'
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.fixture
def odd():
    with OddServer() as server:
        server.says(ACCOUNT)
        yield server


def fails(kind, problem, ask, *args):
    """The error that ``ask`` raises: of just this kind, and with no key in it."""
    with pytest.raises(kind) as caught:
        ask(*args)
    error = caught.value
    assert type(error) is kind and error.problem == problem and problem in PROBLEMS, (type(error), error.problem, str(error))
    assert ODD_KEY not in str(error) + repr(error) + str(error.values) + ''.join(traceback.format_exception(error))
    return error
