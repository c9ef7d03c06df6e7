"""A clone becomes one customer's own before any Odoo sees it; then a real Odoo serves it."""
import hashlib
from dataclasses import replace

import pytest
import requests
from drivers.errors import AuthError, Permanent
from drivers.personalise import MARK_URL, hash_key
from drivers.postgres import connect
from drivers.probe import probe_tenant
from drivers.rpc import TenantRPC
from passlib.context import CryptContext

from pg_fixtures import databases, new_tenant, provision, query, signals

# as KEY_CRYPT_CONTEXT of odoo/addons/base/models/res_users.py
ODOO_KEYS = CryptContext(['pbkdf2_sha512'], pbkdf2_sha512__rounds=6000)


@pytest.fixture
def staged(node, template_db, tenants):
    """``staged(**values)``: a tenant whose database is cloned, not personalised."""
    def make(**values):
        tenant = tenants(node, **values)
        node.clone_database(template_db, tenant)
        return tenant
    return make


def rpc(tenant, url, **values):
    return TenantRPC(url, tenant.name, tenant.api_key, **values)


def get(url, tenant, path, **values):
    return requests.get(url + path, headers={'Host': f'{tenant.name}.localhost'}, timeout=30, **values)


def parameters(pg, tenant):
    return dict(query(pg, tenant.staging, 'SELECT key, value FROM ir_config_parameter'))


def test_everything_of_the_tenant_is_written(node, pg, staged):
    tenant = staged(lang='es_ES')
    node.personalise(tenant)
    values = parameters(pg, tenant)
    assert {key: values[key] for key in (
        'database.uuid', 'database.secret', 'web.base.url', 'web.base.url.freeze')} == {
        'database.uuid': tenant.database_uuid, 'database.secret': tenant.database_secret,
        'web.base.url': tenant.base_url, 'web.base.url.freeze': 'True'}
    assert query(pg, tenant.staging, '''
        SELECT c.name, c.email, p.name, p.complete_name, p.commercial_company_name, p.email_normalized
          FROM res_company c JOIN res_partner p ON p.id = c.partner_id''') == [
        (tenant.company, tenant.login, tenant.company, tenant.company, tenant.company, tenant.login)]
    assert query(pg, tenant.staging, '''
        SELECT u.id, u.login, u.password, u.active, p.name, p.email, p.lang,
               u.signature LIKE '%%Ana &quot;Anita&quot;%%'
          FROM res_users u JOIN res_partner p ON p.id = u.partner_id WHERE u.active AND NOT u.share''') == [
        (2, tenant.login, None, True, tenant.admin_name, tenant.login, 'es_ES', True)]
    assert databases(pg, tenant.staging)[tenant.staging].comment == f'saas:{tenant.mark}'


def test_nothing_of_the_template_opens_the_tenant(node, pg, staged):
    tenant = staged()
    with connect(pg, tenant.staging) as cursor:
        cursor.execute("UPDATE res_users SET password = 'known', active = TRUE")
        cursor.execute("INSERT INTO res_users_apikeys (name, user_id, index, key) VALUES ('old', 2, '12345678', 'x')")
        cursor.execute("INSERT INTO ir_config_parameter (key, value) VALUES ('database.enterprise_code', 'M123')")
    node.personalise(tenant)
    assert query(pg, tenant.staging, 'SELECT count(*) FROM res_users WHERE password IS NOT NULL') == [(0,)]
    assert query(pg, tenant.staging, 'SELECT id FROM res_users WHERE active AND NOT share') == [(2,)]
    (name, scope, index, key), = query(pg, tenant.staging, 'SELECT name, scope, index, key FROM res_users_apikeys')
    assert (name, scope, index) == ('SaaS provider', 'rpc', tenant.api_key[:8])
    assert ODOO_KEYS.verify(tenant.api_key, key)
    assert 'database.enterprise_code' not in parameters(pg, tenant)


def test_keys_are_what_odoo_verifies():
    hashed = hash_key('0123456789' * 4)
    assert hashed.startswith('$pbkdf2-sha512$6000$')
    assert ODOO_KEYS.verify('0123456789' * 4, hashed)
    assert not ODOO_KEYS.verify('1123456789' * 4, hashed)
    assert hash_key('x' * 40) != hash_key('x' * 40)


def test_repeated_with_other_secrets_the_last_ones_count(node, pg, staged):
    tenant = staged()
    node.personalise(tenant)
    again = replace(tenant, database_secret='another secret', api_key='9' * 40)
    node.personalise(again)
    assert parameters(pg, tenant)['database.secret'] == again.database_secret
    (key,), = query(pg, tenant.staging, 'SELECT key FROM res_users_apikeys')
    assert ODOO_KEYS.verify(again.api_key, key)
    assert query(pg, tenant.staging, 'SELECT count(*) FROM ir_attachment WHERE url = %s', MARK_URL) == [(1,)]


def test_half_a_specification_writes_nothing(node, pg, staged):
    tenant = staged()
    with pytest.raises(Permanent, match='database.secret'):
        node.personalise(replace(tenant, database_secret=''))
    assert databases(pg, tenant.staging)[tenant.staging].comment == ''
    assert query(pg, tenant.staging, 'SELECT login FROM res_users WHERE id = 2') == [('admin',)]


def test_a_language_that_is_not_loaded_is_left(node, pg, staged):
    tenant = staged(lang='fr_FR')
    node.personalise(tenant)
    assert query(pg, tenant.staging, 'SELECT DISTINCT lang FROM res_partner WHERE lang IS NOT NULL') == [('en_US',)]


def test_a_language_of_the_template_is_everybodys(node, pg, staged):
    tenant = staged(lang='es_ES')
    node.personalise(tenant)
    assert query(pg, tenant.staging, 'SELECT DISTINCT lang FROM res_partner WHERE lang IS NOT NULL') == [('es_ES',)]
    assert query(pg, tenant.staging, """SELECT json_value FROM ir_default d JOIN ir_model_fields f ON f.id = d.field_id
        WHERE f.model = 'res.partner' AND f.name = 'lang'""") == [('"es_ES"',)]


def test_a_website_takes_the_company_and_its_language(node, pg, staged):
    """Tables as the module website makes them: the small template of these tests does without it."""
    tenant = staged(lang='es_ES')
    with connect(pg, tenant.staging) as cursor:
        cursor.execute('''
            CREATE TABLE website (id int, sequence int, name varchar, domain varchar, default_lang_id int);
            CREATE TABLE website_lang_rel (website_id int, lang_id int, PRIMARY KEY (website_id, lang_id));
            INSERT INTO website_lang_rel SELECT 1, id FROM res_lang WHERE active;
            INSERT INTO website VALUES (1, 10, 'My Website', 'golden.example.com', 1), (2, 20, 'Other', NULL, 1);
        ''')
    for _ in range(2):
        node.personalise(tenant)
        assert query(pg, tenant.staging, '''
            SELECT w.id, w.name, w.domain, l.code FROM website w JOIN res_lang l ON l.id = w.default_lang_id ORDER BY 1
        ''') == [(1, tenant.company, None, 'es_ES'), (2, 'Other', None, 'en_US')]
        assert query(pg, tenant.staging, 'SELECT l.code FROM website_lang_rel r JOIN res_lang l ON l.id = r.lang_id'
                     ) == [('es_ES',)]


def test_due_jobs_are_spread(node, pg, staged):
    tenant = staged()
    late = "nextcall < now() AT TIME ZONE 'utc'"
    assert query(pg, tenant.staging, f'SELECT count(*) > 5 FROM ir_cron WHERE {late}') == [(True,)]
    node.personalise(tenant)
    assert query(pg, tenant.staging, f'SELECT count(*) FROM ir_cron WHERE {late}') == [(0,)]
    assert query(pg, tenant.staging, 'SELECT count(DISTINCT nextcall) > 5 FROM ir_cron') == [(True,)]


def test_the_mark_is_served_by_stock_odoo(odoo_server, live_tenant):
    tenant = live_tenant()
    response = get(odoo_server, tenant, MARK_URL)
    assert (response.status_code, response.text) == (200, tenant.mark)
    assert response.headers['Content-Type'].startswith('text/plain')
    assert response.headers['ETag'].strip('"') == hashlib.sha1(tenant.mark.encode()).hexdigest()


def test_the_first_page_compiles_no_assets(odoo_server, pg, live_tenant):
    count = "SELECT count(*) FROM ir_attachment WHERE url LIKE '/web/assets/%%'"
    tenant = live_tenant()
    before = query(pg, tenant.name, count)
    assert before[0][0] > 3
    page = get(odoo_server, tenant, '/web/login').text
    for asset in {part.split('"')[0] for part in page.split('"/web/assets/')[1:]}:
        assert get(odoo_server, tenant, f'/web/assets/{asset}').status_code == 200
    assert query(pg, tenant.name, count) == before


def test_the_address_stays_when_the_administrator_comes_by_another(odoo_server, pg, live_tenant):
    tenant = live_tenant()
    login(odoo_server, tenant, set_password(pg, tenant))
    assert rpc(tenant, odoo_server).call('ir.config_parameter', 'get_param', 'web.base.url') == tenant.base_url


def set_password(pg, tenant):
    """Straight into the table: Odoo hashes a plain one at the first login."""
    with connect(pg, tenant.name) as cursor:
        cursor.execute("UPDATE res_users SET password = 'Secret-password-1' WHERE id = 2")
    return 'Secret-password-1'


def login(url, tenant, password):
    return enter(url, tenant, password, *login_page(url, tenant))


def login_page(url, tenant):
    session = requests.Session()
    session.headers['Host'] = f'{tenant.name}.localhost'
    return session, session.get(f'{url}/web/login', timeout=30).text


def enter(url, tenant, password, session, page):
    """With the form of ``page``."""
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = session.post(f'{url}/web/login', timeout=30, allow_redirects=False, data={
        'csrf_token': token, 'login': tenant.login, 'password': password})
    assert answer.status_code == 303, 'the login failed'
    return session


def test_a_name_used_again_shows_nothing_of_the_one_before(odoo_server, node, pg, template_db, tenants):
    """The server still holds the first database's registry, caches and sessions when the second one comes."""
    first = tenants(node, company='First & Co')
    provision(node, template_db, first)
    session = login(odoo_server, first, set_password(pg, first))
    sid = session.cookies['session_id']
    assert rpc(first, odoo_server).call('ir.config_parameter', 'get_param', 'database.uuid') == first.database_uuid
    assert get(odoo_server, first, '/web', cookies={'session_id': sid}, allow_redirects=False).status_code in (200, 303)
    node.drop_database(first)
    node.drop_filestore(first)

    second = tenants(node, first.name, company='Second & Co', login='bea@example.com')
    provision(node, template_db, second)
    probe_tenant(odoo_server, f'{second.name}.localhost', second.mark, 20)
    call = rpc(second, odoo_server).call
    assert call('ir.config_parameter', 'get_param', 'database.uuid') == second.database_uuid
    assert call('res.company', 'search_read', [], ['name'])[0]['name'] == 'Second & Co'
    # neither who was logged in before nor the key of before
    page = get(odoo_server, second, '/web', cookies={'session_id': sid}, allow_redirects=False)
    assert page.status_code in (302, 303) and '/web/login' in page.headers['Location']
    with pytest.raises(AuthError):
        rpc(first, odoo_server).call('res.users', 'context_get')


def test_a_standby_that_was_in_use_becomes_the_customer_s(odoo_server, node, pg, live_tenant):
    """The server keeps its registry; of what it has in its caches nothing is seen any more, and nobody gets in by it."""
    standby = live_tenant(company='Nobody Ltd', admin_name='Nobody', login='nobody@standby.invalid', lang='en_US')
    session = login(odoo_server, standby, set_password(pg, standby))
    sid = session.cookies['session_id']
    assert rpc(standby, odoo_server).call('res.users', 'context_get')['lang'] == 'en_US'
    before = signals(pg, standby.name)
    other = new_tenant(lang='es_ES', company='Impulse Max', admin_name='Bea', login='bea@example.com')
    customer = replace(other, name=standby.name, mark=standby.mark)
    assert node.hand_over(customer) == standby.database_uuid
    node.forget(customer)
    after = signals(pg, standby.name)
    assert [name for name in before if 'registry' in name and after[name] != before[name]] == []
    assert any(after[name] > before[name] for name in before)
    call = rpc(customer, odoo_server).call
    assert call('ir.config_parameter', 'get_param', 'web.base.url') == customer.base_url
    assert call('res.users', 'context_get')['lang'] == 'es_ES'
    assert call('res.company', 'search_read', [], ['name', 'display_name'])[0]['display_name'] == 'Impulse Max'
    assert call('res.users', 'read', [2], ['name', 'login'])[0] == {'id': 2, 'name': 'Bea', 'login': 'bea@example.com'}
    with pytest.raises(AuthError):
        rpc(standby, odoo_server).call('res.users', 'context_get')
    page = get(odoo_server, customer, '/web', cookies={'session_id': sid}, allow_redirects=False)
    assert page.status_code == 303 and '/web/login' in page.headers['Location'], 'the session of before is nobody\'s'
    assert 'Nobody' not in get(odoo_server, customer, '/web/login').text
    login(odoo_server, customer, set_password(pg, customer))


def test_who_had_the_login_page_before_the_server_was_told_gets_in_with_it(odoo_server, node, pg, live_tenant):
    """Pages are shown between the two: in them nothing is of a standby, and their forms are valid afterwards."""
    standby = live_tenant(company='Standby', admin_name='Standby', login='nobody@standby.invalid', base_url='http://standby.invalid')
    get(odoo_server, standby, '/web/login')
    customer = replace(new_tenant(login='bea@example.com'), name=standby.name, mark=standby.mark)
    node.hand_over(customer)
    session, page = login_page(odoo_server, customer)
    assert 'oe_login_form' in page and 'standby' not in page.lower()
    password = set_password(pg, customer)
    node.forget(customer)
    enter(odoo_server, customer, password, session, page)
