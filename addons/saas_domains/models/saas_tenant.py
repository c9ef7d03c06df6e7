from odoo import _, api, fields, models

from odoo.addons.saas_master.drivers.errors import Permanent
from odoo.addons.saas_master.drivers.waiting import NotYet


class SaasTenant(models.Model):
    _inherit = 'saas.tenant'

    domain_ids = fields.One2many('saas.custom_domain', 'tenant_id', 'Custom Domains')
    domain_count = fields.Integer(compute='_compute_domain_count')
    primary_domain_id = fields.Many2one('saas.custom_domain', compute='_compute_primary_domain_id')
    redirect_to_primary = fields.Boolean('Redirect to the Primary Domain', default=True, tracking=True,
                                         help='Visitors of its other custom domains are sent to the primary one.')
    told_base_url = fields.Char(readonly=True, copy=False, help='What it was told last to call itself.')

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

    def write(self, vals):
        """A change of mind about redirects reaches the router by the operation that a new primary name would open."""
        changed = self.filtered(lambda tenant: 'redirect_to_primary' in vals
                                and tenant.redirect_to_primary != vals['redirect_to_primary'])
        result = super().write(vals)
        for primary in changed.sudo().primary_domain_id:
            if not primary._active_operation():
                primary._open('primary_domain')
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_ends_claims(self):
        self.sudo().domain_ids._end_claim('tenant_deleted')

    @api.model
    def _name_problem(self, name):
        """Names of tenants and subdomains of living domains are one name space (saas_label.py)."""
        problem = super()._name_problem(name)
        if not problem and self.env['saas.label'].sudo().search_count([('name', '=', name)], limit=1):
            return 'taken', self._name_message('taken')
        return problem

    @api.model
    def _operation_steps(self, kind):
        steps = super()._operation_steps(kind)
        return [('release_domains', _('Take its domains off')), *steps] if kind == 'delete' else steps

    def _step_release_domains(self, step):
        """Its names leave the edges before it leaves its address; what that leaves behind nobody could take away later."""
        domains = self.domain_ids
        domains._end_claim('tenant_deleted')
        left = domains.filtered(lambda domain: domain._has_edges())
        stuck = left.filtered('attention')
        if stuck:
            raise Permanent(_('%s cannot be taken off. Retry that operation, then this one.',
                              ', '.join(stuck.mapped('display_domain'))))
        left._settle()
        return NotYet(1, _('Waiting until its domains are taken off.')) if left else None

    def _operation_done(self, operation):
        """Names that waited for it to go live follow; with a record for each host, its own is missing yet or left over."""
        result = super()._operation_done(operation)
        roots = self.env['saas.root_domain']
        if operation.kind in ('provision', 'delete', 'cleanup') and roots.search_count([('edge_mode', '=', 'per-host')], limit=1):
            roots._reconcile_soon()
        if operation.kind in ('provision', 'resume'):
            self.domain_ids._publish_what_can_be()
        return result
