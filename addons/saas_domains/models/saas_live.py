"""Domains that move on staff's screens: by the ledger, and by answers of the DNS, which no operation tells of."""
from odoo import models


class SaasOperation(models.Model):
    _inherit = 'saas.operation'

    def _live_payload(self, step):
        domain = self.domain_id
        tenant = self.tenant_id or domain.tenant_id
        return {**super()._live_payload(step), 'domain': domain.id, 'tenant': tenant.id}


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _note_findings(self, findings):
        """One notice for a whole batch, of numbers only."""
        result = super()._note_findings(findings)
        asked = self.sudo().filtered(lambda domain: domain.id in findings)
        if asked:
            self.env['saas.live']._send({'operation': False, 'domain': asked.ids})
        return result
