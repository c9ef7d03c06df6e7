"""What people are told of a name: what to set in the DNS, what was found instead, what comes next."""
from odoo import models


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    def _instructions(self, lang=None):
        """The records to set, the one that matters first: dictionaries with type, record, host, value, note, is_required.

        ``record`` is the whole name, ``host`` what most providers want in the field "Name".
        """
        self.ensure_one()
        return []

    def _verdict(self):
        """The last check in words: outcome, code, message, expected, found (list), next_step, warnings (list)."""
        self.ensure_one()
        return {'outcome': '', 'code': '', 'message': '', 'expected': '', 'found': [], 'next_step': '', 'warnings': []}

    def _customer_status(self):
        """What is under way. ``key`` changes whenever the page has something else to show than a moved bar."""
        self.ensure_one()
        return {'key': '', 'busy': False, 'title': '', 'percent': 0, 'label': '', 'steps': [], 'state': 'pending'}
