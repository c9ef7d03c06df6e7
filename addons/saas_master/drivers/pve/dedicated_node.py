"""Tenants with a container of their own on a node of Proxmox VE: cloned from a golden container, configured, started.

A container is ours by the first line of its description, ``saas:<mark>``, which it has from the first moment.
Parameters and answers: https://pve.proxmox.com/pve-docs/api-viewer/ (``/nodes/{node}/lxc``).
"""
import contextlib

from ..errors import NotFound, Permanent
from ..host import ABSENT, PUBLISHED, STAGING
from ..waiting import NotYet
from . import dedicated_database, tasks
from .api import PveSession
from .config import description, differs, mark_of, network, properties, size_gib, tags

SHUTDOWN = 60           # seconds a container has to end by itself before it is killed
HA_LOOK_AGAIN = 2.0     # seconds; the HA manager looks every ten
HALF_MADE = ('create', 'disk')      # locks of a clone that goes on


class DedicatedNode:
    """The driver of one node; see ``host.Host``.

    :param spec: ``spec.PveNode``; :param inside: from a container's number to a context manager with its transport;
    :param layout: ``dedicated_database.Inside``, where things are in the golden container's clones; :param session: from
    ``spec.PveApi`` to a context manager with its ``PveSession``
    """

    def __init__(self, spec, inside, layout=dedicated_database.STANDARD, session=PveSession):
        self.spec, self._inside, self._layout, self._open = spec, inside, layout, session

    # -- making --------------------------------------------------------------------------

    def clone(self, template, tenant):
        """:param template: ``spec.Golden``; Permanent with ``pve_vmid_taken`` when the number is somebody else's"""
        container = tenant.container
        with self._session() as session:
            waiting = self._go_on(session, container, 'Cloning the golden container')
            if waiting:
                return waiting
            found = self._find(session, container)
            if not found:
                return self._begin_clone(session, template, container)
            node, config = found
            if config.get('lock') not in HALF_MADE:
                return None
            if tasks.active(session, node, ('vzclone',)):
                return NotYet(tasks.LOOK_AGAIN)
            self._refuse_half_made(session, container)
            return None

    def _begin_clone(self, session, template, container):
        params = {'newid': container.vmid, 'hostname': container.hostname, 'description': description(container),
                  'pool': self.spec.api.pool or None}
        if template.full:
            params.update(full=1, storage=self.spec.storage)        # a linked clone lies where its template does
        if template.node != self.spec.name:
            params['target'] = self.spec.name
        upid = session.post(f'nodes/{template.node}/lxc/{template.vmid}/clone', **params)
        return tasks.watch(session, upid, 'Cloning the golden container')

    def configure(self, tenant):
        container = tenant.container
        with self._session() as session:
            waiting = self._go_on(session, container, 'Enlarging the disk')
            if waiting:
                return waiting
            node, config = self._must_find(session, container)
            wanted = {'hostname': container.hostname, 'description': description(container), 'onboot': 1, 'tags': tags(container),
                      'net0': network(container, self.spec.bridge, config.get('net0', '')), **_resources(container)}
            self._put(session, node, container, wanted, config)
            return self._grow(session, node, container, config)

    def resize(self, tenant):
        """What a plan has, given to a container that may run.

        :return: NotYet while the disk grows; else the names of settings that wait for the next start, '' if none does
        """
        container = tenant.container
        with self._session() as session:
            waiting = self._go_on(session, container, 'Enlarging the disk')
            if waiting:
                return waiting
            node, config = self._must_find(session, container)
            self._put(session, node, container, _resources(container), config)
            waiting = self._grow(session, node, container, config)
            if waiting:
                return waiting
            rows = session.get(f'nodes/{node}/lxc/{container.vmid}/pending')
            return ', '.join(sorted(row['key'] for row in rows if 'pending' in row or row.get('delete')))

    def _put(self, session, node, container, wanted, config):
        changed = {name: value for name, value in wanted.items() if differs(name, config.get(name, ''), value)}
        if changed:
            session.put(f'nodes/{node}/lxc/{container.vmid}/config', **changed)

    def _grow(self, session, node, container, config):
        """A disk can only become larger."""
        size = size_gib(properties(config.get('rootfs', '')).get('size', ''))
        if size is None or container.disk_gib <= size:
            return None
        upid = session.put(f'nodes/{node}/lxc/{container.vmid}/resize', disk='rootfs', size=f'{container.disk_gib}G')
        return tasks.watch(session, upid, 'Enlarging the disk')

    # -- power ---------------------------------------------------------------------------

    def start(self, tenant):
        return self._power(tenant.container, 'start', 'running', 'Starting the container')

    def stop(self, tenant):
        """Asked to end, killed after a minute."""
        return self._power(tenant.container, 'shutdown', 'stopped', 'Stopping the container', timeout=SHUTDOWN, forceStop=1)

    def _power(self, container, action, wanted, what, **params):
        with self._session() as session:
            waiting = self._go_on(session, container, what)
            if waiting:
                return waiting
            found = self._find(session, container)
            if not found:
                if wanted == 'stopped':
                    return None
                raise self._missing(container)
            path = f'nodes/{found[0]}/lxc/{container.vmid}/status'
            if session.get(f'{path}/current')['status'] == wanted:
                return None
            if container.task and tasks.is_queued(container.task):
                return NotYet(HA_LOOK_AGAIN, 'the HA manager has taken a note of it', container.task)
            upid = session.post(f'{path}/{action}', **params)
            waiting = tasks.watch(session, upid, what)
            if not waiting and tasks.is_queued(upid):
                return NotYet(HA_LOOK_AGAIN, 'the HA manager has taken a note of it', upid)
            return waiting

    # -- the database inside ---------------------------------------------------------------

    def personalise(self, tenant):
        with self._within(tenant) as transport:
            dedicated_database.personalise(transport, tenant, self._layout)

    def publish_database(self, tenant):
        with self._within(tenant) as transport:
            dedicated_database.publish(transport, tenant, self._layout)

    def hand_over(self, tenant):
        with self._within(tenant) as transport:
            return dedicated_database.hand_over(transport, tenant, self._layout)

    def forget(self, tenant):
        with self._within(tenant) as transport:
            dedicated_database.forget(transport, tenant, self._layout)

    @contextlib.contextmanager
    def _within(self, tenant):
        """Nothing is sent into a container that is not ours."""
        with self._session() as session:
            self._must_find(session, tenant.container)
        with self._inside(tenant.container.vmid) as transport:
            yield transport

    # -- taking away, looking -----------------------------------------------------------------

    def remove(self, tenant):
        container = tenant.container
        with self._session() as session:
            waiting = self._go_on(session, container, 'Removing the container')
            if waiting:
                return waiting
            found = self._find(session, container)
            if not found:
                return None
            upid = session.delete(f'nodes/{found[0]}/lxc/{container.vmid}', force=1, purge=1, **{'destroy-unreferenced-disks': 1})
            return tasks.watch(session, upid, 'Removing the container')

    def look(self, tenant):
        """What does not run cannot be looked into: STAGING."""
        container = tenant.container
        with self._session() as session:
            found = self._find(session, container)
            if not found:
                return ABSENT
            running = session.get(f'nodes/{found[0]}/lxc/{container.vmid}/status/current')['status'] == 'running'
        if not running:
            return STAGING
        with self._inside(container.vmid) as transport:
            found = dedicated_database.look(transport, tenant, self._layout)
        return PUBLISHED if found == PUBLISHED else STAGING

    # -- what is ours --------------------------------------------------------------------------

    def _session(self):
        return self._open(self.spec.api)

    def _go_on(self, session, container, what):
        """NotYet while work that was begun before goes on; a task that nobody knows any more is looked for by its effect."""
        if not container.task or tasks.is_queued(container.task):
            return None
        try:
            return tasks.watch(session, container.task, what)
        except NotFound:
            return None

    def _find(self, session, container):
        """(node, configuration) wherever in the cluster it is, None if it is nowhere; Permanent if it is not ours."""
        node = self.spec.name
        try:
            config = session.get(f'nodes/{node}/lxc/{container.vmid}/config')
        except NotFound:
            rows = session.get('cluster/resources', type='vm')
            node = next((row['node'] for row in rows if row.get('vmid') == container.vmid), None)
            if not node or node == self.spec.name:
                return None
            config = session.get(f'nodes/{node}/{_kind(rows, container.vmid)}/{container.vmid}/config')
        if mark_of(config) != container.mark:
            raise Permanent(f'The number {container.vmid} on {node} is that of another machine, which is not ours.',
                            'pve_vmid_taken')
        return node, config

    def _must_find(self, session, container):
        found = self._find(session, container)
        if not found:
            raise self._missing(container)
        return found

    def _refuse_half_made(self, session, container):
        """Looked at once more: what worked on it may have ended just now."""
        node, config = self._must_find(session, container)
        if config.get('lock') in HALF_MADE:
            raise Permanent(f'The container {container.vmid} was left half-made by work that was interrupted. Run `pct unlock '
                            f'{container.vmid}` on {node}, remove the container, then retry.', 'pve_locked')

    def _missing(self, container):
        return NotFound(f'The container {container.vmid} is not on {self.spec.name} nor elsewhere in its cluster: somebody has '
                        'removed it.', 'pve_missing')


def _kind(rows, vmid):
    return next(row['type'] for row in rows if row.get('vmid') == vmid)


def _resources(container):
    return {'memory': container.memory_mib, 'swap': container.swap_mib, 'cores': container.cores}
