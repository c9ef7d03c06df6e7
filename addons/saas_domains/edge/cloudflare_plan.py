"""The difference between what is wanted and what is there, as something to look at before it is done. Pure.

Only what carries our mark is ever changed or removed. Works for DNS records and for custom hostnames, whatever has
``key``, ``same``, ``line``, ``id`` and ``is_marked``.
"""
import hashlib
from dataclasses import dataclass, replace

from ...saas_master.drivers.errors import Permanent
from .cloudflare_types import MARK

FLOOR = 5       # so many may change at once whatever the total
PART = 3        # of what is there, one in so many may


class TooMuch(Permanent):
    """More than a third would change or go: a person has to look at ``lines`` first, and allows it by ``digest``."""

    def __init__(self, count, total, lines, digest):
        super().__init__(f'{count} of {total} entries at Cloudflare would be changed or removed, which is more than a'
                         ' third; nothing was done. Look at the difference and apply it if it is right.',
                         problem='cloudflare_too_much')
        self.codes, self.values = frozenset(), {'count': count, 'total': total}
        self.count, self.total, self.lines, self.digest = count, total, lines, digest


@dataclass(frozen=True)
class Foreign:
    """``wanted`` cannot be made: ``found``, which is not ours, is in its place."""

    wanted: object
    found: object


@dataclass(frozen=True)
class Plan:
    """``changes``: what changed entries shall be, with their ids; ``before``: what they are now, in the same order;
    ``total``: entries of ours that are there."""

    creates: tuple = ()
    changes: tuple = ()
    deletes: tuple = ()
    foreign: tuple = ()
    before: tuple = ()
    total: int = 0

    def __bool__(self):
        return bool(self.creates or self.changes or self.deletes)

    @property
    def lines(self):
        """The difference for a person, one line each."""
        changed = (f'~ {old.line}  →  {new.line}{_more(old, new)}'
                   for old, new in zip(self.before, self.changes, strict=True))
        return (*(f'- {entry.line}' for entry in self.deletes), *changed, *(f'+ {entry.line}' for entry in self.creates),
                *(f'! {entry.wanted.line}: kept out by {entry.found.line}, which is not ours' for entry in self.foreign))

    @property
    def digest(self):
        """Of exactly this difference."""
        return hashlib.sha256('\n'.join(self.lines).encode()).hexdigest()[:32]

    def check(self, total=None, force=False):
        """:param total: entries of ours that are there, if not those the plan was made from
        :param force: True, or the ``digest`` of the very difference a person has allowed
        :raises TooMuch: more than a third of them, and more than five, would be changed or removed
        """
        total = self.total if total is None else total
        count = len(self.changes) + len(self.deletes)
        if count > FLOOR and count * PART > total and force is not True and force != self.digest:
            raise TooMuch(count, total, self.lines, self.digest)
        return self

    def fitting(self, room):
        """(plan, entries left out): no more creates than there is room for after the deletes; None is room for all."""
        if room is None:
            return self, ()
        most = max(room + len(self.deletes), 0)
        return replace(self, creates=self.creates[:most]), self.creates[most:]

    def batches(self, limit):
        """(deletes, changes, creates) for each call: no more than ``limit`` together, in that order over all calls."""
        todo = [*((0, entry) for entry in self.deletes), *((1, entry) for entry in self.changes),
                *((2, entry) for entry in self.creates)]
        for start in range(0, len(todo), limit):
            part = todo[start:start + limit]
            yield tuple([entry for kind, entry in part if kind == number] for number in range(3))


def plan(wanted, actual, mark=MARK, known=(), keep=False):
    """What has to be done so that exactly ``wanted`` is there of what is ours.

    :param mark: ``cloudflare_types.owner_mark`` of this master; what begins otherwise is foreign
    :param known: ids that are ours although they carry no mark, where Cloudflare keeps none
    :param keep: remove nothing
    """
    known = set(known)
    ours = [entry for entry in actual if entry.is_marked(mark) or entry.id in known]
    own_ids = {entry.id for entry in ours}
    there, blocked = _by_key(ours), _blockers(entry for entry in actual if entry.id not in own_ids)
    creates, pairs, foreign, used = [], [], [], set()
    for want in sorted(wanted, key=_order):
        match = _match(want, there.get(want.key, ()), used)
        blocker = _blocker(want, blocked)
        if match is not None:
            used.add(match.id)
            if match.same != want.same:
                pairs.append((match, replace(want, id=match.id)))
        elif blocker is not None:
            foreign.append(Foreign(want, blocker))
        else:
            creates.append(want)
    gone = () if keep else sorted((entry for entry in ours if entry.id not in used), key=_order)
    return Plan(tuple(creates), tuple(new for _old, new in pairs), tuple(gone), tuple(foreign),
                tuple(old for old, _new in pairs), len(ours))


def _order(entry):
    return entry.key, getattr(entry, 'content', ''), entry.id


def _by_key(entries):
    found = {}
    for entry in sorted(entries, key=_order):
        found.setdefault(entry.key, []).append(entry)
    return found


def _match(want, candidates, used):
    """The very same one before any other of its name and type."""
    free = [entry for entry in candidates if entry.id not in used]
    return next((entry for entry in free if entry.same == want.same), free[0] if free else None)


def _blockers(entries):
    """By name; a custom hostname's key is its name."""
    found = {}
    for entry in sorted(entries, key=_order):
        found.setdefault(_name(entry), []).append(entry)
    return found


def _blocker(want, blocked):
    """A CNAME bears nothing beside it; other types bear each other, and more than one of a kind."""
    for entry in blocked.get(_name(want), ()):
        kinds = {getattr(want, 'type', 'CNAME'), getattr(entry, 'type', 'CNAME')}
        if 'CNAME' in kinds or getattr(want, 'content', None) == getattr(entry, 'content', ''):
            return entry
    return None


def _name(entry):
    return entry.key if isinstance(entry.key, str) else entry.key[0]


def _more(old, new):
    """What changes besides the line."""
    changed = [f'{name} {getattr(old, name)!r} → {getattr(new, name)!r}' for name in ('ttl', 'comment', 'method')
               if getattr(old, name, None) != getattr(new, name, None)]
    return f' ({", ".join(changed)})' if changed else ''
