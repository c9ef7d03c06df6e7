"""The page of a dedicated tenant as its customer sees it: how his server is, and nothing of where it is."""
import secrets

import pytest
from playwright.sync_api import expect

from .dedicated_business import dedicated_business
from .test_portal import tenant_page
from .test_signup import STAGES

INSIDES = ('10.10.10.10', '10001', 'pve-a', 'pve.madrid', 'Madrid')


@pytest.fixture(scope='module')
def made(world):
    with dedicated_business(world) as made:
        yield made


@pytest.fixture
def customer(world, made):
    """``customer(right)``: somebody of the company, logged in with a window."""
    staff, people = world.staff(), []
    groups = 'groups_id' if world.stack.odoo.series == '17.0' else 'group_ids'
    portal = staff.call('ir.model.data', 'check_object_reference', 'base', 'group_portal')[1]

    def log_in(window, right='act'):
        login, password = f'{secrets.token_hex(4)}@browser.example', secrets.token_urlsafe(12)
        partner = staff.call('res.partner', 'create', {
            'name': 'Ann Example', 'email': login, 'parent_id': made['company'], 'saas_right': right})
        people.append(staff.call('res.users', 'create', {
            'login': login, 'password': password, 'partner_id': partner, groups: [(6, 0, [portal])],
            'lang': {'en': 'en_US', 'es': 'es_ES'}[window.lang]}))
        page = window.page
        window.open('/web/login')
        page.locator('form.oe_login_form input[name=login]').fill(login)
        page.locator('form.oe_login_form input[name=password]').fill(password)
        page.locator('form.oe_login_form button[type=submit]').click()
        page.wait_for_url('**/my**')
        return page
    yield log_in
    for user in people:
        staff.call('res.users', 'write', [user], {'active': False})


@pytest.mark.parametrize(('screen', 'lang'), STAGES)
def test_a_customer_sees_how_his_server_is(visit, customer, screen, lang):
    window = visit(screen=screen, lang=lang)
    page = customer(window)
    tenant_page(window, 'aurora')
    card = page.locator('#container')
    expect(card.locator('.o_saas_note')).to_have_attribute('data-level', 'fine')
    for code in ('cpu', 'memory', 'disk'):
        expect(card.locator(f'[data-code={code}] progress')).to_be_visible()
    text = page.locator('#wrap').inner_text()
    assert not [word for word in INSIDES if word in text], text
    expect(page.locator('.o_saas_suspend')).to_have_count(1)
    window.look('dedicated-portal')


@pytest.mark.parametrize('lang', ['en', 'es'])
def test_what_is_wrong_is_said_without_alarm_or_detail(visit, world, made, customer, lang):
    window = visit(lang=lang)
    page = customer(window)
    container = made['container-aurora']
    try:
        world.master_sql("UPDATE saas_container SET state = 'stopped', problem_code = 'stopped' WHERE id = %s", container)
        tenant_page(window, 'aurora')
        expect(page.locator('#container .o_saas_note')).to_have_attribute('data-level', 'over')
        expect(page.locator('#container')).to_contain_text({'en': 'Our staff knows', 'es': 'Nuestro'}[lang])
        expect(page.locator('#container progress')).to_have_count(0)
        window.look('dedicated-portal-wrong')
    finally:
        world.master_sql("UPDATE saas_container SET state = 'running', problem_code = NULL WHERE id = %s", container)


def test_who_may_look_sees_it_and_can_do_nothing(visit, customer):
    window = visit(screen='phone')
    page = customer(window, 'look')
    tenant_page(window, 'aurora')
    expect(page.locator('#container progress')).to_have_count(3)
    expect(page.locator('#acts form, #acts details, .o_saas_delete')).to_have_count(0)
