from psycopg2.errors import UniqueViolation

from odoo import api, fields, models

from odoo.addons.saas_master import visitor

from ..const import INTERVALS
from .saas_checkout import GIVEN_UP, WAITING


class SaasSignup(models.Model):
    """The order of a plan that is paid for: confirmed it holds its name and waits for Stripe's word.

    What is sold, at which price, is decided when the form is sent and looked at again when it is confirmed and when the
    payment page is made: the visitor always sees the price he pays before he pays it.
    """

    _inherit = 'saas.signup'

    price_id = fields.Many2one('saas.plan.price', readonly=True, ondelete='set null')
    interval = fields.Selection(INTERVALS, readonly=True)
    checkout_ids = fields.One2many('saas.checkout', 'signup_id')

    # -- the form -------------------------------------------------------------------------------

    @api.model
    def _plans(self):
        """A plan that is paid for but cannot be paid now is not on offer."""
        plans = super()._plans()
        sold = plans._offers().plan_id
        return plans.filtered(lambda plan: not plan._is_paid() or plan in sold)

    @api.model
    def _check_form(self, form):
        values, errors = super()._check_form(form)
        plan = self.env['saas.plan'].sudo().browse(values['plan_id'])
        if plan and plan._is_paid():
            offer = plan._offer(visitor.clean(form.get('interval')), visitor.clean(form.get('currency')).upper())
            if not offer:
                errors['interval'] = self.env['saas.checkout']._not_offered()
            values = {**values, 'price_id': offer.id, 'interval': offer.interval}
        return values, errors

    # -- confirmation ---------------------------------------------------------------------------

    def _confirm(self, name=''):
        """The same, unless the plan is no more sold as it was ordered: ('not_offered', message)."""
        if self.state == 'pending' and not self._is_expired() and self.plan_id._is_paid() and not self._renew_offer():
            return 'not_offered', self.env['saas.checkout']._not_offered()
        return super()._confirm(name)

    def _renew_offer(self):
        """The price that was chosen, or the one in its place; none if the plan is not sold like that any more."""
        chosen = self.price_id
        if chosen not in self.plan_id._offers():
            self.price_id = self.plan_id._offer(self.interval or '', chosen.currency_id.name or '')
        return self.price_id

    def _begin(self, tenant):
        """Who has to pay first is not provisioned: that follows on Stripe's word."""
        if not self.plan_id._is_paid():
            return super()._begin(tenant)
        self.env['saas.checkout']._order_plan(tenant, self.price_id, self)
        return None

    def _checkout(self):
        """The latest order of this sign-up; of its twin where the form was sent twice."""
        self.ensure_one()
        return self.env['saas.checkout'].sudo().search(
            ['|', ('signup_id', '=', self.id), '&', ('tenant_id', '=', self.tenant_id.id), ('tenant_id', '!=', False)], limit=1)

    def _waits_for_payment(self):
        """The order whose payment is awaited from the visitor."""
        checkout = self._checkout()
        return checkout if checkout.state in WAITING and checkout.state != 'processing' else checkout.browse()

    def _after_confirm(self, token):
        return f'/saas/pay/{token}' if self._waits_for_payment() else super()._after_confirm(token)

    def _order_again(self):
        """An order that was given up, once more with the same name; False, or (code, message) why that cannot be."""
        self.ensure_one()
        self.env.cr.execute('SELECT id FROM saas_signup WHERE id = %s FOR UPDATE NOWAIT', [self.id], log_exceptions=False)
        self.invalidate_recordset()
        if self.state != 'confirmed' or self.tenant_id or self._checkout().state not in GIVEN_UP or self._checkout().surplus:
            return False
        if not self._renew_offer():
            return 'not_offered', self.env['saas.checkout']._not_offered()
        problem = self.env['saas.tenant']._name_problem(self.name)
        if problem:
            return problem
        try:
            with self.env.cr.savepoint():
                self.tenant_id = self._create_tenant(self.name, self.partner_id)
        except UniqueViolation:
            return 'taken', self.env['saas.tenant']._name_message('taken')
        return False

    # -- progress -------------------------------------------------------------------------------

    def _status(self):
        """Phases of its own: payment, processing (Stripe or a bank has not answered yet), abandoned."""
        status, checkout = super()._status(), self._checkout()
        if not checkout or self.tenant_id.state not in (False, 'draft'):
            return status
        if checkout.state in GIVEN_UP:
            return {**status, 'phase': 'abandoned'}
        if not self.tenant_id:
            return status
        return {**status, 'phase': 'processing' if checkout.state in ('processing', 'complete') else 'payment'}
