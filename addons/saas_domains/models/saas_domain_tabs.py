"""Domains where staff look for them: on the form of a tenant and on that of a customer."""
from odoo import _, api, fields, models

from odoo.addons.saas_master.const import STAFF


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    def action_view_domains(self):
        self.ensure_one()
        return self.env['saas.custom_domain']._action_of([('tenant_id', '=', self.id)], default_tenant_id=self.id,
                                                         default_partner_id=self.partner_id.id)

    def action_add_domain(self):
        self.ensure_one()
        return self.env['saas.custom_domain']._action_new(default_tenant_id=self.id, default_partner_id=self.partner_id.id)


class ResPartner(models.Model):
    _inherit = 'res.partner'

    saas_has_domains = fields.Boolean(compute='_compute_saas_has_domains', groups=STAFF)

    @api.depends('saas_tenant_ids', 'saas_domain_ids')
    def _compute_saas_has_domains(self):
        """Whether it is a customer, for whom the tab is shown."""
        for partner in self:
            partner.saas_has_domains = bool(partner.saas_tenant_ids or partner.saas_domain_ids)

    def action_view_saas_domains(self):
        self.ensure_one()
        customer = self.commercial_partner_id
        return self.env['saas.custom_domain']._action_of([('partner_id', '=', customer.id)], default_partner_id=customer.id)

    def action_add_saas_domain(self):
        self.ensure_one()
        return self.env['saas.custom_domain']._action_new(default_partner_id=self.commercial_partner_id.id)


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    @api.model
    def _action_of(self, domain, **defaults):
        return {'type': 'ir.actions.act_window', 'name': _('Domains'), 'res_model': self._name, 'domain': domain,
                'view_mode': 'list,kanban,form', 'context': {'search_default_living': 1, **defaults}}

    @api.model
    def _action_new(self, **defaults):
        return {'type': 'ir.actions.act_window', 'name': _('Add a Domain'), 'res_model': self._name,
                'views': [(False, 'form')], 'target': 'current', 'context': defaults}
