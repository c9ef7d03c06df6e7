"""What a look at one part of a node found."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Look:
    """``problem``: code of what is wrong, '' when it is well, 'not_asked' when what it stands on was not there;
    ``values``: plain words and numbers for the sentence that says so."""

    part: str
    problem: str = ''
    values: dict = field(default_factory=dict)

    @property
    def state(self):
        return {'': 'ok', 'not_asked': 'skipped'}.get(self.problem, 'bad')


class Wrong(Exception):
    """Raised inside a look; never leaves the driver."""

    def __init__(self, problem, **values):
        super().__init__(problem)
        self.problem, self.values = problem, values
