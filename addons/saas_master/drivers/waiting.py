"""The answer of a step whose work goes on elsewhere."""
from dataclasses import dataclass


@dataclass(frozen=True)
class NotYet:
    """Look again in ``after`` seconds; not an error and not counted as an attempt.

    ``task``: what the other side calls the work (a UPID); the step keeps it and has it at the next look.
    """

    after: float
    note: str = ''
    task: str = ''
