"""Containers as the kernel keeps them together: who is in one, what it uses, how much it may. Both hierarchies, for a machine
may have either, or both."""
import contextlib
import glob
import os
import signal
import time
from pathlib import Path

CGROUPS = Path('/sys/fs/cgroup')


def groups(*patterns):
    """Folders, which may vanish meanwhile (``Path.glob`` would not bear that)."""
    found = [Path(name) for pattern in patterns for level in ('', '*/') for name in glob.glob(f'{CGROUPS}/{level}{pattern}')]
    return [group for group in found if group.is_dir()]


def parts(group):
    """It and all below it, from the top; they may vanish meanwhile."""
    return [Path(folder) for folder, _below, _files in os.walk(group)]


def members(group):
    return {int(pid) for part in parts(group) for pid in read(part / 'cgroup.procs').split()}


def processes(name):
    found = set()
    for group in groups(name):
        found |= members(group)
        if found:
            break
    return found


def kill(group, seconds=30):
    """Until nobody is left in it: to take a container's network down takes the kernel seconds on a busy machine."""
    freeze(group.name, False)           # what is frozen does not die
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pids = members(group)
        if not pids:
            return
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def remove(group, seconds=10):
    """Its parts first; the kernel refuses for as long as somebody in it is still dying."""
    end = time.monotonic() + seconds
    while group.exists() and time.monotonic() < end:
        for part in reversed(parts(group)):
            with contextlib.suppress(OSError):
                part.rmdir()
        if group.exists():
            time.sleep(0.02)


def freeze(group, frozen, seconds=10):
    """By hand: ``lxc-freeze`` looks for cgroups where it runs. Harmless if the container does not run."""
    old, new = CGROUPS / 'freezer' / group / 'freezer.state', CGROUPS / group / 'cgroup.freeze'
    if old.exists():
        old.write_text('FROZEN' if frozen else 'THAWED')
    elif new.exists():
        new.write_text(str(int(frozen)))
    end = time.monotonic() + seconds
    while frozen and old.exists() and read(old).strip() != 'FROZEN' and time.monotonic() < end:
        time.sleep(0.01)


def read(file):
    try:
        return file.read_text()
    except OSError:
        return ''


def used(name):
    """(bytes of memory, nanoseconds of processors); 0 where the kernel does not count."""
    memory = read(CGROUPS / 'memory' / name / 'memory.usage_in_bytes') or read(CGROUPS / name / 'memory.current')
    return int(memory or 0), int(read(CGROUPS / 'cpuacct' / name / 'cpuacct.usage') or 0)


def limit_memory(name, size):
    """Bytes, while it runs. Cores are not limited: the machine has few."""
    for file in (CGROUPS / 'memory' / name / 'memory.limit_in_bytes', CGROUPS / name / 'memory.max'):
        with contextlib.suppress(OSError):
            file.write_text(str(size))


def memory_line(size):
    """Of LXC's configuration."""
    if (CGROUPS / 'memory').is_dir():
        return f'lxc.cgroup.memory.limit_in_bytes = {size}\n'
    return f'lxc.cgroup2.memory.max = {size}\n'
