"""What of a subscription waits for a person of our staff."""
from odoo import _, models

from .saas_billing_event_failure import ACTIVITY


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    def _plan_owner(self, tenant, other):
        """Whose it is: nothing to do where that is clear."""
        if other:
            self._plan_billing_attention(_('A second subscription of one tenant'), _(
                '%(tenant)s has a living subscription already, and this one is paid for as well. Find out which is wanted, '
                'cancel the other one at Stripe, and give the money back.', tenant=tenant.name))
        elif not tenant:
            self._plan_billing_attention(_('A subscription of no tenant'), _(
                'It is paid for at Stripe, but nothing here belongs to it. Find out what it is, then cancel it at Stripe.'))

    def _close_owner(self):
        """It has a tenant by now."""
        if self.activity_ids:
            self.activity_search([ACTIVITY]).action_feedback(feedback=_('Settled.'))

    def _plan_billing_attention(self, summary, note):
        """A further one of the same kind only renews what it says."""
        for subscription in self.sudo():
            planned = subscription.activity_search([ACTIVITY]).filtered(
                lambda activity, s=summary: activity.summary == s)[:1]
            if planned:
                planned.note = note
            else:
                user = self.env['saas.tenant']._attention_user()
                subscription.activity_schedule(ACTIVITY, summary=summary, note=note, user_id=user.id)
