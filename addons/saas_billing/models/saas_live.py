"""Subscriptions that move on staff's screens: by Stripe's word and by the clock, which no operation tells of."""
from odoo import api, models

SHOWN = {'status', 'entitlement', 'amount', 'cancel_at', 'next_from', 'extended_until', 'comp_until', 'is_paused', 'plan_id'}


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    @api.model_create_multi
    def create(self, vals_list):
        subscriptions = super().create(vals_list)
        subscriptions._tell_moved()
        return subscriptions

    def write(self, vals):
        result = super().write(vals)
        if SHOWN.intersection(vals):
            self._tell_moved()
        return result

    def _tell_moved(self):
        """One notice for all of them, of numbers only."""
        if self:
            self.env['saas.live']._send({'operation': False, 'subscription': self.ids})
