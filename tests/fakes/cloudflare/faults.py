"""What goes wrong on demand.

A fault: ``{"method": "POST", "path": "<regex>", "kind": …, "times": 1, "skip": 0, "when": "before" | "after"}``. Kinds:

- ``status``: answers ``status`` (with ``code``, ``message``, ``headers``); ``after`` the work has been done all the same
- ``drop``: closes the connection without an answer
- ``slow``: waits for ``seconds`` before it answers
- ``garbage``: answers HTML; ``truncated``: half of the answer; ``redirect``: to ``location``
- ``partial``: a batch of which only the first ``done`` operations are carried out and reported
"""
import re

from .answers import ApiError

KINDS = ('status', 'drop', 'slow', 'garbage', 'truncated', 'redirect', 'partial')


class Faults:
    """Kept in memory: a restarted Cloudflare is a well one."""

    def __init__(self):
        self._waiting = []

    def add(self, fault):
        if fault.get('kind') not in KINDS:
            raise ApiError(400, 1004, f'kind must be one of {", ".join(KINDS)}')
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


def error_of(fault):
    status = fault.get('status', 500)
    return ApiError(status, fault.get('code', 10000 + status), fault.get('message', 'Internal Server Error'),
                    headers=fault.get('headers'))


def shortened(body, done):
    """The first ``done`` operations of a batch, in its own order."""
    left, kept = done, {}
    for name in ('deletes', 'patches', 'puts', 'posts'):
        kept[name] = (body.get(name) or [])[:left]
        left -= len(kept[name])
    return {name: rows for name, rows in kept.items() if rows}
