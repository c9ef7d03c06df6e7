"""A name is live when its nonce comes back: by its own DNS, Cloudflare, the tunnel and the router, as visitors come.

The name is a customer's, and so is whatever it leads to until we know better: no redirect is followed, nothing of the
answer is repeated, and one time limit holds for all of it, however slowly the other side drips.
"""
import contextlib
import http.client
import socket
import ssl
import threading
import time
from urllib.parse import urlsplit

from requests.certs import where as public_authorities

from ...saas_master.drivers.errors import Permanent, Retryable
from ...saas_master.drivers.router import NONCE_URL

CONNECT_SECONDS = 5.0       # for one address of the name
LOOK_SECONDS = 15.0         # for one look, from connecting to the last byte
LONGEST = 256               # bytes that are read of an answer; a nonce has at most 128
PAUSE = 0.5                 # seconds between looks: a router that reloads and an edge that learns take a moment


def probe_domain(url_base, host, nonce, timeout, verify=True):
    """Wait until ``host`` answers ``nonce``; nobody else knows it, so then the name leads to this router's table.

    :param url_base: scheme, host and port of whom to ask for it instead: a router, a stand-in of the edge. '' asks
        ``https://<host>``
    :param timeout: seconds to keep looking
    :param verify: False to take any certificate, or a file of authorities
    :raises Retryable: it did not; ``problem`` says why: ``probe_certificate``, ``probe_unreachable``, ``probe_timeout``,
        ``probe_status`` or ``probe_other``
    """
    if not nonce:
        raise Permanent(f'{host} has no nonce to ask for', 'probe_nonce')
    target = urlsplit(url_base or f'https://{host}')
    end = time.monotonic() + timeout
    while True:
        code, words = _look(target, host, nonce, min(end, time.monotonic() + LOOK_SECONDS), verify)
        if not code:
            return
        if time.monotonic() + PAUSE > end:
            where = f' at {target.scheme}://{target.netloc}' if url_base else ''
            raise Retryable(f'{host} does not answer its nonce{where} yet: {words}.', problem=code)
        time.sleep(PAUSE)


def _look(target, host, nonce, end, verify):
    """(code, words) of what is in the way, ('', '') when nothing is."""
    try:
        with _connected(target, end) as connection:
            status, body = _ask(connection, target, host, verify)
    except ssl.SSLError:        # Cloudflare breaks the handshake off while it has no certificate for the name
        code, words = 'probe_certificate', 'it has no valid certificate'
    except (OSError, http.client.HTTPException, ValueError) as error:
        code, words = 'probe_unreachable', f'nothing answers ({type(error).__name__})'
    else:
        if status != 200:
            return 'probe_status', f'HTTP {status}'
        right = len(body) < LONGEST and body.strip() == nonce.encode()
        return ('', '') if right else ('probe_other', 'something else answers')
    return ('probe_timeout', 'no answer in time') if time.monotonic() >= end else (code, words)


def _ask(connection, target, host, verify):
    """Status and the beginning of the body."""
    if target.scheme == 'https':
        connection = _context(verify).wrap_socket(connection, server_hostname=_sni(target, host))
    client = http.client.HTTPConnection(target.hostname)
    client.sock = connection
    with contextlib.closing(client):
        client.request('GET', target.path.rstrip('/') + NONCE_URL, headers={
            'Host': host, 'Connection': 'close', 'Cache-Control': 'no-cache', 'Accept': 'text/plain'})
        with client.getresponse() as answer:
            return answer.status, answer.read(LONGEST)


def _sni(target, host):
    """The certificate that matters is the name's, whoever is asked for it; an address has no name of its own."""
    return host.partition(':')[0] or target.hostname


def _context(verify):
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else public_authorities())
    if verify is False:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextlib.contextmanager
def _connected(target, end):
    """A connection that is shut at ``end``: a limit for each read alone would let the other side drip for ever."""
    connection = _connect(target, end)
    guard = connection.dup()        # TLS takes the first one over
    timer = threading.Timer(max(end - time.monotonic(), 0), _shut, [guard])
    timer.daemon = True
    timer.start()
    try:
        yield connection
    finally:
        timer.cancel()
        timer.join()
        guard.close()
        connection.close()


def _connect(target, end):
    port = target.port or (443 if target.scheme == 'https' else 80)
    failed = OSError('it has no address')
    for family, kind, protocol, _name, address in socket.getaddrinfo(target.hostname, port, type=socket.SOCK_STREAM):
        left = end - time.monotonic()
        if left <= 0:
            break
        client = socket.socket(family, kind, protocol)
        client.settimeout(min(left, CONNECT_SECONDS))
        try:
            client.connect(address)
        except OSError as error:
            client.close()
            failed = error
            continue
        client.settimeout(max(end - time.monotonic(), 0.1))
        return client
    raise failed


def _shut(guard):
    with contextlib.suppress(OSError):
        guard.shutdown(socket.SHUT_RDWR)
