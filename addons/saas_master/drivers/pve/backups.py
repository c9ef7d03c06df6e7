"""States of a container that are kept: snapshots on its storage, backups (vzdump) elsewhere; and going back to one.

Every method may be repeated after being killed at any instant; what it began is found by its UPID, or by what is there.
"""
import re
from dataclasses import dataclass

from ..errors import NotFound, Permanent
from . import tasks
from .config import mark_of_archive
from .dedicated_node import DedicatedNode

SNAPSHOT = re.compile(r'[A-Za-z][A-Za-z0-9_-]{1,39}')
RESTORING = 'Reading the backup back'
BACKUP_TASK, RESTORE_TASK, ROLLBACK_TASK = 'vzdump', 'vzrestore', 'vzrollback'
UNKNOWN = object()


@dataclass(frozen=True)
class Kept:
    """``kind``: ``snapshot`` or ``backup``; ``name``: of the snapshot, or the volume of the backup; ``made_at``: seconds
    since 1970; ``size``: bytes, 0 where it is not known."""

    kind: str
    name: str
    made_at: float
    size: int = 0


class Backups(DedicatedNode):
    """:param spec: ``spec.PveNode`` with ``backup_storage``; nothing is done inside of containers"""

    def __init__(self, spec):
        super().__init__(spec, None)

    # -- snapshots ------------------------------------------------------------------------

    def snapshot(self, tenant, name):
        container = tenant.container
        return self._come_to(container, name, True, 'Taking the snapshot', lambda session, path: session.post(
            f'{path}/snapshot', snapname=name, description=f'saas:{container.mark}'))

    def rollback(self, tenant, name):
        """Back to the snapshot; the container is stopped afterwards. Done twice it is the same."""
        _check_name(name)
        container, what = tenant.container, 'Going back to the snapshot'
        with self._session() as session:
            begun = self._begun(session, container, ROLLBACK_TASK, what)
            if begun is not UNKNOWN:
                return begun
            path = self._path(session, container)
            if name not in self._snapshots(session, path):
                raise NotFound(f'The container {container.vmid} has no snapshot {name}: choose another one.', 'pve_missing')
            return tasks.watch(session, session.post(f'{path}/snapshot/{name}/rollback'), what)

    def remove_snapshot(self, tenant, name):
        return self._come_to(tenant.container, name, False, 'Removing the snapshot',
                             lambda session, path: session.delete(f'{path}/snapshot/{name}'))

    def _come_to(self, container, name, is_there, what, begin):
        """In the end the snapshot is there, or is not; ``begin`` asks for that and answers with the task's UPID."""
        _check_name(name)
        with self._session() as session:
            waiting = self._go_on(session, container, what)
            if waiting:
                return waiting
            path = self._path(session, container)
            if (name in self._snapshots(session, path)) == is_there:
                return None
            return tasks.watch(session, begin(session, path), what)

    # -- backups --------------------------------------------------------------------------

    def backup(self, tenant):
        container, what = tenant.container, 'Writing the backup'
        self._require_storage()
        with self._session() as session:
            begun = self._begun(session, container, BACKUP_TASK, what)
            if begun is not UNKNOWN:
                return begun
            node, _config = self._must_find(session, container)
            upid = self._running(session, node, container, BACKUP_TASK) or session.post(
                f'nodes/{node}/vzdump', vmid=container.vmid, storage=self.spec.backup_storage, mode='snapshot', compress='zstd',
                **{'notes-template': f'saas:{container.mark}'})
            return tasks.watch(session, upid, what)

    def restore(self, tenant, volume):
        """In place: number, address and mark stay. The container is stopped before and stays stopped. One that somebody has
        removed is made again, unless its number is taken."""
        container = tenant.container
        self._require_storage()
        self._check_volume(container, volume)
        with self._session() as session:
            begun = self._begun(session, container, RESTORE_TASK, RESTORING)
            if begun is not UNKNOWN:
                return begun
            upid = self._running(session, self.spec.name, container, RESTORE_TASK)
            if upid:        # what is half read back does not carry our mark yet
                return tasks.watch(session, upid, RESTORING)
            node, config = self._find(session, container) or (self.spec.name, None)
            if config and config.get('lock') == 'create':
                self._refuse_half_made(session, container)
            if not self._has_backup(session, node, container, volume):  # what is there is removed before it is read back
                raise NotFound(f'There is no backup {volume} any more: choose another one.', 'pve_missing')
            self._refuse_foreign(session, node, container, volume)
        waiting = self.stop(tenant)
        if waiting:
            return waiting
        with self._session() as session:
            upid = session.post(f'nodes/{node}/lxc', vmid=container.vmid, ostemplate=volume, restore=1, storage=self.spec.storage,
                                pool=self.spec.api.pool or None, force=1 if config else None)
            return tasks.watch(session, upid, RESTORING)

    def remove_backup(self, tenant, volume):
        """Also of a container that is gone."""
        container, what = tenant.container, 'Removing the backup'
        self._require_storage()
        self._check_volume(container, volume)
        with self._session() as session:
            waiting = self._go_on(session, container, what)
            if waiting:
                return waiting
            node, _config = self._find(session, container) or (self.spec.name, None)
            if not self._has_backup(session, node, container, volume):
                return None
            self._refuse_foreign(session, node, container, volume)
            return tasks.watch(session, session.delete(f'{self._storage(node)}/{volume}'), what)

    # -- what there is --------------------------------------------------------------------

    def kept(self, tenant):
        """``[Kept]``, newest first: of a container that is gone its backups."""
        container, found = tenant.container, []
        with self._session() as session:
            node, config = self._find(session, container) or (self.spec.name, None)
            if config:
                rows = self._snapshots(session, f'nodes/{node}/lxc/{container.vmid}')
                found += [Kept('snapshot', name, row.get('snaptime') or 0) for name, row in rows.items()]
            if self.spec.backup_storage:
                rows = self._backups(session, node, container)
                found += [Kept('backup', row['volid'], row.get('ctime') or 0, int(row.get('size') or 0)) for row in rows]
        return sorted(found, key=lambda kept: (-kept.made_at, kept.name))

    def _backups(self, session, node, container):
        return session.get(self._storage(node), content='backup', vmid=container.vmid)

    def _storage(self, node):
        return f'nodes/{node}/storage/{self.spec.backup_storage}/content'

    # -- how ------------------------------------------------------------------------------

    def _path(self, session, container):
        node, _config = self._must_find(session, container)
        return f'nodes/{node}/lxc/{container.vmid}'

    def _snapshots(self, session, path):
        return {row['name']: row for row in session.get(f'{path}/snapshot') if row['name'] != 'current'}

    def _begun(self, session, container, kind, what):
        """What became of such a task: NotYet while it goes on, None once it has succeeded. UNKNOWN if there was none or
        nobody knows of it any more: then it is done again, for nothing tells that it was done."""
        if f':{kind}:' not in container.task:
            return UNKNOWN
        try:
            return tasks.watch(session, container.task, what)
        except NotFound:
            return UNKNOWN

    def _running(self, session, node, container, kind):
        """UPID of such a task for this container, '' if there is none."""
        return next((upid for upid in tasks.active(session, node, (kind,)) if f':{kind}:{container.vmid}:' in upid), '')

    def _has_backup(self, session, node, container, volume):
        return any(row['volid'] == volume for row in self._backups(session, node, container))

    def _refuse_foreign(self, session, node, container, volume):
        """Its number may have been somebody else's before."""
        if mark_of_archive(session.get(f'nodes/{node}/vzdump/extractconfig', volume=volume)) != container.mark:
            raise Permanent(f'{volume} is a backup of another machine that had the number {container.vmid}: choose another one.')

    def _check_volume(self, container, volume):
        if not re.fullmatch(rf'{re.escape(self.spec.backup_storage)}:backup/vzdump-lxc-{container.vmid}-[\w.-]+', volume):
            raise Permanent(f'{volume} is no backup of the container {container.vmid}.')

    def _require_storage(self):
        if not self.spec.backup_storage:
            raise Permanent(f'The node {self.spec.name} has no storage for backups: enter one on its form.', 'pve_storage')


def _check_name(name):
    if not SNAPSHOT.fullmatch(name):
        raise Permanent(f'{name!r} cannot be the name of a snapshot: letters, digits, hyphens and underscores, at most 40.')
