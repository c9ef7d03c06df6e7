"""Where a name leads: its CNAMEs one after the other, as far as one resolver shows them, and what is at their end."""
from dataclasses import dataclass

from .dns_wire import FOUND, NODATA, Answer

LONGEST = 8         # CNAMEs


@dataclass(frozen=True)
class Trail:
    """``code``: of the end: FOUND, NODATA, NXDOMAIN, 'reached' (one of the names looked for), 'loop', 'chain_too_long',
    'multiple_cname', or one of UNKNOWN_CODES. ``chain``: the targets in order; ``ttl``: of the first record, which is
    the customer's own."""

    code: str
    chain: tuple = ()
    values: tuple = ()
    ttl: int | None = None
    zone: tuple = ()
    extra: bool = False


async def follow(resolver, name, kind, wanted=()):
    """Ends because each turn adds a CNAME or is the last."""
    links, owner, extra = [], name, False
    while True:
        answer = await _ask(resolver, owner, kind)
        links += answer.chain
        extra = extra or answer.extra
        chain, stop = walk(name, links, wanted)
        ttl = links[0][2] if links else answer.ttl
        if stop or not _goes_on(answer):
            return Trail(stop or answer.code, chain, () if stop else answer.values, ttl, answer.zone, extra)
        owner = chain[-1]


async def _ask(resolver, owner, kind):
    """Who cannot say where it all ends may still know the next step."""
    answer = await resolver.ask(owner, kind)
    if answer.code != 'servfail' and not (answer.code == 'timeout' and resolver.alive):
        return answer
    step = await resolver.ask(owner, 'CNAME')
    if step.code != FOUND:
        return answer
    return Answer(NODATA, ((owner, step.values, step.ttl),))


def _goes_on(answer):
    """A server that is no resolver stops at a CNAME that leaves its zone; then the target is asked for by itself."""
    if not answer.chain or answer.code != NODATA:
        return False
    end = answer.chain[-1][1][0]
    return not (answer.zone and f'.{end}'.endswith(f'.{answer.zone[0]}'))


def walk(name, links, wanted):
    """(targets, why it goes no further or ''): the first thing that counts decides."""
    chain, seen = [], {name}
    for _owner, targets, _ttl in links:
        if len(chain) == LONGEST:
            return tuple(chain), 'chain_too_long'
        chain += targets
        if len(targets) > 1:
            return tuple(chain), 'multiple_cname'
        if targets[0] in wanted:
            return tuple(chain), 'reached'
        if targets[0] in seen:
            return tuple(chain), 'loop'
        seen.add(targets[0])
    return tuple(chain), ''
