"""Tunnels: one document, versions that every connector takes; and what the health of a root domain finds."""
import pytest

from bare.saas_domains.edge.cloudflare_health import Expected, examine
from bare.saas_master.drivers.errors import Permanent

DOCUMENT = {'ingress': [{'hostname': '*.sajet.us', 'service': 'http://127.0.0.1:8080'}, {'service': 'http_status:404'}]}


def connector(cf, number, **values):
    with cf.fake.world.store.transaction():
        cf.fake.world.add_connector(cf.tunnel.id, number, **values)


# -- configuration ---------------------------------------------------------------------------------------------------
def test_a_tunnel_without_a_configuration_has_version_0(cf):
    assert cf.client.configuration(cf.tunnel.id) == (0, {})
    assert cf.tunnel.target == f'{cf.tunnel.id}.cfargotunnel.com' and cf.tunnel.remote


def test_the_whole_document_is_replaced_and_counted(cf):
    assert cf.client.put_configuration(cf.tunnel.id, {**DOCUMENT, 'warp-routing': {'enabled': False}}) == 1
    assert cf.client.put_configuration(cf.tunnel.id, DOCUMENT) == 2
    assert cf.client.configuration(cf.tunnel.id) == (2, DOCUMENT)


@pytest.mark.parametrize('ingress, words', [
    ([], 'missing'), ([{'hostname': 'a.sajet.us', 'service': 'http://127.0.0.1:1'}], 'last ingress rule'),
    ([{'service': 'http_status:404'}, {'service': 'http_status:404'}], 'match every hostname'),
    ([{'hostname': 'a.*.us', 'service': 'http://x'}, {'service': 'http_status:404'}], 'wildcard'),
    ([{'hostname': 'a.us:80', 'service': 'http://x'}, {'service': 'http_status:404'}], 'port'),
    ([{'hostname': 'a.us', 'service': 'http://x/path'}, {'service': 'http_status:404'}], 'no path'),
    ([{'hostname': 'a.us', 'path': '(', 'service': 'http://x'}, {'service': 'http_status:404'}], 'regex'),
    ([{'hostname': 'a.us', 'service': 'http://x', 'originRequest': {'connectTimeout': '10s'}},
      {'service': 'http_status:404'}], 'connectTimeout')])
def test_a_bad_document_is_refused_whole(cf, ingress, words):
    cf.client.put_configuration(cf.tunnel.id, DOCUMENT)
    with pytest.raises(Permanent, match=words):
        cf.client.put_configuration(cf.tunnel.id, {'ingress': ingress})
    assert cf.client.configuration(cf.tunnel.id).version == 1


def test_connectors_take_a_version_one_after_the_other(cf):
    cf.fake.world.store.put('settings', 'connector_seconds', 10)
    cf.client.put_configuration(cf.tunnel.id, DOCUMENT)

    def versions():
        return [found.config_version for found in cf.client.connections(cf.tunnel.id)]
    assert versions() == [0, 0]
    cf.fake.world.advance(11)
    assert versions() == [1, 0]
    cf.fake.world.advance(10)
    assert versions() == [1, 1]


def test_connectors_that_are_away(cf):
    connector(cf, 1, pending=True)
    assert [found.is_pending for found in cf.client.connections(cf.tunnel.id)] == [True, False]
    assert cf.client.tunnel(cf.tunnel.id).status == 'degraded'
    connector(cf, 2, connected=False)
    assert len(cf.client.connections(cf.tunnel.id)) == 1
    assert cf.client.tunnel(cf.tunnel.id).status == 'down'


def test_tunnels_are_found_by_name(cf):
    cf.fake.world.add_tunnel('another', connectors=0, config_src='local')
    assert cf.client.tunnels('edge') == [cf.tunnel]
    found = {tunnel.name: (tunnel.status, tunnel.remote) for tunnel in cf.client.tunnels()}
    assert found == {'edge': ('healthy', True), 'another': ('inactive', False)}


# -- health ----------------------------------------------------------------------------------------------------------
def looks(cf, client=None, **values):
    expected = Expected(**{'name': 'sajet.us', 'zone': cf.zone.id, 'tunnel': cf.tunnel.id, **values})
    report = examine(client or cf.client, expected)
    return {look.part: look.problem for look in report.looks if look.state == 'bad'}, report


def test_a_well_root_domain(cf):
    cf.client.create_record(cf.zone.id, cf.record('fallback'))
    cf.client.put_fallback_origin(cf.zone.id, 'fallback.sajet.us')
    version = cf.client.put_configuration(cf.tunnel.id, DOCUMENT)
    found, report = looks(cf, version=version, fallback='fallback.sajet.us')
    assert found == {} and len(report.looks) == 7
    assert (report.usage.used, report.quota.used, report.version, len(report.connectors)) == (1, 0, 1, 2)


def test_every_missing_permission_is_found_by_asking(cf):
    found, report = looks(cf, cf.client_who_may('Zone Read', 'DNS Read', 'SSL and Certificates Read', 'Cloudflare Tunnel Read'))
    assert found == {part: 'cloudflare_permission' for part in ('dns', 'certificates', 'tunnel')}
    assert [look.values['permission'] for look in report.problems] == [
        'DNS Write', 'SSL and Certificates Write', 'Cloudflare Tunnel Write']
    assert report.usage and report.quota and report.tunnel, 'what may be read is known all the same'


def test_looking_changes_nothing(cf):
    cf.client.create_record(cf.zone.id, cf.record('a'))
    before = {name: dict(rows) for name, rows in cf.fake.world.store.tables.items()}
    looks(cf, fallback='fallback.sajet.us')
    assert {name: dict(rows) for name, rows in cf.fake.world.store.tables.items()} == before


def test_a_wrong_token_asks_no_further(cf):
    found, report = looks(cf, cf.client_with('a-token-that-nobody-has-made'))
    assert found == {'token': 'cloudflare_token'}
    assert {look.problem for look in report.looks[1:]} == {'not_asked'}


@pytest.mark.parametrize('values, problem', [({'status': 'disabled'}, 'token_status'), ({'expires_on': 1}, 'token_expires')])
def test_a_token_that_ends(cf, values, problem):
    if 'expires_on' in values:
        values = {'expires_on': cf.fake.world.now() + 3600}
    cf.fake.world.add_token('a-token-with-a-past-or-end', **values)
    assert looks(cf, cf.client_with('a-token-with-a-past-or-end'))[0]['token'] == problem


def test_the_zone_of_another_name_or_not_yet_active(cf):
    assert looks(cf, name='example.org')[0] == {'zone': 'zone_name'}
    cf.fake.world.add_zone('sajet.us', 'pro', status='pending')
    assert looks(cf)[0] == {'zone': 'zone_status'}


def test_quotas_that_are_nearly_used_up(cf):
    cf.fake.world.add_zone('sajet.us', 'free', record_quota=10, hostnames_hard_cap=1)
    cf.client.batch_records(cf.zone.id, posts=cf.records(9))
    cf.client.create_custom_hostname(cf.zone.id, 'www.impulse-max.com')
    assert looks(cf)[0] == {'dns': 'quota', 'certificates': 'quota'}


def test_a_fallback_origin_that_does_not_work(cf):
    assert looks(cf, fallback='fallback.sajet.us')[0] == {'fallback': 'fallback_missing'}
    cf.client.put_fallback_origin(cf.zone.id, 'other.sajet.us')
    assert looks(cf, fallback='fallback.sajet.us')[0] == {'fallback': 'fallback_other'}
    assert looks(cf, fallback='other.sajet.us')[0] == {'fallback': 'fallback_status'}


def test_connectors_too_few_or_behind(cf):
    connector(cf, 2, connected=False)
    assert looks(cf)[0] == {'connectors': 'connectors'}
    connector(cf, 2, connected=True, frozen_at=cf.fake.world.now() - 1)
    cf.client.put_configuration(cf.tunnel.id, DOCUMENT)
    found, report = looks(cf)
    assert found == {'connectors': 'connectors_behind'}
    assert report.problems[0].values == {'behind': 1, 'count': 2, 'version': 1}


def test_a_tunnel_that_is_managed_the_other_way_is_down_or_gone(cf):
    assert looks(cf, remote=False)[0] == {'tunnel': 'tunnel_management'}
    for number in (1, 2):
        connector(cf, number, connected=False)
    assert looks(cf)[0] == {'tunnel': 'tunnel_status', 'connectors': 'connectors'}
    cf.fake.world.store.put('tunnels', cf.tunnel.id, {**cf.fake.world.store.get('tunnels', cf.tunnel.id), 'deleted': 1.0})
    assert looks(cf)[0] == {'tunnel': 'tunnel_deleted'}
