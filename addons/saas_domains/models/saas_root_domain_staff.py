"""How full a root domain is, at a glance."""
from odoo import _, api, fields, models


class SaasRootDomain(models.Model):
    _inherit = 'saas.root_domain'

    record_percent = fields.Integer('Records Used (%)', compute='_compute_percent')
    hostname_percent = fields.Integer('Custom Hostnames Used (%)', compute='_compute_percent')
    record_words = fields.Char(compute='_compute_percent')
    hostname_words = fields.Char(compute='_compute_percent')
    connector_words = fields.Char('Connectors with this Configuration', compute='_compute_connector_words')

    @api.depends('record_used', 'record_quota', 'hostname_used', 'hostname_quota')
    @api.depends_context('lang')
    def _compute_percent(self):
        for root in self:
            for name in ('record', 'hostname'):
                used, quota = root[f'{name}_used'], root[f'{name}_quota']
                root[f'{name}_percent'] = min(round(100 * used / quota), 100) if quota else 0
                root[f'{name}_words'] = _('%(used)s of %(quota)s', used=used, quota=quota) if quota else str(used)

    @api.depends('connector_count', 'connectors_current')
    @api.depends_context('lang')
    def _compute_connector_words(self):
        for root in self:
            root.connector_words = _('%(current)s of %(all)s', current=root.connectors_current, all=root.connector_count)

    def action_view_audit(self):
        return self.env['saas.audit']._action_of(self)
