import json
from pathlib import Path

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from odoo.addons.saas_master import rotation
from odoo.addons.saas_master.drivers import vault
from odoo.addons.saas_master.drivers.errors import Permanent
from odoo.addons.saas_master.step_up import StepUpRequired

from ..const import EVENT_TYPES
from ..drivers.stripe_errors import PROBLEMS, made
from ..models.saas_stripe_account import API_BASE
from .billing_common import SECRET, BillingCase

from tests.fakes.stripe.control import Control  # isort: skip

TEST_KEY, LIVE_KEY = 'sk_test_abcdefgh', 'rk_live_abcdefgh'


class TestKeys(BillingCase):
    """Secrets are written and never read back, and test and live are never mixed."""

    def _make(self, **values):
        return self.env['saas.stripe.account'].create({'name': 'Another', 'mode': 'test', **values})

    def test_a_key_is_sealed_and_never_shown(self):
        self._prove()
        account = self._make(api_key=f' {TEST_KEY} ', webhook_secret='whsec_one')
        self.assertEqual((account.api_key, account.webhook_secret, account.has_key), (False, False, True))
        self.assertEqual(account._open_key(), TEST_KEY)
        self.env.flush_all()
        self.env.cr.execute('SELECT to_jsonb(a)::text FROM saas_stripe_account a WHERE id = %s', [account.id])
        stored = self.env.cr.fetchone()[0]
        self.assertNotIn(TEST_KEY, stored)
        self.assertNotIn('whsec_one', stored)
        noted = self.env['saas.audit'].search([('res_model', '=', account._name), ('res_id', '=', account.id)])
        self.assertNotIn(TEST_KEY, str(noted.mapped('detail')))
        self.assertFalse(account.copy().sudo().api_key_sealed)

    def test_entering_one_asks_who_it_is(self):
        with self.assertRaises(StepUpRequired):
            self.account.with_user(self.env.ref('base.user_admin')).write({'api_key': TEST_KEY})
        other = self._make()
        with self.assertRaises(StepUpRequired):
            other.with_user(self.env.ref('base.user_admin')).is_current = True
        for button in ('action_register_webhook', 'action_make_current', 'action_forget_old_secrets'):
            self.assertEqual(getattr(type(self.account), button).step_up_kind, 'secret')

    def test_support_reads_and_changes_nothing(self):
        support = new_test_user(self.env, 'stripe-support', groups='saas_master.group_saas_support')
        account = self.account.with_user(support)
        self.assertTrue(account.has_key)
        for field in ('api_key_sealed', 'webhook_secrets_sealed'):
            with self.assertRaises(AccessError):
                account.read([field])
        for act in (lambda: account.write({'name': 'x'}), account.action_test, account.action_mirror,
                    account.action_register_webhook, account.action_make_current):
            with self.assertRaises(AccessError):
                act()

    def test_what_is_no_key(self):
        self._prove()
        for key in ('pk_test_abcdefgh', 'sk_abcdefgh', 'sk_test_', 'sk_test_a b', 'whsec_x', 'x'):
            with self.assertRaises(UserError):
                self._make(api_key=key)
        for secret in ('sk_test_abcdefgh', 'whsec_', 'secret'):
            with self.assertRaises(UserError):
                self._make(webhook_secret=secret)

    def test_test_and_live_are_told_apart(self):
        self._prove()
        live = self._make(mode='live', api_key=LIVE_KEY)
        for mode, key in (('live', TEST_KEY), ('test', LIVE_KEY)):
            with self.assertRaises(UserError):
                self._make(mode=mode, api_key=key)
        with self.assertRaises(UserError):
            live.api_key = TEST_KEY
        with self.assertRaises(UserError):
            live.mode = 'test'
        self.assertTrue(live._api().is_live)
        with self.assertRaises(UserError):
            self._make(mode='sandbox', api_base=self.fake.url, api_key=LIVE_KEY)

    def test_a_sandbox_is_not_stripe(self):
        for mode, base in (('live', self.fake.url), ('test', 'https://stripe.example'), ('sandbox', API_BASE),
                           ('sandbox', 'http://stripe.example'), ('sandbox', 'ftp://127.0.0.1'),
                           ('sandbox', 'http://127.0.0.1/v1'), ('sandbox', 'http://user@127.0.0.1')):
            with self.assertRaises(ValidationError):
                self._make(mode=mode, api_base=base)
        self.assertTrue(self.account.is_sandbox)
        self.assertFalse(self._make().is_sandbox)

    def test_an_account_in_use_stays_what_it_is(self):
        with self.assertRaises(UserError):
            self.account.mode = 'test'
        with self.assertRaises(UserError):
            self.account.unlink()
        with self.assertRaises(ValidationError):
            self.account.active = False
        self.account.api_base = 'http://127.0.0.1:1'        # a sandbox may move
        unused = self._make()
        unused.mode = 'live'
        unused.unlink()

    def test_several_signing_secrets_during_a_roll(self):
        self._prove()
        self.assertEqual(self.account._signing_secrets(), [SECRET])
        self.account.webhook_secret = 'whsec_new'
        self.account.webhook_secret = 'whsec_new'
        self.assertEqual(self.account._signing_secrets(), ['whsec_new', SECRET])
        self.assertEqual(self.account.webhook_secret_count, 2)
        self.account.action_forget_old_secrets()
        self.assertEqual((self.account._signing_secrets(), self.account.webhook_secret_count), (['whsec_new'], 1))
        for number in range(9):
            self.account.webhook_secret = f'whsec_{number}'
        self.assertEqual(len(self.account._signing_secrets()), 5, 'they do not pile up')
        self.assertEqual(self._make()._signing_secrets(), [])

    def test_secrets_are_rotated(self):
        key = vault.generate_key()
        old = vault.Vault.from_environment()
        ring = vault.Vault([key, vault.os.environ['SAAS_SECRET_KEY']])
        rotation.rotate(self.env, ring)
        account = self.account.sudo()
        fresh = vault.Vault([key])
        self.assertEqual(fresh.open(account.api_key_sealed), self.fake.key)
        self.assertEqual(json.loads(fresh.open(account.webhook_secrets_sealed)), [SECRET])
        with self.assertRaises(Permanent):
            old.open(account.api_key_sealed)

    def test_one_is_current(self):
        self._prove()
        other = self._make(api_key=TEST_KEY)
        other.action_make_current()
        self.assertEqual(self.env['saas.stripe.account']._current(), other)
        self.assertFalse(self.account.is_current)
        with self.assertRaises(UserError):
            self._make().action_make_current()
        self.assertEqual(self.env['saas.stripe.account']._current(), other)

    def test_neutralize(self):
        """What a copy has: nobody to ask, nothing to believe, nothing to sell."""
        self.env.flush_all()
        self.env.cr.execute((Path(__file__).parents[1] / 'data/neutralize.sql').read_text())
        self.env.invalidate_all()
        self.assertEqual((self.account.has_key, self.account._signing_secrets(), self.account.is_current), (False, [], False))
        self.assertFalse(self.env['saas.stripe.account']._current())
        self.assertNotIn(self.account, self.env['saas.stripe.account']._usable())
        self.assertFalse(self.plan._offers())
        with self.assertRaises(UserError):
            self.account._api()
        calls = len(Control(self.fake.url).calls())
        self.env['saas.stripe.price']._cron_mirror()
        self.env['saas.checkout']._cron_tidy()
        self.assertEqual(len(Control(self.fake.url).calls()), calls)


class TestHealth(BillingCase):
    """The button Test says what is missing, and the others put it right."""

    def setUp(self):
        super().setUp()
        self._prove()
        self.account.webhook_secret_count = 1
        self.account.webhook_endpoint = False

    def _problems(self):
        self.account.action_test()
        return {look['part']: look['problem'] for look in self.account.health_looks if look['problem']}

    def _endpoint(self, **values):
        return self._stripe('POST', '/v1/webhook_endpoints', **{
            'url': self.account._webhook_url(), 'enabled_events': ['*'], 'api_version': '2026-10-28.endive', **values})['id']

    def test_in_order(self):
        self.account.action_register_webhook()
        self.assertEqual(self._problems(), {})
        self.assertEqual(self.account.health, 'ok')
        self.assertTrue(self.account.account_id.startswith('acct_'))
        self.assertFalse(self.account.activity_ids)

    def test_a_webhook_is_registered(self):
        self.account.action_register_webhook()
        endpoint = self._stripe('GET', f'/v1/webhook_endpoints/{self.account.webhook_endpoint}')
        self.assertEqual(endpoint['url'], self.account._webhook_url())
        self.assertEqual(set(endpoint['enabled_events']), set(EVENT_TYPES))
        self.assertEqual(endpoint['api_version'], '2026-10-28.endive')
        secrets = self.account._signing_secrets()
        self.assertEqual(len(secrets), 2)
        self.assertEqual(secrets[1], SECRET, 'what is under way is accepted yet')
        first = self.account.webhook_endpoint
        self.env.cr.postcommit.clear()
        self.account.action_register_webhook()
        self.assertIn(first, [row['id'] for row in self._stripe('GET', '/v1/webhook_endpoints')['data']], 'not before the commit')
        self.env.cr.postcommit.run()
        ids = [row['id'] for row in self._stripe('GET', '/v1/webhook_endpoints')['data']]
        self.assertIn(self.account.webhook_endpoint, ids)
        self.assertNotIn(first, ids, 'everything would be told twice')

    def test_no_endpoint_or_another_one(self):
        for endpoint in self._stripe('GET', '/v1/webhook_endpoints')['data']:
            self._stripe('DELETE', f'/v1/webhook_endpoints/{endpoint["id"]}')
        self.assertEqual(self._problems()['webhook'], 'webhook_missing')
        self.assertIn('Register Webhook', self.account.health_note)
        self._endpoint(url='https://other.example/saas/hook')
        self.assertEqual(self._problems()['webhook'], 'webhook_missing')
        few = self._endpoint(enabled_events=['invoice.paid'])
        self.assertEqual(self._problems()['webhook'], 'webhook_types')
        self.assertIn('checkout.session.completed', self.account.health_note)
        self._stripe('DELETE', f'/v1/webhook_endpoints/{few}')
        old = self._endpoint()
        Control(self.fake.url).change('webhook_endpoints', old, api_version='2025-09-30.clover')
        self.assertEqual(self._problems()['webhook'], 'webhook_version')
        self.assertIn('2025-09-30.clover', self.account.health_note)
        self._stripe('DELETE', f'/v1/webhook_endpoints/{old}')
        self._stripe('POST', f'/v1/webhook_endpoints/{self._endpoint()}', disabled=True)
        self.assertEqual(self._problems()['webhook'], 'webhook_disabled')

    def test_a_refused_key(self):
        self.account.sudo().api_key_sealed = self.account._seal('sk_test_wrong_one')
        self.assertEqual(self._problems(), {
            'key': 'stripe_refused_key', 'account': 'not_asked', 'webhook': 'not_asked'})
        self.assertEqual(self.account.health, 'bad')
        activity = self.account.activity_ids
        self.assertEqual(len(activity), 1)
        self._problems()
        self.assertEqual(self.account.activity_ids, activity, 'told once')
        self.account.sudo().api_key_sealed = self.account._seal(self.fake.key)
        self.account.action_register_webhook()
        self._problems()
        self.assertFalse(self.account.activity_ids)

    def test_no_key_and_no_secret(self):
        self.account.sudo().write({'api_key_sealed': False, 'webhook_secrets_sealed': False, 'webhook_secret_count': 0})
        problems = self._problems()
        self.assertEqual((problems['key'], problems['secret']), ('no_key', 'webhook_secret'))

    def test_a_key_of_another_account(self):
        self.account.account_id = 'acct_other'
        self.assertEqual(self._problems()['account'], 'account_other')
        self.price.amount = 31
        self.env['saas.stripe.price']._cron_mirror()
        self.assertFalse(self.price._mirror(self.account), 'nothing is made in another account')
        self.assertIn('acct_other', self.account._mirrors_missing().filtered(lambda m: m.price_id == self.price).error)

    def test_a_mode_that_was_mixed_up_in_the_database(self):
        self.env.flush_all()
        self.env.cr.execute("UPDATE saas_stripe_account SET mode = 'live' WHERE id = %s", [self.account.id])
        self.env.invalidate_all()
        self.assertEqual(self._problems()['key'], 'stripe_mode')
        with self.assertRaisesRegex(UserError, 'never mix'):
            self.account._ask(lambda client: client.read_account())

    def test_prices(self):
        self.env['saas.stripe.price'].search([]).write({'stripe_id': False})
        self.assertEqual(self._problems()['prices'], 'prices_missing')
        self.env['saas.stripe.price'].search([]).write({'active': False})
        self.assertEqual(self._problems()['prices'], 'prices_none')

    def test_prices_that_were_archived_by_hand(self):
        plan = self.plan.copy({'name': 'Own', 'code': 'own-plan', 'payment': 'now'})
        price = self._make_price(plan, 'month', 20.0)
        old = price._mirror(self.account)
        self._stripe('POST', f'/v1/prices/{old.stripe_id}', active=False)
        self.assertEqual(self._problems()['prices'], 'prices_archived')
        self.assertNotIn(price, plan._offers(), 'nobody could buy it')
        self.env['saas.stripe.price']._cron_mirror()
        self.assertNotEqual(price._mirror(self.account).stripe_id, old.stripe_id)
        self.assertNotIn('prices', self._problems())

    def test_stripe_tax(self):
        self.account.automatic_tax = True
        self.assertEqual(self._problems()['tax'], 'tax_prices')
        self.account.action_mirror()
        self.assertNotIn('tax', self._problems())
        self.assertEqual(set(self.env['saas.stripe.price'].search(
            [('account_id', '=', self.account.id)]).mapped('tax_behavior')), {'exclusive'})

    def test_words_for_people(self):
        """Every problem that a driver may have has its sentence."""
        for problem in PROBLEMS:
            told = self.account._problem_text(made(Permanent, problem, 'inside', words='their words', param='x'))
            self.assertNotIn('inside', told)
            self.assertNotIn('%(', told)
            self.assertTrue(told)
        with self.assertRaises(UserError) as caught:
            self.account._ask(lambda client: client.read_subscription('sub_none'))
        self.assertIn('Stripe does not know it', str(caught.exception))
        self.assertNotIn(self.fake.key, str(caught.exception))

    def test_silence_is_an_answer(self):
        self.account.api_base = 'http://127.0.0.1:1'
        self.assertEqual(self._problems()['key'], 'stripe_unreachable')
