from datetime import datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..drivers.types import Invoice, InvoiceLine
from .change_common import ChangeCase

DAY = datetime(2026, 3, 10, 12)


@tagged('post_install', '-at_install')
class TestInvoices(ChangeCase):

    def setUp(self):
        super().setUp()
        self.subscription = self._subscribe()
        self.Invoice = self.env['saas.billing.invoice'].sudo()

    def _read_all(self):
        """As the inbox does: each read from Stripe, oldest first."""
        driver = self.account._api()
        return [self.Invoice._reconcile(self.account, driver.read_invoice(row['id']))
                for row in reversed(self._invoices_at(self.subscription))]

    def _invoice(self, **values):
        return Invoice(**{
            'id': 'in_of_the_test', 'customer': self.subscription.customer, 'livemode': False, 'number': 'T-1',
            'subscription': self.subscription.stripe_id, 'status': 'paid', 'currency': 'eur', 'subtotal': 2900, 'tax': 0,
            'total': 2900, 'amount_paid': 2900, 'created': DAY, 'paid_at': DAY,
            'lines': (InvoiceLine('Test', 2900, 1, DAY, DAY),), **values})

    def _note(self, **values):
        return self.Invoice._reconcile(self.account, self._invoice(**values))

    def test_as_stripe_has_it(self):
        (invoice, effect), = self._read_all()
        at_stripe, = self._invoices_at(self.subscription)
        self.assertEqual((invoice.status, invoice.total, invoice.amount_paid, invoice.amount_remaining), ('paid', 29, 29, 0))
        self.assertEqual((invoice.number, invoice.hosted_url), (at_stripe['number'], at_stripe['hosted_invoice_url']))
        self.assertEqual((invoice.subscription_id, invoice.tenant_id, invoice.partner_id, invoice.plan_id),
                         (self.subscription, self.tenant, self.customer, self.plan))
        self.assertEqual([line['amount'] for line in invoice.lines], [29])
        self.assertIn('Paid', effect)
        self.assertTrue(invoice.paid_at)

    def test_read_again_nothing_changes(self):
        self._read_all()
        (_invoice, effect), = self._read_all()
        self.assertEqual(effect, '')
        self.assertEqual(len(self.subscription.invoice_ids), 1)

    def test_what_it_was_for_stays(self):
        """The plan of a time before stays with its invoices."""
        self._read_all()
        self.subscription._change(self.big_price)
        self._read_all()
        self.assertEqual(self.subscription.invoice_ids.sorted('id').plan_id, self.plan | self.big)

    def test_from_open_to_paid(self):
        invoice, effect = self._note(status='open', amount_paid=0, amount_remaining=2900, paid_at=None)
        self.assertEqual((invoice.revenue, invoice.amount_remaining), (0, 29))
        self.assertIn('Open', effect)
        _same, effect = self._note()
        self.assertEqual(effect, 'Invoice T-1: Open → Paid.')
        self.assertEqual((invoice.status, invoice.amount_remaining), ('paid', 0))
        self.assertTrue(invoice.revenue)

    def test_read_before_its_subscription(self):
        invoice, _effect = self._note(id='in_early', subscription='sub_early')
        self.assertEqual((invoice.partner_id, invoice.subscription_id.id), (self.customer, False))
        self.subscription._cancel(at_once=True)
        self.tenant.operation_ids.write({'state': 'done'})
        later = self._at_stripe()
        invoice.stripe_subscription = later
        subscription = self._read_again(later)
        self.assertEqual((invoice.subscription_id, invoice.tenant_id, invoice.plan_id), (subscription, self.tenant, self.plan))

    def test_somebody_elses_business(self):
        invoice, effect = self._note(id='in_foreign', subscription='sub_foreign', customer='cus_foreign')
        self.assertFalse(invoice)
        self.assertIn('nobody known', effect)
        self.assertFalse(self.Invoice.search([('stripe_id', '=', 'in_foreign')]))

    # -- revenue --------------------------------------------------------------------------------

    def test_revenue_is_without_tax(self):
        dollars = self.env.ref('base.USD')
        self.env.company.sudo().currency_id = self.currency
        invoice, _effect = self._note(tax=463, total=3363, amount_paid=3363)
        self.assertEqual(invoice.revenue, 29)
        self.assertEqual(invoice.company_currency_id, self.currency)
        self.assertNotEqual(dollars, invoice.currency_id)

    def test_revenue_at_the_rate_of_its_day(self):
        dollars = self.env.ref('base.USD')
        dollars.active = True
        company = self.env.company
        self.env['res.currency.rate'].search([('currency_id', 'in', (dollars | self.currency).ids)]).unlink()
        base = company.currency_id
        foreign = dollars if base == self.currency else self.currency
        rates = self.env['res.currency.rate']
        rates.create({'currency_id': foreign.id, 'name': '2026-03-01', 'rate': 2.0, 'company_id': company.id})
        invoice, _effect = self._note(currency=foreign.name.lower())
        self.assertEqual(invoice.revenue, 14.5)
        rates.create({'currency_id': foreign.id, 'name': '2026-03-09', 'rate': 4.0, 'company_id': company.id})
        self._note(currency=foreign.name.lower(), hosted_url='https://elsewhere.example/')
        self.assertEqual(invoice.revenue, 7.25, 'what it was on the day it was paid')

    def test_revenue_of_currencies_without_cents(self):
        yen = self.env.ref('base.JPY')
        yen.active = False
        invoice, _effect = self._note(currency='jpy')
        self.assertEqual((invoice.currency_id, invoice.total), (yen, 2900))

    def test_nothing_paid_is_no_revenue(self):
        for status in ('draft', 'open', 'void', 'uncollectible'):
            self.assertEqual(self._note(status=status, amount_paid=0)[0].revenue, 0)
        self.assertEqual(self._note(total=0, subtotal=0, amount_paid=0)[0].revenue, 0)

    # -- what people do -------------------------------------------------------------------------

    def test_pages(self):
        self._read_all()
        invoice = self.subscription.invoice_ids
        self.assertEqual(invoice.with_user(self.look).action_open_page()['url'], invoice.hosted_url)
        self.assertEqual(invoice.with_user(self.look).action_open_pdf()['url'], invoice.pdf_url)
        with self.assertRaises(AccessError):
            invoice.with_user(self.stranger_act).action_open_pdf()
        invoice.write({'hosted_url': False, 'pdf_url': False})
        for act in (invoice.action_open_page, invoice.action_open_pdf):
            with self.assertRaisesRegex(UserError, 'draft'):
                act()

    def test_synced_by_staff(self):
        self._read_all()
        invoice = self.subscription.invoice_ids
        invoice.status = 'open'
        invoice.with_user(self.support).action_sync()
        self.assertEqual(invoice.status, 'paid')
        with self.assertRaises(AccessError):
            invoice.with_user(self.act).action_sync()

    def test_figures(self):
        self._note()
        self._note(id='in_2', number='T-2', status='open', amount_paid=0, amount_remaining=1000, total=1000)
        self._note(id='in_3', number='T-3', status='void', amount_paid=0)
        figures = self.Invoice._figures(self.subscription.invoice_ids.filtered(lambda one: (one.number or '').startswith('T-')))
        self.assertEqual(figures, [{'currency': self.currency, 'paid': 29, 'open': 10, 'count': 2}])

    def test_without_accounting(self):
        if 'account.move' in self.env:
            self.skipTest('Accounting is installed')
        invoice, _effect = self._note()
        self.assertFalse(invoice.move or invoice.move_problem)
        invoice.with_user(self.manager).action_to_books()
        with self.assertRaisesRegex(UserError, 'not in the books'):
            invoice.action_open_move()
