"""What a subscription entitles to: every combination by rules that exclude each other, and rows written out by hand."""
from datetime import datetime, timedelta
from itertools import product

import pytest

from bare.saas_billing import const
from bare.saas_billing.drivers.entitlement import REASONS, STATES, WHYS, Facts, Rules, entitlement

NOW = datetime(2026, 11, 26, 12)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
STATUSES = [code for code, _label in const.STATUSES]


def at(days):
    return None if days is None else NOW + days * DAY


# -- every combination -----------------------------------------------------------------------------------------------
# Each rule says when it applies, without regard to the others; exactly one has to. (state, reason, until, when)
def is_ahead(moment):
    return moment is not None and moment > NOW


def opened(facts):
    return is_ahead(facts.extended_until) or is_ahead(facts.comp_until)


def has_begun(facts):
    return facts.status not in ('incomplete', 'incomplete_expired')


def is_over(facts):
    return facts.status == 'canceled' and not opened(facts)


def by_stripe(facts, *statuses):
    """Neither the end, nor staff's pause, nor a free time is before what Stripe says."""
    return facts.status in statuses and not facts.is_paused and not is_ahead(facts.comp_until) and not is_over(facts)


def grace_end(facts, rules):
    return (facts.past_due_since or NOW) + rules.grace_days * DAY


def in_grace(facts, rules):
    return grace_end(facts, rules) > NOW


def last_given(facts):
    return max(moment for moment in (facts.extended_until, facts.comp_until) if is_ahead(moment))


def later(*moments):
    return max(moment for moment in moments if moment is not None)


RULES = {
    'over': ('ended', 'ended', lambda f, r: None, lambda f, r: is_over(f)),
    'paused by staff': ('suspended', 'paused', lambda f, r: None,
                        lambda f, r: f.is_paused and f.status != 'canceled'),
    'ended, held open and paused': ('suspended', 'paused', lambda f, r: last_given(f),
                                    lambda f, r: f.is_paused and f.status == 'canceled' and opened(f)),
    'never began': ('none', '', lambda f, r: None, lambda f, r: not has_begun(f) and not f.is_paused),
    'free': ('active', '', lambda f, r: f.comp_until,
             lambda f, r: is_ahead(f.comp_until) and has_begun(f) and not f.is_paused),
    'trial': ('trial', '', lambda f, r: f.trial_end,
              lambda f, r: by_stripe(f, 'trialing') and is_ahead(f.trial_end)),
    'trial that Stripe has not ended': ('trial', '', lambda f, r: None,
                                        lambda f, r: by_stripe(f, 'trialing') and not is_ahead(f.trial_end)),
    'paid': ('active', '', lambda f, r: None, lambda f, r: by_stripe(f, 'active')),
    'overdue, in grace': ('grace', '', lambda f, r: later(grace_end(f, r), f.extended_until),
                          lambda f, r: by_stripe(f, 'past_due') and (in_grace(f, r) or is_ahead(f.extended_until))),
    'overdue, grace over': ('suspended', 'unpaid', lambda f, r: None,
                            lambda f, r: by_stripe(f, 'past_due') and not in_grace(f, r)
                            and not is_ahead(f.extended_until)),
    'extended': ('grace', '', lambda f, r: f.extended_until,
                 lambda f, r: by_stripe(f, 'unpaid', 'paused', 'canceled') and is_ahead(f.extended_until)),
    'unpaid': ('suspended', 'unpaid', lambda f, r: None,
               lambda f, r: by_stripe(f, 'unpaid') and not is_ahead(f.extended_until)),
    'trial over without a card': ('suspended', 'trial', lambda f, r: None,
                                  lambda f, r: by_stripe(f, 'paused') and not is_ahead(f.extended_until)),
}


@pytest.mark.parametrize('status', STATUSES)
def test_every_combination(status):
    seen = set()
    for facts, rules in combinations(status):
        fitting = [name for name, rule in RULES.items() if rule[3](facts, rules)]
        assert len(fitting) == 1, (fitting, facts, rules)
        state, reason, until, _when = RULES[fitting[0]]
        found = entitlement(facts, rules, NOW)
        assert (found.state, found.reason, found.until) == (state, reason, until(facts, rules)), (fitting, facts, rules)
        assert found.state in STATES and found.reason in ('', *REASONS) and found.why in WHYS
        assert (found.state in const.OPEN) == (not found.reason and found.state != 'none')
        assert found.until is None or found.until > NOW
        seen.add(fitting[0])
    assert seen, status


def test_every_rule_is_met_by_some_combination():
    met = {name for status in STATUSES for facts, rules in combinations(status)
           for name, rule in RULES.items() if rule[3](facts, rules)}
    assert met == set(RULES)


def combinations(status):
    overdue = (None, 0, -6.99, -7, -8, -40) if status == 'past_due' else (None, -40)
    trial = (None, -1, 0, 5) if status in ('trialing', 'paused') else (None, 5)
    for extended, comp, since, trial_end, cancel_at, is_paused, grace in product(
            (None, -1, 0, 3, 30), (None, -1, 0, 2, 20), overdue, trial, (None, -1, 6), (False, True), (0, 7, 14)):
        yield Facts(status, at(trial_end), at(10), at(cancel_at), at(-2) if status == 'canceled' else None, at(since),
                    at(extended), at(comp), is_paused), Rules(grace)


@pytest.mark.parametrize('status', STATUSES)
def test_time_alone_changes_it_only_where_it_says_so(status):
    """Between now and ``until`` it stays; with ``until`` it becomes another, unless a trial waits for Stripe."""
    for facts, rules in combinations(status):
        found = entitlement(facts, rules, NOW)
        if found.until is None:
            assert entitlement(facts, rules, NOW + 1000 * DAY) in (found, *overdue_unknown(facts)), facts
        else:
            assert same(entitlement(facts, rules, found.until - SECOND), found), facts
            after = entitlement(facts, rules, found.until)
            assert after.until != found.until and (found.state == 'trial' or after != found), facts


def overdue_unknown(facts):
    """As long as nobody knows since when, the grace begins now, whenever that is."""
    return [entitlement(facts, Rules(), NOW)] if facts.status == 'past_due' and not facts.past_due_since else []


def same(one, other):
    return (one.state, one.reason) == (other.state, other.reason)


# -- by hand ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('facts, expected, reason, until', [
    (Facts('incomplete'), 'none', '', None),
    (Facts('incomplete_expired'), 'none', '', None),
    (Facts('incomplete', comp_until=at(5)), 'none', '', None),
    (Facts('trialing', trial_end=at(14)), 'trial', '', 14),
    (Facts('trialing', trial_end=at(-3)), 'trial', '', None),
    (Facts('trialing', trial_end=at(1), cancel_at=at(1)), 'trial', '', 1),
    (Facts('trialing', trial_end=at(1), comp_until=at(9)), 'active', '', 9),
    (Facts('active', period_end=at(20)), 'active', '', None),
    (Facts('active', period_end=at(-1)), 'active', '', None),
    (Facts('active', cancel_at=at(20)), 'active', '', None),
    (Facts('active', extended_until=at(3)), 'active', '', None),
    (Facts('active', is_paused=True), 'suspended', 'paused', None),
    (Facts('active', is_paused=True, comp_until=at(5)), 'suspended', 'paused', None),
    (Facts('past_due', past_due_since=at(0)), 'grace', '', 7),
    (Facts('past_due', past_due_since=at(-6)), 'grace', '', 1),
    (Facts('past_due', past_due_since=at(-7)), 'suspended', 'unpaid', None),
    (Facts('past_due', past_due_since=at(-7), extended_until=at(3)), 'grace', '', 3),
    (Facts('past_due', past_due_since=at(-2), extended_until=at(1)), 'grace', '', 5),
    (Facts('past_due', past_due_since=at(-60), extended_until=at(-1)), 'suspended', 'unpaid', None),
    (Facts('past_due'), 'grace', '', 7),
    (Facts('past_due', past_due_since=at(-60), comp_until=at(2)), 'active', '', 2),
    (Facts('past_due', past_due_since=at(-1), is_paused=True), 'suspended', 'paused', None),
    (Facts('unpaid', past_due_since=at(-1)), 'suspended', 'unpaid', None),
    (Facts('unpaid', extended_until=at(2)), 'grace', '', 2),
    (Facts('unpaid', comp_until=at(2)), 'active', '', 2),
    (Facts('paused', trial_end=at(-1)), 'suspended', 'trial', None),
    (Facts('paused', trial_end=at(-1), extended_until=at(2)), 'grace', '', 2),
    (Facts('paused', trial_end=at(-1), is_paused=True), 'suspended', 'paused', None),
    (Facts('canceled', ended_at=at(-1)), 'ended', 'ended', None),
    (Facts('canceled', ended_at=at(-1), extended_until=at(2)), 'grace', '', 2),
    (Facts('canceled', ended_at=at(-1), comp_until=at(2)), 'active', '', 2),
    (Facts('canceled', ended_at=at(-1), comp_until=at(2), extended_until=at(9)), 'active', '', 2),
    (Facts('canceled', ended_at=at(-1), is_paused=True), 'ended', 'ended', None),
    (Facts('canceled', ended_at=at(-1), is_paused=True, extended_until=at(2)), 'suspended', 'paused', 2),
    (Facts('canceled', past_due_since=at(-1)), 'ended', 'ended', None),
])
def test_rows(facts, expected, reason, until):
    found = entitlement(facts, Rules(grace_days=7), NOW)
    assert (found.state, found.reason, found.until) == (expected, reason, at(until))


@pytest.mark.parametrize('seconds, state', [(-1, 'grace'), (0, 'suspended'), (1, 'suspended')])
def test_the_grace_ends_to_the_second(seconds, state):
    facts = Facts('past_due', past_due_since=NOW)
    assert entitlement(facts, Rules(7), NOW + 7 * DAY + seconds * SECOND).state == state


@pytest.mark.parametrize('field', ['extended_until', 'comp_until'])
@pytest.mark.parametrize('seconds, state', [(-1, 'suspended'), (0, 'suspended'), (1, 'open')])
def test_what_staff_gave_ends_to_the_second(field, seconds, state):
    found = entitlement(Facts('unpaid', **{field: NOW + seconds * SECOND}), Rules(), NOW).state
    assert ('open' if found in const.OPEN else found) == state


def test_without_grace_a_failed_payment_closes_at_once():
    assert entitlement(Facts('past_due', past_due_since=NOW), Rules(0), NOW).reason == 'unpaid'
    assert entitlement(Facts('past_due'), Rules(0), NOW).reason == 'unpaid'


def test_paying_clears_what_was_unpaid():
    before = Facts('past_due', past_due_since=at(-30))
    assert entitlement(before, Rules(), NOW).reason == 'unpaid'
    assert entitlement(Facts('active'), Rules(), NOW).reason == ''


def test_a_status_that_nobody_knows_is_no_decision():
    with pytest.raises(ValueError, match='on_holiday'):
        entitlement(Facts('on_holiday'), Rules(), NOW)


def test_states_are_those_of_the_records():
    assert tuple(code for code, _label in const.ENTITLEMENTS) == STATES
