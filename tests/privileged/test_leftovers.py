"""Whatever ends a sandbox, nothing of it is left on the machine; two of them do not know of each other."""
import os
import subprocess
from pathlib import Path

import pytest

from ..fakes.pve.runtimes import cgroups
from .conftest import a_cloud


def left(cloud):
    """Words for everything on the machine that carries the sandbox's name."""
    name, folder = cloud.pve.name, str(cloud.pve.state)
    links = subprocess.run(['ip', '-o', 'link'], capture_output=True, text=True).stdout
    found = [f'network namespace {name}'] if Path('/run/netns', name).exists() else []
    found += [f'link {name}'] if f' {name}@' in links or f' {name}:' in links else []
    found += [f'cgroup {group}' for group in cgroups.groups(f'*.{name}-*')]
    found += [f'mount {line.split()[1]}' for line in Path('/proc/mounts').read_text().splitlines() if folder in line]
    for process in Path('/proc').glob('[0-9]*'):
        try:
            words = (process / 'cmdline').read_bytes().decode(errors='replace')
        except OSError:
            continue
        if int(process.name) != os.getpid() and f'{folder}/lxc' in words:
            found.append(f'process {process.name} {words[:80]}')
    return found


def test_nothing_is_left_after_down(cloud):
    cloud.create(400, 10)
    assert left(cloud)
    cloud.stack.down()
    assert left(cloud) == []


@pytest.fixture
def running(cloud):
    """A container that runs in a sandbox that runs."""
    cloud.stack.start_pve()
    if 401 not in cloud.pve.control.containers():
        cloud.create(401, 11)
    return 401


def test_containers_run_again_after_a_kill(cloud, running):
    cloud.inside(running, 'sh', '-c', 'echo kept > /srv/file; sync')
    cloud.stack.service('pve').kill()
    cloud.stack.start_pve()
    assert cloud.pve.control.containers()[running]['status'] == 'running'
    assert cloud.inside(running, 'cat', '/srv/file') == 'kept\n'


def test_nothing_is_left_when_it_was_killed(cloud, running):
    cloud.stack.service('pve').kill()
    assert left(cloud)
    cloud.stack.down()
    assert left(cloud) == []


def test_two_side_by_side(stack, cloud, running):
    with a_cloud(stack, 'other') as other:
        assert other.pve.subnet != cloud.pve.subnet and other.pve.name != cloud.pve.name
        other.create(running, 11)
        assert other.inside(running, 'hostname') == cloud.inside(running, 'hostname')
        other.inside(running, 'touch', '/srv/mine')
        assert 'mine' not in cloud.inside(running, 'ls', '/srv')
    assert left(other) == []
    assert cloud.inside(running, 'true') == ''
