"""Connections to clusters and their nodes that outlive their use for a moment: one step follows the other within milliseconds,
and to be let in takes longer than most of what is asked for.

Each has one user at a time; one in whose use something went wrong is closed. Keys are the values that it was opened with, so
a changed secret has a connection of its own. Shorter than the time after which pveproxy closes one (5 s).
"""
import contextlib
import os
import threading
import time

from ..pct import PctTransport
from .api import PveSession

SECONDS = 3.0


class Lender:
    """:param seconds: how long one is kept that nobody uses"""

    def __init__(self, seconds=SECONDS):
        self.seconds, self._idle, self._lock = seconds, [], threading.Lock()

    @contextlib.contextmanager
    def lend(self, key, make):
        """What was kept under ``key``, else what ``make`` gives; it has a ``close``."""
        key = (os.getpid(), key)        # a fork has none of its parent's
        thing = self._take(key) or make()
        try:
            yield thing
        except BaseException:
            thing.close()
            raise
        self._keep(key, thing)

    def _take(self, key):
        with self._lock:
            for row in reversed(self._idle):
                if row[0] == key:
                    self._idle.remove(row)
                    return row[1]
        return None

    def _keep(self, key, thing):
        with self._lock:
            self._idle.append((key, thing, time.monotonic() + self.seconds))
        timer = threading.Timer(self.seconds, self._end_old)
        timer.daemon = True
        timer.start()

    def _end_old(self):
        now = time.monotonic()
        with self._lock:
            old = [row for row in self._idle if row[2] <= now]
            self._idle = [row for row in self._idle if row[2] > now]
        for _key, thing, _until in old:
            thing.close()


CONNECTIONS = Lender()


def session(api):
    """A ``PveSession`` of ``api`` for the duration of a block."""
    return CONNECTIONS.lend(api, lambda: PveSession(api))


@contextlib.contextmanager
def inside(access, vmid):
    """A transport into the container ``vmid`` of the node that ``access`` leads to, for the duration of a block."""
    with CONNECTIONS.lend(access, lambda: _opened(access)) as opened:
        yield PctTransport(opened.transport, vmid)


def _opened(access):
    stack = contextlib.ExitStack()
    stack.transport = stack.enter_context(access.open())
    return stack
