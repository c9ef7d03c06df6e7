"""What staff read of invoices and events instead of Stripe's codes."""
from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.tools import format_date

LINE = Markup('<tr><td>%s<small class="d-block text-muted">%s</small></td>'
              '<td class="text-end">%s</td><td class="text-end">%s</td></tr>')
TABLE = Markup('<table class="table table-sm"><thead><tr><th>%s</th><th class="text-end">%s</th><th class="text-end">%s</th></tr>'
               '</thead><tbody>%s</tbody></table>')


class SaasBillingInvoice(models.Model):
    _inherit = 'saas.billing.invoice'

    reason_words = fields.Char('What for', compute='_compute_reason_words')
    is_sandbox = fields.Boolean(compute='_compute_is_sandbox', compute_sudo=True)
    line_list = fields.Html('What it is made of', compute='_compute_line_list', sanitize=False)

    @api.depends('billing_reason')
    @api.depends_context('lang')
    def _compute_reason_words(self):
        words = {
            'subscription_create': _('First payment'), 'subscription_cycle': _('Next period'),
            'subscription_update': _('Change of plan'), 'subscription_threshold': _('Usage'), 'manual': _('Made by hand'),
            'subscription': _('Subscription'), 'upcoming': _('Coming period')}
        for invoice in self:
            invoice.reason_words = words.get(invoice.billing_reason, invoice.billing_reason)

    @api.depends('account_id.mode')
    def _compute_is_sandbox(self):
        for invoice in self:
            invoice.is_sandbox = invoice.account_id.mode == 'sandbox'

    @api.depends('lines', 'currency_id')
    @api.depends_context('lang')
    def _compute_line_list(self):
        for invoice in self:
            rows = Markup().join(
                LINE % (line.get('text') or '', invoice._line_period(line), line.get('quantity') or '',
                        invoice.currency_id.format(line.get('amount') or 0)) for line in invoice.lines or ())
            invoice.line_list = rows and TABLE % (_('What for'), _('Quantity'), _('Amount'), rows)

    def _line_period(self, line):
        return ' – '.join(format_date(self.env, line[end]) for end in ('from', 'to') if line.get(end))


class SaasBillingEvent(models.Model):
    _inherit = 'saas.billing.event'

    what = fields.Char('What happened', compute='_compute_what')

    @api.depends('type')
    @api.depends_context('lang')
    def _compute_what(self):
        words = self._type_words()
        for event in self:
            event.what = words.get(event.type, event.type)

    @api.model
    def _type_words(self):
        return {
            'checkout.session.completed': _('Payment page completed'), 'checkout.session.expired': _('Payment page expired'),
            'checkout.session.async_payment_succeeded': _('Payment arrived'),
            'checkout.session.async_payment_failed': _('Payment did not arrive'),
            'customer.updated': _('Customer or card changed'),
            'customer.subscription.created': _('Subscription begun'), 'customer.subscription.updated': _('Subscription changed'),
            'customer.subscription.deleted': _('Subscription ended'), 'customer.subscription.paused': _('Subscription paused'),
            'customer.subscription.resumed': _('Subscription resumed'),
            'customer.subscription.trial_will_end': _('Trial ends soon'),
            'customer.subscription.pending_update_applied': _('Change applied'),
            'customer.subscription.pending_update_expired': _('Change expired unpaid'),
            'invoice.created': _('Invoice drafted'), 'invoice.updated': _('Invoice changed'),
            'invoice.finalized': _('Invoice issued'), 'invoice.paid': _('Invoice paid'),
            'invoice.payment_failed': _('Payment failed'), 'invoice.payment_action_required': _('Payment needs the customer'),
            'invoice.voided': _('Invoice voided'), 'invoice.marked_uncollectible': _('Invoice given up'),
            'invoice.upcoming': _('Invoice comes soon'),
        }


class SaasPlanPrice(models.Model):
    _inherit = 'saas.plan.price'

    mirror_words = fields.Char('At Stripe', compute='_compute_mirror_words')

    @api.depends('active', 'mirror_ids.stripe_id', 'mirror_ids.active', 'mirror_ids.error',
                 'mirror_ids.account_id.is_current')
    @api.depends_context('lang')
    def _compute_mirror_words(self):
        for price in self:
            mirrors = price.mirror_ids.filtered(lambda mirror: mirror.active and mirror.account_id.is_current)
            price.mirror_words = (
                _('Not sold any more') if not price.active else _('Not yet') if not mirrors
                else _('Refused: %s', next(filter(None, mirrors.mapped('error')))) if any(mirrors.mapped('error'))
                else _('Being made') if not all(mirrors.mapped('stripe_id')) else _('Sold'))
