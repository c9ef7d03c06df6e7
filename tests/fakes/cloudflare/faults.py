"""What goes wrong on demand: the kinds of fault, beyond what ``tests.fakes.faults`` says of all.

- ``status``: answers ``status`` (with ``code``, ``message``, ``headers``); ``after`` the work has been done all the same
- ``drop``: closes the connection without an answer
- ``slow``: waits for ``seconds`` before it answers
- ``garbage``: answers HTML; ``truncated``: half of the answer; ``redirect``: to ``location``
- ``partial``: a batch of which only the first ``done`` operations are carried out and reported
"""
from .answers import ApiError

KINDS = ('status', 'drop', 'slow', 'garbage', 'truncated', 'redirect', 'partial')


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
