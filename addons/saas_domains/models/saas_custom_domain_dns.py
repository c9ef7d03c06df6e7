"""Asking the DNS about names, many at once, with no transaction open. What follows: saas_custom_domain_findings.py."""
import logging
import time
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.saas_master.models.saas_operation_runner import CONFLICTS
from odoo.addons.saas_master.series import in_test

from ..edge import dns_check

_logger = logging.getLogger(__name__)

SECONDS = 600           # one turn of the cron
PREFETCH = ['external_domain', 'registrable', 'sajet_full_domain', 'verification_token', 'tenant_id', 'root_domain_id',
            'txt_required', 'partner_id']


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _ask_dns(self):
        """Ask about all of these now: {id: Finding}. Writes nothing and takes no lock; up to 8 seconds for one name.

        For who stands in a request: call it before anything is written. Elsewhere ``_dns_work`` and no transaction.
        """
        return self._dns_work()()

    def _dns_work(self):
        """The same as a function that touches no record."""
        trust, by_root = self._trust(), defaultdict(list)
        for domain in self.sudo():
            by_root[domain.root_domain_id].append(domain._dns_target(trust[domain.id]))
        questions = [(targets, root._dns_settings()) for root, targets in by_root.items()]

        def work():
            findings = {}
            for targets, settings in questions:
                findings.update(dns_check.check(targets, settings))
            return {int(key): finding for key, finding in findings.items()}
        return work

    def _dns_target(self, trust):
        root, host = self.root_domain_id, self.tenant_id.host
        targets = [self.sajet_full_domain]
        if host and trust.host:
            targets.append(host)
        if trust.alone:
            targets += root._shared_targets()
        return dns_check.Target(
            name=self.external_domain, registrable=self.registrable, targets=tuple(dict.fromkeys(targets)),
            txt_name=self._txt_name(), token=self.verification_token, txt_required=self.txt_required, key=str(self.id))

    def _txt_name(self):
        self.ensure_one()
        return f'_{self.root_domain_id.sudo().txt_prefix}-verify.{self.registrable}'

    # -- crons ----------------------------------------------------------------------------------

    @api.model
    def _cron_verify(self):
        """All that are due, those that have waited longest first."""
        deadline = time.monotonic() + SECONDS
        transaction = self.env['saas.operation']._transaction
        batch = self.env['saas.domain.settings']._number('verify_batch')
        while time.monotonic() < deadline:
            due = transaction(lambda: self.search(self._due(), order='next_check_at, id', limit=batch))
            if not due:
                return
            due._check_now()

    @api.model
    def _due(self):
        return [('lost_at', '=', False), ('next_check_at', '!=', False), ('next_check_at', '<=', fields.Datetime.now())]

    def _check_now(self):
        """Ask with no transaction open, and write what came back; what ended meanwhile is passed over."""
        transaction = self.env['saas.operation']._transaction
        findings = transaction(self._dns_work)()
        try:
            transaction(lambda: self._note_living(findings))
        except CONFLICTS:
            raise
        except Exception:       # one of them; it must not keep all others from ever being noted
            _logger.exception('%s names cannot be noted together; each is noted by itself', len(self))
            self._roll_back()
            for domain in self:
                domain._note_alone(findings)
        return findings

    def _note_living(self, findings):
        self.env.invalidate_all()
        self.sudo().exists().filtered(lambda domain: not domain.lost_at)._note_findings(findings)

    def _note_alone(self, findings):
        transaction = self.env['saas.operation']._transaction
        try:
            transaction(lambda: self._note_living(findings))
        except Exception:
            _logger.exception('What the DNS said of %s cannot be noted; it is asked again in an hour', self.id)
            self._roll_back()
            transaction(lambda: self.sudo().write({'next_check_at': fields.Datetime.now() + timedelta(hours=1)}))

    def _roll_back(self):
        self.env.invalidate_all(flush=False)
        if not in_test():
            self.env.cr.rollback()
