"""Real containers. Files of tests have a sandbox of their own, beside the suite's stack and taken down with it; what needs a
master and a golden container shares the suite's.
"""
import contextlib

import pytest

from ..fakes_tests.pve_caller import Caller
from ..stack import Stack
from ..stack.seed_dedicated import seed_dedicated
from ..world import World

MARK = f'saas:{"c" * 32}'


class Cloud:
    """A stack's sandbox with real containers, and its API as a stranger calls it."""

    def __init__(self, stack):
        self.stack, self.pve = stack, stack.start_pve()
        self.api = Caller(self.pve.url, self.pve.certificate.ca, self.pve.token_id, self.pve.token_secret)

    def address(self, number):
        return f'{self.pve.subnet.rpartition(".")[0]}.{number}'

    def net(self, number):
        return f'name=eth0,bridge={self.pve.bridge},ip={self.address(number)}/24,gw={self.pve.gateway}'

    def create(self, vmid, number, start=True):
        """From the OS template, with the last part of its address."""
        self.api.done('POST', '/nodes/pve1/lxc', vmid=vmid, ostemplate=self.pve.ostemplate, storage=self.pve.storage,
                      hostname=f'ct{vmid}', pool=self.pve.pool, description=MARK, tags='saas', memory=1024, net0=self.net(number))
        if start:
            self.start(vmid)

    def start(self, vmid):
        self.api.done('POST', f'/nodes/pve1/lxc/{vmid}/status/start')

    def destroy(self, vmid):
        self.api.done('DELETE', f'/nodes/pve1/lxc/{vmid}', force=1, purge=1)

    def inside(self, vmid, *command, stdin=b''):
        """What it says, through sshd and ``pct``; it has to end well."""
        code, out, err = self.pct('exec', str(vmid), '--', *command, stdin=stdin)
        assert code == 0, f'{command}: {code} {out} {err}'
        return out

    def pct(self, *words, stdin=b''):
        """(exit code, output, errors) of the node's ``pct``, as whoever has our key may use it."""
        return self.ssh('pct', *words, stdin=stdin)

    def ssh(self, *words, stdin=b''):
        from .ssh_client import ssh
        return ssh(self.pve, words, stdin)


@pytest.fixture(scope='session')
def stack():
    return Stack()


@contextlib.contextmanager
def a_cloud(stack, name):
    """With nothing in it and no master."""
    own = Stack(stack.settings.change(state=stack.state / 'tests' / name, private_postgres=True))
    own.down()
    try:
        cloud = Cloud(own)
        assert cloud.pve.runtime == 'lxc', cloud.pve.words
        yield cloud
    finally:
        own.clean()


@pytest.fixture(scope='module')
def cloud(stack, request):
    with a_cloud(stack, request.module.__name__.rpartition('.')[2].replace('_', '-')) as cloud:
        yield cloud


@pytest.fixture(scope='session')
def sold(stack):
    """The suite's own stack: its master sells containers, cloned from a golden one that the master has built."""
    cloud = Cloud(stack)
    seed_dedicated(stack)
    cloud.world = World(stack)
    return cloud
