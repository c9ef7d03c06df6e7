"""Visitors of the router and the Odoo behind it, both in one event loop: who got which answer when, and who got none."""
import asyncio
import contextlib
import re
import time
from dataclasses import dataclass, field

BODY = b'x' * 2000


@dataclass
class Seen:
    """``answers``: (when it was asked for, what answered); ``lost``: likewise, what happened to those without
    a right answer."""

    answers: list = field(default_factory=list)
    lost: list = field(default_factory=list)


async def upstream(port):
    """Answers whatever is asked with the database that the router named."""
    return await asyncio.start_server(_serve, '127.0.0.1', port, backlog=500)


async def _serve(reader, writer):
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):     # the last one at the end
        while True:
            head = await reader.readuntil(b'\r\n\r\n')
            await reader.readexactly(_length(head))
            database = re.search(rb'(?i)\r\nx-odoo-dbfilter: \^([^$]*)\$', head)[1]
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b' % (len(database), database))
            await writer.drain()
    writer.close()


def _length(head):
    found = re.search(rb'(?i)\r\ncontent-length: (\d+)', head)
    return int(found[1]) if found else 0


class Visitor:
    """One of a proxy's connections: kept as long as the router keeps it, and nothing that is lost is asked for again."""

    def __init__(self, port, host, seen):
        self.port, self.host, self.seen = port, host.encode(), seen
        self._connection = None

    async def stay(self, pause, over):
        method = 0
        while not over.is_set():
            await self._ask(post=method % 2)
            method += 1
            await asyncio.sleep(pause)
        self._leave()

    async def _ask(self, post):
        asked = time.monotonic()
        try:
            status, body = await asyncio.wait_for(self._exchange(post), 10)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError) as error:
            self._leave()
            self.seen.lost.append((asked, type(error).__name__))
            return
        if status == b'200':
            self.seen.answers.append((asked, body.decode()))
        else:
            self.seen.lost.append((asked, f'HTTP {status.decode()}'))

    async def _exchange(self, post):
        if self._connection is None:
            self._connection = await asyncio.open_connection('127.0.0.1', self.port)
        reader, writer = self._connection
        head = b'POST /shop HTTP/1.1\r\nHost: %b\r\nContent-Length: %d\r\n\r\n%b' % (self.host, len(BODY), BODY) if post else \
            b'GET /shop HTTP/1.1\r\nHost: %b\r\n\r\n' % self.host
        writer.write(head)
        await writer.drain()
        answer = await reader.readuntil(b'\r\n\r\n')
        body = await reader.readexactly(_length(answer))
        if b'\r\nConnection: close' in answer:
            self._leave()
        return answer.split(b' ', 2)[1], body

    def _leave(self):
        if self._connection:
            self._connection[1].close()
        self._connection = None
