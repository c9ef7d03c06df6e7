from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.saas_master.series import Constraint, UniqueIndex

from ..const import INTERVALS
from ..drivers import money

WHAT = ('plan_id', 'currency_id', 'interval')
AMOUNTS = {'plan': 'amount', 'user': 'user_amount', 'domain': 'domain_amount'}      # by kind of the price at Stripe
MOST_UNITS = 99_999_999                                                            # Stripe's limit of one price


class SaasPlanPrice(models.Model):
    """What a plan costs per month or year in one currency. Its mirrors at Stripe are ``saas.stripe.price``."""

    _name = 'saas.plan.price'
    _description = 'Price of a Plan'
    _inherit = 'saas.audited'
    _order = 'plan_id, currency_id, interval, id'

    plan_id = fields.Many2one('saas.plan', required=True, index=True, ondelete='cascade')
    currency_id = fields.Many2one('res.currency', required=True, ondelete='restrict',
                                  default=lambda self: self.env.company.currency_id)
    interval = fields.Selection(INTERVALS, required=True, default='month')
    amount = fields.Monetary(required=True)
    user_amount = fields.Monetary('Per User', help='For each user beyond those the plan includes; 0: none are sold.')
    domain_amount = fields.Monetary('Per Extra Domain', help='For each domain beyond those the plan includes; 0: none are sold.')
    active = fields.Boolean(default=True)
    mirror_ids = fields.One2many('saas.stripe.price', 'price_id')

    _one_uniq = UniqueIndex('(plan_id, currency_id, interval) WHERE active', 'The plan has such a price already.')
    _amounts_positive = Constraint(
        'CHECK (amount >= 0 AND user_amount >= 0 AND domain_amount >= 0)', 'Prices cannot be negative.')

    @api.depends('plan_id', 'amount', 'currency_id', 'interval')
    @api.depends_context('lang')
    def _compute_display_name(self):
        for price in self:
            price.display_name = _('%(plan)s, %(amount)s a month', plan=price.plan_id.name, amount=price._told()) \
                if price.interval == 'month' else _('%(plan)s, %(amount)s a year', plan=price.plan_id.name, amount=price._told())

    @api.constrains('amount', 'user_amount', 'domain_amount', 'currency_id')
    def _check_amounts(self):
        for price in self:
            if any(price._units(kind) > MOST_UNITS for kind in AMOUNTS):
                raise ValidationError(_('Stripe takes prices up to 999,999.99 only.'))

    @api.model_create_multi
    def create(self, vals_list):
        self.flush_model()      # one that is archived in the same breath makes room first
        prices = super().create(vals_list)
        self.env['saas.stripe.price']._mirror_soon()
        return prices

    def write(self, vals):
        """A price that was sold keeps its plan, currency and interval: what has it refers to it."""
        if any(name in vals and price[name] != price._fields[name].convert_to_record(
                price._fields[name].convert_to_cache(vals[name], price), price) for price in self.filtered('mirror_ids')
                for name in WHAT):
            raise UserError(_(
                'Plan, currency and interval of a price that is sold do not change. Archive it and add another one.'))
        result = super().write(vals)
        self.env['saas.stripe.price']._mirror_soon()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_unsold(self):
        if self.sudo().mirror_ids.filtered('stripe_id') or self.env['saas.checkout'].sudo().search_count(
                [('price_id', 'in', self.ids)], limit=1):
            raise UserError(_('This price was sold already. Archive it instead.'))
        self.sudo().with_context(active_test=False).mirror_ids.unlink()

    def _told(self):
        self.ensure_one()
        return self.currency_id.format(self.amount) if self.currency_id else ''

    def _units(self, kind):
        """In the smallest unit of the currency, as Stripe has it."""
        self.ensure_one()
        return money.to_units(self[AMOUNTS[kind]], self.currency_id.name)

    def _sold_kinds(self):
        """What is to be at Stripe for it; nothing while the plan is not sold by Stripe."""
        self.ensure_one()
        if not (self.active and self.plan_id.active and self.plan_id.payment != 'none'):
            return ()
        return tuple(kind for kind, field in AMOUNTS.items() if kind == 'plan' or self[field])

    def _mirror(self, account, kind='plan'):
        """Its ``saas.stripe.price`` that is sold at ``account``; empty while it is not made there yet, also for a moment
        after the amount was changed: nobody pays another amount than he was shown."""
        self.ensure_one()
        return self.env['saas.stripe.price'].sudo().search([
            ('account_id', '=', account.id), ('price_id', '=', self.id), ('kind', '=', kind), ('active', '=', True),
            ('stripe_id', '!=', False), ('unit_amount', '=', self._units(kind))], limit=1)
