import hashlib
from datetime import timedelta

from odoo import api, fields, models

from ..series import Constraint

KEPT_DAYS = 7


class SaasIdempotency(models.Model):
    """The answer to a request that carried an Idempotency-Key, for who sends it again.

    Written in the request's own transaction: an answer that is here was given, a request that failed left nothing. Two
    that come at once: the second waits for the first at the unique constraint and is then repeated by Odoo.
    """

    _name = 'saas.idempotency'
    _description = 'Answer kept for a Repeated Request'
    _log_access = False

    user_id = fields.Many2one('res.users', required=True, ondelete='cascade')
    key_hash = fields.Char(required=True)
    request_hash = fields.Char(required=True)
    answer = fields.Json()
    location = fields.Char()
    at = fields.Datetime(required=True, default=fields.Datetime.now, index=True)

    _key_uniq = Constraint('UNIQUE (user_id, key_hash)', 'This request was sent already.')

    @api.model
    def _claim(self, user, key, request_hash):
        """(record, whether it is new). Each user has keys of his own."""
        key_hash = hashlib.sha256(key.encode()).hexdigest()
        self.env.cr.execute(
            'INSERT INTO saas_idempotency (user_id, key_hash, request_hash, at)'
            " VALUES (%s, %s, %s, now() AT TIME ZONE 'UTC') ON CONFLICT DO NOTHING RETURNING id",
            [user.id, key_hash, request_hash], log_exceptions=False)
        made = self.env.cr.fetchone()
        record = self.browse(made) if made else self.search([('user_id', '=', user.id), ('key_hash', '=', key_hash)])
        return record, bool(made)

    def _keep(self, answer, location):
        self.write({'answer': answer, 'location': location})

    @api.autovacuum
    def _forget(self):
        self.sudo().search([('at', '<', fields.Datetime.now() - timedelta(days=KEPT_DAYS))]).unlink()
