"""What customers of a few hundred subscriptions do at Stripe, and what time does to them: where the events come from."""
import random

import requests

from ..fakes.stripe.control import Control

GOOD, DECLINED = '4242424242424242', '4000000000000341'      # the latter is taken, and fails when it is charged later
ENDED = ('canceled', 'incomplete_expired')
STEP = 6            # days at a time
ACTING = 0.06       # share of the customers who do something in each
TRIAL_DAYS = 10


class Life:
    """:param marks: of the tenants, each of which has one living subscription at most"""

    def __init__(self, fake, prices, marks, seed):
        self.fake, self.prices, self.marks, self.chance = fake, prices, marks, random.Random(seed)
        self.control, self.customers = Control(fake.url), {}
        self.session = requests.Session()
        self.session.trust_env, self.session.auth = False, (fake.key, '')

    def ask(self, method, path, **values):
        answer = self.session.request(method, f'{self.fake.url}/v1/{path}', data=values, timeout=60)
        if not answer.ok:
            raise RuntimeError(f'{method} {path}: {answer.status_code} {answer.text}')
        return answer.json()

    def go_on(self, count):
        """Until there are that many events more; nothing leaves yet. Their ids."""
        self.fake.world.set('deliver', {'hold': True})
        self._order()
        while self.fake.sender.held < count:
            self._act()
            self.fake.world.advance(days=STEP)
            self._order()
        return {row['event'] for row in self.fake.world.all('deliveries', held=True)}

    def _living(self):
        return [row for row in self.fake.world.all('subscriptions') if row['status'] not in ENDED]

    def _order(self):
        """Whoever has none, or none any more, orders one: most pay at once, some begin with a trial, some have no card yet."""
        served = {row['metadata']['saas_tenant'] for row in self._living()}
        for mark in self.marks:
            if mark not in served:
                self._order_one(mark)

    def _order_one(self, mark):
        kind, values = self.chance.randrange(10), {'metadata[saas_tenant]': mark}
        customer = self.customers.get(mark) or self.ask('POST', 'customers', name=mark, email=f'{mark}@bench.example')['id']
        self.customers[mark] = customer
        if kind > 1:
            self.control.card(customer, GOOD)
        if kind < 4:
            values.update({'trial_period_days': TRIAL_DAYS, 'trial_settings[end_behavior][missing_payment_method]': 'pause'})
        self.ask('POST', 'subscriptions', customer=customer, **{'items[0][price]': self.chance.choice(self.prices)}, **values)

    def _act(self):
        acts = (self._fail, self._heal, self._leave, self._stay, self._change, self._end)
        for row in self._living():
            if self.chance.random() < ACTING:
                self.chance.choice(acts)(row)

    def _fail(self, row):
        self.control.card(row['customer'], DECLINED)

    def _heal(self, row):
        self.control.card(row['customer'], GOOD)

    def _leave(self, row):
        self.ask('POST', f'subscriptions/{row["id"]}', cancel_at_period_end='true')

    def _stay(self, row):
        if row['cancel_at_period_end']:
            self.ask('POST', f'subscriptions/{row["id"]}', cancel_at_period_end='false')

    def _change(self, row):
        if row['status'] == 'active':
            self.ask('POST', f'subscriptions/{row["id"]}', proration_behavior='none', **{
                'items[0][id]': row['items']['data'][0]['id'], 'items[0][price]': self.chance.choice(self.prices)})

    def _end(self, row):
        self.ask('DELETE', f'subscriptions/{row["id"]}')
