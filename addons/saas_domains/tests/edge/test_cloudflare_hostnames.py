"""Custom hostnames: made, adopted only when ours, watched until both statuses are active, taken away."""
from datetime import datetime, timedelta, timezone

import pytest

from bare.saas_domains.edge.cloudflare_types import metadata
from bare.saas_master.drivers.errors import NotFound, Permanent, Retryable
from cloudflare_fixtures import CF_MASTER

HOST = 'www.impulse-max.com'
OURS = metadata(CF_MASTER, 'domain')
DAY = 86400


@pytest.fixture
def enterprise(cf):
    """The zone keeps metadata."""
    cf.fake.world.add_zone('sajet.us', 'enterprise', custom_metadata=True)
    return cf


def step(cf, host=HOST, count=1, **values):
    hostname = next(value for value in cf.fake.world.store.table('hostnames').values() if value['hostname'] == host)
    values['step'] = hostname['step'] + count
    with cf.fake.world.store.transaction():
        cf.fake.world.store.put('hostnames', hostname['id'], {**hostname, **values})


def earlier(cf, **delta):
    return datetime.fromtimestamp(cf.fake.world.now(), timezone.utc) - timedelta(**delta)


# -- making ----------------------------------------------------------------------------------------------------------
def test_a_hostname_becomes_active_in_its_own_time(cf):
    made = cf.client.create_custom_hostname(cf.zone.id, HOST)
    assert (made.status, made.ssl_status, made.validation) == ('pending', 'initializing', ())
    assert made.ownership_name == f'_cf-custom-hostname.{HOST}' and made.ownership_value
    assert made.delegation[0][0] == f'_acme-challenge.{HOST}'
    seen = []
    for _ in range(5):
        found = cf.client.custom_hostname(cf.zone.id, made.id)
        seen.append((found.status, found.ssl_status, found.is_live))
        step(cf)
    assert seen == [('pending', 'initializing', False), ('pending', 'pending_validation', False),
                    ('pending', 'pending_issuance', False), ('active', 'pending_deployment', False),
                    ('active', 'active', True)]
    live = cf.client.custom_hostname(cf.zone.id, made.id)
    assert live.expires_on - live.created_at == timedelta(days=90) and live.issuer and not live.errors


@pytest.mark.parametrize('method, has', [('http', lambda proof: proof.url.startswith(f'http://{HOST}/') and proof.body),
                                         ('txt', lambda proof: proof.txt_name == f'_acme-challenge.{HOST}' and proof.txt_value)])
def test_the_proof_comes_with_the_next_look(cf, method, has):
    made = cf.client.create_custom_hostname(cf.zone.id, HOST, method)
    step(cf)
    assert has(cf.client.custom_hostname(cf.zone.id, made.id).validation[0])


def test_a_zone_without_metadata_gets_the_hostname_all_the_same(cf):
    made = cf.client.create_custom_hostname(cf.zone.id, HOST, metadata=OURS)
    assert made.metadata == {} and cf.calls()[-2:] == [f'POST /zones/{cf.zone.id}/custom_hostnames'] * 2


def test_metadata_is_our_mark_where_it_is_kept(enterprise):
    cf = enterprise
    made = cf.client.create_custom_hostname(cf.zone.id, HOST, metadata=OURS)
    assert made.metadata == OURS and made.is_marked(f'saas:{CF_MASTER.replace("-", "")[:12]}:')


# -- adopting --------------------------------------------------------------------------------------------------------
def test_ours_is_adopted(enterprise):
    cf = enterprise
    cf.fault('status', method='POST', status=504, when='after')
    with pytest.raises(Retryable):
        cf.client.create_custom_hostname(cf.zone.id, HOST, metadata=OURS)
    again = cf.client.create_custom_hostname(cf.zone.id, HOST, metadata=OURS)
    assert [found.id for found in cf.client.custom_hostnames(cf.zone.id)] == [again.id]


@pytest.mark.parametrize('theirs', [None, {'saas': 'saas:another:domain'}, {'customer': '7'}])
def test_somebody_elses_is_left_alone(enterprise, theirs):
    cf = enterprise
    made = cf.client.create_custom_hostname(cf.zone.id, HOST, metadata=theirs)
    for since in (None, earlier(cf, seconds=-60)):
        with pytest.raises(Permanent, match=made.id) as caught:
            cf.client.create_custom_hostname(cf.zone.id, HOST, metadata=OURS, since=since)
        assert caught.value.problem == 'cloudflare_foreign'


def test_without_metadata_only_what_was_made_since_our_beginning_is_adopted(cf):
    before, made = earlier(cf, seconds=-20), cf.client.create_custom_hostname(cf.zone.id, HOST, metadata=OURS)
    again = cf.client.create_custom_hostname(cf.zone.id, HOST, metadata=OURS, since=before)
    assert again.id == made.id
    for since in (None, earlier(cf, seconds=-60)):
        with pytest.raises(Permanent, match='not made by this system'):
            cf.client.create_custom_hostname(cf.zone.id, HOST, metadata=OURS, since=since)


def test_a_hostname_that_exists_yet_is_not_listed_is_tried_again(cf):
    cf.fault('status', method='POST', status=409, code=1406)
    with pytest.raises(Retryable):
        cf.client.create_custom_hostname(cf.zone.id, HOST)


# -- refused ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('host, number', [('ñandú.com', 1408), ('sajet.us', 1410), ('www.a.test', 1409), ('a b.com', 1407),
                                          ('192.0.2.1', 1407), ('nodots', 1407)])
def test_what_cloudflare_does_not_take(cf, host, number):
    with pytest.raises(Permanent, match=f'{number}'):
        cf.client.create_custom_hostname(cf.zone.id, host)


@pytest.mark.parametrize('cap, number', [(0, 1404), (1, 1405)])
def test_no_quota_is_permanent(cf, cap, number):
    cf.fake.world.add_zone('sajet.us', 'pro', hostnames_hard_cap=cap)
    for place in range(cap):
        cf.client.create_custom_hostname(cf.zone.id, f'a{place}.example.es')
    with pytest.raises(Permanent, match=str(number)) as caught:
        cf.client.create_custom_hostname(cf.zone.id, HOST)
    assert caught.value.problem == 'cloudflare_quota'


def test_the_quota_is_told(cf):
    cf.fake.world.add_zone('sajet.us', 'pro', hostnames_allocated=1, hostnames_hard_cap=3)
    for place in range(2):
        cf.client.create_custom_hostname(cf.zone.id, f'a{place}.example.es')
    quota = cf.client.hostname_quota(cf.zone.id)
    assert (quota.allocated, quota.used, quota.hard_cap, quota.exceeded, quota.left) == (1, 2, 3, True, 1)


def test_fifteen_certificates_a_minute(cf):
    cf.fake.world.store.put('settings', 'certificates_per_minute', 15)
    for place in range(15):
        cf.client.create_custom_hostname(cf.zone.id, f'a{place}.example.es')
    with pytest.raises(Retryable) as caught:
        cf.client.create_custom_hostname(cf.zone.id, HOST)
    assert caught.value.after == 30


# -- later -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('hold, status, ssl_status, words', [
    ('pending', 'pending', 'pending_validation', 'does not CNAME'), ('blocked', 'blocked', 'pending_validation', 'held zone'),
    ('caa', 'active', 'pending_issuance', 'caa_error'), ('moved', 'moved', 'pending_validation', 'does not CNAME')])
def test_what_the_world_does_to_it_is_told(cf, hold, status, ssl_status, words):
    made = cf.client.create_custom_hostname(cf.zone.id, HOST)
    step(cf, count=4, hold=hold)
    found = cf.client.custom_hostname(cf.zone.id, made.id)
    assert (found.status, found.ssl_status) == (status, ssl_status) and not found.is_live
    assert any(words in error for error in found.errors)


def test_a_validation_gives_up_after_a_week_and_can_be_restarted(cf):
    made = cf.client.create_custom_hostname(cf.zone.id, HOST)
    step(cf, hold='pending')
    cf.fake.world.advance(7 * DAY + 1)
    assert cf.client.custom_hostname(cf.zone.id, made.id).ssl_status == 'validation_timed_out'
    step(cf, hold='')
    assert cf.client.restart_validation(cf.zone.id, made.id).ssl_status == 'initializing'
    step(cf, count=4)
    assert cf.client.custom_hostname(cf.zone.id, made.id).is_live


def test_cloudflare_removes_a_hostname_that_moved_a_week_ago(cf):
    made = cf.client.create_custom_hostname(cf.zone.id, HOST)
    step(cf, hold='moved')
    cf.fake.world.advance(7 * DAY + 1)
    with pytest.raises(NotFound, match='1436'):
        cf.client.custom_hostname(cf.zone.id, made.id)
    assert cf.client.delete_custom_hostname(cf.zone.id, made.id) is False


def test_deleting_twice_is_deleting(cf):
    made = cf.client.create_custom_hostname(cf.zone.id, HOST)
    assert cf.client.delete_custom_hostname(cf.zone.id, made.id) is True
    assert cf.client.delete_custom_hostname(cf.zone.id, made.id) is False
    with pytest.raises(NotFound, match='7003'):
        cf.client.delete_custom_hostname('not-a-zone', made.id)


def test_all_pages_of_hostnames(cf):
    cf.fake.world.store.put('settings', 'page_cap', 7)
    names = [f'a{place:02}.example.es' for place in range(20)]
    for name in names:
        cf.client.create_custom_hostname(cf.zone.id, name)
    assert [found.hostname for found in cf.client.custom_hostnames(cf.zone.id)] == names
    assert cf.client.custom_hostname_named(cf.zone.id, 'A07.example.es').hostname == 'a07.example.es'
    assert cf.client.custom_hostname_named(cf.zone.id, 'nobody.example.es') is None


# -- the fallback origin ---------------------------------------------------------------------------------------------
def test_a_fallback_origin_is_active_once_it_is_a_proxied_record(cf):
    assert cf.client.fallback_origin(cf.zone.id).origin == ''
    assert cf.client.put_fallback_origin(cf.zone.id, 'fallback.sajet.us').status == 'pending_deployment'
    cf.client.create_record(cf.zone.id, cf.record('fallback'))
    found = cf.client.fallback_origin(cf.zone.id)
    assert (found.origin, found.status, found.errors) == ('fallback.sajet.us', 'active', ())


def test_no_zone_is_not_the_same_as_no_fallback_origin(cf):
    with pytest.raises(NotFound):
        cf.client.fallback_origin('not-a-zone')
