"""What becomes of an event that could not be worked off: another attempt, or a person."""
import logging
from datetime import timedelta

from odoo import _, fields, models
from odoo.exceptions import UserError

from odoo.addons.saas_master.drivers import retry
from odoo.addons.saas_master.drivers.errors import AuthError, DriverError, Retryable
from odoo.addons.saas_master.models.saas_operation_runner import CONFLICTS

_logger = logging.getLogger(__name__)

ATTEMPTS, LONGEST = 60, 3600.0      # more than two days: a key is entered again, Stripe is back
ACTIVITY = 'saas_billing.mail_activity_billing'


class SaasBillingEvent(models.Model):
    _inherit = 'saas.billing.event'

    def _fail(self, error):
        """Put off or given up, as ``retry.decide`` says of error and attempt. A refused key is waited for, as silence is."""
        self.ensure_one()
        attempt, words = self.attempt + 1, self._words_of(error)
        known = error
        if isinstance(error, (AuthError, *CONFLICTS)):
            known = Retryable(words, after=300 if isinstance(error, AuthError) else 1)
        decision = retry.decide(known, attempt, max_attempts=ATTEMPTS, cap=LONGEST)
        values = {'attempt': attempt, 'error': words}
        if isinstance(decision, retry.Retry):
            values['due_at'] = fields.Datetime.now() + timedelta(seconds=decision.delay)
        else:
            values.update(state='failed', processed_at=fields.Datetime.now())
        self.write(values)
        if self.state == 'failed':
            self._plan_attention()

    def _words_of(self, error):
        if isinstance(error, DriverError):
            return self.account_id._problem_text(error)
        if isinstance(error, UserError):
            return str(error)
        if not isinstance(error, CONFLICTS):
            _logger.error('Event %s of Stripe cannot be worked off', self.stripe_id, exc_info=error)
        return _('Unexpected %s; the server log has the details.', type(error).__name__)

    def _plan_attention(self):
        """One activity per account: a list of failed events is behind it."""
        self.account_id._plan_billing_attention(
            _('Events of Stripe need a person'),
            _('At least one could not be worked off. See Billing, Events, with the filter Failed; replay them once the '
              'cause is gone.'))


class SaasStripeAccount(models.Model):
    _inherit = 'saas.stripe.account'

    def _plan_billing_attention(self, summary, note):
        """A further one of the same kind only renews what it says."""
        for account in self.sudo():
            planned = account.activity_search([ACTIVITY]).filtered(lambda activity, s=summary: activity.summary == s)[:1]
            if planned:
                planned.note = note
            else:
                user = self.env['saas.tenant']._attention_user()
                account.activity_schedule(ACTIVITY, summary=summary, note=note, user_id=user.id)
