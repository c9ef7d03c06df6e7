"""A node of Proxmox VE with only ``pct``: on this machine's PATH, and behind an sshd that allows ``saas-pct``."""
import os
import shlex
import sys
from pathlib import Path

import pytest

from sshd_fixtures import Sshd

MARK = '0123456789abcdef' * 2
PROGRAM = Path(__file__).with_name('pct_program.py')
GATE = Path(__file__).parents[4] / 'config/proxmox/saas-pct'


class PctNode:
    """``bin``: folder with ``pct``; containers are added by ``container``."""

    def __init__(self, folder):
        self.folder, self.bin = folder / 'containers', folder / 'bin'
        self.allow = folder / 'allow'
        self.folder.mkdir()
        self.bin.mkdir()
        self.pct = self.bin / 'pct'
        self.pct.write_text(f'#!/bin/sh\nSAAS_TEST_PCT={shlex.quote(str(self.folder))}; export SAAS_TEST_PCT\n'
                            f'exec {shlex.quote(sys.executable)} {shlex.quote(str(PROGRAM))} "$@"\n')
        self.pct.chmod(0o755)

    def container(self, vmid, status='running', description=f'saas%3A{MARK}%0A', **lines):
        values = {'arch': 'amd64', 'description': description, 'hostname': f'ct{vmid}', 'tags': 'saas', **lines}
        (self.folder / f'{vmid}.conf').write_text(''.join(f'{name}: {value}\n' for name, value in values.items()))
        (self.folder / f'{vmid}.status').write_text(status)
        return vmid

    def program(self, vmid, name, text):
        """A script that only the container ``vmid`` has, in front of those of this machine."""
        path = self.folder / f'{vmid}.bin' / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\n{text}')
        path.chmod(0o755)

    def gate(self, *options):
        """``saas-pct`` as the line of authorized_keys names it; the tests' interpreter, as its first line calls it."""
        return [sys.executable, '-I', str(GATE), f'--pct={self.pct}', f'--allow={self.allow}', '--conf=/nowhere',
                *options]

    @property
    def calls(self):
        """What was run in containers, one line each."""
        path = self.folder / 'calls'
        return path.read_text().splitlines() if path.exists() else []


class PctSshd(Sshd):
    """Its one key may do what ``saas-pct`` allows."""

    def restrict(self, node):
        public = (self.folder / 'user.pub').read_text()
        command = shlex.join(node.gate()).replace('"', r'\"')
        (self.folder / 'user.pub').write_text(f'restrict,command="{command}" {public}')


@pytest.fixture(scope='session')
def pct_node(tmp_path_factory):
    """With the running container 101."""
    node = PctNode(tmp_path_factory.mktemp('pct'))
    node.container(101)
    return node


@pytest.fixture
def pct_path(pct_node, monkeypatch):
    monkeypatch.setenv('PATH', f'{pct_node.bin}{os.pathsep}{os.environ["PATH"]}')


@pytest.fixture(scope='session')
def pct_sshd(pct_node, tmp_path_factory):
    server = PctSshd(tmp_path_factory.mktemp('pct_sshd'))
    server.restrict(pct_node)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def pct_local(pct_path):
    """The container 101 of this machine; of another number when asked."""
    from drivers.pct import PctTransport
    from drivers.transport import LocalTransport
    return lambda vmid=101: PctTransport(LocalTransport(), vmid)


@pytest.fixture
def pct_ssh(pct_sshd, ssh):
    """The same behind sshd and ``saas-pct``."""
    from drivers.pct import PctTransport
    return lambda vmid=101: PctTransport(
        ssh(port=pct_sshd.port, user=pct_sshd.user, host_key=pct_sshd.host_key, private_key=pct_sshd.private_key), vmid)
