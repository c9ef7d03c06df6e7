from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = 'res.partner'

    saas_right = fields.Selection(
        [('look', 'May look'), ('act', 'May act')], 'Tenants', tracking=True, copy=False,
        help='What this contact may do with the tenants of his company in the portal and by the REST API.')
    saas_tenant_ids = fields.One2many('saas.tenant', 'partner_id', 'Tenants of the Customer')
    saas_tenant_count = fields.Integer(compute='_compute_saas_tenant_count')

    def _compute_saas_tenant_count(self):
        counts = dict(self.env['saas.tenant'].sudo()._read_group(
            [('partner_id', 'in', self.commercial_partner_id.ids), ('state', '!=', 'deleted')],
            ['partner_id'], ['__count']))
        for partner in self:
            partner.saas_tenant_count = counts.get(partner.commercial_partner_id, 0)

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        partners._forget_rules({name for vals in vals_list for name in vals})
        return partners

    def write(self, vals):
        result = super().write(vals)
        self._forget_rules(vals)
        return result

    def _forget_rules(self, names):
        """Record rules are cached with what they say of the user: a right that is taken away ends at once."""
        if {'saas_right', 'parent_id'}.intersection(names) and self.user_ids:
            self.env.registry.clear_cache()
