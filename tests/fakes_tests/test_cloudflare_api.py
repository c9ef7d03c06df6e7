"""The fake keeps the API's rules: who may what, envelopes, pages, duplicates, limits, faults."""
import pytest

from tests.fakes.cloudflare.control import Control

CNAME = {'type': 'CNAME', 'name': 'acme', 'content': 'x.example.net', 'proxied': True}


@pytest.fixture
def control(visitor):
    return Control(visitor.fake.url)


# -- access ----------------------------------------------------------------------------------------------------------
def test_envelope_of_a_list(visitor):
    visitor.record('acme')
    answer = visitor.ask('GET', visitor.records).json()
    assert (answer['success'], answer['errors'], answer['messages']) == (True, [], [])
    assert answer['result_info'] == {'page': 1, 'per_page': 100, 'count': 1, 'total_count': 1, 'total_pages': 1}
    assert answer['result'][0]['name'] == 'acme.sajet.us'


def test_a_good_verification_carries_a_message_with_a_number(visitor):
    answer = visitor.ask('GET', '/user/tokens/verify').json()
    assert answer['success'] and answer['messages'][0]['code'] == 10000 and answer['result']['status'] == 'active'


@pytest.mark.parametrize('token, expected', [(None, (400, 9106)), ('short', (400, 6003)), ('x' * 40, (403, 9109))])
def test_tokens_that_are_none(visitor, token, expected):
    assert visitor.errors('GET', '/zones', token=token) == expected


def test_an_unknown_token_is_verified_otherwise(visitor):
    assert visitor.errors('GET', '/user/tokens/verify', token='x' * 40) == (401, 1000)


@pytest.mark.parametrize('permission, allowed, refused', [
    ('DNS Read', ('GET', 'records'), ('POST', 'records')), ('DNS Write', ('POST', 'records'), ('GET', 'hostnames')),
    ('SSL and Certificates Read', ('GET', 'hostnames'), ('POST', 'hostnames')),
    ('Cloudflare Tunnel Read', ('GET', 'tunnels'), ('POST', 'tunnels')), ('Zone Read', ('GET', None), ('GET', 'records'))])
def test_permissions(visitor, permission, allowed, refused):
    visitor.fake.world.add_token('a-token-that-may-little', [permission])

    def outcome(act):
        path = getattr(visitor, act[1]) if act[1] else f'/zones/{visitor.zone}'
        return visitor.ask(act[0], path, CNAME if act[0] == 'POST' else None, token='a-token-that-may-little')
    assert outcome(allowed).status_code == 200
    assert (outcome(refused).status_code, outcome(refused).json()['errors'][0]['code']) == (403, 10000)


def test_a_token_for_one_zone_sees_no_other(visitor):
    other = visitor.fake.world.add_zone('other.example')['id']
    visitor.fake.world.add_token('a-token-for-that-other-one', zones=[other], accounts=[])
    assert [zone['name'] for zone in visitor.result('GET', '/zones', token='a-token-for-that-other-one')] == ['other.example']
    assert visitor.errors('GET', visitor.records, token='a-token-for-that-other-one') == (403, 9109)
    assert visitor.errors('GET', visitor.tunnels, token='a-token-for-that-other-one') == (403, 9109)


@pytest.mark.parametrize('method, path, expected', [
    ('GET', '/nowhere', (404, 7000)), ('GET', '/zones/xyz/dns_records', (404, 7003)), ('DELETE', '/zones', (405, 7001)),
    ('GET', '/zones/' + 'f' * 32, (403, 9109))])
def test_bad_routes(visitor, method, path, expected):
    assert visitor.errors(method, path) == expected


@pytest.mark.parametrize('data', ['{', '[]', '"x"', ''])
def test_bad_bodies(visitor, data):
    answer = visitor.session.post(visitor.fake.url + visitor.records, data=data, timeout=10,
                                  headers={'Authorization': 'Bearer token-for-the-tests-of-the-fake'})
    assert (answer.status_code, answer.json()['errors'][0]['code']) == (400, 9207)


# -- limits ----------------------------------------------------------------------------------------------------------
def test_rate_limit(visitor):
    visitor.fake.world.store.put('settings', 'rate_limit', 2)
    first = visitor.ask('GET', '/zones')
    assert first.headers['Ratelimit'] == '"default";r=1;t=300' and first.headers['Ratelimit-Policy'] == '"default";q=2;w=300'
    assert 'Retry-After' not in first.headers
    visitor.ask('GET', '/zones')
    refused = visitor.ask('GET', '/zones')
    assert refused.status_code == 429 and refused.headers['Retry-After'] == '300'
    visitor.fake.world.advance(200)
    assert visitor.ask('GET', '/zones').headers['Retry-After'] == '100', 'shut out for the whole time, not for the window'
    visitor.fake.world.advance(101)
    assert visitor.ask('GET', '/zones').status_code == 200


def test_each_token_has_its_own_limit(visitor):
    visitor.fake.world.store.put('settings', 'rate_limit', 1)
    visitor.fake.world.add_token('another-token-for-the-tests')
    assert [visitor.ask('GET', '/zones', token=token).status_code for token in (
        'token-for-the-tests-of-the-fake', 'another-token-for-the-tests', 'another-token-for-the-tests')] == [200, 200, 429]


@pytest.mark.parametrize('query, expected', [
    ('page=0', 400), ('page=x', 400), ('per_page=0', 400), ('per_page=5000001', 400), ('per_page=1&page=99', 200)])
def test_pages_that_are_none(visitor, query, expected):
    assert visitor.ask('GET', f'{visitor.records}?{query}').status_code == expected


def test_record_quota(visitor):
    visitor.fake.world.add_zone('sajet.us', record_quota=2)
    visitor.record('a')
    visitor.record('b')
    assert visitor.errors('POST', visitor.records, CNAME) == (400, 81045)
    assert visitor.result('GET', f'{visitor.records}/usage') == {'record_quota': 2, 'record_usage': 2}


# -- records ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('second, number', [
    (CNAME, 81058), ({**CNAME, 'comment': 'x'}, 81057), ({**CNAME, 'content': 'y.example.net'}, 81053),
    ({'type': 'A', 'name': 'acme', 'content': '192.0.2.1'}, 81054), ({'type': 'TXT', 'name': 'acme', 'content': 'x'}, 81054),
    ({**CNAME, 'name': 'ACME.sajet.us.'}, 81058)])
def test_what_stands_beside_a_cname(visitor, second, number):
    visitor.result('POST', visitor.records, CNAME)
    assert visitor.errors('POST', visitor.records, second) == (400, number)


def test_a_cname_beside_anything(visitor):
    visitor.record('acme', 'x', 'TXT', proxied=False)
    assert visitor.errors('POST', visitor.records, CNAME) == (400, 81053)


@pytest.mark.parametrize('values, number', [
    ({'type': 'A', 'content': 'x'}, 9005), ({'type': 'AAAA', 'content': '192.0.2.1'}, 9005), ({'content': 'a b'}, 9007),
    ({'type': 'TXT', 'content': 'x'}, 9004), ({'ttl': 59}, 9021), ({'ttl': 86401}, 9021), ({'ttl': True}, 9021),
    ({'comment': 'x' * 101}, 9300), ({'tags': ['a:b']}, 9301), ({'name': ''}, 9000), ({'name': 'a..b'}, 9000),
    ({'type': 'BOGUS'}, 1004), ({'nonsense': 1}, 1004), ({'proxied': 'yes'}, 1004)])
def test_records_that_are_none(visitor, values, number):
    assert visitor.errors('POST', visitor.records, {**CNAME, **values}) == (400, number)
    assert visitor.result('GET', visitor.records) == []


def test_a_paid_zone_bears_longer_comments(visitor):
    visitor.fake.world.add_zone('sajet.us', 'pro')
    assert visitor.record('acme', comment='x' * 500)['comment'] == 'x' * 500


def test_a_proxied_record_has_no_time_to_live_of_its_own(visitor):
    assert visitor.record('acme', ttl=300)['ttl'] == 1


def test_change_and_delete(visitor):
    made = visitor.record('acme', comment='first')
    path = f'{visitor.records}/{made["id"]}'
    assert visitor.result('PATCH', path, {'content': 'y.example.net'})['comment'] == 'first'
    assert 'comment' not in visitor.result('PUT', path, CNAME)
    assert visitor.result('DELETE', path) == {'id': made['id']}
    for method in ('GET', 'DELETE', 'PATCH'):
        assert visitor.errors(method, path, {}) == (404, 81044)


@pytest.mark.parametrize('query, names', [
    ('name=b.sajet.us', 'b'), ('name.exact=B.sajet.us', 'b'), ('type=TXT', 'c'), ('comment.startswith=saas:', 'ab'),
    ('comment.contains=two', 'b'), ('proxied=false', 'c'), ('content.exact=hello', 'c'), ('comment.absent=true', 'c'),
    ('order=name&direction=desc', 'cba'), ('per_page=2&page=2&order=name', 'c'), ('search=hello', 'c')])
def test_filters(visitor, query, names):
    visitor.record('a', comment='saas:one')
    visitor.record('b', comment='saas:two')
    visitor.record('c', 'hello', 'TXT', proxied=False)
    assert [record['name'][0] for record in visitor.result('GET', f'{visitor.records}?{query}')] == list(names)


def test_a_batch_is_all_or_nothing_in_its_order(visitor):
    made = visitor.record('acme')
    batch = {'deletes': [{'id': made['id']}], 'posts': [CNAME, {**CNAME, 'name': 'b'}]}
    bad = {**batch, 'posts': [*batch['posts'], {**CNAME, 'name': 'b'}]}
    assert visitor.errors('POST', f'{visitor.records}/batch', bad) == (400, 81058)
    assert visitor.result('GET', visitor.records) == [made]
    assert [len(rows) for rows in visitor.result('POST', f'{visitor.records}/batch', batch).values()] == [1, 0, 0, 2]
    assert visitor.errors('POST', f'{visitor.records}/batch', {'deletes': [{'id': made['id']}]}) == (404, 81044)
    assert visitor.errors('POST', f'{visitor.records}/batch', {}) == (400, 9207)


@pytest.mark.parametrize('kind, limit', [('free', 200), ('pro', 3500)])
def test_size_of_a_batch(visitor, kind, limit):
    visitor.fake.world.add_zone('sajet.us', kind, record_quota=None)
    posts = [{**CNAME, 'name': f'n{number}'} for number in range(limit + 1)]
    assert visitor.errors('POST', f'{visitor.records}/batch', {'posts': posts}) == (400, 9207)
    assert len(visitor.result('POST', f'{visitor.records}/batch', {'posts': posts[1:]})['posts']) == limit


# -- custom hostnames and tunnels ------------------------------------------------------------------------------------
def test_statuses_of_success(visitor):
    body = {'hostname': 'www.customer.com', 'ssl': {'method': 'http', 'type': 'dv'}}
    made = visitor.ask('POST', visitor.hostnames, body)
    path = f'{visitor.hostnames}/{made.json()["result"]["id"]}'
    assert made.status_code == 201 and visitor.ask('PATCH', path, {'ssl': body['ssl']}).status_code == 202
    assert visitor.errors('POST', visitor.hostnames, body) == (409, 1406)
    assert visitor.ask('DELETE', path).json() == {'id': path.rpartition('/')[2]}
    assert visitor.errors('DELETE', path) == (404, 1436)


def test_metadata_is_for_those_who_pay(visitor):
    body = {'hostname': 'www.customer.com', 'ssl': {'method': 'http', 'type': 'dv'}, 'custom_metadata': {'a': 'b'}}
    assert visitor.errors('POST', visitor.hostnames, body) == (403, 1413)


def test_time_moves_a_hostname_on(visitor, control):
    control.post('settings', validation_seconds=60)
    made = visitor.result('POST', visitor.hostnames, {'hostname': 'www.customer.com', 'ssl': {'method': 'txt', 'type': 'dv'}})
    seen = []
    for _ in range(5):
        found = visitor.result('GET', f'{visitor.hostnames}/{made["id"]}')
        seen.append(f'{found["status"]}/{found["ssl"]["status"]}')
        control.advance(60)
    assert seen[0] == 'pending/initializing' and seen[-1] == 'active/active'


def test_a_new_tunnel_says_its_secret_once(visitor):
    made = visitor.result('POST', visitor.tunnels, {'name': 'new', 'config_src': 'cloudflare'})
    assert made['token'] and made['credentials_file']['TunnelSecret'] and made['status'] == 'inactive'
    assert visitor.errors('POST', visitor.tunnels, {'name': 'new'}) == (409, 1013)
    secret = made['credentials_file']['TunnelSecret']
    assert secret not in str(visitor.fake.world.store.tables)
    assert isinstance(visitor.result('GET', f'{visitor.tunnels}/{made["id"]}/token'), str)


def test_a_tunnel_in_use_is_not_deleted(visitor, control):
    assert visitor.errors('DELETE', f'{visitor.tunnels}/{visitor.tunnel}') == (400, 1022)
    for number in (1, 2):
        control.post(f'tunnels/{visitor.tunnel}/connectors/{number}', connected=False)
    assert visitor.result('DELETE', f'{visitor.tunnels}/{visitor.tunnel}')['deleted_at']


def test_a_remote_configuration_takes_over_a_tunnel_of_a_file(visitor):
    tunnel = visitor.fake.world.add_tunnel('file', config_src='local')['id']
    path = f'{visitor.tunnels}/{tunnel}'
    assert visitor.result('GET', path)['config_src'] == 'local'
    visitor.result('PUT', f'{path}/configurations', {'config': {'ingress': [{'service': 'http_status:404'}]}})
    assert visitor.result('GET', path)['config_src'] == 'cloudflare'


# -- on demand -------------------------------------------------------------------------------------------------------
def test_faults_come_as_often_and_where_they_should(visitor, control):
    control.fault('status', method='GET', path='/dns_records$', status=503, times=2, skip=1)
    found = [visitor.ask('GET', path).status_code for path in (visitor.records, '/zones', visitor.records, visitor.records,
                                                               visitor.records)]
    assert found == [200, 200, 503, 503, 200]
    control.fault('drop')
    control.delete('faults')
    assert visitor.ask('GET', '/zones').status_code == 200 and control.get('faults') == []


def test_a_fault_after_the_work_leaves_the_work(visitor, control):
    control.fault('status', when='after', status=500)
    assert visitor.ask('POST', visitor.records, CNAME).status_code == 500
    assert len(visitor.result('GET', visitor.records)) == 1
    control.fault('status', status=500)
    assert visitor.ask('POST', visitor.records, {**CNAME, 'name': 'b'}).status_code == 500
    assert len(visitor.result('GET', visitor.records)) == 1


def test_a_fault_nobody_knows_is_refused(control):
    with pytest.raises(OSError, match='400'):
        control.fault('bogus')


def test_the_journal_has_every_call_and_no_token(visitor, control):
    visitor.record('acme')
    visitor.ask('GET', '/zones', token='x' * 40)
    calls = control.calls()
    assert [(call['method'], call['status']) for call in calls] == [('POST', 200), ('GET', 403)]
    assert control.get('counts') == {'POST /zones/*/dns_records': 1, 'GET /zones': 1}
    assert 'token-for-the-tests' not in str(calls) and control.calls(calls[0]['number']) == calls[1:]
    control.delete('journal')
    assert control.calls() == []


def test_the_world_from_outside(visitor, control):
    control.post('zones', name='new.example', plan='enterprise')
    control.post('tokens', token='a-token-made-from-outside', permissions=['Zone Read'])
    assert {zone['name'] for zone in visitor.result('GET', '/zones', token='a-token-made-from-outside')} == {
        'new.example', 'sajet.us'}
    assert control.get('')['zones'] == 2
    with pytest.raises(OSError, match='400'):
        control.post('settings', no_such_setting=1)
    with pytest.raises(OSError, match='404'):
        control.get('nothing-of-the-kind')


@pytest.mark.parametrize('headers', [{'Origin': 'https://evil.example'}, {'Host': 'evil.example'}])
def test_pages_of_a_browser_do_not_get_in_from_behind(visitor, headers):
    answer = visitor.session.get(visitor.fake.server.url + '/__fake__/', headers=headers, timeout=10)
    assert answer.status_code == 403
