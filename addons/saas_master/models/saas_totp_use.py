from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models

from ..series import Constraint

TAKE = """
    INSERT INTO saas_totp_use (user_id, counter, used_at) VALUES (%s, %s, clock_timestamp() AT TIME ZONE 'UTC')
    ON CONFLICT DO NOTHING RETURNING id"""


class SaasTotpUse(models.Model):
    """A code of a second factor that was used. The unique constraint decides when two use it at once."""

    _name = 'saas.totp.use'
    _description = 'Used Code of a Second Factor'
    _log_access = False

    user_id = fields.Many2one('res.users', required=True, ondelete='cascade')
    counter = fields.Integer(required=True, help='Number of the 30 seconds the code stands for (RFC 6238).')
    used_at = fields.Datetime(required=True, default=fields.Datetime.now)

    _use_uniq = Constraint('UNIQUE (user_id, counter)', 'This code was used already.')

    @api.model
    def _take(self, user, counter):
        """Whether this is the first use.

        Noted in a transaction of its own: a code that was used stays used, whatever becomes of the act it was for.
        """
        try:
            with self.env.registry.cursor() as cr:
                cr.execute(TAKE, [user.id, counter], log_exceptions=False)
                return bool(cr.fetchone())
        except SerializationFailure:        # somebody else took it at this moment
            return False

    @api.autovacuum
    def _forget(self):
        self.sudo().search([('used_at', '<', fields.Datetime.now() - timedelta(hours=1))]).unlink()
