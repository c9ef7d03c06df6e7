"""From Stripe's invoice to the record here."""
from odoo import _, api, fields, models

from ..drivers import money

SAME_WORDS = ('number', 'status', 'billing_reason', 'customer', 'due_at', 'paid_at', 'period_start', 'period_end',
              'attempt_count', 'next_attempt', 'hosted_url', 'pdf_url')
AMOUNTS = ('subtotal', 'tax', 'total', 'amount_paid', 'amount_remaining')


class SaasBillingInvoice(models.Model):
    _inherit = 'saas.billing.invoice'

    @api.model
    def _reconcile(self, account, invoice):
        """Bring the record in line with ``invoice`` (types.Invoice) and return (record, what changed in words).

        One of nobody we know is somebody else's business on the same account, and is left alone.
        """
        known = self.sudo().search([('account_id', '=', account.id), ('stripe_id', '=', invoice.id)])
        subscription = self._subscription_of(account, invoice)
        partner = subscription.partner_id or known.partner_id or self._partner_of(account, invoice)
        if not known and not partner and not subscription:
            return known, _('An invoice of nobody known here.')
        values = {**self._values(invoice), 'partner_id': partner.id, 'stripe_subscription': invoice.subscription or False}
        if subscription:
            values.update(subscription_id=subscription.id, plan_id=known.plan_id.id or subscription.plan_id.id)
        effect = known._effect(values)
        if not known:
            known = self.sudo().create({'account_id': account.id, 'stripe_id': invoice.id, **values})
        elif effect:
            known.write(known._different(values))
        if effect:
            known._note_revenue()
        known._mirror_to_books()
        return known, effect

    @api.model
    def _subscription_of(self, account, invoice):
        if not invoice.subscription:
            return self.env['saas.subscription']
        return self.env['saas.subscription'].sudo().search(
            [('account_id', '=', account.id), ('stripe_id', '=', invoice.subscription)])

    @api.model
    def _partner_of(self, account, invoice):
        return self.env['saas.stripe.customer'].sudo().search(
            [('account_id', '=', account.id), ('stripe_id', '=', invoice.customer)]).partner_id

    @api.model
    def _values(self, invoice):
        currency = self._currency(invoice.currency)
        return {
            **{name: getattr(invoice, name) or False for name in SAME_WORDS if name != 'attempt_count'},
            **{name: money.from_units(getattr(invoice, name), currency.name) for name in AMOUNTS},
            'attempt_count': invoice.attempt_count, 'created_at': invoice.created, 'currency_id': currency.id,
            'lines': [self._line(line, currency.name) for line in invoice.lines],
        }

    @api.model
    def _line(self, line, code):
        day = fields.Date.to_string
        return {
            'text': line.description, 'quantity': line.quantity, 'amount': money.from_units(line.amount, code),
            'from': line.period_start and day(line.period_start.date()), 'to': line.period_end and day(line.period_end.date()),
            'proration': line.is_proration}

    @api.model
    def _currency(self, code):
        """Also one that is not in use here: the amount is in it all the same."""
        return self.env['res.currency'].sudo().with_context(active_test=False).search([('name', '=', code.upper())], limit=1)

    # -- what changed ---------------------------------------------------------------------------

    def _different(self, values):
        """Those that are not so yet."""
        return {name: value for name, value in values.items() if not self._is_same(name, value)}

    def _is_same(self, name, value):
        field, present = self._fields[name], self[name]
        if field.type == 'many2one':
            return present.id == (value or False)
        if field.type == 'monetary':
            return not self.currency_id.compare_amounts(present, value)
        return (present or False) == (value or False)

    def _effect(self, values):
        labels = dict(self._fields['status']._description_selection(self.env))
        name, status = values['number'] or _('Draft'), labels.get(values['status'], values['status'])
        if not self:
            return _('Invoice %(number)s: %(status)s.', number=name, status=status)
        if self.status != values['status']:
            return _('Invoice %(number)s: %(before)s → %(status)s.', number=name, before=labels[self.status], status=status)
        changed = self._different(values)
        return changed and _('Invoice %(number)s: %(names)s.', number=name, names=', '.join(sorted(changed))) or ''

    def _note_revenue(self):
        """At the rate of the day it was paid, which later rates do not change: it is computed when these amounts change."""
        if self.status != 'paid' or not self.total:
            self.revenue = 0
            return
        net = self.amount_paid * (self.total - self.tax) / self.total
        company, day = self.env.company, (self.paid_at or self.created_at or fields.Datetime.now()).date()
        self.revenue = self.currency_id._convert(net, self.company_currency_id, company, day)
