from markupsafe import Markup

from odoo import _, api, fields, models


class SaasTemplate(models.Model):
    """What staff see of a template: what is in it, who was cloned from it, how its build goes."""

    _inherit = 'saas.template'

    odoo_version = fields.Char(compute='_compute_facts')
    module_count = fields.Integer('Installed Modules', compute='_compute_facts')
    facts_list = fields.Html('Contents', compute='_compute_facts', sanitize=False)
    tenant_count = fields.Integer('Tenants', compute='_compute_tenant_count')
    tenant_older_count = fields.Integer('Tenants of Older Versions', compute='_compute_tenant_count')
    build_id = fields.Many2one('saas.operation', 'Build under Way', compute='_compute_build_id')
    build_progress = fields.Integer('Build (%)', compute='_compute_build_id')
    build_step = fields.Char(compute='_compute_build_id')

    @api.depends('facts')
    def _compute_facts(self):
        for template in self:
            facts = template.facts or {}
            modules = facts.get('modules') or {}
            template.odoo_version = facts.get('odoo_version')
            template.module_count = len(modules)
            badges = Markup(' ').join(
                Markup('<span class="badge text-bg-light border fw-normal" title="%s">%s</span>') % (modules[name], name)
                for name in sorted(modules))
            template.facts_list = modules and Markup('<div class="o_saas_facts">%s</div>') % badges

    @api.depends('version')
    def _compute_tenant_count(self):
        """By versions in one query; deleted ones no longer count."""
        counts, older = dict.fromkeys(self.ids, 0), dict.fromkeys(self.ids, 0)
        groups = self.env['saas.tenant']._read_group(
            [('template_id', 'in', self.ids), ('state', 'not in', ('draft', 'deleted'))],
            ['template_id', 'template_version'], ['__count'])
        for template, version, count in groups:
            counts[template.id] += count
            older[template.id] += count if version < template.version else 0
        for template in self:
            template.tenant_count = counts.get(template.id, 0)
            template.tenant_older_count = older.get(template.id, 0)

    @api.depends('operation_ids.state', 'operation_ids.step_ids.state')
    @api.depends_context('lang')
    def _compute_build_id(self):
        active = self.env['saas.operation'].search([('template_id', 'in', self.ids), ('state', 'in', ('waiting', 'running'))])
        by_template = {operation.template_id: operation for operation in active}
        for template in self:
            build = by_template.get(template, active.browse())
            template.build_id, template.build_progress, template.build_step = build, build.progress, build.current_step

    def action_view_tenants(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': _('Tenants of %s', self.name), 'res_model': 'saas.tenant',
                'view_mode': 'list,form', 'domain': [('template_id', '=', self.id), ('state', 'not in', ('draft', 'deleted'))],
                'context': {'group_by': ['template_version']}}
