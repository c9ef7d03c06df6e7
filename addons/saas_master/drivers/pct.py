"""Inside a container of a Proxmox VE node: ``pct exec`` on the node, which itself is reached by another transport.

``pct exec`` passes exit codes on, but uses some of its own (255, 2) when there is nothing it could run the command in;
and when it is killed, the command inside goes on. So a shell inside keeps the time limit and tells how the command
ended, at the end of stderr; without those words there was no such end, whatever ``pct`` answers.
Source: https://pve.proxmox.com/pve-docs/pct.1.html; behaviour of ``lxc-attach`` 5.0.
"""
import re
import secrets
import time

from .errors import AuthError, NotFound, Permanent, Retryable, Unreachable
from .shell_transport import ShellTransport
from .transport import NOT_FOUND, OUTPUT_LIMIT, Tail

START = 15          # seconds ``pct`` and the way to the node may take beside the command itself
REFUSED = 77        # exit code of ``saas-pct`` for what it does not allow

# Proxmox VE 8 takes the node's environment into the container; a command must find the same on every version.
CLEAN = ('env', '-i', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root',
         'LANG=C.UTF-8', 'container=lxc')
# $1 word before and after the exit code, $2 seconds, then the command
SUPERVISE = '''cd / || exit
word=$1 limit=$2; shift 2
timeout -s KILL "$limit" "$@"
printf '%s:%s:%s' "$word" "$?" "$word" >&2
'''
FIRST_SIGNAL, LAST_SIGNAL = 129, 192    # what a shell calls a command's end by signal 1 to 64

# What ``pct`` says when there is no command to run; first match counts.
PROBLEMS = (
    (r'not running|failed to get (init pid|attach context)', Retryable, 'pct_stopped', 'the container does not run'),
    (r"lxc/\d+\.conf' does not exist|is not on this node", NotFound, 'pct_missing',
     'the container is not on this node'),
    (r'is locked|lock.*timeout|got timeout', Retryable, 'pct_locked', 'the container is locked'),
)


class PctTransport(ShellTransport):
    """The container ``vmid`` of the node behind the transport ``node``, as its root.

    Beside the errors of a transport: Retryable while the container does not run, NotFound without it, AuthError when
    the node does not let us use ``pct`` there.
    """

    def __init__(self, node, vmid):
        self._node, self._vmid = node, int(vmid)

    def execute(self, argv, timeout, stdin=b'', limit=OUTPUT_LIMIT):
        """See ``transport.Transport``. Exit codes 129 to 192 count as signals: a shell calls both the same."""
        words = [str(word) for word in argv]
        if any('\0' in word for word in words):
            raise Permanent(f'{argv[0]!r} cannot be run: embedded null byte')
        word, started = f'saas-{secrets.token_hex(8)}', time.monotonic()
        command = ('pct', 'exec', str(self._vmid), '--', *CLEAN,
                   'sh', '-c', SUPERVISE, 'saas', word, f'{max(timeout, 0.001):.3f}', *words)
        try:
            code, stdout, stderr = self._node.execute(command, timeout + START, stdin, limit)
        except Unreachable:
            raise
        except Retryable as error:
            if time.monotonic() - started < timeout + START:
                raise
            raise _too_long(argv, timeout) from error
        ended, stderr = _end(stderr.bytes(), word)
        if ended is None:
            raise self._problem(code, stderr)
        if ended == -9 and time.monotonic() - started >= timeout:
            raise _too_long(argv, timeout)
        return ended, stdout, stderr

    def _problem(self, code, stderr):
        """The error for a command that did not come to its end."""
        words = stderr.text().strip()[-500:] or 'no message'
        if code == NOT_FOUND:
            return Permanent(f'The node has no command `pct`: is it one of Proxmox VE? It says: {words}', 'pct_command')
        for pattern, kind, problem, what in PROBLEMS:
            if re.search(pattern, words, re.IGNORECASE):
                return kind(f'Container {self._vmid}: {what}. pct says: {words}', problem=problem)
        if code == REFUSED:
            return AuthError(f'The node does not let us into container {self._vmid}: {words}', 'pct_refused')
        return Retryable(f'Container {self._vmid} broke off a command (pct ended with {code}): {words}',
                         problem='pct_broken')


def _too_long(argv, timeout):
    return Retryable(f'{argv[0]} was stopped: it took longer than {timeout:g} s')


def _end(data, word):
    """How the command ended, negative by a signal, None if that was not told; and stderr without those words."""
    found = re.search(f'{word}:([0-9]+):{word}'.encode(), data)
    stderr = Tail()
    stderr.feed(data[:found.start()] + data[found.end():] if found else data)
    if not found:
        return None, stderr
    code = int(found[1])
    return (128 - code if FIRST_SIGNAL <= code <= LAST_SIGNAL else code), stderr
