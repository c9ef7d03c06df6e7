"""What a tenant is entitled to by its subscription: one pure function, and the only place where this is decided.

Moments are naive UTC. One that is reached exactly is over.
"""
from dataclasses import dataclass
from datetime import datetime, timedelta

STATES = ('none', 'trial', 'active', 'grace', 'suspended', 'ended')
REASONS = ('unpaid', 'trial', 'ended', 'paused')        # those of a suspension which are ours to set and to clear
WHYS = ('canceled', 'extended', 'comp', 'paused', 'first_payment', 'trialing', 'paying', 'overdue', 'grace_over',
        'unpaid', 'trial_over')


@dataclass(frozen=True)
class Facts:
    """``status`` and the first dates are Stripe's; ``past_due_since`` is when it was first seen to be so, None as long as
    that is not known; the rest is staff's."""

    status: str
    trial_end: datetime | None = None
    period_end: datetime | None = None
    cancel_at: datetime | None = None
    ended_at: datetime | None = None
    past_due_since: datetime | None = None
    extended_until: datetime | None = None      # open until then, paid or not
    comp_until: datetime | None = None          # free until then
    is_paused: bool = False


@dataclass(frozen=True)
class Rules:
    """``grace_days``: from the first failed payment to the suspension. ``ending_days``: notice before the end."""

    grace_days: int = 7
    ending_days: int = 7


@dataclass(frozen=True)
class Entitlement:
    """``reason``: the one of ``REASONS`` to suspend for, '' for none. ``until``: when time alone changes it, for a trial
    when Stripe ends it. ``why``: one of ``WHYS``, for the words."""

    state: str
    reason: str = ''
    until: datetime | None = None
    why: str = ''


def entitlement(facts, rules, now):
    """In this order: the end, staff's pause, what never began, what is free, and then what Stripe says.

    What staff opened stays open while it lasts, also after the end; what staff paused is closed. Only past the grace of an
    overdue payment does time close anything: a trial that Stripe has not ended goes on, however late Stripe is.

    :raises ValueError: a status that is none of Stripe's
    """
    extended, free = _ahead(facts.extended_until, now), _ahead(facts.comp_until, now)
    if facts.status == 'canceled' and not extended and not free:
        return Entitlement('ended', 'ended', why='canceled')
    if facts.is_paused:     # one that has ended does so with what staff gave
        until = max(filter(None, (extended, free))) if facts.status == 'canceled' else None
        return Entitlement('suspended', 'paused', until, 'paused')
    if facts.status in ('incomplete', 'incomplete_expired'):
        return Entitlement('none', why='first_payment')
    if free:
        return Entitlement('active', until=free, why='comp')
    return _by_status(facts, rules, now, extended)


def _by_status(facts, rules, now, extended):
    if facts.status == 'trialing':
        return Entitlement('trial', until=_ahead(facts.trial_end, now), why='trialing')
    if facts.status == 'active':
        return Entitlement('active', why='paying')
    if facts.status == 'past_due':
        return _past_due(facts, rules, now, extended)
    if facts.status not in ('unpaid', 'paused', 'canceled'):
        raise ValueError(f'unknown status of a subscription: {facts.status}')
    if extended:
        return Entitlement('grace', until=extended, why='extended')
    if facts.status == 'unpaid':
        return Entitlement('suspended', 'unpaid', why='unpaid')
    return Entitlement('suspended', 'trial', why='trial_over')


def _past_due(facts, rules, now, extended):
    """Until the grace is over, or what staff gave beyond it."""
    grace = _ahead((facts.past_due_since or now) + timedelta(days=rules.grace_days), now)
    if not grace and not extended:
        return Entitlement('suspended', 'unpaid', why='grace_over')
    if grace and (not extended or grace >= extended):
        return Entitlement('grace', until=grace, why='overdue')
    return Entitlement('grace', until=extended, why='extended')


def _ahead(moment, now):
    return moment if moment and moment > now else None
