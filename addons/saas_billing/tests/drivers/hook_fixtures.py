"""Somebody who takes everything that is delivered, and keeps it as it came."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Hook:
    """``taken``: pairs (body, value of Stripe-Signature or None)."""

    def __init__(self):
        self.taken = []
        self.server = ThreadingHTTPServer(('127.0.0.1', 0), HookHandler)
        self.server.taken, self.server.daemon_threads = self.taken, True
        self.url = f'http://127.0.0.1:{self.server.server_port}/hook'

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_exc):
        self.server.shutdown()
        self.server.server_close()


class HookHandler(BaseHTTPRequestHandler):

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.server.taken.append((body, self.headers.get('Stripe-Signature')))
        self.send_response(200)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *_args):
        pass


@pytest.fixture
def hook():
    with Hook() as server:
        yield server
