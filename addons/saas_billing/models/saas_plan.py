from odoo import api, fields, models

from ..const import PAYMENTS


class SaasPlan(models.Model):
    _inherit = 'saas.plan'

    payment = fields.Selection(PAYMENTS, required=True, default='none')
    price_ids = fields.One2many('saas.plan.price', 'plan_id', 'Prices')
    allow_promotion_codes = fields.Boolean('Promotion Codes')

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create(vals_list)
        self.env['saas.stripe.price']._mirror_soon()
        return plans

    def write(self, vals):
        result = super().write(vals)
        if {'payment', 'active', 'name'} & vals.keys():
            self.env['saas.stripe.price']._mirror_soon()
        return result

    def _is_paid(self):
        """Whether a tenant of it needs a subscription at Stripe."""
        self.ensure_one()
        return self.payment != 'none'

    def _has_trial(self):
        self.ensure_one()
        return self.payment in ('trial', 'trial_card') and self.trial_days > 0

    def _offers(self):
        """What can be ordered of these plans now: prices that the current account has at Stripe."""
        paid = self.filtered(lambda plan: plan.payment != 'none' and plan.active)
        account = self.env['saas.stripe.account']._current()
        mirrors = self.env['saas.stripe.price'].sudo().search([
            ('account_id', '=', account.id), ('plan_id', 'in', paid.ids), ('kind', '=', 'plan'), ('active', '=', True),
            ('stripe_id', '!=', False)]).filtered(lambda mirror: mirror.unit_amount == mirror.price_id._units('plan'))
        return mirrors.price_id.filtered('active').sorted(
            lambda price: (price.plan_id.sequence, price.plan_id.id, price.currency_id.id, price.interval, price.id))

    def _offer(self, interval='', currency=''):
        """The one a visitor has chosen, by interval and code of the currency; without a choice, monthly in the plan's own.

        Empty where that very one is not for sale.
        """
        self.ensure_one()
        offers = self._offers()
        offers = offers.filtered(lambda price: interval in ('', price.interval) and currency in ('', price.currency_id.name))
        return offers.sorted(lambda price: (price.currency_id != self.currency_id, price.interval != 'month', price.id))[:1]
