"""Nodes and templates as staff see them, in both languages; what a really broken node shows when Test is pressed."""
import os
import secrets

import pytest
from playwright.sync_api import expect

from .conftest import PICTURES, SCREENS

LANGUAGES = {'en': 'en_US', 'es': 'es_ES'}
READY = '.o_action_manager .o_view_controller, .o_action_manager .o_form_view, .o_action_manager .o_content'
WORDS = {
    'postgres': {'en': 'PostgreSQL does not answer', 'es': 'PostgreSQL no responde'},
    'router': {'en': 'No router answers', 'es': 'No responde ningún enrutador'},
}


@pytest.fixture(scope='module')
def manager(world):
    """One manager for each language: ``{'en': (login, password)}``."""
    staff, made = world.staff(), {}
    groups = [staff.call('ir.model.data', 'check_object_reference', module, name)[1] for module, name in (
        ('base', 'group_user'), ('saas_master', 'group_saas_manager'))]
    field = 'groups_id' if world.stack.odoo.series == '17.0' else 'group_ids'
    for lang, code in LANGUAGES.items():
        login, password = f'infra-{lang}-{secrets.token_hex(3)}@browser.example', secrets.token_urlsafe(12)
        staff.call('res.users', 'create', {'name': 'Nora Infra', 'login': login, 'email': login, 'password': password,
                                           'lang': code, field: [(6, 0, groups)]})
        made[lang] = login, password
    return made


@pytest.fixture(params=LANGUAGES)
def backend(request, visit, manager):
    """A window of a manager inside the backend, in each language."""
    window = visit()
    window.reader = request.param
    login, password = manager[request.param]
    window.open('/web/login')
    window.page.locator('form.oe_login_form input[name=login]').fill(login)
    window.page.locator('form.oe_login_form input[name=password]').fill(password)
    window.page.locator('form.oe_login_form button[type=submit]').click()
    expect(window.page.locator('.o_main_navbar')).to_be_visible(timeout=60_000)
    return window


@pytest.fixture
def broken(world):
    """A copy of the stack's node with a port where nothing listens."""
    staff = world.staff()
    number = staff.call('saas.node', 'search', [('name', '=', 'local')])[0]
    values = staff.call('saas.node', 'read', [number], [
        'series', 'address_pattern', 'pg_host', 'pg_user', 'data_dir', 'odoo_url', 'odoo_command', 'odoo_config',
        'router_config', 'router_routes', 'router_command'])[0]
    values.pop('id')
    name = f'broken-{secrets.token_hex(2)}'
    staff.session.prove('secret')
    made = staff.call('saas.node', 'create', [{
        **values, 'name': name, 'pg_port': 1, 'router_url': 'http://127.0.0.1:1', 'capacity': 50,
        'pg_password': world.stack.secrets['TENANT_DB_PASSWORD']}])[0]
    yield made
    staff.call('saas.node', 'unlink', [made])


def show(window, anchor):
    """Open a part of the web client anew: a change of what stands behind the # alone loads nothing."""
    window.page.goto('about:blank')
    window.page.goto(f'{window.address}/web#{anchor}')
    expect(window.page.locator(READY).first).to_be_visible(timeout=30_000)


def action(world, name):
    return world.staff().call('ir.model.data', 'check_object_reference', 'saas_master', name)[1]


def show_form(window, world, model, number):
    action_id = action(world, f'{model.replace(".", "_")}_action')
    show(window, f'action={action_id}&model={model}&id={number}&view_type=form')


def picture(window, name, height=1250):
    """The whole form: the web client scrolls inside a window-high element."""
    assert window.page.locator('.o_error_dialog, .o_dialog_error').count() == 0
    if os.environ.get('SAAS_SCREENSHOTS') != '1':
        return
    PICTURES.mkdir(parents=True, exist_ok=True)
    window.page.set_viewport_size({'width': 1280, 'height': height})
    window.page.wait_for_timeout(600)
    window.page.screenshot(path=PICTURES / f'backend-{name}-{window.reader}.png')
    window.page.set_viewport_size(SCREENS['desktop'])


def test_a_broken_node_says_what_is_wrong(backend, world, broken):
    page, lang = backend.page, backend.reader
    show_form(backend, world, 'saas.node', broken)
    page.locator('button[name=action_test]').click()
    looks = page.locator('.o_saas_looks')
    for words in WORDS.values():
        expect(looks).to_contain_text(words[lang], timeout=40_000)
    expect(page.locator('.o_notification')).to_contain_text(WORDS['postgres'][lang])
    expect(looks.locator('i.text-danger')).to_have_count(2)
    expect(page.locator('.o-mail-Chatter')).to_contain_text('PostgreSQL')
    picture(backend, 'node-broken')


def test_a_healthy_node(backend, world):
    node = world.staff().call('saas.node', 'search', [('name', '=', 'local')])[0]
    page = backend.page
    show_form(backend, world, 'saas.node', node)
    page.locator('button[name=action_test]').click()
    expect(page.locator('.o_notification')).to_be_visible(timeout=40_000)
    expect(page.locator('.o_saas_looks i.text-success')).to_have_count(10)
    picture(backend, 'node-form')


def test_nodes_with_their_load(backend, world, broken):
    staff = world.staff()
    staff.call('saas.node', 'action_test', [broken])
    number = action(world, 'saas_node_action')
    show(backend, f'action={number}&view_type=kanban')
    expect(backend.page.locator('.o_kanban_record .o_progressbar').first).to_be_visible()
    picture(backend, 'node-kanban', 500)
    show(backend, f'action={number}&view_type=list')
    expect(backend.page.locator('.o_data_row .o_progressbar').first).to_be_visible()
    picture(backend, 'node-list', 400)


def test_templates(backend, world):
    number = action(world, 'saas_template_action')
    for kind, shown in (('list', '.o_data_row'), ('kanban', '.o_kanban_record .badge')):
        show(backend, f'action={number}&view_type={kind}')
        expect(backend.page.locator(shown).first).to_be_visible()
        picture(backend, f'template-{kind}', 400)


def test_template_form(backend, world):
    """Compared with its node: up to date, and what is in it can be read."""
    template = world.staff().call('saas.template', 'search', [('name', '=', 'template_tenant')])[0]
    show_form(backend, world, 'saas.template', template)
    page = backend.page
    page.locator('button[name=action_check]').click()
    expect(page.locator('.o_notification')).to_be_visible(timeout=60_000)
    page.locator('.o_notebook .nav-link[name=contents]').click()
    expect(page.locator('.o_saas_facts .badge').get_by_text('website_mail', exact=True)).to_be_visible()
    picture(backend, 'template-form')


@pytest.fixture
def outdated(world):
    """A template whose modules were changed after it was built."""
    staff = world.staff()
    node = staff.call('saas.node', 'search', [('name', '=', 'local')])[0]
    made = staff.call('saas.template', 'create', [{
        'name': f'shop_{secrets.token_hex(2)}', 'node_id': node, 'module_names': 'website'}])[0]
    world.master_sql("UPDATE saas_template SET state = 'ready', version = 1 WHERE id = %s", made)
    staff.call('saas.template', 'write', [made], {'module_names': 'website,website_mail'})
    yield made
    staff.call('saas.template', 'unlink', [made])


def test_a_template_that_is_outdated(backend, world, outdated):
    """The reason stands there, and a person is asked to build it anew."""
    show_form(backend, world, 'saas.template', outdated)
    reason = {'en': 'modules or languages were changed', 'es': 'cambiado sus módulos o idiomas'}[backend.reader]
    expect(backend.page.locator('.alert-warning')).to_contain_text(reason)
    expect(backend.page.locator('.o-mail-Activity')).to_be_visible()
    picture(backend, 'template-outdated')
