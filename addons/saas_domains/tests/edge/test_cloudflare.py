"""The one seam to Cloudflare: limits, errors, pages, and a token that nobody sees."""
import logging
import traceback

import pytest

from bare.saas_domains.edge import cloudflare, cloudflare_errors
from bare.saas_master.drivers.errors import AuthError, NotFound, Permanent, Retryable
from cloudflare_fixtures import CF_TOKEN
from tests.fakes.cloudflare import FakeCloudflare
from tests.stack.ports import unused


# -- what comes back -------------------------------------------------------------------------------------------------
def test_a_good_answer_with_messages_is_judged_by_success(cf):
    status = cf.client.verify_token()
    assert (status.status, status.owner) == ('active', 'user')


def test_a_token_of_the_account_is_verified_at_the_account(cf):
    cf.fake.world.add_token('token-of-the-account-itself', owner=cf.client.account, expires_on=cf.fake.world.now() + 60)
    status = cf.client_with('token-of-the-account-itself').verify_token()
    assert (status.status, status.owner) == ('active', 'account') and status.expires_on


def test_disabled_and_expired_tokens_are_told_apart(cf):
    cf.fake.world.add_token('token-that-was-switched-off', status='disabled')
    cf.fake.world.add_token('token-that-is-past-its-time', expires_on=cf.fake.world.now() - 1)
    assert cf.client_with('token-that-was-switched-off').verify_token().status == 'disabled'
    assert cf.client_with('token-that-is-past-its-time').verify_token().status == 'expired'


@pytest.mark.parametrize('permissions, ask, missing', [
    (('DNS Write',), lambda cf, client: client.zone(cf.zone.id), 'Zone Read'),
    (('DNS Read',), lambda cf, client: client.create_record(cf.zone.id, cf.record('a')), 'DNS Write'),
    (('DNS Write',), lambda cf, client: client.custom_hostnames(cf.zone.id), 'SSL and Certificates Write'),
    (('DNS Write',), lambda cf, client: client.tunnel(cf.tunnel.id), 'Cloudflare Tunnel Write'),
])
def test_a_missing_permission_is_named(cf, permissions, ask, missing):
    with pytest.raises(AuthError, match=f'needs the permission “{missing}”') as caught:
        ask(cf, cf.client_who_may(*permissions))
    assert caught.value.problem == 'cloudflare_permission'
    assert caught.value.values['permission'] == missing


def test_reading_is_enough_for_reading(cf):
    client = cf.client_who_may('DNS Read', 'Zone Read')
    assert client.records(cf.zone.id) == [] and client.zone(cf.zone.id) == cf.zone


def test_an_unknown_token_is_not_a_missing_permission(cf):
    with pytest.raises(AuthError, match='wrong, revoked or expired') as caught:
        cf.client_with('a-token-that-nobody-has-made').zone(cf.zone.id)
    assert caught.value.problem == 'cloudflare_token'


@pytest.mark.parametrize('token', ['', '   ', 'has space', 'has\nline', 'ñandú-ñandú-ñandú', 'short'])
def test_what_cannot_be_a_token_is_not_sent(cf, token):
    before = len(cf.calls())
    with pytest.raises(AuthError) as caught:
        cf.client_with(token).zone(cf.zone.id)
    assert len(cf.calls()) == before
    assert not token.strip() or token.strip() not in str(caught.value)


def test_a_token_pasted_with_a_line_end_works(cf):
    assert cf.client_with(f'{CF_TOKEN}\n').zone(cf.zone.id) == cf.zone


def test_wrong_ids_are_not_found_or_not_ours(cf):
    with pytest.raises(NotFound, match='7003'):
        cf.client.zone('no-such-id')
    with pytest.raises(AuthError, match='9109'):
        cf.client.zone('f' * 32)
    with pytest.raises(NotFound, match='Tunnel not found'):
        cf.client.tunnel('f' * 36)
    with pytest.raises(Permanent, match='id of the account, zone or tunnel is missing'):
        cf.client.zone('')


def test_an_id_cannot_lead_elsewhere(cf):
    with pytest.raises((NotFound, AuthError)):
        cf.client.zone('../user/tokens/verify')
    assert cf.calls()[-1] == 'GET /zones/..%2Fuser%2Ftokens%2Fverify'


# -- trouble ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('status', [500, 502, 503, 504, 520, 522, 408])
def test_an_error_of_the_server_is_tried_again(cf, status):
    cf.fault('status', status=status, message='oops')
    with pytest.raises(Retryable, match='oops') as caught:
        cf.client.zone(cf.zone.id)
    assert caught.value.problem == 'cloudflare_down' and caught.value.after is None
    assert cf.client.zone(cf.zone.id) == cf.zone


def test_a_server_may_say_when(cf):
    cf.fault('status', status=503, headers={'Retry-After': '17'})
    with pytest.raises(Retryable) as caught:
        cf.client.zone(cf.zone.id)
    assert caught.value.after == 17


def test_no_answer_in_time_is_tried_again(cf):
    cf.fault('slow', seconds=2)
    with pytest.raises(Retryable, match='no answer') as caught:
        cf.client_with(timeout=(1, 0.1)).zone(cf.zone.id)
    assert caught.value.problem == 'cloudflare_silent'


@pytest.mark.parametrize('kind', ['drop', 'truncated'])
def test_half_an_answer_is_tried_again(cf, kind):
    cf.fault(kind)
    with pytest.raises(Retryable) as caught:
        cf.client.zone(cf.zone.id)
    assert caught.value.problem == 'cloudflare_unreachable'


def test_nobody_there_is_tried_again():
    client = cloudflare.Cloudflare(CF_TOKEN, f'http://127.0.0.1:{unused()}')
    with pytest.raises(Retryable, match='cannot be reached'):
        client.verify_token()


def test_something_else_that_answers_is_named(cf):
    cf.fault('garbage')
    with pytest.raises(Permanent, match='not Cloudflare\'s API'):
        cf.client.zone(cf.zone.id)
    cf.fault('garbage', status=502)
    with pytest.raises(Retryable):
        cf.client.zone(cf.zone.id)


def test_no_redirect_is_followed(cf):
    with FakeCloudflare() as thief:
        cf.fault('redirect', location=f'{thief.url}/zones')
        with pytest.raises(Permanent, match='redirect'):
            cf.client.zone(cf.zone.id)
        assert not thief.api.journal


def test_a_certificate_that_does_not_fit_is_no_place_for_a_token(cf):
    client = cloudflare.Cloudflare(CF_TOKEN, cf.fake.url.replace('http://', 'https://'))
    with pytest.raises(AuthError, match='certificate'):
        client.verify_token()


@pytest.mark.parametrize('address', ['http://api.cloudflare.com/client/v4', 'http://localhost.evil.test', 'ftp://127.0.0.1',
                                     'http://127.0.0.1.nip.io', ''])
def test_the_token_is_sent_encrypted_or_not_at_all(address):
    with pytest.raises(Permanent, match='https://'):
        cloudflare.Cloudflare(CF_TOKEN, address).verify_token()


# -- the rate limit --------------------------------------------------------------------------------------------------
def test_too_many_requests_say_when_to_come_back(cf):
    cf.fake.world.calls.clear()
    cf.fake.world.store.put('settings', 'rate_limit', 3)
    for _ in range(3):
        cf.client.zone(cf.zone.id)
    assert cf.client.requests_left == 0
    asked = len(cf.calls())
    with pytest.raises(Retryable) as caught:
        cf.client.zone(cf.zone.id)      # would shut us out for five minutes, so it is not even asked
    assert 299 < caught.value.after <= 300 and len(cf.calls()) == asked
    with pytest.raises(Retryable) as caught:
        cf.client_with().zone(cf.zone.id)       # nor by another client of this process with the same token
    assert caught.value.problem == 'cloudflare_busy' and len(cf.calls()) == asked
    cloudflare.CLOSED.clear()
    with pytest.raises(Retryable) as caught:
        cf.client_with().zone(cf.zone.id)       # who does not know goes there and is told
    assert caught.value.after == 300 and caught.value.problem == 'cloudflare_busy'
    cf.fake.world.advance(301)
    cloudflare.CLOSED.clear()
    assert cf.client_with().zone(cf.zone.id) == cf.zone


@pytest.mark.parametrize('headers, after', [
    ({'Retry-After': '120'}, 120), ({'Retry-After': '999999999999'}, 3600),
    ({'Retry-After': 'Wed, 21 Oct 2026 07:28:00 GMT'}, None), ({}, None),
    ({'Ratelimit': '"default";r=0;t=30'}, 30), ({'Ratelimit': '"default";r=5;t=30'}, None),
    ({'Ratelimit': '"burst";r=50;t=2, "default";r=0;t=40'}, 40),
    ({'Ratelimit': 'r=;t=x'}, None), ({'Retry-After': '5', 'Ratelimit': '"default";r=0;t=30'}, 5),
])
def test_headers_that_say_when(headers, after):
    assert cloudflare_errors.after(headers) == after


def test_429_without_any_header_waits_for_the_five_minutes(cf):
    cf.fault('status', status=429)
    with pytest.raises(Retryable) as caught:
        cf.client.zone(cf.zone.id)
    assert caught.value.after == 300


# -- pages -----------------------------------------------------------------------------------------------------------
def test_every_page_is_read_once(cf):
    cf.client.batch_records(cf.zone.id, posts=cf.records(2345))
    before = len(cf.calls())
    found = cf.client.records(cf.zone.id)
    assert len({record.id for record in found}) == 2345
    assert [record.name for record in found] == sorted(record.name for record in found)
    assert len(cf.calls()) - before == 3


def test_a_server_that_gives_less_a_page_is_read_to_its_end(cf):
    cf.fake.world.store.put('settings', 'page_cap', 100)
    cf.client.batch_records(cf.zone.id, posts=cf.records(345))
    before = len(cf.calls())
    assert len(cf.client.records(cf.zone.id)) == 345
    assert len(cf.calls()) - before == 4


def test_an_exact_number_of_pages_asks_for_no_empty_one(cf):
    cf.client.batch_records(cf.zone.id, posts=cf.records(1000))
    before = len(cf.calls())
    assert len(cf.client.records(cf.zone.id)) == 1000
    assert len(cf.calls()) - before == 1


def test_zones_are_found_by_name(cf):
    for number in range(60):
        cf.fake.world.add_zone(f'zone{number:02}.example.org')
    assert len(cf.client.zones()) == 61
    assert cf.client.zones('sajet.us') == [cf.zone] and cf.client.zones('nobody.example.org') == []


# -- the token -------------------------------------------------------------------------------------------------------
def test_the_token_is_nowhere(cf, caplog):
    caplog.set_level(logging.DEBUG)
    seen = [repr(cf.client), str(vars(cf.client)), repr(cf.client._session.headers)]
    cf.client.zone(cf.zone.id)
    for fault in ({'kind': 'status', 'status': 500, 'message': f'token {CF_TOKEN} failed'},
                  {'kind': 'status', 'status': 403, 'code': 10000, 'message': f'Bearer {CF_TOKEN}'},
                  {'kind': 'drop'}, {'kind': 'truncated'}, {'kind': 'garbage'}):
        cf.fault(**fault)
        with pytest.raises(Exception) as caught:
            cf.client.zone(cf.zone.id)
        seen.append(''.join(traceback.format_exception(caught.value)) + str(vars(caught.value)))
    assert not [text for text in [*seen, caplog.text] if CF_TOKEN in text]
    assert 'GET' in caplog.text


def test_neither_netrc_nor_a_proxy_comes_between(cf, monkeypatch, tmp_path):
    (tmp_path / 'netrc').write_text('machine 127.0.0.1 login thief password secret\n')
    monkeypatch.setenv('NETRC', str(tmp_path / 'netrc'))
    for name in ('HTTP_PROXY', 'http_proxy', 'ALL_PROXY'):
        monkeypatch.setenv(name, f'http://127.0.0.1:{unused()}')
    assert cf.client_with().zone(cf.zone.id) == cf.zone


def test_words_of_the_other_side_are_short_and_on_one_line(cf):
    cf.fault('status', status=400, code=1004, message='x\r\ny\x00' + 'z' * 5000)
    with pytest.raises(Permanent) as caught:
        cf.client.zone(cf.zone.id)
    assert 'x y' in str(caught.value) and len(str(caught.value)) < 600 and '\n' not in str(caught.value)


def test_an_error_beneath_an_error_is_told(cf):
    with pytest.raises(Permanent, match=r'“DNS Validation Error” \(1004\); “unknown field nonsense” \(9999\)'):
        cf.client._call('POST', ('zones', cf.zone.id, 'dns_records'), 'Trying', 'DNS Write',
                        body={**cf.record('a').payload(), 'nonsense': 1})
