"""Golden containers: built on a node of Proxmox VE from Debian and a recipe, made a template, and cloned for every tenant.

Every method may be repeated after being killed at any instant, and answers NotYet while what it has begun goes on. What is
ours is told by the description, ``saas:<mark>``; golden ones also carry the tag ``saas-golden``.
"""
import hashlib
import json

from ..errors import DriverError, NotFound, Permanent
from ..waiting import NotYet
from . import tasks
from .api import PveSession
from .config import properties
from .dedicated_node import mark_of
from .golden_inside import GoldenInside

TAGS = 'saas;saas-golden'
SHUTDOWN = 60           # seconds it has to end by itself before it is killed
LOOK_AGAIN = 0.5        # seconds
IN_USE = 'golden_in_use'            # problem: clones that share its blocks are still there
LINKED = 'linked clone'             # how Proxmox VE says so


class GoldenBuilder:
    """:param spec: ``spec.PveNode``; :param build: ``golden_spec.GoldenBuild``
    :param inside: from a container's number to a context manager with its transport
    """

    def __init__(self, spec, build, inside):
        self.spec, self.build, self._inside = spec, build, inside

    # -- the container --------------------------------------------------------------------

    def remove(self, vmid):
        """Remove a golden container of ours; Permanent with ``golden_in_use`` while clones share its blocks.

        A number that is somebody else's by now is left to him.
        """
        with self._session() as session:
            waiting = self._go_on(session, 'Removing the container', ending=self._in_use)
            if waiting:
                return waiting
            config = self._config(session, vmid)
            if config is None or mark_of(config) != self.build.mark:
                return None
            if not config.get('template') and self._status(session, vmid) == 'running':
                return self._begin(session, 'post', f'{vmid}/status/stop', 'Stopping the container') or NotYet(0)
            return self._begin(session, 'delete', f'{vmid}', 'Removing the container', ending=self._in_use,
                               force=1, purge=1, **{'destroy-unreferenced-disks': 1})

    def make(self):
        with self._session() as session:
            waiting = self._go_on(session, 'Making the container')
            if waiting:
                return waiting
            config = self._config(session, self.build.vmid)
            if config is None:
                return self._begin_creation(session)
            if config.get('lock') in ('create', 'disk'):
                return self._half_made(session)
            self._require_ours(config)
            if self.build.base_vmid and 'saas-golden' not in config.get('tags', ''):
                session.put(self._path(f'{self.build.vmid}/config'), delete='onboot', tags=TAGS, net0=self._network(config),
                            memory=self.build.memory_mib, cores=self.build.cores)
            return None

    def _begin_creation(self, session):
        build, pool = self.build, self.spec.api.pool
        common = {'hostname': build.hostname, 'description': self._description(), **({'pool': pool} if pool else {})}
        if build.base_vmid:
            self._begin(session, 'post', f'{build.base_vmid}/clone', 'Cloning the base container', newid=build.vmid,
                        full=1, storage=self.spec.storage, **common)
            return NotYet(LOOK_AGAIN)       # its tags and network are set once it is there
        return self._begin(
            session, 'post', '', 'Making the container', vmid=build.vmid, ostemplate=build.os_template, tags=TAGS,
            rootfs=f'{self.spec.storage}:{build.rootfs_gib}', memory=build.memory_mib, swap=0, cores=build.cores,
            unprivileged=1, features='nesting=1', net0=self._network({}), **common)

    def _half_made(self, session):
        """Its description is there only in the end; the number, however, was never given to anybody else."""
        going_on = tasks.active(session, self.spec.name, ('vzcreate', 'vzclone'))
        own = [upid for upid in going_on if f':vzcreate:{self.build.vmid}:' in upid]
        if own:
            return tasks.watch(session, own[0], 'Making the container')
        if going_on:        # the task of a clone bears the number of what is cloned
            return NotYet(LOOK_AGAIN)
        raise Permanent(f'The container {self.build.vmid} was left half-made on {self.spec.name}. Run `pct unlock '
                        f'{self.build.vmid}` there, remove the container, then build the template again.', 'pve_locked')

    def start(self):
        """Until commands can be run in it."""
        with self._session() as session:
            waiting = self._go_on(session, 'Starting the container')
            if waiting:
                return waiting
            self._require_ours(self._config(session, self.build.vmid))
            if self._status(session, self.build.vmid) != 'running':
                return self._begin(session, 'post', f'{self.build.vmid}/status/start', 'Starting the container') or NotYet(0)
        return self.within(lambda inside: inside.is_up()) or None

    def stop(self):
        with self._session() as session:
            waiting = self._go_on(session, 'Stopping the container')
            if waiting:
                return waiting
            config = self._config(session, self.build.vmid)
            self._require_ours(config)
            if config.get('template') or self._status(session, self.build.vmid) != 'running':
                return None
            return self._begin(session, 'post', f'{self.build.vmid}/status/shutdown', 'Stopping the container',
                               timeout=SHUTDOWN, forceStop=1) or NotYet(0)

    def convert(self):
        """Make it a template: from then on nobody can start it, and its clones share its blocks."""
        with self._session() as session:
            config = self._config(session, self.build.vmid)
            self._require_ours(config)
            if not config.get('template'):
                net0 = self._network(config, address='')     # clones get theirs, and none ever the build's
                session.put(self._path(f'{self.build.vmid}/config'), net0=net0)
                return self._begin(session, 'post', f'{self.build.vmid}/template', 'Making it a template')
        return None

    def fingerprint(self):
        """What differs once it would be built otherwise: the recipe, Debian's template, where Odoo comes from."""
        build = self.build
        with self._session() as session:
            facts = [build.recipe.digest, build.odoo_source, build.odoo_sha256, self._origin(session)]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def _origin(self, session):
        if self.build.base_vmid:
            config = self._config(session, self.build.base_vmid) or {}
            return [self.build.base_vmid, config.get('rootfs', ''), config.get('description', '')]
        storage = self.build.os_template.partition(':')[0]
        if not storage:
            raise Permanent('The template names neither a template of Debian nor a base container.')
        rows = session.get(f'nodes/{self.spec.name}/storage/{storage}/content', content='vztmpl')
        found = next((row for row in rows if row.get('volid') == self.build.os_template), None)
        if found is None:
            raise NotFound(f'The storage {storage} of {self.spec.name} has no {self.build.os_template}: fetch it there, or '
                           'name another one in the template.')
        return [found['volid'], found.get('size'), found.get('ctime')]

    # -- what is inside ---------------------------------------------------------------------

    def within(self, work):
        """``work(GoldenInside)``; nothing is sent into a container that is not ours."""
        with self._session() as session:
            self._require_ours(self._config(session, self.build.vmid))
        with self._inside(self.build.vmid) as transport:
            return work(GoldenInside(transport, self.build))

    # -- how --------------------------------------------------------------------------------

    def _session(self):
        return PveSession(self.spec.api)

    def _path(self, rest):
        return f'nodes/{self.spec.name}/lxc/{rest}'.rstrip('/')

    def _begin(self, session, method, rest, what, ending=None, **params):
        try:
            upid = getattr(session, method)(self._path(rest), **params)
            return tasks.watch(session, upid, what)
        except DriverError as error:
            raise (ending or _same)(error) from None

    def _go_on(self, session, what, ending=None):
        """NotYet while work that was begun before goes on; of a task that nobody knows any more the effect is looked for."""
        if not self.build.task:
            return None
        try:
            return tasks.watch(session, self.build.task, what)
        except NotFound:
            return None
        except DriverError as error:
            raise (ending or _same)(error) from None

    def _config(self, session, vmid):
        """None if it is not there."""
        try:
            return session.get(self._path(f'{vmid}/config'))
        except NotFound:
            return None

    def _status(self, session, vmid):
        return session.get(self._path(f'{vmid}/status/current'))['status']

    def _require_ours(self, config):
        if config is None:
            raise NotFound(f'The container {self.build.vmid} is not on {self.spec.name}: build the template again.',
                           'pve_missing')
        if mark_of(config) != self.build.mark:
            raise Permanent(f'The number {self.build.vmid} on {self.spec.name} is that of another container, which is not'
                            ' ours.', 'pve_vmid_taken')

    @staticmethod
    def _in_use(error):
        if LINKED not in str(error):
            return error
        return Permanent('Containers that were cloned from it without copying it are still there.', IN_USE)

    def _network(self, config, address=None):
        address = self.build.address if address is None else address
        known = properties(config.get('net0', ''))
        values = {'name': 'eth0', 'bridge': self.spec.bridge, 'firewall': 1, 'hwaddr': known.get('hwaddr'),
                  'ip': address or 'manual', 'gw': self.build.gateway if '/' in address else ''}
        return ','.join(f'{name}={value}' for name, value in values.items() if value)

    def _description(self):
        return f'saas:{self.build.mark}\n{self.build.hostname}: what containers of tenants are cloned from. Leave this text.'


def _same(error):
    return error
