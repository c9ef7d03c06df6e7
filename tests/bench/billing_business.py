"""A business of the benchmark's own: a Stripe, its account in the running stack, and tenants that are only records.

The tenants are deleted ones: their subscriptions are mirrored, chosen and entitled as any other, and nothing is made or
suspended for them.
"""
import secrets
import time
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timezone

from ..client import Wrong
from ..fakes.stripe import FakeStripe
from .billing_fill import TENANTS
from .billing_life import Life
from .named_sql import run

COUNT = 300
MIRROR_SECONDS = 60
PRICES = """
    SELECT stripe_id FROM saas_stripe_price
     WHERE account_id = %s AND kind = 'plan' AND active AND stripe_id IS NOT NULL ORDER BY id"""
MISSING = 'SELECT count(*) FROM saas_stripe_price WHERE account_id = %s AND active AND stripe_id IS NULL'
OURS = """
    SELECT s.stripe_id, t.mark, s.status, p.stripe_id, s.period_start, s.period_end, s.trial_end, s.cancel_at, s.canceled_at,
           s.ended_at
      FROM saas_subscription s LEFT JOIN saas_tenant t ON t.id = s.tenant_id
      LEFT JOIN saas_stripe_price p ON p.id = s.stripe_price_id WHERE s.account_id = %s"""
CHOSEN = """
    SELECT t.mark, s.stripe_id FROM saas_tenant t JOIN saas_subscription s ON s.id = t.subscription_id WHERE s.account_id = %s"""
INVOICES = """
    SELECT stripe_id, stripe_subscription, status, round(total * 100)::bigint, round(amount_paid * 100)::bigint
      FROM saas_billing_invoice WHERE account_id = %s"""
NOTED = """
    SELECT stripe_id FROM saas_billing_event
     WHERE account_id = %s AND (state = 'done' AND effect > '' OR state = 'ignored' AND type = 'customer.updated')"""
STORED = 'SELECT stripe_id FROM saas_billing_event WHERE account_id = %s'
PENDING = "SELECT count(*) FROM saas_billing_event WHERE account_id = %s AND state = 'pending'"
TRACKED = """
    SELECT m.res_id, v.old_value_char, v.new_value_char FROM mail_tracking_value v
      JOIN mail_message m ON m.id = v.mail_message_id JOIN ir_model_fields f ON f.id = v.field_id
      JOIN saas_subscription s ON s.id = m.res_id
     WHERE m.model = 'saas.subscription' AND f.name = 'status' AND s.account_id = %s ORDER BY m.res_id, v.id"""
ALARMS = """
    SELECT count(*) FROM mail_activity a JOIN saas_subscription s ON s.id = a.res_id
     WHERE a.res_model = 'saas.subscription' AND s.account_id = %s"""
CLEAR = (
    """UPDATE saas_tenant SET subscription_id = NULL WHERE subscription_id IN
       (SELECT id FROM saas_subscription WHERE account_id = %(account)s)""",
    """DELETE FROM mail_activity WHERE res_model = 'saas.subscription' AND res_id IN
       (SELECT id FROM saas_subscription WHERE account_id = %(account)s)""",
    """DELETE FROM mail_message WHERE model = 'saas.subscription' AND res_id IN
       (SELECT id FROM saas_subscription WHERE account_id = %(account)s)""",
    'DELETE FROM saas_billing_event WHERE account_id = %(account)s',
    'DELETE FROM saas_billing_invoice WHERE account_id = %(account)s',
    'DELETE FROM saas_subscription WHERE account_id = %(account)s',
    'DELETE FROM saas_stripe_account WHERE id = %(account)s',
    "DELETE FROM saas_tenant WHERE name LIKE %(tag)s || '-%%'",
    "DELETE FROM res_partner WHERE name LIKE %(tag)s || ' %%'")
ENDED = ('canceled', 'incomplete_expired')


class Business:
    """``fake``: its Stripe; ``account``: the record; ``life``: what goes on there."""

    def __init__(self, world, fake):
        self.world, self.fake, self.staff = world, fake, world.staff()
        self.tag = f'bench{secrets.token_hex(3)}'
        fake.world.tidy = lambda: None      # what was a year ago by its clock is delivered only now

    def sql(self, query):
        return self.world.master_sql(query, self.account)

    # -- coming and going -----------------------------------------------------------------------

    def open(self):
        """An account as staff make it: key, prices and webhook by the buttons for it."""
        self.staff.session.prove('secret')
        self.account = self.staff.call('saas.stripe.account', 'create', {
            'name': self.tag, 'mode': 'sandbox', 'api_base': self.fake.url, 'api_key': self.fake.key})
        self._wait_for_prices()
        self.staff.call('saas.stripe.account', 'action_register_webhook', [self.account])
        endpoint, = self.fake.world.all('webhook_endpoints')
        self.secret = endpoint['_secret']
        self._make_tenants()
        marks = [mark for mark, in self.world.master_sql("SELECT mark FROM saas_tenant WHERE name LIKE %s || '-%%'", self.tag)]
        self.life = Life(self.fake, [price for price, in self.sql(PRICES)], sorted(marks), seed=self.tag)

    def _wait_for_prices(self):
        deadline = time.monotonic() + MIRROR_SECONDS
        while not self.sql(PRICES) or self.sql(MISSING)[0][0]:
            if time.monotonic() > deadline:
                raise Wrong('The prices of the benchmark were not mirrored.')
            time.sleep(0.2)

    def _make_tenants(self):
        plan = self.staff.call('saas.plan', 'search', [('payment', '!=', 'none')], limit=1)[0]
        run(self.world, TENANTS, count=COUNT, tag=self.tag, plan=plan, template=None, node=None, state='deleted')

    def close(self):
        for statement in CLEAR:
            run(self.world, statement, account=self.account, tag=self.tag)

    # -- what is there --------------------------------------------------------------------------

    def wait(self, seconds):
        """Until nothing is to be delivered or to be worked off."""
        deadline = time.monotonic() + seconds
        while self.is_busy():
            if time.monotonic() > deadline:
                raise Wrong(f'After {seconds} s {self.fake.sender.waiting} are to be delivered, {self.sql(PENDING)[0][0]} '
                            'to be worked off.')
            time.sleep(0.2)

    def is_busy(self):
        return bool(self.fake.sender.waiting or self.sql(PENDING)[0][0])

    def differing(self):
        """Subscriptions that are another here than at Stripe, or whose invoices are, or which their tenant does not follow."""
        ours, theirs = {row[0]: row[1:] for row in self.sql(OURS)}, self._at_stripe()
        wrong = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
        ours, theirs = set(self.sql(INVOICES)), self._invoices()
        wrong |= {row[1] for row in ours ^ theirs}
        chosen = dict(self.sql(CHOSEN))
        return wrong | {row['id'] for row in self.fake.world.all('subscriptions')
                        if row['status'] not in ENDED and chosen.get(row['metadata']['saas_tenant']) != row['id']}

    def _at_stripe(self):
        return {row['id']: (
            row['metadata']['saas_tenant'], row['status'], row['items']['data'][0]['price']['id'],
            *(_moment(row['items']['data'][0][name]) for name in ('current_period_start', 'current_period_end')),
            *(_moment(row[name]) for name in ('trial_end', 'cancel_at', 'canceled_at', 'ended_at')))
            for row in self.fake.world.all('subscriptions')}

    def _invoices(self):
        return {(row['id'], row['parent']['subscription_details']['subscription'], row['status'], row['total'],
                 row['amount_paid']) for row in self.fake.world.all('invoices')}

    def forged(self):
        """Stored, though Stripe knows no such event."""
        known = {row['id'] for row in self.fake.world.all('events')}
        return {key for key, in self.sql(STORED)} - known

    def alarms(self):
        """How often a person was asked to look, though nothing is wrong."""
        return self.sql(ALARMS)[0][0]

    def without_one_effect(self, events):
        """Of these, those not noted as done with an effect; and changes of status that were noted twice or not at all.

        What came of a customer before his subscription is known is of no concern: that is read later.
        """
        done = Counter(key for key, in self.sql(NOTED))
        wrong = {key for key in events if done[key] != 1}
        before = {}
        for subscription, old, new in self.sql(TRACKED):
            if before.setdefault(subscription, old) != old:
                wrong.add((subscription, old, new))
            before[subscription] = new
        return wrong


def _moment(stamp):
    return datetime.fromtimestamp(stamp, timezone.utc).replace(tzinfo=None) if stamp else None


@contextmanager
def business(world):
    with FakeStripe() as fake:
        made = Business(world, fake)
        try:
            made.open()
            yield made
        finally:
            if hasattr(made, 'account'):
                made.close()
