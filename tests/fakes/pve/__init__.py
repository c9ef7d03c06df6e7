"""A Proxmox VE on loopback: the program fakepve with its gaps filled, in a process and an environment of its own.

In tests ``with FakePve() as pve``: ``pve.url``, ``pve.ca`` (PEM file), ``pve.fingerprint``, ``pve.token_id``,
``pve.token_secret``, ``pve.pool``, ``pve.storage``, ``pve.bridge``, ``pve.golden`` ({node: number of its template}),
``pve.ostemplate``, and ``pve.control`` for faults and for what people do by hand (``control.py``). Only the standard
library is used here: the interpreter with fakepve is SAAS_PVE_PYTHON or the stack's environment ``pve``.
``python -m tests.fakes.pve --help`` is the process itself.
"""
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from .certificate import Certificate
from .control import Control

CHECKOUT = Path(__file__).resolve().parents[3]
TOKEN_ID = 'saas@pve!master'
SECRET = 'PVE_SANDBOX_SECRET'       # variable with the token's secret
_ON_CONTAINERS = ('VM.Allocate', 'VM.Audit', 'VM.Backup', 'VM.Clone', 'VM.Config.CPU', 'VM.Config.Disk', 'VM.Config.Memory',
                  'VM.Config.Network', 'VM.Config.Options', 'VM.PowerMgmt', 'VM.Snapshot', 'VM.Snapshot.Rollback')
# What the token has. On all containers and not only on the pool's: one that is being cloned is not yet in the pool, so that
# a half-made one could not be looked at or removed otherwise.
PRIVILEGES = {
    '/vms': _ON_CONTAINERS,
    '/pool/saas': ('Pool.Audit', *_ON_CONTAINERS),
    '/storage': ('Datastore.AllocateSpace', 'Datastore.Audit'),
    '/sdn/zones/localnetwork': ('SDN.Audit', 'SDN.Use'),
    '/nodes': ('Sys.Audit',),
    '/': ('Sys.Audit',),
}


class FakePve:
    """:param nodes: names; :param runtime: ``none``: containers are only numbers and words; ``lxc``: real ones"""

    pool, storage, shared_storage, backup_storage, bridge = 'saas', 'local-lvm', 'shared', 'local', 'vmbr0'
    ostemplate = 'local:vztmpl/debian-12-saas_12_amd64.tar.zst'
    token_id = TOKEN_ID

    def __init__(self, nodes=('pve1', 'pve2'), runtime='none', golden=9000, state=None, arguments=()):
        self.nodes, self.runtime, self.token_secret = tuple(nodes), runtime, secrets.token_hex(16)
        self.golden = {node: golden + number for number, node in enumerate(self.nodes)} if golden else {}
        self._folder = Path(state) if state else Path(tempfile.mkdtemp(prefix='pve-'))
        self._temporary, self._arguments, self._process = state is None, list(arguments), None
        self.certificate = Certificate(self._folder / 'tls')

    @property
    def ca(self):
        """Of the file that says whom to trust."""
        return str(self.certificate.ca)

    @property
    def ca_text(self):
        return self.certificate.ca.read_text()

    @property
    def fingerprint(self):
        return self.certificate.fingerprint

    def start(self):
        self.certificate.make()
        argv = [interpreter(), '-m', 'tests.fakes.pve', '--port', '0', '--control-port', '0', '--tls', self.certificate.folder,
                '--nodes', ','.join(self.nodes), '--runtime', self.runtime, '--end-with-stdin',
                '--golden', ','.join(f'{node}={vmid}' for node, vmid in self.golden.items()), *self._arguments]
        environment = {**os.environ, SECRET: self.token_secret, 'PYTHONPATH': str(CHECKOUT)}
        self._process = subprocess.Popen(list(map(str, argv)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         env=environment, cwd='/')
        said = self._process.stdout.readline()
        if not said:
            raise RuntimeError(f'fakepve did not start (exit code {self._process.wait()}); its words are above.')
        addresses = json.loads(said)
        self.url, self.control = addresses['api'], Control(addresses['control'])
        return self

    def stop(self):
        if self._process:
            self._process.stdin.close()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
            self._process = None
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_error):
        self.stop()


def interpreter():
    """The Python that has fakepve."""
    if named := os.environ.get('SAAS_PVE_PYTHON'):
        return named
    from tests.stack import Settings, venvs
    return str(venvs.ensure(Settings.from_environment(), 'pve'))
