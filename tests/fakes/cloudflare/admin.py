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
import re
from collections import Counter

from tests.fakes import admin

from . import hostnames, tunnels
from .answers import ApiError
from .world import SETTINGS

PREFIX = '/__fake__'


class Admin(admin.Admin):

    prefix, refusals = PREFIX, (ApiError,)

    def _get_counts(self, parts, query, body):
        return dict(Counter(f'{call["method"]} {_kind(call["path"])}' for call in self.api.journal))

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
