"""Asking the DNS about names, and what follows from the answers."""
from odoo import api, models


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _ask_dns(self):
        """Ask about all of these at once: {id: Finding}. Writes nothing, holds no lock; takes up to 8 seconds."""
        return {}

    def _note_findings(self, findings):
        """Write what came back ({id: Finding}) and do what follows: verified, failed, left, back again."""

    @api.model
    def _cron_verify(self):
        """All that are due, in batches, with no transaction open while the DNS is asked."""
