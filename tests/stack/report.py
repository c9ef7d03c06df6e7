"""What the stack says while it works, and the one kind of error a person is meant to read."""
import contextlib
import sys
import threading
import time

_started = time.monotonic()
_lock = threading.Lock()


class Problem(Exception):
    """One sentence: what is missing and what to do about it. The command line prints it without a traceback."""


def say(text):
    """Print a progress line with the seconds since the start; safe from several threads."""
    with _lock:
        print(f'[{time.monotonic() - _started:6.1f} s] {text}', file=sys.stderr, flush=True)


@contextlib.contextmanager
def doing(what):
    """Announce work that takes a while, and how long it took if that was long."""
    say(f'{what} …')
    begun = time.monotonic()
    yield
    taken = time.monotonic() - begun
    if taken >= 2:
        say(f'{what}: {taken:.1f} s')


def last_lines(text, count=8):
    """The end of a program's output, indented to stand under a sentence."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return ''.join(f'\n    {line[:300]}' for line in lines[-count:])
