from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.saas_master.const import MANAGER

from ..models.saas_billing_staff import act_on_each

MOST_DAYS = 366
PREVIEW = 5


class SaasSubscriptionAct(models.TransientModel):
    """Asks how long, until when or why, for one subscription or for many."""

    _name = 'saas.subscription.act'
    _description = 'Act on Subscriptions'

    kind = fields.Selection([('extend', 'Extend'), ('comp', 'Give for free'), ('cancel', 'Cancel at once')], required=True)
    subscription_ids = fields.Many2many('saas.subscription', required=True)
    names = fields.Char(compute='_compute_names')
    days = fields.Integer(default=7)
    until = fields.Date(default=lambda self: fields.Date.context_today(self) + timedelta(days=30))
    reason = fields.Char()

    @api.depends('subscription_ids')
    def _compute_names(self):
        for wizard in self:
            names = wizard.subscription_ids.mapped('display_name')
            more = len(names) - PREVIEW
            wizard.names = ', '.join(names[:PREVIEW]) + (_(' and %s more', more) if more > 0 else '')

    def action_confirm(self):
        self.ensure_one()
        if not self.env.user.has_group(MANAGER):
            raise AccessError(_('Only managers change subscriptions.'))
        if self.kind == 'cancel' and (question := self.env['saas.step.up']._ask('delete', self, 'action_confirm')):
            return question
        act = {'extend': self._extend, 'comp': self._comp, 'cancel': self._cancel}[self.kind]()
        return self._do(act)

    def _do(self, act):
        """One by itself says at once what hinders it; many say it together."""
        subscriptions = self.subscription_ids
        if len(subscriptions) != 1:
            return act_on_each(subscriptions, act, _('Subscriptions'))
        act(subscriptions)
        return {'type': 'ir.actions.act_window_close'}

    def _extend(self):
        if not 0 < self.days <= MOST_DAYS:
            raise UserError(_('Extend by 1 to %s days.', MOST_DAYS))
        return lambda subscription: subscription._extend(self.days)

    def _comp(self):
        if not self.until or self.until <= fields.Date.context_today(self):
            raise UserError(_('Choose a day in the future.'))
        moment = fields.Datetime.to_datetime(self.until)
        return lambda subscription: subscription._comp(moment)

    def _cancel(self):
        reason = (self.reason or '').strip()
        if not reason:
            raise UserError(_('Say why: the reason stays with the subscription.'))
        return lambda subscription: subscription._cancel_now(reason)
