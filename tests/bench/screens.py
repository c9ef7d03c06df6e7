"""What staff, customers and programs look at, with ten thousand tenants against a hundred."""
import contextlib
import json
import statistics
import subprocess

from ..stack import processes
from ..stack.settings import CHECKOUT
from .figures import Row

WARM, ROUNDS = 4, 21
MUST = 1.5
SCREENS = {
    'list': 'tenants list', 'kanban': 'tenants kanban, 5 cards a column', 'dashboard': 'dashboard', 'portal': 'portal list',
    'rest': 'GET /api/tenants'}


class Worker:
    """A process of ``screens_worker``, or of one like it, on one copy."""

    def __init__(self, stack, config, database, count, module):
        environment = {**processes.base_environment(), **stack.runtime.environment('master')}
        environment['PYTHONPATH'] = f'{environment["PYTHONPATH"]}:{CHECKOUT}'
        self.process = subprocess.Popen(
            [stack.python, '-m', module, str(config), database, str(count)], text=True, cwd=CHECKOUT, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.session = self._answer()['staff_session']

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f'A process of the benchmark ended with {self.process.wait()}; its words are above.')
        return json.loads(line)

    def measure(self, screen):
        self.process.stdin.write(f'{screen}\n')
        self.process.stdin.flush()
        return self._answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


@contextlib.contextmanager
def workers(stack, config, databases, module='tests.bench.screens_worker'):
    """``{records: Worker}``, each warm once it answers."""
    made = {}
    try:
        for count, database in databases.items():
            made[count] = Worker(stack, config, database, count, module)
        yield made
    finally:
        for worker in made.values():
            worker.close()


def rows(few, many, screens=None, sizes=('10,000', '100', 'tenants')):
    """Two rows for each screen, time and queries. ``few`` and ``many``: workers, asked by turns."""
    large_size, small_size, records = sizes
    for screen, what in (screens or SCREENS).items():
        error = next(filter(None, (worker.measure(screen).get('error') for worker in (few, many))), None)
        if error:
            yield Row(f'{what}: {error}', '–', '–', float('inf'), MUST)
            continue
        pairs = _by_turns(few, many, screen)
        small, large = (statistics.median(pair[side]['seconds'] for pair in pairs) * 1000 for side in (0, 1))
        yield Row(f'{what}: {large_size} {records} against {small_size}, median of {ROUNDS}', f'{large:.1f} ms',
                  f'{small:.1f} ms', large / small, MUST)
        small, large = (statistics.median(pair[side]['queries'] for pair in pairs) for side in (0, 1))
        yield Row(f'{what}: queries more than with {small_size} {records}', f'{large:g}', f'{small:g}', abs(large - small), 0)


def _by_turns(few, many, screen):
    for _round in range(WARM):
        few.measure(screen), many.measure(screen)
    return [(few.measure(screen), many.measure(screen)) for _round in range(ROUNDS)]
