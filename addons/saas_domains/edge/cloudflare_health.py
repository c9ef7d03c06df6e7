"""Whether a root domain's Cloudflare can do its work: every part is looked at, what is wrong gets a code. Changes nothing.

Whether a token may write is found out by deleting what cannot exist: who may not is refused before anything is looked for.
"""
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ...saas_master.drivers.errors import DriverError
from ...saas_master.drivers.looks import Look, Wrong

NOBODY = '0' * 32                                       # a record
NOBODY_UUID = '00000000-0000-0000-0000-000000000000'    # a custom hostname, a tunnel
NEAR = 0.9              # of a quota
SOON = timedelta(days=14)
ENOUGH = 2              # connectors


@dataclass(frozen=True)
class Expected:
    """What the root domain says. ``version``: of the tunnel's configuration; 0 if it is not ours to know;
    ``fallback``: the origin of custom hostnames, '' for none."""

    name: str
    zone: str
    tunnel: str
    remote: bool = True
    version: int = 0
    fallback: str = ''


@dataclass(frozen=True)
class Report:
    """``looks``: of ``token``, ``zone``, ``dns``, ``certificates``, ``fallback``, ``tunnel``, ``connectors``. The rest is
    what became known, None where it did not."""

    looks: list
    zone: object = None
    usage: object = None
    quota: object = None
    tunnel: object = None
    connectors: list | None = None
    version: int | None = None

    @property
    def problems(self):
        return [look for look in self.looks if look.state == 'bad']


def examine(client, expected):
    """Never raises a DriverError, for an answer that fails is a result. Problems, with their values:

    ``token_status`` (status), ``token_expires`` (date); ``zone_name`` (found, wanted), ``zone_status`` (status);
    ``quota`` (used, quota) of ``dns`` and ``certificates``; ``fallback_missing`` (wanted), ``fallback_other`` (found,
    wanted), ``fallback_status`` (status, words); ``tunnel_deleted``, ``tunnel_management`` (remote), ``tunnel_status``
    (status); ``connectors`` (count), ``connectors_behind`` (behind, count, version); and the client's own
    ``cloudflare_…`` (words, and its values: ``permission``).
    """
    return _Examination(client, expected).report()


class _Examination:

    def __init__(self, client, expected):
        self.client, self.expected, self.known = client, expected, {}

    def report(self):
        looks = [_attempt('token', self._token)]
        if looks[0].problem in ('cloudflare_token', 'cloudflare_address', 'cloudflare_unreachable', 'cloudflare_silent'):
            rest = ('zone', 'dns', 'certificates', 'fallback', 'tunnel', 'connectors')
            return Report(looks + [Look(part, 'not_asked') for part in rest])
        looks += [_attempt('zone', self._zone), _attempt('dns', self._dns), _attempt('certificates', self._certificates)]
        looks += [_attempt('fallback', self._fallback)] if self.expected.fallback else []
        looks += [_attempt('tunnel', self._tunnel)]
        looks += [_attempt('connectors', self._connectors) if 'tunnel' in self.known else Look('connectors', 'not_asked')]
        return Report(looks, **self.known)

    def _token(self):
        status = self.client.verify_token()
        if status.status != 'active':
            raise Wrong('token_status', status=status.status)
        if status.expires_on and status.expires_on < datetime.now(timezone.utc) + SOON:
            raise Wrong('token_expires', date=status.expires_on.date().isoformat())

    def _zone(self):
        zone = self.known['zone'] = self.client.zone(self.expected.zone)
        if zone.name != self.expected.name:
            raise Wrong('zone_name', found=zone.name, wanted=self.expected.name)
        if zone.status != 'active':
            raise Wrong('zone_status', status=zone.status)

    def _dns(self):
        usage = self.known['usage'] = self.client.record_usage(self.expected.zone)
        self.client.delete_record(self.expected.zone, NOBODY)
        if usage.quota and usage.used >= usage.quota * NEAR:
            raise Wrong('quota', used=usage.used, quota=usage.quota)

    def _certificates(self):
        quota = self.known['quota'] = self.client.hostname_quota(self.expected.zone)
        self.client.delete_custom_hostname(self.expected.zone, NOBODY_UUID)
        if quota.used >= quota.hard_cap * NEAR:
            raise Wrong('quota', used=quota.used, quota=quota.hard_cap)

    def _fallback(self):
        found, wanted = self.client.fallback_origin(self.expected.zone), self.expected.fallback
        if not found.origin:
            raise Wrong('fallback_missing', wanted=wanted)
        if found.origin != wanted:
            raise Wrong('fallback_other', found=found.origin, wanted=wanted)
        if found.status != 'active':
            raise Wrong('fallback_status', status=found.status, words='; '.join(found.errors))

    def _tunnel(self):
        tunnel = self.client.tunnel(self.expected.tunnel)
        if tunnel.deleted:
            raise Wrong('tunnel_deleted')
        self.known['tunnel'] = tunnel
        if tunnel.remote != self.expected.remote:
            raise Wrong('tunnel_management', remote=tunnel.remote)
        if self.expected.remote:
            self.client.check_tunnel_write(NOBODY_UUID)
            self.known['version'] = self.client.configuration(tunnel.id).version
        if tunnel.status not in ('healthy', 'degraded'):
            raise Wrong('tunnel_status', status=tunnel.status)

    def _connectors(self):
        connectors = self.known['connectors'] = self.client.connections(self.expected.tunnel)
        up = [connector for connector in connectors if not connector.is_pending]
        if len(up) < ENOUGH:
            raise Wrong('connectors', count=len(up))
        wanted = max(self.expected.version, self.known.get('version') or 0) if self.expected.remote else 0
        behind = [connector for connector in up if connector.config_version < wanted]
        if behind:
            raise Wrong('connectors_behind', behind=len(behind), count=len(up), version=wanted)


def _attempt(part, look):
    try:
        look()
    except Wrong as wrong:
        return Look(part, wrong.problem, wrong.values)
    except DriverError as error:
        return Look(part, error.problem or 'failed', {'words': error.words, **getattr(error, 'values', {})})
    return Look(part)
