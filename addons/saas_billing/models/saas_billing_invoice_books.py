"""Paid invoices in the books, where Accounting is installed: this addon does not depend on it.

System parameters: ``saas_billing.books_journal`` (code of a sales journal), ``saas_billing.books_product``
(internal reference of a product) or ``saas_billing.books_account`` (code of an income account),
``saas_billing.books_tax_account`` (code of the account for what Stripe Tax computed), ``saas_billing.books`` = ``off``.
Without them: the first sales journal and its account.
"""
import logging

from odoo import _, api, fields, models
from odoo.exceptions import RedirectWarning, UserError

_logger = logging.getLogger(__name__)

BATCH = 100


class SaasBillingInvoice(models.Model):
    _inherit = 'saas.billing.invoice'

    @api.model
    def _has_books(self):
        return 'account.move' in self.env and self._books_parameter('books') != 'off'

    @api.model
    def _books_parameter(self, name):
        return self.env['ir.config_parameter'].sudo().get_param(f'saas_billing.{name}') or ''

    def _mirror_to_books(self):
        """A posted customer invoice for each that is paid, once. What hinders it never hinders billing: it is noted, and
        tried again whenever the invoice is read and by ``action_to_books``."""
        for invoice in self.filtered(lambda invoice: invoice._belongs_in_books()):
            self.env.flush_all()
            self.env.cr.execute('SELECT move FROM saas_billing_invoice WHERE id = %s FOR UPDATE', [invoice.id],
                                log_exceptions=False)
            if self.env.cr.fetchone()[0]:
                continue
            try:
                with self.env.cr.savepoint():
                    invoice._write_to_books()
            except (UserError, RedirectWarning) as problem:
                _logger.warning('Invoice %s is not in the books: %s', invoice.stripe_id, problem)
                invoice.move_problem = str(problem.args[0])

    def _belongs_in_books(self):
        return self.status == 'paid' and not self.move and bool(self.partner_id) and self._has_books() and \
            not self.currency_id.is_zero(self.total)

    def action_to_books(self):
        """Try again for those that could not be written."""
        self.env['saas.subscription']._check_manager()
        self.sudo()._mirror_to_books()
        return True

    def action_open_move(self):
        self.ensure_one()
        if not (self.move and 'account.move' in self.env):
            raise UserError(_('This invoice is not in the books.'))
        return {'type': 'ir.actions.act_window', 'res_model': 'account.move', 'res_id': self.move,
                'views': [(False, 'form')]}

    # -- the entry ------------------------------------------------------------------------------

    def _write_to_books(self):
        journal = self._books_journal()
        entries = self.env['account.move'].sudo().with_company(journal.company_id)
        known = entries.search([('journal_id', '=', journal.id), ('invoice_origin', '=', self.stripe_id),
                                ('state', '=', 'posted')], limit=1)
        if not known:
            known = entries.create(self._move_values(journal))
            known.action_post()
        self.write({'move': known.id, 'move_problem': False})

    def _books_journal(self):
        code, company = self._books_parameter('books_journal'), self.env.company
        domain = [('type', '=', 'sale'), ('company_id', '=', company.id), *([('code', '=', code)] if code else [])]
        journal = self.env['account.journal'].sudo().search(domain, limit=1)
        if not journal:
            raise UserError(_('There is no sales journal "%s". Choose one in the settings.', code) if code
                            else _('There is no sales journal yet: set up Accounting first.'))
        return journal

    def _move_values(self, journal):
        """Money that goes back to the customer is a credit note; amounts of its lines are then the other way round."""
        sign = -1 if self.total < 0 else 1
        day = (self.paid_at or self.created_at or fields.Datetime.now()).date()
        return {
            'move_type': 'out_refund' if sign < 0 else 'out_invoice', 'journal_id': journal.id,
            'partner_id': self.partner_id.id, 'currency_id': self.currency_id.id, 'invoice_date': day,
            'invoice_date_due': day, 'ref': self.number or self.stripe_id, 'payment_reference': self.number or self.stripe_id,
            'invoice_origin': self.stripe_id,
            'invoice_line_ids': [fields.Command.create(line) for line in self._move_lines(journal, sign)],
        }

    def _move_lines(self, journal, sign):
        """Stripe's lines without tax, then what it takes off, then its tax: together to the cent what was paid."""
        product, income = self._books_product(), self._books_account('books_account', journal)
        rows = [(self._line_text(line), line['amount'], income) for line in self.lines or ()]
        discount = self.total - self.tax - sum(amount for _text, amount, _account in rows)
        if not self.currency_id.is_zero(discount):
            rows.append((_('Discounts') if discount < 0 else _('Rounding'), discount, income))
        if not self.currency_id.is_zero(self.tax):
            rows.append((_('Tax computed by Stripe'), self.tax, self._books_account('books_tax_account', journal) or income))
        return [{
            'name': text, 'quantity': 1, 'price_unit': sign * amount, 'tax_ids': [fields.Command.clear()],
            **({'product_id': product.id} if product and account == income else {}),
            **({'account_id': account.id} if account and not (product and account == income) else {}),
        } for text, amount, account in rows]

    @api.model
    def _line_text(self, line):
        period = f' ({line["from"]} – {line["to"]})' if line.get('from') and line.get('to') else ''
        return f'{line["text"] or _("Subscription")}{period}'

    @api.model
    def _books_product(self):
        reference, products = self._books_parameter('books_product'), self.env['product.product'].sudo()
        product = products.search([('default_code', '=', reference)], limit=1) if reference else products
        if reference and not product:
            raise UserError(_('There is no product "%s". Choose one in the settings.', reference))
        return product

    @api.model
    def _books_account(self, name, journal):
        code = self._books_parameter(name)
        accounts = self.env['account.account'].sudo().with_company(journal.company_id)
        if not code:
            return accounts if name == 'books_tax_account' else journal.default_account_id
        found = accounts.search([('code', '=', code)], limit=1)
        if not found:
            raise UserError(_('There is no account "%s". Choose one in the settings.', code))
        return found
