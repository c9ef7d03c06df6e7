"""OpenSSH's server on loopback, as whoever runs the tests, with keys of its own."""
import contextlib
import getpass
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from real_servers import alive, children, free_port, listening, program, wait_until

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))       # its `tests`, before the addon's

from tests.stack.sshd_account import environment  # noqa: E402

CONFIG = '''
ListenAddress 127.0.0.1:{port}
{host_keys}
AuthorizedKeysFile {folder}/user.pub
StrictModes no
UsePAM no
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
'''


def make_key(path, kind='ed25519', passphrase=''):
    subprocess.run(['ssh-keygen', '-q', '-t', kind, '-N', passphrase, '-f', str(path)], check=True, timeout=60)
    return Path(f'{path}.pub').read_text()


class Sshd:
    """``host_keys`` by type, ``private_key`` of the one user who may enter; ``start`` and ``stop`` at will."""

    def __init__(self, folder):
        self.binary = program('sshd', 'SAAS_SSHD', 'openssh-server')
        self.folder, self.port, self.user = folder, free_port(), getpass.getuser()
        self.host_keys = {kind: make_key(folder / kind, kind) for kind in ('ed25519', 'ecdsa', 'rsa')}
        make_key(folder / 'user')
        self.private_key = (folder / 'user').read_text()
        host_keys = '\n'.join(f'HostKey {folder / kind}' for kind in self.host_keys)
        (folder / 'sshd_config').write_text(CONFIG.format(port=self.port, folder=folder, host_keys=host_keys))
        self.process = None

    @property
    def host_key(self):
        return self.host_keys['ed25519']

    def start(self):
        with open(self.folder / 'log', 'ab') as log:
            self.process = subprocess.Popen(
                [self.binary, '-D', '-e', '-f', str(self.folder / 'sshd_config')], start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **environment(self.binary, self.folder)})
        wait_until(lambda: listening(self.port) or self.process.poll() is not None, 'the start of sshd')
        assert self.process.poll() is None, (self.folder / 'log').read_text()

    def stop(self):
        self.break_connections()
        self.process.kill()
        self.process.wait(10)

    def connections(self):
        """Process ids by connection: each has a process under the server's, and that one an unprivileged half."""
        return {pid: {pid, *filter(_is_sshd, children(pid))} for pid in children(self.process.pid)}

    def break_connections(self):
        broken = set().union(*self.connections().values())
        for pid in broken:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(alive, broken)), 'the end of the connections')


def _is_sshd(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f'/proc/{pid}/comm').read_text() == 'sshd\n'


@pytest.fixture(scope='session')
def sshd(tmp_path_factory):
    server = Sshd(tmp_path_factory.mktemp('sshd'))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def ssh(sshd):
    """Makes transports to the server and closes them."""
    from drivers.ssh import SSHTransport
    made = []

    def make(**values):
        defaults = dict(host='127.0.0.1', port=sshd.port, user=sshd.user, host_key=sshd.host_key,
                        private_key=sshd.private_key, connect_timeout=5)
        made.append(SSHTransport(**{**defaults, **values}))
        return made[-1]
    yield make
    for transport in made:
        transport.close()
