"""The retry policy and the breaker, as tables and as invariants over many random cases."""
import random

import pytest
from drivers.errors import AuthError, NotFound, Permanent, Retryable, Unreachable
from drivers.retry import Breaker, Fail, Retry, decide


def least():
    return 0.0


def most():
    return 1.0


# -- decide ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('attempt, shortest, longest', [
    (1, 1, 2), (2, 2, 4), (3, 4, 8), (4, 8, 16), (5, 16, 32), (6, 32, 64), (7, 64, 128)])
def test_the_delay_doubles_within_its_jitter(attempt, shortest, longest):
    assert decide(Retryable('busy'), attempt, jitter=least) == Retry(shortest)
    assert decide(Retryable('busy'), attempt, jitter=most) == Retry(longest)


def test_the_delay_is_capped():
    assert decide(Retryable('busy'), 20, max_attempts=1000, jitter=most) == Retry(300)
    assert decide(Retryable('busy'), 999, max_attempts=1000, jitter=most) == Retry(300)
    assert decide(Retryable('busy'), 4, cap=5, jitter=least) == Retry(2.5)


def test_the_other_sides_wish_is_the_least_we_wait():
    assert decide(Retryable('busy', after=60), 1, jitter=most) == Retry(60)
    assert decide(Retryable('busy', after=900), 1, jitter=most) == Retry(900)
    assert decide(Retryable('busy', after=1), 3, jitter=most) == Retry(8)
    assert decide(Retryable('busy', after=0), 1, jitter=most) == Retry(2)


@pytest.mark.parametrize('kind', [Permanent, AuthError, NotFound])
def test_what_cannot_get_better_fails_at_once(kind):
    assert decide(kind('no'), 1) == Fail('trying again cannot help')


def test_attempts_come_to_an_end():
    assert isinstance(decide(Unreachable('gone'), 7), Retry)
    assert decide(Unreachable('gone'), 8) == Fail('attempt 8 of 8')
    assert isinstance(decide(Unreachable('gone'), 9), Fail)


def test_the_unforeseen_gets_three_attempts():
    assert isinstance(decide(KeyError('x'), 1), Retry)
    assert isinstance(decide(KeyError('x'), 2), Retry)
    assert decide(KeyError('x'), 3) == Fail('attempt 3 of 3')
    assert decide(KeyError('x'), 1, max_attempts=1) == Fail('attempt 1 of 1')


def test_every_retry_has_a_delay_within_the_bounds():
    dice = random.Random(7)
    for _n in range(2000):
        attempt, after = dice.randint(1, 500), dice.choice([None, dice.uniform(0, 1000)])
        base, cap = dice.uniform(0.1, 10), dice.uniform(10, 600)
        decision = decide(Retryable('x', after), attempt, max_attempts=501, base=base, cap=cap, jitter=dice.random)
        assert min(base, cap) / 2 <= decision.delay <= max(cap, after or 0)
        assert decision.delay >= (after or 0)


# -- breaker ---------------------------------------------------------------------------------------------------------

GONE = Unreachable('gone')


def test_it_opens_at_the_third_refusal_in_a_row():
    breaker = Breaker().record(GONE, 0).record(GONE, 1)
    assert breaker == Breaker(2)
    assert breaker.allows(1)
    breaker = breaker.record(GONE, 2)
    assert breaker == Breaker(3, 12)
    assert not breaker.allows(2)
    assert not breaker.allows(11.9)


def test_after_its_time_it_lets_through_and_opens_for_twice_as_long():
    breaker, now, waits = Breaker(2), 0, []
    for _n in range(8):
        breaker = breaker.record(GONE, now)
        waits.append(breaker.open_until - now)
        assert not breaker.allows(now)
        now = breaker.open_until
        assert breaker.allows(now)
    assert waits == [10, 20, 40, 80, 160, 300, 300, 300]


@pytest.mark.parametrize('answer', [None, Retryable('busy'), Permanent('no'), AuthError('no'), NotFound('no')])
def test_any_answer_closes_it(answer):
    assert Breaker(2).record(answer, 0) == Breaker()
    assert Breaker(5, 40).record(answer, 50) == Breaker()


def test_a_fault_of_ours_changes_nothing():
    for breaker in (Breaker(), Breaker(2), Breaker(4, 30)):
        assert breaker.record(KeyError('x'), 5) is breaker


def test_a_node_away_for_ever_never_overflows():
    assert Breaker(10_000, 5).record(GONE, 100.0) == Breaker(10_001, 400.0)


def test_it_is_open_exactly_after_three_or_more_refusals_in_a_row():
    dice = random.Random(7)
    breaker, row = Breaker(), 0
    for now in range(3000):
        error = dice.choice([None, GONE, GONE, GONE, Retryable('busy')])
        breaker = breaker.record(error, now)
        row = row + 1 if error is GONE else 0
        assert breaker.failures == row
        assert breaker.allows(now) is (row < 3)
        assert breaker.open_until is None or now + 10 <= breaker.open_until <= now + 300
