"""What money means to a tenant: plan, domains, deletion."""
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.saas_master.drivers.errors import Permanent

from .change_common import ChangeCase


@tagged('post_install', '-at_install')
class TestTenantPlan(ChangeCase):

    def test_while_something_is_under_way(self):
        """The plan waits, and follows by itself when that has ended."""
        subscription = self._subscribe()
        self._steps('saas.tenant', nothing=lambda tenant, step: None)
        other = self.tenant._open('install_modules')
        subscription._change(self.big_price)
        self.assertEqual(self.tenant._active_operation(), other)
        self._run(other)
        operation = self.tenant._active_operation()
        self.assertEqual((operation.kind, operation.params['plan_id']), ('change_plan', self.big.id))

    def test_one_that_failed_waits_for_a_person(self):
        self._subscribe()

        def fail(tenant, step):
            raise Permanent('There is no room.')
        self._steps('saas.tenant', apply_plan=fail)
        self.tenant._change_plan(self.big)
        operation = self.tenant._active_operation()
        self._run(operation)
        self.assertEqual(operation.state, 'failed')
        self.tenant._change_plan(self.big)
        self.assertFalse(self.tenant._active_operation(), 'not again and again')
        self.tenant._change_plan(self.big, 2)
        self.assertTrue(self.tenant._active_operation(), 'something else is begun')

    def test_at_once_where_nothing_is_on_a_server(self):
        draft = self._tenant('not-yet')
        draft._change_plan(self.big, 1, 2)
        self.assertEqual((draft.plan_id, draft._user_limit(), draft._domain_limit()), (self.big, 51, 12))
        self.assertFalse(draft.operation_ids)

    def test_no_limit_is_no_limit(self):
        self.big.user_limit = 0
        self.assertEqual(self.tenant._user_limit(self.big, 3), 0)
        self.tenant.usage_users = 1000
        self.assertEqual(self.tenant._limit_problems(self.big), [])

    def test_usage_counts_what_was_bought(self):
        self.tenant.write({'usage_users': 7, 'usage_at': fields.Datetime.now()})
        self.assertIn('7 users', self.tenant.usage_problem)
        over = self.env['saas.tenant'].search([('usage_problem', '!=', False), ('id', '=', self.tenant.id)])
        self.assertEqual(over, self.tenant)
        self.tenant._change_plan(self.plan, 2)
        self._apply()
        self.assertFalse(self.tenant.usage_problem)
        self.assertFalse(self.env['saas.tenant'].search([('usage_problem', '!=', False), ('id', '=', self.tenant.id)]))
        bar = self.tenant._customer_usage()[0]
        self.assertEqual((bar['text'], bar['level']), ('7 of 7', 'near'))


@tagged('post_install', '-at_install')
class TestTenantDomains(ChangeCase):
    """Where domains are sold with a tenant (addon saas_domains)."""

    def setUp(self):
        super().setUp()
        if 'saas.custom_domain' not in self.env:
            self.skipTest('saas_domains is not installed')
        self.env['saas.root_domain'].create({'name': 'limits.example', 'is_sandbox': True})
        self.subscription = self._subscribe(price=self.big_price)
        self._apply()
        self.Domain = self.env['saas.custom_domain']
        for number in range(3):
            self.Domain.create({'external_domain': f'shop{number}.acme-customer.org', 'tenant_id': self.tenant.id})

    def test_a_smaller_plan_says_which_to_remove(self):
        problem, = self.subscription._preview(self.price)['problems']
        self.assertEqual(problem, '3 custom domains are in use, and Test has 2. Remove 1 of these first: '
                                  'shop0.acme-customer.org, shop1.acme-customer.org, shop2.acme-customer.org')
        with self.assertRaisesRegex(UserError, 'Remove 1 of these'):
            self.subscription._change(self.price)
        self.assertEqual(self._prices_at(self.subscription), {self._mirrored(self.big_price).stripe_id: 1})
        self.assertEqual(self.subscription._change(self.price, domains=1)['state'], 'planned')

    def test_another_tenant_may_have_the_larger_plan(self):
        self._running_tenant('second', plan_id=self.big.id)
        self.assertEqual(self.subscription._preview(self.price)['problems'], [])

    def test_bought_domains_count(self):
        self.assertEqual(self.Domain._limit(self.customer), 10)
        self.subscription._change(self.big_price, domains=4)
        self._apply()
        self.assertEqual(self.Domain._limit(self.customer), 14)


@tagged('post_install', '-at_install')
class TestTenantDeletion(ChangeCase):

    def setUp(self):
        super().setUp()
        self._prove()
        self.subscription = self._subscribe()

    def _delete_step(self):
        """The first steps of the deletion, without the rest."""
        operation = self.tenant._active_operation()
        self.assertEqual(operation.kind, 'delete')
        return operation

    def _run_only_cancel(self, operation):
        operation.step_ids.filtered(lambda step: step.code != 'cancel_subscription').unlink()
        self._run(operation)
        return operation.state

    def test_the_subscription_ends_first(self):
        self.tenant.with_user(self.manager)._delete()
        operation = self._delete_step()
        codes = operation.step_ids.mapped('code')
        self.assertTrue(codes.index('cancel_subscription') < codes.index('unroute'))
        self.assertEqual(self._run_only_cancel(operation), 'done')
        self.assertEqual((self._at(self.subscription)['status'], self.subscription.status), ('canceled', 'canceled'))

    def test_repeated(self):
        """Stripe had ended it, our commit was lost."""
        self._stripe('DELETE', f'/v1/subscriptions/{self.subscription.stripe_id}')
        self.tenant._delete()
        self.assertEqual(self._run_only_cancel(self._delete_step()), 'done')
        self.assertEqual(self.subscription.status, 'canceled')

    def test_stripe_is_away(self):
        """Nothing is taken down while money is still taken for it."""
        self.control.fault('status', path=f'/v1/subscriptions/{self.subscription.stripe_id}', status=500, times=1)
        self.tenant._delete()
        operation = self._delete_step()
        self.assertEqual(self._run_only_cancel(operation), 'waiting')
        self.assertEqual(self.subscription.status, 'active')
        self._run(operation)
        self.assertEqual((operation.state, self.subscription.status), ('done', 'canceled'))

    def test_unknown_at_stripe(self):
        self.subscription.stripe_id = 'sub_of_nobody'
        self.tenant._delete()
        self.assertEqual(self._run_only_cancel(self._delete_step()), 'done')

    def test_an_open_payment_page_begins_nothing_any_more(self):
        self._stripe('DELETE', f'/v1/subscriptions/{self.subscription.stripe_id}')
        self._read_again(self.subscription.stripe_id)
        self.tenant.operation_ids.write({'state': 'done'})
        page = self._stripe(
            'POST', '/v1/checkout/sessions', mode='subscription', success_url='https://x.example/', cancel_url='https://x.example/',
            customer=self.subscription.customer, line_items=[{'price': self._mirrored(self.price).stripe_id, 'quantity': 1}])
        order = self.env['saas.checkout'].sudo().create({
            'account_id': self.account.id, 'tenant_id': self.tenant.id, 'partner_id': self.customer.id,
            'price_id': self.price.id, 'state': 'open', 'session': page['id']})
        self.tenant._delete()
        self.assertEqual(self._run_only_cancel(self._delete_step()), 'done')
        self.assertEqual(self._stripe('GET', f'/v1/checkout/sessions/{page["id"]}')['status'], 'expired')
        self.assertEqual(order.state, 'abandoned')

    # -- asked for by its customer --------------------------------------------------------------

    def test_who_leaves_pays_no_further_period(self):
        theirs = self.tenant.with_user(self.act)
        theirs._person_delete(self.tenant.name)
        self.assertTrue(self.tenant.delete_on)
        self.assertEqual(self.subscription.cancel_at, self.subscription.period_end)
        self.assertEqual(self.subscription.status, 'active', 'it runs out meanwhile')
        theirs._person_keep()
        self.assertFalse(self.tenant.delete_on)
        self.assertFalse(self.subscription.cancel_at)
        self.assertFalse(self._at(self.subscription)['cancel_at'])

    def test_a_cancellation_of_its_own_stays(self):
        self.subscription._cancel('unused')
        theirs = self.tenant.with_user(self.act)
        theirs._person_delete(self.tenant.name)
        theirs._person_keep()
        self.assertTrue(self.subscription.cancel_at)

    # -- what follows from the end --------------------------------------------------------------

    def test_what_has_ended_is_kept_by_a_plan_only(self):
        self.subscription._cancel(at_once=True)
        self.assertEqual(self._codes(), ['ended'])
        self.assertTrue(self.tenant.delete_on)
        theirs = self.tenant.with_user(self.act)
        self.assertFalse(theirs._customer_acts()['keep'])
        with self.assertRaisesRegex(UserError, 'Choose a plan again'):
            theirs._person_keep()
        with self.assertRaises(UserError):
            theirs._person_resume()

    def test_its_day_counts_only_while_it_is_closed(self):
        self.subscription._cancel(at_once=True)
        self.tenant.operation_ids.write({'state': 'done'})
        again = self._subscribe()
        self.assertEqual((self.tenant.subscription_id, again.entitlement), (again, 'active'))
        self.tenant.operation_ids.write({'state': 'done'})
        self.tenant.delete_on = fields.Datetime.now() - timedelta(hours=1)      # nobody has told it yet
        self.tenant._delete_in_turn()
        self.assertFalse(self.tenant.delete_on)
        self.assertNotEqual(self.tenant.state, 'deleting')

    def test_a_payment_under_way_goes_first(self):
        self.subscription._cancel(at_once=True)
        self.tenant.operation_ids.write({'state': 'done'})
        order = self.env['saas.checkout'].sudo().create({
            'account_id': self.account.id, 'tenant_id': self.tenant.id, 'partner_id': self.customer.id,
            'price_id': self.price.id, 'state': 'processing', 'session': 'cs_test_under_way'})
        self.tenant.delete_on = fields.Datetime.now() - timedelta(hours=1)
        self.tenant._delete_in_turn()
        self.assertNotEqual(self.tenant.state, 'deleting')
        order.state = 'abandoned'
        self.tenant._delete_in_turn()
        self.assertEqual(self.tenant.state, 'deleting')
