from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from .billing_common import BillingCase

from tests.fakes.stripe.control import Control  # isort: skip


class PriceCase(BillingCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Mirror = cls.env['saas.stripe.price'].sudo()
        cls.control = Control(cls.fake.url)

    def setUp(self):
        super().setUp()
        self.solo = self.env['saas.plan'].create({
            'name': 'Solo', 'code': 'solo', 'payment': 'now', 'template_name': 'test_template', 'currency_id': self.currency.id})

    def _sell(self, amount=10.0, **values):
        price = self.env['saas.plan.price'].create({
            'plan_id': self.solo.id, 'currency_id': self.currency.id, 'amount': amount, **values})
        self._run_mirror()
        return price

    def _run_mirror(self):
        self.Mirror._cron_mirror()
        self.env.invalidate_all()

    def _all(self, price):
        return self.Mirror.with_context(active_test=False).search([('price_id', '=', price.id)])

    def _made(self, what='prices'):
        """How many calls have made one."""
        return sum(call['method'] == 'POST' and call['path'] == f'/v1/{what}' for call in self.control.calls())


class TestMirror(PriceCase):
    """What is sold here is at Stripe, each amount once, and what was sold stays with who has it."""

    def test_a_price_is_made_with_its_product(self):
        price = self._sell(19.9, interval='year', user_amount=3, domain_amount=2.5)
        for kind, units in (('plan', 1990), ('user', 300), ('domain', 250)):
            mirror = price._mirror(self.account, kind)
            found = self._stripe('GET', f'/v1/prices/{mirror.stripe_id}')
            self.assertEqual((found['unit_amount'], found['currency'], found['recurring']['interval'], found['product']),
                             (units, 'eur', 'year', mirror.product))
            self.assertEqual(found['metadata'], {
                'saas_price': str(mirror.id), 'saas_kind': kind,
                'saas_master': self.env['ir.config_parameter'].get_param('database.uuid')})
        names = {product.kind: self._stripe('GET', f'/v1/products/{product.stripe_id}')['name']
                 for product in self.env['saas.stripe.product'].search([('plan_id', '=', self.solo.id)])}
        self.assertEqual(names, {'plan': 'Solo', 'user': 'Solo: further user', 'domain': 'Solo: extra domain'})

    def test_nothing_more_is_asked_when_all_is_there(self):
        price = self._sell()
        calls = len(self.control.calls())
        self._run_mirror()
        self.assertEqual(len(self.control.calls()), calls)
        self._sell(interval='year')
        self.assertEqual(len(self.env['saas.stripe.product'].search([('plan_id', '=', self.solo.id)])), 1)
        self.assertEqual(price._mirror(self.account), self._all(price))

    def test_another_amount_is_another_price(self):
        price = self._sell(10)
        old = price._mirror(self.account)
        price.amount = 12
        self.assertFalse(price._mirror(self.account), 'nobody pays what is not shown any more')
        self.assertNotIn(price, self.solo._offers())
        self._run_mirror()
        new = price._mirror(self.account)
        self.assertNotEqual(new.stripe_id, old.stripe_id)
        self.assertEqual((old.active, old.archived_at_stripe, old.unit_amount, new.unit_amount), (False, True, 1000, 1200))
        self.assertFalse(self._stripe('GET', f'/v1/prices/{old.stripe_id}')['active'])
        self.assertEqual(self.solo._offers(), price)

    def test_who_has_the_old_price_keeps_it(self):
        price = self._sell(10)
        old = price._mirror(self.account).stripe_id
        customer = self._stripe('POST', '/v1/customers', name='Acme', email='a@acme.example')['id']
        self.control.card(customer)
        subscription = self._stripe('POST', '/v1/subscriptions', customer=customer, items=[{'price': old}])
        price.amount = 12
        self._run_mirror()
        found = self._stripe('GET', f'/v1/subscriptions/{subscription["id"]}')
        self.assertEqual((found['items']['data'][0]['price']['id'], found['status']), (old, 'active'))

    def test_back_and_forth_before_anybody_looked(self):
        price = self._sell(10)
        before = price._mirror(self.account)
        price.amount = 12
        price.amount = 10
        self._run_mirror()
        self.assertEqual(price._mirror(self.account), before)

    def test_what_is_sold_no_more_is_archived(self):
        price = self._sell(10, user_amount=3)
        price.user_amount = 0
        self._run_mirror()
        self.assertFalse(price._mirror(self.account, 'user'))
        self.assertTrue(price._mirror(self.account))
        price.active = False
        self._run_mirror()
        self.assertFalse(self.Mirror.search([('price_id', '=', price.id)]))
        self.assertEqual(set(self._all(price).mapped('archived_at_stripe')), {True})
        price.active = True
        self._run_mirror()
        self.assertEqual(self.solo._offers(), price)
        self.solo.payment = 'none'
        self._run_mirror()
        self.assertFalse(price._mirror(self.account) or self.solo._offers())

    def test_a_new_name_reaches_stripe(self):
        price = self._sell(user_amount=1)
        self.solo.name = 'Solo Plus'
        self._run_mirror()
        names = [self._stripe('GET', f'/v1/products/{price._mirror(self.account, kind).product}')['name']
                 for kind in ('plan', 'user')]
        self.assertEqual(names, ['Solo Plus', 'Solo Plus: further user'])

    def test_every_account_has_its_own(self):
        price = self._sell()
        self.env['saas.stripe.account'].create({
            'name': 'Without a key', 'mode': 'sandbox', 'api_base': self.fake.url})
        other = self.env['saas.stripe.account'].create({'name': 'Other', 'mode': 'sandbox', 'api_base': self.fake.url + '/'})
        other.sudo().api_key_sealed = other._seal(self.fake.key)
        self._run_mirror()
        first, second = price._mirror(self.account), price._mirror(other)
        self.assertTrue(first and second)
        self.assertNotEqual(first.stripe_id, second.stripe_id)
        self.assertEqual(len(self.solo._offers()), 1, 'only the current one counts')

    def test_currencies_without_cents(self):
        yen = self.env.ref('base.JPY')
        yen.active = True
        price = self.env['saas.plan.price'].create({'plan_id': self.solo.id, 'currency_id': yen.id, 'amount': 1200})
        self._run_mirror()
        found = self._stripe('GET', f'/v1/prices/{price._mirror(self.account).stripe_id}')
        self.assertEqual((found['unit_amount'], found['currency']), (1200, 'jpy'))

    def test_tax(self):
        price = self._sell()
        self.assertEqual(price._mirror(self.account).tax_behavior, 'unspecified')
        for inclusive, wanted in ((True, 'inclusive'), (False, 'exclusive')):
            self.account.write({'automatic_tax': True, 'tax_inclusive': inclusive})
            self._run_mirror()
            found = self._stripe('GET', f'/v1/prices/{price._mirror(self.account).stripe_id}')
            self.assertEqual(found['tax_behavior'], wanted)


class TestInterrupted(PriceCase):
    """Killed anywhere, asked twice, or refused: nothing is there twice and nothing is forgotten."""

    def test_made_but_not_noted(self):
        """Within a day the idempotency key answers, later the metadata."""
        price = self._sell()
        mirror, made = price._mirror(self.account), self._made()
        stripe_id = mirror.stripe_id
        mirror.write({'stripe_id': False, 'product': False})
        self._run_mirror()
        self.assertEqual((mirror.stripe_id, self._made()), (stripe_id, made))
        self.env['saas.stripe.product'].search([('plan_id', '=', self.solo.id)]).unlink()
        mirror.write({'stripe_id': False, 'product': False})
        products = self._made('products')
        self.control.advance(days=2)
        self._run_mirror()
        self.assertEqual((mirror.stripe_id, self._made('products')), (stripe_id, products))

    def test_another_master_on_the_same_account(self):
        """Its records have the same numbers, and another mark."""
        price = self._sell()
        mirror = price._mirror(self.account)
        stripe_id = mirror.stripe_id
        self.env['ir.config_parameter'].set_param('database.uuid', 'another-master')
        self.env['saas.stripe.product'].search([('plan_id', '=', self.solo.id)]).unlink()
        mirror.write({'stripe_id': False, 'product': False})
        self._run_mirror()
        self.assertTrue(mirror.stripe_id)
        self.assertNotEqual(mirror.stripe_id, stripe_id)

    def test_two_at_once(self):
        price = self._sell()
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError):
            price._mirror(self.account).copy()
            self.env.flush_all()
        self.Mirror.search([('price_id', '=', price.id)]).write({'active': False})
        wanted = type(self.Mirror)._wanted

        def meanwhile(model, account):
            values = wanted(model, account)
            if not self.Mirror.search([('price_id', '=', price.id), ('active', '=', True)]):
                self.Mirror.create(values[price, 'plan'])
                self.env.flush_all()
            return values
        self.patch(type(self.Mirror), '_wanted', meanwhile)
        with mute_logger('odoo.sql_db'):
            self.assertFalse(self.Mirror._plan_mirrors(self.account), 'the other one is at it')
        self._run_mirror()
        self.assertEqual(len(self.Mirror.search([('price_id', '=', price.id), ('active', '=', True)])), 1)
        self.assertTrue(price._mirror(self.account))

    def test_stripe_has_a_fault(self):
        self.control.fault('status', method='POST', path='/v1/prices', status=500, times=1)
        price = self._sell()
        self.assertFalse(price._mirror(self.account))
        self.assertIn('busy', self._all(price).error)
        self._run_mirror()
        self.assertTrue(price._mirror(self.account))
        self.assertFalse(self._all(price).error)

    def test_one_that_is_refused_keeps_no_other_from_its_place(self):
        bad, good = self._sell(interval='month'), self.env['saas.plan.price'].create({
            'plan_id': self.solo.id, 'currency_id': self.currency.id, 'amount': 5, 'interval': 'year'})
        mirror = self._all(bad)
        mirror.write({'stripe_id': False, 'product': False})
        mirror.flush_recordset()
        self.env.cr.execute("UPDATE saas_stripe_price SET unit_amount = -5 WHERE id = %s", [mirror.id])
        self.env['saas.stripe.price'].invalidate_model()
        self.patch(type(self.Mirror), '_is_like', lambda mirror, values: True)
        self._run_mirror()
        self.assertTrue(mirror.error)
        self.assertTrue(good._mirror(self.account))

    def test_a_refused_key(self):
        self.account.sudo().api_key_sealed = self.account._seal('sk_test_wrong_one')
        price = self._sell()
        self.assertIn('refuses the key', self._all(price).error)
        self.account.sudo().api_key_sealed = self.account._seal(self.fake.key)
        self._run_mirror()
        self.assertTrue(price._mirror(self.account))

    def test_archived_by_hand_at_stripe(self):
        price = self._sell()
        old = price._mirror(self.account)
        self._stripe('POST', f'/v1/prices/{old.stripe_id}', active=False)
        price.amount = 11
        self._run_mirror()
        self.assertTrue(old.archived_at_stripe and price._mirror(self.account))


class TestPrices(PriceCase):
    """What staff may enter, and what is on offer."""

    def test_what_a_price_may_be(self):
        self._sell()
        with self.assertRaises(ValidationError):
            self._sell(10_000_000, interval='year')
        for bad in ({'amount': -1, 'interval': 'year'}, {'amount': 9}):
            with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                self._sell(**bad)

    def test_what_was_sold_stays_what_it_is(self):
        price = self._sell()
        for change in ({'interval': 'year'}, {'currency_id': self.env.ref('base.USD').id}, {'plan_id': self.plan.id}):
            with self.assertRaises(UserError):
                price.write(change)
        price.write({'interval': 'month', 'currency_id': self.currency.id})
        with self.assertRaises(UserError):
            price.unlink()
        fresh = self.env['saas.plan.price'].create({
            'plan_id': self.solo.id, 'currency_id': self.currency.id, 'amount': 5, 'interval': 'year'})
        fresh.unlink()
        self.assertFalse(fresh.exists())

    def test_offers(self):
        month, year = self._sell(), self._sell(100, interval='year')
        dollar = self.env.ref('base.USD')
        dollar.active = True
        other = self._sell(11, currency_id=dollar.id)
        self.assertEqual(self.solo._offers(), month | year | other)
        for interval, currency, wanted in (('', '', month), ('year', '', year), ('month', 'USD', other), ('year', 'USD', None),
                                           ('week', '', None), ('', 'XXX', None)):
            self.assertEqual(self.solo._offer(interval, currency), wanted or self.env['saas.plan.price'])
        self.account.is_current = False
        self.assertFalse(self.solo._offers())

    def test_words(self):
        self.assertEqual(self._sell(9.5).display_name.replace('\xa0', ' '), 'Solo, 9.50 € a month')

    def test_the_cron_is_woken(self):
        cron = self.env.ref('saas_billing.cron_mirror')
        price = self._sell()
        for change in (lambda: price.write({'amount': 3}), lambda: self.solo.write({'name': 'Other'}),
                       lambda: self.solo.write({'payment': 'trial'}), lambda: self.account.write({'automatic_tax': True})):
            self.env['ir.cron.trigger'].search([('cron_id', '=', cron.id)]).unlink()
            change()
            self.assertTrue(self.env['ir.cron.trigger'].search([('cron_id', '=', cron.id)]))

    def test_settings(self):
        Settings, parameters = self.env['res.config.settings'], self.env['ir.config_parameter']
        self.assertEqual(Settings.get_values()['saas_billing_checkout_hours'], 12)
        self.assertEqual(Settings.get_values()['saas_billing_sandbox'], self.account.name)
        Settings.create({'saas_billing_grace_days': 0, 'saas_billing_checkout_hours': 24}).set_values()
        self.assertEqual(parameters.get_param('saas_billing.grace_days'), '0')
        self.assertEqual(self.env['saas.billing.settings']._number('grace_days'), 0)
        self.assertFalse(parameters.get_param('saas_billing.retention_days'), 'a default stays one')
        for bad in ({'saas_billing_checkout_hours': 25}, {'saas_billing_checkout_hours': 0}, {'saas_billing_event_days': 30},
                    {'saas_billing_grace_days': -1}):
            with self.assertRaises(UserError):
                Settings.create({**bad, 'saas_billing_retention_days': 90}).set_values()
        self.assertFalse(parameters.get_param('saas_billing.retention_days'))
