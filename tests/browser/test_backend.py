"""Staff's side in a browser: every menu and form opens without a script error, and a tenant's buttons do their work."""
import secrets

import pytest
from playwright.sync_api import expect

from .staff import Backend

ACTIONS = ('saas_tenant_action', 'saas_operation_action', 'saas_node_action', 'saas_template_action', 'saas_plan_action',
           'saas_suspension_reason_action', 'saas_signup_action', 'saas_settings_action')
FORMS = ('saas.tenant', 'saas.operation', 'saas.node', 'saas.template', 'saas.plan')


@pytest.fixture
def backend(visit, world):
    """The administrator's, who has logged in by the form."""
    window = visit()
    page = window.page
    window.open('/web/login')
    page.locator('form.oe_login_form input[name=login]').fill('admin')
    page.locator('form.oe_login_form input[name=password]').fill(world.stack.secrets['ADMIN_PASSWORD'])
    page.locator('form.oe_login_form button[type=submit]').click()
    expect(page.locator('.o_main_navbar')).to_be_visible(timeout=60_000)
    return Backend(window, world)


@pytest.fixture(scope='module')
def tenant(world):
    """A running tenant, made by staff."""
    staff, name = world.staff(), f'staff-{secrets.token_hex(3)}'
    plan = staff.call('saas.plan', 'search', [('code', '=', 'basic')])[0]
    tenant = staff.call('saas.tenant', 'create', {
        'name': name, 'company_name': 'Impulse Max', 'email': f'{name}@browser.example', 'admin_name': 'Ann Example',
        'plan_id': plan})
    staff.call('saas.tenant', 'action_provision', [tenant])
    staff.wait(name, 'running')
    return tenant


def expect_state(page, state):
    """The form moves by itself."""
    current = page.locator('.o_statusbar_status .o_arrow_button_current')
    expect(current).to_have_attribute('data-value', state, timeout=60_000)


def test_every_menu_and_form_opens(backend, world, tenant):
    for action in ACTIONS:
        backend.action(action)
        backend.expect_no_error()
    for model in FORMS:
        backend.record(model, world.staff().call(model, 'search', [], limit=1, order='id desc')[0])
        backend.expect_no_error()


def test_suspend_and_resume_by_buttons(backend, world, tenant):
    name = world.staff().call('saas.tenant', 'read', [tenant], ['name'])[0]['name']
    backend.record('saas.tenant', tenant)
    page = backend.page
    page.locator('button[name=action_suspend]').click()
    page.locator('.modal button.btn-primary').click()
    expect_state(page, 'suspended')
    assert world.staff().read(name, 'state')['state'] == 'suspended'
    page.locator('button[name=action_resume]').click()
    expect_state(page, 'running')
    assert world.staff().read(name, 'state')['state'] == 'running'
