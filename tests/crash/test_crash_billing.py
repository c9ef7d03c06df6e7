"""Kill the worker anywhere while it acts on Stripe's word or asks something of Stripe; another one goes on.

In the end each thing was done once: one tenant for what was paid, one price for each mirror, one change of a subscription.
"""
import os
import secrets

import pytest
import requests

from .. import journey_steps as steps
from .. import journey_steps_billing as billing
from ..bench.billing_fill import TENANTS
from ..bench.named_sql import run
from ..client import Visitor
from .test_crash import Bench

STEP = int(os.environ.get('SAAS_CRASH_STEP', 1))     # every so many points
TURNS = 5           # of the second worker
LIMIT = 'saas_master.signup_per_hour'
CRONS = ('process', 'backfill', 'follow', 'mirror', 'tidy')
DUE = "UPDATE saas_billing_event SET due_at = now() AT TIME ZONE 'UTC' - interval '1 second' WHERE state = 'pending'"
# the sandbox's clock may be far ahead of ours: its period then has begun after the day that was chosen
CHOSEN = """
    UPDATE saas_subscription SET next_stripe_price_id = %s, next_from = now() AT TIME ZONE 'UTC' + interval '1 hour',
           period_start = now() AT TIME ZONE 'UTC' - interval '1 day'
     WHERE stripe_id = %s"""
PENDING = "SELECT count(*) FROM saas_billing_event WHERE state = 'pending'"


class Money:
    """The stack with its Stripe sandbox, and nobody but the mortal worker who acts on what is paid."""

    def __init__(self, world):
        self.bench = Bench(world)
        self.world, self.staff, self.worker = world, self.bench.staff, self.bench.worker
        self.bench.let_rest(self.staff.call('ir.cron', 'search', [('code', 'in', [f'model._cron_{name}()' for name in CRONS])]))
        self.limit = self.staff.call('ir.config_parameter', 'get_param', LIMIT)
        self.staff.call('ir.config_parameter', 'set_param', LIMIT, '0')
        self.account, = self.staff.call('saas.stripe.account', 'search', [('is_current', '=', True)])
        self.control = world.stack.stripe.control
        self.work('saas.billing.event', '_cron_process')

    def close(self):
        self.staff.call('ir.config_parameter', 'set_param', LIMIT, self.limit or False)
        self.bench.close()

    def sql(self, query, *values):
        return self.world.master_sql(query, *values)

    def work(self, *work):
        assert self.worker.turn(work=list(work))['code'] == 0, work

    def events(self):
        """All that Stripe tells has come, and is acted upon."""
        self.control.settle()
        for _turn in range(TURNS):
            self.sql(DUE)
            self.work('saas.billing.event', '_cron_process')
            if not self.sql(PENDING)[0][0]:
                return
        raise AssertionError('events are left over')

    def stripe(self, method, path, **values):
        answer = requests.request(method, f'{self.control.url}/v1/{path}', data=values, timeout=20,
                                  auth=(self.world.stack.stripe.key, ''))
        assert answer.ok, answer.text
        return answer.json()

    def order(self):
        """A tenant that waits for its payment: (name, visitor, Stripe's page)."""
        name = f'crash-{secrets.token_hex(3)}'
        order, visitor = steps.Order(name, 'Crash', f'{name}@crash.example', plan='business'), Visitor(self.world.url)
        page = billing.to_stripe(self.world, visitor, billing.place(self.world, visitor, order))
        return name, visitor, page

    def assert_survives_kills(self, scenario):
        """``scenario.prepare()`` makes the situation, ``WORK`` is what is killed, ``check(where)`` what must be in the end."""
        scenario.prepare()
        points = self.worker.turn(watch=True, work=scenario.WORK)['points']
        assert all(seen in points for seen in scenario.SEEN), points
        scenario.check('undisturbed')
        for number in range(0, len(points), STEP):
            where = f'killed at {number}: {points[number]}'
            scenario.prepare()
            answer = self.worker.turn(kill=number, work=scenario.WORK)
            assert answer['killed'] or len(answer['points']) <= number, where
            self.bench.kills += answer['killed']
            self.work(*scenario.WORK)
            scenario.check(where)
        assert self.bench.kills >= len(points) // STEP // 2


@pytest.fixture(scope='module')
def money(world):
    money = Money(world)
    yield money
    money.close()


class Scenario:
    """``WORK`` is a model's method; ``SEEN``: points it comes to."""

    SEEN = ('after saas_operation_runner.py:_transaction', 'after stripe_transport.py:request',
            'inside stripe_transport.py:request')

    def __init__(self, money):
        self.money, self.world, self.staff, self.sql = money, money.world, money.staff, money.sql


class Paid(Scenario):
    """A checkout is paid: one tenant is made."""

    WORK = ['saas.billing.event', '_cron_process']

    def prepare(self):
        self.name, visitor, page = self.money.order()
        billing.pay(visitor, page)
        self.money.control.settle()

    def check(self, where):
        self.money.events()
        tenant = self.staff.tenant(self.name)
        kinds = [row['kind'] for row in self.staff.call('saas.operation', 'search_read', [('tenant_id', '=', tenant)], ['kind'])]
        assert kinds == ['provision'], (where, kinds)
        assert self.staff.read(self.name, 'state')['state'] == 'provisioning', where
        theirs, ours = billing.agrees_with_stripe(self.world, self.name), billing.read(self.world, self.name)
        assert ours['entitlement'] == 'active' and ours['customer'] == theirs['customer'], (where, ours)
        states = self.staff.call('saas.checkout', 'search_read', [('tenant_name', '=', self.name)], ['state', 'surplus'])
        assert [(row['state'], row['surplus']) for row in states] == [('complete', False)], (where, states)
        living = [row for row in billing.rows(self.world, 'subscriptions') if row['customer'] == theirs['customer']]
        assert len(living) == 1, where
        self._leave(tenant, theirs['id'])

    def _leave(self, tenant, subscription):
        """Nothing is made for it."""
        operations = self.staff.call('saas.operation', 'search', [('tenant_id', '=', tenant)])
        self.staff.call('saas.operation', 'action_cancel', operations)
        self.money.stripe('DELETE', f'subscriptions/{subscription}')


class Mirrored(Scenario):
    """A new plan with its price is sold, and the one before no longer."""

    WORK = ['saas.stripe.price', '_cron_mirror']
    plan = None

    def prepare(self):
        self.before = self.plan
        if self.before:
            self.staff.call('saas.plan', 'write', [self.before], {'active': False})
        euro = self.staff.call('res.currency', 'search', [('name', '=', 'EUR')])[0]
        code = f'crash-{secrets.token_hex(3)}'
        self.plan = self.staff.call('saas.plan', 'create', {
            'name': code, 'code': code, 'payment': 'now', 'currency_id': euro, 'price': 7,
            'price_ids': [(0, 0, {'currency_id': euro, 'interval': 'month', 'amount': 7})]})

    def check(self, where):
        (mirror, stripe_id), = self._mirrors(self.plan, True)
        made = self._ours('prices', saas_price=str(mirror))
        assert [(row['id'], row['active'], row['unit_amount']) for row in made] == [(stripe_id, True, 700)], (where, made)
        products = self._ours('products', saas_product=f'{self.plan}-plan')
        assert [row['id'] for row in products] == [made[0]['product']], (where, products)
        if self.before:
            assert self._mirrors(self.before, True) == [], where
            (_mirror, old), = self._mirrors(self.before, False)
            assert not next(row for row in billing.rows(self.world, 'prices') if row['id'] == old)['active'], where

    def _mirrors(self, plan, active):
        return self.sql('SELECT id, stripe_id FROM saas_stripe_price WHERE plan_id = %s AND account_id = %s AND active = %s',
                        plan, self.money.account, active)

    def _ours(self, table, **marks):
        (uuid,), = self.sql("SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'")
        wanted = {**marks, 'saas_master': uuid}.items()
        return [row for row in billing.rows(self.world, table) if wanted <= row['metadata'].items()]

    def close(self):
        self.staff.call('saas.plan', 'write', [self.plan], {'active': False})
        self.money.work(*self.WORK)


class Expired(Scenario):
    """Nobody paid in time: nobody can pay any more, and the name is free."""

    WORK = ['saas.checkout', '_cron_tidy']

    def prepare(self):
        self.name, _visitor, _page = self.money.order()
        self.sql("UPDATE saas_checkout SET expires_at = now() AT TIME ZONE 'UTC' - interval '1 hour' WHERE tenant_name = %s",
                 self.name)

    def check(self, where):
        self.money.events()
        fields = ['state', 'session', 'page_open', 'tenant_id', 'subscription_id']
        order, = self.staff.call('saas.checkout', 'search_read', [('tenant_name', '=', self.name)], fields)
        assert (order['state'], order['page_open'], order['tenant_id'], order['subscription_id']) == (
            'expired', False, False, False), (where, order)
        session = next(row for row in billing.rows(self.world, 'checkout_sessions') if row['id'] == order['session'])
        assert session['status'] == 'expired', where
        assert self.staff.call('saas.tenant', 'search_count', [('name', '=', self.name)]) == 0, where


class Planned(Scenario):
    """From a year of one plan to months of a smaller one, on the last day: changed and charged once, and the tenant follows."""

    WORK = ['saas.subscription', '_cron_follow']

    def __init__(self, money):
        super().__init__(money)
        self.year, self.month = self._mirror('team', 'year'), self._mirror('business', 'month')

    def _mirror(self, code, interval):
        return self.staff.call('saas.stripe.price', 'search_read', [
            ('account_id', '=', self.money.account), ('plan_id.code', '=', code), ('interval', '=', interval),
            ('kind', '=', 'plan')], ['stripe_id', 'plan_id'])[0]

    def prepare(self):
        self.tag = f'crash{secrets.token_hex(3)}'
        node, template = self.sql('SELECT node_id, id FROM saas_template ORDER BY id LIMIT 1')[0]
        run(self.world, TENANTS, count=1, tag=self.tag, state='running', plan=self.year['plan_id'][0], node=node,
            template=template)
        mark = self.staff.read(f'{self.tag}-1', 'mark')['mark']
        customer = self.money.stripe('POST', 'customers', name=self.tag, email=f'{self.tag}@crash.example')['id']
        self.money.control.card(customer)
        self.key = self.money.stripe('POST', 'subscriptions', customer=customer, **{
            'items[0][price]': self.year['stripe_id'], 'items[0][metadata][saas_kind]': 'plan',
            'metadata[saas_tenant]': mark})['id']
        self.money.events()
        self.sql(CHOSEN, self.month['id'], self.key)

    def check(self, where):
        self.money.events()
        theirs = billing.agrees_with_stripe(self.world, f'{self.tag}-1')
        items = [(item['price']['id'], item['quantity']) for item in theirs['items']['data']]
        assert items == [(self.month['stripe_id'], 1)], (where, items)
        ours = billing.read(self.world, f'{self.tag}-1')
        assert (ours['plan_id'], ours['next_from']) == (self.month['plan_id'], False), (where, ours)
        invoices = [row for row in billing.rows(self.world, 'invoices')
                    if row['parent']['subscription_details']['subscription'] == self.key]
        assert sorted(row['billing_reason'] for row in invoices) == ['subscription_create', 'subscription_update'], where
        opened = self.staff.call('saas.operation', 'search_read', [('tenant_id.name', '=', f'{self.tag}-1')], ['kind', 'params'])
        assert [row['kind'] for row in opened] == ['change_plan'], (where, opened)
        assert opened[0]['params']['plan_id'] == self.month['plan_id'][0], (where, opened)
        self._leave()

    def _leave(self):
        tenant = self.staff.tenant(f'{self.tag}-1')
        self.sql('DELETE FROM saas_operation WHERE tenant_id = %s', tenant)
        self.sql("UPDATE saas_tenant SET state = 'deleted', is_routed = false WHERE id = %s", tenant)
        self.money.stripe('DELETE', f'subscriptions/{self.key}')
        self.money.events()


def test_a_paid_checkout(money):
    money.assert_survives_kills(Paid(money))


def test_a_new_price(money):
    scenario = Mirrored(money)
    money.assert_survives_kills(scenario)
    scenario.close()


def test_an_expired_checkout(money):
    money.assert_survives_kills(Expired(money))


def test_a_planned_change(money):
    money.assert_survives_kills(Planned(money))
