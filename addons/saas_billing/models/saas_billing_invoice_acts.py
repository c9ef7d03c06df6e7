"""What people do with an invoice, and what a list of them shows."""
from odoo import _, api, models
from odoo.exceptions import UserError


class SaasBillingInvoice(models.Model):
    _inherit = 'saas.billing.invoice'

    @api.depends('number', 'stripe_id')
    def _compute_display_name(self):
        for invoice in self:
            invoice.display_name = invoice.number or invoice.stripe_id

    def action_open_page(self):
        """Stripe's page of it, where it is paid or read."""
        self.ensure_one()
        self.check_access('read')
        url = self.sudo().hosted_url
        if not url:
            raise UserError(_('Stripe has no page of it yet: it is a draft.'))
        return {'type': 'ir.actions.act_url', 'url': url, 'target': 'new'}

    def action_open_pdf(self):
        self.ensure_one()
        self.check_access('read')
        url = self.sudo().pdf_url
        if not url:
            raise UserError(_('Stripe has no PDF of it yet: it is a draft.'))
        return {'type': 'ir.actions.act_url', 'url': url, 'target': 'new'}

    def action_open_at_stripe(self):
        """Its page in the dashboard: there money is given back."""
        self.ensure_one()
        return self.account_id._dashboard_action('invoices', self.stripe_id)

    def action_sync(self):
        """Read these again from Stripe, now."""
        self.env['saas.subscription']._check_staff()
        for invoice in self.sudo():
            account, stripe_id = invoice.account_id, invoice.stripe_id
            self.sudo()._reconcile(account, account._ask(lambda api, i=stripe_id: api.read_invoice(i)))
        self.env['saas.audit']._note('read_stripe', self)
        return True

    @api.model
    def _figures(self, invoices):
        """What stands above a list: what was paid this far and what is open, by currency."""
        figures = {}
        for invoice in invoices.filtered(lambda invoice: invoice.status in ('open', 'paid')):
            row = figures.setdefault(invoice.currency_id, {'paid': 0, 'open': 0, 'count': 0})
            row['paid'] += invoice.amount_paid
            row['open'] += invoice.amount_remaining if invoice.status == 'open' else 0
            row['count'] += 1
        return [{'currency': currency, **row} for currency, row in sorted(figures.items(), key=lambda pair: pair[0].name)]
