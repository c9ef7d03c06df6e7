"""Billing as staff see it, in both languages: every screen opens, says how it stands and what comes next, and moves by itself."""
import pytest
from playwright.sync_api import expect

from .billing_business import ACCOUNT, EVENTS, SUBSCRIPTIONS, billing_business
from .staff import Desk, Person

CARD = '[data-card=billing]'
LIVING = sum(row[3] != 'canceled' for row in SUBSCRIPTIONS)


@pytest.fixture(scope='module')
def billing(world):
    with billing_business(world) as made:
        yield made


@pytest.fixture(params=['en', 'es'])
def desk(request, visit, world, billing):
    """``desk(screen)``: a manager at work in one language."""
    person = Person(world, 'manager', request.param)
    yield lambda screen='desktop': BillingDesk(visit(screen=screen), world, person)
    person.leave()


class BillingDesk(Desk):

    def show(self, action, view_type=None):
        """A screen of this addon."""
        self.action(action, view_type, addon='saas_billing')

    def shot(self, name, height=None):
        self.look(f'billing-{name}', height)

    def prove(self):
        dialogue = self.page.locator('.modal', has=self.page.locator('input[type=password]'))
        dialogue.locator('input[type=password]').fill(self.person.password)
        dialogue.locator('button[name=action_confirm]').click()


def test_board_and_list(desk, billing):
    desk = desk()
    page = desk.page
    desk.show('saas_subscription_action', 'kanban')
    expect(page.locator('.o_kanban_group')).to_have_count(6)
    expect(page.locator('.o_kanban_record', has_text='estela').locator('.text-bg-danger')).to_be_visible()
    desk.shot('board', 900)
    desk.show('saas_subscription_action', 'list')
    row = page.locator('.o_data_row', has_text='Faro Logistics')
    expect(row.locator('.badge')).to_have_count(2)
    assert page.locator('.o_data_row', has_text='pays').count() >= LIVING
    desk.shot('list')


def test_a_form_says_how_it_stands_and_what_comes_next(desk, billing):
    desk = desk()
    page = desk.page
    for company, steps, alert, name in (
            ('Faro Logistics', 2, '.alert-warning', 'overdue'), ('Estela Dental', 0, '.alert-danger', 'closed'),
            ('Delta Foods', 1, '.alert-warning', 'ending'), ('Granada Books', 1, None, 'trial'),
            ('Brio Coffee', 1, None, 'active')):
        desk.record('saas.subscription', billing[company]['subscription'])
        expect(page.locator('.o_saas_next_steps li')).to_have_count(steps)
        if alert:
            expect(page.locator(alert).first).to_be_visible()
        expect(page.locator('.ribbon')).to_be_visible()
        desk.shot(f'subscription-{name}', 1100)


def test_smart_buttons_lead_to_tenant_invoices_and_events(desk, billing):
    desk = desk()
    page = desk.page
    desk.record('saas.subscription', billing['Brio Coffee']['subscription'])
    page.locator('button[name=action_view_invoices]').click()
    expect(page.locator('.o_list_view .o_data_row')).to_have_count(4)
    desk.record('saas.tenant', billing['Brio Coffee']['tenant'])
    section = page.locator('div[name=billing]')
    expect(section.locator('.o_data_row')).to_have_count(4)
    expect(section.locator('.o_saas_next_steps li')).to_have_count(1)
    desk.shot('tenant', 1300)
    page.locator('button[name=action_view_subscription]').click()
    expect(page.locator('.o_form_view button[name=action_view_tenant]')).to_be_visible()
    desk.record('res.partner', billing['Brio Coffee']['partner'])
    expect(page.locator('button[name=action_view_saas_subscriptions]')).to_be_visible()


def test_invoices_and_revenue(desk, billing):
    desk = desk()
    page = desk.page
    desk.show('saas_billing_invoice_action', 'list')
    expect(page.locator('.o_data_row', has_text='7F3A05-0004').locator('.badge')).to_be_visible()
    desk.shot('invoices')
    page.locator('.o_data_row', has_text='7F3A05-0004').locator('td[name=number]').click()
    expect(page.locator('.o_field_widget[name=line_list] tbody tr')).to_have_count(1)
    desk.shot('invoice', 1000)
    desk.show('saas_billing_revenue_action', view_type='graph')
    expect(page.locator('.o_graph_renderer canvas')).to_be_visible()
    desk.shot('revenue')
    desk.show('saas_billing_revenue_action', view_type='pivot')
    expect(page.locator('.o_pivot table')).to_be_visible()
    desk.shot('revenue-pivot')


def test_events_are_found_by_what_they_did(desk, billing):
    desk = desk()
    page = desk.page
    desk.show('saas_billing_event_action', 'list')
    expect(page.locator('.o_data_row .text-bg-danger').first).to_be_visible()
    desk.shot('events')
    failed = page.locator('.o_data_row', has=page.locator('.text-bg-danger')).first
    failed.locator('td[name=what]').click()
    expect(page.locator('.alert-danger')).to_contain_text(EVENTS[-1][-1])
    expect(page.locator('button[name=action_replay]')).to_be_visible()
    desk.shot('event', 900)


def test_checkouts_and_prices_open(desk, world, billing):
    desk = desk()
    desk.show('saas_checkout_action', 'list')
    expect(desk.page.locator('.o_list_view')).to_be_visible()
    plan = world.staff().call('saas.plan', 'search', [('code', '=', 'team')])[0]
    desk.record('saas.plan', plan)
    expect(desk.page.locator('.o_field_widget[name=price_ids] .o_data_row')).to_have_count(2)
    desk.shot('plan', 1000)


def test_accounts_say_that_they_are_a_sandbox_and_keys_are_write_only(desk, billing):
    desk = desk()
    page = desk.page
    desk.show('saas_stripe_account_action', 'list')
    expect(page.locator('.o_data_row', has_text=ACCOUNT)).to_be_visible()
    desk.shot('accounts', 420)
    desk.record('saas.stripe.account', billing['account'])
    expect(page.locator('.ribbon')).to_be_visible()
    expect(page.locator('.alert-info').first).to_be_visible()
    desk.shot('account', 1000)
    page.locator('button[name=action_change_secrets]').click()
    desk.prove()
    for name in ('api_key', 'webhook_secret'):
        field = page.locator(f'.modal .o_field_widget[name={name}] input')
        expect(field).to_have_attribute('type', 'password')
        expect(field).to_have_value('')
    desk.shot('secrets')


def test_a_manager_extends_and_the_form_moves(desk, world, billing):
    desk = desk()
    page, subscription = desk.page, billing['Estela Dental']['subscription']
    desk.record('saas.subscription', subscription)
    page.locator('.o_form_statusbar button[name=action_extend]').click()
    dialogue = page.locator('.modal')
    dialogue.locator('.o_field_widget[name=days] input').fill('3')
    desk.shot('extend')
    dialogue.locator('button[name=action_confirm]:visible').click()
    expect(dialogue).to_have_count(0)
    expect(page.locator('.o_saas_next_steps li')).to_have_count(1)
    expect(page.locator('.alert-danger')).to_have_count(0)
    world.master_sql("UPDATE saas_subscription SET extended_until = NULL, entitlement = 'suspended', entitled_why = 'unpaid',"
                     ' entitled_until = NULL WHERE id = %s', subscription)


def test_cancelling_at_once_asks_why_and_who(desk, billing):
    desk = desk()
    page = desk.page
    desk.record('saas.subscription', billing['Brio Coffee']['subscription'])
    page.locator('.o_form_statusbar button[name=action_cancel_now]').click()
    page.locator('.modal .o_field_widget[name=reason] input').fill('Asked by phone')
    desk.shot('cancel')
    page.locator('.modal button[name=action_confirm]:visible').click()
    expect(page.locator('.modal input[type=password]')).to_be_visible()


def test_the_dashboard_leads_to_what_it_counts(desk, billing):
    desk = desk()
    page = desk.page
    desk.action('saas_dashboard_action')
    card = page.locator(CARD)
    expect(card.locator('.text-bg-warning').first).to_be_visible()
    expect(card.locator('.o_saas_mrr .o_saas_number')).to_be_visible()
    desk.shot('dashboard', 1100)
    figure = card.locator('.o_saas_paying')
    count = int(figure.locator('.o_saas_figure').inner_text())
    assert count >= 5
    figure.click()
    expect(page.locator('.o_list_view .o_data_row')).to_have_count(count)


def test_on_a_phone(desk, billing):
    desk = desk('phone')
    desk.record('saas.subscription', billing['Faro Logistics']['subscription'])
    expect(desk.page.locator('.o_saas_next_steps')).to_be_visible()
    desk.shot('subscription')
    desk.action('saas_dashboard_action')
    assert desk.page.evaluate("document.querySelector('.o_saas_board').scrollWidth") <= desk.page.viewport_size['width']
    desk.shot('dashboard')
