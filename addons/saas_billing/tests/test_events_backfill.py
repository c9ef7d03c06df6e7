from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .billing_common import BillingCase

DAY = timedelta(days=1)
BACKFILL = 'odoo.addons.saas_billing.models.saas_billing_event_backfill'


@tagged('post_install', '-at_install')
class TestBackfill(BillingCase):

    def test_what_was_never_delivered(self):
        tenant = self._running_tenant('missed')
        stripe_id = self._at_stripe(tenant)
        self.Event._cron_backfill()
        events = self.Event.search([('account_id', '=', self.account.id)])
        self.assertIn('customer.subscription.created', events.mapped('type'))
        self.assertEqual(set(events.mapped('source')), {'backfill'})
        self._work_off()
        self.assertEqual(tenant.subscription_id.stripe_id, stripe_id)

    def test_what_came_is_not_stored_twice(self):
        self._at_stripe()
        self._receive(*self._events_at_stripe())
        before = self.Event.search_count([])
        self.Event._cron_backfill()
        self.Event._cron_backfill()
        self.assertEqual(self.Event.search_count([]), before)

    def test_reads_on_from_where_it_was(self):
        self.Event._cron_backfill()
        reached = self.account.events_read_to
        self.assertAlmostEqual(reached, fields.Datetime.now(), delta=timedelta(minutes=1))
        self._at_stripe()
        self.Event._cron_backfill()
        self.assertTrue(self.Event.search([('type', '=', 'customer.subscription.created')]))
        self.assertGreaterEqual(self.account.events_read_to, reached)

    @mute_logger(BACKFILL)
    def test_a_silent_stripe_moves_nothing(self):
        self._at_stripe()
        before = fields.Datetime.now() - DAY
        self.account.events_read_to = before
        self.control.fault('status', path='/v1/events', status=500)
        self.Event._cron_backfill()
        self.assertEqual(self.account.events_read_to, before.replace(microsecond=0))
        self.Event._cron_backfill()
        self.assertTrue(self.Event.search([('type', '=', 'customer.subscription.created')]))

    def test_a_gap_longer_than_the_list(self):
        subscription = self._subscribe()
        self.account.events_read_to = fields.Datetime.now() - 40 * DAY
        self.Event._cron_backfill()
        self.assertFalse(subscription.synced_at, 'it is read again, whatever the list has')

    def test_last_delivery_is_noted(self):
        self.Event._cron_backfill()
        self.assertFalse(self.account.last_event_at)
        self._receive(self._event_body())
        self.Event._cron_backfill()
        self.assertTrue(self.account.last_event_at)

    def test_bodies_are_forgotten(self):
        self._receive(self._event_body(), self._event_body('payment_intent.succeeded', 'pi_1'), self._event_body())
        old, ignored, new = self.Event.search([], order='id')
        (old | ignored).received_at = fields.Datetime.now() - 91 * DAY
        old.state = 'done'
        self.Event._cron_prune()
        self.assertEqual([bool(event.body) for event in (old, ignored, new)], [False, False, True])
        self.assertEqual(len((old | ignored).exists()), 2, 'what happened is still known')

    def test_bodies_of_what_is_to_do_stay(self):
        self._receive(self._event_body())
        event = self.Event.search([])
        event.received_at = fields.Datetime.now() - 91 * DAY
        self.Event._cron_prune()
        self.assertTrue(event.body)
