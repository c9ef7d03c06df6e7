"""From a Host to the service of a tunnel, the way Cloudflare and cloudflared find it."""
import itertools
import re
from dataclasses import dataclass, field

from . import hostname_life, hostnames, records, tunnels

SUFFIX = '.cfargotunnel.com'
LONGEST_CHAIN = 8


class Refused(Exception):
    """``number``: of the error page."""

    def __init__(self, number, why):
        super().__init__(why)
        self.number, self.why = number, why


@dataclass
class Target:
    """``service`` as in the ingress rule; ``origin``: its ``originRequest`` over the document's."""

    service: str
    origin: dict = field(default_factory=dict)
    version: int = 0
    connector: str = ''


class Routing:

    def __init__(self, world):
        self.world, self._turn = world, itertools.count()

    def target(self, host, path):
        """:raises Refused: what a visitor sees instead"""
        with self.world.store.lock:
            zone = self._zone(host)
            tunnel = self._by_record(zone, host) if zone else self._by_hostname(host)
            return self._ingress(tunnel, host, path)

    def _zone(self, host):
        zones = self.world.store.table('zones').values()
        found = [zone for zone in zones if host == zone['name'] or host.endswith('.' + zone['name'])]
        return max(found, key=lambda zone: len(zone['name']), default=None)

    # -- what leads to the tunnel -------------------------------------------------------------------------------------
    def _by_record(self, zone, host, depth=0):
        found = self._resolved(zone, host)
        record = next((record for record in found if record['type'] in ('A', 'AAAA', 'CNAME')), None)
        if record is None:
            raise Refused(1001, f'{host} has no record, and no wildcard covers it')
        if not record['proxied']:
            raise Refused(1001, f'the record of {record["name"]} is not proxied, so visitors never come here')
        content = record['content']
        if record['type'] != 'CNAME':
            raise Refused(1016, f'{content} is not a tunnel')
        if content.endswith(SUFFIX):
            return self._tunnel(zone, content.removesuffix(SUFFIX))
        if depth == LONGEST_CHAIN or self._zone(content) != zone:
            raise Refused(1016, f'{content} leads to no tunnel of this account')
        return self._by_record(zone, content, depth + 1)

    def _resolved(self, zone, host):
        """A name that exists, if only by what is below it, is not covered by the wildcard."""
        if found := records.of_name(self.world, zone, host):
            return found
        names = {record['name'] for record in records.of_zone(self.world, zone)} if host != zone['name'] else ()
        while host != zone['name']:
            if any(name.endswith('.' + host) for name in names):
                return []
            host = host.partition('.')[2]
            if found := records.of_name(self.world, zone, f'*.{host}'):
                return found
            if host in names:
                return []
        return []

    def _by_hostname(self, host):
        candidates = [(zone, found) for zone in self.world.store.table('zones').values()
                      if (found := hostnames.named(self.world, zone, host))]
        if not candidates:
            elsewhere = self.world.store.get('settings', 'elsewhere') or ()
            if any(host == name or host.endswith('.' + name) for name in elsewhere):
                raise Refused(1014, f'{host} is in somebody else\'s account, and no custom hostname here')
            raise Refused(1001, f'no custom hostname {host}')
        zone, found = candidates[0]
        status, ssl_status, *_errors = hostname_life.look(
            found, self.world.now(), self.world.setting('validation_seconds'))
        if status == 'blocked':
            raise Refused(1014, 'the custom hostname is blocked')
        if status != 'active':
            raise Refused(1016, f'the custom hostname is {status}')
        if ssl_status != 'active':
            raise Refused(1001, f'its certificate is {ssl_status}')
        if hostnames.fallback_status(self.world, zone) != 'active':
            raise Refused(1016, 'the fallback origin is not active')
        return self._by_record(zone, zone['fallback']['origin'])

    def _tunnel(self, zone, key):
        tunnel = self.world.store.get('tunnels', key)
        if tunnel is None or tunnel['deleted'] or tunnel['account'] != zone['account']:
            raise Refused(1033, f'there is no tunnel {key} in this account')
        return tunnel

    # -- what the tunnel's cloudflared does ---------------------------------------------------------------------------
    def _ingress(self, tunnel, host, path):
        up = [connector for connector in tunnels.connectors(self.world, tunnel)
              if connector['connected'] and not connector['pending']]
        if not up:
            raise Refused(1033, 'no connector of the tunnel is up')
        connector = up[next(self._turn) % len(up)]      # until all have a new version, visitors meet both
        version = tunnels.version_of(self.world, tunnel, connector)
        document = tunnel.get('local') if tunnel['config_src'] == 'local' else tunnels.document_of(tunnel, version)
        rule = first_match((document or {}).get('ingress') or (), host, path)
        if rule is None:
            return Target('http_status:503', version=version, connector=connector['id'])
        origin = {**(document.get('originRequest') or {}), **(rule.get('originRequest') or {})}
        return Target(rule['service'], origin, version, connector['id'])


def first_match(rules, host, path):
    return next((rule for rule in rules if _fits(rule.get('hostname') or '', host)
                 and (not rule.get('path') or re.search(rule['path'], path))), None)


def _fits(pattern, host):
    """``*.sajet.us`` takes a.b.sajet.us as well, but not sajet.us."""
    if pattern in ('', '*'):
        return True
    return host.endswith(pattern[1:]) and host != pattern[2:] if pattern.startswith('*.') else host == pattern
