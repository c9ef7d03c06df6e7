"""Notices: at their time, each once per occasion, never several of a kind at once."""
from datetime import datetime, timedelta

import pytest

from bare.saas_billing import const
from bare.saas_billing.drivers.entitlement import Facts, Rules
from bare.saas_billing.drivers.notices import CODES, ends_at, notices, occasion, remember

NOW = datetime(2026, 11, 26, 12)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
RULES = Rules(grace_days=7, ending_days=7)


def at(days):
    return None if days is None else NOW + days * DAY


def life(facts, days, step=0.25, rules=RULES, sent=None):
    """What is sent while time goes by, as [(day, codes)]: looked at every ``step`` days."""
    told, sent = [], sent or {}
    for number in range(int(days / step) + 1):
        codes = notices(facts, rules, NOW + number * step * DAY, sent)
        if codes:
            told.append((number * step, codes))
            sent = remember(sent, codes, facts)
    return told


# -- overdue ---------------------------------------------------------------------------------------------------------
def test_overdue_on_days_one_three_and_five():
    assert life(Facts('past_due', past_due_since=NOW), 30) == [
        (1, ('past_due_1',)), (3, ('past_due_3',)), (5, ('past_due_5',))]


@pytest.mark.parametrize('days, code', [
    (0, ()), (0.99, ()), (1, ('past_due_1',)), (2.99, ('past_due_1',)), (3, ('past_due_3',)), (4.9, ('past_due_3',)),
    (5, ('past_due_5',)), (6.99, ('past_due_5',)), (7, ()), (40, ())])
def test_overdue_when_nothing_was_sent_for_days(days, code):
    assert notices(Facts('past_due', past_due_since=NOW), RULES, NOW + days * DAY) == code


def test_a_later_notice_stands_for_the_former_ones():
    facts = Facts('past_due', past_due_since=NOW)
    sent = remember({}, ('past_due_3',), facts)
    assert notices(facts, RULES, NOW + 1.5 * DAY, sent) == ()
    assert notices(facts, RULES, NOW + 5 * DAY, sent) == ('past_due_5',)


def test_the_next_time_it_is_overdue_is_another_occasion():
    first, second = Facts('past_due', past_due_since=NOW), Facts('past_due', past_due_since=at(30))
    sent = remember({}, ('past_due_1', 'past_due_3', 'past_due_5'), first)
    assert notices(second, RULES, at(31), sent) == ('past_due_1',)
    assert notices(first, RULES, at(6), remember(sent, ('past_due_1',), second)) == ()


@pytest.mark.parametrize('facts', [
    Facts('active', past_due_since=NOW), Facts('unpaid', past_due_since=NOW), Facts('past_due'),
    Facts('past_due', past_due_since=NOW, is_paused=True), Facts('past_due', past_due_since=NOW, comp_until=at(90)),
    Facts('canceled', past_due_since=NOW, ended_at=NOW)])
def test_nobody_is_told_of_a_grace_that_is_none(facts):
    assert life(facts, 10) == []


def test_a_short_grace_has_fewer_notices():
    assert life(Facts('past_due', past_due_since=NOW), 10, rules=Rules(2)) == [(1, ('past_due_1',))]
    assert life(Facts('past_due', past_due_since=NOW), 10, rules=Rules(0)) == []


def test_an_extension_keeps_the_notices_going():
    facts = Facts('past_due', past_due_since=NOW, extended_until=at(10))
    assert life(facts, 20, rules=Rules(0)) == [(1, ('past_due_1',)), (3, ('past_due_3',)), (5, ('past_due_5',))]


# -- trial -----------------------------------------------------------------------------------------------------------
def test_a_trial_is_about_to_end_three_days_and_one_day_before():
    assert life(Facts('trialing', trial_end=at(14)), 30) == [(11, ('trial_3',)), (13, ('trial_1',))]


@pytest.mark.parametrize('before, code', [
    (3 + 1e-6, ()), (3, ('trial_3',)), (1.01, ('trial_3',)), (1, ('trial_1',)), (0.01, ('trial_1',)), (0, ()), (-2, ())])
def test_a_trial_when_nothing_was_sent_for_days(before, code):
    assert notices(Facts('trialing', trial_end=at(before)), RULES, NOW) == code


def test_a_longer_trial_is_another_occasion():
    sent = remember({}, ('trial_3', 'trial_1'), Facts('trialing', trial_end=at(1)))
    assert life(Facts('trialing', trial_end=at(8)), 10, sent=sent) == [(5, ('trial_3',)), (7, ('trial_1',))]


@pytest.mark.parametrize('facts', [
    Facts('active', trial_end=at(2)), Facts('paused', trial_end=at(2)), Facts('trialing'),
    Facts('trialing', trial_end=at(2), is_paused=True), Facts('trialing', trial_end=at(2), comp_until=at(30))])
def test_no_word_of_a_trial_that_decides_nothing(facts):
    assert life(facts, 5) == []


def test_a_trial_that_was_cancelled_is_told_as_an_end():
    assert life(Facts('trialing', trial_end=at(14), cancel_at=at(14)), 20) == [(7, ('ending',))]


# -- the end ---------------------------------------------------------------------------------------------------------
def test_a_cancelled_subscription_is_about_to_end():
    assert life(Facts('active', cancel_at=at(20)), 30) == [(13, ('ending',))]
    assert life(Facts('active', cancel_at=at(20)), 30, rules=Rules(ending_days=2)) == [(18, ('ending',))]


def test_cancelled_on_the_last_days_is_told_at_once():
    assert life(Facts('active', cancel_at=at(2)), 5) == [(0, ('ending',))]


@pytest.mark.parametrize('seconds, code', [(-1, ()), (0, ('ending',)), (7 * 86400 - 1, ('ending',)), (7 * 86400, ())])
def test_the_end_to_the_second(seconds, code):
    assert notices(Facts('active', cancel_at=at(7)), RULES, NOW + seconds * SECOND) == code


def test_kept_and_cancelled_again_for_another_day_is_another_occasion():
    sent = remember({}, ('ending',), Facts('active', cancel_at=at(5)))
    assert notices(Facts('active'), RULES, NOW, sent) == ()
    assert notices(Facts('active', cancel_at=at(5)), RULES, NOW, sent) == ()
    assert notices(Facts('active', cancel_at=at(6)), RULES, NOW, sent) == ('ending',)


def test_what_staff_gave_moves_the_end():
    facts = Facts('active', cancel_at=at(2), extended_until=at(30))
    assert ends_at(facts) == at(30) and life(facts, 60) == [(23, ('ending',))]
    over = Facts('canceled', cancel_at=at(-1), ended_at=at(-1), comp_until=at(10))
    assert life(over, 60) == [(3, ('ending',))]


@pytest.mark.parametrize('facts', [
    Facts('canceled', cancel_at=at(2), ended_at=NOW), Facts('unpaid', cancel_at=at(2)),
    Facts('active', cancel_at=at(2), is_paused=True), Facts('active', extended_until=at(2)),
    Facts('active', period_end=at(2)), Facts('incomplete', cancel_at=at(2))])
def test_no_word_of_an_end_that_is_none(facts):
    assert life(facts, 5) == []


# -- together --------------------------------------------------------------------------------------------------------
def test_overdue_and_about_to_end_are_two_things():
    facts = Facts('past_due', past_due_since=NOW, cancel_at=at(4))
    assert life(facts, 3) == [(0, ('ending',)), (1, ('past_due_1',)), (3, ('past_due_3',))]


def test_what_is_remembered_is_plain_and_complete():
    facts = Facts('past_due', past_due_since=NOW, cancel_at=at(4), trial_end=at(1))
    assert remember(None, ('past_due_1', 'ending'), facts) == {
        'past_due_1': '2026-11-26 12:00:00', 'ending': '2026-11-30 12:00:00'}
    assert [occasion(code, Facts('active')) for code in CODES] == [''] * len(CODES)


def test_codes_are_those_of_the_settings():
    wanted = {f'past_due_{days}' for days in const.PAST_DUE_NOTICES} | {f'trial_{days}' for days in const.TRIAL_NOTICES}
    assert set(CODES) == wanted | {'ending'}
