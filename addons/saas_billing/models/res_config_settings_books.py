from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """Where paid invoices go in the books: codes, since this addon does not depend on Accounting."""

    _inherit = 'res.config.settings'

    saas_billing_has_books = fields.Boolean(compute='_compute_saas_billing_has_books')
    saas_billing_books_journal = fields.Char('Sales Journal', config_parameter='saas_billing.books_journal')
    saas_billing_books_product = fields.Char('Product', config_parameter='saas_billing.books_product')
    saas_billing_books_account = fields.Char('Income Account', config_parameter='saas_billing.books_account')
    saas_billing_books_tax_account = fields.Char('Tax Account', config_parameter='saas_billing.books_tax_account')

    def _compute_saas_billing_has_books(self):
        self.saas_billing_has_books = 'account.move' in self.env
