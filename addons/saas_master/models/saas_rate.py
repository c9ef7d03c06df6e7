import contextlib
import hashlib

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models

from ..series import Constraint

NOW = "(clock_timestamp() AT TIME ZONE 'UTC')"
FULL = f"""
    SELECT ceil(extract(epoch FROM ends_at - {NOW}))::int FROM saas_rate
     WHERE key = %s AND hits >= %s AND ends_at > {NOW}"""
COUNT = f"""
    INSERT INTO saas_rate AS rate (key, hits, ends_at) VALUES (%s, 1, {NOW} + %s * interval '1 second')
    ON CONFLICT (key) DO UPDATE SET
        hits = CASE WHEN rate.ends_at > {NOW} THEN rate.hits + 1 ELSE 1 END,
        ends_at = CASE WHEN rate.ends_at > {NOW} THEN rate.ends_at ELSE excluded.ends_at END"""
GIVE_BACK = 'UPDATE saas_rate SET hits = hits - 1 WHERE key = %s AND hits > 0'
FORGET = f'DELETE FROM saas_rate WHERE ends_at < {NOW}'
ATTEMPTS = 50       # only uses by one and the same subject at the same moment conflict


class RateLimited(Exception):
    """Too often; the next use is welcome in ``retry_after`` seconds."""

    def __init__(self, retry_after):
        super().__init__(f'Too many requests, try again in {retry_after} seconds')
        self.retry_after = retry_after


class SaasRate(models.Model):
    """How often somebody did something within a window of time, for all servers of the database together.

    One row for each subject, named by a hash: no address and no e-mail can be read here.
    """

    _name = 'saas.rate'
    _description = 'Rate Limit'
    _log_access = False

    key = fields.Char(required=True)
    hits = fields.Integer(required=True)
    ends_at = fields.Datetime(required=True, index=True)

    _key_uniq = Constraint('UNIQUE (key)', 'Another rate limit has this key already.')

    @api.model
    def _count(self, purpose, subject, limit, seconds):
        """Count one use; raise RateLimited when ``limit`` uses were counted within ``seconds``. 0: no limit.

        Counted in a transaction of its own, so that the caller's rollback does not give the use back.
        """
        if limit <= 0:
            return
        key = self._key(purpose, subject)
        for _attempt in range(ATTEMPTS):
            try:
                with self.env.registry.cursor() as cr:
                    wait = self._count_in(cr, key, limit, seconds)
                break
            except SerializationFailure:
                wait = 1
        if wait:
            raise RateLimited(wait)

    def _count_in(self, cr, key, limit, seconds):
        """Return the seconds to wait, or 0 when the use was counted.

        A subject over its limit only costs a read. Two who count at once: the second one's snapshot is outdated,
        PostgreSQL refuses its upsert, and it counts again.
        """
        cr.execute(FULL, [key, limit])
        full = cr.fetchone()
        if full:
            return max(full[0], 1)
        cr.execute(COUNT, [key, seconds], log_exceptions=False)
        return 0

    @api.model
    def _give_back(self, purpose, subject):
        """Take one use back that was counted before it was known to be a good one."""
        with contextlib.suppress(SerializationFailure), self.env.registry.cursor() as cr:
            cr.execute(GIVE_BACK, [self._key(purpose, subject)], log_exceptions=False)

    @api.model
    def _check_room(self, purpose, subject, limit):
        """Raise RateLimited when ``limit`` uses were counted, counting none: where only failures count."""
        if limit <= 0:
            return
        self.env.cr.execute(FULL, [self._key(purpose, subject), limit])
        full = self.env.cr.fetchone()
        if full:
            raise RateLimited(max(full[0], 1))

    @api.model
    def _key(self, purpose, subject):
        return f'{purpose}:{hashlib.sha256(subject.encode()).hexdigest()}'

    @api.model
    def _forget(self):
        """Drop the windows that are over."""
        self.env.cr.execute(FORGET)
