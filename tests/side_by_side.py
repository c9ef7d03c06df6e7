"""Several series at the same time: for each a process of ``tests.run_all``, whose lines are passed on under its name.

Most of a suite is waiting for a browser, a server or a cron: two series together take little longer than one.
"""
import json
import subprocess
import sys
import threading
from dataclasses import asdict

from .stack.settings import CHECKOUT
from .suites import Result

END_SECONDS = 60        # for one that is told to end: it takes its stack down


def run(settings, present, options):
    """Results of all ``present`` series, in their order."""
    children = []
    try:
        for series in present:
            children.append(Child(settings, series, ['--first'] * (series == present[0]), options))
        return [result for child in children for result in child.results()]
    finally:
        for child in children:
            child.end()


def write_results(path, results):
    path.write_text(json.dumps([asdict(result) for result in results]))


def read_results(path, series, code):
    if not path.exists():
        return [Result(series, failed=1, complaints=[f'its tests ended with {code} and left no result'])]
    return [Result(**values) for values in json.loads(path.read_text())]


class Child:
    def __init__(self, settings, series, roles, options):
        self.series, self.file = series, settings.state / 'tests' / f'{series}.json'
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.unlink(missing_ok=True)
        argv = [sys.executable, '-m', 'tests.run_all', '--series', series, '--results', str(self.file), '--only', *options.only]
        argv += [*roles, *['--keep'] * options.keep, '--', *options.pytest]
        self.process = subprocess.Popen(argv, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors='replace')
        self.reader = threading.Thread(target=self._pass_on, daemon=True)
        self.reader.start()

    def _pass_on(self):
        for line in self.process.stdout:
            print(f'{self.series} | {line}', end='', flush=True)

    def results(self):
        code = self.process.wait()
        self.reader.join(10)
        return read_results(self.file, self.series, code)

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.reader.join(10)
        self.process.stdout.close()
