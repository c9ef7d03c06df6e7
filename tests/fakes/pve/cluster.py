"""fakepve as the Proxmox VE of our tests: its gaps filled, its faults by the piece and by chance, its containers real where
there is a runtime for them."""
import asyncio
import contextlib
import json
import re
import time

from aiohttp import web
from fakepve import FakePve
from fakepve.lxc import FakeCt
from fakepve.model import PveError, TaskError
from fakepve.routing import param_error
from fakepve.server import API, error

from .faults import Faults
from .tasks import Tasks
from .vzdump import Vzdump

GIB, MIB = 1024 ** 3, 1024 ** 2
UPID = re.compile(r'UPID:[^:\s]+:[0-9A-Fa-f]{8}:[0-9A-Fa-f]{8,9}:[0-9A-Fa-f]{8}:[^:\s]+:[^:\s]*:[^:\s]+:')
NODE = {'online': True, 'memory': 16384, 'used_memory': 2048, 'cores': 8, 'cpu': 0.05}      # MiB


class Cluster(Tasks, Vzdump, FakePve):
    def __init__(self, runtime, **options):
        self.runtime, self.faults, self.delay_401, self.state = runtime, Faults(), 0.0, None
        super().__init__(**options)
        self.time_scale, self.ha_delay, self.ended = 1.0, 0.3, asyncio.Event()

    def changed(self):
        """Kept, and seen by ``pct``, before anybody is told."""
        if self.state:
            self.state.save(self)

    async def stop(self):
        """Calls that hang on demand are let go."""
        self.ended.set()
        await super().stop()

    def add_node(self, name, online=True):
        self.nodes[name] = {**NODE, 'online': online}

    # -- calls --------------------------------------------------------------------------------------------------------
    @web.middleware
    async def _middleware(self, request, handler):
        answer = await super()._middleware(request, handler)
        if answer.status == 401:
            await asyncio.sleep(self.delay_401)
        if request.method != 'GET':
            self.changed()
        return answer

    async def _answer(self, request, handler, generic, path_node):
        fault = self.faults.call(request.method, request.path.removeprefix(API))
        if fault is None:
            return await super()._answer(request, handler, generic, path_node)
        kind = fault['kind']
        if kind == 'error':
            return self._refusal(fault)
        if kind == 'html':
            return web.Response(status=fault['status'], text='<html><body><h1>Bad gateway</h1></body></html>',
                                content_type='text/html')
        if kind == 'hang':
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.ended.wait(), fault.get('seconds', 60))
        if kind != 'drop':
            answer = await super()._answer(request, handler, generic, path_node)
        if kind == 'hang':
            return answer
        if kind == 'error_after':
            return self._refusal(fault)
        request.transport.close()
        raise ConnectionResetError('cut on demand')

    @staticmethod
    def _refusal(fault):
        return error(fault['status'], fault['message'], fault.get('errors'))

    def _get_task(self, request):
        upid = request.match_info['upid']
        if not UPID.fullmatch(upid):
            raise param_error(upid=f"unable to parse worker upid '{upid}'")
        if upid not in self.tasks:
            raise param_error(upid='no such task')
        return super()._get_task(request)

    # -- nodes --------------------------------------------------------------------------------------------------------
    def _routes_node_values(self):
        return [('GET', '/nodes/{node}/status', self._node_status), ('GET', '/nodes/{node}/network', self._networks)]

    def usage_of(self, name):
        """As the API counts: bytes, cores, share of all cores."""
        node, running = self.nodes[name], [ct for ct in self.cts if ct.node == name and ct.status == 'running']
        used = node.get('used_memory', NODE['used_memory']) * MIB + sum(ct.stats.get('mem', 64 * MIB) for ct in running)
        return {'cpu': node.get('cpu', NODE['cpu']), 'maxcpu': node.get('cores', NODE['cores']), 'mem': used,
                'maxmem': node.get('memory', NODE['memory']) * MIB, 'disk': 4 * GIB, 'maxdisk': 64 * GIB, 'uptime': 3600}

    async def _nodes(self, request):
        return self._with_usage(await super()._nodes(request))

    async def _resources(self, request):
        return self._with_usage(await super()._resources(request))

    def _with_usage(self, response):
        rows = json.loads(response.text)['data']
        for row in rows:
            if row['type'] == 'node' and row['status'] == 'online':
                row.update(self.usage_of(row['node']))
            elif row['type'] == 'lxc' and row['status'] == 'running':
                row.update({key: value for key, value in self._seen(self.ct(row['vmid'])).items() if key in row})
        return web.json_response({'data': rows})

    def _seen(self, ct):
        """What a running container uses: as somebody has said, else as its runtime sees it."""
        found = self.runtime.usage(ct.vmid) if ct.status == 'running' else {}
        if 'cpu' in found:
            found['cpu'] /= self._cpus(ct)
        return {**found, **ct.stats}

    def _status(self, ct):
        return {**super()._status(ct), **self._seen(ct)}

    async def _node_status(self, v, user):
        found, load = self.usage_of(v['node']), self.nodes[v['node']].get('load', '0.10')
        return {'cpu': found['cpu'], 'wait': 0, 'uptime': found['uptime'], 'loadavg': [load, load, load],
                'cpuinfo': {'cpus': found['maxcpu'], 'cores': found['maxcpu'], 'sockets': 1, 'model': 'fake'},
                'memory': {'total': found['maxmem'], 'used': found['mem'], 'free': found['maxmem'] - found['mem']},
                'swap': {'total': 0, 'used': 0, 'free': 0}, 'pveversion': f'pve-manager/{self.version}/fakepve',
                'rootfs': {'total': found['maxdisk'], 'used': found['disk'], 'avail': found['maxdisk'] - found['disk'],
                           'free': found['maxdisk'] - found['disk']}, 'kversion': 'Linux', 'ksm': {'shared': 0}}

    async def _networks(self, v, user):
        bridges = [{'iface': name, 'type': 'bridge', 'active': 1, 'autostart': 1, 'method': 'static', 'method6': 'manual',
                    'exists': 1, 'bridge_ports': '', 'bridge_stp': 'off', 'bridge_fd': '0', 'families': ['inet'], 'priority': 3}
                   for name in self.bridges if self.allowed(user, f'/sdn/zones/localnetwork/{name}', 'SDN.Audit')
                   or self.allowed(user, f'/sdn/zones/localnetwork/{name}', 'SDN.Use')]
        return bridges if v.get('type') in (None, 'bridge', 'any_bridge', 'any_local_bridge') else []

    # -- numbers, room ------------------------------------------------------------------------------------------------
    def collision(self, vmid, node):
        """Somebody else's container gets the number first, if that is wished."""
        if self.ct(vmid) is None and self.faults.collision():
            self.cts.append(FakeCt(vmid, 'somebody-else', node=node))

    async def _lxc_clone(self, user, v):
        self.collision(int(v['newid']), v['node'])
        source = self.ct(int(v['vmid']))
        self.details[int(v['newid'])] = {'full': bool(v.get('full')), 'of_template': bool(source and source.template)}
        return await super()._lxc_clone(user, v)

    def _allocate(self, vmid, sid, taken):
        if self.storages[sid].get('is_full'):
            raise TaskError(f"lvcreate 'pve/vm-{vmid}-disk-0' error:   Volume group \"pve\" has insufficient free space "
                            '(12 extents): 2048 required.' if self.storages[sid]['type'] == 'lvmthin'
                            else f"unable to create image on '{sid}': No space left on device")
        return super()._allocate(vmid, sid, taken)

    def _realise(self, *arguments, **options):
        try:
            return super()._realise(*arguments, **options)
        except TaskError as refused:
            raise PveError(500, str(refused)) from refused

    # -- containers ---------------------------------------------------------------------------------------------------
    async def _update_config(self, ct, user, values, deletes, reverts):
        await super()._update_config(ct, user, values, deletes, reverts)
        if ct.status == 'running':
            await asyncio.to_thread(self.runtime.act, 'configure', self.plainly(ct))

    async def _lxc_snapshot(self, user, v):
        self.details[int(v['vmid'])] = {'snapshot': v['snapname']}
        return await super()._lxc_snapshot(user, v)

    async def _lxc_snapshot_delete(self, user, v):
        self.details[int(v['vmid'])] = {'snapshot': v['snapname']}
        return await super()._lxc_snapshot_delete(user, v)

    async def _lxc_rollback(self, user, v):
        self.details[int(v['vmid'])] = {'snapshot': v['snapname']}
        return await super()._lxc_rollback(user, v)

    async def _lxc_destroy(self, user, v):
        vmid = int(v['vmid'])
        if not self.runtime.is_shared(vmid):
            return await super()._lxc_destroy(user, v)

        async def refused():
            raise TaskError(f"base volume 'base-{vmid}-disk-0' is still in use by linked clones")
        return await self.task(v['node'], 'vzdestroy', vmid, user, refused)

    async def _ct_powerdown(self, ct, timeout, force):
        self.details.setdefault(ct.vmid, {}).update(timeout=timeout, force=bool(force))
        await super()._ct_powerdown(ct, timeout, force)

    @staticmethod
    def plainly(ct):
        """For the runtime."""
        return {'vmid': ct.vmid, 'node': ct.node, 'status': ct.status, 'template': ct.template, 'config': dict(ct.config)}

    async def by_hand(self, vmid, step):
        """What somebody does on the node, past the API: no task, no lock."""
        ct = self.ct(vmid)
        await asyncio.to_thread(self.runtime.act, step, self.plainly(ct))
        if step in ('start', 'stop'):
            ct.status = 'running' if step == 'start' else 'stopped'
            ct.started_at, ct.pid = (time.time(), next(self._ct_pids)) if step == 'start' else (None, None)
        elif step == 'destroy':
            self._drop(ct)
        self.changed()
