"""Connections that break at a given instant: those to PostgreSQL before or after the n-th statement, those to the API of
Proxmox VE before or after the n-th call. The other side is the real one and goes on, as it does when a worker is killed.
"""
import contextlib
import dataclasses
import socket
import struct
import threading
from contextlib import suppress

import pytest

READY = b'Z\x00\x00\x00\x05'        # of the protocol of PostgreSQL: it takes the next statement
ASKS_FOR_ENCRYPTION = {80877103, 80877104}


@dataclasses.dataclass
class Cut:
    """``at``: number of the statement, from 0, or how statements begin of which one comes after the other and the last is it;
    ``after``: it is still done, and its answer is lost."""

    at: int | tuple
    after: bool
    count: int = -1
    is_reached: bool = False
    is_error: bool = False      # whoever was cut has said so

    def fits(self, text):
        self.count += 1
        if isinstance(self.at, int):
            fits = self.count == self.at
        else:
            fits = bool(self.at) and text.startswith(self.at[0])
            self.at = self.at[1:] if fits else self.at
            fits = fits and not self.at
        self.is_reached = self.is_reached or fits
        return fits


class Door:
    """A way to a PostgreSQL server that can be cut. ``spec``: the server as it is reached through it."""

    def __init__(self, pg):
        self._pg, self._cut, self._lock = pg, None, threading.Lock()
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.spec = dataclasses.replace(pg, host='127.0.0.1', port=self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @contextlib.contextmanager
    def cut(self, at, after):
        self._cut = Cut(at, after)
        try:
            yield self._cut
        finally:
            self._cut = None

    def close(self):
        _shut(self._listener)

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                threading.Thread(target=_Way(self, client).carry, daemon=True).start()

    def reach(self):
        if not self._pg.host.startswith('/'):
            return socket.create_connection((self._pg.host, self._pg.port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f'{self._pg.host}/.s.PGSQL.{self._pg.port}')
        return server

    def judge(self, text):
        """None, or the cut that comes at this statement."""
        with self._lock:
            cut = self._cut
            return cut if cut and cut.fits(text) else None


class _Way:
    def __init__(self, door, client):
        self.door, self.client, self.server, self.is_last = door, client, None, False

    def carry(self):
        with suppress(OSError, EOFError):
            self.server = self.door.reach()
            threading.Thread(target=self._answers, daemon=True).start()
            self._begin()
            while self._statement():
                pass
        self.end()

    def _begin(self):
        length = self._take(4)
        words = self._take(struct.unpack('!I', length)[0] - 4)
        if struct.unpack('!I', words[:4])[0] in ASKS_FOR_ENCRYPTION:
            self.client.sendall(b'N')
            return self._begin()
        self.server.sendall(length + words)

    def _statement(self):
        kind, length = self._take(1), self._take(4)
        words = self._take(struct.unpack('!I', length)[0] - 4)
        cut = self.door.judge(words) if kind == b'Q' else None
        if cut and not cut.after:
            return False
        self.is_last = bool(cut)
        self.server.sendall(kind + length + words)
        return True

    def _answers(self):
        with suppress(OSError):
            while data := self.server.recv(65536):
                if not self.is_last:
                    self.client.sendall(data)
                elif data[-6:-1] == READY:
                    break
        self.end()

    def _take(self, size):
        data = b''
        while len(data) < size:
            data += (more := self.client.recv(size - len(data)))
            if not more:
                raise EOFError
        return data

    def end(self):
        for side in filter(None, (self.client, self.server)):
            _shut(side)


def _shut(side):
    with suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
    side.close()


@pytest.fixture(scope='session')
def door(pg):
    door = Door(pg)
    yield door
    door.close()


class ApiCut:
    """The same of the calls to the API."""

    def __init__(self, pve):
        self._control = pve.control

    @contextlib.contextmanager
    def cut(self, at, after):
        cut = Cut(at, after)
        self._control.fail(kind='drop_after' if after else 'drop', skip=at)
        yield cut
        cut.is_reached = not self._control.faults()
        self._control.heal()
