"""From a subscription to its tenant: what may be used follows from what is paid, and from nothing else."""
from datetime import timedelta

from odoo import _, fields, models

from ..const import OPEN
from ..drivers.entitlement import Facts, Rules, entitlement

REASONS = ('unpaid', 'trial', 'ended', 'paused')       # of suspension: set and cleared here alone
GONE = ('deleting', 'deleted')


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    def _facts(self):
        self.ensure_one()
        return Facts(**{name: self[name] or None for name in (
            'status', 'trial_end', 'period_end', 'cancel_at', 'ended_at', 'past_due_since', 'extended_until', 'comp_until')},
            is_paused=self.is_paused)

    def _rules(self):
        number = self.env['saas.billing.settings'].sudo()._number
        return Rules(grace_days=number('grace_days'), ending_days=number('ending_notice_days'))

    def _follow(self):
        """Work out anew what these entitle to, and let their tenants follow; what was done, in words.

        Repeatable: it changes only what is not as it should be. No person's rights are asked for, it is our own doing.
        """
        steps = []
        for subscription in self.sudo():
            now = fields.Datetime.now()
            entitled = entitlement(subscription._facts(), subscription._rules(), now)
            subscription._write_changed({
                'entitlement': entitled.state, 'entitled_until': entitled.until or False, 'entitled_why': entitled.why or False})
            if subscription._is_the_tenants() and subscription.tenant_id.sudo().state not in GONE:
                steps += subscription._follow_tenant(entitled)
                subscription._notify(entitled, now)
        return steps

    def _follow_tenant(self, entitled):
        """Nothing happens to it while nothing was paid yet: an order that comes to nothing closes no door."""
        tenant, steps = self.tenant_id.sudo(), []
        was_ended = 'ended' in tenant.reason_ids.mapped('code')
        if entitled.state == 'none' or (tenant.state == 'draft' and entitled.state not in OPEN):
            return steps
        if entitled.state in OPEN:
            steps += self._apply_plan(tenant)
        steps += self._set_reasons(tenant, entitled)
        if entitled.state in OPEN and tenant.state == 'draft':
            tenant.action_provision()
            steps.append(_('the tenant is made'))
        steps += self._set_deletion(tenant, entitled, was_ended)
        return steps

    def _set_reasons(self, tenant, entitled):
        have, steps = tenant.reason_ids.mapped('code'), []
        for code in REASONS:
            if code == entitled.reason and code not in have:
                tenant._suspend(code)
                steps.append(_('suspended: %s', code))
            elif code != entitled.reason and code in have:
                tenant._resume(code)
                steps.append(_('no longer suspended: %s', code))
        return steps

    # -- plan -----------------------------------------------------------------------------------

    def _apply_plan(self, tenant):
        """The tenant has what is paid for; a smaller plan, or fewer users and domains, only when the paid period is over."""
        if self.next_from and self._has_begun():
            self._forget_planned()
        wanted, had = tenant._wanted_plan(), tenant.plan_id
        if not wanted or not tenant._lacks_plan(*wanted):
            return []
        tenant._change_plan(*wanted)
        return [_('plan: %(before)s → %(after)s', before=had.name, after=wanted[0].name)] if had != wanted[0] else []

    # -- deletion -------------------------------------------------------------------------------

    def _set_deletion(self, tenant, entitled, was_ended):
        """A day once it has ended; the customer may have asked for an earlier one himself. None while it is open."""
        if entitled.state == 'ended' and not self._is_noticed('ended', self._closed_at()):
            day = self._deletion_day(tenant)
            if not tenant.delete_on or tenant.delete_on > day:
                tenant.write({'delete_on': day, 'delete_asked_by_id': False, 'delete_reminded': False})
                return [_('to be deleted on %s', fields.Date.to_string(day))]
        elif entitled.state != 'ended' and was_ended and tenant.delete_on and not tenant.delete_asked_by_id:
            tenant._forget_deletion()
            return [_('it stays')]
        return []

    def _closed_at(self):
        """When it was closed for good: what staff gave on top counts."""
        return max(filter(None, (self.ended_at or self.synced_at, self.extended_until, self.comp_until)))

    def _deletion_day(self, tenant):
        """Retention is counted from the end; but who learns of the end late still has some days to react."""
        kept = timedelta(days=self.env['saas.billing.settings'].sudo()._number('retention_days'))
        now = fields.Datetime.now()
        return max(self._closed_at() + kept, min(tenant._deletion_day(), now + kept))
