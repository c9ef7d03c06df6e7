"""The fake's edge lets through what Cloudflare and cloudflared would, and nothing else."""
import json

import pytest

HOST = 'www.customer.com'


@pytest.fixture
def edge(visitor, origin):
    """A tunnel that leads to the origin whatever the Host."""
    visitor.configure({'hostname': '*.sajet.us', 'service': origin.url}, {'hostname': HOST, 'service': origin.url})
    return visitor


def outcome(visitor, host, path='/'):
    """200 or the number of the error page."""
    answer = visitor.visit(host, path)
    if 'X-Origin' in answer.headers:
        return 200
    return int(answer.text.partition('error code: ')[2][:4]) if 'error code: ' in answer.text else answer.status_code


# -- names of the zone -----------------------------------------------------------------------------------------------
def test_nothing_is_served_before_there_is_a_record(edge):
    assert outcome(edge, 'acme.sajet.us') == 1001
    edge.record('acme')
    assert outcome(edge, 'acme.sajet.us') == outcome(edge, 'ACME.sajet.us:443') == 200


def test_a_wildcard_covers_what_does_not_exist(edge):
    edge.record('*')
    assert outcome(edge, 'acme.sajet.us') == outcome(edge, 'a.b.sajet.us') == 200
    assert outcome(edge, 'sajet.us') == 1001
    edge.record('busy', 'some text', 'TXT', proxied=False)
    assert outcome(edge, 'busy.sajet.us') == 1001, 'any record at a name disables the wildcard for it'
    assert outcome(edge, 'below.busy.sajet.us') == 1001, 'and for everything below'
    edge.record('deep.empty', 'some text', 'TXT', proxied=False)
    assert outcome(edge, 'empty.sajet.us') == 1001, 'a name exists if something is below it'


@pytest.mark.parametrize('values, expected', [
    ({'proxied': False}, 1001), ({'content': 'elsewhere.example.net'}, 1016),
    ({'kind': 'A', 'content': '192.0.2.1'}, 1016), ({'content': f'{"0" * 8}-0000-0000-0000-{"0" * 12}.cfargotunnel.com'}, 1033)])
def test_records_that_do_not_lead_to_the_tunnel(edge, values, expected):
    edge.record('acme', **values)
    assert outcome(edge, 'acme.sajet.us') == expected


def test_a_record_may_lead_to_another_one_but_not_round_and_round(edge):
    edge.record('one', 'two.sajet.us')
    edge.record('two')
    edge.record('left', 'right.sajet.us')
    edge.record('right', 'left.sajet.us')
    assert outcome(edge, 'one.sajet.us') == 200 and outcome(edge, 'left.sajet.us') == 1016


def test_a_tunnel_of_another_account_does_not_serve(edge):
    stranger = edge.fake.world.add_tunnel('theirs', account='f' * 32)['id']
    edge.record('acme', f'{stranger}.cfargotunnel.com')
    assert outcome(edge, 'acme.sajet.us') == 1033


# -- customers' names ------------------------------------------------------------------------------------------------
def test_a_custom_hostname_needs_everything(edge):
    assert outcome(edge, HOST) == 1001
    hostname = edge.result('POST', edge.hostnames, {'hostname': HOST, 'ssl': {'method': 'http', 'type': 'dv'}})
    assert outcome(edge, HOST) == 1016, 'not yet active'
    store = edge.fake.world.store
    store.put('hostnames', hostname['id'], {**store.get('hostnames', hostname['id']), 'step': 3})
    assert outcome(edge, HOST) == 1001, 'no certificate yet'
    store.put('hostnames', hostname['id'], {**store.get('hostnames', hostname['id']), 'step': 4})
    assert outcome(edge, HOST) == 1016, 'no fallback origin'
    edge.result('PUT', f'{edge.hostnames}/fallback_origin', {'origin': 'fallback.sajet.us'})
    assert outcome(edge, HOST) == 1016, 'the fallback origin has no record'
    edge.record('fallback')
    assert outcome(edge, HOST) == 200
    edge.ask('DELETE', f'{edge.hostnames}/{hostname["id"]}')
    assert outcome(edge, HOST) == 1001


@pytest.fixture
def customer(edge):
    edge.record('fallback')
    edge.result('PUT', f'{edge.hostnames}/fallback_origin', {'origin': 'fallback.sajet.us'})
    edge.live(HOST)
    assert outcome(edge, HOST) == 200
    return edge


@pytest.mark.parametrize('values, expected', [
    ({'hold': 'blocked'}, 1014), ({'hold': 'moved'}, 1016), ({'hold': 'pending'}, 1016),
    ({'forced': ['active', 'validation_timed_out']}, 1001), ({'forced': ['active', 'active']}, 200)])
def test_a_hostname_that_something_happens_to(customer, values, expected):
    from tests.fakes.cloudflare.control import Control
    Control(customer.fake.url).hostname(HOST, **values)
    assert outcome(customer, HOST) == expected


def test_a_name_in_somebody_elses_account(customer):
    from tests.fakes.cloudflare.control import Control
    Control(customer.fake.url).post('elsewhere', names=['theirs.example'])
    assert outcome(customer, 'www.theirs.example') == 1014 and outcome(customer, 'www.nobody.example') == 1001


def test_the_hosts_of_customers_match_no_wildcard_of_ours(customer, origin):
    """The Host stays the customer's, so an ingress that only knows *.sajet.us gives him the catch-all."""
    customer.configure({'hostname': '*.sajet.us', 'service': origin.url})
    assert customer.visit(HOST).status_code == 404
    customer.configure({'hostname': HOST, 'service': origin.url})
    assert customer.visit(HOST).status_code == 200


# -- cloudflared -----------------------------------------------------------------------------------------------------
def test_first_match_with_paths_wins(customer, origin):
    customer.configure({'hostname': HOST, 'path': '^/websocket', 'service': 'http_status:418'},
                       {'hostname': HOST, 'path': 'secret', 'service': 'http_status:403'},
                       {'hostname': HOST, 'service': origin.url})
    found = [customer.visit(HOST, path).status_code for path in ('/websocket', '/a/websocket', '/a/secret/b', '/', '/?secret')]
    assert found == [418, 200, 403, 200, 200]


def test_every_connector_serves_the_version_it_has(customer, origin):
    world = customer.fake.world
    with world.store.transaction():
        world.add_connector(customer.tunnel, 2, frozen_at=world.now() - 3600)      # has never had one
    assert {customer.visit(HOST).status_code for _ in range(4)} == {200, 503}
    with world.store.transaction():
        world.add_connector(customer.tunnel, 2, frozen_at=None)
    assert {customer.visit(HOST).status_code for _ in range(4)} == {200}


def test_no_connector_no_tunnel(customer):
    world = customer.fake.world
    with world.store.transaction():
        world.add_connector(customer.tunnel, 1, connected=False)
    assert outcome(customer, HOST) == 200
    with world.store.transaction():
        world.add_connector(customer.tunnel, 2, pending=True)
    assert outcome(customer, HOST) == 1033
    answer = customer.visit(HOST)
    assert answer.status_code == 530 and answer.headers['Retry-After'] == '120'


def test_a_tunnel_of_a_file_serves_what_its_file_says(customer, origin):
    from tests.fakes.cloudflare.control import Control
    tunnel = customer.fake.world.add_tunnel('file', config_src='local')['id']
    customer.record('filed', f'{tunnel}.cfargotunnel.com')
    assert customer.visit('filed.sajet.us').status_code == 503
    Control(customer.fake.url).post(f'tunnels/{tunnel}', local={'ingress': [{'service': origin.url}]})
    assert outcome(customer, 'filed.sajet.us') == 200


def test_an_origin_that_is_down(customer):
    customer.configure({'hostname': HOST, 'service': 'http://127.0.0.1:9'})
    assert customer.visit(HOST).status_code == 502


# -- what passes -----------------------------------------------------------------------------------------------------
def test_headers_as_cloudflare_sends_them(customer):
    seen = customer.visit(HOST, '/a?b=c', headers={
        'CF-Connecting-IP': '6.6.6.6', 'X-Forwarded-For': '6.6.6.6', 'X-Forwarded-Host': 'victim.sajet.us',
        'X-Forwarded-Proto': 'ftp', 'Connection': 'keep-alive, X-Secret', 'X-Custom': 'kept'}).json()
    assert (seen['path'], seen['headers']['host'], seen['headers']['x-custom']) == ('/a?b=c', HOST, 'kept')
    assert seen['headers']['cf-connecting-ip'] == '127.0.0.1'
    assert seen['headers']['x-forwarded-for'] == '6.6.6.6, 127.0.0.1'
    assert seen['headers']['x-forwarded-proto'] == 'http'
    assert seen['headers']['x-forwarded-host'] == 'victim.sajet.us', 'cloudflared leaves it; the router must not trust it'


def test_http_host_header_replaces_the_host(customer, origin):
    customer.configure({'hostname': HOST, 'service': origin.url, 'originRequest': {'httpHostHeader': 'inner.example'}})
    assert customer.visit(HOST).json()['headers']['host'] == 'inner.example'


@pytest.mark.parametrize('method', ['POST', 'PUT', 'DELETE'])
def test_bodies_pass(customer, method):
    body = b'x' * 300_000
    assert customer.visit(HOST, method=method, data=body).json() | {'headers': None} == {
        'method': method, 'path': '/', 'body': body.decode(), 'headers': None}


def test_bodies_of_unknown_length_pass_both_ways(customer):
    seen = customer.visit(HOST, method='POST', data=iter([b'one', b'two'])).json()
    assert seen['body'] == 'onetwo' and 'content-length' not in seen['headers']
    assert customer.visit(HOST, '/stream').text == 'onetwo'


def test_answers_without_a_body(customer):
    head = customer.visit(HOST, method='HEAD')
    assert head.status_code == 200 and head.text == '' and int(head.headers['Content-Length']) > 0
    assert customer.visit(HOST, '/nothing').status_code == 204
    assert customer.visit(HOST).status_code == 200, 'the connection is still usable'


def test_more_than_100_megabytes_are_refused(customer, plain_socket):
    plain_socket.sendall(f'POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {101 * 2**20}\r\n\r\n'.encode())
    assert plain_socket.recv(4096).startswith(b'HTTP/1.1 413')


def test_websockets_pass_both_ways(customer, plain_socket):
    plain_socket.sendall(f'GET /echo HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'.encode())
    head = b''
    while b'\r\n\r\n' not in head:
        head += plain_socket.recv(4096)
    assert head.startswith(b'HTTP/1.1 101')
    for words in (b'one', b'two'):
        plain_socket.sendall(words)
        assert plain_socket.recv(4096) == words


def test_a_request_without_a_host(visitor, plain_socket):
    plain_socket.sendall(b'GET / HTTP/1.0\r\n\r\n')
    assert b'1001' in plain_socket.recv(4096)


def test_the_page_says_why_to_whoever_wonders(edge):
    answer = edge.visit('acme.sajet.us')
    assert answer.status_code == 409 and 'acme.sajet.us has no record' in answer.text
    assert json.dumps(answer.headers['Content-Type']) == '"text/html; charset=UTF-8"'
