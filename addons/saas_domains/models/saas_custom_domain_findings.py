"""What follows from the answers of the DNS. Only a clear yes or no ever changes a state."""
import json
import random
from datetime import timedelta

from odoo import fields, models

from ..edge import backoff

HOUR = 3600
NOTED = ('check_count', 'checked_at', 'next_check_at', 'last_outcome', 'last_code', 'last_evidence', 'last_expected',
         'last_found', 'last_warnings', 'provider', 'points_here', 'verification_status')
# not by the ORM: thousands in one statement, without tracking
NOTE = """
    UPDATE saas_custom_domain d
       SET check_count = v.check_count, checked_at = v.checked_at, next_check_at = v.next_check_at,
           last_outcome = v.last_outcome, last_code = v.last_code, last_evidence = v.last_evidence,
           last_expected = v.last_expected, last_found = v.last_found, last_warnings = v.last_warnings,
           provider = COALESCE(v.provider, d.provider), points_here = COALESCE(v.points_here, d.points_here),
           verification_status = v.verification_status
      FROM jsonb_to_recordset(%s::jsonb) AS v (
           id int, check_count int, checked_at timestamp, next_check_at timestamp, last_outcome varchar, last_code varchar,
           last_evidence varchar, last_expected varchar, last_found jsonb, last_warnings jsonb, provider varchar,
           points_here boolean, verification_status varchar)
     WHERE d.id = v.id"""


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _note_findings(self, findings):
        """Write what came back ({id: Finding}) and do what follows: verified, failed, left, back again, published."""
        asked = self.sudo().filtered(lambda domain: domain.id in findings and not domain.lost_at)
        if not asked:
            return
        now = fields.Datetime.now()
        self._write_notes([domain._note_of(findings[domain.id], now) for domain in asked])
        sure = asked.filtered(lambda domain: findings[domain.id].outcome != 'unknown')
        claims = sure.filtered(lambda domain: domain.verification_status != 'verified')
        proven = claims.filtered(lambda domain: _is_proof(findings[domain.id]))
        proven._proven(findings)
        (claims - proven)._not_proven(now)
        (sure - claims)._look_after(findings, now)
        sure._publish_what_can_be()

    def _write_notes(self, rows):
        self.flush_model(NOTED)
        self.env.cr.execute(NOTE, [json.dumps(rows, default=str)], log_exceptions=False)       # conflicts are repeated
        self.browse([row['id'] for row in rows]).invalidate_recordset(NOTED, flush=False)

    def _note_of(self, finding, now):
        status, sure = self.verification_status, finding.outcome != 'unknown'
        return {
            'id': self.id, 'check_count': self.check_count + 1, 'checked_at': now,
            'next_check_at': now + timedelta(seconds=self._seconds_to_next(finding) * random.uniform(0.9, 1.1)),
            'last_outcome': finding.outcome, 'last_code': finding.code or None, 'last_evidence': finding.evidence or None,
            'last_expected': finding.expected or None, 'last_found': list(finding.found),
            'last_warnings': [{'code': warning.code, 'values': warning.values} for warning in finding.warnings],
            'provider': finding.provider or None, 'points_here': finding.points if sure else None,
            'verification_status': 'verifying' if sure and status == 'pending' else status,
        }

    def _seconds_to_next(self, finding):
        """By the rhythm of claims until a name is published; then daily, and hourly while it points elsewhere."""
        rhythm = backoff.delay(self.check_count)
        if finding.outcome == 'unknown':
            return min(rhythm, HOUR)
        settled = self.to_publish or self.verification_status != 'verified' and _is_proof(finding)
        if not settled:
            return rhythm
        if not finding.points:
            return HOUR if self.to_publish else backoff.FIRST
        return HOUR * self.env['saas.domain.settings']._number('recheck_hours')

    # -- claims ---------------------------------------------------------------------------------

    def _not_proven(self, now):
        """Go on trying; after so many days it has failed, and its customer may begin again."""
        self._withdraw_contest()
        days = self.env['saas.domain.settings']._number('give_up_days')
        late = self.filtered(lambda domain: domain.verification_status != 'failed' and domain.trying_since
                             and domain.trying_since <= now - timedelta(days=days))
        if late:
            late._set_status('failed')
            late.write({'next_check_at': False})
        for domain in late:
            domain._mail('failed')
            domain._emit('failed')

    def _try_again(self):
        """A person asks for one that had failed: it is tried for as long as a new one."""
        failed = self.sudo().filtered(lambda domain: domain.verification_status == 'failed')
        if failed:
            failed._set_status('verifying')
            failed.write({'trying_since': fields.Datetime.now(), 'check_count': 0, 'alert': False})

    # -- names that were proven -----------------------------------------------------------------

    def _look_after(self, findings, now):
        """Whether what was proven still leads here: noticed, warned about, and after the days of grace unpublished."""
        for domain in self:
            finding = findings[domain.id]
            if finding.points:
                if domain.left_at:
                    domain._is_back()
            elif domain.is_active or not _is_proof(finding):
                if not domain.left_at:
                    domain._leaves(now)
                elif domain.unpublish_at <= now:
                    domain._unpublish()

    def _leaves(self, now):
        days = self.root_domain_id.grace_days
        self.write({'left_at': now, 'unpublish_at': now + timedelta(days=days), 'alert': 'left'})
        self._plan_alert('left')
        self._mail('left')
        self._emit('left')

    def _is_back(self):
        self.write({'left_at': False, 'unpublish_at': False, 'alert': 'contested' if self.contested_by_id else False})
        if not self.alert:
            self._close_alerts()
        self._emit('back')

    def _publish_what_can_be(self):
        """Verified, leading here and not yet published: no click of anybody is needed."""
        ready = self.filtered(lambda domain: domain.verification_status == 'verified' and domain.points_here
                              and not domain.to_publish and not domain.lost_at and not domain.left_at
                              and not domain.attention and not domain._publish_problem())
        ready._publish()


def _is_proof(finding):
    """It points here for this claim, or the token is there though the name does not lead here yet."""
    return finding.outcome == 'yes' or finding.outcome == 'no' and finding.owned
