from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.saas_master.models.saas_rate import RateLimited

from ..change import DOWN, SAME, UP, Terms, kind_of
from .change_common import FAILS_LATER, ChangeCase


@tagged('post_install', '-at_install')
class TestChangeAtOnce(ChangeCase):

    def setUp(self):
        super().setUp()
        self.subscription = self._subscribe()

    def _problems(self, price, users=None, domains=None):
        return ' '.join(self.subscription._preview(price, users, domains)['problems'])

    def test_the_kinds(self):
        small = Terms(1, 'month', 2, 0, 30)
        for then, kind in (
                (Terms(1, 'month', 2, 0, 30), SAME), (Terms(2, 'month', 0, 0, 99), UP), (Terms(2, 'month', 0, 0, 30), UP),
                (Terms(2, 'month', 2, 0, 29.99), DOWN), (Terms(1, 'month', 1, 0, 25), DOWN), (Terms(1, 'month', 3, 0, 35), UP),
                (Terms(3, 'year', 0, 0, 100), UP)):
            self.assertEqual(kind_of(small, then), kind, then)
        self.assertEqual(kind_of(Terms(3, 'year', 0, 0, 290), Terms(4, 'month', 0, 0, 99)), DOWN)

    def test_what_is_shown_is_what_is_charged(self):
        preview = self.subscription._preview(self.big_price)
        self.assertEqual((preview['kind'], preview['problems'], preview['from']), ('up', [], None))
        self.assertAlmostEqual(preview['due_now'], 70, delta=0.05)      # of a period that has just begun
        self.assertAlmostEqual(sum(line['amount'] for line in preview['lines']), preview['due_now'], 2)
        self.assertEqual((preview['next_amount'], preview['currency']), (99, self.currency))
        self.assertEqual(len(self._invoices_at(self.subscription)), 1, 'a preview charges nothing')

        self.assertEqual(self.subscription._change(self.big_price, at=preview['at'])['state'], 'done')
        invoice = self._invoices_at(self.subscription)[0]
        self.assertEqual(invoice['total'], round(preview['due_now'] * 100))
        self.assertEqual((invoice['status'], invoice['billing_reason']), ('paid', 'subscription_update'))
        self.assertEqual((self.subscription.plan_id, self.subscription.amount), (self.big, 99))
        self.assertEqual(self.tenant.plan_id, self.plan, 'the ledger does it')
        self._apply()
        self.assertEqual((self.tenant.plan_id, self.tenant._user_limit()), (self.big, 50))

    def test_users_and_domains_besides(self):
        self.subscription._change(self.price, users=3, domains=1)
        self.assertEqual((self.subscription.user_quantity, self.subscription.domain_quantity), (3, 1))
        self.assertEqual(self.subscription.amount, 29 + 15 + 3)
        self._apply()
        self.assertEqual((self.tenant._user_limit(), self.tenant._domain_limit()), (8, 3))
        self.assertEqual(self.tenant._limit_problems(self.plan, 3), [])

        self.subscription._change(self.big_price)
        self.assertEqual(self.subscription.amount, 99 + 15 + 3, 'they go along to the other plan')
        self.assertEqual(self._prices_at(self.subscription), {
            self._mirrored(self.big_price, kind).stripe_id: quantity
            for kind, quantity in (('plan', 1), ('user', 3), ('domain', 1))})

    def test_what_is_left_out_goes(self):
        """More in all, and less of one: the item leaves Stripe."""
        self.subscription._change(self.price, users=2)
        self.subscription._change(self.big_price, users=0)
        self.assertEqual(self._prices_at(self.subscription), {self._mirrored(self.big_price).stripe_id: 1})

    def test_one_that_runs_keeps_its_price(self):
        """More users of a plan that is sold for more since: the plan's price stays, the users have today's."""
        former = self._mirrored(self.price)
        former.write({'active': False})
        self.price.amount = 39
        self._mirror(self.price)
        self.assertEqual(self.subscription._preview(self.price, users=2)['next_amount'], 39)
        self.subscription._change(self.price, users=2)
        self.assertEqual(self._prices_at(self.subscription), {
            former.stripe_id: 1, self._mirrored(self.price, 'user').stripe_id: 2})

    def test_from_monthly_to_yearly(self):
        preview = self.subscription._preview(self.yearly)
        self.assertEqual(preview['kind'], 'up')
        self.assertAlmostEqual(preview['due_now'], 290 - 29, delta=0.1)
        self.subscription._change(self.yearly, at=preview['at'])
        self.assertEqual(self.subscription.interval, 'year')
        self.assertTrue(self.subscription.period_end - self.subscription.period_start > timedelta(days=360))
        self.assertFalse(self.tenant._active_operation(), 'the plan is the same')

    def test_a_trial_changes_for_nothing(self):
        self.subscription._cancel(at_once=True)
        trial = self._subscribe(price=self.big_price, trial_period_days=14)
        self.assertEqual(trial.status, 'trialing')
        preview = trial._preview(self.price)
        self.assertEqual((preview['kind'], preview['due_now'], preview['problems']), ('up', 0, []))
        trial._change(self.price, at=preview['at'])
        self.assertEqual((trial.plan_id, trial.status, trial.next_from), (self.plan, 'trialing', False))
        self.assertEqual(self.tenant._wanted_plan()[0], self.plan)

    def test_a_payment_that_fails_changes_nothing(self):
        self.control.card(self.subscription.customer, FAILS_LATER)
        answer = self.subscription._change(self.big_price)
        self.assertEqual(answer['state'], 'payment')
        self.assertTrue(answer['url'].startswith(self.fake.url))
        self.assertEqual((self.subscription.plan_id, self.subscription.has_pending_update), (self.plan, True))
        self.assertFalse(self.tenant._active_operation())
        self.assertIn('waits for its payment', self._problems(self.big_price))

        self.control.card(self.subscription.customer)
        self._stripe('POST', f'/v1/invoices/{self._invoices_at(self.subscription)[0]["id"]}/pay')
        self._read_again(self.subscription.stripe_id)
        self.assertEqual((self.subscription.plan_id, self.subscription.has_pending_update), (self.big, False))

    def test_a_repeated_request_charges_once(self):
        """Odoo repeats a request that met another one: at Stripe its first attempt stands."""
        at = self.subscription._preview(self.big_price)['at']
        then = self.subscription._terms_of(self.big_price)
        for _attempt in range(2):
            self.subscription._ask_change(
                self.subscription._wanted(then), self.subscription._intent(then, at), prorate=True, at=at)
        self.assertEqual(len(self._invoices_at(self.subscription)), 2)

    # -- what hinders it ------------------------------------------------------------------------

    def test_what_is_not_sold(self):
        self.assertIn('have already', self._problems(self.price))
        self.assertIn('so many users', self._problems(self.yearly, users=2))
        self.assertIn('so many users', self._problems(self.price, users=-1))
        unknown = self.env['saas.plan.price'].create({
            'plan_id': self.big.id, 'currency_id': self.currency.id, 'interval': 'year', 'amount': 990})
        self.assertIn('not known at Stripe', self._problems(unknown))
        dollars = self._make_price(self.big, 'month', 99, currency_id=self.env.ref('base.USD').id)
        self.assertIn('paid in EUR', self._problems(dollars))
        self.big_price.active = False
        self.assertIn('not sold any more', self._problems(self.big_price))
        with self.assertRaisesRegex(UserError, 'not sold any more'):
            self.subscription._change(self.big_price)
        self.assertEqual(len(self._invoices_at(self.subscription)), 1)

    def test_states_in_which_nothing_changes(self):
        for values, words in (
                ({'status': 'unpaid'}, 'Unpaid'), ({'status': 'past_due'}, 'overdue'), ({'is_paused': True}, 'support'),
                ({'cancel_at': fields.Datetime.now()}, 'Withdraw'), ({'collection_paused': True}, 'support')):
            with self.subTest(words):
                before = {name: self.subscription[name] for name in values}
                self.subscription.write(values)
                self.assertIn(words, self._problems(self.big_price))
                self.subscription.write(before)

    def test_stripe_does_not_answer(self):
        self.control.fault('status', path='/v1/invoices/create_preview', status=500)
        with self.assertRaises(UserError):
            self.subscription._preview(self.big_price)

    # -- who may --------------------------------------------------------------------------------

    def test_only_who_may_act(self):
        for user in (self.look, self.stranger_act, self.support):
            theirs = self.subscription.with_user(user)
            for act in (lambda s: s._person_preview(self.big_price), lambda s: s._person_change(self.big_price),
                        lambda s: s._person_cancel('unused'), lambda s: s._person_keep(), lambda s: s._person_keep_plan()):
                with self.assertRaises(AccessError):
                    act(theirs)
        self.assertEqual(self._prices_at(self.subscription), {self._mirrored(self.price).stripe_id: 1})

    def test_a_person_changes_what_was_shown(self):
        theirs = self.subscription.with_user(self.act)
        price = self.big_price.with_user(self.act)
        preview = theirs._person_preview(price)
        self.assertEqual(theirs._person_change(price, consent=preview['consent'])['state'], 'done')
        self.assertEqual(self._invoices_at(self.subscription)[0]['total'], round(preview['due_now'] * 100))
        line = self.env['saas.audit'].search([('res_model', '=', 'saas.subscription')], limit=1)
        self.assertEqual((line.act, line.user_id, line.detail), ('change_plan', self.act, 'big-plan'))

    def test_nothing_else_than_what_was_shown(self):
        theirs = self.subscription.with_user(self.act)
        price = self.big_price.with_user(self.act)
        consent = theirs._person_preview(price)['consent']
        at, moment, signature = consent.split('~')
        later = (datetime.fromisoformat(at) + timedelta(days=20)).isoformat()
        old = str(int(moment) - 4000)
        for values in ({'consent': ''}, {'consent': '~~'}, {'consent': f'{later}~{moment}~{signature}'},
                       {'consent': f'{at}~{old}~{signature}'}, {'consent': self.subscription._sign_consent(
                           self.subscription._terms_of(self.big_price), at, old)}, {'consent': consent, 'users': 1}):
            with self.assertRaisesRegex(UserError, 'Look at the amounts again'):
                theirs._person_change(price, **values)
        self._mirrored(self.big_price).active = False       # it is sold for more since
        self.big_price.amount = 109
        self._mirror(self.big_price)
        with self.assertRaisesRegex(UserError, 'Look at the amounts again'):
            theirs._person_change(price, consent=consent)
        self.assertEqual(len(self._invoices_at(self.subscription)), 1)

    def test_not_without_end(self):
        """Each question is one to Stripe. Counted by customer, for good, so this one is nobody's of the other tests."""
        tenant = self._running_tenant('curious', partner_id=self.stranger.id)
        theirs = self._subscribe(tenant).with_user(self.stranger_act)
        with self.assertRaises(RateLimited):
            for _turn in range(21):
                theirs._person_preview(self.price)


@tagged('post_install', '-at_install')
class TestChangeLater(ChangeCase):
    """With a clock at Stripe that has moved on."""

    def test_later_in_the_period_less_is_due(self):
        subscription = self._subscribe()
        self.control.advance(days=15)
        self._read_again(subscription.stripe_id)
        preview = subscription._preview(self.big_price)
        self.assertFalse(preview['problems'])
        self.assertAlmostEqual(preview['due_now'], 70 * 15 / 30, delta=3)
        subscription._change(self.big_price, at=preview['at'])
        self.assertEqual(self._invoices_at(subscription)[0]['total'], round(preview['due_now'] * 100))
