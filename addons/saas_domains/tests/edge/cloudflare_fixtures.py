"""A Cloudflare of its own for each test, with a paid zone, a tunnel and a client whose token may everything."""
from dataclasses import dataclass

import pytest

from bare.saas_domains.edge.cloudflare import Cloudflare
from bare.saas_domains.edge.cloudflare_types import Record, Tunnel, Zone, comment, owner_mark
from tests.fakes.cloudflare import FakeCloudflare

CF_TOKEN = 'sandbox-token-that-nobody-may-see-0001'
CF_MASTER = '0c7a1c34-9d0e-11f0-8de9-0242ac120002'
CF_MARK = owner_mark(CF_MASTER)


@dataclass
class CloudflareSetting:
    fake: FakeCloudflare
    client: Cloudflare
    zone: Zone
    tunnel: Tunnel

    def client_with(self, token=CF_TOKEN, **options):
        return Cloudflare(token, self.fake.url, self.client.account, **options)

    def client_who_may(self, *permissions, **values):
        token = 'another-token-' + '-'.join(permissions).replace(' ', '_')
        self.fake.world.add_token(token, permissions, **values)
        return self.client_with(token)

    def fault(self, kind, **values):
        self.fake.api.faults.add({'kind': kind, **values})

    def calls(self):
        """``METHOD path`` of every call so far, without ids."""
        return [f'{call["method"]} {call["path"]}' for call in self.fake.api.journal]

    def records(self, count, kind='tenant', start=0):
        return [self.record(f't{number:04}', kind) for number in range(start, start + count)]

    def record(self, name, kind='tenant', content=None, **values):
        values = {'comment': comment(CF_MASTER, kind), **values}
        return Record('CNAME', f'{name}.{self.zone.name}', content or self.tunnel.target, **values)

    def foreign(self, name, content='elsewhere.example.net', kind='CNAME', words='by hand'):
        """A record that somebody made at Cloudflare."""
        proxied = kind in ('A', 'AAAA', 'CNAME')
        return self.client.create_record(self.zone.id, Record(
            kind, f'{name}.{self.zone.name}', content, proxied=proxied, comment=words))


@pytest.fixture
def cf():
    """Custom hostnames live on only when told to; connectors are at once up to date."""
    settings = {'validation_seconds': 0.0, 'connector_seconds': 0.0, 'certificates_per_minute': 0}
    with FakeCloudflare(**settings) as fake:
        fake.world.add_token(CF_TOKEN)
        zone = fake.world.add_zone('sajet.us', 'pro')
        tunnel = fake.world.add_tunnel('edge')
        client = Cloudflare(CF_TOKEN, fake.url, zone['account'])
        yield CloudflareSetting(fake, client, client.zone(zone['id']), client.tunnel(tunnel['id']))
