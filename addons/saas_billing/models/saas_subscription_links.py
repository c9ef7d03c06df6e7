"""From a customer, a tenant, an account or a subscription to what belongs to it."""
from odoo import _, fields, models

from odoo.addons.saas_master.const import STAFF


def listed(name, model, domain, views='list,form'):
    return {'type': 'ir.actions.act_window', 'name': name, 'res_model': model, 'view_mode': views, 'domain': domain}


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    invoice_count = fields.Integer(compute='_compute_counts')
    event_count = fields.Integer(compute='_compute_counts')

    def _compute_counts(self):
        for name, model in (('invoice_count', 'saas.billing.invoice'), ('event_count', 'saas.billing.event')):
            counts = dict(self.env[model]._read_group(
                [('subscription_id', 'in', self.ids)], ['subscription_id'], ['__count']))
            for subscription in self:
                subscription[name] = counts.get(subscription, 0)

    def action_view_invoices(self):
        return listed(_('Invoices'), 'saas.billing.invoice', [('subscription_id', 'in', self.ids)])

    def action_view_events(self):
        return listed(_('Events'), 'saas.billing.event', [('subscription_id', 'in', self.ids)])

    def action_view_tenant(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'res_model': 'saas.tenant', 'res_id': self.tenant_id.id,
                'views': [(False, 'form')]}

    def action_view_audit(self):
        return self.env['saas.audit']._action_of(self)


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    subscription_status = fields.Selection(related='subscription_id.status', string='Payment')
    billing_words = fields.Char('At Stripe', related='subscription_id.stripe_words', related_sudo=True)
    billing_next_steps = fields.Html('What happens next', related='subscription_id.next_steps')
    billing_invoice_ids = fields.One2many('saas.billing.invoice', 'tenant_id', groups=STAFF)

    def action_view_subscription(self):
        """The living one or the latest; all of them where there were several."""
        self.ensure_one()
        subscriptions = self.subscription_ids
        if len(subscriptions) > 1:
            return listed(_('Subscriptions'), 'saas.subscription', [('tenant_id', '=', self.id)], 'list,kanban,form')
        return {'type': 'ir.actions.act_window', 'res_model': 'saas.subscription', 'res_id': self.subscription_id.id,
                'views': [(False, 'form')]}


class ResPartner(models.Model):
    _inherit = 'res.partner'

    saas_subscription_ids = fields.One2many('saas.subscription', 'partner_id', 'Subscriptions', groups=STAFF)
    saas_subscription_count = fields.Integer(compute='_compute_saas_subscription_count', groups=STAFF)

    def _compute_saas_subscription_count(self):
        counts = dict(self.env['saas.subscription'].sudo()._read_group(
            [('partner_id', 'in', self.commercial_partner_id.ids)], ['partner_id'], ['__count']))
        for partner in self:
            partner.saas_subscription_count = counts.get(partner.commercial_partner_id, 0)

    def action_view_saas_subscriptions(self):
        return listed(_('Subscriptions'), 'saas.subscription',
                      [('partner_id', 'in', self.commercial_partner_id.ids)], 'list,kanban,form')


class SaasStripeAccount(models.Model):
    _inherit = 'saas.stripe.account'

    subscription_count = fields.Integer(compute='_compute_subscription_count')
    webhook_address = fields.Char(compute='_compute_webhook_address', help='Where Stripe has to tell what happens.')

    def _compute_webhook_address(self):
        self.webhook_address = self._webhook_url()

    def _compute_subscription_count(self):
        counts = dict(self.env['saas.subscription']._read_group(
            [('account_id', 'in', self.ids)], ['account_id'], ['__count']))
        for account in self:
            account.subscription_count = counts.get(account, 0)

    def action_view_subscriptions(self):
        self.ensure_one()
        return listed(_('Subscriptions'), 'saas.subscription', [('account_id', '=', self.id)], 'list,kanban,form')

    def action_view_audit(self):
        return self.env['saas.audit']._action_of(self)
