from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .billing_common import DECLINED, BillingCase

DAY = timedelta(days=1)


class FollowCase(BillingCase):

    def _kinds(self, tenant=None):
        """Operations that were begun, oldest first."""
        return (tenant or self.tenant).operation_ids.sorted('id').mapped('kind')

    def _now(self, **values):
        """As if Stripe had said so, and what follows."""
        self.subscription.write(values)
        self.subscription._follow()
        self.env.invalidate_all()

    def _end(self):
        self._stripe('DELETE', f'/v1/subscriptions/{self.subscription.stripe_id}')
        self._read_again(self.subscription.stripe_id)


@tagged('post_install', '-at_install')
class TestFollow(FollowCase):
    """What is paid is what may be used."""

    def setUp(self):
        super().setUp()
        self.subscription = self._subscribe()

    # -- open -----------------------------------------------------------------------------------

    def test_running_stays_as_it_is(self):
        self.assertEqual((self.subscription.entitlement, self._codes(), self._kinds()), ('active', [], []))

    def test_draft_is_made_once(self):
        tenant = self._tenant('ordered')
        subscription = self._subscribe(tenant)
        self.assertEqual((tenant.state, self._kinds(tenant)), ('provisioning', ['provision']))
        self._read_again(subscription.stripe_id)
        subscription._follow()
        self.assertEqual(self._kinds(tenant), ['provision'])

    def test_trial_opens_as_well(self):
        tenant = self._tenant('trying')
        subscription = self._subscribe(tenant, trial_period_days=14)
        self.assertEqual((subscription.entitlement, tenant.state), ('trial', 'provisioning'))

    def test_draft_waits_while_nothing_is_paid(self):
        tenant = self._tenant('waiting')
        subscription = self._subscribe(tenant, card=DECLINED, payment_behavior='default_incomplete')
        self.assertEqual((subscription.status, subscription.entitlement), ('incomplete', 'none'))
        self.assertEqual((tenant.state, self._kinds(tenant), self._codes(tenant)), ('draft', [], []))
        self.assertEqual(tenant.subscription_id, subscription)

    # -- closed and open again ------------------------------------------------------------------

    def test_unpaid_and_paid(self):
        self._now(status='unpaid', past_due_since=fields.Datetime.now() - 9 * DAY)
        self.assertEqual((self.subscription.entitlement, self._codes(), self._kinds()), ('suspended', ['unpaid'], ['suspend']))
        self._now(status='active', past_due_since=False)
        self.assertEqual((self.subscription.entitlement, self._codes()), ('active', []))

    def test_grace(self):
        since = fields.Datetime.now() - 6 * DAY
        self._now(status='past_due', past_due_since=since)
        self.assertEqual((self.subscription.entitlement, self._codes()), ('grace', []))
        self.assertEqual(self.subscription.entitled_until, since + 7 * DAY)
        self._now(past_due_since=since - DAY)
        self.assertEqual((self.subscription.entitlement, self._codes()), ('suspended', ['unpaid']))

    def test_days_of_grace_are_staffs(self):
        self.env['ir.config_parameter'].sudo().set_param('saas_billing.grace_days', '2')
        self._now(status='past_due', past_due_since=fields.Datetime.now() - 3 * DAY)
        self.assertEqual(self._codes(), ['unpaid'])

    def test_others_reasons_stay(self):
        self.tenant._suspend('staff')
        self._now(status='unpaid')
        self.assertEqual(self._codes(), ['staff', 'unpaid'])
        self._now(status='active')
        self.assertEqual(self._codes(), ['staff'])

    def test_one_reason_after_another(self):
        self._now(status='unpaid')
        self._now(status='paused')
        self.assertEqual(self._codes(), ['trial'])
        self._now(is_paused=True)
        self.assertEqual(self._codes(), ['paused'])
        self._now(is_paused=False, status='active')
        self.assertEqual(self._codes(), [])

    def test_extended(self):
        self._now(status='unpaid', extended_until=fields.Datetime.now() + DAY)
        self.assertEqual((self.subscription.entitlement, self._codes()), ('grace', []))
        self._now(extended_until=fields.Datetime.now() - DAY)
        self.assertEqual(self._codes(), ['unpaid'])

    # -- the end --------------------------------------------------------------------------------

    def test_ended(self):
        self._end()
        self.assertEqual((self.subscription.status, self.subscription.entitlement), ('canceled', 'ended'))
        self.assertEqual((self._codes(), self._kinds()), (['ended'], ['suspend']))
        self.assertEqual(self.tenant.delete_on, self.subscription.ended_at + 30 * DAY)
        self.assertFalse(self.tenant.delete_asked_by_id)

    def test_a_kept_tenant_stays_kept(self):
        """Staff withdrew the deletion: the cron does not set it again."""
        self._end()
        self.tenant._forget_deletion()
        self.subscription._follow()
        self.assertFalse(self.tenant.delete_on)

    def test_an_earlier_day_stays(self):
        day = fields.Datetime.now() + 3 * DAY
        self.tenant.write({'delete_on': day, 'delete_asked_by_id': self.env.uid})
        self._end()
        self.assertEqual((self.tenant.delete_on, self.tenant.delete_asked_by_id), (day.replace(microsecond=0), self.env.user))

    def test_who_hears_of_the_end_late_has_some_days(self):
        self._now(status='canceled', ended_at=fields.Datetime.now() - 60 * DAY)
        self.assertGreater(self.tenant.delete_on, fields.Datetime.now() + 6 * DAY)

    def test_a_plan_again(self):
        self._end()
        again = self._subscribe()
        self.assertEqual(self.tenant.subscription_id, again)
        self.assertEqual((self._codes(), self.tenant.delete_on), ([], False))

    def test_a_deletion_the_customer_wants_stays(self):
        self._end()
        self.tenant.write({'delete_on': fields.Datetime.now() + 2 * DAY, 'delete_asked_by_id': self.env.uid})
        self._subscribe()
        self.assertTrue(self.tenant.delete_on)

    def test_deleted_ones_are_left_alone(self):
        self.tenant._set_state('deleting')
        self._now(status='unpaid')
        self.assertEqual((self.subscription.entitlement, self._codes()), ('suspended', []))

    def test_history_closes_nothing(self):
        self._end()
        self._subscribe()
        self.subscription._follow()
        self.assertEqual(self.subscription.entitlement, 'ended')
        self.assertEqual(self._codes(), [])

    # -- plan -----------------------------------------------------------------------------------

    def test_plan_follows_what_is_paid(self):
        item = self._stripe('GET', f'/v1/subscriptions/{self.subscription.stripe_id}')['items']['data'][0]['id']
        self._stripe('POST', f'/v1/subscriptions/{self.subscription.stripe_id}',
                     items=[{'id': item, 'price': self._mirrored(self.big_price).stripe_id}])
        self._read_again(self.subscription.stripe_id)
        self.assertEqual(self._kinds(), ['change_plan'])
        self._run(self.tenant._active_operation())
        self.assertEqual(self.tenant.plan_id, self.big)

    def test_draft_gets_the_plan_at_once(self):
        tenant = self._tenant('bigger')
        self._subscribe(tenant, self.big_price)
        self.assertEqual((tenant.plan_id, tenant.state), (self.big, 'provisioning'))


@tagged('post_install', '-at_install')
class TestFollowCron(FollowCase):

    def setUp(self):
        super().setUp()
        self.subscription = self._subscribe()

    def _cron(self):
        self.Subscription._cron_follow()
        self.env.invalidate_all()

    def test_grace_is_over(self):
        self._now(status='past_due', past_due_since=fields.Datetime.now() - 6 * DAY)
        self.subscription.write({'past_due_since': fields.Datetime.now() - 8 * DAY,
                                 'entitled_until': fields.Datetime.now() - DAY})
        self._cron()
        self.assertEqual(self._codes(), ['unpaid'])

    def test_reads_again_what_must_have_moved(self):
        self._stripe('DELETE', f'/v1/subscriptions/{self.subscription.stripe_id}')
        self._cron()
        self.assertEqual(self.subscription.status, 'active', 'nothing is due, so Stripe is not asked')
        self.subscription.write({'period_end': fields.Datetime.now() - DAY, 'synced_at': fields.Datetime.now() - DAY / 2})
        self._cron()
        self.assertEqual((self.subscription.status, self._codes()), ('canceled', ['ended']))

    def test_a_silent_stripe_keeps_nobody_out(self):
        """A trial that is over and not ended by Stripe goes on; it is asked again every hour, not more."""
        trial = self._subscribe(self._running_tenant('trying'), trial_period_days=7)
        trial.write({'trial_end': fields.Datetime.now() - DAY, 'synced_at': fields.Datetime.now() - DAY / 2})
        self.control.fault('status', path=f'/v1/subscriptions/{trial.stripe_id}', status=500)
        self._cron()
        self.assertEqual((trial.status, trial.entitlement), ('trialing', 'trial'))
        self._cron()
        self.assertGreater(trial.trial_end, fields.Datetime.now(), 'the next reading has what Stripe has')

    def test_a_gap_is_closed(self):
        self.subscription.synced_at = False
        self._stripe('DELETE', f'/v1/subscriptions/{self.subscription.stripe_id}')
        self._cron()
        self.assertEqual(self.subscription.status, 'canceled')

    def test_one_that_fails_stops_no_other(self):
        others = self._subscribe(self._running_tenant('second'))
        for subscription in (self.subscription, others):
            subscription.write({'status': 'past_due', 'past_due_since': fields.Datetime.now() - 9 * DAY})
        follow = type(self.Subscription)._follow
        bad = self.subscription

        def fails(records):
            if bad in records:
                raise ValueError('this one')
            return follow(records)
        self.patch(type(self.Subscription), '_follow', fails)
        with self.assertLogs('odoo.addons.saas_billing.models.saas_subscription_cron', 'ERROR'):
            self._cron()
        self.assertEqual(self._codes(others.tenant_id), ['unpaid'])
