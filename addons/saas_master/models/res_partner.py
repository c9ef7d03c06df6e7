from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from ..const import MANAGER, STAFF


class ResPartner(models.Model):
    _inherit = 'res.partner'

    saas_right = fields.Selection(
        [('look', 'May look'), ('act', 'May act')], 'Tenants', tracking=True, copy=False, groups=STAFF,
        help='What this contact may do with the tenants of his company in the portal and by the REST API.')
    saas_tenant_ids = fields.One2many('saas.tenant', 'partner_id', 'Tenants of the Customer', groups=STAFF)
    saas_tenant_count = fields.Integer(compute='_compute_saas_tenant_count', groups=STAFF)

    def _compute_saas_tenant_count(self):
        counts = dict(self.env['saas.tenant'].sudo()._read_group(
            [('partner_id', 'in', self.commercial_partner_id.ids), ('state', '!=', 'deleted')],
            ['partner_id'], ['__count']))
        for partner in self:
            partner.saas_tenant_count = counts.get(partner.commercial_partner_id, 0)

    def action_view_saas_tenants(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': _('Tenants'), 'res_model': 'saas.tenant',
                'view_mode': 'list,kanban,form', 'domain': [('partner_id', '=', self.commercial_partner_id.id)],
                'context': {'default_partner_id': self.commercial_partner_id.id}}

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get('saas_right') for vals in vals_list):
            self._check_gives_rights()
        return super().create(vals_list)

    def write(self, vals):
        """A right that is taken away ends at once, and nobody takes his to another company."""
        if not {'saas_right', 'parent_id'} & vals.keys():
            return super().write(vals)
        if 'saas_right' in vals:
            self._check_gives_rights()
            self.env['saas.audit']._note('change_right', self, vals['saas_right'] or 'none')
        companies = {partner: partner.commercial_partner_id for partner in self}
        result = super().write(vals)
        if 'saas_right' not in vals:
            moved = self.sudo().filtered(lambda person: person.saas_right and person.commercial_partner_id != companies[person])
            moved.saas_right = False
        if self.sudo().user_ids:
            self.env.registry.clear_cache()         # record rules are cached with what they say of the user
        return result

    def _check_gives_rights(self):
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(_('Only a manager of the control plane says what a contact may do with tenants.'))
