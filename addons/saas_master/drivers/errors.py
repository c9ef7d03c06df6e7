"""What a driver may raise. The kind of error is the retry policy: see ``retry.decide``."""


class DriverError(Exception):
    """Base of the errors below; nothing else leaves a driver.

    ``problem``: a code for what is wrong, where a person is told so in his own language, with ``words`` of the other
    side; '' if there is none.
    """

    def __init__(self, message, problem=''):
        super().__init__(message)
        self.problem, self.words = problem, message


class Retryable(DriverError):
    """It may work later. ``after``: seconds the other side asked us to wait, None to let the policy decide."""

    def __init__(self, message, after=None, problem=''):
        super().__init__(message, problem)
        self.after = after


class Unreachable(Retryable):
    """The node itself does not answer; what trips its breaker."""


class Permanent(DriverError):
    """Trying again cannot help; somebody has to change something first, and the message says what."""


class AuthError(DriverError):
    """The other side refused our credentials or showed a key that is not the pinned one."""


class NotFound(DriverError):
    """What was asked for does not exist there."""
