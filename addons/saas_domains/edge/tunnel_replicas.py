"""Running cloudflareds of one tunnel on a node: the next one serves before the last one is told to go.

Each replica is a name (1, 2, …) in a folder: ``.lock``, held by its process as long as it lives, so that no reused
number deceives; ``.pid``, written by the process itself under that lock; ``.facts``, the digest of the file it was
started with and the port of its metrics; ``.log``; ``.stopping`` once it was told to go. A worker that is killed at any
point leaves replicas that the next one finds there and adopts.
"""
import re
from dataclasses import dataclass

from ...saas_master.drivers.errors import NotFound, Permanent, Retryable

PORTS = range(20250, 20350)     # for metrics; cloudflared itself takes 20241 to 20245
NAMES = [str(number) for number in range(1, 10)]
LISTEN = '0A'

LOOK = r'''
cd "$1" 2>/dev/null || exit 0
for lock in *.lock; do
    [ -e "$lock" ] || continue
    name=${lock%.lock}
    flock -n -s "$lock" true && continue
    age=-1
    [ ! -e "$name.stopping" ] || age=$(( $(date +%s) - $(stat -c %Y "$name.stopping") ))
    echo "$name $(cat "$name.pid" 2>/dev/null || echo 0) $age $(cat "$name.facts" 2>/dev/null || echo - 0)"
done
'''

START = r'''
set -eu
umask 077
mkdir -p "$1"; cd "$1"; name=$2 facts=$3; shift 3
exec 9>>"$name.lock"
flock -w 2 9 || { echo "replica $name is there already" >&2; exit 75; }
rm -f "$name.stopping" "$name.pid"
echo "$facts" > "$name.facts.new"; mv "$name.facts.new" "$name.facts"
setsid nohup sh -c 'echo $$ > "$0.pid"; exec "$@"' "$name" "$@" >"$name.log" 2>&1 </dev/null &
'''

# 3: it ended, 4: not ready in time
WAIT = r'''
cd "$1"; name=$2 port=$3; end=$(( $(date +%s) + $4 ))
ready() {
    ( exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'GET /ready HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3 &&
      read -r -t 2 _version status _words <&3 && [ "$status" = 200 ] ) 2>/dev/null
}
dead() { [ "$name" != - ] && flock -n -s "$name.lock" true; }
while true; do
    if dead; then code=3; break; fi
    if ready && ! dead; then exit 0; fi
    if [ "$(date +%s)" -ge "$end" ]; then code=4; break; fi
    sleep 0.1
done
tail -c 1500 "$name.log" 2>/dev/null || true
exit $code
'''

STOP = r'''
cd "$1"; name=$2
flock -n -s "$name.lock" true && exit 0
kill -s "$3" "$(cat "$name.pid")" 2>/dev/null || true
[ -e "$name.stopping" ] || : > "$name.stopping"
'''

# Paths come by stdin, lest the search finds itself.
OTHERS = r'''
cd "$1" 2>/dev/null || true
ours=" $(cat ./*.pid 2>/dev/null | tr '\n' ' ') "
for file in $(grep -lzxF -f - /proc/[0-9]*/cmdline 2>/dev/null); do
    number=${file#/proc/}; number=${number%/cmdline}
    case "$ours" in *" $number "*) continue;; esac
    grep -qzE '(^|/)[^/]*cloudflared[^/]*$' "$file" 2>/dev/null && echo "$number"
done
exit 0
'''


@dataclass(frozen=True)
class Replica:
    """A living one. ``digest``: of the file it was started with; ``stopping``: seconds since it was told to go or -1."""

    name: str
    pid: int
    stopping: int
    digest: str
    port: int


class Replicas:
    """The replicas in ``folder`` on the machine of ``transport``. One caller at a time.

    :param argv: cloudflared with what stands before ``tunnel``; :param ready_seconds: until its first connection is up;
        :param grace: seconds cloudflared gives its requests when it is told to go
    """

    def __init__(self, transport, folder, argv, config, ready_seconds=30, grace=30):
        self._transport, self.folder = transport, folder
        self._argv, self._config = tuple(argv), config
        self._ready_seconds, self._grace = ready_seconds, grace

    def bring(self, digest):
        """One replica serves the file of ``digest``, and no other does; False when that was so already.

        Retryable when none gets ready, with the end of its log; what served before goes on serving then.
        """
        found = self._tidy(self.alive())
        current = [replica for replica in found if replica.digest == digest and replica.stopping < 0]
        started = not current
        serving = self._start(digest, found) if started else current[0]
        self.wait_ready(serving.name, serving.port)
        outdated = [replica for replica in found if replica.name != serving.name and replica.stopping < 0]
        for replica in outdated:
            self._run(STOP, replica.name, 'TERM').check(f'Stopping replica {replica.name}')
        self._refuse_others()
        return started or bool(outdated)

    def alive(self):
        lines = self._run(LOOK).check('Looking after cloudflared on the node').stdout.splitlines()
        rows = [line.split() for line in lines]
        return [Replica(name, int(pid), int(age), digest, int(port)) for name, pid, age, digest, port in rows]

    def others(self):
        """Process numbers of cloudflareds that serve the same file and are none of ours, such as a service's."""
        wanted = f'{self._config}\n--config={self._config}\n'.encode()
        result = self._transport.run(['sh', '-c', OTHERS, 'saas', self.folder], timeout=20, stdin=wanted)
        return [int(line) for line in result.stdout.split()]

    def stop(self):
        """All of them are told to go."""
        for replica in self.alive():
            if replica.stopping < 0:
                self._run(STOP, replica.name, 'TERM').check(f'Stopping replica {replica.name}')

    def wait_ready(self, name, port, seconds=None):
        """Until ``/ready`` answers 200 at ``port``; '-' for one whose process is not ours."""
        seconds = self._ready_seconds if seconds is None else seconds
        result = self._transport.run(['bash', '-c', WAIT, 'saas', self.folder if name != '-' else '/', name, str(port),
                                      str(int(seconds))], timeout=seconds + 15)
        if not result.exit_code:
            return
        log = ' '.join(result.stdout.split()) or result.stderr.strip()
        if result.exit_code == 3:
            raise Retryable(f'The new cloudflared ended by itself; the old one goes on serving. Its last words: {log}',
                            problem='tunnel_ended')
        raise Retryable(f'cloudflared is not ready after {seconds} s; what served before goes on serving. Its last '
                        f'words: {log}', problem='tunnel_not_ready')

    def _start(self, digest, found):
        free = next((name for name in NAMES if name not in {replica.name for replica in found}), None)
        port = self._free_port(found)
        if free is None or port is None:
            raise Retryable(f'{len(found)} replicas are still on their way out: wait until they have ended',
                            problem='tunnel_crowded')
        argv = (*self._argv, 'tunnel', '--no-autoupdate', '--config', self._config, '--metrics', f'127.0.0.1:{port}',
                'run')
        result = self._run(START, free, f'{digest} {port}', *argv)
        if result.exit_code == 75:
            raise Retryable(result.stderr.strip(), problem='tunnel_crowded')
        result.check('Starting cloudflared')
        return Replica(free, 0, -1, digest, port)

    def _tidy(self, found):
        """Without those that should have ended long ago."""
        overdue = [replica for replica in found if replica.stopping > self._grace + 10]
        for replica in overdue:
            self._run(STOP, replica.name, 'KILL').check(f'Ending replica {replica.name}')
        return [replica for replica in found if replica not in overdue]

    def _free_port(self, found):
        taken = {replica.port for replica in found} | self._listening()
        return next((port for port in PORTS if port not in taken), None)

    def _listening(self):
        """Ports somebody on the node listens on."""
        ports = set()
        for table in ('/proc/net/tcp', '/proc/net/tcp6'):
            try:
                rows = self._transport.get(table).decode('ascii', 'replace').splitlines()[1:]
            except (NotFound, Permanent):
                continue
            ports |= {int(row[1].rpartition(':')[2], 16) for row in map(str.split, rows) if row[3] == LISTEN}
        return ports

    def _refuse_others(self):
        others = self.others()
        if others:
            numbers = ', '.join(map(str, others))
            raise Permanent(f'Another cloudflared (process {numbers}) serves {self._config} as well and goes on with '
                            'older rules, so visitors meet either. Ours is up: end the other one for good (for the packaged '
                            'service: `systemctl disable --now cloudflared`), then try again.', 'tunnel_other')

    def _run(self, script, *arguments):
        return self._transport.run(['sh', '-c', script, 'saas', self.folder, *arguments], timeout=30)


def metrics_port(document):
    """Of what a config.yml says under ``metrics``; None if nothing that can be asked."""
    match = re.fullmatch(r'(?:localhost|127\.0\.0\.1|0\.0\.0\.0)?:([0-9]{2,5})', str(document.get('metrics') or ''))
    return int(match[1]) if match else None
