"""The answer of a step whose work goes on elsewhere."""
from dataclasses import dataclass


@dataclass(frozen=True)
class NotYet:
    """Look again in ``after`` seconds; not an error and not counted as an attempt."""

    after: float
    note: str = ''
