"""A DNS server that does what real ones refuse to do: says nothing, breaks off, contradicts itself."""
import socket
import threading
from collections import Counter

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class OddServer:
    """``behave(name, answer)`` puts a function at the name; it takes the query and gives a message or bytes, a list of those,
    or None for silence. Names without one are unknown (NXDOMAIN with an SOA). ``asked`` counts (name, kind)."""

    def __init__(self):
        self.answers, self.asked, self.edns = {}, Counter(), []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.address = self.socket.getsockname()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exc):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b'', self.address)
        self.thread.join(5)
        self.socket.close()

    def behave(self, name, answer, kind=None):
        self.answers[name, kind] = answer

    def _serve(self):
        while True:
            wire, sender = self.socket.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            name, kind = query.question[0].name.to_text(True).lower(), dns.rdatatype.to_text(query.question[0].rdtype)
            self.asked[name, kind] += 1
            self.edns.append(query.edns)
            answer = self.answers.get((name, kind)) or self.answers.get((name, None)) or unknown
            replies = answer(query)
            for message in replies if isinstance(replies, list) else [replies]:
                if message is not None:
                    self.socket.sendto(message if isinstance(message, bytes) else message.to_wire(), sender)


def reply(query, *records, rcode=dns.rcode.NOERROR, authority=(), flags=dns.flags.RA):
    """``records``: (name, TTL, kind, values…) as rows of the answer."""
    message = dns.message.make_response(query)
    message.set_rcode(rcode)
    message.flags |= flags
    message.answer = [dns.rrset.from_text(f'{name}.', ttl, 'IN', kind, *values) for name, ttl, kind, *values in records]
    message.authority = [dns.rrset.from_text(f'{name}.', ttl, 'IN', kind, *values)
                         for name, ttl, kind, *values in authority]
    return message


SOA = ('test', 60, 'SOA', 'ns.test. host.test. 1 2 3 4 5')


def rows(*records, **options):
    return lambda query: reply(query, *records, **options)


def unknown(query):
    return reply(query, rcode=dns.rcode.NXDOMAIN, authority=[SOA])


def nothing(query):
    return reply(query, authority=[SOA])


def servfail(query):
    return reply(query, rcode=dns.rcode.SERVFAIL)


def refused(query):
    return reply(query, rcode=dns.rcode.REFUSED, flags=0)


def silence(_query):
    return None
