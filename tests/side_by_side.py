"""What is tested at the same time: for each lane a process of ``tests.run_all``, whose lines are passed on under its name.

Most of a suite is waiting for a browser, a server or a cron: two lanes together take little longer than one.
"""
import json
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass

from .stack.settings import CHECKOUT
from .suites import Result

END_SECONDS = 60        # for one that is told to end: it takes its stack down
SECOND_HALF = ('journey', 'crash', 'privileged', 'fuzz', 'docker')      # take about as long as all other parts


@dataclass(frozen=True)
class Lane:
    """Parts of one series' tests, one after the other on a stack of their own. ``is_first``: what need not be tested on every
    series is tested in it, and it is noted which lines the tests of drivers and addons reach."""

    name: str
    series: str
    parts: tuple
    is_first: bool = False


def lanes(present, parts):
    """Each of the ``present`` series is a lane; a single one has two, so that it takes half the time."""
    if len(present) > 1:
        return [Lane(series, series, tuple(parts), series == present[0]) for series in present]
    series, = present
    halves = [Lane(series, series, tuple(part for part in parts if part not in SECOND_HALF), is_first=True),
              Lane(f'{series}-second', series, tuple(part for part in parts if part in SECOND_HALF))]
    return [half for half in halves if half.parts]


def run(settings, lanes, options):
    """Results of all lanes, in their order."""
    children = []
    try:
        for lane in lanes:
            children.append(Child(settings, lane, options))
        return [result for child in children for result in child.results()]
    finally:
        for child in children:
            child.end()


def write_results(path, results):
    path.write_text(json.dumps([asdict(result) for result in results]))


def read_results(path, name, code):
    if not path.exists():
        return [Result(name, failed=1, complaints=[f'its tests ended with {code} and left no result'])]
    return [Result(**values) for values in json.loads(path.read_text())]


class Child:
    def __init__(self, settings, lane, options):
        self.lane, self.file = lane, settings.state / 'tests' / f'{lane.name}.json'
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.unlink(missing_ok=True)
        argv = [sys.executable, '-m', 'tests.run_all', '--lane', lane.name, '--series', lane.series, '--results', str(self.file)]
        argv += [*['--first'] * lane.is_first, *['--keep'] * options.keep, '--only', *lane.parts, '--', *options.pytest]
        self.process = subprocess.Popen(argv, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors='replace')
        self.reader = threading.Thread(target=self._pass_on, daemon=True)
        self.reader.start()

    def _pass_on(self):
        for line in self.process.stdout:
            print(f'{self.lane.name} | {line}', end='', flush=True)

    def results(self):
        code = self.process.wait()
        self.reader.join(10)
        return read_results(self.file, self.lane.name, code)

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.reader.join(10)
        self.process.stdout.close()
