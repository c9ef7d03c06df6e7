"""Which node a new tenant goes to: one pure function for all kinds of nodes, and the reasons in figures.

Sizes in MiB and GiB. A total of 0 is no limit: a shared server is limited by the number of its tenants alone.
"""
from dataclasses import dataclass, field

RESOURCES = ('count', 'memory_mib', 'cores', 'disk_gib')


@dataclass(frozen=True)
class Need:
    """What one tenant takes. ``region``: '' for any."""

    memory_mib: int = 0
    cores: int = 0
    disk_gib: int = 0
    count: int = 1
    region: str = ''


@dataclass(frozen=True)
class Candidate:
    """A node. ``used`` and ``total``: by resource; what is missing in ``total``, or 0 there, has no limit.

    ``key``: whatever tells it for the caller; ``is_local``: it holds the template itself.
    """

    key: object
    name: str
    used: dict = field(default_factory=dict)
    total: dict = field(default_factory=dict)
    region: str = ''
    is_draining: bool = False
    in_maintenance: bool = False
    is_down: bool = False
    is_local: bool = True

    def free(self, resource):
        """None: no limit."""
        total = self.total.get(resource) or 0
        return total - self.used.get(resource, 0) if total else None


@dataclass(frozen=True)
class Line:
    """Of one candidate: ``code`` is ``chosen``, ``possible`` or why it is out, ``values`` are for the words."""

    name: str
    code: str
    values: dict


@dataclass(frozen=True)
class Choice:
    """``candidate``: None when there is no room anywhere; ``lines``: one for each that was looked at."""

    candidate: Candidate | None
    lines: tuple


def choose(candidates, need):
    """The node that is least loaded with the tenant on it.

    Out is who is in another region, in maintenance, draining, silent, or lacks any of what is needed. Load is that of
    its scarcest resource. Between equals those that hold the template come first, then the name decides.
    """
    lines, possible = {}, []
    for candidate in candidates:
        code, values = _obstacle(candidate, need)
        if not code:
            possible.append(candidate)
            code, values = 'possible', _room(candidate)
        lines[candidate.name] = Line(candidate.name, code, values)
    chosen = min(possible, key=lambda one: (_load(one, need), not one.is_local, one.name), default=None)
    if chosen:
        lines[chosen.name] = Line(chosen.name, 'chosen', lines[chosen.name].values)
    return Choice(chosen, tuple(lines[name] for name in sorted(lines)))


def fits(candidate, need):
    """Whether there is room for ``need``, whatever else keeps new tenants away."""
    return not any(_lacks(candidate, need, resource) for resource in RESOURCES)


def _obstacle(candidate, need):
    if need.region and candidate.region != need.region:
        return 'region', {'region': candidate.region or '–', 'wanted': need.region}
    for code in ('in_maintenance', 'is_draining', 'is_down'):
        if getattr(candidate, code):
            return code, {}
    for resource in RESOURCES:
        if _lacks(candidate, need, resource):
            return f'no_{resource}', {'needed': getattr(need, resource), **_room(candidate)}
    return '', {}


def _lacks(candidate, need, resource):
    free = candidate.free(resource)
    return free is not None and free < getattr(need, resource)


def _room(candidate):
    """Free and total of each resource that has a limit."""
    return {f'{what}_{resource}': value for resource in RESOURCES if candidate.total.get(resource)
            for what, value in (('free', max(candidate.free(resource), 0)), ('total', candidate.total[resource]))}


def _load(candidate, need):
    """Of 1, with the tenant on it; without any limit the number of its tenants tells, far below any that has one."""
    shares = [(candidate.used.get(resource, 0) + getattr(need, resource)) / candidate.total[resource]
              for resource in RESOURCES if candidate.total.get(resource)]
    return max(shares) if shares else candidate.used.get('count', 0) / 2**31
