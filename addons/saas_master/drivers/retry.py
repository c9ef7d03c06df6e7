"""When to try again and when to leave a node alone: pure functions of error, attempt and time."""
import random
from dataclasses import dataclass

from .errors import DriverError, Retryable, Unreachable

UNKNOWN_ATTEMPTS = 3        # an error nobody foresaw may be a hiccup, hardly a long one
OPEN_AFTER = 3              # Unreachable in a row
OPEN_FIRST, OPEN_LONGEST = 10.0, 300.0      # seconds


@dataclass(frozen=True)
class Retry:
    """Try again in ``delay`` seconds."""

    delay: float


@dataclass(frozen=True)
class Fail:
    """Give up; ``reason`` says why no further attempt is made."""

    reason: str


def decide(error, attempt, *, max_attempts=8, base=2.0, cap=300.0, jitter=random.random):
    """What follows when attempt number ``attempt`` (from 1) ended with ``error``.

    The delay doubles from ``base`` to ``cap`` seconds; ``jitter`` (0 to 1) places it in the upper half of that, so that
    what failed together does not come back together. An ``after`` of the other side is the least we wait.
    """
    if isinstance(error, DriverError) and not isinstance(error, Retryable):
        return Fail('trying again cannot help')
    limit = max_attempts if isinstance(error, Retryable) else min(UNKNOWN_ATTEMPTS, max_attempts)
    if attempt >= limit:
        return Fail(f'attempt {attempt} of {limit}')
    delay = _doubled(base, attempt, cap) * (1 + jitter()) / 2
    return Retry(max(delay, getattr(error, 'after', None) or 0.0))


@dataclass(frozen=True)
class Breaker:
    """Of one node. ``failures``: Unreachable in a row; ``open_until``: no work for the node before, epoch seconds.

    Once that time is over one attempt may go through (half-open): its outcome closes the breaker or opens it for
    twice as long.
    """

    failures: int = 0
    open_until: float | None = None

    def allows(self, now):
        return self.open_until is None or now >= self.open_until

    def record(self, error, now):
        """The breaker after an attempt that ended with ``error`` (None: well). Any answer of the node closes it."""
        if error is not None and not isinstance(error, DriverError):
            return self                     # a fault of ours says nothing about the node
        if not isinstance(error, Unreachable):
            return Breaker()
        failures = self.failures + 1
        if failures < OPEN_AFTER:
            return Breaker(failures)
        return Breaker(failures, now + _doubled(OPEN_FIRST, failures - OPEN_AFTER + 1, OPEN_LONGEST))


def _doubled(first, turn, longest):
    """``first``, twice, four times… ``longest`` at most; large turns do not overflow."""
    return min(first * 2.0 ** min(turn - 1, 60), longest)
