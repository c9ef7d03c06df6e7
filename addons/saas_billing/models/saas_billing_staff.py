"""What staff do by buttons of lists and dialogues; the acts themselves are the records'."""
from odoo import _, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.saas_master.const import STAFF
from odoo.addons.saas_master.step_up import step_up

SHOWN_REFUSALS = 10


def act_on_each(records, act, title):
    """Do ``act`` to each record by itself and say for how many it was done, and for which not and why."""
    refusals = []
    for record in records:
        try:
            with record.env.cr.savepoint():
                act(record)
        except AccessError:
            raise
        except UserError as refusal:
            name, text = record.display_name, str(refusal)
            refusals.append(text if name in text else f'{name}: {text}')
    done = len(records) - len(refusals)
    lines = [_('Done for %(done)s of %(all)s.', done=done, all=len(records)), *refusals[:SHOWN_REFUSALS]]
    if len(refusals) > SHOWN_REFUSALS:
        lines.append(_('… and %s more.', len(refusals) - SHOWN_REFUSALS))
    kind = 'success' if not refusals else 'warning' if done else 'danger'
    return {'type': 'ir.actions.client', 'tag': 'display_notification', 'params': {
        'type': kind, 'sticky': bool(refusals), 'message': ' '.join(lines), 'title': title,
        'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}}}


def dialogue(env, name, model, **defaults):
    return {'type': 'ir.actions.act_window', 'name': name, 'res_model': model, 'view_mode': 'form',
            'views': [(False, 'form')], 'target': 'new',
            'context': {f'default_{field}': value for field, value in defaults.items()}}


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    def action_mass_sync(self):
        """Read these again from Stripe, one by one."""
        self._require_staff()
        return act_on_each(self, lambda subscription: subscription.action_sync(), _('Subscriptions'))

    def action_extend(self):
        return self._ask_staff('extend', _('Extend'))

    def action_comp(self):
        return self._ask_staff('comp', _('Give for Free'))

    def action_cancel_now(self):
        return self._ask_staff('cancel', _('Cancel at Once'))

    def _ask_staff(self, kind, title):
        return dialogue(self.env, title, 'saas.subscription.act', kind=kind, subscription_ids=[(6, 0, self.ids)])

    def _require_staff(self):
        if not self.env.user.has_group(STAFF):
            raise AccessError(_('This is for staff of the SaaS control plane.'))


class SaasBillingEvent(models.Model):
    _inherit = 'saas.billing.event'

    def action_mass_replay(self):
        return act_on_each(self, lambda event: event.action_replay(), _('Events'))


class SaasStripeAccount(models.Model):
    _inherit = 'saas.stripe.account'

    @step_up('secret')
    def action_change_secrets(self):
        """The view for it: saas_billing.saas_stripe_account_view_form_secrets."""
        self.ensure_one()
        view = self.env.ref('saas_billing.saas_stripe_account_view_form_secrets')
        return {'type': 'ir.actions.act_window', 'name': _('Enter Key and Signing Secret'), 'res_model': self._name,
                'res_id': self.id, 'views': [(view.id, 'form')], 'target': 'new'}
