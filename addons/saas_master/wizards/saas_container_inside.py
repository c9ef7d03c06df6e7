from odoo import _, api, fields, models


class SaasContainerInside(models.TransientModel):
    """What a look into a container has shown, with its time and who asked."""

    _name = 'saas.container.inside'
    _description = 'Look into a Container'

    container_id = fields.Many2one('saas.container', required=True, readonly=True, ondelete='cascade')
    what = fields.Selection([
        ('containers', 'Containers of the Node'), ('status', 'State of the Services'), ('log', 'Log of Odoo'),
        ('restart', 'Odoo Restarted')], required=True, readonly=True)
    text = fields.Text(readonly=True)
    at = fields.Datetime('Asked at', readonly=True, default=fields.Datetime.now)
    user_id = fields.Many2one('res.users', 'Asked by', readonly=True, default=lambda self: self.env.user)

    @api.model
    def _show(self, container, what, text):
        shown = self.create({'container_id': container.id, 'what': what, 'text': text or _('Nothing was answered.')})
        title = dict(self._fields['what']._description_selection(self.env))[what]
        return {'type': 'ir.actions.act_window', 'name': title, 'res_model': self._name, 'res_id': shown.id,
                'view_mode': 'form', 'views': [(False, 'form')], 'target': 'new'}
