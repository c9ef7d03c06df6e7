"""A web server for the probe: answers what it is told to, as slowly as it is told to, over HTTP or TLS."""
import contextlib
import socket
import threading

import pytest


class Site:
    """``answer``: bytes sent to each request; ``pause``: seconds between two of them, 0 for all at once; ``seen``: requests."""

    def __init__(self, context=None):
        self.context, self.answer, self.pause, self.seen, self.names = context, b'', 0, [], []
        self.over = threading.Event()
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=50)
        self.port = self.listener.getsockname()[1]
        self.url = f'{"https" if context else "http"}://127.0.0.1:{self.port}'
        threading.Thread(target=self._serve, daemon=True).start()

    def says(self, body, status='200 OK', *headers):
        head = ''.join(f'{line}\r\n' for line in (f'HTTP/1.1 {status}', f'Content-Length: {len(body)}', *headers, ''))
        self.answer = head.encode() + body

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._talk, args=(self.listener.accept()[0],), daemon=True).start()

    def _talk(self, client):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(client.close)
            if self.context:
                client = stack.enter_context(self.context.wrap_socket(client, server_side=True))
            self.seen.append(client.recv(65536).decode('latin-1'))
            for piece in [self.answer[n:n + 1] for n in range(len(self.answer))] if self.pause else [self.answer]:
                client.sendall(piece)
                if self.pause and self.over.wait(self.pause):
                    return

    def stop(self):
        self.over.set()
        with contextlib.suppress(OSError):      # stopped before
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def site():
    made = Site()
    yield made
    made.stop()


@pytest.fixture
def tls_site(authority):
    """With a certificate for www.acme.test by the tests' own authority (``webhook_fixtures``)."""
    context = authority.context('www.acme.test')
    made = Site(context)
    context.sni_callback = lambda _socket, name, _context: made.names.append(name)
    yield made
    made.stop()
