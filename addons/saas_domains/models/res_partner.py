from odoo import fields, models

from odoo.addons.saas_master.const import STAFF


class ResPartner(models.Model):
    _inherit = 'res.partner'

    saas_domain_ids = fields.One2many('saas.custom_domain', 'partner_id', 'Custom Domains', groups=STAFF)
    saas_domain_count = fields.Integer(compute='_compute_saas_domain_count', groups=STAFF)
    saas_domain_limit = fields.Integer('Custom Domains Allowed', compute='_compute_saas_domain_count', groups=STAFF,
                                       help='By the best plan of the customer\'s tenants; 0: no limit.')

    def _compute_saas_domain_count(self):
        domains = self.env['saas.custom_domain'].sudo()
        counts = dict(domains._read_group([('partner_id', 'in', self.commercial_partner_id.ids), ('lost_at', '=', False)],
                                          ['partner_id'], ['__count']))
        for partner in self:
            customer = partner.commercial_partner_id
            partner.saas_domain_count = counts.get(customer, 0)
            partner.saas_domain_limit = domains._limit(customer)
