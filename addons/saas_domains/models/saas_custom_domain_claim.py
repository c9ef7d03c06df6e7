"""Who holds a name: several customers may claim one, one can prove it, and none keeps what has left."""
from odoo import models


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _needs_txt(self):
        """Whether a CNAME is not enough: the plan says so, or another customer once proved this name here."""
        self.ensure_one()
        return False

    def _end_claim(self, reason):
        """Nothing of the name is served any more; what the edges have of it is taken away by an operation."""
