"""Who deletes proves who he is; what people did can be read; a program's key is shown once. In both languages."""
import os
import re
import secrets
import time

import pyotp
import pytest
from playwright.sync_api import expect

from .conftest import PICTURES
from .staff import Backend
from .test_signup import LANGS

PASSWORD = secrets.token_urlsafe(12)
DIALOG = '.modal .o_form_view'


@pytest.fixture(scope='module')
def manager(world):
    """(login, secret, id) of a manager with a second factor, enrolled in Odoo's own wizard."""
    staff, login = world.staff(), f'manager-{secrets.token_hex(3)}'
    group = staff.call('ir.model.data', 'check_object_reference', 'saas_master', 'group_saas_manager')[1]
    names = staff.call('res.users', 'fields_get', ['groups_id', 'group_ids'])
    user = staff.call('res.users', 'create', {
        'name': 'Mara Manager', 'login': login, 'email': f'{login}@browser.example', 'password': PASSWORD,
        'groups_id' if 'groups_id' in names else 'group_ids': [(4, group)]})
    user = user[0] if isinstance(user, list) else user
    session = world.stack.session(login=login, password=PASSWORD)
    action = session.call('res.users', 'action_totp_enable_wizard', [user])
    session.call('res.users.identitycheck', 'write', [action['res_id']], {'password': PASSWORD})
    action = session.call('res.users.identitycheck', 'run_check', [action['res_id']], context={'password': PASSWORD})
    secret = re.sub(r'\s', '', session.call('auth_totp.wizard', 'read', [action['res_id']], ['secret'])[0]['secret'])
    code = fresh_code(secret)
    session.call('auth_totp.wizard', 'write', [action['res_id']], {'code': code})
    session.call('auth_totp.wizard', 'enable', [action['res_id']], context={'code': code})
    return login, secret, user


@pytest.fixture
def log_in(visit, world, manager):
    """``log_in(lang)`` -> (window, code used): a manager's window inside the backend."""
    def enter(lang='en'):
        login, secret, user = manager
        world.staff().call('res.users', 'write', [user], {'lang': {'en': 'en_US', 'es': 'es_ES'}[lang]})
        window = visit(lang=lang)
        page, code = window.page, fresh_code(secret)
        page.goto(f'{window.address}/web/login')
        page.locator('form.oe_login_form input[name=login]').fill(login)
        page.locator('form.oe_login_form input[name=password]').fill(PASSWORD)
        page.locator('form.oe_login_form button[type=submit]').click()
        page.locator('input[name=totp_token]').fill(code)
        page.locator('input[name=totp_token]').press('Enter')
        expect(page.locator('.o_main_navbar')).to_be_visible(timeout=60_000)
        return window, code
    return enter


used = set()


def fresh_code(secret):
    """The earliest code that counts now and was not used; waits for one if need be."""
    while True:
        now = int(time.time())
        for moment in (now - 30, now, now + 30):
            code = pyotp.TOTP(secret).at(moment)
            if (secret, moment // 30) not in used:
                used.add((secret, moment // 30))
                return code
        time.sleep(1)


def picture(window, name):
    if os.environ.get('SAAS_SCREENSHOTS') == '1':
        PICTURES.mkdir(parents=True, exist_ok=True)
        window.page.wait_for_timeout(700)
        window.page.screenshot(path=PICTURES / f'backend-{name}-{window.lang}.png')


def refuse(window, code):
    """Enter a code that does not count; Odoo's own dialogue says so."""
    page = window.page
    page.locator(f'{DIALOG} .o_field_widget[name=code] input').fill(code)
    page.locator('.modal button[name=action_confirm]').click()
    error = page.locator('.modal:has(.o_error_dialog), .o_error_dialog, .modal[role=dialog]:not(:has(.o_form_view))').last
    expect(error).to_be_visible()
    text = error.inner_text()
    page.locator('.modal button.btn-primary:not([name])').last.click()
    return text


@pytest.fixture
def tenant(world):
    staff, name = world.staff(), f'doomed-{secrets.token_hex(3)}'
    plan = staff.call('saas.plan', 'search', [('code', '=', 'basic')])[0]
    number = staff.call('saas.tenant', 'create', {
        'name': name, 'company_name': 'Impulse Max', 'email': f'{name}@browser.example', 'admin_name': 'Ann Example',
        'plan_id': plan})
    staff.call('saas.tenant', 'action_provision', [number])
    staff.wait(name, 'running')
    return number, name


@pytest.mark.parametrize('lang', LANGS)
def test_a_manager_deletes_with_a_code(log_in, world, manager, tenant, lang):
    window, login_code = log_in(lang)
    page, (number, name) = window.page, tenant
    Backend(window, world).record('saas.tenant', number)
    page.locator('button[name=action_delete]').first.click()
    confirm = page.locator('.modal footer button.btn-primary').first     # "really?" where the button asks it
    confirm.wait_for()
    if not page.locator(DIALOG).count():
        confirm.click()
    expect(page.locator(f'{DIALOG} .o_field_widget[name=code]')).to_be_visible()
    assert page.locator(f'{DIALOG} .o_field_widget[name=password]').count() == 0
    picture(window, 'step-up')
    refuse(window, '000000')
    refuse(window, login_code)
    assert name in world.databases()
    page.locator(f'{DIALOG} .o_field_widget[name=code] input').fill(fresh_code(manager[1]))
    page.locator('.modal button[name=action_confirm]').click()
    expect(page.locator(DIALOG)).to_have_count(0)
    world.staff().wait(name, 'deleted')
    assert name not in world.databases()
    lines = world.master_sql(
        "SELECT act, count(*) FROM saas_audit WHERE user_id = %s AND act IN ('delete', 'step_up_failed') GROUP BY act",
        manager[2])
    assert dict(lines)['delete'] >= 1 and dict(lines)['step_up_failed'] >= 2


def test_codes_are_kept_nowhere(world, manager):
    """The dialogue's table has no column that could hold one."""
    columns = world.master_sql(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'saas_step_up_dialogue'")
    assert not {'code', 'password'} & {name for name, in columns}


@pytest.mark.parametrize('lang', LANGS)
def test_an_api_key_is_shown_once(log_in, world, manager, lang):
    window, _code = log_in(lang)
    page, backend = window.page, Backend(window, world)
    backend.action('saas_api_key_action')
    page.locator('.o_control_panel button.btn-primary, .o_list_buttons button.btn-primary').locator('visible=true').first.click()
    page.locator(f'{DIALOG} .o_field_widget[name=name] input').fill('Shop of Impulse Max')
    page.locator('.modal button[name=action_make]').click()
    code = page.locator(f'{DIALOG} .o_field_widget[name=code] input')
    code.wait_for()
    code.fill(fresh_code(manager[1]))
    page.locator('.modal button[name=action_confirm]').click()
    key = page.locator(f'{DIALOG} .o_field_widget[name=key]')
    expect(key).to_be_visible()
    text = re.search('[0-9a-f]{40}', key.inner_text() or key.locator('input').input_value())[0]
    page.locator('.modal footer button.btn-primary:visible').last.click()
    expect(page.locator(DIALOG)).to_have_count(0)
    backend.action('saas_api_key_action')
    expect(page.locator('.o_data_row', has_text=text[:8])).to_be_visible()
    picture(window, 'api-keys')
    assert text not in page.content()


@pytest.mark.parametrize('lang', LANGS)
def test_what_people_did(log_in, world, lang):
    window, _code = log_in(lang)
    Backend(window, world).action('saas_audit_action')
    expect(window.page.locator('.o_data_row').first).to_be_visible()
    assert window.page.locator('.o_list_button_add').count() == 0
    picture(window, 'audit')
    window.page.locator('.o_data_row').first.locator('td').nth(2).click()
    expect(window.page.locator('.o_form_view')).to_be_visible()
    assert window.page.locator('.o_form_view .o_field_widget input:visible').count() == 0


def test_secrets_of_a_node(log_in, world, manager):
    window, _code = log_in()
    page = window.page
    node = world.staff().call('saas.node', 'search', [])[0]
    Backend(window, world).record('saas.node', node)
    page.locator('button[name=action_change_secrets]').click()
    page.locator(f'{DIALOG} .o_field_widget[name=code] input').fill(fresh_code(manager[1]))
    page.locator('.modal button[name=action_confirm]').click()
    field = page.locator(f'{DIALOG} .o_field_widget[name=pg_password] input')
    expect(field).to_be_visible()
    assert field.input_value() == ''
    picture(window, 'node-secrets')
    field.fill(world.stack.secrets['TENANT_DB_PASSWORD'])
    page.locator('.modal footer button.btn-primary:visible').last.click()
    expect(page.locator(DIALOG)).to_have_count(0)
    assert world.staff().call('saas.node', 'read', [node], ['pg_password'])[0]['pg_password'] is False
