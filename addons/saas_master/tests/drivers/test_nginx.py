"""The configuration of nginx itself: who reaches which Odoo, with which headers, and what never does."""
import base64
import contextlib
import hashlib
import json
import re
import socket
from pathlib import Path

import pytest
from drivers.router import Route

from nginx_fixtures import CONFIG, raw
from real_servers import free_port

ROUTES = [Route('acme.localhost', 'acme'), Route('with-hyphen.localhost', 'with-hyphen'),
          Route('closed.localhost', 'closed', suspended=True)]
PAGES = sorted((CONFIG / 'pages').glob('*.html'))


@pytest.fixture
def nginx(make_nginx):
    return make_nginx(ROUTES)


def language(page):
    return re.search(rb'<html lang="(\w+)">', page)[1].decode()


# -- where requests go -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize('host', ['acme.localhost', 'ACME.localhost', 'acme.localhost:8080', 'acme.localhost.'])
def test_a_tenant_gets_exactly_its_database(nginx, host):
    seen = nginx.echo(host, '/web?a=b')
    assert (seen['upstream'], seen['path']) == ('TENANT_HTTP', '/web?a=b')
    assert seen['headers']['x-odoo-dbfilter'] == '^acme$'


def test_a_hyphen_stays_a_hyphen(nginx):
    pattern = nginx.echo('with-hyphen.localhost')['headers']['x-odoo-dbfilter']
    assert re.match(pattern, 'with-hyphen')
    for other in ('with-hyphen2', 'awith-hyphen', 'withxhyphen', 'with-hyphen-2', 'with'):
        assert not re.match(pattern, other)


@pytest.mark.parametrize('host', ['localhost', '127.0.0.1', 'localhost:8080'])
def test_the_master_gets_no_filter(nginx, host):
    seen = nginx.echo(host, X_Odoo_dbfilter='^acme$')
    assert seen['upstream'] == 'MASTER_HTTP'
    assert 'x-odoo-dbfilter' not in seen['headers']


def test_a_route_for_the_masters_name_changes_nothing(make_nginx):
    nginx = make_nginx([Route('www.example.com', 'acme')], MASTER_NAMES='www.example.com')
    seen = nginx.echo('www.example.com')
    assert seen['upstream'] == 'MASTER_HTTP'
    assert 'x-odoo-dbfilter' not in seen['headers']


@pytest.mark.parametrize('host, status', [
    ('unknown.localhost', 404), ('acme.localhost.evil.example', 404), ('xacme.localhost', 404), ('acme', 404),
    ('_', 404), ('10.0.0.1', 404), ('closed', 404), ('acme.localhost\\', 404), ('', 400), ('acme.localhost/', 400)])
def test_an_unknown_host_reaches_no_odoo(nginx, upstreams, host, status):
    before = [len(server.seen) for server in upstreams.values()]
    for method in ('GET', 'POST', 'PUT', 'HEAD'):
        for path in ('/', '/web/login', '/websocket', '/xmlrpc/2/common'):
            assert nginx.ask(host, path, method)[0] == status
    assert [len(server.seen) for server in upstreams.values()] == before


def test_a_request_without_a_host_reaches_no_odoo(nginx):
    assert raw(nginx, 'GET / HTTP/1.0\n\n').startswith('HTTP/1.1 404 ')


def test_two_hosts_are_refused(nginx):
    answer = raw(nginx, 'GET / HTTP/1.1\nHost: acme.localhost\nHost: with-hyphen.localhost\nConnection: close\n\n')
    assert answer.startswith('HTTP/1.1 400 ')


def test_database_and_host_cannot_be_set_apart(nginx):
    """A request line with an address outranks Host: both must then come from it."""
    answer = raw(nginx, 'GET http://acme.localhost/x HTTP/1.1\nHost: with-hyphen.localhost:81\nConnection: close\n\n')
    assert '["x-odoo-dbfilter", "^acme$"]' in answer
    assert '["host", "acme.localhost:81"]' in answer
    assert 'with-hyphen' not in answer


# -- headers to Odoo -------------------------------------------------------------------------------------------------

def test_nobody_can_say_who_he_is_or_what_he_wants_to_see(nginx):
    headers = nginx.echo(
        'acme.localhost:8080', X_Odoo_dbfilter='^closed$', X_Forwarded_For='1.2.3.4', X_Real_IP='1.2.3.4',
        X_Forwarded_Host='evil.example', X_Forwarded_Proto='https', X_Forwarded_Port='1', X_Forwarded_Prefix='/evil',
        Forwarded='for=1.2.3.4', CF_Connecting_IP='1.2.3.4')['headers']
    expected = {'host': 'acme.localhost:8080', 'x-odoo-dbfilter': '^acme$', 'x-forwarded-for': '127.0.0.1',
                'x-real-ip': '127.0.0.1', 'x-forwarded-host': 'acme.localhost:8080', 'x-forwarded-proto': 'http'}
    assert {name: headers[name] for name in expected} == expected
    assert not {'x-forwarded-port', 'x-forwarded-prefix', 'forwarded'} & set(headers)


def test_other_spellings_and_repetitions_of_the_filter_do_not_pass(nginx):
    answer = raw(nginx, 'GET / HTTP/1.1\nHost: acme.localhost\nX_Odoo_dbfilter: .*\nx_odoo-DBFILTER: .*\n'
                        'X-ODOO-DBFILTER: .*\nx-odoo-dbfilter: .*\nConnection: close, X-Odoo-dbfilter\n\n')
    assert re.findall(r'\["([^"]*filter)", "([^"]*)"\]', answer) == [('x-odoo-dbfilter', '^acme$')]


def test_behind_a_trusted_proxy_the_visitor_is_known(make_nginx):
    nginx = make_nginx(ROUTES, TRUSTED_PROXIES='set_real_ip_from 127.0.0.1;', PUBLIC_SCHEME='https')
    headers = nginx.echo('acme.localhost', CF_Connecting_IP='203.0.113.7', X_Forwarded_For='1.2.3.4')['headers']
    assert headers['x-forwarded-for'] == headers['x-real-ip'] == '203.0.113.7'
    assert headers['x-forwarded-proto'] == 'https'


# -- our own pages ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('accepted, expected', [
    ('', 'en'), ('en', 'en'), ('es', 'es'), ('es-MX,es;q=0.9,en;q=0.8', 'es'), ('en-GB,en;q=0.9,es;q=0.8', 'en'),
    ('fr,es;q=0.5', 'es'), ('fr, es', 'es'), ('fr,en,es', 'en'), ('de-ES,de', 'en'), ('ES', 'es'), ('fr', 'en'),
    ('est', 'en'), ('  es-419', 'es'), ('fr, en, es', 'en'), ('x' * 4000, 'en'), (',' * 4000 + 'es', 'es')])
def test_pages_speak_the_visitors_language(nginx, accepted, expected):
    for host, status in (('unknown.localhost', 404), ('closed.localhost', 503)):
        answer = nginx.ask(host, Accept_Language=accepted)
        assert (answer[0], language(answer[2])) == (status, expected)


def test_an_unknown_host_says_so_and_is_not_kept_by_caches(nginx):
    status, headers, page = nginx.ask('unknown.localhost', '/any/where')
    assert status == 404
    assert b'There is nothing at this address' in page
    assert headers['Content-Type'] == 'text/html'
    assert headers['Cache-Control'] == 'no-store'
    assert 'Accept-Language' in headers.get_all('Vary')
    assert "default-src 'none'" in headers['Content-Security-Policy']
    assert 'Retry-After' not in headers


@pytest.mark.parametrize('method', ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'])
@pytest.mark.parametrize('path', ['/', '/web/login', '/web/static/x.js', '/websocket', '/jsonrpc'])
def test_a_suspended_tenant_says_so_whatever_is_asked(nginx, upstreams, method, path):
    before = [len(server.seen) for server in upstreams.values()]
    status, headers, page = nginx.ask('closed.localhost', path, method, b'x' * 1000 if method == 'POST' else None)
    assert status == 503
    assert b'This Odoo is suspended' in page
    assert headers['Retry-After'] == '3600'
    assert headers['Cache-Control'] == 'no-store'
    assert [len(server.seen) for server in upstreams.values()] == before


def test_the_pages_have_no_address_of_their_own(nginx):
    for host in ('localhost', 'acme.localhost'):
        status, _headers, page = nginx.ask(host, '/.saas-pages/503.en.html')
        assert status == 404
        assert b'suspended' not in page


def test_an_odoo_that_is_down_has_a_page_too(make_nginx):
    nginx = make_nginx(ROUTES, TENANT_HTTP='127.0.0.1:1')
    status, headers, page = nginx.ask('acme.localhost', Accept_Language='es')
    assert (status, language(page), headers['Retry-After']) == (502, 'es', '10')


def test_errors_of_odoo_itself_pass_as_they_are(nginx, upstreams):
    status, headers, _body = nginx.ask('acme.localhost', '/absent')
    assert (status, headers['Cache-Control'], headers['Content-Security-Policy']) == (200, None, None)


def test_there_is_a_page_in_each_language_for_each_case():
    assert [page.name for page in PAGES] == [f'{code}.{lang}.html' for code in (404, 502, 503) for lang in ('en', 'es')]


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_pages_need_nothing_but_themselves(page):
    text = page.read_text()
    assert f'<html lang="{page.name.split(".")[1]}">' in text
    assert 'name="viewport"' in text
    assert not re.search(r'https?:|url\(|@import|<script|<img|<link|src=', text)


# -- what is kept out ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('host', ['acme.localhost', 'localhost'])
@pytest.mark.parametrize('path', [
    '/web/database/manager', '/web/database', '/web/database/selector?x=1', '//web//database/list',
    '/web/./database/drop', '/x/../web/database/backup', '/%77eb/database/manager', '/web%2fdatabase/restore',
    '/xmlrpc/db', '/xmlrpc/2/db'])
def test_the_database_manager_is_out_of_reach(nginx, host, path):
    for method in ('GET', 'POST'):
        assert nginx.ask(host, path, method)[0] == 404


def test_a_body_too_large_is_refused_before_odoo_sees_it(nginx, upstreams):
    assert nginx.echo('acme.localhost', method='POST', body=b'x' * 1024 ** 2)['body'] == 1024 ** 2
    before = len(upstreams['TENANT_HTTP'].seen)
    assert nginx.ask('acme.localhost', '/', 'POST', b'x' * (1024 ** 2 + 1))[0] == 413
    assert len(upstreams['TENANT_HTTP'].seen) == before


def statuses(nginx, count, *args, **values):
    return [nginx.ask(*args, **values)[0] for _n in range(count)]


@pytest.mark.parametrize('host, path', [
    ('acme.localhost', '/web/login'), ('acme.localhost', '/web/login/totp'), ('acme.localhost', '/web/reset_password'),
    ('acme.localhost', '/es_MX/web/signup'), ('acme.localhost', '/web/session/authenticate'),
    ('acme.localhost', '/web//%6cogin/'), ('localhost', '/saas/signup'), ('localhost', '/es/saas/signup')])
def test_guessing_is_slowed_down(make_nginx, host, path):
    nginx = make_nginx(ROUTES, LOGIN_RATE='1r/m')
    answers = statuses(nginx, 33, host, path, 'POST', b'')
    assert answers == [200] * 31 + [429] * 2
    assert nginx.ask(host, path)[0] == 200, 'looking at the page is no attempt'
    assert nginx.ask('with-hyphen.localhost', path, 'POST')[0] == 200, 'another tenant is not concerned'


def test_other_posts_are_not_counted_as_attempts(make_nginx):
    nginx = make_nginx(ROUTES, LOGIN_RATE='1r/m')
    for path in ('/web/dataset/call_kw', '/saas/signup/check', '/jsonrpc', '/web/login_successful'):
        assert set(statuses(nginx, 40, 'localhost', path, 'POST')) == {200}


def test_a_flood_is_cut_but_not_a_page_with_its_assets(make_nginx):
    nginx = make_nginx(ROUTES, REQUEST_RATE='1r/m')
    assert set(statuses(nginx, 300, 'acme.localhost', '/web/static/src/x.js')) == {200}
    assert set(statuses(nginx, 100, 'acme.localhost', '/web/assets/1/x.js')) == {200}
    assert statuses(nginx, 203, 'acme.localhost', '/web') == [200] * 201 + [429] * 2
    status, headers, _body = nginx.ask('acme.localhost')
    assert (status, headers['Retry-After']) == (429, '10')
    assert nginx.ask('with-hyphen.localhost')[0] == 200


def test_deliveries_of_stripe_are_no_flood_of_pages(make_nginx):
    nginx = make_nginx(ROUTES, REQUEST_RATE='1r/m')
    assert set(statuses(nginx, 600, 'localhost', '/saas/stripe/webhook', 'POST', b'{}')) == {200}
    assert statuses(nginx, 202, 'localhost', '/saas/stripe/webhook/other', 'POST', b'{}')[-1] == 429, 'only that path'


@pytest.mark.parametrize('lang, words', [('en', 'Too many requests.'), ('es', 'Demasiadas peticiones.')])
def test_programs_are_told_in_json(make_nginx, lang, words):
    nginx = make_nginx(ROUTES, REQUEST_RATE='1r/m')
    assert statuses(nginx, 202, 'localhost', '/api/tenants')[-1] == 429
    status, headers, body = nginx.ask('localhost', '/api/tenants', Accept_Language=lang)
    assert (status, headers['Content-Type'], headers['Retry-After']) == (429, 'application/json', '10')
    assert json.loads(body)['error'] == {'code': 'rate_limited', 'message': words, 'details': {'retry_after': 10}}


def test_programs_are_told_in_json_that_the_master_is_away_or_a_body_too_large(make_nginx):
    nginx = make_nginx(ROUTES, MASTER_HTTP=f'127.0.0.1:{free_port()}')
    status, headers, body = nginx.ask('localhost', '/api/tenants')
    assert (status, headers['Content-Type'], headers['Retry-After']) == (502, 'application/json', '10')
    assert json.loads(body)['error']['code'] == 'unavailable'
    status, headers, body = nginx.ask('localhost', '/api/tenants', 'POST', b'x' * (1024 ** 2 + 1))
    assert (status, headers['Content-Type']) == (413, 'application/json')
    assert json.loads(body)['error']['code'] == 'too_large'
    assert 'text/html' in nginx.ask('localhost', '/web')[1]['Content-Type'], 'people still get a page'


def test_limits_are_per_visitor_behind_a_tunnel(make_nginx):
    nginx = make_nginx(ROUTES, LOGIN_RATE='1r/m', TRUSTED_PROXIES='set_real_ip_from 127.0.0.1;')
    first = statuses(nginx, 32, 'acme.localhost', '/web/login', 'POST', CF_Connecting_IP='203.0.113.1')
    assert first[-1] == 429
    assert nginx.ask('acme.localhost', '/web/login', 'POST', CF_Connecting_IP='203.0.113.2')[0] == 200


# -- web sockets -----------------------------------------------------------------------------------------------------

HANDSHAKE = ('GET /websocket?version=1 HTTP/1.1\nHost: {host}\nUpgrade: {upgrade}\nConnection: {connection}\n'
             'X-Odoo-dbfilter: .*\nSec-WebSocket-Key: {key}\nSec-WebSocket-Version: 13\n\n')


@pytest.mark.parametrize('host, name, pattern', [
    ('acme.localhost', 'TENANT_WS', '^acme$'), ('localhost', 'MASTER_WS', 'none')])
def test_a_web_socket_passes_both_ways(nginx, host, name, pattern):
    key = base64.b64encode(b'sixteen bytes...').decode()
    accept = base64.b64encode(hashlib.sha1(f'{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11'.encode()).digest()).decode()
    with contextlib.closing(socket.create_connection(('127.0.0.1', nginx.port), 10)) as client:
        text = HANDSHAKE.format(host=host, key=key, upgrade='websocket', connection='keep-alive, Upgrade')
        client.sendall(text.replace('\n', '\r\n').encode())
        stream = client.makefile('rwb')
        assert stream.readline().startswith(b'HTTP/1.1 101 ')
        headers = dict(line.decode().strip().split(': ', 1) for line in iter(stream.readline, b'\r\n'))
        assert headers['Sec-WebSocket-Accept'] == accept
        assert (headers['X-Upstream'], headers['X-Seen-Filter']) == (name, pattern)
        stream.write(b'\x81\x05hello')
        stream.flush()
        assert stream.read(7) == b'\x81\x05hello'


@pytest.mark.parametrize('host, status', [('closed.localhost', 503), ('unknown.localhost', 404)])
def test_no_web_socket_to_a_tenant_that_is_closed_or_unknown(nginx, host, status):
    text = HANDSHAKE.format(host=host, key='x', upgrade='websocket', connection='Upgrade, close')
    with contextlib.closing(socket.create_connection(('127.0.0.1', nginx.port), 10)) as client:
        client.sendall(text.replace('\n', '\r\n').encode())
        assert client.recv(65536).startswith(f'HTTP/1.1 {status} '.encode())


def test_no_other_protocol_is_switched_to(nginx):
    headers = nginx.echo('acme.localhost', Upgrade='h2c', Connection='Upgrade, HTTP2-Settings')['headers']
    assert 'upgrade' not in headers
    assert 'connection' not in headers


# -- answers ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('host', ['acme.localhost', 'localhost', 'unknown.localhost', 'closed.localhost'])
def test_answers_carry_the_security_headers_once(nginx, host):
    headers = nginx.ask(host)[1]
    assert headers.get_all('X-Content-Type-Options') == ['nosniff']
    assert headers.get_all('Referrer-Policy') == ['strict-origin-when-cross-origin']
    assert headers.get_all('X-Frame-Options') == ['SAMEORIGIN']
    assert not re.search(r'nginx/\d', str(headers))


@pytest.fixture
def odoo_headers(upstreams):
    headers = upstreams['TENANT_HTTP'].headers
    yield headers
    headers.clear()


def test_odoos_own_stricter_policies_win(nginx, odoo_headers):
    odoo_headers.update({'X-Frame-Options': 'DENY', 'Referrer-Policy': 'same-origin',
                         'X-Content-Type-Options': 'nosniff', 'Vary': 'Cookie'})
    headers = nginx.ask('acme.localhost')[1]
    assert headers.get_all('X-Frame-Options') == ['DENY']
    assert headers.get_all('Referrer-Policy') == ['same-origin']
    assert headers.get_all('X-Content-Type-Options') == ['nosniff']
    assert 'Cookie' in headers.get_all('Vary')


def test_a_tenant_cannot_direct_nginx_elsewhere(nginx, odoo_headers):
    odoo_headers['X-Accel-Redirect'] = '/.saas-pages/503.en.html'
    status, _headers, body = nginx.ask('acme.localhost')
    assert (status, b'TENANT_HTTP' in body) == (200, True)


def test_answers_are_compressed(nginx):
    headers = nginx.ask('acme.localhost', Accept_Encoding='gzip')[1]
    assert headers['Content-Encoding'] == 'gzip'
    assert headers['Vary'] == 'Accept-Encoding'


# -- logs and placeholders -------------------------------------------------------------------------------------------

def test_no_token_reaches_the_log(nginx):
    nginx.ask('localhost', '/web/reset_password?token=SECRET1')
    nginx.ask('localhost', '/saas/confirm/SECRET2')
    nginx.ask('localhost', '/es/saas/progress/SECRET3/status')
    nginx.ask('unknown.localhost', '/saas/confirm/SECRET4?token=SECRET5')
    nginx.stop()
    log = (nginx.folder / 'access.log').read_text()
    assert len(log.splitlines()) == 4
    assert '/web/reset_password"' in log
    assert '/es/saas/progress/..."' in log
    assert 'SECRET' not in log


def test_a_path_cannot_forge_a_line_of_the_log(nginx):
    nginx.ask('acme.localhost', '/a%0a127.0.0.1%20forged')
    nginx.stop()
    assert len((nginx.folder / 'access.log').read_text().splitlines()) == 1


def test_nginx_writes_nowhere_but_in_its_folder(nginx):
    text = Path(nginx.config).read_text()
    for directive in ('pid', 'error_log', 'access_log', 'client_body_temp_path', 'proxy_temp_path', 'fastcgi_temp_path',
                      'uwsgi_temp_path', 'scgi_temp_path'):
        path, = re.findall(rf'^\s*{directive} "([^"]+)"', text, re.MULTILINE)
        assert Path(path).parent == nginx.folder


def test_every_placeholder_is_explained_and_used():
    head, _blank, body = (CONFIG / 'nginx.conf.in').read_text().partition('\n\n')
    explained = re.findall(r'^#   ([A-Z_]+) ', head, re.MULTILINE)
    assert '@' not in head
    assert sorted(explained) == sorted(set(re.findall(r'@([A-Z_]+)@', body)))


def test_the_whole_starts_without_a_word_of_complaint(nginx):
    assert (nginx.folder / 'output').read_text() == ''
    assert (nginx.folder / 'error.log').read_text() == ''
