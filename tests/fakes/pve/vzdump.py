"""Backups, which fakepve begins but does not keep: vzdump makes a volume, and restoring brings its configuration back."""
import re
import string
import time
from urllib.parse import quote

from fakepve.lxc import parse_mount, parse_size
from fakepve.model import PveError, TaskError
from fakepve.routing import param_error

GIB = 1024 ** 3
UNQUOTED = ''.join(set(string.printable[:95]) - set('%:'))      # in a comment that is a description
# Of the archive, unless the call says otherwise.
NOT_RESTORED = ('lock', 'template', 'parent', 'rootfs', 'digest', 'ostype', 'arch', 'unprivileged', 'features')


class Vzdump:
    def _routes_vzdump(self):
        return [('POST', '/nodes/{node}/vzdump', self._vzdump),
                ('GET', '/nodes/{node}/vzdump/extractconfig', self._extract_config)]

    async def _extract_config(self, v, user):
        """The configuration in the archive, as a file of Proxmox VE has it."""
        saved = self.saved(v.get('volume') or '')
        if not saved:
            raise PveError(500, f"unable to parse volume ID '{v.get('volume')}'")
        self._vm_perm(user, saved['vmid'], None, 'VM.Backup')
        self.require(user, f'/storage/{v["volume"].partition(":")[0]}', 'Datastore.AllocateSpace')
        config = dict(saved['config'])
        comments = [f'#{quote(line, safe=UNQUOTED)}' for line in str(config.pop('description', '')).splitlines()]
        return '\n'.join([*comments, *(f'{key}: {value}' for key, value in config.items()), ''])

    async def _vzdump(self, v, user):
        node, vmid = v['node'], int(v['vmid']) if str(v.get('vmid', '')).isdigit() else 0
        storage = v.get('storage') or 'local'
        if not vmid:
            raise param_error(vmid='property is missing and it is not optional')
        self._vm_perm(user, vmid, None, 'VM.Backup')
        self.require(user, f'/storage/{storage}', 'Datastore.AllocateSpace')
        if 'backup' not in str(self.storages.get(storage, {}).get('content', '')).split(','):
            raise PveError(500, f"could not get storage information for '{storage}': storage '{storage}' does not support "
                                'backups')
        if self._elsewhere(vmid, node):
            return 'OK'         # not on this node: nothing to do is no task
        container = self._find_ct(node, vmid)
        stamp = time.strftime('%Y_%m_%d-%H_%M_%S')
        volume = self._free_name(storage, f'backup/vzdump-lxc-{vmid}-{stamp}')
        self.details[vmid] = {'volume': f'{storage}:{volume}', 'mode': v.get('mode', 'snapshot')}

        async def body():
            return await self._dump(container, storage, volume, v)
        return await self.task(node, 'vzdump', vmid, user, body, vm=container, lock=False, log=[
            f'INFO: starting new backup job: vzdump {vmid} --storage {storage}', f'INFO: Starting Backup of VM {vmid} (lxc)'])

    def _elsewhere(self, vmid, node):
        container = self.ct(vmid)
        return container is not None and container.node != node

    def _free_name(self, storage, name):
        """No two in one second."""
        volumes = self.storages[storage].setdefault('volumes', {})
        while f'{name}.tar.zst' in volumes:
            name = re.sub(r'(\d+)$', lambda found: f'{int(found.group(1)) + 1:02}', name)
        return f'{name}.tar.zst'

    async def _dump(self, container, storage, volume, v):
        self._task_lock(container)
        container.lock = 'backup'
        try:
            await self.pause(0)
            store, size = self.storages[storage], 200 * 1024 ** 2
            if store.get('avail', size) < size:
                raise TaskError(f'job errors: could not create archive on {storage}: No space left on device')
            config = {key: value for key, value in container.config.items() if key != 'lock'}
            store['volumes'][volume] = {
                'content': 'backup', 'format': 'tar.zst', 'size': size, 'ctime': int(time.time()), 'vmid': container.vmid,
                'subtype': 'lxc', 'config': config, **({'notes': v['notes-template']} if v.get('notes-template') else {}),
                **({'protected': 1} if v.get('protected') else {})}
            if 'avail' in store:
                store['avail'] -= size
        finally:
            container.lock = None
        return f"INFO: creating vzdump archive '/var/lib/vz/dump/{volume.partition('/')[2]}'\nINFO: Finished Backup of VM " \
               f'{container.vmid}\nINFO: Backup job finished successfully'

    def saved(self, volid):
        """The entry of a backup volume, or None."""
        storage, _, volume = volid.partition(':')
        found = self.storages.get(storage, {}).get('volumes', {}).get(volume)
        return found if found and found.get('content') == 'backup' else None

    async def _lxc_create(self, user, v):
        """Restored with the configuration in the archive; half-made it is not left when refused."""
        vmid, existed = int(v['vmid']), self.ct(int(v['vmid']))
        saved = self.saved(v['ostemplate']) if v.get('restore') else None
        if saved:
            v = {**self._of_archive(saved['config'], v), **v}
        self.details[vmid] = {'volume': v['ostemplate']}
        if existed is None:
            self.collision(vmid, v['node'])
        try:
            return await super()._lxc_create(user, v)
        except PveError:
            made = self.ct(vmid)
            if existed is None and made is not None and made.lock == 'create':
                self._drop(made)
            raise

    @staticmethod
    def _of_archive(config, v):
        kept = {key: value for key, value in config.items() if key not in NOT_RESTORED and not key.startswith('unused')}
        mount = parse_mount(config.get('rootfs', ''))
        storage = v.get('storage') or mount.get('volume', ':').partition(':')[0]
        kept['rootfs'] = f'{storage}:{max(1, (parse_size(mount.get("size", "")) or 4 * GIB) // GIB)}'
        if config.get('unprivileged'):
            kept['unprivileged'] = 1
        return kept
