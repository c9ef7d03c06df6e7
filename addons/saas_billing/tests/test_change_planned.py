from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .change_common import ChangeCase

LOCAL = ('next_from', 'next_stripe_price_id', 'next_users', 'next_domains', 'paid_items')


class PlannedCase(ChangeCase):

    def setUp(self):
        super().setUp()
        self.subscription = self._subscribe(price=self.big_price)
        if self.tenant._active_operation():
            self._apply()
        self.assertEqual(self.tenant.plan_id, self.big)

    def _plan(self, price, **quantities):
        preview = self.subscription._preview(price, **quantities)
        self.assertEqual((preview['kind'], preview['due_now'], preview['problems']), ('down', 0, []))
        self.assertEqual(preview['from'], self.subscription.period_end)
        self.assertEqual(self.subscription._change(price, **quantities, at=preview['at'])['state'], 'planned')


@tagged('post_install', '-at_install')
class TestChangePlanned(PlannedCase):

    def test_less_begins_when_the_period_is_over(self):
        ends = self.subscription.period_end
        self._plan(self.price)
        self.assertEqual(self._prices_at(self.subscription), {self._mirrored(self.price).stripe_id: 1},
                         'the next invoice is right whatever happens to us')
        self.assertEqual(len(self._invoices_at(self.subscription)), 1, 'nothing is charged and nothing given back')
        self.assertEqual((self.subscription.next_from, self.subscription.next_stripe_price_id.price_id), (ends, self.price))
        self.assertEqual((self.tenant.plan_id, self.tenant._user_limit()), (self.big, 50))
        self.assertFalse(self.tenant._active_operation())
        self.tenant._settle()
        self.assertFalse(self.tenant._active_operation(), 'nor at the end of whatever else is done to it')

    def test_a_smaller_one_still(self):
        """Another choice for the same day: what is paid until then stays known."""
        tiny = self._make_price(self.plan.copy({'name': 'Tiny', 'code': 'tiny-plan', 'payment': 'now'}), 'month', 9)
        self._plan(self.price)
        self._plan(tiny)
        self.assertEqual(self._prices_at(self.subscription), {self._mirrored(tiny).stripe_id: 1})
        self.assertEqual(self.tenant._wanted_plan(), (self.big, 0, 0))
        self.subscription._withdraw_planned()
        self.assertEqual(self._prices_at(self.subscription), {self._mirrored(self.big_price).stripe_id: 1})

    def test_withdrawn(self):
        self.subscription._change(self.big_price, users=2)
        self._apply()
        self._plan(self.price, users=0)
        self.assertEqual(self.subscription.user_quantity, 0)
        self.assertEqual(self.tenant._user_limit(), 52, 'paid until then')
        invoices = len(self._invoices_at(self.subscription))
        self.subscription.with_user(self.act)._person_keep_plan()
        self.assertEqual(self._prices_at(self.subscription), {
            self._mirrored(self.big_price).stripe_id: 1, self._mirrored(self.big_price, 'user').stripe_id: 2})
        self.assertFalse(any(self.subscription[name] for name in LOCAL))
        self.assertEqual(len(self._invoices_at(self.subscription)), invoices, 'it was paid for already')
        self._read_again(self.subscription.stripe_id)
        self.assertFalse(self.subscription.next_from)
        self.assertFalse(self.tenant._active_operation())
        with self.assertRaisesRegex(UserError, 'No change is planned'):
            self.subscription._withdraw_planned()

    def test_choosing_what_is_paid_withdraws_it(self):
        self._plan(self.price)
        preview = self.subscription._preview(self.big_price)
        self.assertEqual((preview['kind'], preview['due_now'], preview['problems']), ('same', 0, []))
        self.subscription._change(self.big_price)
        self.assertFalse(self.subscription.next_from)

    def test_no_larger_one_meanwhile(self):
        self._plan(self.price)
        huge = self._make_price(self.big.copy({'name': 'Huge', 'code': 'huge-plan', 'payment': 'now'}), 'month', 199)
        self.assertIn('Withdraw that first', self.subscription._preview(huge)['problems'][0])

    def test_known_again_from_stripe(self):
        """We stop between Stripe's answer and our commit: the tenant keeps what is paid."""
        self._plan(self.price)
        ends = self.subscription.next_from
        self.subscription.write(dict.fromkeys(LOCAL, False))
        self._read_again(self.subscription.stripe_id)
        self.assertEqual((self.subscription.next_from, self.subscription.next_stripe_price_id.price_id), (ends, self.price))
        self.assertEqual(self.tenant._wanted_plan(), (self.big, 0, 0))
        self.assertFalse(self.tenant._active_operation())

    def test_fewer_users(self):
        self.subscription._change(self.big_price, users=4)
        self._apply()
        self._plan(self.big_price, users=1)
        self.assertEqual((self.subscription.user_quantity, self.tenant.extra_users), (1, 4))
        self.assertEqual(self.subscription._preview(self.big_price, users=4)['kind'], 'same')

    def test_limits_come_first(self):
        self.tenant.write({'usage_users': 8})
        problems = self.subscription._preview(self.price)['problems']
        self.assertEqual(problems, ['8 users are active, and Test has 5. Deactivate 3 of them first.'])
        with self.assertRaisesRegex(UserError, '8 users'):
            self.subscription._change(self.price)
        self._plan(self.price, users=3)

    def test_no_way_between_a_shared_server_and_a_container(self):
        self.price.plan_id.isolation = 'dedicated'
        problems = self.subscription._preview(self.price)['problems']
        self.assertIn('is on a shared server', ' '.join(problems))
        with self.assertRaisesRegex(UserError, 'is on a shared server'):
            self.subscription._change(self.price)

    def test_the_end_ends_it(self):
        self._plan(self.price)
        self.subscription._cancel(at_once=True)
        self.assertFalse(self.subscription.next_from)


@tagged('post_install', '-at_install')
class TestChangePlannedLater(PlannedCase):

    def test_when_its_day_has_come(self):
        self._plan(self.price)
        self.control.advance(days=32)
        self._read_again(self.subscription.stripe_id)
        self.assertFalse(any(self.subscription[name] for name in LOCAL))
        self._apply()
        self.assertEqual((self.tenant.plan_id, self.tenant._user_limit()), (self.plan, 5))
        self.assertEqual(self._invoices_at(self.subscription)[0]['total'], 2900)

    def test_the_cron_finds_it(self):
        self._plan(self.price)
        self.control.advance(days=32)
        self.subscription.write({'synced_at': fields.Datetime.now() - timedelta(days=2),
                                 'period_end': fields.Datetime.now() - timedelta(hours=1)})
        self.Subscription._cron_follow()
        self.assertFalse(self.subscription.next_from)
        self.assertEqual(self.tenant._active_operation().kind, 'change_plan')


@tagged('post_install', '-at_install')
class TestChangeToMonthly(ChangeCase):

    def setUp(self):
        super().setUp()
        self.subscription = self._subscribe(price=self.yearly)
        self.assertEqual(self.subscription._change(self.price)['state'], 'planned')

    def _due(self):
        self.subscription.next_from = fields.Datetime.now() + timedelta(hours=20)

    def test_nothing_is_asked_long_before(self):
        self.assertEqual(self._prices_at(self.subscription), {self._mirrored(self.yearly).stripe_id: 1})
        self.assertEqual(self.subscription.next_from, self.subscription.period_end)
        self.subscription._apply_planned()
        self._read_again(self.subscription.stripe_id)
        self.assertTrue(self.subscription.next_from)
        self.assertEqual(self._prices_at(self.subscription), {self._mirrored(self.yearly).stripe_id: 1})

    def test_asked_in_the_last_hours(self):
        self._due()
        self.subscription._apply_planned()
        self.assertEqual(self._prices_at(self.subscription), {self._mirrored(self.price).stripe_id: 1})
        self.assertEqual((self.subscription.interval, self.subscription.next_from), ('month', False))
        self.assertEqual(self._invoices_at(self.subscription)[0]['total'], 2900)
        invoices = len(self._invoices_at(self.subscription))
        self.subscription._apply_planned()
        self.assertEqual(len(self._invoices_at(self.subscription)), invoices)

    def test_stopped_before_it_was_written(self):
        """Stripe has it, our commit was lost: nothing is asked twice."""
        self._due()
        planned = {name: self.subscription[name] for name in LOCAL}
        self.subscription._apply_planned()
        invoices = len(self._invoices_at(self.subscription))
        self.subscription.write(planned)
        self.subscription._apply_planned()
        self.assertFalse(self.subscription.next_from)
        self.assertEqual(len(self._invoices_at(self.subscription)), invoices)

    def test_stripe_is_away(self):
        self._due()
        self.control.fault('status', path=f'/v1/subscriptions/{self.subscription.stripe_id}', status=500, times=2)
        for _turn in range(2):
            self.subscription._apply_planned()
        self.assertEqual(self.subscription.interval, 'year')
        self.assertEqual(len(self.subscription.activity_ids), 1, 'one that is renewed')
        self.subscription._apply_planned()
        self.assertEqual((self.subscription.interval, self.subscription.next_from), ('month', False))

    def test_withdrawn_without_asking(self):
        calls = len(self.control.calls())
        self.subscription._withdraw_planned()
        self.assertEqual(len(self.control.calls()), calls)
        self.assertFalse(self.subscription.next_from)

    def test_cancelled_meanwhile(self):
        self._due()
        self.subscription._cancel('unused')
        self.subscription._apply_planned()
        self.assertEqual(self._prices_at(self.subscription), {self._mirrored(self.yearly).stripe_id: 1})
