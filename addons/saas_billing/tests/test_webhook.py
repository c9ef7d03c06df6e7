import json
import time
from unittest.mock import patch

from odoo import fields
from odoo.sql_db import db_connect
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.saas_master.drivers.vault import Vault

from .. import inbox, waker
from .billing_common import SECRET, BillingCase, signature

PATH = '/saas/stripe/webhook'


@tagged('post_install', '-at_install')
class TestWebhook(BillingCase, HttpCase):

    def _deliver(self, body, header=None, **headers):
        header = signature(body) if header is None else header
        sent = {'Content-Type': 'application/json; charset=utf-8', **({'Stripe-Signature': header} if header else {}), **headers}
        return self.url_open(PATH, data=body, headers=sent)

    def _stored(self, body):
        self.env.invalidate_all()
        return self.Event.search([('stripe_id', '=', json.loads(body)['id'])])

    def _assert_refused(self, answer, code, body):
        self.assertEqual((answer.status_code, answer.json()), (400, {'error': code}))
        self.assertFalse(self._stored(body), 'what is refused is not stored')

    # -- taken ----------------------------------------------------------------------------------

    def test_stored_at_once(self):
        body = self._event_body(object_id='sub_1')
        answer = self._deliver(body)
        self.assertEqual((answer.status_code, answer.json()), (200, {'received': True}))
        event = self._stored(body)
        self.assertEqual(
            (event.account_id, event.type, event.state, event.source, event.object_kind, event.object_id, event.attempt),
            (self.account, 'customer.subscription.updated', 'pending', 'webhook', 'subscription', 'sub_1', 0))
        self.assertEqual(json.loads(event.body)['data']['object']['id'], 'sub_1')
        self.assertNotIn('Set-Cookie', answer.headers, 'a program gets no session')

    def test_once_however_often(self):
        body = self._event_body()
        self.assertEqual([self._deliver(body).status_code for _time in range(3)], [200, 200, 200])
        self.assertEqual(len(self._stored(body)), 1)

    def test_what_it_is_about(self):
        for kind, object_id, found in (
                ('invoice.paid', 'in_1', ('invoice', 'in_1', 'pending')),
                ('checkout.session.completed', 'cs_1', ('checkout', 'cs_1', 'pending')),
                ('customer.subscription.deleted', 'sub_1', ('subscription', 'sub_1', 'pending')),
                ('payment_intent.succeeded', 'pi_1', (False, 'pi_1', 'ignored')),
                ('something.quite.new', 'x_1', (False, 'x_1', 'ignored'))):
            with self.subTest(kind):
                body = self._event_body(kind, object_id)
                self.assertEqual(self._deliver(body).status_code, 200)
                event = self._stored(body)
                self.assertEqual((event.object_kind, event.object_id, event.state), found)

    def test_upcoming_invoice_is_its_subscriptions(self):
        body = self._event_body('invoice.upcoming', data={'object': {
            'object': 'invoice', 'customer': 'cus_1',
            'parent': {'type': 'subscription_details', 'subscription_details': {'subscription': 'sub_7'}}}})
        self.assertEqual(self._deliver(body).status_code, 200)
        event = self._stored(body)
        self.assertEqual((event.object_kind, event.object_id), ('subscription', 'sub_7'))

    def test_no_card_is_kept(self):
        body = self._event_body('invoice.paid', data={'object': {
            'id': 'in_1', 'object': 'invoice', 'customer_email': 'ann@acme.example',
            'charge': {'payment_method_details': {'card': {'last4': '4242', 'exp_year': 2031}}}}})
        self.assertEqual(self._deliver(body).status_code, 200)
        kept = self._stored(body).body
        for word in ('4242', '2031', 'ann@acme.example'):
            self.assertNotIn(word, kept)

    def test_a_signature_among_several(self):
        body = self._event_body()
        moment, _comma, good = signature(body).partition(',')
        answer = self._deliver(body, f'{moment},v1={"0" * 64},v0=x,{good},v1={"f" * 64}')
        self.assertEqual(answer.status_code, 200)

    def test_each_secret_during_a_roll(self):
        self.account.webhook_secrets_sealed = Vault.from_environment().seal(json.dumps(['whsec_new', SECRET]))
        for secret in ('whsec_new', SECRET):
            body = self._event_body()
            self.assertEqual(self._deliver(body, signature(body, secret)).status_code, 200, secret)
        self.account.webhook_secrets_sealed = Vault.from_environment().seal(json.dumps(['whsec_new']))
        body = self._event_body()
        self._assert_refused(self._deliver(body), 'wrong', body)

    def test_the_account_whose_secret_it_is(self):
        other = self.account.copy({'name': 'Live', 'mode': 'live', 'api_base': 'https://api.stripe.com'})
        other.webhook_secrets_sealed = Vault.from_environment().seal(json.dumps(['whsec_live']))
        body = self._event_body(livemode=True)
        self.assertEqual(self._deliver(body, signature(body, 'whsec_live')).status_code, 200)
        self.assertEqual(self._stored(body).account_id, other)
        other.active = False
        body = self._event_body(livemode=True)
        self._assert_refused(self._deliver(body, signature(body, 'whsec_live')), 'wrong', body)

    # -- refused --------------------------------------------------------------------------------

    def test_refused(self):
        body = self._event_body()
        now, good = int(time.time()), signature(body)
        for code, header in (
                ('no_signature', ''), ('wrong', signature(body, 'whsec_other')), ('wrong', signature(body + b' ')),
                ('stale', signature(body, moment=now - 400)), ('future', signature(body, moment=now + 400)),
                ('malformed', 'nonsense'), ('malformed', good.partition(',')[0])):
            with self.subTest(code=code, header=header):
                self._assert_refused(self._deliver(body, header), code, body)

    def test_altered_after_signing(self):
        body = self._event_body(object_id='sub_1')
        self._assert_refused(self._deliver(body.replace(b'sub_1', b'sub_2'), signature(body)), 'wrong', body)

    def test_no_secret_is_no_open_door(self):
        body = self._event_body()
        for values in ({'webhook_secrets_sealed': False}, {'webhook_secrets_sealed': Vault.from_environment().seal('[]')},
                       {'active': False, 'is_current': False}):
            with self.subTest(values):
                self.account.write(values)
                self._assert_refused(self._deliver(body, signature(body, '')), 'no_secret', body)

    @mute_logger('odoo.addons.saas_billing.inbox')
    def test_secrets_that_cannot_be_opened(self):
        self.account.webhook_secrets_sealed = 'sealed with another key'
        body = self._event_body()
        self._assert_refused(self._deliver(body), 'no_secret', body)

    def test_another_mode(self):
        body = self._event_body(livemode=True)
        self._assert_refused(self._deliver(body), 'wrong_mode', body)

    def test_signed_nonsense(self):
        for body in (b'{', b'[]', b'{"id": 5}', b'\xff\xfe', b'null'):
            with self.subTest(body):
                answer = self._deliver(body)
                self.assertEqual((answer.status_code, answer.json()), (400, {'error': 'malformed'}))

    def test_too_large(self):
        body = b' ' * (1 << 20) + self._event_body()
        self.assertEqual(self._deliver(body).status_code, 413)
        self.assertFalse(self._stored(body))

    def test_a_form_is_no_delivery(self):
        body = self._event_body()
        answer = self._deliver(body, **{'Content-Type': 'application/x-www-form-urlencoded'})
        self.assertEqual(answer.status_code, 200, 'the bytes count, whatever they are called')

    def test_only_post(self):
        self.assertIn(self.url_open(PATH).status_code, (404, 405))

    # -- waking ---------------------------------------------------------------------------------

    def test_secrets_are_opened_once(self):
        inbox._opened.cache_clear()
        inbox._senders.clear()
        with patch.object(inbox.Vault, 'open', autospec=True, side_effect=inbox.Vault.open) as opened:
            for _time in range(3):
                self.assertEqual(self._deliver(self._event_body()).status_code, 200)
        self.assertEqual(opened.call_count, 1)

    def test_tells_whether_there_is_something_to_do(self):
        for kind, is_told in (('invoice.paid', True), ('payment_intent.succeeded', False)):
            body = self._event_body(kind, 'x_1')
            self.assertEqual(inbox.receive(self.env.cr, body, signature(body)), is_told)
            self.assertFalse(inbox.receive(self.env.cr, body, signature(body)), 'the second time there is nothing new')


@tagged('post_install', '-at_install')
class TestWaker(BillingCase):

    def test_one_for_many(self):
        """Wakes that come together are one; whoever waits is not kept waiting."""
        done = []
        bell = waker.Waker()
        with patch.object(waker, 'trigger', done.append), patch.object(waker, 'PAUSE', 0.01):
            started = time.monotonic()
            for _time in range(200):
                bell.wake('some_database')
            took = time.monotonic() - started
            until = time.monotonic() + 5
            while not done and time.monotonic() < until:
                time.sleep(0.001)
            bell.wake('another')
            while 'another' not in done and time.monotonic() < until:
                time.sleep(0.001)
        self.assertIn('another', done)
        self.assertLess(done.count('some_database'), 50)
        self.assertLess(took, 1)

    def test_a_trigger_of_the_cron(self):
        """What Odoo's own call leaves: a row that is due at once."""
        cron = self.env.ref('saas_billing.cron_events')
        before = fields.Datetime.now()
        database = db_connect(self.env.cr.dbname)
        with database.cursor() as cr:
            cr.execute('SELECT coalesce(max(id), 0) FROM ir_cron_trigger')
            last = cr.fetchone()[0]
        waker.trigger(self.env.cr.dbname)
        with database.cursor() as cr:
            cr.execute('DELETE FROM ir_cron_trigger WHERE id > %s AND cron_id = %s RETURNING call_at', [last, cron.id])
            moments = [row[0] for row in cr.fetchall()]
        self.assertEqual(len(moments), 1)
        self.assertGreaterEqual(moments[0], before.replace(microsecond=0))
        self.assertLessEqual(moments[0], fields.Datetime.now())
