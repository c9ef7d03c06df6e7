"""What outlives a restart of the process: containers, backups, templates. Kept in one JSON file, replaced as a whole, and as
``pve/lxc/<vmid>.conf``, which is where the tools of a node read it."""
import json
from pathlib import Path
from urllib.parse import quote

from fakepve.lxc import FakeCt

KEPT = ('vmid', 'node', 'status', 'config', 'pending', 'snapshots', 'ha_state')


class State:
    def __init__(self, folder):
        self.file, self.conf = Path(folder) / 'cluster.json', Path(folder) / 'pve/lxc'
        self.conf.mkdir(parents=True, exist_ok=True)

    def load(self, cluster):
        if not self.file.exists():
            return
        kept = json.loads(self.file.read_text())
        cluster.cts = [_container(values) for values in kept['containers']]
        cluster.pools = {name: set(ids) for name, ids in kept['pools'].items()}
        cluster._sync_pools()
        for name, volumes in kept['volumes'].items():
            cluster.storages[name]['volumes'] = volumes

    def save(self, cluster):
        _replace(self.file, json.dumps({
            'containers': [{name: getattr(ct, name) for name in KEPT} for ct in cluster.cts],
            'pools': {name: sorted(ids) for name, ids in cluster.pools.items()},
            'volumes': {name: store.get('volumes', {}) for name, store in cluster.storages.items()}}))
        wanted = {f'{ct.vmid}.conf': _conf(ct.config) for ct in cluster.cts}
        for name, text in wanted.items():
            file = self.conf / name
            if not file.exists() or file.read_text() != text:
                _replace(file, text)
        for file in self.conf.glob('*.conf'):
            if file.name not in wanted:
                file.unlink()


def _replace(file, text):
    new = file.with_suffix('.new')
    new.write_text(text)
    new.replace(file)


def _conf(config):
    """As Proxmox VE writes it: the description as comments on top."""
    notes = [f'#{quote(line, safe=" /-_.")}' for line in str(config.get('description', '')).splitlines()]
    return '\n'.join([*notes, *(f'{key}: {value}' for key, value in sorted(config.items()) if key != 'description'), ''])


def _container(values):
    ct = FakeCt(values['vmid'], node=values['node'], status=values['status'], defaults=False)
    for name in ('config', 'pending', 'snapshots', 'ha_state'):
        setattr(ct, name, values[name])
    return ct
