"""The stack's Proxmox VE: ``tests/fakes/pve`` as a process, its containers real where this machine can have them, else pages
that stand in for them, and the node's ``pct`` behind a real sshd.

Only when asked (``stack.start_pve()``): no other command of the stack waits for it. ``stack.pve`` then gives what records of
a cluster and its nodes are made of; ``control`` for faults and what people do by hand; ``words``: what its containers are,
and why not real ones.
"""
import getpass
import hashlib
import json
import os
import shutil
import subprocess
from functools import cached_property

from tests.fakes.pve import PRIVILEGES, SECRET, TOKEN_ID, FakePve
from tests.fakes.pve.certificate import Certificate
from tests.fakes.pve.control import Control

from . import lxc, lxc_image, venvs
from .pct_sshd import PctSshd
from .ports import LOOPBACK, answers, is_free, unused
from .processes import Service
from .rendering import write_if_changed
from .report import say
from .settings import CHECKOUT

NODES = ('pve1', 'pve2')
START_SECONDS = 60


class PveSandbox:
    """Ports are found when it is first started and kept in its state."""

    pool, storage, backup_storage, bridge = FakePve.pool, FakePve.storage, FakePve.backup_storage, FakePve.bridge
    ostemplate, token_id, nodes, privileges = FakePve.ostemplate, TOKEN_ID, NODES, PRIVILEGES

    def __init__(self, settings, secrets):
        """:param secrets: gives them when asked"""
        self.settings, self._secrets = settings, secrets
        self.state = settings.state / 'pve'

    # -- what records are made of -------------------------------------------------------------------------------------
    @property
    def url(self):
        return f'https://{LOOPBACK}:{self._facts["api"]}'

    @property
    def token_secret(self):
        return self._secrets()['PVE_SANDBOX_SECRET']

    @property
    def ca_text(self):
        return self.certificate.ca.read_text()

    @cached_property
    def certificate(self):
        return Certificate(self.state / 'tls')

    @property
    def control(self):
        return Control(f'http://{LOOPBACK}:{self._facts["control"]}')

    @property
    def subnet(self):
        """``10.….0/24``: .1 is the gateway, .254 this machine, containers have what is between. Of the loopback network
        (``127.….0/24``) for pages."""
        return self._facts['subnet']

    @property
    def gateway(self):
        return self._host(1)

    @property
    def addresses(self):
        """(first, last) for containers."""
        return self._host(10), self._host(250)

    @property
    def ssh_host(self):
        return LOOPBACK

    @property
    def ssh_port(self):
        return self._facts['ssh']

    @property
    def ssh_user(self):
        return getpass.getuser()

    @property
    def ssh_host_key(self):
        return self.pct.host_key

    @property
    def ssh_private_key(self):
        return self.pct.private_key

    @cached_property
    def pct(self):
        return PctSshd(self.settings, self.state)

    @cached_property
    def interpreter(self):
        """The Python that has fakepve."""
        return venvs.ensure(self.settings, 'pve')

    @property
    def runtime(self):
        """``lxc``, ``pages`` or ``none``."""
        return self._facts['runtime']

    @property
    def golden(self):
        """{node: number of a template} that is there from the beginning: only without real containers, which have to be built."""
        return {} if self.runtime == 'lxc' else {node: 9000 + number for number, node in enumerate(self.nodes)}

    @property
    def words(self):
        """For people: what its containers are."""
        if self.runtime == 'lxc':
            return 'fakepve with real LXC containers'
        instead = 'pages stand in for them' if self.runtime == 'pages' else 'they are only numbers'
        return f'fakepve WITHOUT real containers, {instead} ({self._facts["obstacle"]})'

    def _host(self, number):
        return f'{self.subnet.rpartition(".")[0]}.{number}'

    # -- its life -----------------------------------------------------------------------------------------------------
    def start(self, odoo, python, runtime=None):
        """May be repeated. :param odoo, python: the stack's, for the containers; :param runtime: ``pages`` or ``none`` to do
        without real ones"""
        self.state.mkdir(parents=True, exist_ok=True)
        self._settle(runtime)
        say(f'Proxmox VE is {self.words}')
        self.certificate.make()
        service = self.service(odoo, python)
        if not service.is_current():
            service.stop(START_SECONDS)
            service.start()
        self.pct.start(self._facts['ssh'], self.interpreter)
        service.wait(lambda: all(answers(self._facts[name]) for name in ('api', 'control')), START_SECONDS)
        return service

    def service(self, odoo, python):
        facts = self._facts
        argv = [self.interpreter, '-m', 'tests.fakes.pve', '--port', facts['api'], '--control-port', facts['control'],
                '--tls', self.certificate.folder, '--state', self.state, '--nodes', ','.join(self.nodes),
                '--bridges', self.bridge, '--runtime', self.runtime]
        if self.golden:
            argv += ['--golden', ','.join(f'{node}={vmid}' for node, vmid in self.golden.items())]
        if self.runtime == 'lxc':
            layers = lxc_image.ensure(self.settings, odoo, python)
            argv += [f'--runtime-option={word}' for word in (
                f'image={":".join(map(str, layers))}', f'name={self.name}', f'subnet={self.subnet}')]
        code = b''.join(file.read_bytes() for file in sorted((CHECKOUT / 'tests/fakes').glob('*.py')) +
                        sorted((CHECKOUT / 'tests/fakes/pve').glob('**/*.py')))
        fingerprint = hashlib.sha256(code + repr((argv, self.token_secret)).encode()).hexdigest()
        return Service('pve', self.settings.state, argv, fingerprint=fingerprint, env={
            'PYTHONPATH': str(CHECKOUT), SECRET: self.token_secret})

    def sweep(self):
        """What a killed one has left: containers, cgroups, the network. Harmless otherwise."""
        if (self.state / 'lxc/network.json').exists() and not os.geteuid():
            from tests.fakes.pve.runtimes.lxc import sweep
            sweep(self.state / 'lxc', self.name)

    @property
    def name(self):
        """Of its network and, with their numbers, of its containers; another for each stack."""
        return f'saas{hashlib.sha256(str(self.settings.state).encode()).hexdigest()[:8]}'

    # -- facts kept over restarts -------------------------------------------------------------------------------------
    @property
    def _facts(self):
        return json.loads((self.state / 'sandbox.json').read_text())

    def _settle(self, runtime):
        file = self.state / 'sandbox.json'
        facts = json.loads(file.read_text()) if file.exists() else {}
        for name in ('api', 'control', 'ssh'):
            if name not in facts or not self._running(name) and not is_free(facts[name]):
                facts[name] = unused()
        obstacle = 'not wanted' if runtime else '' if facts.get('runtime') == 'lxc' else lxc.obstacle(self.settings)
        facts.update(runtime=(runtime or 'pages') if obstacle else 'lxc', obstacle=obstacle)
        first = '127' if facts['runtime'] == 'pages' else '10'
        if not facts.get('subnet', '').startswith(f'{first}.'):
            facts['subnet'] = self._free_subnet(first)
        write_if_changed(file, json.dumps(facts))

    def _running(self, name):
        return Service('pve-sshd' if name == 'ssh' else 'pve', self.settings.state).pid() is not None

    def _free_subnet(self, first):
        """The same each time for a stack, unless the machine has an address in it."""
        digest = hashlib.sha256(str(self.settings.state).encode()).digest()
        taken = subprocess.run(['ip', '-o', 'address'], capture_output=True, text=True).stdout if shutil.which('ip') else ''
        for number in range(256):
            subnet = f'{first}.{100 + digest[0] % 100}.{(digest[1] + number) % 256}'
            if f' {subnet}.' not in taken:
                return f'{subnet}.0/24'
        return f'{first}.99.99.0/24'
