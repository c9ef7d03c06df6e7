"""The control endpoint: what ``control.py`` calls. Loopback only, no token."""
import inspect
import json
import logging

from aiohttp import web
from fakepve.lxc import FakeCt

from . import PRIVILEGES, TOKEN_ID

SETTABLE = {'delay_401': float, 'latency': float, 'version': str, 'lock_wait': float, 'ha_delay': float}


class Admin:
    """``POST /containers/101/stop`` is ``_post_containers(['101', 'stop'], {})``."""

    def __init__(self, cluster):
        self.cluster = cluster

    def app(self):
        app = web.Application()
        app.router.add_route('*', '/{tail:.*}', self._handle)
        return app

    async def _handle(self, request):
        first, *rest = request.match_info['tail'].strip('/').split('/')
        act = getattr(self, f'_{request.method.lower()}_{first}', None)
        if act is None:
            return web.json_response({'error': f'nothing to {request.method} at {first}'}, status=404)
        text = await request.text()
        try:
            body = json.loads(text) if text else dict(request.query)
            answer = act(rest, body)
            return web.json_response(await answer if inspect.isawaitable(answer) else answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            logging.getLogger('pve').exception('control: %s', request.path)
            return web.json_response({'error': f'{type(error).__name__}: {error}'}, status=400)

    # -- looking ------------------------------------------------------------------------------------------------------
    def _get_containers(self, rest, body):
        return {ct.vmid: {'status': ct.status, 'node': ct.node, 'name': ct.name, 'config': ct.config, 'pending': ct.pending,
                          'pool': ct.pool, 'template': ct.template, 'lock': ct.lock, 'snapshots': list(ct.snapshots)}
                for ct in self.cluster.cts}

    def _get_tasks(self, rest, body):
        return self.cluster.tasklog

    def _get_backups(self, rest, body):
        return {f'{name}:{volume}': entry for name, store in self.cluster.storages.items()
                for volume, entry in store.get('volumes', {}).items() if entry['content'] == 'backup'}

    def _delete_backups(self, rest, body):
        for store in self.cluster.storages.values():
            volumes = store.get('volumes', {})
            for volume in [volume for volume, entry in volumes.items() if entry['content'] == 'backup']:
                del volumes[volume]
        return {}

    def _get_overview(self, rest, body):
        cluster = self.cluster
        stores = {name: {key: value for key, value in store.items() if key not in ('files', 'volumes')}
                  for name, store in cluster.storages.items()}
        grants = {path: sorted(privileges) for path, privileges in cluster.acl[TOKEN_ID]}
        return {'nodes': cluster.nodes, 'storages': stores, 'privileges': grants, 'faults': cluster.faults.waiting,
                'quorate': cluster.quorate, 'settings': {name: getattr(cluster, name) for name in SETTABLE},
                'runtime': cluster.runtime.name, 'pools': {name: sorted(ids) for name, ids in cluster.pools.items()}}

    def _get_journal(self, rest, body):
        since = int(body.get('since', 0))
        return [{'number': number, 'method': method, 'path': path, 'body': data.decode(errors='replace')}
                for number, (method, path, data) in enumerate(self.cluster.requests, 1) if number > since]

    # -- faults -------------------------------------------------------------------------------------------------------
    def _get_faults(self, rest, body):
        return self.cluster.faults.waiting

    def _post_faults(self, rest, body):
        self.cluster.faults.add(body)
        return {}

    def _delete_faults(self, rest, body):
        cluster = self.cluster
        cluster.faults.waiting.clear()
        cluster.slow.clear()
        cluster.regain_quorum()
        for name in cluster.nodes:
            self._post_nodes([name], {'online': True})
        for store in cluster.storages.values():
            store.pop('is_full', None)
        cluster.acl[TOKEN_ID] = [(path, set(privileges)) for path, privileges in PRIVILEGES.items()]
        return {}

    def _post_slow(self, rest, body):
        self.cluster.slow[:] = [(body.get('type', ''), float(body['seconds']))] if body['seconds'] else []
        return {}

    def _post_nodes(self, rest, body):
        cluster, name = self.cluster, rest[0]
        cluster.nodes[name].update(body)
        if body.get('online') is False:
            cluster.kill_tasks(name)
        elif body.get('online'):
            cluster.bury_tasks(name)
        cluster.changed()
        return {}

    def _post_quorum(self, rest, body):
        self.cluster.quorate = bool(body['quorate'])
        return {}

    def _post_storages(self, rest, body):
        store, full = self.cluster.storages[rest[0]], body.pop('full', None)
        if full is not None:
            store['is_full'] = full
        store.update(body)
        return {}

    def _post_revoke(self, rest, body):
        for path, privileges in self.cluster.acl[TOKEN_ID]:
            if body.get('path') in (None, path):
                privileges.discard(body['privilege'])
        return {}

    def _post_grant(self, rest, body):
        self.cluster.grant(TOKEN_ID, body['path'], *body['privileges'])
        return {}

    def _post_settings(self, rest, body):
        if 'seed' in body:
            self.cluster.faults.chance.seed(body.pop('seed'))
        for name, value in body.items():
            setattr(self.cluster, name, SETTABLE[name](value))
        return {}

    # -- by hand ------------------------------------------------------------------------------------------------------
    async def _post_containers(self, rest, body):
        vmid, action = int(rest[0]), rest[1]
        await getattr(self, f'_hand_{action}')(vmid, body)
        self.cluster.changed()
        return {}

    async def _hand_stop(self, vmid, body):
        await self.cluster.by_hand(vmid, 'stop')

    async def _hand_start(self, vmid, body):
        await self.cluster.by_hand(vmid, 'start')

    async def _hand_destroy(self, vmid, body):
        if self.cluster.ct(vmid).status == 'running':
            await self.cluster.by_hand(vmid, 'stop')
        await self.cluster.by_hand(vmid, 'destroy')

    async def _hand_create(self, vmid, body):
        self.cluster.cts.append(FakeCt(vmid, body['name'], node=body['node'] or sorted(self.cluster.nodes)[0],
                                       config=body['config']))

    async def _hand_migrate(self, vmid, body):
        if body['node'] not in self.cluster.nodes:
            raise ValueError(f'no node {body["node"]}')
        self.cluster.ct(vmid).node = body['node']

    async def _hand_config(self, vmid, body):
        config = self.cluster.ct(vmid).config
        for key, value in body.items():
            config.update({key: value}) if value is not None else config.pop(key, None)

    async def _hand_lock(self, vmid, body):
        self.cluster.ct(vmid).lock = body['lock']

    async def _hand_ha(self, vmid, body):
        self.cluster.ct(vmid).ha_state = body['state'] or None

    async def _hand_usage(self, vmid, body):
        self.cluster.ct(vmid).stats.update(body)
