from psycopg2.errors import UniqueViolation

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.series import Constraint

from .saas_stripe_price_mirror import order_key


class SaasStripeCustomer(models.Model):
    """Who of Stripe's customers is which of ours: one for each account and commercial partner."""

    _name = 'saas.stripe.customer'
    _description = 'Customer at Stripe'
    _rec_name = 'stripe_id'

    account_id = fields.Many2one('saas.stripe.account', required=True, readonly=True, ondelete='cascade')
    partner_id = fields.Many2one('res.partner', 'Customer', required=True, readonly=True, index=True, ondelete='cascade')
    stripe_id = fields.Char('Stripe ID', required=True, readonly=True)

    _partner_uniq = Constraint('UNIQUE (account_id, partner_id)', 'This customer is known at Stripe already.')
    _stripe_uniq = Constraint('UNIQUE (account_id, stripe_id)', 'Another customer has this ID already.')

    @api.model
    def _of(self, account, partner):
        """Stripe's id of this customer; '' while there is none."""
        return self.sudo().search([('account_id', '=', account.id), ('partner_id', '=', partner.commercial_partner_id.id)],
                                  limit=1).stripe_id or ''

    @api.model
    def _ensure(self, client, account, partner, email='', lang='', lost=''):
        """Stripe's id of this customer, who is made there if need be. An outside call.

        ``lost``: the id that Stripe does not know any more, since somebody deleted it there.
        """
        partner = partner.commercial_partner_id
        known = self._of(account, partner)
        if known and known != lost:
            return known
        self.sudo().search([('account_id', '=', account.id), ('stripe_id', '=', lost)]).unlink()
        values = {'name': partner.name or '', 'email': email or partner.email or '', 'locale': lang or partner.lang or '',
                  'metadata': {**self.env['saas.stripe.price']._marks(), 'saas_partner': str(partner.id)}}
        stripe_id = client.make_customer(order_key('customer', values, lost), **values)
        try:
            with self.env.cr.savepoint():
                self.sudo().create({'account_id': account.id, 'partner_id': partner.id, 'stripe_id': stripe_id})
                self.flush_model()
        except UniqueViolation as error:
            raise UserError(_('Somebody of your company orders at this very moment. Try again.')) from error
        return stripe_id
