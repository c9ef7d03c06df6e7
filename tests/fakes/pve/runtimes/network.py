"""A network of its own for the containers of one sandbox: a namespace with bridges, and one leg of it in the machine's own
network, through which nginx, the master and tests reach the containers."""
import ipaddress
import subprocess
from pathlib import Path

NAMESPACES = Path('/run/netns')
INSIDE = 'uplink'


class Network:
    """:param name: of the namespace and of the leg here, at most 15 characters; :param subnet: ``10.…/24``"""

    def __init__(self, name, subnet, bridges=('vmbr0',)):
        self.name, self.bridges = name, tuple(bridges)
        self.subnet = ipaddress.ip_network(subnet)

    @property
    def namespace(self):
        return NAMESPACES / self.name

    @property
    def gateway(self):
        """The bridge's address."""
        return str(self.subnet[1])

    @property
    def here(self):
        """The machine's address in it."""
        return str(self.subnet[-2])

    def up(self):
        self.down()
        prefix = self.subnet.prefixlen
        ip('netns', 'add', self.name)
        ip('-n', self.name, 'link', 'set', 'lo', 'up')
        for bridge in self.bridges:
            ip('-n', self.name, 'link', 'add', bridge, 'type', 'bridge')
            ip('-n', self.name, 'link', 'set', bridge, 'up')
        ip('-n', self.name, 'address', 'add', f'{self.gateway}/{prefix}', 'dev', self.bridges[0])
        ip('link', 'add', self.name, 'type', 'veth', 'peer', 'name', INSIDE, 'netns', self.name)
        ip('-n', self.name, 'link', 'set', INSIDE, 'master', self.bridges[0], 'up')
        ip('address', 'add', f'{self.here}/{prefix}', 'dev', self.name)
        ip('link', 'set', self.name, 'up')

    def down(self):
        """Harmless if there is none; the leg here goes with its other end."""
        if self.namespace.exists():
            subprocess.run(['ip', 'link', 'delete', self.name], capture_output=True)
            ip('netns', 'delete', self.name)

    def inside(self, *command):
        """The command as it runs in the namespace."""
        return ['nsenter', f'--net={self.namespace}', '--', *map(str, command)]


def ip(*arguments):
    run('ip', *arguments)


def run(*command, seconds=60, check=True):
    """What it printed; RuntimeError with its last words if it fails."""
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors='replace', timeout=seconds)
    if check and done.returncode:
        last = ' / '.join(done.stdout.strip().splitlines()[-3:])
        raise RuntimeError(f'{" ".join(map(str, command))[:160]}: {last or f"exit code {done.returncode}"}')
    return done.stdout
