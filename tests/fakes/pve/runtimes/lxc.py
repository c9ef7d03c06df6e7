"""The fake's containers as real LXC containers, by Debian's ``lxc`` as root.

``FOLDER/<vmid>``: ``config`` (LXC's, written before each start), ``upper`` (what differs from ``layers``, of which the first
lies uppermost), ``snapshots``.
Root file systems are overlays that LXC mounts in the container's own namespace, so that none is left behind here; a clone
of a template lies over the template's layers. Everything in them is named by the sandbox: see ``sweep``.
"""
import contextlib
import ipaddress
import json
import os
import re
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import Runtime, cgroups
from .network import Network, run

SHUTDOWN = 15       # seconds a container has to end by itself when the sandbox ends
SWEEP = 30          # seconds until a killed process is gone, on a busy machine
# LXC wants to see the bridge in /sys, so that has to be the namespace's; and the cgroups, which are not in a new one.
START = '''mount --rbind /sys/fs/cgroup "$1" && mount -t sysfs sysfs /sys && mount --rbind "$1" /sys/fs/cgroup || exit
shift
exec "$@"'''
ADDRESS = '''ip address flush dev "$1" scope global
ip address add "$2" dev "$1"
[ -z "$3" ] || ip route replace default via "$3"'''
CONFIG = '''lxc.uts.name = {hostname}
lxc.rootfs.path = overlay:{layers}:{folder}/upper
lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
lxc.apparmor.profile = unconfined
lxc.cap.drop = sys_module sys_time sys_rawio mac_admin mac_override
lxc.init.cmd = /lib/systemd/systemd
lxc.environment = container=lxc
lxc.signal.halt = SIGRTMIN+3
lxc.tty.max = 0
lxc.cgroup.dir.container = lxc.payload.{name}
lxc.cgroup.dir.monitor = lxc.monitor.{name}
'''
INTERFACE = '''lxc.net.0.type = veth
lxc.net.0.link = {bridge}
lxc.net.0.name = {name}
lxc.net.0.hwaddr = {hwaddr}
lxc.net.0.flags = up
'''


class LxcRuntime(Runtime):
    """:param options: ``state`` folder; of the runtime: ``image`` (layers of the OS template, the uppermost first, with
    colons between), ``name`` and ``subnet`` of the network"""

    name = 'lxc'

    def __init__(self, options):
        words = dict(word.split('=', 1) for word in options.runtime_option)
        self.folder, self.image = Path(options.state) / 'lxc', words['image'].split(':')
        self.network = Network(words['name'], words['subnet'], options.bridges.split(','))
        self.backups, self._seen = Path(options.state) / 'backups', {}

    # -- the sandbox's life -------------------------------------------------------------------------------------------
    def open(self, containers):
        sweep(self.folder, self.network.name)
        for part in (self.folder, self.backups, self.folder / 'cgroup'):
            part.mkdir(parents=True, exist_ok=True)
        (self.folder / 'network.json').write_text(json.dumps({
            'name': self.network.name, 'namespace': str(self.network.namespace), 'subnet': str(self.network.subnet)}))
        self.network.up()
        for container in containers:
            if container['status'] == 'running' and self.place(container['vmid']).exists():
                self.do_start(container)

    def close(self):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._end, self._running()))
        sweep(self.folder, self.network.name)

    def _running(self):
        return [int(place.name) for place in self.folder.glob('[0-9]*') if self.runs(int(place.name))]

    def _end(self, vmid):
        self.do_shutdown({'vmid': vmid})

    # -- steps --------------------------------------------------------------------------------------------------------
    def do_create(self, container):
        self._new(container['vmid'], self.image)

    def do_clone(self, container):
        source, vmid = self.place(container['source']), container['vmid']
        if not source.exists():
            raise RuntimeError(f'CT {container["source"]} has no root file system: build the golden container first')
        layers = self._layers(source)
        if container.get('full') or not container.get('of_template'):
            place = self._new(vmid, layers)
            _copy(source / 'upper', place / 'upper')
        else:
            place = self._new(vmid, [source / 'upper', *layers])
        self._forget_identity(place)

    def do_restore(self, container):
        archive = self.backups / container['volume'].rpartition('/')[2]
        if not archive.exists():
            raise RuntimeError(f'there is no archive {archive.name}')
        self._kill(container['vmid'])
        place = self._new(container['vmid'], self._layers(archive))
        _copy(archive / 'upper', place / 'upper')

    def do_start(self, container):
        vmid, place = container['vmid'], self.place(container['vmid'])
        if self.runs(vmid):
            return
        self._write_identity(place, container['config'])
        (place / 'config').write_text(self._config(container))
        run(*self.network.inside('unshare', '-m', 'sh', '-c', START, 'sh', self.folder / 'cgroup', 'lxc-start', '-P', self.folder,
                                 '-n', self.name_of(vmid), '-f', place / 'config', '-o', place / 'log', '-l', 'WARN', '-d'))

    def do_stop(self, container):
        self._kill(container['vmid'])

    def do_shutdown(self, container):
        vmid, seconds = container['vmid'], container.get('timeout', SHUTDOWN)
        if self.runs(vmid):
            more = () if container.get('force', True) else ('--nokill',)
            run(*self._lxc('lxc-stop', vmid, '-t', seconds, *more), seconds=seconds + 30, check=False)
        if self.runs(vmid):
            raise RuntimeError('container did not stop')

    def do_destroy(self, container):
        self._kill(container['vmid'])
        shutil.rmtree(self.place(container['vmid']), ignore_errors=True)

    def do_snapshot(self, container):
        with self._frozen(container['vmid']) as place:
            _copy(place / 'upper', place / 'snapshots' / container['snapshot'])

    def do_delsnapshot(self, container):
        shutil.rmtree(self.place(container['vmid']) / 'snapshots' / container['snapshot'], ignore_errors=True)

    def do_rollback(self, container):
        self._kill(container['vmid'])
        place = self.place(container['vmid'])
        shutil.rmtree(place / 'upper')
        _copy(place / 'snapshots' / container['snapshot'], place / 'upper')

    def do_backup(self, container):
        archive = self.backups / container['volume'].rpartition('/')[2]
        if container.get('mode') == 'stop':
            self.do_shutdown(container)
        with self._frozen(container['vmid']) as place:
            _copy(place / 'upper', archive / 'upper')
            shutil.copy(place / 'layers.json', archive / 'layers.json')
        if container.get('mode') == 'stop' and container.get('status') == 'running':
            self.do_start(container)

    def do_configure(self, container):
        """What changes while it runs: resources and the address."""
        vmid, interface = container['vmid'], _properties(container['config'].get('net0', ''))
        cgroups.limit_memory(f'lxc.payload.{self.name_of(vmid)}', _memory(container['config']))
        if '/' in interface.get('ip', ''):
            device, gateway = interface.get('name', 'eth0'), interface.get('gw', '')
            run(*self._lxc('lxc-attach', vmid, '--', 'sh', '-c', ADDRESS, 'sh', device, interface['ip'], gateway))
        run(*self._lxc('lxc-attach', vmid, '--', 'hostname', container['config'].get('hostname', f'CT{vmid}')))

    # -- what it knows ------------------------------------------------------------------------------------------------
    def place(self, vmid):
        return self.folder / str(vmid)

    def name_of(self, vmid):
        return f'{self.network.name}-{vmid}'

    def runs(self, vmid):
        return bool(cgroups.processes(f'lxc.payload.{self.name_of(vmid)}'))

    def is_shared(self, vmid):
        upper = str(self.place(vmid) / 'upper')
        return any(upper in json.loads(file.read_text()) for file in self.folder.glob('[0-9]*/layers.json'))

    def usage(self, vmid):
        """By its cgroups; {} where the kernel does not count."""
        memory, spent = cgroups.used(f'lxc.payload.{self.name_of(vmid)}')
        found, now = ({'mem': memory} if memory else {}), time.monotonic()
        if spent:
            before, at = self._seen.get(vmid, (spent, now - 1))
            self._seen[vmid] = spent, now
            found['cpu'] = round(max(0, spent - before) / 1e9 / max(now - at, 0.01), 4)
        return found

    def _lxc(self, program, vmid, *more):
        return self.network.inside(program, '-P', self.folder, '-n', self.name_of(vmid), *more)

    def _kill(self, vmid):
        if self.runs(vmid):
            run(*self._lxc('lxc-stop', vmid, '-k'), check=False)

    @contextlib.contextmanager
    def _frozen(self, vmid):
        """Nothing is written meanwhile, as a snapshot of a volume would see it."""
        group = f'lxc.payload.{self.name_of(vmid)}'
        cgroups.freeze(group, True)
        try:
            yield self.place(vmid)
        finally:
            cgroups.freeze(group, False)

    # -- files --------------------------------------------------------------------------------------------------------
    def _new(self, vmid, layers):
        place = self.place(vmid)
        shutil.rmtree(place, ignore_errors=True)
        (place / 'upper').mkdir(parents=True)
        (place / 'layers.json').write_text(json.dumps([str(layer) for layer in layers]))
        return place

    @staticmethod
    def _layers(place):
        return json.loads((place / 'layers.json').read_text())

    @staticmethod
    def _forget_identity(place):
        """As Proxmox VE does: the machine's id is made anew; keys of SSH are not touched."""
        (place / 'upper/etc').mkdir(parents=True, exist_ok=True)
        (place / 'upper/etc/machine-id').write_text('')

    @staticmethod
    def _write_identity(place, config):
        """Before each start, as Proxmox VE does."""
        etc, hostname = place / 'upper/etc', config.get('hostname', 'CT')
        etc.mkdir(parents=True, exist_ok=True)
        (etc / 'hostname').write_text(f'{hostname}\n')
        (etc / 'hosts').write_text(f'127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 {hostname}\n')

    def _config(self, container):
        vmid, config = container['vmid'], container['config']
        place = self.place(vmid)
        text = CONFIG.format(hostname=config.get('hostname', f'CT{vmid}'), layers=':'.join(self._layers(place)),
                             folder=place, name=self.name_of(vmid))
        limit = cgroups.memory_line(_memory(config))      # from the beginning, for what starts in it looks at it
        return text + limit + self._interface(_properties(config.get('net0', '')))

    def _interface(self, values):
        if not values:
            return 'lxc.net.0.type = empty\n'
        bridge = values.get('bridge', self.network.bridges[0])
        text = INTERFACE.format(bridge=bridge, name=values.get('name', 'eth0'), hwaddr=values['hwaddr'])
        if '/' in values.get('ip', ''):
            ipaddress.ip_interface(values['ip'])
            text += f'lxc.net.0.ipv4.address = {values["ip"]}\n'
        if values.get('gw'):
            text += f'lxc.net.0.ipv4.gateway = {values["gw"]}\n'
        return text


def sweep(folder, name):
    """End whatever is left of a sandbox's containers, and its network: by their cgroups, which outlive a kill."""
    for group in cgroups.groups(f'lxc.payload.{name}-*', f'lxc.monitor.{name}-*'):
        cgroups.kill(group)
    end = time.monotonic() + SWEEP
    while (found := _monitors(folder, name)) and time.monotonic() < end:
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)
    for group in cgroups.groups(f'lxc.payload.{name}-*', f'lxc.monitor.{name}-*'):
        cgroups.remove(group)
    Network(name, '10.0.0.0/24').down()


def _monitors(folder, name):
    """LXC's own processes, one beside each container, which may be in no cgroup of theirs."""
    found, words = [], f'[lxc monitor] {folder} {name}-'.encode()
    for process in Path('/proc').glob('[0-9]*'):
        with contextlib.suppress(OSError):
            if (process / 'cmdline').read_bytes().startswith(words):
                found.append(int(process.name))
    return found


def _copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    run('cp', '-a', '--reflink=auto', '-T', source, target, seconds=600)


def _properties(text):
    return dict(part.split('=', 1) for part in text.split(',') if re.match(r'[a-z-]+=', part))


def _memory(config):
    """Bytes."""
    return int(config.get('memory', 512)) * 1024 ** 2
