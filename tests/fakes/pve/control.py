"""What goes on outside the API's rules, from another process: faults, and people who do things by hand.

Standard library only. Every call is answered when it is done.
"""
from tests.fakes import control


class Control(control.Control):
    """:param url: the control endpoint's, which is not the API's: ``FakePve().control.url``"""

    # -- what it has --------------------------------------------------------------------------------------------------
    def containers(self):
        """{vmid: {status, node, name, config, pending, pool, template, lock, snapshots}}."""
        return {int(vmid): container for vmid, container in self.get('containers').items()}

    def tasks(self):
        """All, oldest first, as the API shows them, with their log."""
        return self.get('tasks')

    def backups(self):
        """{volume: its size, container, …} on all storages."""
        return self.get('backups')

    def forget_backups(self):
        """None is on any storage any more."""
        return self.delete('backups')

    def overview(self):
        """Nodes, storages, privileges, faults that wait, and the settings."""
        return self.get('overview')

    # -- what goes wrong ----------------------------------------------------------------------------------------------
    def fail(self, path='', method=None, status=500, message='got a fault on demand', *, kind='error', times=1, skip=0,
             percent=None, **more):
        """The next so many calls (``times``; None: all) that fit are answered so; ``path``: a regular expression.

        ``kind``: ``error`` (nothing is done), ``drop`` (connection cut, nothing done), ``drop_after`` (done, answer lost),
        ``error_after`` (done, yet answered so), ``hang`` (``seconds=``, then done); ``html`` (a proxy's page);
        ``task`` and ``warnings`` are about tasks: ``type='vzclone'`` (a regular expression) ends in ``message``, or in
        WARNINGS. ``percent``: only so many of a hundred, by chance.
        """
        return self.post('faults', kind=kind, path=path, method=method, status=status, message=message, times=times,
                         skip=skip, percent=percent, **more)

    def fail_some(self, percent, path='', method=None, **more):
        """So many of a hundred calls are answered with 500 from now on."""
        return self.fail(path, method, times=None, percent=percent, **more)

    def task_fails(self, type='', message='command failed: exit code 1', times=1, **more):
        return self.fail(kind='task', type=type, message=message, times=times, **more)

    def task_warns(self, type='', times=1, **more):
        return self.fail(kind='warnings', type=type, times=times, **more)

    def collide(self, times=1):
        """Somebody else's container takes the number just before the next so many clones and creations."""
        return self.fail(kind='collide', times=times)

    def faults(self):
        return self.get('faults')

    def heal(self):
        """No faults, no slowness, quorum, all nodes up, room on all storages, all privileges."""
        return self.delete('faults')

    def tasks_slow(self, seconds, type=''):
        """Tasks of this type (a regular expression) take so much longer; their log tells of progress."""
        return self.post('slow', seconds=seconds, type=type)

    def node_down(self, name):
        """595 for it; its tasks stay as they are until it is up again, when they have ended unexpectedly."""
        return self.post(f'nodes/{name}', online=False)

    def node_up(self, name):
        return self.post(f'nodes/{name}', online=True)

    def node(self, name, **values):
        """``memory`` and ``used_memory`` in MiB, ``cores``, ``cpu`` (share of all cores, 0 to 1)."""
        return self.post(f'nodes/{name}', **values)

    def quorum(self, quorate):
        return self.post('quorum', quorate=quorate)

    def storage_full(self, name, full=True):
        return self.post(f'storages/{name}', full=full)

    def storage(self, name, **values):
        """``active``, ``content``, ``avail`` (bytes) …"""
        return self.post(f'storages/{name}', **values)

    def revoke(self, privilege, path=None):
        """The token loses it, everywhere or on one path."""
        return self.post('revoke', privilege=privilege, path=path)

    def grant(self, path, *privileges):
        return self.post('grant', path=path, privileges=privileges)

    def settings(self, **values):
        """``delay_401`` (seconds; Proxmox VE has 3), ``latency``, ``version``, ``lock_wait``, ``ha_delay``, ``seed``."""
        return self.post('settings', **values)

    # -- by hand ------------------------------------------------------------------------------------------------------
    def lock(self, vmid, lock='backup'):
        return self.post(f'containers/{vmid}/lock', lock=lock)

    def unlock(self, vmid):
        return self.post(f'containers/{vmid}/lock', lock='')

    def stop(self, vmid):
        return self.post(f'containers/{vmid}/stop')

    def start(self, vmid):
        return self.post(f'containers/{vmid}/start')

    def destroy(self, vmid):
        return self.post(f'containers/{vmid}/destroy')

    def migrate(self, vmid, node):
        return self.post(f'containers/{vmid}/migrate', node=node)

    def create(self, vmid, name='by-hand', node=None, **config):
        """Somebody else's container."""
        return self.post(f'containers/{vmid}/create', name=name, node=node, config=config)

    def configure(self, vmid, **config):
        """Past all checks; None takes a key away."""
        return self.post(f'containers/{vmid}/config', **config)

    def ha(self, vmid, state='started'):
        """The HA manager looks after it; '' ends that."""
        return self.post(f'containers/{vmid}/ha', state=state)

    def usage(self, vmid, **values):
        """What it is seen to use: ``cpu`` (share of its cores), ``mem``, ``disk`` (bytes) …"""
        return self.post(f'containers/{vmid}/usage', **values)

    # -- what was asked -----------------------------------------------------------------------------------------------
    def calls(self, since=0):
        """[{number, method, path, body}] of the API's calls."""
        return self.get(f'journal?since={since}')
