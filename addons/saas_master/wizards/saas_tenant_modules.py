import re

from odoo import _, fields, models
from odoo.exceptions import UserError


class SaasTenantModules(models.TransientModel):
    """Asks which modules to install in a running tenant."""

    _name = 'saas.tenant.modules'
    _description = 'Install Modules in a Tenant'

    tenant_id = fields.Many2one('saas.tenant', required=True)
    module_names = fields.Char('Modules', required=True, help='Technical names, separated by commas.')

    def action_install(self):
        tenant = self.tenant_id
        tenant.check_access('write')
        names = [name.strip() for name in self.module_names.split(',') if name.strip()]
        bad = [name for name in names if not re.fullmatch(r'[a-z][a-z0-9_]*', name)]
        if bad or not names:
            raise UserError(_('Give technical names of modules, separated by commas; not: %s', ', '.join(bad) or '""'))
        if tenant.state not in ('running', 'suspended'):
            raise UserError(_('Modules can be installed in a running tenant only; %s is not.', tenant.name))
        tenant.sudo()._open('install_modules', modules=names)
        self.env['saas.audit']._note('install_modules', tenant, ', '.join(names))
        return {'type': 'ir.actions.act_window_close'}
