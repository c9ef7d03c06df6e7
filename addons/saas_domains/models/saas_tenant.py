from odoo import fields, models


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    domain_ids = fields.One2many('saas.custom_domain', 'tenant_id', 'Custom Domains')
    domain_count = fields.Integer(compute='_compute_domain_count')
    primary_domain_id = fields.Many2one('saas.custom_domain', compute='_compute_primary_domain_id')
    redirect_to_primary = fields.Boolean('Redirect to the Primary Domain', default=True, tracking=True,
                                         help='Visitors of its other custom domains are sent to the primary one.')

    def _compute_domain_count(self):
        counts = dict(self.env['saas.custom_domain'].sudo()._read_group(
            [('tenant_id', 'in', self.ids), ('lost_at', '=', False)], ['tenant_id'], ['__count']))
        for tenant in self:
            tenant.domain_count = counts.get(tenant, 0)

    def _compute_primary_domain_id(self):
        primary = {domain.tenant_id.id: domain.id for domain in self.env['saas.custom_domain'].search(
            [('tenant_id', 'in', self.ids), ('is_primary', '=', True)])}
        for tenant in self:
            tenant.primary_domain_id = primary.get(tenant.id, False)
