"""Programs that outlive the command that started them, and end when they are told to.

Every process of a stack carries the stack's state folder in its environment, so that whatever its own children
started is found too. A pid file names the process by its start time as well: a number that the system has given to
somebody else meanwhile is never killed.
"""
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from .ports import wait_until
from .report import Problem, last_lines, say

MARK = 'SAAS_STACK'
_children = []      # their Popen objects: a long-lived parent must reap them, and nobody else keeps a reference


@dataclass
class Service:
    """One program: ``state`` is the stack's folder, ``fingerprint`` changes when it has to be started anew.

    Name and folder are enough to look at it and to end it.
    """

    name: str
    state: Path
    argv: list = ()
    env: dict = field(default_factory=dict)
    fingerprint: str = ''
    stop_signals: tuple = (signal.SIGTERM,)
    user: str | None = None

    @property
    def log(self):
        return self.state / 'log' / f'{self.name}.log'

    @property
    def pid_file(self):
        return self.state / 'run' / f'{self.name}.json'

    def pid(self):
        """The running process, or None."""
        record = self._record()
        if record and _identity(record['pid']) == record['identity']:
            return record['pid']
        return None

    def is_current(self):
        return self.pid() is not None and self._record()['fingerprint'] == self.fingerprint

    def crashed(self):
        """It was started and has not been stopped, yet it is gone."""
        return self._record() is not None and self.pid() is None

    def start(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        other = {'user': self.user, 'group': _group(self.user), 'extra_groups': []} if self.user else {}
        with self.log.open('ab') as log:
            log.write(f'--- {time.strftime("%Y-%m-%d %H:%M:%S")} start\n'.encode())
            process = subprocess.Popen(
                [str(word) for word in self.argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd='/',
                env={**base_environment(), **self.env, MARK: str(self.state)}, start_new_session=True, **other)
        _children.append(process)
        self.pid_file.write_text(json.dumps({
            'pid': process.pid, 'identity': _identity(process.pid), 'fingerprint': self.fingerprint,
            'stop_signals': self.stop_signals}))

    def wait(self, ready, seconds):
        """Until ``ready()``; a Problem with the end of its log if it dies or takes too long."""
        if not wait_until(lambda: self.pid() is None or ready(), seconds):
            raise Problem(f'{self.name} does not answer after {seconds} s; see {self.log}:{self.tail()}')
        if self.pid() is None:
            raise Problem(f'{self.name} ended by itself; see {self.log}:{self.tail()}')

    def stop(self, seconds=10):
        """Politely, then less so; its process group goes with it. Harmless if it does not run."""
        pid = self.pid()
        for number in (*self._record()['stop_signals'], signal.SIGKILL) if pid else ():
            send = os.killpg if number == signal.SIGKILL else os.kill
            _quietly(send, pid, number)
            if wait_until(lambda: self.pid() is None, seconds):
                break
        self.pid_file.unlink(missing_ok=True)
        return pid is not None

    def kill(self):
        """As a power cut would: no time to clean up. Its pid file stays, so that it counts as crashed."""
        pid = self.pid()
        if pid:
            _quietly(os.killpg, pid, signal.SIGKILL)
            wait_until(lambda: self.pid() is None, 10)

    def tail(self, count=12):
        return last_lines(self.log.read_text(errors='replace') if self.log.exists() else '', count)

    def _record(self):
        try:
            return json.loads(self.pid_file.read_text())
        except (OSError, ValueError):
            return None


def base_environment():
    """Ours without what would lead another Python or Odoo astray."""
    unwanted = ('PYTHONPATH', 'PYTHONHOME', 'VIRTUAL_ENV', 'ODOO_RC', 'OPENERP_SERVER')
    kept = {name: value for name, value in os.environ.items()
            if name not in unwanted and not name.startswith('PG')}
    return {**kept, 'TZ': 'UTC', 'LANG': 'C.UTF-8', 'LC_ALL': 'C.UTF-8'}


def run(argv, what, remedy='', seconds=600, **options):
    """Run a program to its end and return what it printed; a Problem with its last words if it fails."""
    options.setdefault('env', base_environment())
    try:
        done = subprocess.run([str(word) for word in argv], stdin=None if 'input' in options else subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
                              timeout=seconds, **options)
    except subprocess.TimeoutExpired:
        raise Problem(f'{what} took more than {seconds} s. {remedy}'.strip()) from None
    except OSError as error:
        raise Problem(f'{what} failed: {error}. {remedy}'.strip()) from None
    if done.returncode:
        raise Problem(f'{what} failed. {remedy}'.strip() + last_lines(done.stdout))
    return done.stdout


def strays(state):
    """Processes that carry this stack's mark, whoever started them. nginx writes its title over its environment, but
    that names its configuration."""
    mark, nginx = f'{MARK}={state}'.encode(), f' -c {state}/nginx/nginx.conf '.encode()
    for entry in Path('/proc').glob('[0-9]*'):
        try:
            title = (entry / 'cmdline').read_bytes()
            marked = mark in (entry / 'environ').read_bytes().split(b'\0')
        except OSError:  # another user's, or gone
            continue
        if int(entry.name) != os.getpid() and (marked or title.startswith(b'nginx: master') and nginx in title):
            yield int(entry.name)


def end_strays(state, seconds=5):
    """What services have left behind, such as a half-done template build."""
    found = {pid: _identity(pid) for pid in strays(state)}
    for number in (signal.SIGTERM, signal.SIGKILL):
        left = [pid for pid, identity in found.items() if identity and _identity(pid) == identity]
        if not left:
            break
        say(f'ending {len(left)} process(es) left by services: {", ".join(map(str, left))}')
        for pid in left:
            _quietly(os.kill, pid, number)
        wait_until(lambda: not any(map(_identity, found)), seconds)


def resident(pid):
    """MiB that the process keeps in memory; what it shares with its siblings is counted once, in halves and thirds."""
    try:
        text = Path(f'/proc/{pid}/smaps_rollup').read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in text.splitlines() if line.startswith('Pss:')), 0)


def resident_tree(pid):
    try:
        children = Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    except OSError:
        children = []
    return resident(pid) + sum(resident_tree(int(child)) for child in children)


def _identity(pid):
    """Boot and start time of a process that is not yet dead, else None."""
    for child in _children:
        if child.pid == pid:
            child.poll()
    try:
        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
        boot = Path('/proc/sys/kernel/random/boot_id').read_text().strip()
    except OSError:
        return None
    return None if fields[0] in 'ZX' else f'{boot} {fields[19]}'


def _group(user):
    import pwd
    return pwd.getpwnam(user).pw_gid


def _quietly(action, *arguments):
    try:
        action(*arguments)
    except ProcessLookupError:
        return
