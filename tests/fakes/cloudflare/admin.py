"""``/__fake__/…``: what tests and people do to this Cloudflare from outside its rules. No token, loopback only.

GET  /                       how much there is, and the settings
GET  /journal?since=n        the calls, oldest first; DELETE empties it; GET /counts: how many of each
POST /clock                  {"advance": seconds}
POST /settings               {"rate_limit": …}: see world.SETTINGS
POST /faults                 one or a list: see faults; DELETE takes back what has not happened yet
POST /tokens                 {"token", "permissions"?, "zones"?, "accounts"?, "status"?, "owner"?, "expires_on"?}
POST /zones                  {"name", "plan"?, "record_quota"?, "hostnames_hard_cap"?, "custom_metadata"?, …}
POST /hostnames/<host>       {"hold"?, "step"?: number of steps to take, "forced"?: [status, ssl status] or null}
POST /tunnels                {"name", "config_src"?, "connectors"?, "account"?}
POST /tunnels/<id>           {"local"?: the document of a tunnel that is managed by its file}
POST /tunnels/<id>/connectors/<number>   {"connected"?, "pending"?, "frozen"?: takes no new configuration}
POST /elsewhere              {"names": […]}: names of zones in accounts of others (1014)
"""
import json
import re
from collections import Counter
from urllib.parse import parse_qsl

from . import hostnames, tunnels
from .answers import ApiError, encoded
from .world import SETTINGS

PREFIX = '/__fake__'


class Admin:

    def __init__(self, world, api):
        self.world, self.api = world, api

    def answer(self, method, target, data):
        path, _, query = target.removeprefix(PREFIX).partition('?')
        try:
            body = json.loads(data) if data else {}
            with self.world.store.transaction():
                return 200, encoded(self._act(method, path.strip('/').split('/'), dict(parse_qsl(query)), body))
        except ApiError as error:
            return error.status, encoded(error.body())
        except (KeyError, TypeError, ValueError) as error:
            return 400, encoded({'error': f'{type(error).__name__}: {error}'})

    def _act(self, method, parts, query, body):
        act = getattr(self, f'_{method.lower()}_{parts[0] or "overview"}', None)
        if act is None:
            raise ApiError(404, 7000, f'nothing to {method} here: see tests/fakes/cloudflare/admin.py')
        return act(parts[1:], query, body)

    def _get_overview(self, parts, query, body):
        tables = {name: len(rows) for name, rows in self.world.store.tables.items() if name != 'settings'}
        return {**tables, 'settings': self.world.store.table('settings'), 'now': self.world.now(), 'calls': self.api.counted}

    # -- calls --------------------------------------------------------------------------------------------------------
    def _get_journal(self, parts, query, body):
        since = int(query.get('since', 0))
        return [call for call in self.api.journal if call['number'] > since]

    def _delete_journal(self, parts, query, body):
        self.api.journal.clear()
        return {}

    def _get_counts(self, parts, query, body):
        return dict(Counter(f'{call["method"]} {_kind(call["path"])}' for call in self.api.journal))

    def _get_faults(self, parts, query, body):
        return self.api.faults.waiting

    def _post_faults(self, parts, query, body):
        for fault in body if isinstance(body, list) else [body]:
            self.api.faults.add(fault)
        return {}

    def _delete_faults(self, parts, query, body):
        self.api.faults.clear()
        return {}

    # -- the world ----------------------------------------------------------------------------------------------------
    def _post_clock(self, parts, query, body):
        self.world.advance(float(body['advance']))
        return {'now': self.world.now()}

    def _post_settings(self, parts, query, body):
        for name, value in body.items():
            if name not in SETTINGS:
                raise KeyError(name)
            self.world.store.put('settings', name, value)
        return self.world.store.table('settings')

    def _post_tokens(self, parts, query, body):
        return self.world.add_token(**body)

    def _post_zones(self, parts, query, body):
        return self.world.add_zone(**body)

    def _post_elsewhere(self, parts, query, body):
        return self.world.store.put('settings', 'elsewhere', [str(name) for name in body['names']])

    def _post_hostnames(self, parts, query, body):
        store = self.world.store
        found = [value for value in store.table('hostnames').values() if value['hostname'] == parts[0]]
        if not found:
            raise ApiError(404, 1436, 'The custom hostname was not found.')
        values = {name: body[name] for name in ('hold', 'forced') if name in body}
        values['step'] = found[0]['step'] + body.get('step', 0)
        if body.get('hold') == 'moved':
            values.update(began=self.world.now(), issued=hostnames.state(self.world, found[0])[1] == 'active' or None)
        return hostnames.shown(self.world, store.put('hostnames', found[0]['id'], {**found[0], **values}))

    def _post_tunnels(self, parts, query, body):
        if not parts:
            return tunnels.shown(self.world, self.world.add_tunnel(**body))
        tunnel = self.world.store.table('tunnels')[parts[0]]
        if len(parts) == 3:
            return self._connector(tunnel, int(parts[2]), body)
        return self.world.store.put('tunnels', tunnel['id'], {**tunnel, 'local': body['local']})

    def _connector(self, tunnel, number, body):
        values = {name: body[name] for name in ('connected', 'pending') if name in body}
        if 'frozen' in body:
            values['frozen_at'] = self.world.now() if body['frozen'] else None
        return self.world.add_connector(tunnel['id'], number, **values)


def _kind(path):
    """Ids replaced, so that calls of a kind count as one."""
    return re.sub(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}', '*', path)
