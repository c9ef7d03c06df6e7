"""The SSH server of a sandbox's node: a real sshd with one key, which may do nothing but ``config/proxmox/saas-pct`` allows."""
import hashlib
import subprocess
from pathlib import Path

from . import packaged, sshd_account
from .ports import answers
from .processes import Service
from .rendering import write_if_changed
from .settings import CHECKOUT

CONFIG = '''ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin forced-commands-only
MaxStartups 100
'''


class PctSshd:
    """:param sandbox: state folder of the fake Proxmox VE"""

    name = 'pve-sshd'

    def __init__(self, settings, sandbox):
        self.settings, self.sandbox, self.folder = settings, sandbox, sandbox / 'ssh'

    @property
    def host_key(self):
        """As it is pinned."""
        return (self.folder / 'host_key.pub').read_text().strip()

    @property
    def private_key(self):
        return (self.folder / 'key').read_text()

    def start(self, port, python):
        """May be repeated. :param python: that runs ``pct`` and the forced command"""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ('host_key', 'key'):
            if not (self.folder / name).exists():
                subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', self.folder / name], check=True)
        self._allow(python)
        write_if_changed(self.folder / 'sshd_config', CONFIG.format(port=port, folder=self.folder))
        service = self.service()
        if not service.is_current():
            service.stop()
            service.start()
        service.wait(lambda: answers(port), 20)

    def service(self):
        binary = Path(packaged.sshd(self.settings))
        argv = [binary, '-D', '-e', '-f', self.folder / 'sshd_config']
        said = repr(argv) + (self.folder / 'sshd_config').read_text()
        return Service(self.name, self.settings.state, argv, fingerprint=hashlib.sha256(said.encode()).hexdigest(),
                       env=sshd_account.environment(binary, self.folder))

    def _allow(self, python):
        pct = self.folder / 'pct'
        write_if_changed(pct, f'#!/bin/sh\nexec {python} -I -S {CHECKOUT}/tests/fakes/pve/pct.py --sandbox {self.sandbox} "$@"\n',
                         0o755)
        forced = f'{python} -I -S {CHECKOUT}/config/proxmox/saas-pct --pct {pct} --conf {self.sandbox}/pve/lxc'
        key = (self.folder / 'key.pub').read_text()
        write_if_changed(self.folder / 'authorized_keys', f'restrict,command="{forced}" {key}')
