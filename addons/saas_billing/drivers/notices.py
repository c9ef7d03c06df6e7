"""Which notices a subscription is due: each once per occasion, and of several that are late only the most urgent.

An occasion is the moment a notice is about: the first failed payment, the end of the trial, the end itself. Where that
moves, there is another occasion. What was sent is remembered as ``{code: occasion}`` (plain JSON).
"""
from datetime import timedelta

from ..const import PAST_DUE_NOTICES, TRIAL_NOTICES
from .entitlement import entitlement

FORMAT = '%Y-%m-%d %H:%M:%S'
PAST_DUE = tuple(f'past_due_{days}' for days in PAST_DUE_NOTICES)       # in the order in which they come
TRIAL = tuple(f'trial_{days}' for days in TRIAL_NOTICES)
CODES = (*PAST_DUE, *TRIAL, 'ending')


def notices(facts, rules, now, sent=None):
    """The codes that are to be sent now; ``remember`` them in the transaction that sends.

    :param sent: what ``remember`` gave
    """
    found = (_past_due(facts, rules, now), _trial(facts, rules, now), _ending(facts, rules, now))
    return tuple(code for code in found if code and not _was_sent(code, facts, sent or {}))


def remember(sent, codes, facts):
    """``sent`` with ``codes`` added."""
    return {**(sent or {}), **{code: occasion(code, facts) for code in codes}}


def occasion(code, facts):
    """As text; '' where the facts have none."""
    moment = (ends_at(facts) if code == 'ending' else facts.trial_end if code in TRIAL else facts.past_due_since)
    return moment.strftime(FORMAT) if moment else ''


def ends_at(facts):
    """When the tenant closes for good, as things stand: what staff gave may last longer than the subscription."""
    end = facts.ended_at if facts.status == 'canceled' else facts.cancel_at
    if not end:
        return None
    return max(moment for moment in (end, facts.extended_until, facts.comp_until) if moment)


def _was_sent(code, facts, sent):
    """A later one of the same occasion has said it all."""
    family = next((codes for codes in (PAST_DUE, TRIAL) if code in codes), (code,))
    return any(sent.get(later) == occasion(code, facts) for later in family[family.index(code):])


def _past_due(facts, rules, now):
    """While it is open for the sake of the grace: who is closed already is told nothing of days to come."""
    if facts.status != 'past_due' or not facts.past_due_since or entitlement(facts, rules, now).state != 'grace':
        return ''
    days = (now - facts.past_due_since) / timedelta(days=1)
    return next((f'past_due_{after}' for after in reversed(PAST_DUE_NOTICES) if days >= after), '')


def _trial(facts, rules, now):
    """Not where it was cancelled: then the trial is no decision any more, and ``ending`` tells it."""
    if entitlement(facts, rules, now).state != 'trial' or not facts.trial_end or facts.cancel_at:
        return ''
    days = (facts.trial_end - now) / timedelta(days=1)
    return next((f'trial_{before}' for before in sorted(TRIAL_NOTICES) if 0 < days <= before), '')


def _ending(facts, rules, now):
    end = ends_at(facts)
    if not end or entitlement(facts, rules, now).state not in ('trial', 'active', 'grace'):
        return ''
    return 'ending' if timedelta() < end - now <= timedelta(days=rules.ending_days) else ''
