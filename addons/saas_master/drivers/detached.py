"""Work on a node that outlives the call which starts it: started once, then watched, wherever the watcher runs.

A job is a folder with ``<name>.sh``, its log, its process group and, once it ended, its exit code. It holds a lock
while any process of it lives (they inherit it), so that neither a reused process number nor a killed parent deceives.
"""
import shlex
from dataclasses import dataclass

from .errors import Permanent

RUNNING, DONE, FAILED, KILLED, ABSENT = 'running', 'done', 'failed', 'killed', 'absent'
TAIL = 4000         # bytes of the log that are looked at

START = '''
set -eu
cd "$1"; job=$2
exec 9>>"$job.lock"
flock -n 9 || exit 0
[ ! -e "$job.log" ] || [ -e "$job.told" ] || exit 0
rm -f "$job.exit" "$job.told"
setsid nohup sh "$job.sh" >"$job.log" 2>&1 </dev/null &
echo $! > "$job.pid"
'''

LOOK = '''
cd "$1" 2>/dev/null || { echo absent; exit 0; }
job=$2
if [ ! -e "$job.log" ]; then echo absent
elif ! flock -n -s "$job.lock" true; then echo running
elif [ -e "$job.told" ]; then echo absent
elif [ -e "$job.exit" ]; then echo "exit $(cat "$job.exit")"
else echo killed
fi
tail -c "$3" "$job.log" 2>/dev/null || true
'''

STOP = '''
cd "$1" 2>/dev/null || exit 0
for lock in *.lock; do
    [ -e "$lock" ] || continue
    job=${lock%.lock}; signal=TERM
    for try in 1 2 3 4 5 6 7 8 9 10; do
        flock -n -s "$lock" true && break
        kill -s "$signal" -- "-$(cat "$job.pid")" 2>/dev/null || true
        sleep 0.5
        [ "$try" -lt 6 ] || signal=KILL
    done
done
'''


@dataclass(frozen=True)
class State:
    """How a job does. ``log``: the end of what it said."""

    status: str
    exit_code: int | None
    log: str


class Job:
    """One job in ``folder`` on the machine of ``transport``."""

    def __init__(self, transport, folder, name):
        self.transport = transport
        self.folder = folder
        self.name = name

    def start(self, commands):
        """Run the argument vectors one after the other until one fails; a job that runs already is adopted.

        One that ended, however, stays as it is until that was told (``tell``): no failure is lost or repeated unseen.
        """
        steps = '\n'.join(f'{shlex.join(argv)} || exit_with $?' for argv in commands)
        end = f'{self.name}.exit'
        script = (f'exit_with() {{ echo "$1" > {end}.new; mv {end}.new {end}; exit "$1"; }}\n'
                  f'{steps}\nexit_with 0\n')
        if self.look().status == RUNNING:
            return
        self.transport.put(f'{self.folder}/{self.name}.sh', script.encode())
        self._run(START, self.name).check(f'Starting {self.name} on the node')

    def look(self):
        result = self._run(LOOK, self.name, str(TAIL)).check(f'Looking after {self.name} on the node')
        head, _, log = result.stdout.partition('\n')
        word, _, code = head.partition(' ')
        if word != 'exit':
            return State(word, None, log)
        code = int(code) if code.strip().isdigit() else 1
        return State(FAILED if code else DONE, code, log)

    def tell(self):
        """Its end has been told: the next ``start`` begins anew."""
        self._run('cd "$1" && : > "$2.told"', self.name).check(f'Noting the end of {self.name}')

    def _run(self, script, *arguments):
        return self.transport.run(['sh', '-c', script, 'saas', self.folder, *arguments], timeout=30)


def stop_all(transport, folder):
    """End every job of ``folder``: asked first, killed after three seconds."""
    transport.run(['sh', '-c', STOP, 'saas', folder], timeout=60).check(f'Stopping what runs in {folder}')


def last_words(log, lines=12):
    """The end of a log, where it says what went wrong."""
    kept = [line for line in log.splitlines() if line.strip()]
    return '\n'.join(kept[-lines:])


def require(state, what):
    """Raise Permanent with the log's end unless the job is done."""
    if state.status != DONE:
        raise Permanent(f'{what} failed on the node (exit code {state.exit_code}). The end of its log:\n'
                        f'{last_words(state.log)}')
