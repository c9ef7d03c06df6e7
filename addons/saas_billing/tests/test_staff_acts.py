from datetime import datetime, timedelta, timezone

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .change_common import FAILS_LATER, ChangeCase


@tagged('post_install', '-at_install')
class TestStaffActs(ChangeCase):

    def setUp(self):
        super().setUp()
        self.subscription = self._subscribe()
        self.theirs = self.subscription.with_user(self.manager)

    def _in(self, **how):
        return fields.Datetime.now() + timedelta(**how)

    def _acts(self):
        return self.env['saas.audit'].search(
            [('res_model', '=', 'saas.subscription'), ('res_id', '=', self.subscription.id)], order='id').mapped('act')

    # -- extend ---------------------------------------------------------------------------------

    def test_extended_while_it_is_overdue(self):
        self.subscription.write({'status': 'past_due', 'past_due_since': self._in(days=-10)})
        self.subscription._follow()
        self.assertEqual(self._codes(), ['unpaid'])
        self.theirs._extend(5)
        self.assertEqual((self.subscription.entitlement, self._codes()), ('grace', []))
        self.assertAlmostEqual(self.subscription.extended_until, self._in(days=5), delta=timedelta(minutes=1))
        self.theirs._extend(5)
        self.assertAlmostEqual(self.subscription.extended_until, self._in(days=10), delta=timedelta(minutes=1))
        self.assertEqual(self._acts(), ['extend', 'extend'])

    def test_within_the_grace_it_is_added_to_that(self):
        self.subscription.write({'status': 'past_due', 'past_due_since': fields.Datetime.now()})
        self.subscription._follow()
        self.theirs._extend(5)
        self.assertAlmostEqual(self.subscription.extended_until, self._in(days=12), delta=timedelta(minutes=1))

    def test_a_longer_trial_is_longer_at_stripe(self):
        self.subscription._cancel(at_once=True)
        trial = self._subscribe(trial_period_days=5)
        trial.with_user(self.manager)._extend(7)
        self.assertAlmostEqual(trial.trial_end, self._in(days=12), delta=timedelta(minutes=2))
        self.assertFalse(trial.extended_until)
        self.assertEqual(datetime.fromtimestamp(self._at(trial)['trial_end'], timezone.utc).replace(tzinfo=None), trial.trial_end)

    def test_what_is_paid_needs_no_extension(self):
        with self.assertRaisesRegex(UserError, 'nothing to extend'):
            self.theirs._extend(5)

    def test_what_has_ended_opens_again(self):
        self.subscription._cancel(at_once=True)
        self.assertTrue(self.tenant.delete_on)
        self.theirs._extend(5)
        self.assertEqual((self.subscription.entitlement, self._codes(), self.tenant.delete_on), ('grace', [], False))

    # -- free, closed ---------------------------------------------------------------------------

    def test_free_until(self):
        until = self._in(days=60).replace(microsecond=0)
        self.theirs._comp(until)
        self.assertEqual((self.subscription.comp_until, self.subscription.entitlement), (until, 'active'))
        self.assertEqual(self._at(self.subscription)['pause_collection']['behavior'], 'void')
        self.assertTrue(self.subscription.collection_paused)
        self.assertEqual(self.subscription.mrr, 0)
        self.theirs.action_end_comp()
        self.assertFalse(self._at(self.subscription)['pause_collection'])
        self.assertFalse(self.subscription.comp_until)
        with self.assertRaisesRegex(UserError, 'in the future'):
            self.theirs._comp(self._in(days=-1))

    def test_free_although_it_is_overdue(self):
        self.subscription.write({'status': 'past_due', 'past_due_since': self._in(days=-10)})
        self.subscription._follow()
        self.theirs._comp(self._in(days=10))
        self.assertEqual(self._codes(), [])

    def test_closed_and_nothing_collected(self):
        self.theirs.action_pause()
        self.assertEqual(self._codes(), ['paused'])
        self.assertTrue(self._at(self.subscription)['pause_collection'])
        self.theirs.action_unpause()
        self.assertEqual(self._codes(), [])
        self.assertFalse(self._at(self.subscription)['pause_collection'])
        self.assertEqual(self._acts(), ['pause', 'unpause'])

    def test_the_pause_ends_and_the_free_time_goes_on(self):
        until = self._in(days=60).replace(microsecond=0)
        self.theirs._comp(until)
        self.theirs._pause()
        self.assertFalse(self._at(self.subscription)['pause_collection']['resumes_at'])
        self.theirs._unpause()
        self.assertTrue(self._at(self.subscription)['pause_collection']['resumes_at'])
        self.assertEqual(self.subscription.entitlement, 'active')

    def test_no_event_takes_it_away(self):
        self.theirs._pause()
        self._stripe('POST', f'/v1/subscriptions/{self.subscription.stripe_id}', pause_collection='')
        self._read_again(self.subscription.stripe_id)
        self.assertTrue(self.subscription.is_paused)
        self.assertEqual(self._codes(), ['paused'])

    def test_stripe_does_not_answer(self):
        """Nothing half-done: what is noted here goes back with the error."""
        self.control.fault('status', path=f'/v1/subscriptions/{self.subscription.stripe_id}', status=500)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.theirs._pause()
        self.assertFalse(self.subscription.is_paused)

    # -- the end --------------------------------------------------------------------------------

    def test_cancelled_at_once(self):
        self.theirs._cancel_now('Abuse of the service')
        self.assertEqual((self.subscription.status, self._codes()), ('canceled', ['ended']))
        self.assertEqual(self._at(self.subscription)['cancellation_details']['comment'], 'Abuse of the service')
        self.theirs._cancel_now('again')
        line = self.env['saas.audit'].search([('act', '=', 'cancel_now')], limit=1)
        self.assertEqual(line.user_id, self.manager)

    def test_cancelled_at_the_end_and_kept(self):
        self.theirs._cancel_at_end('As agreed')
        self.assertEqual(self.subscription.cancel_at, self.subscription.period_end)
        self.theirs.action_keep()
        self.assertFalse(self.subscription.cancel_at)

    def test_a_customer_cancels_and_keeps(self):
        theirs = self.subscription.with_user(self.act)
        with self.assertRaisesRegex(UserError, 'why you leave'):
            theirs._person_cancel('because')
        theirs._person_cancel('too_expensive', 'x' * 600)
        details = self._at(self.subscription)['cancellation_details']
        self.assertEqual((details['feedback'], len(details['comment'])), ('too_expensive', 500))
        self.assertEqual((self.subscription.cancel_at, self.subscription.cancel_feedback),
                         (self.subscription.period_end, 'too_expensive'))
        self.assertEqual(self._codes(), [])
        theirs._person_keep()
        self.assertFalse(self.subscription.cancel_at)
        with self.assertRaisesRegex(UserError, 'no cancellation'):
            theirs._person_keep()
        self.assertEqual(self._acts(), ['cancel_subscription', 'keep_subscription'])

    def test_what_is_unpaid_ends_at_once(self):
        """There is nothing left that could run out."""
        self.subscription.status = 'unpaid'
        self.subscription.with_user(self.act)._person_cancel('unused')
        self.assertEqual(self.subscription.status, 'canceled')
        for act in (lambda s: s._person_keep(), lambda s: s._person_cancel('unused')):
            with self.assertRaisesRegex(UserError, 'ended already'):
                act(self.subscription.with_user(self.act))

    def test_on_after_the_trial(self):
        tenant = self._running_tenant('trying', partner_id=self.stranger.id)
        trial = self._subscribe(tenant, trial_period_days=5, card='', trial_settings={
            'end_behavior': {'missing_payment_method': 'pause'}})
        theirs = trial.with_user(self.stranger_act)
        with self.assertRaisesRegex(UserError, 'has not ended'):
            theirs._person_resume_trial()
        self.control.advance(days=6)
        self._read_again(trial.stripe_id)
        self.assertEqual((trial.status, self._codes(tenant)), ('paused', ['trial']))
        self.control.card(trial.customer)
        theirs._person_resume_trial()
        self.assertEqual((trial.status, self._codes(tenant)), ('active', []))

    # -- Stripe ---------------------------------------------------------------------------------

    def test_read_again(self):
        self.control.card(self.subscription.customer, FAILS_LATER)
        self._stripe('POST', f'/v1/subscriptions/{self.subscription.stripe_id}', cancel_at_period_end=True)
        self.subscription.with_user(self.support).action_sync()
        self.assertTrue(self.subscription.cancel_at)
        self.assertEqual(self.subscription.invoice_ids.mapped('status'), ['paid'])
        self.assertEqual(self._acts(), ['read_stripe'])

    def test_links(self):
        self.theirs.action_sync()
        with self.assertRaisesRegex(UserError, 'sandbox'):
            self.theirs.action_open_at_stripe()
        self.account.sudo().flush_recordset()
        for mode, place in (('test', '/test'), ('live', '')):
            self.env.cr.execute('UPDATE saas_stripe_account SET mode = %s WHERE id = %s', [mode, self.account.id])
            self.env.invalidate_all()
            base = f'https://dashboard.stripe.com{place}'
            self.assertEqual(self.theirs.action_open_at_stripe()['url'], f'{base}/subscriptions/{self.subscription.stripe_id}')
            invoice = self.subscription.invoice_ids
            self.assertEqual(self.theirs.action_refund_link()['url'], f'{base}/invoices/{invoice.stripe_id}')

    def test_nothing_to_give_back(self):
        self.subscription.invoice_ids.unlink()
        with self.assertRaisesRegex(UserError, 'Nothing has been paid'):
            self.theirs.action_refund_link()

    # -- who may --------------------------------------------------------------------------------

    def test_only_managers_act(self):
        acts = (lambda s: s._extend(5), lambda s: s._comp(self._in(days=5)), lambda s: s._pause(), lambda s: s._unpause(),
                lambda s: s._cancel_now('x'), lambda s: s._cancel_at_end('x'), lambda s: s.action_keep(),
                lambda s: s.action_pause(), lambda s: s.action_unpause(), lambda s: s.action_end_comp())
        for user in (self.support, self.act, self.look):
            for act in acts:
                with self.assertRaises(AccessError):
                    act(self.subscription.with_user(user))
        with self.assertRaises(AccessError):
            self.subscription.with_user(self.act).action_sync()
        self.assertEqual(self.subscription.status, 'active')
