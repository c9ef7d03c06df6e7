"""Long work of Proxmox VE: started, then watched by its UPID, wherever the watcher runs.

A UPID is ``UPID:node:pid:pstart:starttime:type:id:user:``. A task succeeded when it ends with ``OK`` or
``WARNINGS: n``; whatever else it ends with is what went wrong.
"""
import re
import time
from dataclasses import dataclass

from ..errors import NotFound
from ..waiting import NotYet
from . import problems

RUNNING, OK, WARNINGS, FAILED = 'running', 'ok', 'warnings', 'failed'
LINES = 50              # of a task's log that are looked at
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.25     # seconds between two looks while we wait for it
PATIENCE = 3.0          # seconds a step waits for a task before it lets its worker go
LOOK_AGAIN = 1.0        # seconds until it is looked at again
UPID = re.compile(r'UPID:(?P<node>[^:]+):[0-9A-Fa-f]+:[0-9A-Fa-f]+:[0-9A-Fa-f]+:(?P<type>[^:]+):(?P<id>[^:]*):[^:]+:')


@dataclass(frozen=True)
class TaskState:
    """``said``: its exit status; ``log``: the end of its log, where a copy tells how far it is."""

    status: str
    said: str = ''
    log: tuple = ()

    @property
    def words(self):
        """The last line that says something."""
        return next((line for line in reversed(self.log) if line.strip() and not line.startswith('TASK ')), '')


def node_of(upid):
    """Where the task runs, which is not always where it was asked for. NotFound for what is no UPID."""
    match = UPID.fullmatch(upid or '')
    if not match:
        raise NotFound(f'{upid!r} is no UPID of Proxmox VE.', 'pve_missing')
    return match['node']


def is_queued(upid):
    """The HA manager only takes a note by this task, and acts later: what counts is the state of the guest."""
    match = UPID.fullmatch(upid or '')
    return bool(match) and match['type'].startswith('ha')


def look(session, upid):
    """:raises NotFound: nobody knows this task any more"""
    path = f'nodes/{node_of(upid)}/tasks/{upid}'
    found = session.get(f'{path}/status')
    said = found.get('exitstatus') or ''
    if found.get('status') != 'stopped':
        return TaskState(RUNNING, '', _log(session, path))
    if said == 'OK':
        return TaskState(OK, said)
    status = WARNINGS if said.startswith('WARNINGS') else FAILED
    return TaskState(status, said, _log(session, path))


def watch(session, upid, what, patience=None):
    """None once the task has succeeded, NotYet with its UPID and last words while it goes on.

    ``what`` was tried, for the error of a task that failed. An answer that is no UPID is work that was done at once
    (``OK``), as the backup of a guest that is excluded.
    """
    if not UPID.fullmatch(upid or ''):
        return None
    deadline, pause = time.monotonic() + (PATIENCE if patience is None else patience), FIRST_PAUSE
    while True:
        state = look(session, upid)
        if state.status in (OK, WARNINGS):
            return None
        if state.status == FAILED:
            raise problems.of_sentence(_failure(state), what)
        if time.monotonic() + pause > deadline:
            return NotYet(LOOK_AGAIN, state.words, upid)
        time.sleep(pause)
        pause = min(pause * 1.6, LONGEST_PAUSE)


def active(session, node, kinds):
    """UPIDs of what runs on ``node``, of these types."""
    rows = session.get(f'nodes/{node}/tasks', source='active')
    return [row['upid'] for row in rows if row.get('type') in kinds and row.get('status', 'RUNNING') in ('RUNNING', 'running')]


def _failure(state):
    return f'{state.said} ({state.words})' if state.words and state.words not in state.said else state.said


def _log(session, path):
    rows = session.get(f'{path}/log', start=0, limit=LINES)
    return tuple(row.get('t') or '' for row in rows or ())
