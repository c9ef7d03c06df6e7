"""Cloudflare's edge and the tunnel's cloudflared in one: visitors' requests come in, the router's answers go out.

A Host is let through only where records, custom hostnames and the tunnel's configuration lead somewhere; else the visitor
gets Cloudflare's own page.
"""
import contextlib
import http.client
import secrets
import select
import socket
from urllib.parse import urlsplit

from tests.fakes.server import Handler

from . import pages
from .routing import Refused

HOP_BY_HOP = {'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding',
              'upgrade', 'proxy-connection'}
LARGEST_UPLOAD = 100 * 2**20        # Free and Pro
ORIGIN_TIMEOUT = 120                # seconds; then 524
PIECE = 2**16
OWN = {'cf-connecting-ip', 'cf-ray', 'cf-visitor', 'x-forwarded-for', 'x-forwarded-proto', 'cf-ipcountry', 'cdn-loop'}


class EdgeHandler(Handler):

    server_version = 'cloudflare'

    def _visit(self):
        host = (self.headers.get('Host') or '').rpartition(':')[0] or self.headers.get('Host') or ''
        host = host.lower().rstrip('.')
        try:
            target = self.server.values['routing'].target(host, self.path.partition('?')[0])
        except Refused as refused:
            return self._refuse(refused.number, refused.why)
        if int(self.headers.get('Content-Length') or 0) > LARGEST_UPLOAD:
            return self._refuse(413, 'more than 100 MB')
        return self._serve(target)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _visit

    def _refuse(self, number, why):
        self.close_connection = True        # what the visitor still sends is not read
        self.reply(*pages.page(number, why))

    def _serve(self, target):
        self.answered = False
        kind, _, rest = target.service.partition(':')
        if kind == 'http_status':
            self.close_connection = True
            return self.reply(int(rest), {'Content-Type': 'text/plain', 'Server': 'cloudflare'})
        if kind not in ('http', 'https'):
            return self._refuse(502, f'this sandbox cannot reach {target.service}')
        origin = urlsplit(target.service)
        connect = http.client.HTTPSConnection if kind == 'https' else http.client.HTTPConnection
        connection = connect(origin.hostname, origin.port or (443 if kind == 'https' else 80), timeout=ORIGIN_TIMEOUT)
        try:
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if 'upgrade' in (self.headers.get('Connection') or '').lower():
                return self._splice(connection.sock, target)
            return self._proxy(connection, target)
        except (OSError, http.client.HTTPException) as error:
            return self._refuse(502, f'{target.service}: {type(error).__name__}') if not self.answered else self.hang_up()
        finally:
            connection.close()

    # -- an ordinary request ------------------------------------------------------------------------------------------
    def _proxy(self, connection, target):
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self._headers(target):
            connection.putheader(name, value)
        body, chunked = self._body()
        if chunked:
            connection.putheader('Transfer-Encoding', 'chunked')
        connection.endheaders()
        for piece in body:
            connection.send(b'%x\r\n%s\r\n' % (len(piece), piece) if chunked else piece)
        if chunked:
            connection.send(b'0\r\n\r\n')
        self._give_back(connection.getresponse(), target)

    def _headers(self, target):
        """The visitor's, with Cloudflare's own over them. X-Forwarded-Host passes, as cloudflared lets it."""
        host = target.origin.get('httpHostHeader') or self.headers.get('Host')
        left_out = HOP_BY_HOP | OWN | {'host'} | ({'content-length'} if self._is_chunked else set())
        for name, value in self.headers.items():
            if name.lower() not in left_out:
                yield name, value
        visitor = self.client_address[0]
        before = self.headers.get('X-Forwarded-For')
        yield from (('Host', host), ('CF-Connecting-IP', visitor), ('CF-Ray', f'{secrets.token_hex(8)}-MAD'),
                    ('CF-Visitor', '{"scheme":"http"}'), ('CDN-Loop', 'cloudflare'), ('X-Forwarded-Proto', 'http'),
                    ('X-Forwarded-For', f'{before}, {visitor}' if before else visitor))

    @property
    def _is_chunked(self):
        return 'chunked' in (self.headers.get('Transfer-Encoding') or '').lower()

    def _body(self):
        """Pieces, and whether their number is unknown."""
        if self._is_chunked:
            return self._chunks(), True
        return self._counted(int(self.headers.get('Content-Length') or 0)), False

    def _counted(self, left):
        while left:
            piece = self.rfile.read(min(left, PIECE))
            if not piece:
                raise ConnectionResetError('the visitor left')
            left -= len(piece)
            yield piece

    def _chunks(self):
        while size := int(self.rfile.readline().split(b';')[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            continue

    def _give_back(self, response, target):
        length = response.getheader('Content-Length')
        bodiless = self.command == 'HEAD' or response.status in (204, 304) or 100 <= response.status < 200
        chunked = length is None and not bodiless
        self.answered = True
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header('CF-Ray', f'{secrets.token_hex(8)}-MAD')
        self.send_header('X-Sandbox-Tunnel', f'{target.connector}; version={target.version}')
        if chunked:
            self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()
        while not bodiless and (piece := response.read1(PIECE)):
            self.wfile.write(b'%x\r\n%s\r\n' % (len(piece), piece) if chunked else piece)
        if chunked:
            self.wfile.write(b'0\r\n\r\n')

    # -- a websocket --------------------------------------------------------------------------------------------------
    def _splice(self, origin, target):
        """The request as it is, then bytes both ways until one side ends."""
        lines = [f'{self.command} {self.path} HTTP/1.1', *(f'{name}: {value}' for name, value in self._headers(target)),
                 'Connection: Upgrade', f'Upgrade: {self.headers.get("Upgrade", "websocket")}', '', '']
        origin.sendall('\r\n'.join(lines).encode('latin-1'))
        self.close_connection, self.answered = True, True
        visitor = self.connection
        for end in (origin, visitor):
            end.settimeout(None)
        self._pump({origin: visitor, visitor: origin})

    def _pump(self, others):
        with contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select(list(others), [], [], 600)
                for end in ready:
                    data = end.recv(PIECE)
                    if not data:
                        return
                    others[end].sendall(data)
                if not ready:
                    return
