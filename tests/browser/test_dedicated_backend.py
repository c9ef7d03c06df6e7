"""Dedicated tenants as staff see them, in both languages: clusters, addresses, containers, pools, and what is done to them."""
import time

import pytest
from playwright.sync_api import expect

from .dedicated_business import CLUSTER, dedicated_business, workshop
from .staff import Desk, Person

LISTS = {
    'clusters': ('saas_cluster_action', CLUSTER), 'address-pools': ('saas_ip_pool_action', '10.10.10.0/24'),
    'addresses': ('saas_ip_address_action', '10.10.10.10'), 'standby-pools': ('saas_standby_pool_action', 'pve-a'),
    'standbys': ('saas_standby_action', 'standby-00000006'), 'containers': ('saas_container_action', 'aurora'),
}
FORMS = {   # model, which, what shows that it is all there
    'cluster': ('saas.cluster', 'cluster', '.o_saas_looks i.text-success'),
    'node': ('saas.node', 'pve-c', '.o_saas_looks i.text-danger'),
    'address-pool': ('saas.ip_pool', 'pool', '.oe_stat_button'),
    'container': ('saas.container', 'container-aurora', '.o_statusbar_status'),
    'container-wrong': ('saas.container', 'container-encina', '.alert-danger'),
    'template': ('saas.template', 'template', '.o_field_widget[name=vmid]'),
    'plan': ('saas.plan', 'plan', '.o_field_widget[name=standby_pool_ids] .o_data_row'),
    'tenant': ('saas.tenant', 'aurora', 'button[name=action_stop_container]'),
    'tenant-wrong': ('saas.tenant', 'bosque', '.alert-danger'),
    'tenant-suspended': ('saas.tenant', 'cumbre', '.alert-warning'),
}


@pytest.fixture(scope='module')
def made(world):
    with dedicated_business(world) as made:
        yield made


@pytest.fixture(scope='module')
def shop(world, made):
    with workshop(world, made) as shop:
        yield shop


@pytest.fixture(params=['en', 'es'])
def desk(request, visit, world, made):
    """``desk(screen)``: a manager at work in one language."""
    person = Person(world, 'manager', request.param)
    yield lambda screen='desktop': DedicatedDesk(visit(screen=screen), world, person)
    person.leave()


class DedicatedDesk(Desk):

    def shot(self, name, height=None):
        self.look(f'dedicated-{name}', height)

    def press(self, name):
        self.page.locator(f'button[name={name}]').locator('visible=true').first.click()

    def prove(self):
        """That it is still the one who logged in."""
        self.page.locator('.modal input[type=password]').fill(self.person.password)
        self.page.locator('.modal button[name=action_confirm]').click()

    def dismiss(self):
        self.page.locator('.o_notification_close').first.click()
        expect(self.page.locator('.o_notification')).to_have_count(0)


def until(holds, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, 'it is still not so'
        time.sleep(0.1)


def choose_first(field):
    """A native choice on 17.0, a menu on 19.0."""
    if field.locator('select').count():
        field.locator('select').select_option(index=1)
    else:
        field.locator('input').click()
        field.page.locator('.o_select_menu_item').first.click()


def test_every_screen(desk, made):
    desk = desk()
    page = desk.page
    for name, (action, shown) in LISTS.items():
        desk.action(action, 'list')
        expect(page.locator('.o_data_row', has_text=shown).first).to_be_visible()
        desk.shot(name, 560)
    page.locator('.o_searchview_dropdown_toggler').click()
    expect(page.locator('.o_search_bar_menu')).to_be_visible()
    desk.action('saas_container_action', view_type='kanban')
    expect(page.locator('.o_kanban_record', has_text='aurora')).to_be_visible()
    desk.shot('containers-board', 560)
    for name, (model, key, shown) in FORMS.items():
        desk.record(model, made[key])
        expect(page.locator(shown).locator('visible=true').first).to_be_visible()
        desk.shot(name, 1150)


def test_what_the_buttons_do(desk, world, made, shop):
    """Nothing is undone between them: one person at work."""
    desk, (pve, ours) = desk(), shop
    a_cluster_is_tested_and_its_machines_found(desk, world, ours)
    its_secret_is_write_only(desk, made)
    a_container_is_compared(desk, pve, ours)
    what_cannot_be_looked_into_says_why(desk, ours)
    a_container_is_switched_and_backed_up(desk, world, pve, ours)
    a_kept_state_is_offered_asks_for_the_name_and_is_removed(desk, world, pve, ours)
    world.staff().wait('gaviota', 'running')
    assert operations(world.staff(), [('tenant_id', '=', ours['tenant'])])[-1] == ('remove_kept', 'done')


def a_cluster_is_tested_and_its_machines_found(desk, world, ours):
    """What is wrong is named, and the machine that is no node yet becomes one."""
    world.master_sql("DELETE FROM saas_node WHERE cluster_id = %s AND pve_node = 'pve2'", ours['cluster'])
    page = desk.page
    desk.record('saas.cluster', ours['cluster'])
    desk.press('action_test')
    expect(page.locator('.o_notification').first).to_contain_text('pve1', timeout=60_000)
    expect(page.locator('.o_saas_looks i.text-success')).to_have_count(5)
    expect(page.locator('.o_field_widget[name=node_ids] .text-bg-danger')).to_have_count(1)
    desk.dismiss()
    desk.press('action_find_nodes')
    expect(page.locator('.o_notification')).to_contain_text('pve2')
    expect(page.locator('.o_field_widget[name=node_ids] .o_data_row')).to_have_count(2)
    desk.press('action_view_containers')
    expect(page.locator('.o_list_view .o_data_row', has_text='gaviota')).to_have_count(1)


def its_secret_is_write_only(desk, made):
    page = desk.page
    desk.record('saas.cluster', made['cluster'])
    desk.press('action_change_secrets')
    desk.prove()
    secret = page.locator('.modal .o_field_widget[name=token_secret] input')
    expect(secret).to_have_attribute('type', 'password')
    expect(secret).to_have_value('')
    page.locator('.modal .btn-secondary').click()
    expect(page.locator('.modal')).to_have_count(0)


def a_container_is_compared(desk, pve, ours):
    """What was done by hand stands on it until it is undone."""
    page = desk.page
    pve.control.stop(20001)
    try:
        desk.record('saas.container', ours['container'])
        desk.press('action_look_again')
        expect(page.locator('.o_notification').first).to_contain_text('gaviota')
        expect(page.locator('.alert-danger')).to_contain_text({'en': 'stopped by hand', 'es': 'detuvo a mano'}[desk.person.lang])
    finally:
        pve.control.start(20001)
    desk.dismiss()
    desk.press('action_look_again')
    expect(page.locator('.alert-danger')).to_have_count(0)


def what_cannot_be_looked_into_says_why(desk, ours):
    """There is no ``pct`` where this node is reached."""
    page = desk.page
    desk.record('saas.tenant', ours['tenant'])
    for button in ('action_inside_status', 'action_inside_log', 'action_inside_containers'):
        desk.press(button)
        expect(page.locator('.modal .modal-body')).to_contain_text('pct', timeout=30_000)
        page.locator('.modal .btn-primary').click()
        expect(page.locator('.modal')).to_have_count(0)


def a_container_is_switched_and_backed_up(desk, world, pve, ours):
    """What stops it asks first; the form offers what can be done next."""
    page, staff, mine = desk.page, world.staff(), [('tenant_id', '=', ours['tenant'])]
    done, before = operations(staff, mine), set(pve.control.backups())
    for kind, asks, then, status in (
            ('stop', True, 'start', 'stopped'), ('start', False, 'stop', 'running'), ('restart', True, 'stop', 'running')):
        desk.record('saas.tenant', ours['tenant'])
        desk.press(f'action_{kind}_container')
        if asks:
            page.locator('.modal .btn-primary').click()
        done.append((kind, 'done'))
        until(lambda: operations(staff, mine) == done, seconds=90)
        assert pve.control.containers()[20001]['status'] == status
        desk.record('saas.tenant', ours['tenant'])
        expect(page.locator(f'button[name=action_{then}_container]').locator('visible=true').first).to_be_visible()
    desk.press('action_backup')
    until(lambda: operations(staff, mine) == [*done, ('backup', 'done')], seconds=90)
    made, = set(pve.control.backups()) - before
    assert 'lxc-20001' in made


def operations(staff, domain):
    return [(one['kind'], one['state']) for one in staff.call(
        'saas.operation', 'search_read', domain, ['kind', 'state'], order='id')]


def a_kept_state_is_offered_asks_for_the_name_and_is_removed(desk, world, pve, ours):
    page = desk.page
    before = kept(pve)
    desk.record('saas.tenant', ours['tenant'])      # drawn anew: what was there is replaced when a dialogue closes
    desk.press('action_snapshot')
    until(lambda: kept(pve) > before, seconds=90)
    world.staff().wait('gaviota', 'running')
    desk.record('saas.tenant', ours['tenant'])
    desk.press('action_take_back')
    desk.prove()
    expect(page.locator('.modal .o_data_row')).to_have_count(before + 1)
    page.locator('.modal .o_field_widget[name=typed_name] input').fill('another')
    choose_first(page.locator('.modal .o_field_widget[name=kept_id]'))
    desk.shot('take-back')
    page.locator('.modal button[name=action_take_back]').click()
    refused = page.locator('.modal .o_error_dialog')
    expect(refused).to_contain_text('gaviota')
    assert kept(pve) == before + 1
    refused.locator('.btn-primary').click()
    page.locator('.modal button[name=action_remove_kept]').click()
    page.locator('.modal:not(:has(.o_form_view)) .btn-primary').click()         # it asks whether that is meant
    until(lambda: kept(pve) == before, seconds=90)


def kept(pve):
    """Snapshots and backups that there are."""
    return len(pve.control.containers()[20001]['snapshots']) + len(pve.control.backups())


def test_support_looks_but_does_not_switch(visit, world, made):
    person = Person(world, 'support')
    desk = DedicatedDesk(visit(), world, person)
    try:
        desk.record('saas.tenant', made['aurora'])
        expect(desk.page.locator('button[name=action_inside_log]')).to_be_visible()
        for name in ('action_restart_odoo', 'action_stop_container', 'action_snapshot', 'action_take_back'):
            expect(desk.page.locator(f'button[name={name}]')).to_have_count(0)
    finally:
        person.leave()


def test_on_a_phone(desk, made):
    desk = desk('phone')
    page = desk.page
    desk.record('saas.tenant', made['bosque'])
    expect(page.locator('.alert-danger')).to_be_visible()
    desk.shot('tenant-wrong', 1500)
    desk.action('saas_container_action', view_type='kanban')
    expect(page.locator('.o_kanban_record', has_text='aurora')).to_be_visible()
    desk.shot('containers')
