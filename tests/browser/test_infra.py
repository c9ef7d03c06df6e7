"""Nodes and templates as staff see them, in both languages; what a really broken node shows when Test is pressed."""
import secrets

import pytest
from playwright.sync_api import expect

from .staff import LANGS, Desk, Person

FORM = 1250         # pixels that a whole form is high
WORDS = {
    'postgres': {'en': 'PostgreSQL does not answer', 'es': 'PostgreSQL no responde'},
    'router': {'en': 'No router answers', 'es': 'No responde ningún enrutador'},
}


@pytest.fixture(params=LANGS)
def desk(request, visit, world):
    """A manager's, in each language."""
    person = Person(world, 'manager', request.param)
    yield Desk(visit(), world, person)
    person.leave()


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


def test_a_broken_node_says_what_is_wrong(desk, world, broken):
    page, lang = desk.page, desk.person.lang
    desk.record('saas.node', broken)
    page.locator('button[name=action_test]').click()
    looks = page.locator('.o_saas_looks')
    for words in WORDS.values():
        expect(looks).to_contain_text(words[lang], timeout=40_000)
    expect(page.locator('.o_notification')).to_contain_text(WORDS['postgres'][lang])
    expect(looks.locator('i.text-danger')).to_have_count(2)
    expect(page.locator('.o-mail-Chatter')).to_contain_text('PostgreSQL')
    desk.look('node-broken', FORM)


def test_a_healthy_node(desk, world):
    node = world.staff().call('saas.node', 'search', [('name', '=', 'local')])[0]
    page = desk.page
    desk.record('saas.node', node)
    page.locator('button[name=action_test]').click()
    expect(page.locator('.o_notification')).to_be_visible(timeout=40_000)
    expect(page.locator('.o_saas_looks i.text-success')).to_have_count(10)
    desk.look('node-form', FORM)


def test_nodes_with_their_load(desk, world, broken):
    staff = world.staff()
    staff.call('saas.node', 'action_test', [broken])
    desk.action('saas_node_action', 'kanban')
    expect(desk.page.locator('.o_kanban_record .o_progressbar').first).to_be_visible()
    desk.look('node-kanban', 500)
    desk.action('saas_node_action', 'list')
    expect(desk.page.locator('.o_data_row .o_progressbar').first).to_be_visible()
    desk.look('node-list', 400)


def test_templates(desk, world):
    for kind, shown in (('list', '.o_data_row'), ('kanban', '.o_kanban_record .badge')):
        desk.action('saas_template_action', kind)
        expect(desk.page.locator(shown).first).to_be_visible()
        desk.look(f'template-{kind}', 400)


def test_template_form(desk, world):
    """Compared with its node: up to date, and what is in it can be read."""
    template = world.staff().call('saas.template', 'search', [('name', '=', 'template_tenant')])[0]
    desk.record('saas.template', template)
    page = desk.page
    page.locator('button[name=action_check]').click()
    expect(page.locator('.o_notification')).to_be_visible(timeout=60_000)
    page.locator('.o_notebook .nav-link[name=contents]').click()
    expect(page.locator('.o_saas_facts .badge').get_by_text('website_mail', exact=True)).to_be_visible()
    desk.look('template-form', FORM)


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


def test_a_template_that_is_outdated(desk, world, outdated):
    """The reason stands there, and a person is asked to build it anew."""
    desk.record('saas.template', outdated)
    reason = {'en': 'modules or languages were changed', 'es': 'cambiado sus módulos o idiomas'}[desk.person.lang]
    expect(desk.page.locator('.alert-warning')).to_contain_text(reason)
    expect(desk.page.locator('.o-mail-Activity')).to_be_visible()
    desk.look('template-outdated', FORM)
