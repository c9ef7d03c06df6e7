"""Ports on the loopback address: are they free, and who has them if not."""
import contextlib
import errno
import os
import secrets
import socket
import time
from pathlib import Path

from .report import Problem

LOOPBACK = '127.0.0.1'
_LISTEN = '0A'


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise Problem(f'Port {port} may not be used by this user: choose one above 1023.') from None
            return False
    return True


def unused():
    """A port nobody uses now; the kernel does not hand it out again soon."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def loopback_subnet():
    """Three numbers of a network of this machine's own, for what listens at a fixed port; another one for each caller."""
    return f'127.{secrets.randbelow(190) + 64}.{secrets.randbelow(254) + 1}'


def require_free(port, purpose, variable):
    if is_free(port):
        return
    who = owner(port)
    raise Problem(f'Port {port}, which {purpose} needs, is taken{f" by {who}" if who else ""}: '
                  f'stop that or choose another port with {variable}=<number>.')


def owner(port):
    """'nginx (process 123)' for whoever listens on the port, '' if that cannot be seen."""
    inodes = _listening_inodes(port)
    for process in Path('/proc').glob('[0-9]*') if inodes else ():
        with contextlib.suppress(OSError):      # another user's, or gone
            if any(_target(link) in inodes for link in (process / 'fd').iterdir()):
                return f'{(process / "comm").read_text().strip()} (process {process.name})'
    return ''


def _target(link):
    try:
        return os.readlink(link)
    except OSError:     # closed meanwhile
        return ''


def _listening_inodes(port):
    inodes = set()
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in map(str.split, rows):
            if row[3] == _LISTEN and int(row[1].rpartition(':')[2], 16) == port:
                inodes.add(f'socket:[{row[9]}]')
    return inodes


def answers(port):
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(condition, seconds, pause=0.05):
    """True as soon as ``condition()`` is true, False after ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(pause)
    return bool(condition())
