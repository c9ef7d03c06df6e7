import calendar
import json
import random
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models import saas_billing_event_failure as failure
from .billing_common import DECLINED, BillingCase

PROCESS = 'odoo.addons.saas_billing.models.saas_billing_event_process'
FAILURE = 'odoo.addons.saas_billing.models.saas_billing_event_failure'


class EventsCase(BillingCase):

    def _readings(self, stripe_id, since=0):
        """How often Stripe was asked about this object."""
        return sum(call['method'] == 'GET' and call['path'].endswith(f'/{stripe_id}') for call in self.control.calls(since))

    def _updated(self, stripe_id, **values):
        """An event that says something changed; returns its record."""
        body = self._event_body(object_id=stripe_id, **values)
        self._receive(body)
        return self.Event.search([('stripe_id', '=', json.loads(body)['id'])])

    def _again(self, event):
        event.due_at = '2020-01-01'
        self._work_off()


@tagged('post_install', '-at_install')
class TestEvents(EventsCase):
    """Whatever comes, and in whatever order: Stripe's state, once."""

    def test_worked_off(self):
        stripe_id = self._at_stripe()
        event = self._updated(stripe_id)
        self._work_off()
        subscription = self.Subscription._find(self.account, stripe_id)
        self.assertEqual((event.state, event.subscription_id, event.error), ('done', subscription, False))
        self.assertIn('New here: Active', event.effect)
        self.assertTrue(event.processed_at)
        self.assertEqual(subscription.tenant_id, self.tenant)

    def test_one_reading_serves_all_events_of_an_object(self):
        stripe_id = self._at_stripe()
        events = self.Event.browse()
        for _time in range(5):
            events |= self._updated(stripe_id)
        self._work_off()
        self.assertEqual(set(events.mapped('state')), {'done'})
        self.assertEqual(self._readings(stripe_id), 1)

    def test_the_event_itself_is_not_believed(self):
        """It says cancelled, as one that was delayed for days may; Stripe says active."""
        stripe_id = self._at_stripe()
        body = self._event_body('customer.subscription.deleted', data={'object': {
            'id': stripe_id, 'object': 'subscription', 'status': 'canceled', 'customer': 'cus_1'}})
        self._receive(body)
        self._work_off()
        self.assertEqual(self.Subscription._find(self.account, stripe_id).status, 'active')
        self.assertEqual(self._codes(), [])

    def test_a_card_of_the_customer_is_noted_with_what_it_pays_for(self):
        """No event of the subscription itself tells of it."""
        stripe_id = self._at_stripe()
        self._read_again(stripe_id)
        customer = self.Subscription._find(self.account, stripe_id).customer
        known, stranger = (self._event_body('customer.updated', data={'object': {'id': which, 'object': 'customer'}})
                           for which in (customer, 'cus_unknown'))
        self._receive(known, stranger)
        events = self.Event.search([('type', '=', 'customer.updated')], order='id')
        self.assertEqual([(event.object_kind, event.object_id, event.state) for event in events],
                         [('subscription', stripe_id, 'pending'), (False, 'cus_unknown', 'ignored')])

    def test_any_order_and_number(self):
        """All that ever happened, shuffled, some of it three times: as Stripe has it, and each event has one effect."""
        tenants = [self._running_tenant(f'paying-{number}') for number in range(4)]
        ids = [self._at_stripe(tenant) for tenant in tenants]
        self._stripe('POST', f'/v1/subscriptions/{ids[0]}', cancel_at_period_end=True)
        self._stripe('DELETE', f'/v1/subscriptions/{ids[1]}')
        self.control.card(self._stripe_customer(card=''), DECLINED)
        before = self._events_at_stripe()       # those of the last 30 days are listed
        self.control.advance(days=32)
        bodies = list({json.loads(body)['id']: body for body in before + self._events_at_stripe()}.values())
        self.assertGreater(len(bodies), 20)
        deliveries = [body for body in bodies for _time in range(random.randint(1, 3))]
        random.shuffle(deliveries)
        for number in range(0, len(deliveries), 10):
            self._receive(*deliveries[number:number + 10])
            self._work_off()
        for stripe_id in ids:
            self._assert_as_stripe_has_it(stripe_id)
        events = self.Event.search([('account_id', '=', self.account.id)])
        self.assertEqual(len(events), len(bodies))
        self.assertLessEqual(set(events.mapped('state')), {'done', 'ignored'})
        states = {body['id']: body['status'] for body in (
            self._stripe('GET', f'/v1/invoices/{invoice.stripe_id}') for invoice in self._invoices(ids))}
        self.assertEqual({invoice.stripe_id: invoice.status for invoice in self._invoices(ids)}, states)

    def _invoices(self, ids):
        return self.env['saas.billing.invoice'].sudo().search([('subscription_id.stripe_id', 'in', ids)])

    def _assert_as_stripe_has_it(self, stripe_id):
        there, here = self._stripe('GET', f'/v1/subscriptions/{stripe_id}'), self.Subscription._find(self.account, stripe_id)
        item = there['items']['data'][0]
        moments = (here.period_start, here.period_end, here.cancel_at, here.ended_at)
        stamp = [moment and calendar.timegm(moment.timetuple()) for moment in moments]
        self.assertEqual((here.status, *stamp), (
            there['status'], item['current_period_start'], item['current_period_end'], there['cancel_at'] or False,
            there['ended_at'] or False))

    def test_invoice_before_its_subscription(self):
        stripe_id = self._at_stripe()
        invoice_id = self._stripe('GET', f'/v1/subscriptions/{stripe_id}')['latest_invoice']
        self._receive(self._event_body('invoice.paid', invoice_id))
        self._work_off()
        invoice = self.env['saas.billing.invoice'].sudo().search([('stripe_id', '=', invoice_id)])
        self.assertEqual((invoice.subscription_id.stripe_id, invoice.tenant_id, invoice.status), (stripe_id, self.tenant, 'paid'))

    def test_failed_payment_is_dated_by_its_event(self):
        stripe_id = self._at_stripe()
        self._read_again(stripe_id)
        self.control.card(self._stripe_customer(card=''), DECLINED)
        self.control.advance(days=32)
        self._receive(*self._events_at_stripe())
        self._work_off()
        subscription = self.Subscription._find(self.account, stripe_id)
        self.assertEqual(subscription.status, 'past_due')
        self.assertTrue(subscription.past_due_since)
        self.assertTrue(subscription.latest_invoice_id)

    def test_what_stripe_does_not_know(self):
        event = self._updated('sub_gone')
        self._work_off()
        self.assertEqual(event.state, 'done')
        self.assertIn('does not know it', event.effect)

    def test_payment_page_of_somebody_else(self):
        stripe_id = self._at_stripe()
        before = self.Subscription.search_count([])
        self._receive(self._event_body('checkout.session.completed', 'cs_unknown'), self._event_body(object_id=stripe_id))
        self._work_off()
        self.assertEqual(self.Subscription.search_count([]), before + 1)
        self.assertEqual(set(self.Event.search([]).mapped('state')), {'done'})

    def test_later_ones_wait_for_another_reading(self):
        """An event that came while Stripe was asked may tell of what the answer did not have yet."""
        stripe_id = self._at_stripe()
        first = self._updated(stripe_id)
        apply, second = type(self.Event)._apply, []

        def meanwhile(records, job, may_ask):
            if not second:
                second.append(self._updated(stripe_id))
            return apply(records, job, may_ask)
        self.patch(type(self.Event), '_apply', meanwhile)
        self.Event._work_off_batch()
        self.assertEqual((first.state, second[0].state), ('done', 'pending'))
        self._work_off()
        self.assertEqual(second[0].state, 'done')
        self.assertEqual(self._readings(stripe_id), 2)


@tagged('post_install', '-at_install')
class TestEventsFailing(EventsCase):

    def test_stripe_has_a_fault(self):
        stripe_id = self._at_stripe()
        event = self._updated(stripe_id)
        self.control.fault('status', path=stripe_id, status=500)
        self._work_off()
        self.assertEqual((event.state, event.attempt), ('pending', 1))
        self.assertTrue(event.error)
        self._again(event)
        self.assertEqual((event.state, event.error), ('done', False))

    def test_others_go_on(self):
        bad, good = self._at_stripe(), self._at_stripe(self._running_tenant('good'))
        events = self._updated(bad), self._updated(good)
        self.control.fault('status', path=bad, status=429)
        self._work_off()
        self.assertEqual([event.state for event in events], ['pending', 'done'])

    def test_a_refused_key_is_waited_for(self):
        event = self._updated(self._at_stripe())
        right = self.account.api_key_sealed
        self.account.api_key_sealed = self.env['saas.stripe.account']._seal('sk_test_revoked')
        self._work_off()
        self.assertEqual((event.state, event.attempt), ('pending', 1))
        self.account.api_key_sealed = right
        self._again(event)
        self.assertEqual(event.state, 'done')

    def test_without_a_key(self):
        event = self._updated(self._at_stripe())
        right = self.account.api_key_sealed
        self.account.api_key_sealed = False
        self._work_off()
        self.assertEqual(event.state, 'pending')
        self.account.api_key_sealed = right
        self._again(event)
        self.assertEqual(event.state, 'done')

    @mute_logger(FAILURE)
    def test_what_nobody_foresaw(self):
        """Tried again a few times, then a person's; replayed once the cause is gone. Nothing half-done is left."""
        stripe_id = self._at_stripe()
        event = self._updated(stripe_id)
        mend = self._break_follow()
        for _time in range(3):
            self._again(event)
        mend()
        self.assertEqual((event.state, event.attempt), ('failed', 3))
        self.assertIn('ValueError', event.error)
        self.assertFalse(event.effect)
        self.assertFalse(self.Subscription._find(self.account, stripe_id), 'nothing half-done')
        planned = self.account.activity_search([failure.ACTIVITY])
        self.assertEqual(len(planned), 1)
        event.action_replay()
        self._work_off()
        self.assertEqual((event.state, event.attempt), ('done', 0))
        self.assertEqual(self.Subscription._find(self.account, stripe_id).tenant_id, self.tenant)

    def _break_follow(self):
        def fails(records):
            raise ValueError('a fault of ours')
        patcher = patch.object(type(self.Subscription), '_follow', fails)
        patcher.start()
        self.addCleanup(patcher.stop)
        return patcher.stop

    # -- replay ---------------------------------------------------------------------------------

    def test_replay_changes_nothing_twice(self):
        event = self._updated(self._at_stripe())
        self._work_off()
        event.action_replay()
        self.assertEqual(event.state, 'pending')
        self._work_off()
        self.assertEqual((event.state, event.effect), ('done', 'Nothing to change.'))

    def test_replay_is_for_managers(self):
        event = self._updated(self._at_stripe())
        support = new_test_user(self.env, 'support-of-events', 'saas_master.group_saas_support')
        manager = new_test_user(self.env, 'manager-of-events', 'saas_master.group_saas_manager')
        with self.assertRaises(AccessError):
            event.with_user(support).action_replay()
        event.with_user(manager).action_replay()
        self.assertEqual(event.state, 'pending')

    def test_of_no_concern_stays_so(self):
        self._receive(self._event_body('payment_intent.succeeded', 'pi_1'))
        event = self.Event.search([('type', '=', 'payment_intent.succeeded')])
        event.action_replay()
        self._work_off()
        self.assertEqual(event.state, 'ignored')
