import re

from odoo.tests import tagged
from odoo.tools import mute_logger

from .billing_portal_common import GETS, POSTS, BillingPortalCase


@tagged('post_install', '-at_install')
class TestPortalBillingRoles(BillingPortalCase):
    """Every route, as everybody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.subscription = cls._subscribe()
        cls.theirs = cls._subscribe(cls.foreign)
        cls._invoiced(cls.subscription)
        cls._invoiced(cls.theirs)

    def test_anonymous_is_asked_to_log_in(self):
        self._login(None)
        for path in (*map(self._path, GETS), '/my/billing'):
            self.assertIn('/web/login', self._get(path, 303).headers['Location'])
        for act in POSTS:
            answer = self._post(self._path(act))
            self.assertIn('/web/login', answer.headers['Location'])
        self.assertFalse(self.subscription.cancel_at)

    @mute_logger('odoo.http')
    def test_a_foreign_tenant_answers_like_none(self):
        nobody = self.env['saas.tenant'].search([], order='id desc', limit=1).id + 1000
        for user in (self.act, self.look, self.none, self.manager, self.employee):
            self._login(user)
            answers = set()
            for number in (self.foreign.id, nobody, 0, 2**31, 2**70):
                for act in GETS:
                    self._get(f'/my/billing/{number}{act}', 404)
                for act in POSTS:
                    answer = self._post(f'/my/billing/{number}{act}', {'price': self.big_price.id, 'reason': 'other'})
                    answers.add((answer.status_code, re.sub(r'\d{2,}|csrf_token: "[^"]*"', '', answer.text)
                                 .partition('<main')[2].partition('</main')[0]))
            self.assertEqual({status for status, _text in answers}, {404})
            self.assertEqual(len(answers), 1, 'not to be told apart')
        at_stripe = self._stripe('GET', f'/v1/subscriptions/{self.theirs.stripe_id}')
        self.assertIsNone(at_stripe['cancel_at'])

    def test_lists_show_the_own_company_only(self):
        own = [self.tenant.name, 'paying']
        for user, shown in ((self.act, own), (self.look, own), (self.none, []),
                            (self.outsider, [self.foreign.name]), (self.manager, []), (self.employee, [])):
            self._login(user)
            page = self._tree('/my/billing')
            self.assertEqual(page.xpath('//@data-tenant'), shown, user.login)
            self.assertEqual(len(page.find_class('o_saas_invoices')), bool(shown), user.login)

    @mute_logger('odoo.http')
    def test_who_looks_sees_and_changes_nothing(self):
        self._login(self.look)
        page = self._get(self._path()).text
        self.assertFalse(re.findall(r'action="/my/billing/', page))
        self.assertIn('You may look', page)
        self.assertIn('o_saas_pdf', page)
        for act in POSTS:
            answer = self._post(self._path(act), {'price': self.big_price.id, 'reason': 'other'})
            self.assertEqual(answer.status_code, 403, act)
        for act in ('/plans', '/change', '/cancel', '/back'):
            self._get(self._path(act), 403)
        self._get('/my/billing')
        at_stripe = self._stripe('GET', f'/v1/subscriptions/{self.subscription.stripe_id}')
        self.assertIsNone(at_stripe['cancel_at'])

    @mute_logger('odoo.http')
    def test_without_a_token_nothing_is_done(self):
        self._login(self.act)
        for act in POSTS:
            self.assertEqual(self._post(self._path(act), {'reason': 'other'}, csrf=False).status_code, 400, act)
        self.assertFalse(self.subscription.cancel_at)

    def test_pages_are_private_and_forms_end_here_or_at_stripe(self):
        self._login(self.act)
        for path in ('/my/billing', self._path(), self._path('/plans'), self._path('/cancel')):
            page = self._get(path)
            self.assertEqual(page.headers['Cache-Control'], 'no-store')
            policy = dict(rule.split(' ', 1) for rule in page.headers['Content-Security-Policy'].split('; '))
            self.assertNotIn("'unsafe-inline'", policy['script-src'])
            if path != '/my/billing':
                self.assertEqual(policy['form-action'], f"'self' {self.fake.url}", path)
        policy = self._get('/my/tenants').headers['Content-Security-Policy']
        self.assertIn("form-action 'self';", policy)


@tagged('post_install', '-at_install')
class TestPortalBilling(BillingPortalCase):

    def test_the_page_of_one_that_is_paid(self):
        subscription = self._subscribe()
        self._invoiced(subscription)
        self._login(self.act)
        text = self._text(self._path())
        for part in ('Test', 'Active', '29.00', 'a month', 'Next payment', 'on file at Stripe', 'sandbox'):
            self.assertIn(part, text)
        tree = self._tree(self._path())
        links = tree.xpath('//a[contains(@class, "o_saas_pdf")]/@href')
        self.assertEqual(links, subscription.invoice_ids.mapped('pdf_url'))
        self.assertTrue(links)
        for button in ('o_saas_do_card', 'o_saas_do_stripe', 'o_saas_change', 'o_saas_cancel'):
            self.assertTrue(tree.find_class(button), button)
        for button in ('o_saas_do_keep', 'o_saas_choose', 'o_saas_do_resume', 'o_saas_do_keep-plan'):
            self.assertFalse(tree.find_class(button), button)

    def test_the_home_card_and_the_tenants_page_lead_here(self):
        self._subscribe()
        self._login(self.act)
        self.assertIn('/my/billing', self._get('/my').text)
        tree = self._tree(f'/my/tenants/{self.tenant.id}')
        self.assertEqual(tree.xpath('//a[contains(@class, "o_saas_to_billing")]/@href'), [self._path()])
        self.assertEqual(tree.find_class('o_saas_money')[0].get('data-code'), 'active')
        self.assertIn('29.00', tree.xpath('//*[@id="plan"]')[0].text_content())

    def test_a_tenant_of_a_plan_without_payment_has_no_page(self):
        self.plan.payment = 'none'
        self._login(self.act)
        self._get(self._path(), 404)
        self.assertIn('Nothing to pay here', self._text('/my/billing'))
        self.assertNotIn('o_saas_to_billing', self._get(f'/my/tenants/{self.tenant.id}').text)

    def test_card_and_details_at_stripe(self):
        self._subscribe()
        self._login(self.act)
        self._goes_to_stripe(self._post(self._path('/card')), '/p/')
        self._goes_to_stripe(self._post(self._path('/stripe')), '/p/')
        self.assertTrue(self.account.portal_configuration)
        known = self.account.portal_configuration
        self._post(self._path('/stripe'))
        self.assertEqual(self.account.portal_configuration, known, 'made once')

    def test_a_card_shows_when_one_comes_back_from_stripe(self):
        subscription = self._subscribe(card='', trial_period_days=14)
        self.assertFalse(subscription.has_payment_method)
        self._login(self.act)
        text = self._text(self._path())
        self.assertIn('none yet', text)
        self.assertNotIn('Next payment', text, 'nobody takes what is on no card')
        self.control.card(subscription.customer)
        self.assertTrue(self._get(self._path('/back'), 303).headers['Location'].endswith(self._path()))
        self.assertTrue(subscription.has_payment_method)
        self.assertIn('on file at Stripe', self._text(self._path()))
        self.control.fault('drop', path='/v1/subscriptions', times=5)
        self._get(self._path('/back'), 303)
        self.control.delete('faults')

    def test_stripe_that_does_not_answer_is_told_in_plain_words(self):
        self._subscribe()
        self._login(self.act)
        self.control.fault('drop', method='POST', path='billing_portal', times=5)
        answer = self._post(self._path('/card'))
        self.assertEqual(answer.status_code, 422)
        self.assertIn('Nothing was charged', answer.text)
        self.assertNotIn(self.fake.url.partition('//')[2], answer.text.partition('<main')[2])

    # -- banners --------------------------------------------------------------------------------

    def test_banner_of_an_overdue_payment(self):
        subscription = self._subscribe()
        self.assertEqual(self._notices(), {})
        subscription.write({'status': 'past_due', 'past_due_since': self._ahead(days=-2), 'entitlement': 'grace',
                            'entitled_until': self._ahead(days=5)})
        self._login(self.act)
        for path in ('/my/tenants', f'/my/tenants/{self.tenant.id}', '/my/billing', '/my/people', '/my'):
            self.assertEqual(self._levels(path), {'overdue': 'over'}, path)
        subscription.write({'status': 'unpaid', 'entitlement': 'suspended', 'entitled_until': False})
        self.assertEqual(self._levels('/my/tenants'), {'closed': 'over'})
        self._login(self.outsider)
        self.assertEqual(self._levels('/my/tenants'), {}, 'of the own company only')
        self._login(self.none)
        self.assertEqual(self._levels('/my/tenants'), {}, 'not for those without a right')

    def test_banner_of_a_trial_that_ends(self):
        subscription = self._subscribe()
        subscription.write({'status': 'trialing', 'trial_end': self._ahead(days=8), 'has_payment_method': False})
        self.assertEqual(self._notices(), {})
        subscription.trial_end = self._ahead(days=2)
        self.assertEqual(self._notices(), {'trial': 'near'})
        self._login(self.act)
        self.assertIn('Enter a card', self._text('/my/tenants'))
        subscription.has_payment_method = True
        self.assertNotIn('Enter a card', self._text('/my/tenants'))
        subscription.write({'status': 'paused', 'entitlement': 'suspended', 'has_payment_method': False})
        self.assertEqual(self._notices(), {'trial_over': 'over'})

    def test_banner_of_the_end_names_the_day_of_the_deletion(self):
        subscription = self._subscribe()
        subscription.cancel_at = self._ahead(days=20)
        self.assertEqual(self._notices(), {})
        subscription.cancel_at = self._ahead(days=5)
        self.assertEqual(self._notices(), {'leaving': 'near'})
        subscription.write({'status': 'canceled', 'ended_at': self._ahead(days=-1), 'entitlement': 'ended'})
        self.tenant.delete_on = self._ahead(days=29)
        self.assertEqual(self._notices(), {'ended': 'over'})
        self._login(self.act)
        day = subscription._portal_day(self.tenant.delete_on)
        self.assertIn(day, self._text('/my/tenants'))
        self.assertTrue(self._tree(self._path()).find_class('o_saas_choose'))

    def _notices(self):
        self.env.flush_all()
        return {notice['code']: notice['level']
                for notice in self.env['saas.tenant'].with_user(self.act)._portal_notices()}
