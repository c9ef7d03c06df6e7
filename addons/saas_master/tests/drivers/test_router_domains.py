"""Customers' own names at the router: each leads to its tenant and nothing a visitor sends makes it lead elsewhere."""
import base64
import collections
import contextlib
import http.client
import json
import socket
import threading
from pathlib import Path

import pytest
from drivers.router import NONCE_URL, Route, Router
from drivers.transport import LocalTransport

from nginx_fixtures import raw
from real_servers import wait_until

OWN, OTHER = 'www.impulse-max.test', 'www.beta.test'
MARK_URL = '/.well-known/saas-tenant'
ROUTES = [
    Route('acme.example.test', 'acme'), Route(OWN, 'acme', nonce='proof-1'),
    Route('shop.eu.xn--nandu-pta.co.test', 'acme'), Route('old.impulse-max.test', 'acme', redirect=OWN, nonce='proof-2'),
    Route('beta.example.test', 'beta'), Route(OTHER, 'beta'),
    Route('www.closed.test', 'closed', suspended=True),
    Route('old.closed.test', 'closed', suspended=True, redirect='www.closed.test', nonce='proof-3')]


@pytest.fixture
def nginx(make_nginx):
    return make_nginx(ROUTES, MAX_BODY='16m')


# -- where a name leads ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('host', [OWN, OWN.upper(), f'{OWN}:8080', f'{OWN}.', f'{OWN.title()}.:80',
                                  'shop.eu.xn--nandu-pta.co.test', 'SHOP.EU.XN--NANDU-PTA.CO.TEST'])
def test_a_custom_name_leads_to_its_tenant(nginx, host):
    seen = nginx.echo(host, '/shop?a=b')
    name = host.lower().partition(':')[0].rstrip('.')
    port = host.partition(':')[1] + host.partition(':')[2]
    assert (seen['upstream'], seen['path']) == ('TENANT_HTTP', '/shop?a=b')
    assert seen['headers']['x-odoo-dbfilter'] == '^acme$'
    assert seen['headers']['host'] == seen['headers']['x-forwarded-host'] == name + port


@pytest.mark.parametrize('host', ['impulse-max.test', 'x.www.impulse-max.test', 'xwww.impulse-max.test', 'www.impulse-max',
                                  'www.impulse-max.test.evil.test', 'eu.xn--nandu-pta.co.test', 'www_impulse-max.test',
                                  'www.impulse-max.test..'])
def test_names_beside_it_lead_nowhere(nginx, host):
    assert nginx.ask(host)[0] in (400, 404)


# -- nothing else decides ----------------------------------------------------------------------------------------------

SPOOFED = ['X-Odoo-dbfilter: ^beta$', 'X_Odoo_dbfilter: ^beta$', f'X-Forwarded-Host: {OTHER}',
           f'X_Forwarded_Host: {OTHER}', f'X-FORWARDED-HOST: {OTHER}', f'X-Forwarded-Server: {OTHER}',
           f'Forwarded: host={OTHER};proto=https;for=1.2.3.4', 'X-Forwarded-Proto: https', 'X-Forwarded-For: 1.2.3.4',
           'X-Forwarded-Port: 1', 'X-Forwarded-Prefix: /x', 'X-Real-IP: 1.2.3.4', 'CF-Connecting-IP: 1.2.3.4',
           f'X-Host: {OTHER}', f'X-Original-Host: {OTHER}', f'X-HTTP-Host-Override: {OTHER}', f'X-Original-URL: http://{OTHER}/',
           'Connection: close, Host, X-Odoo-dbfilter, X-Forwarded-Host', f'Referer: http://{OTHER}/', f'Origin: http://{OTHER}',
           f'Cookie: session_id=x; db=beta; host={OTHER}', 'Upgrade: h2c', f' Host: {OTHER}', f'X: y\n Host: {OTHER}']
OURS = {'host': OWN, 'x-odoo-dbfilter': '^acme$', 'x-forwarded-host': OWN, 'x-forwarded-proto': 'http',
        'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1'}


@pytest.mark.parametrize('line', SPOOFED)
@pytest.mark.parametrize('first', [True, False], ids=['before', 'after'])
def test_no_header_leads_to_another_tenant(nginx, line, first):
    """What nginx passes on says what it says without the line; or it refuses the whole."""
    lines = [line, f'Host: {OWN}'] if first else [f'Host: {OWN}', line]
    close = [] if line.startswith('Connection') else ['Connection: close']
    answer = raw(nginx, '\n'.join(['GET / HTTP/1.1', *lines, *close, '', '']))
    if answer.startswith('HTTP/1.1 400 '):
        return
    sent = seen_headers(answer)
    assert {name: sent.get(name) for name in OURS} == {name: [value] for name, value in OURS.items()}
    assert not {'x-forwarded-port', 'x-forwarded-prefix', 'forwarded', 'upgrade'} & set(sent)


def seen_headers(answer):
    """Every value of each header that the upstream got; hyphens and underscores are the same to Odoo."""
    assert answer.startswith('HTTP/1.1 200 '), answer
    sent = {}
    for name, value in json.loads(answer.partition('\r\n\r\n')[2])['headers']:
        sent.setdefault(name.replace('_', '-'), []).append(value)
    return sent


@pytest.mark.parametrize('text', [
    f'GET http://{OWN}/ HTTP/1.1\nHost: {OTHER}\n',         # the address outranks Host, for name and database
    f'GET http://{OWN.upper()}:81/ HTTP/1.1\nHost: {OTHER}\n', f'GET https://{OWN} HTTP/1.1\nHost: {OTHER}\n',
    f'GET / HTTP/1.1\nHost: {OWN}:80@{OTHER}\n', f'GET / HTTP/1.0\nHost: {OWN}\n', f'GET //{OTHER}/ HTTP/1.1\nHost: {OWN}\n'])
def test_name_and_database_cannot_be_set_apart(nginx, text):
    sent = seen_headers(raw(nginx, f'{text}Connection: close\n\n'))
    assert sent['x-odoo-dbfilter'] == ['^acme$']
    for name in ('host', 'x-forwarded-host'):
        assert [value.partition(':')[0] for value in sent[name]] == [OWN]


@pytest.mark.parametrize('text', [
    f'GET / HTTP/1.1\nHost: {OWN}\nHost: {OTHER}\n', f'GET / HTTP/1.1\nHost: {OTHER}\nhost: {OWN}\n',
    f'GET / HTTP/1.1\nHost: {OWN}, {OTHER}\n', f'GET / HTTP/1.1\nHost: {OWN} {OTHER}\n',
    f'GET / HTTP/1.1\nHost: {OWN}@{OTHER}\n', f'GET / HTTP/1.1\nHost: {OWN}#{OTHER}\n',
    f'GET / HTTP/1.1\nHost: {OWN}/{OTHER}\n', f'GET / HTTP/1.1\nHost: {OWN}\\{OTHER}\n',
    f'GET / HTTP/1.1\nHost: {OWN}%00.{OTHER}\n', f'GET / HTTP/1.1\nHost: {OWN}\0{OTHER}\n',
    'GET / HTTP/1.1\nHost: www.impulse-max。test\n', 'GET / HTTP/1.1\nHost: \n', 'GET / HTTP/1.1\n',
    f'GET / HTTP/1.1\nHost:\t{OWN}\n', f'GET / HTTP/1.1\nHost : {OWN}\n', 'GET / HTTP/1.0\n',
    f'CONNECT {OTHER}:80 HTTP/1.1\nHost: {OWN}\n', f'GET @{OTHER}/ HTTP/1.1\nHost: {OWN}\n',
    f'GET /..//{OTHER}/ HTTP/1.1\nHost: {OWN}\n', f'GET / HTTP/1.1\n X: y\nHost: {OWN}\n',
    f'POST / HTTP/1.1\nHost: {OWN}\nTransfer-Encoding: chunked, identity\n'])
def test_what_has_two_meanings_reaches_no_odoo(nginx, upstreams, text):
    before = [len(server.seen) for server in upstreams.values()]
    answer = raw(nginx, f'{text}Connection: close\n\n')
    assert answer[:10] in ('', 'HTTP/1.1 4', 'HTTP/1.1 5')
    assert [len(server.seen) for server in upstreams.values()] == before


def test_a_second_request_behind_the_first_gets_nowhere(nginx, upstreams):
    """What a body may hide, or a proxy may have mixed up, is never taken for a request of another host."""
    before = len(upstreams['TENANT_HTTP'].seen)
    second = f'GET /second HTTP/1.1\nHost: {OTHER}\n\n'
    answer = raw(nginx, f'GET /first HTTP/1.1\nHost: {OWN}\n\n{second}')
    answer += raw(nginx, f'POST /first HTTP/1.1\nHost: {OWN}\nContent-Length: {len(second) + 3}\n\n{second}')
    smuggled = raw(nginx, f'POST /x HTTP/1.1\nHost: {OWN}\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n{second}')
    assert '^beta$' not in smuggled
    assert answer.count('HTTP/1.1 200 ') == 2
    assert '^beta$' not in answer
    assert upstreams['TENANT_HTTP'].seen[before:] in (['/first'] * 2, ['/first', '/first', '/x'])


# -- the primary name --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('path', ['/', '/shop?a=b&c=%2F', '/a%20b//c/../d;x?q=?', '//evil.test/x', '/web/login'])
@pytest.mark.parametrize('method', ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'])
def test_other_names_redirect_to_the_primary_one(nginx, upstreams, method, path):
    before = len(upstreams['TENANT_HTTP'].seen)
    body = b'x' * 10_000 if method in ('POST', 'PUT') else None
    status, headers, _body = nginx.ask('Old.impulse-max.test:8080', path, method, body)
    assert (status, headers['Location']) == (308, f'http://{OWN}:8080{path}')
    assert len(upstreams['TENANT_HTTP'].seen) == before


def test_the_public_scheme_is_kept(make_nginx):
    nginx = make_nginx(ROUTES, PUBLIC_SCHEME='https')
    assert nginx.ask('old.impulse-max.test', '/x')[1]['Location'] == f'https://{OWN}/x'
    answer = raw(nginx, f'GET http://old.impulse-max.test/x?y HTTP/1.1\nHost: {OTHER}\nConnection: close\n\n')
    assert f'\r\nLocation: https://{OWN}/x?y\r\n' in answer


def test_the_primary_name_itself_stays(nginx):
    assert nginx.database(OWN) == '^acme$'


def test_whose_database_it_is_can_be_asked_at_every_name(nginx):
    seen = nginx.echo('old.impulse-max.test', MARK_URL)
    assert (seen['path'], seen['headers']['x-odoo-dbfilter']) == (MARK_URL, '^acme$')
    for host, status in (('old.closed.test', 503), ('www.closed.test', 503), ('unknown.test', 404)):
        assert nginx.ask(host, MARK_URL)[0] == status


@pytest.mark.parametrize('path', ['/', '/web/login', '/websocket'])
def test_suspension_outranks_the_redirect(nginx, path):
    status, headers, page = nginx.ask('old.closed.test', path)
    assert (status, headers['Location'], b'This Odoo is suspended' in page) == (503, None, True)


# -- the nonce ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('host, nonce', [(OWN, 'proof-1'), (f'{OWN.upper()}:80', 'proof-1'),
                                         ('old.impulse-max.test', 'proof-2'), ('old.closed.test', 'proof-3')])
def test_a_name_answers_its_nonce_whatever_state_its_tenant_is_in(nginx, upstreams, host, nonce):
    before = len(upstreams['TENANT_HTTP'].seen)
    status, headers, body = nginx.ask(host, f'{NONCE_URL}?x=y')
    assert (status, body.decode(), headers['Content-Type']) == (200, nonce, 'text/plain')
    assert headers.get_all('Cache-Control') == ['no-store']
    assert headers.get_all('X-Content-Type-Options') == ['nosniff']
    assert len(upstreams['TENANT_HTTP'].seen) == before


@pytest.mark.parametrize('host', [OTHER, 'acme.example.test', 'www.closed.test', 'unknown.test'])
def test_a_name_without_a_nonce_answers_none(nginx, upstreams, host):
    before = len(upstreams['TENANT_HTTP'].seen)
    status, headers, _page = nginx.ask(host, NONCE_URL)
    assert (status, headers['Cache-Control']) == (404, 'no-store')
    assert len(upstreams['TENANT_HTTP'].seen) == before


def test_only_that_address_answers_the_nonce(nginx):
    for path in (f'{NONCE_URL}/', f'{NONCE_URL}s', '/x' + NONCE_URL):
        assert nginx.echo(OWN, path)['path'] == path


# -- what lasts, what is large -------------------------------------------------------------------------------------------

@pytest.mark.parametrize('host', [OWN, 'old.impulse-max.test'], ids=['primary', 'redirected'])
def test_a_web_socket_works_under_a_custom_name(nginx, host):
    """Also under one that redirects: browsers follow no redirect there, and pages opened before still want theirs."""
    key = base64.b64encode(b'sixteen bytes...').decode()
    with contextlib.closing(socket.create_connection(('127.0.0.1', nginx.port), 10)) as client:
        client.sendall(f'GET /websocket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                       f'X-Odoo-dbfilter: ^beta$\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n'.encode())
        stream = client.makefile('rwb')
        assert stream.readline().startswith(b'HTTP/1.1 101 ')
        headers = dict(line.decode().strip().split(': ', 1) for line in iter(stream.readline, b'\r\n'))
        assert (headers['X-Upstream'], headers['X-Seen-Filter']) == ('TENANT_WS', '^acme$')
        stream.write(b'\x81\x05hello')
        stream.flush()
        assert stream.read(7) == b'\x81\x05hello'


def test_a_held_request_outlives_a_change_of_routes(nginx, upstreams):
    gate, before, answers = upstreams['TENANT_HTTP'].gate, len(upstreams['TENANT_HTTP'].seen), []
    earlier = nginx.workers()
    poll = threading.Thread(target=lambda: answers.append(nginx.ask(OWN, '/held/poll', 'POST', b'{}')))
    poll.start()
    try:
        wait_until(lambda: len(upstreams['TENANT_HTTP'].seen) > before, 'the request at the upstream')
        Router(LocalTransport(), nginx.config, nginx.routes, nginx.command).apply([Route(OWN, 'moved')])
        wait_until(lambda: nginx.database(OWN) == '^moved$' and nginx.workers() - earlier, 'the new table')
        assert not answers
    finally:
        gate.set()
        poll.join(10)
        gate.clear()
    status, _headers, body = answers[0]
    assert (status, '^acme$' in body.decode()) == (200, True)


def test_visitors_do_not_notice_changes_of_other_routes(make_nginx):
    """Also those who would keep their connection, as tunnels do, and repeat nothing that got lost."""
    nginx = make_nginx(ROUTES, REQUEST_RATE='100000r/s')
    over, answers = threading.Event(), []

    def visit():
        with contextlib.closing(http.client.HTTPConnection('127.0.0.1', nginx.port, timeout=10)) as connection:
            while not over.is_set():
                try:
                    connection.request('POST', '/', b'x', {'Host': OWN})
                    response = connection.getresponse()
                    answers.append((response.status, '^acme$' in response.read().decode()))
                except (OSError, http.client.HTTPException) as error:
                    answers.append(error)
                    connection.close()
    visitors = [threading.Thread(target=visit) for _visitor in range(4)]
    for visitor in visitors:
        visitor.start()
    try:
        router = Router(LocalTransport(), nginx.config, nginx.routes, nginx.command)
        for number in range(5):
            earlier = nginx.workers()
            router.apply([*ROUTES, Route(f'new-{number}.test', 'new')])
            wait_until(lambda before=earlier: nginx.workers().isdisjoint(before), 'the end of the old workers')
    finally:
        over.set()
        for visitor in visitors:
            visitor.join(20)
    assert len(answers) > 50
    assert collections.Counter(answers) == {(200, True): len(answers)}


def test_a_large_upload_passes(nginx):
    size = 12 * 1024 ** 2
    assert nginx.echo(OWN, '/upload', 'POST', b'x' * size)['body'] == size
    pieces = (b'x' * 65536 for _n in range(size // 65536))
    assert nginx.echo(OWN, '/upload', 'POST', pieces)['body'] == size
    assert nginx.ask(OWN, '/upload', 'POST', b'x' * (17 * 1024 ** 2))[0] == 413


# -- older tables ------------------------------------------------------------------------------------------------------

def test_a_table_from_before_there_were_redirects_goes_on_serving(nginx):
    """A node's configuration is rendered anew when it is upgraded, its table only by the next change of a route."""
    nginx.stop()
    old = 'map $host $saas_db {\n default "";\n www.impulse-max.test acme;\n www.closed.test closed;\n}\n' \
          'map $host $saas_suspended {\n default "";\n www.closed.test 1;\n}\n'
    Path(nginx.routes).write_text(old)
    nginx.start()
    assert (nginx.database(OWN), nginx.database('www.closed.test')) == ('^acme$', 503)
    assert nginx.ask(OWN, NONCE_URL)[0] == 404
    assert Router(LocalTransport(), nginx.config, nginx.routes, nginx.command).apply(ROUTES) is True
    wait_until(lambda: nginx.ask(OWN, NONCE_URL)[2] == b'proof-1', 'the new table')
