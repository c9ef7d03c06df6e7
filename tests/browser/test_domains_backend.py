"""Custom domains as staff see them, in both languages: every screen opens, says what is the matter, and moves by itself."""
import pytest
from playwright.sync_api import expect

from .domain_business import OTHER, ROOT, domain_business
from .staff import Desk, Person

CARD = '[data-card=domains]'


@pytest.fixture(scope='module')
def domains(world):
    with domain_business(world) as made:
        yield made


@pytest.fixture(params=['en', 'es'])
def desk(request, visit, world, domains):
    """``desk(screen)``: a manager at work in one language."""
    person = Person(world, 'manager', request.param)
    yield lambda screen='desktop': DomainDesk(visit(screen=screen), world, person)
    person.leave()


class DomainDesk(Desk):

    def show(self, action, view_type=None):
        """A screen of this addon."""
        self.action(action, view_type, addon='saas_domains')

    def shot(self, name, height=None):
        self.look(f'domains-{name}', height)


def test_list_board_and_alerts(desk):
    desk = desk()
    page = desk.page
    desk.show('saas_custom_domain_action', 'list')
    row = page.locator('.o_data_row', has_text='blog.techeels.io')
    expect(row.locator('.badge').first).to_be_visible()
    expect(page.locator('.o_data_row', has_text='www.granada.example')).to_have_count(0)
    desk.shot('list')
    desk.show('saas_custom_domain_action', 'kanban')
    expect(page.locator('.o_kanban_group')).to_have_count(4)
    expect(page.locator('.o_kanban_record .o_saas_card_error')).to_be_visible()
    desk.shot('board')
    desk.show('saas_custom_domain_action_alerts', 'list')
    expect(page.locator('.o_data_row')).to_have_count(4)
    desk.shot('alerts', 420)


def test_a_name_that_points_elsewhere_says_what_was_found(desk, domains):
    desk = desk()
    page = desk.page
    desk.record('saas.custom_domain', domains['blog.techeels.io'])
    verdict = page.locator('.o_saas_domain_verdict')
    expect(verdict).to_contain_text('203.0.113.80')
    expect(verdict.locator('li')).to_have_count(2)
    records = page.locator('.o_saas_domain_records')
    expect(records).to_contain_text(f'blog-techeels.{ROOT}')
    expect(records.locator('tbody tr')).to_have_count(2)
    expect(records.locator('tbody button')).to_have_count(4)
    expect(page.locator('.ribbon')).to_be_visible()
    desk.shot('form-wrong', 1200)


def test_forms_in_other_states(desk, domains):
    desk = desk()
    page = desk.page
    desk.record('saas.custom_domain', domains['www.impulse-max.com'])
    expect(page.locator('button[name=action_open]').first).to_be_visible()
    desk.shot('form-active', 1050)
    desk.record('saas.custom_domain', domains['portal.cobalto.example'])
    expect(page.locator('.alert-danger button[name=action_retry]')).to_be_visible()
    expect(page.locator('.o_saas_step_failed')).to_have_count(1)
    desk.shot('form-failed', 1250)
    desk.record('saas.custom_domain', domains['erp.alpina.example'])
    expect(page.locator('.o_saas_step_done')).to_have_count(2)
    desk.record('saas.custom_domain', domains['www.deltafoods.example'])
    expect(page.locator('.alert-warning').first).to_be_visible()
    desk.shot('form-left', 1100)


def test_root_domains(desk, domains):
    desk = desk()
    page = desk.page
    desk.show('saas_root_domain_action', 'list')
    expect(page.locator('.o_data_row', has_text=ROOT).locator('.text-bg-warning')).to_be_visible()
    desk.shot('roots', 420)
    desk.record('saas.root_domain', domains['root'])
    expect(page.locator('.alert-warning')).to_be_visible()
    expect(page.locator('.ribbon')).to_be_visible()
    expect(page.locator('.o_saas_looks i.text-success')).to_have_count(8)
    desk.shot('root', 1200)


def test_a_change_set_that_waits_is_read_and_discarded_or_applied(desk, domains):
    desk = desk()
    page = desk.page
    desk.record('saas.root_domain', domains['other'])
    lines = page.locator('.o_saas_domain_difference li')
    expect(lines).to_have_count(6)
    expect(page.locator('.o_saas_domain_difference .o_saas_domain_danger')).to_have_count(3)
    expect(page.locator('button[name=action_drop_held]')).to_be_visible()
    expect(page.locator('.o_saas_looks i.text-danger')).to_have_count(2)
    desk.shot('root-held', 1350)
    page.locator('button[name=action_apply_held]').click()
    expect(page.locator('.modal .btn-primary')).to_be_visible()
    page.locator('.modal .btn-secondary').click()


def test_the_token_is_write_only(desk, domains):
    desk = desk()
    page = desk.page
    desk.record('saas.root_domain', domains['root'])
    page.locator('button[name=action_change_token]').click()
    dialogue = page.locator('.modal')
    dialogue.locator('input[type=password]').fill(desk.person.password)
    dialogue.locator('button[name=action_confirm]').click()
    token = page.locator('.modal .o_field_widget[name=api_token] input')
    expect(token).to_have_attribute('type', 'password')
    expect(token).to_have_value('')
    desk.shot('token')


def test_tabs_of_tenant_and_customer(desk, world, domains):
    desk, staff = desk(), world.staff()
    page = desk.page
    domain = staff.call('saas.custom_domain', 'read', [domains['www.techeels.io']], ['tenant_id', 'partner_id'])[0]
    for model, field, tab, name in (('saas.tenant', 'tenant_id', 'domains', 'tenant'),
                                    ('res.partner', 'partner_id', 'saas_domains', 'customer')):
        desk.record(model, domain[field][0])
        page.locator(f'.o_notebook .nav-link[name={tab}]').click()
        expect(page.locator('.o_notebook .o_data_row')).to_have_count(2)
        desk.shot(name, 1000)


def test_the_dashboard_leads_to_what_it_counts(desk, world, domains):
    desk = desk()
    page = desk.page
    desk.action('saas_dashboard_action')
    card = page.locator(CARD)
    expect(card.locator('.text-bg-warning').first).to_be_visible()
    expect(card).to_contain_text(OTHER)
    card.scroll_into_view_if_needed()
    desk.shot('dashboard', 1750)
    figure = card.locator('.o_saas_pair button').nth(1)
    count = int(figure.locator('.o_saas_number').inner_text())
    figure.click()
    expect(page.locator('.o_list_view .o_data_row')).to_have_count(count)
    assert count >= 5


def test_settings_say_that_the_sandbox_is_in_use(desk, world):
    groups = 'groups_id' if world.stack.odoo.series == '17.0' else 'group_ids'
    system = world.staff().call('ir.model.data', 'check_object_reference', 'base', 'group_system')[1]
    desk = desk()
    world.staff().call('res.users', 'write', [desk.person.id], {groups: [(4, system)]})
    desk.action('saas_settings_action')
    badge = desk.page.locator('.o_setting_box .text-bg-warning')
    badge.scroll_into_view_if_needed()
    expect(badge.locator('..')).to_contain_text(ROOT)
    desk.shot('settings', 1400)


def test_a_domain_is_added_for_a_customer(desk, world, domains):
    desk, staff = desk(), world.staff()
    page = desk.page
    tenant = staff.call('saas.custom_domain', 'read', [domains['www.faro.example']], ['tenant_id'])[0]['tenant_id'][0]
    name = f'neu-{desk.person.lang}.faro.example'
    desk.record('saas.tenant', tenant)
    page.locator('.o_notebook .nav-link[name=domains]').click()
    page.locator('button[name=action_add_domain]').click()
    page.locator('.o_field_widget[name=external_domain] input').fill(name.upper())
    page.locator('.o_form_button_save').click()
    expect(page.locator('.o_saas_domain_records')).to_contain_text(name)
    added = staff.call('saas.custom_domain', 'search_read', [('external_domain', '=', name)],
                       ['tenant_id', 'verification_status', 'root_domain_id'])[0]
    assert (added['tenant_id'][0], added['verification_status']) == (tenant, 'pending'), added
    world.master_sql('DELETE FROM saas_custom_domain WHERE id = %s', added['id'])


def test_the_form_moves_by_itself(desk, world, domains):
    """A failure is taken up elsewhere: the open form shows it without being loaded anew."""
    desk, staff = desk(), world.staff()
    page, domain = desk.page, domains['erp.alpina.example']
    desk.record('saas.custom_domain', domain)
    expect(page.locator('.o_saas_step_done')).to_have_count(2)
    page.evaluate('window.isStillThisPage = true')
    operation = staff.call('saas.operation', 'search', [('domain_id', '=', domain)])[0]
    world.master_sql("UPDATE saas_operation_step SET state = 'done' WHERE operation_id = %s", operation)
    staff.call('saas.custom_domain', 'action_verify', [domain])
    expect(page.locator('.o_saas_step_done')).to_have_count(7)
    assert page.evaluate('window.isStillThisPage')
    world.master_sql("UPDATE saas_operation_step SET state = 'waiting' WHERE operation_id = %s AND sequence > 2", operation)


def test_on_a_phone(desk, domains):
    desk = desk('phone')
    desk.record('saas.custom_domain', domains['blog.techeels.io'])
    expect(desk.page.locator('.o_saas_domain_verdict')).to_be_visible()
    desk.shot('form-wrong')
    desk.action('saas_dashboard_action')
    assert desk.page.evaluate("document.querySelector('.o_saas_board').scrollWidth") <= desk.page.viewport_size['width']
