"""What one resolver shows of one name: only facts, judged elsewhere."""
from dataclasses import dataclass

from .dns_providers import guess
from .dns_trail import Trail, follow
from .dns_values import UNKNOWN_CODES
from .dns_wire import FOUND, NODATA, NXDOMAIN


@dataclass(frozen=True)
class View:
    """``a``, ``aaaa``: trails of the name; ``txt``: of the token's place; ``ours``: addresses that our own names have;
    ``ours_code``: '' or why some of those are not known. What was not needed is None or empty."""

    a: Trail
    aaaa: Trail | None = None
    txt: Trail | None = None
    ours: frozenset = frozenset()
    ours_code: str = ''


@dataclass(frozen=True)
class Extras:
    """``caa``: (name where it stands, its properties) or None; ``provider``: code of who keeps the zone."""

    caa: tuple | None = None
    provider: str = ''


async def look(resolver, target):
    """The questions go out together where one does not depend on another; a visible CNAME to us spares most."""
    token = target.token and resolver.ask(target.txt_name, 'TXT')
    a = await follow(resolver, target.name, 'A', target.targets)
    aaaa, ours, ours_code = None, (), ''
    if a.code in (FOUND, NODATA):
        for kind in ('A', 'AAAA'):
            for name in (target.name, *target.targets):
                resolver.ask(name, kind)            # on their way; asked again below they cost nothing
        aaaa = await follow(resolver, target.name, 'AAAA', target.targets)
        ours, ours_code = await _ours(resolver, target)
    if token:
        await token
    txt = await follow(resolver, target.txt_name, 'TXT') if token else None
    return View(a, aaaa, txt, frozenset(ours), ours_code)


async def _ours(resolver, target):
    addresses, code = set(target.edge_addresses), ''
    for name in target.targets:
        for kind in ('A', 'AAAA'):
            trail = await follow(resolver, name, kind)
            addresses.update(trail.values)
            code = trail.code if trail.code in UNKNOWN_CODES else code
    return addresses, code


def ask_ahead(resolver, target):
    """What ``look_around`` will want whatever the name shows: on its way while that is found out."""
    for kind in ('NS', 'CAA'):
        resolver.ask(target.registrable, kind)


async def look_around(resolver, target, reached):
    """CAA and provider, on which only words depend; ``reached``: the name is an alias of ours, whose CAA is our matter."""
    nameservers = resolver.ask(target.registrable, 'NS')
    caa = await _caa(resolver, target, target.registrable if reached else target.name)
    answer = await nameservers
    primary = answer.zone[1:] if answer.zone and not answer.chain else ()
    hosts = answer.values if answer.code == FOUND and not answer.chain else ()
    provider = guess(hosts) or guess(primary)
    if not provider and not primary and answer.conclusive:
        soa = await resolver.ask(target.registrable, 'SOA')
        provider = guess(soa.zone[1:])
    return Extras(caa, provider)


async def _caa(resolver, target, name):
    """The nearest set from the name upwards, as RFC 8659 wants it; what cannot be asked blocks nothing here."""
    while name:
        trail = await follow(resolver, name, 'CAA', target.targets)
        if trail.code == FOUND:
            return name, trail.values
        if trail.code not in (NODATA, NXDOMAIN, 'reached'):
            return None
        name = name.partition('.')[2]
    return None
