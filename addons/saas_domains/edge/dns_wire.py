"""A question as bytes, and an answer from bytes.

Questions are all alike but for name, type and number, so they are put together here; what comes back from outside is
read by the library.
"""
import secrets
import struct
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

HEADER = struct.Struct('!HHHHHH')
RECURSE = 0x0100
PAYLOAD = 1232      # bytes of one datagram that passes everywhere; longer answers come over TCP
EDNS = b'\0' + struct.pack('!HHIH', dns.rdatatype.OPT, PAYLOAD, 0, 0)
MOST_VALUES, LONGEST_VALUE = 50, 4096       # of what a stranger put into his zone

FOUND, NODATA, NXDOMAIN = 'found', 'nodata', 'nxdomain'     # besides these: one of UNKNOWN_CODES


@dataclass(frozen=True)
class Answer:
    """``code``: FOUND, NODATA, NXDOMAIN, all about the end of ``chain``; or why there is none. ``chain``: (owner, its CNAME
    targets, TTL) as far as this answer goes, in order. ``values``: texts of the records; ``zone``: (owner, primary server) of
    an SOA that came along; ``extra``: a CNAME's owner has other records too."""

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
        labels = dns.name.from_text(name.encode('ascii').decode()).to_wire()
        self.key = labels + struct.pack('!HH', dns.rdatatype.from_text(kind), 1)

    def wire(self, number, edns=True):
        return HEADER.pack(number, RECURSE, 1, 0, 0, int(edns)) + self.key + (EDNS if edns else b'')

    def is_answered_by(self, wire):
        """The same question in it, whatever the case of its letters."""
        return wire[2] & 0x80 and wire[12:12 + len(self.key)].lower() == self.key.lower()


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
    message = dns.message.from_wire(wire, one_rr_per_rrset=True)    # or of several CNAMEs only one were left
    code = message.rcode()
    if code in (dns.rcode.SERVFAIL, dns.rcode.REFUSED):
        return Answer('servfail' if code == dns.rcode.SERVFAIL else 'refused')
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Answer('no_answer')
    return _conclude(question, message, code == dns.rcode.NXDOMAIN)


def _conclude(question, message, missing):
    records = {}
    for rrset in message.answer:
        records.setdefault((_text(rrset.name), rrset.rdtype), []).append(rrset)
    chain, owner = _chain(question, records)
    zone = _zone(message)
    extra = any((link[0], kind) in records for link in chain for kind in (dns.rdatatype.A, dns.rdatatype.AAAA))
    found = records.get((owner, dns.rdatatype.from_text(question.kind)))
    if found:
        return Answer(FOUND, chain, _values(found), found[0].ttl, zone, extra)
    if missing:
        return Answer(NXDOMAIN, chain, zone=zone, extra=extra)
    if not chain and _is_referral(message):
        return Answer('lame')
    return Answer(NODATA, chain, zone=zone, extra=extra)


def _chain(question, records):
    """CNAMEs from the name asked for, and the last target. One that comes again ends it, and so do several at once."""
    chain, owner, seen = [], question.name.rstrip('.'), set()
    while question.kind != 'CNAME' and owner not in seen and (owner, dns.rdatatype.CNAME) in records:
        seen.add(owner)
        found = records[owner, dns.rdatatype.CNAME]
        targets = tuple(sorted({_text(rrset[0].target) for rrset in found}))
        chain.append((owner, targets, found[0].ttl))
        if len(targets) > 1:
            break
        owner = targets[0]
    return tuple(chain), owner


def _is_referral(message):
    """Somebody who knows nothing of the zone points elsewhere instead of answering."""
    kinds = {rrset.rdtype for rrset in message.authority}
    known = message.flags & (dns.flags.AA | dns.flags.RA)
    return dns.rdatatype.SOA not in kinds and (dns.rdatatype.NS in kinds or not known)


def _zone(message):
    for rrset in (*message.authority, *message.answer):
        if rrset.rdtype == dns.rdatatype.SOA:
            return _text(rrset.name), _text(rrset[0].mname)
    return ()


def _values(found):
    values = sorted({_value(rrset[0]) for rrset in found[:MOST_VALUES]})
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
