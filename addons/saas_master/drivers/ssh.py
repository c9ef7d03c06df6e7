"""A node on another machine: OpenSSH there, one kept connection here, and a host key that is known beforehand."""
import base64
import binascii
import contextlib
import io
import logging
import selectors
import shlex
import socket
import threading
import time
from contextlib import contextmanager

import paramiko

from .errors import AuthError, Permanent, Retryable, Unreachable
from .shell_transport import ShellTransport
from .transport import OUTPUT_LIMIT, Tail

GRACE = 5               # seconds the answer may take longer than the command
KEEPALIVE = 15          # seconds between signs of life
_CHUNK = 65536

# Each host key type with the algorithms in which a server may prove it: https://www.rfc-editor.org/rfc/rfc8332
HOST_KEY_ALGORITHMS = {
    'ssh-ed25519': ('ssh-ed25519',),
    'ecdsa-sha2-nistp256': ('ecdsa-sha2-nistp256',),
    'ecdsa-sha2-nistp384': ('ecdsa-sha2-nistp384',),
    'ecdsa-sha2-nistp521': ('ecdsa-sha2-nistp521',),
    'ssh-rsa': ('rsa-sha2-512', 'rsa-sha2-256'),
}


class SSHTransport(ShellTransport):
    """``host_key``: 'type base64' as in known_hosts; ``private_key``: its text or its path, without passphrase.

    AuthError when the host shows another key or refuses ours, Unreachable when it does not answer within
    ``connect_timeout`` seconds. Connects when first used, again when the connection broke between two commands.
    """

    def __init__(self, host, port, user, host_key, private_key, connect_timeout=10):
        self._host, self._port, self._user = host, port, user
        self._host_key, self._private_key = host_key, private_key
        self._connect_timeout = connect_timeout
        self._connection = None
        self._lock = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()

    def close(self):
        with self._lock:
            self._drop()

    # -- commands ------------------------------------------------------------------------------------------------

    def execute(self, argv, timeout, stdin=b'', limit=OUTPUT_LIMIT):
        """See ``transport.Transport``. The limit on time is kept over there, whatever becomes of us."""
        command = shlex.join(str(word) for word in argv)
        if '\0' in command:
            raise Permanent(f'{argv[0]!r} cannot be run: embedded null byte')
        started = time.monotonic()
        with self._errors(), self._session() as channel:
            self._start(channel, f'cd / && exec timeout -s KILL {max(timeout, 0.001):.3f} {command}')
            threading.Thread(target=_feed, args=(channel, stdin), daemon=True).start()
            code, stdout, stderr = _converse(channel, started + timeout + GRACE, limit)
        if code is None or code < 0 and time.monotonic() - started >= timeout:
            raise Retryable(f'{argv[0]} was stopped: it took longer than {timeout:g} s')
        return code, stdout, stderr

    @contextmanager
    def _session(self):
        """A channel for one command; a connection that turns out to be broken is replaced, once."""
        with self._lock:
            try:
                channel = self._connected().open_session(timeout=self._connect_timeout)
            except (paramiko.SSHException, OSError, EOFError):
                self._drop()
                channel = self._connected().open_session(timeout=self._connect_timeout)
        with channel:
            yield channel
            if channel.exit_status < 0 and not channel.get_transport().is_active():
                raise Unreachable(f'{self._address}: the connection broke during a command')

    def _start(self, channel, command):
        """paramiko waits for the answer without limit; a host that stalls here loses the connection."""
        watchdog = threading.Timer(self._connect_timeout, channel.get_transport().close)
        watchdog.daemon = True
        watchdog.start()
        try:
            channel.exec_command(command)
        finally:
            watchdog.cancel()

    # -- connection ----------------------------------------------------------------------------------------------

    @property
    def _address(self):
        return f'{self._user}@{self._host}:{self._port}'

    def _drop(self):
        connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def _connected(self):
        if self._connection is None or not self._connection.is_active():
            self._drop()
            self._connection = self._connect()
        return self._connection

    def _connect(self):
        kind, blob = _pinned(self._host_key)
        key = _load(self._private_key)
        peer = socket.create_connection((self._host, self._port), self._connect_timeout)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)     # else every command waits 40 ms for an ACK
        connection = paramiko.Transport(peer)
        try:
            connection.set_log_channel(f'{__name__}.paramiko')
            connection.get_security_options().key_types = HOST_KEY_ALGORITHMS[kind]
            connection.banner_timeout = connection.auth_timeout = self._connect_timeout
            self._greet(connection, blob)
            self._authenticate(connection, key)
            connection.set_keepalive(KEEPALIVE)
        except BaseException:
            connection.close()
            raise
        return connection

    def _greet(self, connection, blob):
        try:
            connection.start_client(timeout=self._connect_timeout)
        except paramiko.IncompatiblePeer as error:
            raise AuthError(f'{self._address} shares no host key type or cipher with us: {error}',
                            'ssh_algorithms') from error
        if not connection.initial_kex_done:
            raise Unreachable(f'{self._address} did not finish the key exchange in {self._connect_timeout:g} s',
                              problem='ssh_unreachable')
        if connection.get_remote_server_key().asbytes() != blob:
            raise AuthError(f'{self._address} shows a host key that is not the pinned one. If the machine was set up '
                            'anew, pin its new key; if not, somebody stands in between.', 'ssh_host_key')

    def _authenticate(self, connection, key):
        try:
            if not connection.auth_publickey(self._user, key):
                return
        except paramiko.AuthenticationException as error:
            if not connection.is_active() or 'timeout' in str(error):
                raise Unreachable(f'{self._address} broke off or stalled the log-in: {error}',
                                  problem='ssh_unreachable') from error
        raise AuthError(f'{self._address} refuses our key: add its public half to authorized_keys there', 'ssh_login')

    @contextmanager
    def _errors(self):
        try:
            yield
        except paramiko.SSHException as error:
            connection = self._connection
            if connection is None or not connection.is_active():
                raise Unreachable(f'{self._address} is not reachable over SSH: {error}', problem='ssh_unreachable') from error
            raise Retryable(f'{self._address} refuses a session at this moment: {error}') from error
        except (OSError, EOFError) as error:
            raise Unreachable(f'{self._address} is not reachable: {str(error) or "connection closed"}',
                              problem='ssh_unreachable') from error


# Its errors reach the caller as ours; its log would say them again, with tracebacks.
logging.getLogger(f'{__name__}.paramiko').setLevel(logging.CRITICAL)


def _pinned(line):
    """Type and bytes of a host key line, with or without the host names before it."""
    words = line.split()
    for kind, blob in zip(words, words[1:], strict=False):
        if kind in HOST_KEY_ALGORITHMS:
            try:
                return kind, base64.b64decode(blob, validate=True)
            except binascii.Error:
                break
    raise AuthError('The host key must be one line "type base64" as `ssh-keyscan` prints it, of type '
                    + ', '.join(HOST_KEY_ALGORITHMS), 'ssh_host_key_form')


def _load(text_or_path):
    text = text_or_path
    if 'PRIVATE KEY' not in text:
        try:
            with open(text_or_path, encoding='ascii') as file:
                text = file.read()
        except (OSError, ValueError) as error:
            reason = getattr(error, 'strerror', None) or 'it is not text'       # the whole error would show a damaged key
            raise AuthError(f'The private key cannot be read: {reason}', 'ssh_private_key') from None
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text))
        except paramiko.PasswordRequiredException:
            raise AuthError('The private key has a passphrase: make one without for this use',
                            'ssh_private_key') from None
        except (paramiko.SSHException, ValueError, IndexError):
            continue
    raise AuthError('The private key is not one of Ed25519, ECDSA or RSA in OpenSSH format', 'ssh_private_key')


def _feed(channel, data):
    """In a thread of its own: a command that answers before it has read all must not block us both."""
    # if it no longer listens, what matters is its exit code
    with contextlib.suppress(OSError, paramiko.SSHException, EOFError):
        channel.sendall(data)
        channel.shutdown_write()


def _converse(channel, deadline, limit):
    """Exit code and both outputs; None for the code if it did not end before the deadline."""
    stdout, stderr = Tail(limit), Tail()
    ended = False
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        while not ended and time.monotonic() < deadline:
            selector.select(deadline - time.monotonic())
            closing = channel.eof_received or channel.closed
            if channel.recv_ready():
                stdout.feed(channel.recv(_CHUNK))
            if channel.recv_stderr_ready():
                stderr.feed(channel.recv_stderr(_CHUNK))
            ended = closing and not channel.recv_ready() and not channel.recv_stderr_ready()
    answered = channel.status_event.wait(max(deadline - time.monotonic(), 0))
    return channel.exit_status if ended and answered else None, stdout, stderr
