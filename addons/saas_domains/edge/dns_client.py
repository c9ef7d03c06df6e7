"""One resolver: thousands of questions under way over a few sockets, each asked once however many want to know."""
import asyncio
import contextlib
import ipaddress
import random
import socket
from collections import OrderedDict

import dns.exception
import dns.rcode

from . import dns_wire
from .dns_wire import NXDOMAIN, Answer, Question

SENDINGS = 3                # of one question within its timeout
LATE = 0.1                  # seconds
SILENT = 100                # questions in a row without an answer: nobody is there …
PROBES = 5                  # … and only so many at a time find out whether he is back
KEPT = 4096                 # answers, for questions that names have in common
NAMES_PER_SOCKET, MOST_SOCKETS = 60, 16
BUFFER = 1 << 20            # bytes; the system may give less
TCP_AT_A_TIME = 32
PUBLIC_RATE = 1000          # questions a second, which public resolvers bear


class Resolver:
    """``async with`` it; ``ask`` gives the future of an Answer and never raises."""

    def __init__(self, address, port, settings, names=1):
        self.address, self.port, self.timeout = address, port, settings.timeout
        self.rate = rate(address, settings)
        self.sockets, self._count = [], min(1 + names // NAMES_PER_SOCKET, MOST_SOCKETS)
        self.silent, self.flying, self.asked = 0, 0, 0
        self._kept, self._under_way, self._tasks = OrderedDict(), {}, set()
        self._slot = 0.0

    async def __aenter__(self):
        self.loop, self._tcp = asyncio.get_running_loop(), asyncio.Semaphore(TCP_AT_A_TIME)
        with contextlib.suppress(OSError):      # such as an IPv6 address on a machine without: nobody answers
            for _number in range(self._count):
                self.sockets.append(await self._open())
        return self

    async def __aexit__(self, *_exc):
        for task in self._tasks:
            task.cancel()
        for exchange in list(self._under_way.values()):
            exchange.end(Answer('timeout'))
        for protocol in self.sockets:
            protocol.transport.close()
        await asyncio.sleep(0)

    async def _open(self):
        transport, protocol = await self.loop.create_datagram_endpoint(Socket, remote_addr=(self.address, self.port))
        transport.get_extra_info('socket').setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        return protocol

    @property
    def alive(self):
        return self.silent == 0

    def ask(self, name, kind):
        """A future; each caller has his own, so that one who gives up takes it from nobody else."""
        waiter, key = self.loop.create_future(), (name.lower(), kind)
        if key in self._kept:
            self._kept.move_to_end(key)
            waiter.set_result(self._kept[key])
        elif key in self._under_way:
            self._under_way[key].waiters.append(waiter)
        elif not self.sockets:
            waiter.set_result(Answer('no_answer'))
        elif self.silent >= SILENT and self.flying >= PROBES:
            waiter.set_result(Answer('timeout'))
        else:
            self._begin(key, waiter)
        return waiter

    def _begin(self, key, waiter):
        try:
            question = Question(*key)
        except (dns.exception.DNSException, UnicodeError):      # what cannot be a name has no records
            waiter.set_result(Answer(NXDOMAIN))
            return
        exchange = Exchange(self, question, random.choice(self.sockets))
        exchange.waiters.append(waiter)
        self._under_way[key] = exchange
        self.asked, self.flying = self.asked + 1, self.flying + 1
        if not self.rate:
            exchange.start()
            return
        self._slot = max(self._slot + 1 / self.rate, self.loop.time())
        self.loop.call_at(self._slot, exchange.start)

    def done(self, question, answer, heard):
        key = (question.name, question.kind)
        self.flying -= 1
        self.silent = 0 if heard else self.silent + 1
        del self._under_way[key]
        if answer.conclusive:
            self._kept[key] = answer
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def over_tcp(self, exchange):
        task = self.loop.create_task(self._ask_over_tcp(exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask_over_tcp(self, exchange):
        answer = Answer('no_answer')
        with contextlib.suppress(OSError, EOFError, asyncio.TimeoutError):
            async with self._tcp:
                wire = await asyncio.wait_for(self._stream(exchange.question), self.timeout)
            answer = dns_wire.read(exchange.question, wire)
        exchange.end(answer)

    async def _stream(self, question):
        reader, writer = await asyncio.open_connection(self.address, self.port)
        try:
            number = dns_wire.number()
            wire = question.wire(number)
            writer.write(len(wire).to_bytes(2, 'big') + wire)
            wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2), 'big'))
            if len(wire) < 12 or int.from_bytes(wire[:2], 'big') != number or not question.is_answered_by(wire):
                raise EOFError('The answer is to another question.')
            return wire
        finally:
            writer.close()


class Exchange:
    """One question on its way: sent again when nothing comes, without EDNS to who does not know it, over TCP when the
    answer does not fit."""

    __slots__ = ('deadline', 'due', 'edns', 'number', 'question', 'resolver', 'socket', 'timer', 'waiters')

    def __init__(self, resolver, question, its_socket):
        self.resolver, self.question, self.socket = resolver, question, its_socket
        self.waiters, self.timer, self.edns, self.number = [], None, True, None

    def start(self):
        if self.number is not None or self._over:
            return
        self.deadline = self.resolver.loop.time() + self.resolver.timeout
        self.number = self.socket.enter(self)
        self._send()

    def _send(self):
        self.socket.transport.sendto(self.question.wire(self.number, self.edns))
        if self._over:      # the system would not even send it
            return
        self._wait(self.resolver.timeout / SENDINGS)

    def _wait(self, seconds):
        self.due = self.resolver.loop.time() + seconds
        self.timer = self.resolver.loop.call_at(self.due, self._no_answer)

    def _no_answer(self):
        """On a machine so busy that we come late ourselves, the answer may be here and not yet read."""
        if self.resolver.loop.time() > self.due + LATE:
            self._wait(LATE)
        elif self.resolver.loop.time() + 0.01 < self.deadline:
            self._send()
        else:
            self.end(Answer('timeout'), heard=False)

    def received(self, wire):
        if dns_wire.is_truncated(wire):
            self._leave()
            self.resolver.over_tcp(self)
        elif self.edns and dns_wire.rcode(wire) in (dns.rcode.FORMERR, dns.rcode.NOTIMP):
            self.edns = False
            self.timer.cancel()
            self._send()
        elif self.question.is_answered_by(wire):
            self.end(dns_wire.read(self.question, wire))

    def end(self, answer, heard=True):
        """Tell all who wait; a second end changes nothing."""
        if self._over:
            return
        self._leave()
        self.resolver.done(self.question, answer, heard)
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(answer)

    @property
    def _over(self):
        return self.resolver._under_way.get((self.question.name, self.question.kind)) is not self

    def _leave(self):
        if self.timer:
            self.timer.cancel()
        if self.socket.pending.get(self.number) is self:
            del self.socket.pending[self.number]


class Socket(asyncio.DatagramProtocol):
    """Connected, so that the system drops what others send. ``pending``: exchanges by the number of their message."""

    def __init__(self):
        self.pending, self.transport = {}, None

    def connection_made(self, transport):
        self.transport = transport

    def enter(self, exchange):
        while (number := dns_wire.number()) in self.pending:
            pass
        self.pending[number] = exchange
        return number

    def datagram_received(self, data, _address):
        exchange = self.pending.get(int.from_bytes(data[:2], 'big')) if len(data) >= 12 else None
        if exchange and (exchange.question.is_answered_by(data) or dns_wire.rcode(data) == dns.rcode.FORMERR):
            exchange.received(data)

    def error_received(self, _error):
        """Nobody listens at that port."""
        for exchange in list(self.pending.values()):
            exchange.end(Answer('no_answer'))


def rate(address, settings):
    """Questions a second, 0 for no limit: our own resolvers bear what we can ask, public ones turn away who asks much."""
    if settings.rate is not None:
        return settings.rate
    return PUBLIC_RATE if ipaddress.ip_address(address.partition('%')[0]).is_global else 0
