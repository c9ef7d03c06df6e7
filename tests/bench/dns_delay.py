"""A relay before a DNS server that holds back each answer: it prints its port, and once its input ends how many questions
it was asked, with a sample of them."""
import asyncio
import contextlib
import json
import random
import socket
import struct
import sys
from collections import deque

import dns.message
import dns.rdatatype

BUFFER, BURST = 4 << 20, 64


class Relay:
    """Questions get numbers of its own on their way on, since two who ask may have chosen the same."""

    def __init__(self, port, delay, sample):
        self.loop, self.delay, self.sample = asyncio.get_running_loop(), delay, sample
        self.front, self.back = _socket(), _socket()
        self.front.bind(('127.0.0.1', 0))
        self.back.connect(('127.0.0.1', port))
        self.count, self.asked, self.on_the_way, self.held = 0, set(), {}, deque()
        self.loop.add_reader(self.front, self.questions)
        self.loop.add_reader(self.back, self.answers)

    def questions(self):
        with contextlib.suppress(BlockingIOError):
            for _number in range(BURST):
                wire, sender = self.front.recvfrom(4096)
                number = self.count & 0xffff
                self.on_the_way[number] = wire[:2], sender
                self.count += 1
                self.asked.add(wire[12:])
                self.back.send(number.to_bytes(2, 'big') + wire[2:])

    def answers(self):
        with contextlib.suppress(BlockingIOError):
            for _number in range(BURST):
                wire = self.back.recv(4096)
                number, sender = self.on_the_way.pop(int.from_bytes(wire[:2], 'big'))
                self.held.append((self.loop.time() + self.delay, number + wire[2:], sender))
                if len(self.held) == 1:
                    self.loop.call_at(self.held[0][0], self.release)

    def release(self):
        while self.held and self.held[0][0] <= self.loop.time():
            _due, wire, sender = self.held.popleft()
            self.front.sendto(wire, sender)
        if self.held:
            self.loop.call_at(self.held[0][0], self.release)

    def report(self):
        """Each question once, however often it was sent."""
        head = (0, 0x0100, 1, 0, 0, 1)
        asked = [dns.message.from_wire(struct.pack('!6H', *head) + wire).question[0]
                 for wire in random.sample(sorted(self.asked), self.sample)]
        return {'count': len(self.asked), 'questions': [
            (question.name.to_text(), dns.rdatatype.to_text(question.rdtype)) for question in asked]}


def _socket():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        made.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    return made


async def main(port, delay, sample):
    relay = Relay(port, delay, sample)
    print(relay.front.getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(relay.report()), flush=True)
    await asyncio.Event().wait()


if __name__ == '__main__':
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
