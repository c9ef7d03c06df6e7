"""What goes wrong on demand, the next so many times that a call fits.

A fault: ``{"method": "POST", "path": "<regex>", "kind": …, "times": 1, "skip": 0, "when": "before" | "after"}``.
"""
import re


class Faults:
    """Kept in memory: a restarted service is a well one."""

    def __init__(self, kinds):
        self.kinds, self._waiting = kinds, []

    def add(self, fault):
        if fault.get('kind') not in self.kinds:
            raise ValueError(f'kind must be one of {", ".join(self.kinds)}')
        self._waiting.append({'times': 1, 'skip': 0, 'when': 'before', **fault})

    def clear(self):
        self._waiting.clear()

    @property
    def waiting(self):
        return list(self._waiting)

    def take(self, method, path):
        """The first that fits; used up as often as it says."""
        for fault in self._waiting:
            if fault.get('method') not in (None, method) or not re.search(fault.get('path', ''), path):
                continue
            if fault['skip']:
                fault['skip'] -= 1
                continue
            fault['times'] -= 1
            if not fault['times']:
                self._waiting.remove(fault)
            return fault
        return None
