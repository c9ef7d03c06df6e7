"""A question as bytes, and an answer from bytes.

Questions are all alike but for name, type and number, so they are put together here; what comes back from outside is
read by the library.
"""
import secrets
import struct
from dataclasses import dataclass

import dns.flags
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype

HEADER, RECORD = struct.Struct('!HHHHHH'), struct.Struct('!HHIH')
RECURSE, ONE = 0x0100, b'\0\1'
PAYLOAD = 1232      # bytes of one datagram that passes everywhere; longer answers come over TCP
READ = frozenset(map(dns.rdatatype.from_text, ('A', 'AAAA', 'CAA', 'CNAME', 'NS', 'SOA', 'TXT')))
EDNS = b'\0' + struct.pack('!HHIH', dns.rdatatype.OPT, PAYLOAD, 0, 0)
MOST_VALUES, LONGEST_VALUE = 50, 4096       # of what a stranger put into his zone

FOUND, NODATA, NXDOMAIN = 'found', 'nodata', 'nxdomain'     # besides these: one of UNKNOWN_CODES


@dataclass(frozen=True)
class Answer:
    """``code``: FOUND, NODATA, NXDOMAIN, all about the end of ``chain``; or why there is none.

    ``chain``: (owner, its CNAME targets, TTL) as far as this answer goes, in order; ``values``: texts of the records;
    ``zone``: (owner, primary server) of an SOA that came along, the latter only where NS or SOA was asked for;
    ``extra``: a CNAME's owner has addresses too.
    """

    code: str
    chain: tuple = ()
    values: tuple = ()
    ttl: int | None = None
    zone: tuple = ()
    extra: bool = False

    @property
    def conclusive(self):
        return self.code in (FOUND, NODATA, NXDOMAIN)


class Question:
    """``key``: as it stands in a message, by which its answer is told from others."""

    __slots__ = ('key', 'kind', 'name')

    def __init__(self, name, kind):
        """``name``: in lower case. Raises dns.exception.DNSException or UnicodeError for what cannot be a name."""
        self.name, self.kind = name, kind
        self.key = _encode(name) + struct.pack('!HH', dns.rdatatype.from_text(kind), 1)

    def wire(self, number, edns=True):
        return HEADER.pack(number, RECURSE, 1, 0, 0, int(edns)) + self.key + (EDNS if edns else b'')

    def is_answered_by(self, wire):
        """The same question in it, whatever the case of its letters."""
        return wire[2] & 0x80 and wire[4:6] == ONE and wire[12:12 + len(self.key)].lower() == self.key.lower()


def _encode(name):
    """Plain names directly, which is most of the work of asking; what is special about others the library knows."""
    labels = name.removesuffix('.').encode('ascii').split(b'.')
    if b'\\' in name.encode() or not all(0 < len(label) < 64 for label in labels) or len(name) > 253:
        return dns.name.from_text(name).to_wire()
    return b''.join(bytes((len(label),)) + label for label in labels) + b'\0'


def number():
    """Of a message; what cannot be guessed cannot be forged."""
    return secrets.randbits(16)


def is_truncated(wire):
    return bool(wire[2] & 0x02)


def rcode(wire):
    return wire[3] & 0x0F


def read(question, wire):
    """The Answer in a message; one that cannot be read is ``no_answer``."""
    try:
        return _read(question, wire)
    except Exception:       # strangers' bytes: nothing they do to the library may leave who waits without an answer
        return Answer('no_answer')


def _read(question, wire):
    code = rcode(wire)
    if code in (dns.rcode.SERVFAIL, dns.rcode.REFUSED):
        return Answer('servfail' if code == dns.rcode.SERVFAIL else 'refused')
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Answer('no_answer')
    return _conclude(question, wire, code == dns.rcode.NXDOMAIN)


def _conclude(question, wire, missing):
    answer, authority = {}, {}
    _parse(question, wire, answer, authority)
    chain, owner = _chain(question, answer)
    zone = _zone(authority) or _zone(answer)
    extra = any((link[0], kind) in answer for link in chain for kind in (dns.rdatatype.A, dns.rdatatype.AAAA))
    found = answer.get((owner, dns.rdatatype.from_text(question.kind)))
    if found:
        return Answer(FOUND, chain, _values(found), found[0][0], zone, extra)
    if missing:
        return Answer(NXDOMAIN, chain, zone=zone, extra=extra)
    if not chain and not zone and _is_referral(wire, authority):
        return Answer('lame')
    return Answer(NODATA, chain, zone=zone, extra=extra)


def _parse(question, wire, *sections):
    """Fill each section with {(owner, type): [(TTL, data)]}. The library's own reader of whole messages takes three times
    as long, for what nobody looks at here."""
    place = 12 + len(question.key)
    for records, count in zip(sections, HEADER.unpack_from(wire)[3:5], strict=True):
        for _number in range(count):
            owner, size = _owner(question, wire, place)
            kind, its_class, ttl, length = RECORD.unpack_from(wire, place + size)
            place += size + RECORD.size
            if kind in READ:
                wanted = kind != dns.rdatatype.SOA or question.kind in ('NS', 'SOA')
                data = dns.rdata.from_wire(its_class, kind, wire, place, length) if wanted else None
                records.setdefault((owner, kind), []).append((ttl, data))
            place += length


def _owner(question, wire, place):
    """(name, its size there); mostly it points at the question."""
    if wire[place:place + 2] == b'\xc0\x0c':
        return question.name.rstrip('.'), 2
    name, size = dns.name.from_wire(wire, place)
    return _text(name), size


def _chain(question, answer):
    """CNAMEs from the name asked for, and the last target. One that comes again ends it, and so do several at once."""
    chain, owner, seen = [], question.name.rstrip('.'), set()
    while question.kind != 'CNAME' and owner not in seen and (owner, dns.rdatatype.CNAME) in answer:
        seen.add(owner)
        found = answer[owner, dns.rdatatype.CNAME]
        targets = tuple(sorted({_text(data.target) for _ttl, data in found}))
        chain.append((owner, targets, found[0][0]))
        if len(targets) > 1:
            break
        owner = targets[0]
    return tuple(chain), owner


def _is_referral(wire, authority):
    """Somebody who knows nothing of the zone points elsewhere instead of answering, or says nothing at all."""
    known = int.from_bytes(wire[2:4], 'big') & (dns.flags.AA | dns.flags.RA)
    return not known or any(kind == dns.rdatatype.NS for _owner, kind in authority)


def _zone(records):
    """(owner, primary server) or, where nobody wants to know that, (owner,)."""
    for (owner, kind), found in records.items():
        if kind == dns.rdatatype.SOA:
            return (owner, _text(found[0][1].mname)) if found[0][1] else (owner,)
    return ()


def _values(found):
    values = sorted({_value(data) for _ttl, data in found[:MOST_VALUES]})
    return tuple(value[:LONGEST_VALUE] for value in values)


def _value(rdata):
    """TXT as one string, as those who look for it put it there; CAA as 'tag value', critical ones with '!'."""
    if rdata.rdtype == dns.rdatatype.TXT:
        return b''.join(rdata.strings).decode('utf-8', 'backslashreplace').replace('\0', '')
    if rdata.rdtype == dns.rdatatype.CAA:
        sign = '!' if rdata.flags & 0x80 else ''
        return f'{sign}{rdata.tag.decode("ascii", "replace").lower()} {rdata.value.decode("utf-8", "replace")}'
    return rdata.to_text().lower().removesuffix('.')


def _text(name):
    return name.to_text(omit_final_dot=True).lower()
