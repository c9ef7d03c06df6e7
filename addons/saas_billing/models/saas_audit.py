from odoo import fields, models

ACTS = [
    ('extend', 'Extend a subscription'), ('comp', 'Give a subscription for free'), ('pause', 'Pause a subscription'),
    ('unpause', 'End the pause of a subscription'), ('cancel_subscription', 'Cancel a subscription'),
    ('cancel_now', 'Cancel a subscription at once'), ('keep_subscription', 'Withdraw a cancellation'),
    ('change_plan', 'Change the plan'), ('checkout', 'Order a plan'), ('withdraw_order', 'Withdraw an order'),
    ('read_stripe', 'Read again from Stripe'),
    ('replay_event', 'Replay an event'), ('test_stripe', 'Test a Stripe account'),
    ('register_webhook', 'Register a webhook at Stripe'), ('make_current', 'Make a Stripe account the current one'),
    ('forget_secrets', 'Forget old signing secrets'),
]


class SaasAudit(models.Model):
    _inherit = 'saas.audit'

    # an audit line outlives the addon that wrote it
    act = fields.Selection(selection_add=ACTS, ondelete={act: lambda lines: None for act, _label in ACTS})

    def _customer(self, record):
        """Of what is billed, also where its tenant is gone."""
        own = 'partner_id' in record._fields and record._name.startswith(('saas.subscription', 'saas.billing', 'saas.checkout'))
        return record.partner_id if own else super()._customer(record)
