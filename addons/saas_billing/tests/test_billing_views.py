from lxml import etree

from odoo.exceptions import UserError
from odoo.tools.safe_eval import safe_eval

from odoo.addons.saas_master.tests.common import SaasCase

from ..const import EVENT_TYPES, STATUSES
from ..drivers.entitlement import WHYS
from .billing_staff_common import StaffBilling, days

MODELS = {
    'saas.subscription': ('list', 'kanban', 'form', 'search', 'pivot', 'graph'),
    'saas.billing.invoice': ('list', 'form', 'search', 'pivot', 'graph'),
    'saas.billing.event': ('list', 'form', 'search'), 'saas.checkout': ('list', 'form', 'search'),
    'saas.stripe.account': ('list', 'form', 'search'), 'saas.plan.price': ('list',), 'saas.plan': ('list', 'form'),
    'saas.tenant': ('form',), 'res.partner': ('form',)}
FILTERS = {'saas.subscription': 14, 'saas.billing.invoice': 6, 'saas.billing.event': 9, 'saas.checkout': 3,
           'saas.stripe.account': 3}


class TestBillingViews(StaffBilling, SaasCase):

    def _arch(self, model, kind, user=None):
        views = self.env[model].with_user(user or self.manager).get_views([(False, kind)])
        return etree.fromstring(views['views'][kind]['arch'])

    def _buttons(self, user, model, kind='form'):
        return {node.get('name') for node in self._arch(model, kind, user).iter('button')}

    def test_every_view_opens_for_both_roles(self):
        for model, kinds in MODELS.items():
            for kind in kinds:
                for user in (self.support, self.manager):
                    self.assertIsNotNone(self._arch(model, kind, user), (model, kind))

    def test_every_button_has_its_method(self):
        for model, kinds in MODELS.items():
            for kind in kinds:
                for node in self._arch(model, kind).iter('button'):
                    if node.get('type') == 'object' and not any(parent.tag == 'field' for parent in node.iterancestors()):
                        self.assertTrue(hasattr(self.env[model], node.get('name')), (model, node.get('name')))

    def test_buttons_by_role(self):
        managers = {'action_extend', 'action_comp', 'action_pause', 'action_unpause', 'action_cancel_now', 'action_keep',
                    'action_refund_link'}
        self.assertLessEqual(managers | {'action_sync', 'action_open_at_stripe'},
                             self._buttons(self.manager, 'saas.subscription'))
        self.assertFalse(managers & self._buttons(self.support, 'saas.subscription'))
        self.assertIn('action_sync', self._buttons(self.support, 'saas.subscription'))
        secrets = {'action_test', 'action_change_secrets', 'action_register_webhook', 'action_make_current',
                   'action_forget_old_secrets'}
        self.assertLessEqual(secrets, self._buttons(self.manager, 'saas.stripe.account'))
        self.assertFalse(secrets & self._buttons(self.support, 'saas.stripe.account'))
        self.assertIn('action_replay', self._buttons(self.manager, 'saas.billing.event'))
        self.assertNotIn('action_replay', self._buttons(self.support, 'saas.billing.event'))

    def test_every_filter_is_a_search_that_runs(self):
        self._invoice(self._subscription('past_due'))
        for model, least in FILTERS.items():
            filters = [node for node in self._arch(model, 'search').iter('filter') if node.get('domain')]
            self.assertGreaterEqual(len(filters), least, model)
            for node in filters:
                domain = safe_eval(node.get('domain'), {'uid': self.support.id})
                self.assertIsInstance(self.env[model].with_user(self.support).search(domain).ids, list, node.get('name'))

    def test_what_is_typed_finds_events_by_type_object_effect_and_body(self):
        subscription = self._subscription()
        event = self._event(subscription, type='invoice.payment_failed', object_id='in_sought', effect='suspended',
                            body='{"number": "SOUGHT-1"}')
        self._event(subscription)
        for field, text in (('type', 'payment_failed'), ('type', event.stripe_id), ('object_id', 'in_sought'),
                            ('effect', 'suspend'), ('body', 'SOUGHT-1')):
            node = next(node for node in self._arch('saas.billing.event', 'search').iter('field') if node.get('name') == field)
            written = node.get('filter_domain')
            domain = safe_eval(written, {'self': text}) if written else [(field, 'ilike', text)]
            found = self.env['saas.billing.event'].with_user(self.support).search(domain)
            self.assertEqual(found, event, (field, text))

    def test_lists_and_boards_cost_no_query_for_each_row(self):
        for kind in ('list', 'kanban'):
            names = sorted({node.get('name') for node in self._arch('saas.subscription', kind, self.support).iter('field')
                            if not any(parent.tag == 'field' for parent in node.iterancestors())})
            self._cost(names, f'{kind}-warm', 2)
            few, many = self._cost(names, f'{kind}-few', 3), self._cost(names, f'{kind}-many', 23)
            self.assertEqual(many, few, kind)

    def _cost(self, names, prefix, count):
        rows = self.env['saas.subscription'].union(*(
            self._subscription('past_due' if number % 2 else 'active', tenant_id=self._running_tenant(f'{prefix}-{number}').id,
                               latest_invoice_id=self._invoice(self._subscription('canceled'), 'open', next_attempt=days(2)).id)
            for number in range(count)))
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.assertEqual(len(rows.with_user(self.support).read(names)), count)
        return self.env.cr.sql_log_count - before

    def test_the_board_has_a_column_for_every_status_that_lives(self):
        columns = self.env['saas.subscription']._expand_status([], [])
        self.assertEqual(columns, ['incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused'])
        self.assertIn('canceled', self.env['saas.subscription']._expand_status(['canceled'], []))


class TestWords(StaffBilling, SaasCase):

    def test_every_status_and_entitlement_has_its_sentence(self):
        for status, _label in STATUSES:
            words = self._subscription(status).with_user(self.support).stripe_words
            self.assertNotIn('_', words)
            self.assertTrue(words.endswith('.'), status)
        subscription = self._subscription()
        said = set()
        for why in WHYS:
            subscription.entitled_why = why
            said.add(subscription.follow_words)
            self.assertNotIn('_', subscription.follow_words)
        self.assertEqual(len(said), len(WHYS))

    def test_what_happens_next_in_its_order(self):
        subscription = self._subscription('active', cancel_at=days(5), extended_until=days(2), comp_until=days(-3))
        steps = subscription.with_user(self.support).next_steps
        self.assertLess(steps.index('extension'), steps.index('it ends'))
        self.assertNotIn('free time', steps, 'it is over')
        self.assertIn('extension', subscription.short_next)
        self.assertNotIn('collected', steps, 'nothing more is collected of what is cancelled')
        self.assertIn('29', self._subscription('active').next_steps)
        self.assertIn('without a card', self._subscription('trialing', trial_end=days(2)).next_steps)
        self.assertIn('collected', self._subscription('trialing', trial_end=days(2), has_payment_method=True).next_steps)
        self.assertFalse(self._subscription('canceled', ended_at=days(-2)).next_steps)

    def test_an_overdue_one_says_when_stripe_tries_again_and_when_it_is_closed(self):
        subscription = self._subscription('past_due', entitlement='grace', entitled_why='overdue', entitled_until=days(4))
        subscription.latest_invoice_id = self._invoice(subscription, 'open', next_attempt=days(2))
        steps = subscription.next_steps
        self.assertLess(steps.index('tries the card'), steps.index('suspended'))

    def test_names_are_escaped(self):
        self.plan.name = '<b>bold</b>'
        mirror = self.env['saas.stripe.price'].create({
            'account_id': self.account.id, 'price_id': self.price.id, 'unit_amount': 2900, 'interval': 'month',
            'currency_id': self.company_currency.id})
        subscription = self._subscription('active', next_stripe_price_id=mirror.id, next_from=days(3))
        self.assertIn('&lt;b&gt;', subscription.next_steps)

    def test_why_it_was_cancelled(self):
        subscription = self._subscription('active', cancel_reason='cancellation_requested', cancel_feedback='too_expensive')
        self.assertEqual(subscription.cancel_words, 'Cancelled by request: Too expensive')
        self.assertFalse(self._subscription('active').cancel_words)

    def test_events_and_invoices_in_words(self):
        for code in EVENT_TYPES:
            self.assertNotIn('.', self._event(type=code).what, code)
        self.assertEqual(self._event(type='a.new.one').what, 'a.new.one')
        self.assertEqual(self._invoice(self._subscription()).reason_words, 'Next period')

    def test_a_price_says_whether_it_is_sold(self):
        self.env['saas.stripe.price'].search([]).write({'active': False})
        self.assertEqual(self.price.mirror_words, 'Not yet')
        mirror = self.env['saas.stripe.price'].create({
            'account_id': self.account.id, 'price_id': self.price.id, 'unit_amount': 2900, 'interval': 'month',
            'currency_id': self.company_currency.id})
        self.assertEqual(self.price.mirror_words, 'Being made')
        mirror.stripe_id = 'price_staff'
        self.assertEqual(self.price.mirror_words, 'Sold')
        mirror.error = 'No such product'
        self.assertIn('No such product', self.price.mirror_words)

    def test_at_risk_is_searched_as_it_is_shown(self):
        risky = self._subscription('past_due') | self._subscription('active', cancel_at=days(2)) | self._subscription('trialing')
        calm = (self._subscription('active') | self._subscription('trialing', has_payment_method=True)
                | self._subscription('canceled'))
        both = [('id', 'in', (risky | calm).ids)]
        Subscription = self.env['saas.subscription']
        self.assertEqual(Subscription.search([('is_at_risk', '=', True), *both]), risky.sorted('id', reverse=True))
        self.assertEqual(Subscription.search([('is_at_risk', '=', False), *both]), calm.sorted('id', reverse=True))
        self.assertTrue(all(risky.mapped('is_at_risk')))
        self.assertFalse(any(calm.mapped('is_at_risk')))


class TestDialogues(StaffBilling, SaasCase):

    def _dialogue(self, kind, subscriptions, user=None, **values):
        return self.env['saas.subscription.act'].with_user(user or self.manager).create({
            'kind': kind, 'subscription_ids': [(6, 0, subscriptions.ids)], **values})

    def test_extend(self):
        subscription = self._subscription('unpaid')
        for wrong in (0, -1, 10_000):
            with self.assertRaises(UserError):
                self._dialogue('extend', subscription, days=wrong).action_confirm()
        self._dialogue('extend', subscription, days=5).action_confirm()
        self.assertAlmostEqual(subscription.extended_until.timestamp(), days(5).timestamp(), delta=86400)
        self.assertEqual(self._lines(subscription), ['extend'])

    def test_many_at_once_say_for_which_not_and_why(self):
        ended, living = self._subscription('incomplete_expired'), self._subscription('unpaid')
        answer = self._dialogue('extend', ended | living, days=5).action_confirm()
        self.assertEqual(answer['params']['type'], 'warning')
        self.assertIn('1 of 2', answer['params']['message'])
        self.assertIn(ended.display_name, answer['params']['message'])
        self.assertFalse(ended.extended_until)

    def test_cancelling_wants_a_reason_and_a_proof(self):
        subscription = self._subscription('active')
        with self.assertRaisesRegex(UserError, 'that it is you'):
            self._dialogue('cancel', subscription, reason='asked by phone').action_confirm()
        self._prove()
        with self.assertRaisesRegex(UserError, 'Say why'):
            self._dialogue('cancel', subscription, reason=' ').action_confirm()
        self.assertEqual(subscription.status, 'active')

    def test_free_until_a_day_ahead(self):
        with self.assertRaisesRegex(UserError, 'future'):
            self._dialogue('comp', self._subscription(), until='2020-01-01').action_confirm()

    def _lines(self, record):
        return self.env['saas.audit'].search(
            [('res_model', '=', record._name), ('res_id', '=', record.id)], order='id').mapped('act')

    def test_from_one_to_what_belongs_to_it(self):
        tenant = self._running_tenant('linked')
        subscription = self._subscription('active', tenant_id=tenant.id)
        tenant.subscription_id = subscription
        self._invoice(subscription)
        self._event(subscription)
        seen = subscription.with_user(self.support)
        self.assertEqual((seen.invoice_count, seen.event_count), (1, 1))
        for action in (seen.action_view_invoices(), seen.action_view_events()):
            self.assertEqual(self.env[action['res_model']].with_user(self.support).search_count(action['domain']), 1)
        self.assertEqual(seen.action_view_tenant()['res_id'], tenant.id)
        self.assertEqual(tenant.with_user(self.support).action_view_subscription()['res_id'], subscription.id)
        self._subscription('canceled', tenant_id=tenant.id)
        self.assertIn('domain', tenant.with_user(self.support).action_view_subscription())
        customer = self.customer.with_user(self.support)
        self.assertEqual(customer.saas_subscription_count, 2)
        self.assertEqual(self.account.with_user(self.support).subscription_count, 2)

    def test_what_moves_is_told_in_numbers_only(self):
        subscription = self._subscription('active')
        told = []
        self.patch(self.env.registry['saas.live'], '_send', lambda service, payload: told.append(payload))
        subscription.status = 'past_due'
        subscription.synced_at = days(0)
        self.assertEqual(told, [{'operation': False, 'subscription': subscription.ids}])
