from odoo import _, api, fields, models
from odoo.exceptions import UserError

KINDS = {'snapshot': 'rollback', 'backup': 'restore'}


class SaasContainerTakeBack(models.TransientModel):
    """Asks which kept state of a container to go back to, and for the tenant's name, since what came after it is lost."""

    _name = 'saas.container.take.back'
    _description = 'Take a Kept State Back'

    tenant_id = fields.Many2one('saas.tenant', required=True, readonly=True)
    kept_ids = fields.One2many('saas.container.kept', 'dialogue_id', readonly=True)
    kept_id = fields.Many2one('saas.container.kept', 'Go back to', domain="[('dialogue_id', '=', id)]")
    typed_name = fields.Char('Name of the Tenant')
    read_at = fields.Datetime(readonly=True)

    @api.model
    def _open_for(self, tenant):
        """Ask Proxmox VE what is kept of its container, with no transaction open, and show it."""
        container = tenant.sudo().container_id
        with tenant.sudo().node_id._user_errors():
            kept = self.env['saas.operation']._transaction(container._kept_work)()
        dialogue = self.create({
            'tenant_id': tenant.id, 'read_at': fields.Datetime.now(),
            'kept_ids': [fields.Command.create(values) for values in kept]})
        return {'type': 'ir.actions.act_window', 'name': _('Take a Kept State Back'), 'res_model': self._name,
                'res_id': dialogue.id, 'view_mode': 'form', 'views': [(False, 'form')], 'target': 'new'}

    def action_take_back(self):
        kept = self._chosen()
        self.tenant_id._check_typed_name(self.typed_name)
        self.tenant_id._take_back(KINDS[kept.kind], kept.name)
        return {'type': 'ir.actions.act_window_close'}

    def action_remove_kept(self):
        """It takes up room, and nobody will go back to it."""
        kept = self._chosen()
        self.tenant_id._remove_kept(kept.kind, kept.name)
        return {'type': 'ir.actions.act_window_close'}

    def _chosen(self):
        self.ensure_one()
        if not self.kept_id:
            raise UserError(_('Choose a snapshot or a backup.'))
        return self.kept_id


class SaasContainerKept(models.TransientModel):
    """One snapshot or backup, as Proxmox VE lists it."""

    _name = 'saas.container.kept'
    _description = 'Kept State of a Container'
    _order = 'at desc, id'

    dialogue_id = fields.Many2one('saas.container.take.back', required=True, ondelete='cascade')
    kind = fields.Selection([('snapshot', 'Snapshot'), ('backup', 'Backup')], required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    at = fields.Datetime('Made at', readonly=True)
    size_mib = fields.Integer('Size (MiB)', readonly=True)

    @api.depends('kind', 'name', 'at')
    @api.depends_context('lang', 'tz')
    def _compute_display_name(self):
        kinds = dict(self._fields['kind']._description_selection(self.env))
        for kept in self:
            at = kept.at and fields.Datetime.context_timestamp(kept, kept.at).strftime('%Y-%m-%d %H:%M')
            kept.display_name = ' '.join(filter(None, (kinds[kept.kind], at, f'({kept.name})')))
