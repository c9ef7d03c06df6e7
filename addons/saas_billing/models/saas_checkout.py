import secrets

from psycopg2.errors import UniqueViolation

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.const import NO_ACCESS
from odoo.addons.saas_master.series import Constraint, UniqueIndex

from ..const import ENDED

WAITING = ('new', 'open', 'processing')      # a tenant has one of these at most
GIVEN_UP = ('expired', 'abandoned')


class SaasCheckout(models.Model):
    """An order that waits for Stripe to say it is paid. Whatever the browser does, only Stripe's word opens the tenant."""

    _name = 'saas.checkout'
    _description = 'Checkout'
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'id desc'
    _rec_name = 'key'

    key = fields.Char(required=True, readonly=True, copy=False, default=lambda self: secrets.token_hex(16),
                      help='Stripe gets it as client_reference_id.')
    account_id = fields.Many2one('saas.stripe.account', required=True, readonly=True, ondelete='restrict')
    tenant_id = fields.Many2one('saas.tenant', readonly=True, index=True, ondelete='set null')
    tenant_name = fields.Char(readonly=True, help='Kept when the tenant is gone.')
    partner_id = fields.Many2one('res.partner', 'Customer', required=True, readonly=True, index=True, ondelete='cascade')
    signup_id = fields.Many2one('saas.signup', readonly=True, index=True, ondelete='set null')
    price_id = fields.Many2one('saas.plan.price', required=True, readonly=True, ondelete='restrict')
    plan_id = fields.Many2one(related='price_id.plan_id', store=True)
    with_trial = fields.Boolean(readonly=True)
    state = fields.Selection([
        ('new', 'Not begun'), ('open', 'Payment page open'), ('processing', 'Payment under way'), ('complete', 'Complete'),
        ('expired', 'Expired unpaid'), ('abandoned', 'Abandoned')], required=True, readonly=True, default='new', index=True)
    attempt = fields.Integer(readonly=True, help='Payment pages made so far.')
    session = fields.Char('Checkout Session', readonly=True, copy=False, help='Stripe\'s id of the latest payment page.')
    page_open = fields.Boolean(readonly=True, copy=False, help='Somebody may pay on the latest page yet.')
    stripe_price_id = fields.Many2one('saas.stripe.price', 'Price on that Page', readonly=True, copy=False, ondelete='restrict')
    page_trial = fields.Boolean('Trial on that Page', readonly=True, copy=False)
    url = fields.Char(readonly=True, groups=NO_ACCESS, copy=False)
    expires_at = fields.Datetime(readonly=True, copy=False)
    completed_at = fields.Datetime(readonly=True, copy=False)
    subscription_id = fields.Many2one('saas.subscription', readonly=True, ondelete='set null')
    surplus = fields.Char('Subscription too many', readonly=True, copy=False,
                          help='Paid for, but there is nothing it could be for: it is cancelled at Stripe.')
    surplus_cancelled = fields.Boolean(readonly=True, copy=False)

    _key_uniq = Constraint('UNIQUE (key)', 'Two checkouts cannot have the same key.')
    _session_uniq = UniqueIndex('(account_id, session) WHERE session IS NOT NULL', 'This payment page is known already.')
    _waiting_uniq = UniqueIndex("(tenant_id) WHERE state IN ('new', 'open', 'processing')",
                                'An order of this tenant waits for its payment already.')

    # -- ordering -------------------------------------------------------------------------------

    @api.model
    def _order_plan(self, tenant, price, signup=None):
        """The order of ``price`` for ``tenant`` that waits for its payment: a new one, or the one there is, changed.

        Raises UserError, with what to do, where it cannot be ordered. Nothing outside is asked.
        """
        tenant, account = tenant.sudo(), self.env['saas.stripe.account']._current()
        self._check_order(tenant, price)
        waiting = self._waiting(tenant)
        if waiting.state == 'processing':
            raise UserError(_('A payment for %s is under way. Wait until your bank has answered.', tenant.name))
        values = {'price_id': price.id, 'with_trial': self._with_trial(tenant.partner_id, price.plan_id)}
        if waiting:
            waiting.write(values)
            return waiting
        values.update({'account_id': account.id, 'tenant_id': tenant.id, 'tenant_name': tenant.name,
                       'partner_id': tenant.partner_id.id, 'signup_id': signup and signup.id})
        try:
            with self.env.cr.savepoint():
                checkout = self.sudo().create(values)
                self.flush_model()
        except UniqueViolation as error:
            raise UserError(_('Somebody else orders for %s at this very moment. Look again.', tenant.name)) from error
        return checkout

    def _check_order(self, tenant, price):
        if price not in price.plan_id._offers():
            raise UserError(self._not_offered())
        if not tenant.partner_id:
            raise UserError(_('%s belongs to no customer who could pay for it.', tenant.name))
        if tenant.state in ('deleting', 'deleted'):
            raise UserError(_('%s is deleted. Order a new one.', tenant.name))
        if self._living(tenant):
            raise UserError(_('%s has a subscription already. Change its plan instead.', tenant.name))

    @api.model
    def _not_offered(self):
        return _('This plan is not for sale at this price any more. Choose another one.')

    @api.model
    def _waiting(self, tenant):
        return self.sudo().search([('tenant_id', '=', tenant.id), ('state', 'in', WAITING)], limit=1)

    @api.model
    def _living(self, tenant):
        """The subscription that this tenant is paid for by."""
        return self.env['saas.subscription'].sudo().search(
            [('tenant_id', '=', tenant.id), ('status', 'not in', ENDED)], limit=1)

    @api.model
    def _with_trial(self, partner, plan):
        """A customer has one trial, whatever he orders how often."""
        if not plan._has_trial():
            return False
        partner = partner.commercial_partner_id
        return not (self.env['saas.subscription'].sudo().search_count(
            [('partner_id', '=', partner.id), ('trial_end', '!=', False)], limit=1)
            or self.sudo().search_count(
                [('partner_id', '=', partner.id), ('with_trial', '=', True), ('state', '=', 'complete')], limit=1))
