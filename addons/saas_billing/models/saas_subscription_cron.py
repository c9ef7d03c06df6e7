"""Once an hour: what time alone brings. Stripe is asked again where it must have moved, tenants follow, customers are told."""
import logging
from datetime import timedelta

from odoo import api, fields, models

from ..const import ENDED, OPEN
from .saas_billing_event_process import Job

_logger = logging.getLogger(__name__)

BATCH = 40
AGAIN, SELDOM = timedelta(hours=1), timedelta(days=1)     # between two readings of one that should have moved and did not
NOTICE_DAYS = 3                                           # of a trial


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    def init(self):
        self.env.cr.execute("""
            CREATE INDEX IF NOT EXISTS saas_subscription_synced ON saas_subscription (synced_at)
                WHERE status NOT IN ('canceled', 'incomplete_expired')""")
        return super().init()

    @api.model
    def _cron_follow(self):
        self._for_all(self._stale_domain(), lambda batch: batch._read_all_again())
        self._for_all(self._planned_domain(), lambda batch: batch._apply_planned())
        self._for_all(self._due_domain(), lambda batch: batch._follow_each())

    @api.model
    def _for_all(self, domain, work):
        """Batch by batch, each record once: what stays as it is waits for the next hour."""
        transaction, batch = self.env['saas.operation']._transaction, self.browse()
        while batch := transaction(lambda last=batch[-1:].id: self.sudo().search(
                domain + [('id', '>', last or 0)], order='id', limit=BATCH)):
            work(batch)

    @api.model
    def _stale_domain(self):
        """A moment has passed since Stripe was asked, or it was never asked; those that stand still are asked seldom."""
        now = fields.Datetime.now()
        return [
            ('status', 'not in', ENDED), ('account_id.active', '=', True), '|', ('synced_at', '=', False),
            '&', '|', ('synced_at', '<=', now - SELDOM),
            '&', ('synced_at', '<=', now - AGAIN), ('status', 'in', ('incomplete', 'trialing', 'active', 'past_due')),
            '|', '|', ('trial_end', '<=', now), ('period_end', '<=', now), ('cancel_at', '<=', now)]

    @api.model
    def _planned_domain(self):
        return [('next_from', '<=', fields.Datetime.now() + timedelta(days=1)), ('status', 'not in', ENDED)]

    @api.model
    def _due_domain(self):
        """Whose entitlement time changes, whose tenant lags behind, and whom something may have to be told."""
        now, number = fields.Datetime.now(), self.env['saas.billing.settings'].sudo()._number
        notice = now + timedelta(days=number('ending_notice_days'))
        lagging = [row[0] for row in self._lagging()]
        return [
            '|', '|', '|', '|', ('id', 'in', lagging), ('entitled_until', '<=', now), ('status', '=', 'past_due'),
            '&', ('status', '=', 'trialing'), ('trial_end', '<=', now + timedelta(days=NOTICE_DAYS)),
            '&', ('status', 'not in', ENDED), ('cancel_at', '<=', notice)]

    @api.model
    def _lagging(self):
        """Those whose tenant does not have their plan, or waits though it is paid for."""
        self.env.flush_all()
        self.env.cr.execute("""
            SELECT subscription.id FROM saas_subscription subscription
              JOIN saas_tenant tenant ON tenant.subscription_id = subscription.id
             WHERE subscription.entitlement IN %s AND (tenant.state = 'draft'
                OR subscription.next_from IS NULL AND tenant.state IN ('running', 'suspended')
                   AND (tenant.plan_id, COALESCE(tenant.extra_users, 0), COALESCE(tenant.extra_domains, 0)) !=
                       (subscription.plan_id, COALESCE(subscription.user_quantity, 0),
                        COALESCE(subscription.domain_quantity, 0)))""", [OPEN])
        return self.env.cr.fetchall()

    def _read_all_again(self):
        """Ask Stripe about all of these at once and reconcile each; one that another worker holds is passed over."""
        self.env['saas.billing.event'].sudo()._work_off_alone(
            [Job(one.account_id.id, 'subscription', one.stripe_id) for one in self])

    def _follow_each(self):
        """One after the other: what is wrong with one keeps no other waiting."""
        events = self.env['saas.billing.event'].sudo()
        for subscription in self:
            try:
                events._transaction(subscription._follow_anew)
            except Exception:
                _logger.exception('Subscription %s cannot be followed; it is tried again in an hour', subscription.id)
                events._roll_back()

    def _follow_anew(self):
        self.env.invalidate_all()
        with self.env.cr.savepoint():
            self.exists()._follow()
