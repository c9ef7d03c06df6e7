"""Records in the sandbox's DNS, set as the customer would at his provider: ``python -m tests.stack.dns_records set
www.impulse-max.test CNAME impulse-max.localhost`` with the stack's own Python (``python3 -m tests.stack python``).
"""
import sys

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.update

from .ports import LOOPBACK
from .report import Problem
from .settings import Settings

TIMEOUT = 5     # seconds


class Records:
    """Of the server at ``port``; a change is answered for as soon as the method returns."""

    def __init__(self, port, address=LOOPBACK):
        self.port, self.address = port, address

    def set(self, name, kind, *values, ttl=60):
        """These and no others of the kind. A CNAME takes the place of all there is, as providers' pages do it."""
        name, update = self._begin(name)
        if kind.upper() == 'CNAME':
            update.delete(name)
        update.delete(name, kind)
        for value in values:
            update.add(name, ttl, kind, _quoted(value) if kind.upper() == 'TXT' else _absolute(kind, value))
        self._send(update)

    def remove(self, name, kind=None):
        """All records of the name, or those of a kind; harmless if there are none."""
        name, update = self._begin(name)
        update.delete(name, *([kind] if kind else []))
        self._send(update)

    def get(self, name, kind):
        """Values as text, of the name itself."""
        name = dns.name.from_text(name)
        answer = self._ask(name, kind).get_rrset(dns.message.ANSWER, name, 1, dns.rdatatype.from_text(kind))
        return sorted(rdata.to_text() for rdata in answer or ())

    def _begin(self, name):
        name = dns.name.from_text(name)
        return name, dns.update.UpdateMessage(self._zone(name))

    def _zone(self, name):
        """Whichever of the server's zones holds the name."""
        message = self._ask(name, 'SOA')
        for rrset in (*message.answer, *message.authority):
            if rrset.rdtype == dns.rdatatype.SOA:
                return rrset.name
        if message.answer:      # a CNAME that leaves the zone; its parent's answer is about the zone
            return self._zone(name.parent())
        raise Problem(f'{name.to_text()} is in no zone of the DNS server at {self.address}:{self.port}.')

    def _ask(self, name, kind):
        query = dns.message.make_query(name, kind, flags=0)
        try:
            return dns.query.udp_with_fallback(query, self.address, TIMEOUT, self.port)[0]
        except (dns.exception.DNSException, OSError) as error:
            raise Problem(f'The DNS server at {self.address}:{self.port} does not answer: {error}') from None

    def _send(self, update):
        answer = dns.query.tcp(update, self.address, TIMEOUT, self.port)
        if answer.rcode():
            raise Problem(f'The DNS server refuses the change: {dns.rcode.to_text(answer.rcode())}')


def _absolute(kind, value):
    return f'{value.rstrip(".")}.' if kind.upper() in ('CNAME', 'NS') else value


def _quoted(value):
    """In strings of 255 bytes, as one long value has to be stored."""
    raw = value.encode()
    parts = [raw[start:start + 255] for start in range(0, len(raw), 255)] or [b'']
    return ' '.join('"' + ''.join(f'\\{byte:03d}' if byte < 32 or byte > 126 or byte in b'"\\' else chr(byte)
                                  for byte in part) + '"' for part in parts)


def main(argv):
    records, (verb, *words) = Records(Settings.from_environment().ports.dns), argv
    if verb == 'get':
        print(*records.get(*words), sep='\n')
    else:
        {'set': records.set, 'remove': records.remove}[verb](*words)


if __name__ == '__main__':
    if len(sys.argv) < 3 or sys.argv[1] not in ('get', 'set', 'remove'):
        sys.exit('usage: python -m tests.stack.dns_records set NAME KIND VALUE… | remove NAME [KIND] | get NAME KIND')
    main(sys.argv[1:])
