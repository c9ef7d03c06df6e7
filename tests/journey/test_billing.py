"""Plans that are paid for, against the running stack: Stripe's sandbox, its pages, its deliveries and its clock."""
import re
import secrets

import pytest

from .. import journey_steps as steps
from .. import journey_steps_billing as billing
from .. import money_job
from ..client import Timeline, Visitor, expect
from .test_main_job import order


class Customer:
    """One who has paid, with an account in the portal."""

    def __init__(self, world, prefix, plan='business', card=billing.GOOD):
        self.world, self.order = world, order(prefix)
        self.order.plan = plan
        billing.paid_and_running(world, Visitor(world.url), self.order, card)
        self.visitor = billing.open_account(world, self.order, secrets.token_urlsafe(12))
        self.tenant = world.staff().tenant(self.name)

    @property
    def name(self):
        return self.order.name

    def subscription(self):
        return billing.read(self.world, self.name)

    def page(self, path='', status=200):
        return self.visitor.page(f'/my/billing/{self.tenant}{path}', status)

    def press(self, path, act, **values):
        return self.visitor.send_form(self.page(path), action=f'/my/billing/{self.tenant}{act}', **values)

    def price(self, plan, interval='month'):
        return self.world.staff().call('saas.plan.price', 'search', [
            ('plan_id.code', '=', plan), ('interval', '=', interval), ('currency_id.name', '=', 'EUR')])[0]


@pytest.fixture(scope='module')
def payer(world):
    return Customer(world, 'payer')


@pytest.fixture
def paying():
    made = order('paying')
    made.plan = 'business'
    return made


def stripe(world):
    return world.stack.stripe.control


def test_the_money_story(world, paying):
    timeline = Timeline(lambda line: None)
    money_job.journey(world, paying, timeline)
    assert len(timeline.rows) >= 13


def test_a_trial_without_a_card_ends_closed_and_is_never_deleted(world):
    mine = order('trial')
    mine.plan = 'team'
    visitor = Visitor(world.url)
    page = billing.to_stripe(world, visitor, billing.place(world, visitor, mine))
    assert 'cardNumber' not in page.text
    billing.watch(world, visitor, mine, billing.send(visitor, page, pay='1'))
    found = billing.read(world, mine.name)
    assert (found['status'], found['entitlement'], found['has_payment_method']) == ('trialing', 'trial', False)
    customer = billing.open_account(world, mine, secrets.token_urlsafe(12))
    stripe(world).advance(days=15)
    billing.until(world, mine.name, status='paused', entitlement='suspended')
    billing.until_state(world, mine.name, 'suspended')
    steps.closed_page(world, mine.name)
    assert not world.staff().read(mine.name, 'delete_on')['delete_on']
    billing.change_card(world, customer, mine.name)
    tenant = world.staff().tenant(mine.name)
    page = customer.page(f'/my/billing/{tenant}')
    customer.send_form(page, action=f'/my/billing/{tenant}/resume')
    billing.until(world, mine.name, status='active', entitlement='active')
    billing.until_state(world, mine.name, 'running')
    steps.login_page(world, mine.name)


def test_the_bank_asks_and_is_answered(world, paying):
    visitor = Visitor(world.url)
    page = billing.to_stripe(world, visitor, billing.place(world, visitor, paying))
    asked = billing.pay(visitor, page, billing.SECURE)
    refused = billing.send(visitor, asked, 402, answer='fail')
    assert 'authenticate' in refused.text
    asked = billing.pay(visitor, refused, billing.SECURE)
    billing.watch(world, visitor, paying, billing.send(visitor, asked, answer='complete'))
    assert billing.read(world, paying.name)['status'] == 'active'


def test_an_order_that_nobody_pays_holds_its_name_no_longer(world, paying):
    visitor = Visitor(world.url)
    billing.to_stripe(world, visitor, billing.place(world, visitor, paying))
    check = f'/saas/signup/check?name={paying.name}'
    assert visitor.page(check).json()['code'] == 'taken'
    stripe(world).advance(days=1)
    billing.until_free(visitor, check)
    assert paying.name not in world.databases()


def test_events_that_come_three_times_and_shuffled_have_one_effect(world, paying):
    control, visitor = stripe(world), Visitor(world.url)
    page = billing.to_stripe(world, visitor, billing.place(world, visitor, paying))
    control.deliveries(hold=True)
    try:
        back = billing.pay(visitor, page)
    finally:
        control.release(duplicate=2, shuffle=True, seed=7)
        control.deliveries(hold=False, duplicate=0, shuffle=False)
    control.settle(60)
    billing.watch(world, visitor, paying, back)
    found = billing.read(world, paying.name)
    assert (found['status'], found['entitlement']) == ('active', 'active')
    twice = world.master_sql('SELECT stripe_id FROM saas_billing_event GROUP BY account_id, stripe_id HAVING count(*) > 1')
    made = world.staff().call('saas.operation', 'search_count', [
        ('tenant_id.name', '=', paying.name), ('kind', '=', 'provision')])
    assert (twice, made) == ([], 1)


def test_a_larger_plan_costs_what_was_shown_and_is_had_at_once(world):
    mine = Customer(world, 'larger')
    price = mine.price('team')
    preview = mine.page(f'/change?price={price}')
    assert 'consent' in preview.text
    mine.press(f'/change?price={price}', '/change')
    team = world.staff().call('saas.plan', 'search', [('code', '=', 'team')])[0]
    found = billing.until(world, mine.name, plan_id=[team, 'Team'])
    billing.until_state(world, mine.name, 'running')
    assert found['status'] == 'active'
    assert world.staff().read(mine.name, 'plan_id')['plan_id'][1] == 'Team'
    theirs = billing.agrees_with_stripe(world, mine.name)
    paid = [row for row in billing.rows(world, 'invoices') if row['customer'] == theirs['customer'] and row['status'] == 'paid']
    assert len(paid) == 2


def test_a_smaller_plan_comes_at_the_end_of_the_period(world):
    mine = Customer(world, 'smaller')
    staff = world.staff()
    team, business = (staff.call('saas.plan', 'search', [('code', '=', code)])[0] for code in ('team', 'business'))
    mine.press(f'/change?price={mine.price("team")}', '/change')
    billing.until(world, mine.name, plan_id=[team, 'Team'])
    mine.press(f'/change?price={mine.price("business")}', '/change')
    assert billing.read(world, mine.name)['next_from']
    assert staff.read(mine.name, 'plan_id')['plan_id'][0] == team
    world.master_sql("UPDATE saas_subscription SET next_from = now() AT TIME ZONE 'UTC' - interval '1 minute' WHERE id = %s",
                     mine.subscription()['id'])
    billing.run_cron(world, 'cron_follow')
    billing.until(world, mine.name, next_from=False)
    mine.world.staff().wait(mine.name, 'running')
    assert staff.read(mine.name, 'plan_id')['plan_id'][0] == business


def test_cancelled_kept_and_cancelled_to_the_end(world):
    mine = Customer(world, 'leaving')
    mine.press('/cancel', '/cancel', reason='too_expensive', comment='It was fine.')
    assert billing.until(world, mine.name, status='active')['cancel_at']
    mine.press('', '/keep')
    billing.until(world, mine.name, cancel_at=False)
    mine.press('/cancel', '/cancel', reason='other')
    stripe(world).advance(days=33)
    billing.until(world, mine.name, status='canceled', entitlement='ended')
    billing.until_state(world, mine.name, 'suspended')
    steps.closed_page(world, mine.name)
    assert world.staff().read(mine.name, 'delete_on')['delete_on']


def test_nobody_sees_or_moves_what_another_pays(world, payer):
    other = Customer(world, 'nosy')
    for path in ('', '/plans', '/change', '/cancel', '/pay', '/status'):
        expect(other.visitor.get(f'/my/billing/{payer.tenant}{path}'), 404)
    token = re.search(r'name="csrf_token" value="([^"]+)"', other.page().text)[1]
    for act in ('card', 'stripe', 'order', 'cancel', 'keep', 'change', 'withdraw'):
        answer = other.visitor.post(f'/my/billing/{payer.tenant}/{act}', data={'csrf_token': token, 'reason': 'other'})
        expect(answer, 404)
    assert payer.subscription()['status'] == 'active' and not payer.subscription()['cancel_at']


def test_forged_late_and_unsigned_deliveries_are_refused(world, payer):
    control = stripe(world)
    control.settle(30)          # what the tests before have caused is not counted here
    before = world.master_sql('SELECT count(*) FROM saas_billing_event')
    refused = control.deliveries().get('bad_refused', 0)
    control.post('forge', kinds=['forged', 'stale', 'future', 'unsigned'], times=2)
    control.settle(30)
    counts = control.deliveries()
    assert (counts['bad_refused'] - refused, counts.get('bad_accepted', 0)) == (8, 0)
    assert world.master_sql('SELECT count(*) FROM saas_billing_event') == before
