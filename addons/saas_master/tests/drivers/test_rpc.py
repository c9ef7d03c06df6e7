"""A tenant's own Odoo, asked over JSON-RPC: what it does for us, and how its refusals are told."""
import socket
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from drivers.errors import AuthError, NotFound, Permanent, Retryable, Unreachable
from drivers.postgres import connect
from drivers.rpc import TenantRPC

from pg_fixtures import query
from real_servers import free_port

PASSWORD = 'A-new-secret-1'


@pytest.fixture
def tenant(live_tenant):
    return live_tenant()


@pytest.fixture
def rpc(odoo_server, tenant, series):
    return TenantRPC(odoo_server, tenant.name, tenant.api_key, series=series)


# -- calling -------------------------------------------------------------------------------

def test_our_key_is_the_administrators(rpc, tenant):
    assert rpc.call('res.users', 'read', [2], ['login', 'name'])[0] == {
        'id': 2, 'login': tenant.login, 'name': tenant.admin_name}
    assert rpc.call('res.users', 'search_count', [('login', '=', tenant.login)], context={'lang': 'es_ES'}) == 1


@pytest.mark.parametrize('change, kind, words', [
    ({'api_key': '0' * 40}, AuthError, 'may have revoked'),
    ({'uid': 1}, AuthError, 'may have revoked'),
    ({'database': 'saastest-absent'}, NotFound, 'does not exist'),
    ({'url': f'http://127.0.0.1:{free_port()}'}, Unreachable, 'Nothing answers'),
])
def test_refused(odoo_server, tenant, change, kind, words):
    known = {'url': odoo_server, 'database': tenant.name, 'api_key': tenant.api_key}
    with pytest.raises(kind, match=words) as caught:
        TenantRPC(**{**known, **change}).call('res.users', 'context_get')
    assert caught.type is kind
    assert tenant.api_key not in str(caught.value)


@pytest.mark.parametrize('model, method, arguments, words', [
    ('saas.nothing', 'read', ([1],), 'saas.nothing'),
    ('res.users', 'saas_nothing', ([],), 'saas_nothing'),
    ('res.users', '_compute_share', ([],), 'rivate'),
    ('res.users', 'unlink', ([1],), 'res.users.unlink'),
    ('res.country', 'create', ({'name': 'X'},), 'res.country.create'),
])
def test_odoos_own_words_are_passed_on(rpc, model, method, arguments, words):
    with pytest.raises(Permanent) as caught:
        rpc.call(model, method, *arguments)
    assert words in str(caught.value)
    assert 'Traceback' not in str(caught.value)


class Status(BaseHTTPRequestHandler):
    def __init__(self, status, headers, body, *args):
        self.answer = status, headers, body
        super().__init__(*args)

    def do_POST(self):
        status, headers, body = self.answer
        self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(status)
        for header in headers.items():
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.mark.parametrize('status, headers, body, kind', [
    (502, {}, b'', Retryable),
    (503, {'Retry-After': '7'}, b'', Retryable),
    (429, {}, b'', Retryable),
    (404, {}, b'', NotFound),
    (403, {}, b'', AuthError),
    (301, {'Location': 'https://example.com'}, b'', Permanent),
    (200, {}, b'<html>', Permanent),
    (200, {}, b'[]', Permanent),
    (200, {}, b'"text"', Permanent),
])
def test_what_stands_before_odoo(status, headers, body, kind):
    server = ThreadingHTTPServer(('127.0.0.1', 0), partial(Status, status, headers, body))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(kind) as caught:
            TenantRPC(f'http://127.0.0.1:{server.server_port}', 'x', 'key').call('res.users', 'context_get')
        assert caught.type is kind
        assert getattr(caught.value, 'after', None) == (7 if headers.get('Retry-After') else None)
    finally:
        server.shutdown()
        server.server_close()


def test_silence_is_not_waited_for():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen()
        rpc = TenantRPC(f'http://127.0.0.1:{listener.getsockname()[1]}', 'x', 'key', timeout=0.2)
        with pytest.raises(Retryable, match='did not answer') as caught:
            rpc.call('res.users', 'context_get')
    assert caught.type is Retryable


# -- modules -------------------------------------------------------------------------------

def test_modules_are_installed_once(rpc, pg, tenant):
    rpc.install_modules(['contacts', 'base'])
    assert query(pg, tenant.name, "SELECT state FROM ir_module_module WHERE name = 'contacts'") == [('installed',)]
    before = query(pg, tenant.name, 'SELECT max(write_date) FROM ir_module_module')
    rpc.install_modules(['contacts'])
    assert query(pg, tenant.name, 'SELECT max(write_date) FROM ir_module_module') == before


def test_absent_modules_are_named(rpc, pg, tenant):
    with pytest.raises(Permanent, match='saas_absent_1, saas_absent_2 are not on the server'):
        rpc.install_modules(['saas_absent_2', 'contacts', 'saas_absent_1'])
    assert query(pg, tenant.name, "SELECT state FROM ir_module_module WHERE name = 'contacts'") == [('uninstalled',)]


def mark_half_done(pg, tenant, age):
    """What a server killed while it installed leaves behind, ``age`` old."""
    with connect(pg, tenant.name) as cursor:
        cursor.execute("UPDATE ir_module_module SET state = 'to install',"
                       " write_date = now() AT TIME ZONE 'utc' - %s::interval WHERE name = 'contacts'", [age])


def test_an_installation_that_goes_on_is_left_alone(rpc, pg, tenant):
    mark_half_done(pg, tenant, '1 minute')
    with pytest.raises(Retryable, match='installing 1 module') as caught:
        rpc.install_modules(['contacts'])
    assert caught.value.after == 15


def test_a_dead_installation_is_done_again(rpc, pg, tenant):
    mark_half_done(pg, tenant, '10 minutes')
    rpc.install_modules(['contacts'])
    assert query(pg, tenant.name, "SELECT state FROM ir_module_module WHERE name = 'contacts'") == [('installed',)]


# -- languages -----------------------------------------------------------------------------

def test_a_language_is_loaded_for_the_administrator(rpc, pg, tenant):
    for code in ('es_ES', 'fr_FR', 'fr_FR'):
        rpc.load_language(code)
        assert rpc.call('res.users', 'read', [2], ['lang'])[0]['lang'] == code
    assert query(pg, tenant.name, "SELECT active FROM res_lang WHERE code = 'fr_FR'") == [(True,)]
    with pytest.raises(Permanent, match='no language xx_XX'):
        rpc.load_language('xx_XX')


# -- the customer's password ---------------------------------------------------------------

class Visitor:
    """A browser of the customer's, which finds the tenant's address at the server under test."""

    def __init__(self, server):
        self.server = server
        self.session = requests.Session()

    def request(self, method, address, **values):
        parts = urlsplit(address)
        return self.session.request(
            method, f'{self.server}{parts.path}?{parts.query}', headers={'Host': parts.netloc}, timeout=30, **values)

    def submit(self, address, **fields):
        page = self.request('GET', address).text
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        return self.request('POST', address, data={'csrf_token': token, **fields}, allow_redirects=False)


def set_password(visitor, link, tenant):
    return visitor.submit(link, token=parse_qs(urlsplit(link).query)['token'][0], login=tenant.login,
                          name=tenant.admin_name, password=PASSWORD, confirm_password=PASSWORD)


def can_log_in(server, tenant):
    answer = Visitor(server).submit(f'{tenant.base_url}/web/login', login=tenant.login, password=PASSWORD)
    return answer.status_code == 303


def test_the_customer_sets_his_password_by_the_link(rpc, odoo_server, tenant, pg):
    link = rpc.password_link(24)
    assert link.startswith(f'{tenant.base_url}/web/reset_password?token=')
    page = Visitor(odoo_server).request('GET', link)
    assert page.status_code == 200 and 'name="confirm_password"' in page.text
    assert not can_log_in(odoo_server, tenant)
    set_password(Visitor(odoo_server), link, tenant)
    assert can_log_in(odoo_server, tenant)
    # it worked once; and our key still works, and nothing of the making is left
    with connect(pg, tenant.name) as cursor:
        cursor.execute('UPDATE res_users SET password = NULL WHERE id = 2')
    set_password(Visitor(odoo_server), link, tenant)
    assert not can_log_in(odoo_server, tenant)
    assert rpc.call('ir.actions.server', 'search_count', [('name', 'like', 'Link to set')]) == 0


def test_a_link_expires(rpc, odoo_server, tenant):
    rpc.password_link(24)
    link = rpc.password_link(-1)
    set_password(Visitor(odoo_server), link, tenant)
    assert not can_log_in(odoo_server, tenant)


def test_a_link_lasts_as_long_as_asked(rpc, odoo_server, tenant, pg, series):
    link = rpc.password_link(72)
    if series == '17.0':
        assert query(pg, tenant.name, '''
            SELECT signup_expiration - now() AT TIME ZONE 'utc' BETWEEN interval '71:59' AND interval '72:01'
              FROM res_partner WHERE signup_token = %s''', parse_qs(urlsplit(link).query)['token'][0]) == [(True,)]
    else:       # the token says it itself: a version, eight bytes of seconds since 1970, the signature
        import base64
        import time
        token = base64.urlsafe_b64decode(parse_qs(urlsplit(link).query)['token'][0] + '===')
        assert abs(int.from_bytes(token[1:9], 'little') - time.time() - 72 * 3600) < 60
