"""What goes wrong on demand: see ``Control.fail``. Kept in memory: a restarted service is a well one."""
import random
import re

CALLS = ('error', 'drop', 'drop_after', 'error_after', 'hang', 'html')
TASKS = ('task', 'warnings')
KINDS = (*CALLS, *TASKS, 'collide')


class Faults:
    def __init__(self):
        self.waiting = []
        self.chance = random.Random()

    def add(self, fault):
        if fault.get('kind') not in KINDS:
            raise ValueError(f'kind must be one of {", ".join(KINDS)}')
        self.waiting.append({'times': 1, 'skip': 0, 'percent': None, **fault})

    def call(self, method, path):
        """The first for this call, or None."""
        return self._take(lambda fault: fault['kind'] in CALLS and fault.get('method') in (None, method)
                          and re.search(fault.get('path') or '', path))

    def task(self, type, vmid):
        return self._take(lambda fault: fault['kind'] in TASKS and re.search(fault.get('type') or '', type)
                          and fault.get('vmid') in (None, vmid))

    def collision(self):
        return self._take(lambda fault: fault['kind'] == 'collide')

    def _take(self, fits):
        for fault in self.waiting:
            if fits(fault) and self._happens(fault):
                return fault
        return None

    def _happens(self, fault):
        if fault['percent'] is not None and self.chance.uniform(0, 100) >= fault['percent']:
            return False
        if fault['skip']:
            fault['skip'] -= 1
            return False
        if fault['times'] is not None:
            fault['times'] -= 1
            if fault['times'] <= 0:
                self.waiting.remove(fault)
        return True
