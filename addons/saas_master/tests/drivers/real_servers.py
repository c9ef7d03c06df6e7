"""Finding and starting the real servers that the driver tests talk to."""
import os
import shutil
import socket
import time
from pathlib import Path

import pytest

SBIN = os.pathsep.join((os.environ.get('PATH', ''), '/usr/local/sbin', '/usr/sbin', '/sbin'))


def program(name, variable, package):
    """Path of a server's binary: a test whose server is missing fails and says what to install."""
    found = os.environ.get(variable) or shutil.which(name, path=SBIN)
    if not found or not os.access(found, os.X_OK):
        pytest.fail(f'{name} is missing: install it (Debian: `apt-get install {package}`) '
                    f'or name its binary in {variable}.', pytrace=False)
    return os.path.abspath(found)


def free_port():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


def wait_until(condition, what, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f'{what} did not happen in {seconds} s'
        time.sleep(0.02)


def listening(port):
    with socket.socket() as client:
        return client.connect_ex(('127.0.0.1', port)) == 0


def alive(pid):
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid):
    """Process ids; none of a process that is gone."""
    try:
        return set(map(int, Path(f'/proc/{pid}/task/{pid}/children').read_text().split()))
    except (FileNotFoundError, ProcessLookupError):
        return set()
