"""Sums over all subscriptions that cost the same however many there are: kept up by the database with every change."""
from odoo import api, fields, models

PARTS = 'account_id, status, company_currency_id'
SUMS = 'subscriptions, paying, mrr, converted, ending'
SIGNED = f"""
    SELECT {PARTS}, sum(sign), sum(sign * (coalesce(mrr, 0) > 0)::int), sum(sign * coalesce(mrr, 0)),
           sum(sign * (converted_at IS NOT NULL)::int), sum(sign * (cancel_at IS NOT NULL)::int)
      FROM (%s) AS changed GROUP BY {PARTS}"""
CHANGED = {
    'INSERT': 'SELECT 1 AS sign, new_rows.* FROM new_rows',
    'DELETE': 'SELECT -1 AS sign, old_rows.* FROM old_rows',
    'UPDATE': 'SELECT 1 AS sign, new_rows.* FROM new_rows UNION ALL SELECT -1, old_rows.* FROM old_rows'}
TABLES = {'INSERT': 'NEW TABLE AS new_rows', 'DELETE': 'OLD TABLE AS old_rows',
          'UPDATE': 'OLD TABLE AS old_rows NEW TABLE AS new_rows'}
# Differences are added, never written over, so that nobody waits for whoever changes another subscription.
TRIGGER = """
    CREATE OR REPLACE FUNCTION saas_subscription_tally_%(name)s() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO saas_subscription_tally (%(columns)s)
            SELECT * FROM (%(changes)s) AS found (%(columns)s)
             WHERE (%(sums)s) <> (0, 0, 0, 0, 0);
        RETURN NULL;
    END $$;
    CREATE OR REPLACE TRIGGER saas_subscription_tally_%(name)s AFTER %(act)s ON saas_subscription REFERENCING %(tables)s
        FOR EACH STATEMENT EXECUTE FUNCTION saas_subscription_tally_%(name)s();"""
# In one snapshot: what others change meanwhile is in neither of the two, and its differences stay.
ANEW = f"""
    DELETE FROM saas_subscription_tally;
    INSERT INTO saas_subscription_tally ({PARTS}, {SUMS})
        SELECT {PARTS}, count(*), count(*) FILTER (WHERE mrr > 0), coalesce(sum(mrr), 0),
               count(converted_at), count(cancel_at) FROM saas_subscription GROUP BY {PARTS}"""


class SaasSubscriptionTally(models.Model):
    """Rows to be summed up: one for each account, status and currency, and the differences since they were made."""

    _name = 'saas.subscription.tally'
    _description = 'Tally of Subscriptions'
    _log_access = False

    account_id = fields.Integer(readonly=True)      # no reference: it would lock the account with every change
    status = fields.Char(readonly=True)
    company_currency_id = fields.Integer(readonly=True)
    subscriptions = fields.Integer(readonly=True)
    paying = fields.Integer(readonly=True)
    mrr = fields.Float(readonly=True, digits=(16, 4))
    converted = fields.Integer(readonly=True)
    ending = fields.Integer(readonly=True)

    def init(self):
        """Its model is made after that of subscriptions, which it watches."""
        for act, changed in CHANGED.items():
            self.env.cr.execute(TRIGGER % {     # pylint: disable=sql-injection  # constants above
                'name': act.lower(), 'act': act, 'columns': f'{PARTS}, {SUMS}', 'sums': SUMS, 'changes': SIGNED % changed,
                'tables': TABLES[act]})
        self._make_anew()

    @api.autovacuum
    def _make_anew(self):
        """From the subscriptions themselves: few rows again, and right whatever came in between."""
        self.env.flush_all()
        self.env.cr.execute(ANEW)
        self.env.invalidate_all()
