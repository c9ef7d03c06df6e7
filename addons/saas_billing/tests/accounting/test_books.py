"""Paid invoices in the books. Needs a database with Accounting."""
import logging
from datetime import datetime
from unittest import SkipTest

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ...drivers.types import Invoice, InvoiceLine
from ..billing_common import BillingCase

DAY = datetime(2026, 3, 10, 12)
PARAMETERS = ('books', 'books_journal', 'books_product', 'books_account', 'books_tax_account')


@tagged('post_install', '-at_install')
class TestBooks(BillingCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if 'account.move' not in cls.env:
            raise SkipTest('Accounting is not installed')
        for name in PARAMETERS:
            cls._set(name, False)
        cls.income, cls.sales_tax, cls.receivable = (cls._account(*row) for row in (
            ('SAAS1', 'income'), ('SAAS2', 'liability_current'), ('SAAS3', 'asset_receivable')))
        cls.customer.property_account_receivable_id = cls.receivable
        cls.journal = cls.env['account.journal'].sudo().create({
            'name': 'Sales of the tests', 'code': 'SAASJ', 'type': 'sale', 'default_account_id': cls.income.id})
        cls._set('books_journal', 'SAASJ')
        cls.Invoice = cls.env['saas.billing.invoice'].sudo()
        cls.Move = cls.env['account.move'].sudo()
        cls._stripe_customer()
        cls.known = cls.env['saas.stripe.customer'].sudo().search([('partner_id', '=', cls.customer.id)])

    @classmethod
    def _account(cls, code, kind):
        return cls.env['account.account'].sudo().create({
            'name': f'Test {code}', 'code': code, 'account_type': kind, 'reconcile': kind == 'asset_receivable'})

    @classmethod
    def _set(cls, name, value):
        cls.env['ir.config_parameter'].sudo().set_param(f'saas_billing.{name}', value)

    def _note(self, **values):
        """As the inbox does with what it has read."""
        record, _effect = self.Invoice._reconcile(self.account, Invoice(**{
            'id': 'in_books', 'customer': self.known.stripe_id, 'livemode': False, 'number': 'B-1', 'status': 'paid',
            'currency': 'eur', 'subtotal': 2900, 'total': 2900, 'amount_paid': 2900, 'created': DAY, 'paid_at': DAY,
            'lines': (InvoiceLine('1 × Small', 2900, 1, DAY, datetime(2026, 4, 10, 12)),), **values}))
        return record

    def _move_of(self, invoice):
        return self.Move.browse(invoice.move)

    def test_a_posted_invoice(self):
        move = self._move_of(self._note())
        self.assertEqual((move.state, move.move_type, move.partner_id), ('posted', 'out_invoice', self.customer))
        self.assertEqual((move.amount_total, move.currency_id, move.ref, move.invoice_origin),
                         (29, self.currency, 'B-1', 'in_books'))
        self.assertEqual((move.invoice_date, move.payment_reference), (fields.Date.to_date('2026-03-10'), 'B-1'))
        line = move.invoice_line_ids
        self.assertEqual((line.account_id, line.name), (self.income, '1 × Small (2026-03-10 – 2026-04-10)'))
        self.assertFalse(line.tax_ids)

    def test_once(self):
        invoice = self._note()
        move = invoice.move
        self._note(hosted_url='https://elsewhere.example/')
        self.assertEqual(invoice.move, move)
        invoice.move = 0        # our commit was lost, the books' was not
        self._note(hosted_url='https://elsewhere.example/2')
        self.assertEqual(invoice.move, move)
        self.assertEqual(self.Move.search_count([('invoice_origin', '=', 'in_books')]), 1)

    def test_only_what_is_paid(self):
        for status in ('draft', 'open', 'void', 'uncollectible'):
            self.assertFalse(self._note(status=status, amount_paid=0).move)
        self.assertFalse(self._note(total=0, subtotal=0, amount_paid=0, lines=()).move, 'a trial costs nothing')

    def test_to_the_cent(self):
        """What Stripe takes off and its tax are lines of their own, so that the sum is what was paid."""
        self._set('books_tax_account', 'SAAS2')
        move = self._move_of(self._note(subtotal=2900, tax=464, total=2907, amount_paid=2907, lines=(
            InvoiceLine('1 × Small', 2900), InvoiceLine('2 × User', 1000), InvoiceLine('Unused time', -957, is_proration=True))))
        self.assertEqual(move.amount_total, 29.07)
        self.assertEqual([(line.price_subtotal, line.account_id) for line in move.invoice_line_ids], [
            (29, self.income), (10, self.income), (-9.57, self.income), (-5, self.income), (4.64, self.sales_tax)])

    def test_money_that_goes_back(self):
        move = self._move_of(self._note(subtotal=-1500, total=-1500, amount_paid=0, lines=(InvoiceLine('Unused time', -1500),)))
        self.assertEqual((move.move_type, move.amount_total, move.state), ('out_refund', 15, 'posted'))

    def test_with_a_product(self):
        product = self.env['product.product'].sudo().create({
            'name': 'Subscription', 'type': 'service', 'default_code': 'SAAS-SUB', 'property_account_income_id': self.income.id})
        self._set('books_product', 'SAAS-SUB')
        line = self._move_of(self._note()).invoice_line_ids
        self.assertEqual((line.product_id, line.account_id), (product, self.income))
        self.assertEqual(line.name, '1 × Small (2026-03-10 – 2026-04-10)')
        self.assertFalse(line.tax_ids)

    def test_chosen_in_the_settings(self):
        self._set('books_journal', False)
        page = self.env['res.config.settings'].create({'saas_billing_books_journal': 'SAASJ'})
        self.assertTrue(page.saas_billing_has_books)
        page.set_values()
        self.assertEqual(self._move_of(self._note()).journal_id, self.journal)

    def test_with_an_account(self):
        other = self._account('SAAS4', 'income_other')
        self._set('books_account', 'SAAS4')
        self.assertEqual(self._move_of(self._note()).invoice_line_ids.account_id, other)

    def test_what_hinders_it_hinders_no_billing(self):
        self._set('books_journal', 'NOSUCH')
        with self.assertLogs('odoo.addons.saas_billing.models.saas_billing_invoice_books', logging.WARNING):
            invoice = self._note()
        self.assertEqual((invoice.status, invoice.move), ('paid', 0))
        self.assertIn('NOSUCH', invoice.move_problem)
        self._set('books_journal', 'SAASJ')
        manager = new_test_user(self.env, 'books-manager', groups='saas_master.group_saas_manager')
        invoice.with_user(manager).action_to_books()
        self.assertEqual((self._move_of(invoice).state, invoice.move_problem), ('posted', False))
        self.assertEqual(invoice.action_open_move()['res_id'], invoice.move)
        support = new_test_user(self.env, 'books-support', groups='saas_master.group_saas_support')
        with self.assertRaises(AccessError):
            invoice.with_user(support).action_to_books()

    def test_an_account_that_is_not_there(self):
        self._set('books_account', 'NOSUCH')
        with self.assertLogs('odoo.addons.saas_billing.models.saas_billing_invoice_books', logging.WARNING):
            self.assertIn('no account', self._note().move_problem)

    def test_turned_off(self):
        self._set('books', 'off')
        invoice = self._note()
        self.assertFalse(invoice.move or invoice.move_problem)
        with self.assertRaisesRegex(UserError, 'not in the books'):
            invoice.action_open_move()

    def test_with_a_real_payment(self):
        """From Stripe's first invoice of a subscription to the books."""
        subscription = self._subscribe()
        invoice = self._stripe('GET', '/v1/invoices', subscription=subscription.stripe_id)['data'][0]['id']
        record, _effect = self.Invoice._reconcile(self.account, self.account._api().read_invoice(invoice))
        move = self._move_of(record)
        self.assertEqual((move.amount_total, move.partner_id, move.state), (29, self.customer, 'posted'))
