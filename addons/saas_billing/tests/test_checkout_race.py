"""What two servers do at the same moment. With real transactions, so these tests clean up after themselves."""
import json

import requests

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.saas_master.tests.common import TimeLimits
from odoo.addons.saas_master.tests.test_signup_race import TestRaces as Races

from .billing_common import SECRET, FakeStripe

LINK = 'race-link-1'
BACK = 'https://shop.example/paid'


class TestCheckoutRaces(TimeLimits, Races):
    """The races of the plain sign-up hold with a plan that is paid for, and those of the payment beside them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fake = FakeStripe()
        cls.fake.start()
        cls.addClassCleanup(cls.fake.stop)

    def setUp(self):
        super().setUp()
        with self._server() as env:
            Account = env['saas.stripe.account']
            self.others = Account.search([('is_current', '=', True)]).ids
            Account.browse(self.others).is_current = False
            env.flush_all()
            account = Account.create({
                'name': 'race', 'mode': 'sandbox', 'api_base': self.fake.url, 'is_current': True,
                'api_key_sealed': Account._seal(self.fake.key), 'webhook_secrets_sealed': Account._seal(json.dumps([SECRET]))})
            plan = env['saas.plan'].search([('code', '=', 'race-plan')])
            plan.payment = 'now'
            env['saas.plan.price'].create({'plan_id': plan.id, 'currency_id': env.ref('base.EUR').id, 'amount': 10})
            self.account = account.id
        with self._server() as env:
            env['saas.stripe.price']._mirror_account(env['saas.stripe.account'].browse(self.account))

    def _clean_up(self):
        with self._server() as env:
            account = env['saas.stripe.account'].search([('name', '=', 'race')])
            here = [('account_id', 'in', account.ids)]
            env['saas.checkout'].search(here).unlink()
            for model in ('saas.stripe.customer', 'saas.stripe.product'):
                env[model].search(here).unlink()
            env['saas.stripe.price'].with_context(active_test=False).search([]).filtered(
                lambda mirror: mirror.plan_id.code == 'race-plan').unlink()
            account.write({'is_current': False})
            env.flush_all()
            account.unlink()
            env['saas.stripe.account'].browse(self.others).write({'is_current': True})
            crons = env.ref('saas_billing.cron_mirror') | env.ref('saas_billing.cron_checkout_tidy')
            env['ir.cron.trigger'].search([('cron_id', 'in', crons.ids)]).unlink()
        return super()._clean_up()

    @mute_logger('odoo.sql_db')
    def test_clicks_at_once_make_one_tenant(self):
        """And one order that waits, no tenant that is provisioned."""
        click = lambda env: env['saas.signup']._find(LINK)._confirm()     # noqa: E731
        self.assertEqual(self._at_once(click, click, click), [False, False, False])
        with self._server() as env:
            tenant = env['saas.tenant'].search([('name', '=', 'race-one')])
            self.assertEqual((len(tenant), tenant.state, len(tenant.operation_ids)), (1, 'draft', 0))
            self.assertEqual(tenant.checkout_ids.mapped('state'), ['new'])
            self.assertEqual(env['saas.signup']._find(LINK)._checkout(), tenant.checkout_ids)

    @mute_logger('odoo.sql_db')
    def test_one_page_however_many_click_on_pay(self):
        with self._server() as env:
            env['saas.signup']._find(LINK)._confirm()
        pay = lambda env: env['saas.signup']._find(LINK)._checkout()._open_page(BACK, BACK)     # noqa: E731
        urls = self._at_once(pay, pay, pay)
        self.assertEqual(len(set(urls)), 1)
        made = requests.get(f'{self.fake.url}/v1/checkout/sessions', auth=(self.fake.key, ''), timeout=20).json()['data']
        self.assertEqual([session['url'] for session in made if session['status'] == 'open'], urls[:1])
        customers = requests.get(f'{self.fake.url}/v1/customers', auth=(self.fake.key, ''), timeout=20).json()['data']
        with self._server() as env:
            known = env['saas.stripe.customer'].search([('account_id', '=', self.account)])
            self.assertEqual([customer['id'] for customer in customers], known.mapped('stripe_id'))

    @mute_logger('odoo.sql_db')
    def test_two_orders_of_one_tenant_at_once(self):
        with self._server() as env:
            env['saas.signup']._find(LINK)._confirm()
            env['saas.checkout'].search([('account_id', '=', self.account)])._abandon()
            signup = env['saas.signup']._find(LINK)
            tenant = signup._draft_tenant('race-two', signup.partner_id).id

        def order(env):
            plan = env['saas.plan'].search([('code', '=', 'race-plan')])
            try:
                return env['saas.checkout']._order_plan(env['saas.tenant'].browse(tenant), plan._offer()).id
            except UserError:
                return False
        found = self._at_once(order, order)
        with self._server() as env:
            waiting = env['saas.checkout'].search([('tenant_id', '=', tenant)])
            self.assertEqual(len(waiting), 1)
            self.assertLessEqual(set(found), {waiting.id, False})

    @mute_logger('odoo.sql_db')
    def test_prices_are_mirrored_once(self):
        with self._server() as env:
            plan = env['saas.plan'].search([('code', '=', 'race-plan')])
            price = env['saas.plan.price'].create({
                'plan_id': plan.id, 'currency_id': env.ref('base.EUR').id, 'amount': 99, 'interval': 'year'}).id

        def mirror(env):
            env['saas.stripe.price']._mirror_account(env['saas.stripe.account'].browse(self.account))
        self._at_once(mirror, mirror, mirror)
        with self._server() as env:
            env['saas.stripe.price']._mirror_account(env['saas.stripe.account'].browse(self.account))
            mirrors = env['saas.stripe.price'].with_context(active_test=False).search([('price_id', '=', price)])
            self.assertEqual(len(mirrors), 1)
            self.assertTrue(mirrors.stripe_id)
        made = requests.get(f'{self.fake.url}/v1/prices', auth=(self.fake.key, ''), timeout=20).json()['data']
        self.assertEqual([one['id'] for one in made if one['unit_amount'] == 9900], [self._id(price)])

    def _id(self, price):
        with self._server() as env:
            return env['saas.stripe.price'].search([('price_id', '=', price)]).stripe_id
