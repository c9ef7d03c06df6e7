"""Where a node's files and processes live: this machine here, another one in ``ssh``.

Both behave the same; one contract test holds them to it. Commands get no shell and only a handful of environment
variables, so that what works here works there and the master's own secrets stay with the master.
"""
import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from .errors import NotFound, Permanent, Retryable

OUTPUT_LIMIT = 1024 * 1024          # bytes kept of each of stdout and stderr: the last ones, which hold the reason
FILE_LIMIT = 64 * 1024 * 1024       # largest file ``get`` answers
NOT_EXECUTABLE, NOT_FOUND = 126, 127    # exit codes as a shell gives them
ENVIRONMENT = ('PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TMPDIR', 'XDG_CACHE_HOME')
DRAFT, DRAFT_MINUTES = '.saas-', 60      # begin of the name a killed ``put`` leaves behind; a later one removes it
_CHUNK = 65536


@dataclass(frozen=True)
class Result:
    """What a command left behind. ``exit_code``: its own; 126 or 127 as in a shell; negative if a signal ended it."""

    exit_code: int
    stdout: str
    stderr: str

    def check(self, what):
        """Itself if the command succeeded, else Permanent with ``what`` (was tried) and the end of its messages."""
        if self.exit_code:
            words = (self.stderr.strip() or self.stdout.strip() or 'no message')[-2000:]
            raise Permanent(f'{what} failed with exit code {self.exit_code}: {words}')
        return self


class Transport(Protocol):
    """A machine. Nothing but DriverError leaves a method; paths are absolute paths over there."""

    def run(self, argv: Sequence[str], timeout: float, stdin: bytes = b'') -> Result:
        """Run to the end. After ``timeout`` seconds its process group is killed and Retryable raised.

        What goes on longer than its parent must detach (``setsid``) and let go of stdout and stderr.
        """

    def execute(self, argv: Sequence[str], timeout: float, stdin: bytes = b'', limit: int = OUTPUT_LIMIT):
        """As ``run``, for output that is no text: exit code, ``Tail`` of stdout (``limit`` bytes), of stderr."""

    def put(self, path: str, data: bytes, mode: int = 0o600) -> None:
        """Write a file so that at any instant, even a power cut, the old or the new one is there, whole.

        NotFound when its folder is missing, Permanent when it cannot be written.
        """

    def get(self, path: str) -> bytes:
        """The content; NotFound without the file, Permanent when it cannot be read or exceeds FILE_LIMIT."""


class Tail:
    """The last ``limit`` bytes of what was fed."""

    def __init__(self, limit=OUTPUT_LIMIT, words=''):
        self._limit = limit
        self._data = bytearray(words.encode())

    def feed(self, chunk):
        self._data += chunk
        if len(self._data) > 2 * self._limit:
            del self._data[:-self._limit]

    def bytes(self):
        return bytes(self._data[-self._limit:])

    def text(self):
        return self.bytes().decode('utf-8', 'replace')


class LocalTransport:
    """This machine, with the rights of this process."""

    def run(self, argv, timeout, stdin=b''):
        code, stdout, stderr = self.execute(argv, timeout, stdin)
        return Result(code, stdout.text(), stderr.text())

    def execute(self, argv, timeout, stdin=b'', limit=OUTPUT_LIMIT):
        deadline = time.monotonic() + timeout
        try:
            process = subprocess.Popen(
                [os.fspath(word) for word in argv], cwd='/', env=_environment(), start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except FileNotFoundError:
            return NOT_FOUND, Tail(), Tail(words=f'{argv[0]}: no such command')
        except OSError as error:
            return NOT_EXECUTABLE, Tail(), Tail(words=f'{argv[0]}: {error.strerror}')
        except ValueError as error:
            raise Permanent(f'{argv[0]!r} cannot be run: {error}') from error
        with process:
            try:
                stdout, stderr = _converse(process, stdin, deadline, limit)
                return process.wait(max(deadline - time.monotonic(), 0)), stdout, stderr
            except subprocess.TimeoutExpired:
                raise Retryable(f'{argv[0]} was stopped: it took longer than {timeout:g} s') from None
            finally:
                if process.returncode is None:      # not reaped yet: the number still means this group
                    os.killpg(process.pid, signal.SIGKILL)

    def put(self, path, data, mode=0o600):
        try:
            _replace(path, data, mode)
        except FileNotFoundError as error:
            raise NotFound(f'{path} cannot be written: its folder does not exist') from error
        except (OSError, ValueError) as error:
            raise Permanent(f'{path} cannot be written: {error}') from error

    def get(self, path):
        try:
            with open(path, 'rb') as file:
                data = file.read(FILE_LIMIT + 1)
        except FileNotFoundError as error:
            raise NotFound(f'{path} does not exist') from error
        except (OSError, ValueError) as error:
            raise Permanent(f'{path} cannot be read: {error}') from error
        return within_limit(path, data)


def within_limit(path, data):
    if len(data) > FILE_LIMIT:
        raise Permanent(f'{path} is larger than {FILE_LIMIT // 1024 ** 2} MiB and is not meant to be read this way')
    return data


def _environment():
    return {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}


def _converse(process, stdin, deadline, limit):
    """Feed ``stdin`` and collect both outputs until they end; TimeoutExpired at the deadline."""
    outputs = {process.stdout: Tail(limit), process.stderr: Tail()}
    os.set_blocking(process.stdin.fileno(), False)
    with selectors.DefaultSelector() as selector:
        for stream, tail in outputs.items():
            selector.register(stream, selectors.EVENT_READ, partial(_read, stream, tail))
        selector.register(process.stdin, selectors.EVENT_WRITE, partial(_write, process.stdin, bytearray(stdin)))
        while selector.get_map():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise subprocess.TimeoutExpired(process.args, remaining)
            for key, _events in selector.select(remaining):
                if key.data() == 0:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
    return list(outputs.values())


def _read(stream, tail):
    """Bytes read; 0 at the end."""
    chunk = os.read(stream.fileno(), _CHUNK)
    tail.feed(chunk)
    return len(chunk)


def _write(stream, pending):
    """Bytes still to write; 0 also when the command no longer listens."""
    try:
        with contextlib.suppress(BlockingIOError):
            del pending[:os.write(stream.fileno(), pending[:_CHUNK])]
    except BrokenPipeError:
        pending.clear()
    return len(pending)


def _replace(path, data, mode):
    folder = os.path.dirname(path)
    handle, draft = tempfile.mkstemp(prefix=DRAFT, dir=folder)
    try:
        with open(handle, 'wb') as file:
            file.write(data)
            file.flush()
            os.fchmod(handle, mode)
            os.fsync(handle)
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
        raise
    _sync_folder(folder)
    _sweep(folder)


def _sync_folder(folder):
    """The rename itself must survive a power cut too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder):
    """Drafts of writers that were killed; one still at work is never so old."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(DRAFT) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > DRAFT_MINUTES * 60:
                        os.unlink(entry.path)
