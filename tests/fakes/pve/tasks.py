"""Tasks that take their time, tell of progress, fail or warn on demand, die with their node, and move real containers.

A mixin of fakepve's model, whose bodies of tasks all ``pause`` where the node works: there the container's runtime does
its part, while locks are held as on a real node.
"""
import asyncio
import contextvars
import re
import time

from fakepve.model import TaskError

_CURRENT = contextvars.ContextVar('task', default=None)
# What the runtime does at the first, second … pause of a task.
STEPS = {'vzclone': ('clone',), 'vzcreate': ('create', 'start'), 'vzrestore': ('restore', 'start'), 'vzstart': ('start',),
         'vzstop': ('stop',), 'vzshutdown': ('shutdown',), 'vzreboot': ('shutdown', 'start'), 'vzdestroy': ('destroy',),
         'vztemplate': ('template',), 'vzsnapshot': ('snapshot',), 'vzdelsnapshot': ('delsnapshot',),
         'vzrollback': ('rollback', 'start'), 'vzdump': ('backup',), 'hastart': ('start',), 'hastop': ('shutdown',)}
PROGRESS = 4        # lines that a slow task writes on its way


class _Running:
    """What is known of a task besides what the API shows."""

    def __init__(self, record, fault, container):
        self.record, self.fault, self.container = record, fault, container
        self.steps, self.job, self.worked = list(STEPS.get(record['type'], ())), None, False


class Tasks:
    """``slow``: [(regular expression of types, seconds)]; ``details``: {vmid: what a handler knew and the task needs}."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.slow, self.details, self._jobs, self.dead_tasks = [], {}, {}, []

    async def task(self, node, ttype, tid, user, body, vm=None, lock=True, log=()):
        upid, pid, start = self._upid(node, ttype, tid, user)
        record = {'upid': upid, 'node': node, 'pid': pid, 'pstart': pid * 7, 'starttime': start, 'type': ttype,
                  'id': str(tid), 'user': user, 'status': 'running', 'log': list(log)}
        self.tasks[upid] = record
        self.tasklog.append(record)
        number = vm.vmid if vm is not None else int(tid) if str(tid).isdigit() else 0
        running = _Running(record, self.faults.task(ttype, number), number)
        running.job = asyncio.ensure_future(self._run(running, body, vm if lock else None))
        self._jobs[upid] = running
        return upid

    async def _run(self, running, body, locked):
        _CURRENT.set(running)
        record = running.record
        try:
            status = await self._locked(record['upid'], body, locked, record)
        except TaskError as error:
            status = str(error)
            record['log'].append(status)
        except asyncio.CancelledError:      # its node died: nobody is there to say so
            self.dead_tasks.append(record)
            return
        finally:
            self._jobs.pop(record['upid'], None)
        if status == 'OK' and running.fault and running.fault['kind'] == 'warnings':
            status = 'WARNINGS: 1'
            record['log'].append(f'WARN: {running.fault.get("message") or "something to look at"}')
        self._end(record, status)

    async def _locked(self, upid, body, locked, record):
        if locked is not None:
            await self.acquire(locked, upid)
        try:
            note = await body()
            if note:
                record['log'].append(note)
        finally:
            if locked is not None:
                self.release(locked, upid)
        return 'OK'

    def _end(self, record, status):
        self.changed()
        record.update(status='stopped', exitstatus=status, endtime=int(time.time()))
        word = 'TASK OK' if status == 'OK' else f'TASK {status}' if status.startswith('WARNINGS') else f'TASK ERROR: {status}'
        record['log'].append(word)

    async def pause(self, secs):
        """In a task this is where the node works: slowly if that is wished, in vain if that is, and on real containers."""
        running = _CURRENT.get()
        if running is None:
            return await super().pause(secs)
        if not running.worked:
            running.worked = True
            secs += sum(seconds for pattern, seconds in self.slow if re.search(pattern, running.record['type']))
        await self._progress(running.record, secs)
        if running.fault and running.fault['kind'] == 'task':
            raise TaskError(running.fault['message'])
        if running.steps:
            await self._work(running.steps.pop(0), running)

    @staticmethod
    async def _progress(record, secs):
        if secs < 1:
            return await asyncio.sleep(secs)
        for quarter in range(1, PROGRESS + 1):
            await asyncio.sleep(secs / PROGRESS)
            record['log'].append(f'transferred {quarter * 512}.0 MiB of 2.0 GiB ({quarter * 100 / PROGRESS:.2f}%)')

    async def _work(self, step, running):
        """The runtime's part, in a thread of its own; what it cannot do is the task's end."""
        if step == 'start' and (container := self.ct(running.container)):
            self._apply(container)
        try:
            await asyncio.to_thread(self.runtime.act, step, self.described(running))
        except Exception as error:
            raise TaskError(f'{step} of CT {running.container} failed: {error}') from error

    def described(self, running):
        """For the runtime: plain values only."""
        container = self.ct(running.container)
        return {'vmid': running.container, 'source': int(running.record['id'] or 0), **self.details.get(running.container, {}),
                **(self.plainly(container) if container else {'node': '', 'config': {}})}

    # -- nodes that die -----------------------------------------------------------------------------------------------
    def kill_tasks(self, node):
        for running in list(self._jobs.values()):
            if running.record['node'] == node:
                running.job.cancel()

    def bury_tasks(self, node):
        """The node is back: what ran on it has ended without a word."""
        for record in [record for record in self.dead_tasks if record['node'] == node]:
            self.dead_tasks.remove(record)
            self._end(record, 'unexpected status')
