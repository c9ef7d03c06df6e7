"""A listener on loopback: HTTP/1.1, one thread a connection. What every fake shares."""
import contextlib
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOOPBACK = '127.0.0.1'
GARBAGE = b'<html><h1>Attention required</h1></html>'
IDLE = 30       # seconds that a silent connection is kept
LARGEST_BODY = 64 * 2**20


class Server(ThreadingHTTPServer):
    """Started in a thread of its own by ``start``; ``url`` is where it listens."""

    daemon_threads = True
    request_queue_size = 512
    allow_reuse_address = True

    def __init__(self, handler, port=0, **values):
        self.values = values
        super().__init__((LOOPBACK, port), handler)

    @property
    def url(self):
        return f'http://{LOOPBACK}:{self.server_address[1]}'

    def start(self):
        threading.Thread(target=self.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True).start()
        return self

    def stop(self):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """A visitor who leaves is nobody's error; anything else is shown."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers in one piece, and goes wrong on demand."""

    protocol_version = 'HTTP/1.1'
    server_version, sys_version = 'fake', ''
    timeout = IDLE
    disable_nagle_algorithm = True

    def reply(self, status, headers, body=b''):
        """In one piece: two would wait for each other's acknowledgement."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        if self.close_connection:
            self.send_header('Connection', 'close')
        self._headers_buffer.append(b'\r\n')
        head, self._headers_buffer = b''.join(self._headers_buffer), []
        self.wfile.write(head + (b'' if self.command == 'HEAD' else body))

    def log_message(self, *arguments):
        """Calls are in the journal."""

    def hang_up(self):
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def data(self):
        length = int(self.headers.get('Content-Length') or 0)
        if length > LARGEST_BODY:
            self.hang_up()
            return b''
        return self.rfile.read(length)

    def is_of_a_page(self):
        """A page somewhere must not reach the admin endpoint through the browser of whoever runs this."""
        return 'Origin' in self.headers or self.headers.get('Host', '').partition(':')[0] not in (LOOPBACK, 'localhost')

    def administer(self, admin):
        """The answer of the admin endpoint, for anybody but a page."""
        data = self.data()
        if self.is_of_a_page():
            return self.reply(403, {'Content-Type': 'text/plain'}, b'not for pages of a browser\n')
        status, body = admin.answer(self.command, self.path, data)
        return self.reply(status, {'Content-Type': 'application/json'}, body)

    def reply_with(self, fault, status, headers, body):
        """``reply``, unless a fault of the listener's is due: see faults."""
        kind = fault['kind'] if fault else ''
        if kind == 'drop':
            return self.hang_up()
        if kind == 'slow':
            time.sleep(fault.get('seconds', 1))
        if kind == 'garbage':
            return self.reply(fault.get('status', 200), {'Content-Type': 'text/html'}, GARBAGE)
        if kind == 'redirect':
            return self.reply(302, {'Location': fault['location']})
        if kind == 'truncated':
            return self._truncate(status, headers, body)
        return self.reply(status, headers, body)

    def _truncate(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body[:len(body) // 2])
        self.hang_up()
