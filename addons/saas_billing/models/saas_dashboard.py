"""Money on the first page of staff: as many queries, and as long, however many subscriptions there are."""
from datetime import timedelta

from odoo import _, api, fields, models

from ..const import ENDED, STATUSES

CHURN_DAYS, TRIAL_DAYS, SOON_DAYS = 30, 90, 7
WAITED_MINUTES = 10         # an event that is not worked on for so long says that something stands still

TALLY = """
    SELECT status, company_currency_id, sum(subscriptions), sum(paying), sum(mrr), sum(converted), sum(ending)
      FROM saas_subscription_tally WHERE account_id = ANY(%(accounts)s) GROUP BY status, company_currency_id"""
# What depends on the hour as well: each within an index of the days that count.
COUNTS = """
    SELECT (SELECT count(*) FROM saas_subscription WHERE converted_at >= %(churn)s
               AND status NOT IN ('canceled', 'incomplete_expired') AND account_id = ANY(%(accounts)s)),
           (SELECT count(*) FROM saas_subscription WHERE ended_at >= %(churn)s AND converted_at < %(churn)s
               AND status = 'canceled' AND account_id = ANY(%(accounts)s)),
           (SELECT count(*) FROM saas_subscription WHERE trial_end >= %(trial)s AND trial_end < %(now)s
               AND status <> 'trialing' AND account_id = ANY(%(accounts)s)),
           (SELECT count(*) FROM saas_subscription WHERE trial_end >= %(trial)s AND trial_end < %(now)s
               AND status <> 'trialing' AND converted_at IS NOT NULL AND account_id = ANY(%(accounts)s)),
           (SELECT count(*) FROM saas_subscription WHERE status = 'trialing' AND trial_end >= %(now)s AND trial_end < %(soon)s
               AND NOT coalesce(has_payment_method, FALSE) AND account_id = ANY(%(accounts)s)),
           (SELECT count(*) FROM saas_billing_event WHERE state = 'failed'),
           (SELECT count(*) FROM saas_billing_event WHERE state = 'pending' AND received_at < %(waited)s)"""
INDEXES = """
    CREATE INDEX IF NOT EXISTS saas_subscription_paid ON saas_subscription (converted_at, account_id)
     WHERE status NOT IN ('canceled', 'incomplete_expired');
    CREATE INDEX IF NOT EXISTS saas_subscription_lost ON saas_subscription (ended_at, converted_at, account_id)
     WHERE status = 'canceled';
    CREATE INDEX IF NOT EXISTS saas_subscription_trials ON saas_subscription (trial_end, converted_at, account_id)
     WHERE status <> 'trialing';
    CREATE INDEX IF NOT EXISTS saas_subscription_without_card ON saas_subscription (trial_end, account_id)
     WHERE status = 'trialing' AND NOT coalesce(has_payment_method, FALSE)"""
SUBSCRIPTION, EVENT = 'saas.subscription', 'saas.billing.event'


class SaasDashboard(models.AbstractModel):
    _inherit = 'saas.dashboard'

    @api.model
    def _sections(self):
        return [*super()._sections(), 'billing']

    def _figures_billing(self):
        """Of all accounts in the mode of the current one: played money is never added to real money."""
        accounts, mode = self._billing_accounts()
        here = [('account_id', 'in', accounts)]
        times = self._billing_times()
        rows = self._rows(TALLY, accounts=accounts)
        counts = self._rows(COUNTS, accounts=accounts, **times)[0]
        return {
            'mode': mode, 'has_account': bool(accounts),
            'incomes': self._incomes(rows, here),
            'churn': self._churn(self._living(rows, 5) - counts[0], counts[1], here, times),
            'conversion': self._conversion(*counts[2:4], here, times),
            'statuses': self._billing_statuses(rows, here),
            'risks': self._risks(rows, counts[4:], here, times),
        }

    def _billing_accounts(self):
        """Ids of the accounts that are counted, and their mode; without a current account all of them."""
        accounts = self.env['saas.stripe.account'].sudo().with_context(active_test=False).search([])  # pylint: disable=no-search-all
        mode = accounts.filtered('is_current').mode
        return accounts.filtered(lambda account: not mode or account.mode == mode).ids, mode or ''

    def _billing_times(self):
        now = fields.Datetime.now()
        moments = {'now': now, 'churn': now - timedelta(days=CHURN_DAYS), 'trial': now - timedelta(days=TRIAL_DAYS),
                   'soon': now + timedelta(days=SOON_DAYS), 'waited': now - timedelta(minutes=WAITED_MINUTES)}
        return {name: fields.Datetime.to_string(moment) for name, moment in moments.items()}

    def _living(self, rows, column):
        return sum(row[column] for row in rows if row[0] not in ENDED)

    def _of_status(self, rows, status):
        return sum(row[2] for row in rows if row[0] == status)

    def _incomes(self, rows, here):
        """MRR and ARR, once for each company currency; one with nothing where nobody pays yet."""
        sums = {}
        for row in rows:
            if row[3]:
                count, amount = sums.get(row[1], (0, 0))
                sums[row[1]] = (count + row[3], amount + row[4])
        currencies = self.env['res.currency'].browse(sums) or self.env.company.currency_id
        return [self._income(currency, *sums.get(currency.id, (0, 0)), here) for currency in currencies]

    def _income(self, currency, count, amount, here):
        return self._figure(
            count, _('Paying subscriptions'), SUBSCRIPTION, [*here, ('mrr', '>', 0), ('company_currency_id', '=', currency.id)],
            currency=currency.name, mrr=float(amount), arr=float(amount * 12), mrr_text=currency.format(float(amount)),
            arr_text=currency.format(float(amount * 12)))

    def _churn(self, still, lost, here, times):
        """Of those who paid thirty days ago, how many have ended since."""
        paid = still + lost
        since = ('converted_at', '<', times['churn'])
        return {
            **self._figure(lost, _('Lost in %s days', CHURN_DAYS), SUBSCRIPTION,
                           [*here, since, ('status', '=', 'canceled'), ('ended_at', '>=', times['churn'])]),
            'base': self._figure(paid, _('Paid for %s days ago', CHURN_DAYS), SUBSCRIPTION, [
                *here, since, '|', ('status', 'not in', ENDED),
                '&', ('status', '=', 'canceled'), ('ended_at', '>=', times['churn'])]),
            'percent': round(100 * lost / paid, 1) if paid else None,
        }

    def _conversion(self, over, converted, here, times):
        """Of the trials that ended in these days, how many have paid."""
        domain = [*here, ('status', '!=', 'trialing'), ('trial_end', '>=', times['trial']), ('trial_end', '<', times['now'])]
        return {
            **self._figure(converted, _('Trials that paid, %s days', TRIAL_DAYS), SUBSCRIPTION,
                           [*domain, ('converted_at', '!=', False)]),
            'base': self._figure(over, _('Trials over, %s days', TRIAL_DAYS), SUBSCRIPTION, domain),
            'percent': round(100 * converted / over, 1) if over else None,
        }

    def _billing_statuses(self, rows, here):
        labels = dict(self.env[SUBSCRIPTION]._fields['status']._description_selection(self.env))
        return [self._figure(self._of_status(rows, status), labels[status], SUBSCRIPTION,
                             [*here, ('status', '=', status)], value=status) for status, _label in STATUSES]

    def _risks(self, rows, counts, here, times):
        """What may stop bringing money, and what keeps us from noticing."""
        without_card, failed, waiting = counts

        def by_status(status, label):
            return self._figure(self._of_status(rows, status), label, SUBSCRIPTION,
                                [*here, ('status', '=', status)], value=status)
        return [
            by_status('past_due', _('Payment overdue')), by_status('unpaid', _('Unpaid: tenant closed')),
            self._figure(self._living(rows, 6), _('Cancelled, still running'), SUBSCRIPTION,
                         [*here, ('status', 'not in', ENDED), ('cancel_at', '!=', False)], value='ending'),
            self._figure(without_card, _('Trials ending in %s days without a card', SOON_DAYS), SUBSCRIPTION,
                         [*here, ('status', '=', 'trialing'), ('has_payment_method', '=', False),
                          ('trial_end', '>=', times['now']), ('trial_end', '<', times['soon'])], value='trial'),
            self._figure(failed, _('Events that failed'), EVENT, [('state', '=', 'failed')], value='failed'),
            self._figure(waiting, _('Events that wait for %s minutes', WAITED_MINUTES), EVENT,
                         [('state', '=', 'pending'), ('received_at', '<', times['waited'])], value='waiting'),
        ]


class SaasSubscription(models.Model):
    _inherit = 'saas.subscription'

    def init(self):
        self.env.cr.execute(INDEXES)
        return super().init()


class SaasBillingEvent(models.Model):
    _inherit = 'saas.billing.event'

    def init(self):
        self.env.cr.execute("""
            CREATE INDEX IF NOT EXISTS saas_billing_event_troubles
                ON saas_billing_event (state, received_at) WHERE state IN ('pending', 'failed')""")
        return super().init()
