import re
from datetime import timedelta

import requests
from lxml import html

from odoo import fields

from odoo.addons.saas_master.tests.portal_common import PortalHttpCase

from .billing_common import BillingCase

GETS = ('', '/status', '/plans', '/pay', '/change', '/cancel', '/back')
POSTS = ('/card', '/stripe', '/order', '/pay', '/withdraw', '/change', '/keep-plan', '/cancel', '/keep', '/resume')


class BillingPortalCase(PortalHttpCase, BillingCase):
    """The people of the portal's tests, their tenant ``tenant`` and a stranger's, and Stripe on loopback."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.plan | cls.big).is_published = True
        cls.env['saas.plan'].search([('id', 'not in', (cls.plan | cls.big).ids)]).is_published = False

    def _path(self, act='', tenant=None):
        return f'/my/billing/{(tenant or self.tenant).id}{act}'

    def _tree(self, path):
        return html.fromstring(self._get(path).text)

    def _text(self, path):
        """What is read on the page, in one line."""
        main = self._tree(path).xpath('//*[@id="wrap"]')[0]
        return re.sub(r'\s+', ' ', main.text_content()).replace('\xa0', ' ')

    def _levels(self, path):
        """Of the banners: {code: level}."""
        return {note.get('data-code'): note.get('data-level') for note in self._tree(path).find_class('o_saas_money_note')}

    def _goes_to_stripe(self, answer, part):
        """The answer leads to this page of Stripe's, which is there."""
        self.assertEqual(answer.status_code, 303, answer.text[:500])
        address = answer.headers['Location']
        self.assertTrue(address.startswith(f'{self.fake.url}{part}'), address)
        self.assertEqual(requests.get(address, timeout=20).status_code, 200)
        return address

    @classmethod
    def _invoiced(cls, subscription):
        """Its latest invoice, mirrored here as the inbox does it."""
        at_stripe = cls._stripe('GET', f'/v1/subscriptions/{subscription.stripe_id}')
        found = subscription.account_id._api().read_invoice(at_stripe['latest_invoice'])
        cls.env['saas.billing.invoice'].sudo()._reconcile(cls.account, found)
        cls.env.invalidate_all()
        return subscription.invoice_ids[:1]

    def _ahead(self, **span):
        return fields.Datetime.now() + timedelta(**span)
