"""What staff do all day, in a browser: find what failed, read why, mend it, watch it go live; and every screen they have."""
import re
import secrets
import time

import pytest
from playwright.sync_api import expect

from .staff import Desk, Person, foreign_database

SOON = 90_000       # milliseconds for an operation on a busy machine


@pytest.fixture
def desk(visit, world):
    """``desk(group=…, lang=…, screen=…)``: a person of staff and the backend before them."""
    people = []

    def sit_down(group='support', lang='en', screen='desktop'):
        people.append(Person(world, group, lang))
        return Desk(visit(screen=screen), world, people[-1])
    yield sit_down
    for person in people:
        person.leave()


def order(world, name, **values):
    """A tenant in draft, as staff enter it."""
    staff = world.staff()
    plan = staff.call('saas.plan', 'search', [('code', '=', 'basic')])[0]
    return staff.call('saas.tenant', 'create', {
        'name': name, 'company_name': 'Impulse Max', 'email': f'{name}@browser.example', 'admin_name': 'Ann Example',
        'plan_id': plan, **values})


@pytest.fixture(autouse=True)
def cleared(world):
    """What a journey leaves failed or in draft is deleted: no later one finds work that is not its own."""
    yield
    staff = world.staff()
    left = staff.call('saas.tenant', 'search', [('email', '=like', '%@browser.example'), ('state', 'in', ('draft', 'failed'))])
    for tenant in left:
        world.master_sql('DELETE FROM saas_tenant WHERE id = %s', tenant)


def until_ended(world, tenant):
    """Wait for the tenant's operations, whatever their end."""
    staff, deadline = world.staff(), time.monotonic() + 120
    while staff.call('saas.operation', 'search_count', [('tenant_id', '=', tenant), ('state', 'in', ('waiting', 'running'))]):
        assert time.monotonic() < deadline, 'operations are still under way'
        time.sleep(0.1)


def test_a_failed_provision_is_found_understood_mended_and_seen_to_go_live(world, desk):
    name = f'mend-{secrets.token_hex(3)}'
    tenant = order(world, name)
    with foreign_database(world, name) as drop:
        world.staff().call('saas.tenant', 'action_provision', [tenant])
        until_ended(world, tenant)
        support = desk('support')
        page = support.page
        support.action('saas_dashboard_action')
        expect(page.locator('.o_saas_tile_danger', has_text='Need a person')).to_be_visible()
        failure = page.locator('[data-card=errors] li', has_text=f'Provision {name}')
        expect(failure).to_contain_text('Needs a person')
        support.look('dashboard-failure')

        failure.get_by_role('button').click()
        expect(page.locator('.o_form_view .alert-danger')).to_contain_text(name)
        expect(page.locator('.o_form_view .alert-danger')).to_contain_text('database')
        expect(page.locator('.o_saas_step_failed')).to_have_count(1)
        support.look('operation-failed')
        drop()

    page.evaluate("window.isStillThisPage = true")
    page.locator('.o_field_widget[name=tenant_id] a, .o_field_widget[name=tenant_id] .o_form_uri').first.click()
    expect(page.locator('.o_form_view .alert-danger')).to_contain_text('database')
    support.look('tenant-failed')
    page.locator('.alert-danger button[name=action_retry]').click()
    expect(page.locator('.o_saas_step_running, .o_saas_step_done').first).to_be_visible(timeout=SOON)
    running = page.locator('.o_statusbar_status button[data-value=running]')
    expect(running).to_have_class(re.compile('o_arrow_button_current'), timeout=SOON)
    expect(page.locator('.alert-danger')).to_have_count(0)
    assert page.evaluate('window.isStillThisPage'), 'the page moved without being loaded anew'

    until_ended(world, tenant)
    state = world.staff().call('saas.tenant', 'read', [tenant], ['state', 'attention', 'activity_ids'])[0]
    assert (state['state'], state['attention'], state['activity_ids']) == ('running', 0, []), state
    support.action('saas_dashboard_action')
    expect(page.locator('[data-card=errors] li', has_text=name).get_by_text('Needs a person')).to_have_count(0)


def test_the_dashboard_moves_by_itself(world, desk):
    support = desk('support')
    support.action('saas_dashboard_action')
    page = support.page
    tile = page.locator('.o_saas_tile', has_text='Running tenants').locator('.o_saas_number')
    before = int(tile.inner_text().replace(',', ''))
    tenant = order(world, f'moves-{secrets.token_hex(3)}')
    world.staff().call('saas.tenant', 'action_provision', [tenant])
    expect(tile).to_have_text(str(before + 1), timeout=SOON)
    tile.click()
    expect(page.locator('.o_list_view .o_data_row')).to_have_count(before + 1)


def test_a_board_of_tenants_moves_by_itself(world, desk):
    name = f'board-{secrets.token_hex(3)}'
    support = desk('support')
    support.action('saas_tenant_action', view_type='kanban')
    tenant = order(world, name)
    world.staff().call('saas.tenant', 'action_provision', [tenant])
    column = support.page.locator('.o_kanban_group', has_text='Running')
    expect(column.locator('.o_kanban_record', has_text=name)).to_be_visible(timeout=SOON)


def test_many_at_once_says_what_was_not_done(world, desk):
    draft, running = (order(world, f'many-{secrets.token_hex(3)}') for _number in range(2))
    world.staff().call('saas.tenant', 'action_provision', [running])
    until_ended(world, running)
    manager = desk('manager')
    page = manager.page
    manager.action('saas_tenant_action', view_type='list')
    expect(page.locator('.o_data_row', has_text='many-').nth(1)).to_be_visible()
    for row in page.locator('.o_data_row', has_text='many-').all():
        row.locator('input[type=checkbox]').first.click()
    page.locator('.o_control_panel button[name=action_mass_suspend]').locator('visible=true').click()
    page.locator('.modal button.btn-primary').click()
    message = page.locator('.o_notification')
    expect(message).to_contain_text('does not run')
    manager.look('tenants-many')
    until_ended(world, running)
    states = {one['id']: one['state'] for one in world.staff().call('saas.tenant', 'read', [draft, running], ['state'])}
    assert states == {draft: 'draft', running: 'suspended'}


def test_support_cannot_what_managers_can(world, desk):
    tenant = order(world, f'look-{secrets.token_hex(3)}')
    support = desk('support')
    support.record('saas.tenant', tenant)
    expect(support.page.locator('button[name=action_view_operations]')).to_be_visible()
    for name in ('action_provision', 'action_delete', 'action_suspend'):
        expect(support.page.locator(f'button[name={name}]')).to_have_count(0)


def test_the_log_is_searched_and_read(world, desk):
    name = f'log-{secrets.token_hex(3)}'
    tenant = order(world, name)
    with foreign_database(world, name):
        world.staff().call('saas.tenant', 'action_provision', [tenant])
        until_ended(world, tenant)
    support = desk('support')
    support.action('saas_log_action')
    page = support.page
    support.search(name)
    row = page.locator('.o_data_row', has_text=f'Provision {name}')
    expect(row).to_have_count(1)
    row.locator('.o_data_cell').nth(2).click()
    expect(page.locator('.modal .o_saas_log')).to_contain_text(name)
    support.look('log-step')
