"""Every screen of staff, in both languages: it opens without a script error, fits, and is what docs/img shows."""
import pytest
from playwright.sync_api import expect

from .business import business
from .staff import Desk, Person

SCREENS = {
    'dashboard': ('saas_dashboard_action', {}), 'tenants': ('saas_tenant_action', {'view_type': 'kanban'}),
    'tenants-list': ('saas_tenant_action', {'view_type': 'list'}), 'signups': ('saas_signup_action', {}),
    'customers': ('saas_customer_action', {}), 'operations': ('saas_operation_action', {}),
    'attention': ('saas_attention_action', {}), 'log': ('saas_log_action', {}), 'nodes': ('saas_node_action', {}),
    'templates': ('saas_template_action', {}), 'plans': ('saas_plan_action', {}),
    'reasons': ('saas_suspension_reason_action', {}), 'settings': ('saas_settings_action', {}),
}
TALL = {'dashboard': 1150, 'settings': 1150}
TENANTS = {'tenant-running': 'alpina', 'tenant-suspended': 'estela', 'tenant-deletion': 'helix', 'tenant-provisioning': 'jardin'}
FORMS = {'node': 'saas.node', 'template': 'saas.template', 'plan': 'saas.plan', 'signup': 'saas.signup'}


@pytest.fixture(scope='module')
def month(world):
    with business(world) as tenants:
        yield tenants


@pytest.fixture(params=['en', 'es'])
def desk(request, visit, world, month):
    """``desk(screen)``: a manager at work in one language."""
    person = Person(world, 'manager', request.param)
    groups = 'groups_id' if world.stack.odoo.series == '17.0' else 'group_ids'
    system = world.staff().call('ir.model.data', 'check_object_reference', 'base', 'group_system')[1]
    world.staff().call('res.users', 'write', [person.id], {groups: [(4, system)]})
    yield lambda screen='desktop': Desk(visit(screen=screen), world, person)
    person.leave()


def test_lists_and_boards(desk):
    desk = desk()
    for name, (action, more) in SCREENS.items():
        desk.action(action, **more)
        expect(desk.page.locator('.o_error_dialog, .o_dialog_error')).to_have_count(0)
        desk.look(name, TALL.get(name))


def test_forms(desk, world):
    desk, staff = desk(), world.staff()
    for name, tenant in TENANTS.items():
        desk.record('saas.tenant', staff.tenant(tenant))
        expect(desk.page.locator('.o_error_dialog, .o_dialog_error')).to_have_count(0)
        expect(desk.page.locator('.o_last_breadcrumb_item')).to_contain_text(tenant)
        desk.look(name)
    for name, model in FORMS.items():
        desk.record(model, staff.call(model, 'search', [], limit=1)[0])
        desk.look(name)
    desk.record('saas.operation', staff.call('saas.operation', 'search', [('tenant_id', '=', staff.tenant('alpina'))])[0])
    desk.look('operation')


def test_on_a_phone(desk):
    desk = desk('phone')
    desk.action('saas_dashboard_action')
    expect(desk.page.locator('.o_saas_tile').first).to_be_visible()
    assert desk.page.evaluate("document.querySelector('.o_saas_board').scrollWidth") <= desk.page.viewport_size['width']
    desk.look('dashboard')
    desk.action('saas_tenant_action', view_type='kanban')
    desk.look('tenants')
