"""Staff's side in a browser: every menu and form opens without a script error, and a tenant's buttons do their work."""
import secrets

import pytest
from playwright.sync_api import expect

ACTIONS = ('saas_tenant_action', 'saas_operation_action', 'saas_node_action', 'saas_template_action', 'saas_plan_action',
           'saas_suspension_reason_action', 'saas_signup_action', 'saas_settings_action')
FORMS = ('saas.tenant', 'saas.operation', 'saas.node', 'saas.template', 'saas.plan')
READY = '.o_action_manager .o_view_controller, .o_action_manager .o_form_view, .o_action_manager .o_content'


@pytest.fixture
def staff(visit, world):
    """A window of the administrator, inside the backend."""
    window = visit()
    page = window.page
    window.open('/web/login')
    page.locator('form.oe_login_form input[name=login]').fill('admin')
    page.locator('form.oe_login_form input[name=password]').fill(world.stack.secrets['ADMIN_PASSWORD'])
    page.locator('form.oe_login_form button[type=submit]').click()
    expect(page.locator('.o_main_navbar')).to_be_visible(timeout=60_000)
    return window


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


def show(window, anchor):
    """Open a part of the web client anew: a change of what stands behind the # alone loads nothing."""
    window.page.goto('about:blank')
    window.page.goto(f'{window.address}/web#{anchor}')
    expect(window.page.locator(READY).first).to_be_visible(timeout=30_000)


@pytest.mark.parametrize('action', ACTIONS)
def test_every_menu_opens(staff, world, tenant, action):
    number = world.staff().call('ir.model.data', 'check_object_reference', 'saas_master', action)[1]
    show(staff, f'action={number}')
    expect(staff.page.locator('.o_error_dialog, .o_dialog_error')).to_have_count(0)


@pytest.mark.parametrize('model', FORMS)
def test_every_form_opens(staff, world, tenant, model):
    number = world.staff().call(model, 'search', [], limit=1, order='id desc')[0]
    show(staff, f'model={model}&id={number}&view_type=form')
    expect(staff.page.locator('.o_form_view').first).to_be_visible()
    expect(staff.page.locator('.o_error_dialog, .o_dialog_error')).to_have_count(0)


def test_suspend_and_resume_by_buttons(staff, world, tenant):
    name = world.staff().call('saas.tenant', 'read', [tenant], ['name'])[0]['name']
    show(staff, f'model=saas.tenant&id={tenant}&view_type=form')
    page = staff.page
    page.locator('button[name=action_suspend]').click()
    page.locator('.modal button.btn-primary').click()
    page.wait_for_timeout(500)
    world.staff().wait(name, 'suspended')
    assert world.staff().read(name, 'state')['state'] == 'suspended'
    show(staff, f'model=saas.tenant&id={tenant}&view_type=form')
    page.locator('button[name=action_resume]').click()
    page.wait_for_timeout(500)
    world.staff().wait(name, 'running')
    assert world.staff().read(name, 'state')['state'] == 'running'
