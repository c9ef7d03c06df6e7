"""What staff do with a subscription. Asked by buttons and dialogues, which know who may; here is what it means."""
from datetime import timedelta

from odoo import _, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.saas_master.const import MANAGER, STAFF

from ..const import ENDED

DASHBOARD = 'https://dashboard.stripe.com'
EXTENDABLE = ('trialing', 'past_due', 'unpaid', 'paused', 'canceled')
INVOICES = 24           # read again with a subscription


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    cancelled_with_tenant = fields.Boolean(readonly=True, copy=False, help='Cancelled since the deletion of its tenant was asked '
                                           'for: withdrawing that withdraws this.')

    def _check_manager(self):
        self.check_access('read')
        if not self.env.user.has_group(MANAGER):
            raise AccessError(_('Only managers change subscriptions.'))

    def _noted(self, act, detail=''):
        self.env['saas.audit']._note(act, self, detail)
        return self.sudo()

    # -- open, free, closed ---------------------------------------------------------------------

    def _extend(self, days):
        """Open for so many days more, paid or not; a trial is made longer at Stripe, so that it does not collect before."""
        self._check_manager()
        for subscription in self._noted('extend', str(days)):
            if subscription.status not in EXTENDABLE:
                raise UserError(_('It is not about to be closed, so there is nothing to extend. Give it for free instead.'))
            if subscription.status == 'trialing':
                subscription._extend_trial(days)
                continue
            begin = max(filter(None, (subscription.extended_until, subscription.entitled_until, fields.Datetime.now())))
            subscription.extended_until = begin + timedelta(days=days)
            subscription._follow()

    def _extend_trial(self, days):
        end = max(self.trial_end or fields.Datetime.now(), fields.Datetime.now()) + timedelta(days=days)
        stripe_id = self.stripe_id
        self._note_stripe(self._ask_alone(lambda api: api.set_trial_end(stripe_id, end)))

    def _comp(self, until):
        """Open and free until that moment; None ends it. Stripe voids the invoices of that time."""
        self._check_manager()
        if until and until <= fields.Datetime.now():
            raise UserError(_('Choose a day in the future.'))
        for subscription in self._noted('comp', str(until or '')):
            subscription.comp_until = until or False
            subscription._collect_as_staff_say()

    def _pause(self):
        """Close it, with nothing collected meanwhile."""
        self._check_manager()
        if any(subscription.status in ENDED for subscription in self.sudo()):
            raise UserError(_('It has ended already.'))
        for subscription in self._noted('pause'):
            subscription.is_paused = True
            subscription._collect_as_staff_say()

    def _unpause(self):
        self._check_manager()
        for subscription in self._noted('unpause'):
            subscription.is_paused = False
            subscription._collect_as_staff_say()

    def _collect_as_staff_say(self):
        """Stripe collects, or not and until when, as the pause and the free time say; the tenant follows."""
        now, stripe_id = fields.Datetime.now(), self.stripe_id
        free = self.comp_until if self.comp_until and self.comp_until > now else None
        if self.status in ENDED:
            self._follow()
        elif self.is_paused or free:
            until = None if self.is_paused else free
            self._note_stripe(self._ask_alone(lambda api: api.pause_collection(stripe_id, until)))
        else:
            self._note_stripe(self._ask_alone(lambda api: api.resume_collection(stripe_id)))

    def action_pause(self):
        self._pause()
        return True

    def action_unpause(self):
        self._unpause()
        return True

    def action_end_comp(self):
        self._comp(None)
        return True

    # -- the end --------------------------------------------------------------------------------

    def _cancel_now(self, reason=''):
        """It ends at once; what is paid is not given back (``action_refund_link``)."""
        self._check_manager()
        for subscription in self._noted('cancel_now', reason):
            if subscription.status not in ENDED:
                subscription._cancel('other', reason, at_once=True)

    def _cancel_at_end(self, reason=''):
        self._check_manager()
        for subscription in self._noted('cancel_subscription', reason):
            subscription._cancel('other', reason)

    def action_keep(self):
        """Withdraw the planned cancellation."""
        self._check_manager()
        for subscription in self.sudo().filtered('cancel_at'):
            subscription._keep()
        self._noted('keep_subscription')
        return True

    # -- Stripe ---------------------------------------------------------------------------------

    def action_sync(self):
        """Read it and its invoices again from Stripe, now."""
        self._check_staff()
        for subscription in self._noted('read_stripe'):
            account, stripe_id = subscription.account_id, subscription.stripe_id
            current, invoices = subscription._ask_alone(
                lambda api, i=stripe_id: (api.read_subscription(i), api.list_invoices(i, limit=INVOICES)))
            subscription._note_stripe(current)
            for invoice in reversed(invoices):
                self.env['saas.billing.invoice'].sudo()._reconcile(account, invoice)
        return True

    def _check_staff(self):
        self.check_access('read')
        if not self.env.user.has_group(STAFF):
            raise AccessError(_('Only staff read from Stripe.'))

    def action_open_at_stripe(self):
        self.ensure_one()
        return self.account_id._dashboard_action('subscriptions', self.stripe_id)

    def action_refund_link(self):
        """Money is given back at Stripe, on the page of the latest paid invoice; what comes of it is read from there."""
        self.ensure_one()
        paid = self.invoice_ids.filtered(lambda invoice: invoice.amount_paid > 0)[:1]
        if not paid:
            raise UserError(_('Nothing has been paid that could be given back.'))
        return paid.action_open_at_stripe()


class SaasStripeAccount(models.Model):
    _inherit = 'saas.stripe.account'

    def _dashboard_action(self, kind, stripe_id):
        """The page of an object in Stripe's dashboard."""
        account = self.sudo()
        if account.mode == 'sandbox':
            raise UserError(_('The sandbox has no dashboard. With an account at Stripe this opens %s there.', stripe_id))
        place = DASHBOARD if account.mode == 'live' else f'{DASHBOARD}/test'
        return {'type': 'ir.actions.act_url', 'url': f'{place}/{kind}/{stripe_id}', 'target': 'new'}
