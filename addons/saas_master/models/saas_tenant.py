import uuid
from urllib.parse import urlsplit

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import names
from ..const import NO_ACCESS, TENANT_TRANSITIONS
from ..series import Constraint, UniqueIndex
from ..step_up import step_up

STATES = [
    ('draft', 'Draft'), ('provisioning', 'Provisioning'), ('running', 'Running'), ('suspended', 'Suspended'),
    ('deleting', 'Deleting'), ('deleted', 'Deleted'), ('failed', 'Failed')]
OPERATION_STATES = ('provisioning', 'running', 'suspended', 'deleting')


class SaasTenant(models.Model):
    """One customer's Odoo. Its name is the first label of its address and, the first time it is given, its database."""

    _name = 'saas.tenant'
    _description = 'SaaS Tenant'
    _inherit = ['mail.thread', 'mail.activity.mixin', 'saas.audited', 'saas.operation.subject']
    _order = 'id desc'

    name = fields.Char(required=True, index=True, copy=False,
                       help='Lower-case letters, digits and hyphens, at most 63; part of the address.')
    company_name = fields.Char(required=True)
    email = fields.Char(required=True, help='Login of the tenant\'s administrator.')
    admin_name = fields.Char('Administrator', required=True)
    lang = fields.Char('Language', default='en_US', required=True)
    partner_id = fields.Many2one('res.partner', 'Customer', index=True, ondelete='restrict')
    plan_id = fields.Many2one('saas.plan', required=True, index=True, ondelete='restrict', tracking=True)
    template_id = fields.Many2one('saas.template', index=True, ondelete='restrict', copy=False)
    template_version = fields.Integer(readonly=True, copy=False)
    node_id = fields.Many2one('saas.node', index=True, ondelete='restrict', copy=False)
    state = fields.Selection(STATES, required=True, default='draft', readonly=True, index=True, tracking=True,
                             copy=False, group_expand='_expand_states')
    reason_ids = fields.Many2many('saas.suspension.reason', 'saas_tenant_suspension_rel', 'tenant_id', 'reason_id',
                                  'Suspension Reasons', readonly=True, copy=False)
    host = fields.Char(compute='_compute_address', store=True)
    url = fields.Char('Address', compute='_compute_address', store=True)
    is_routed = fields.Boolean(readonly=True, copy=False, help='The router leads its address to it.')
    trial_end = fields.Date(readonly=True, copy=False)
    live_at = fields.Datetime('Live since', readonly=True, copy=False)
    operation_ids = fields.One2many('saas.operation', 'tenant_id', readonly=True)
    operation_id = fields.Many2one('saas.operation', 'Latest Operation', compute='_compute_operation_id')
    operation_count = fields.Integer(compute='_compute_operation_id')

    mark = fields.Char(required=True, readonly=True, copy=False, default=lambda self: uuid.uuid4().hex,
                       help='By this everything made for the tenant is recognised as ours.')
    database_name = fields.Char('Database', readonly=True, copy=False, index=True)
    database_uuid = fields.Char(readonly=True, copy=False)
    api_key_sealed = fields.Char(groups=NO_ACCESS, copy=False)

    _name_live_uniq = UniqueIndex("(name) WHERE state != 'deleted'", 'This name is taken. Choose another one.')
    _mark_uniq = Constraint('UNIQUE (mark)', 'Two tenants cannot carry the same mark.')
    _name_form = Constraint(
        "CHECK (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' AND substr(name, 3, 2) != '--')",
        'A name has lower-case letters, digits and hyphens, at most 63, and no hyphen first, last, or in places 3 and 4.')

    @api.depends('name', 'node_id.address_pattern')
    def _compute_address(self):
        for tenant in self:
            pattern = tenant.node_id.address_pattern
            tenant.url = pattern and tenant.name and pattern.replace('{name}', tenant.name)
            tenant.host = tenant.url and urlsplit(tenant.url).hostname

    @api.depends('operation_ids.state')
    def _compute_operation_id(self):
        groups = self.env['saas.operation']._read_group(
            [('tenant_id', 'in', self.ids)], ['tenant_id'], ['id:max', '__count'])
        latest = {tenant.id: (operation_id, count) for tenant, operation_id, count in groups}
        for tenant in self:
            tenant.operation_id, tenant.operation_count = latest.get(tenant.id, (False, 0))

    @api.model
    def _expand_states(self, states, domain, order=None):
        return [state for state, _label in STATES]

    @api.constrains('name')
    def _check_name(self):
        for tenant in self:
            code = names.problem(tenant.name)
            if code:
                raise ValidationError(self._name_message(code))

    # -- CRUD -----------------------------------------------------------------------------------

    def write(self, vals):
        if 'name' in vals and any(tenant.state not in ('draft', 'failed') for tenant in self):
            raise UserError(_('The name is the tenant\'s database and address: it cannot change once it is provisioned.'))
        if 'state' in vals and not self.env.context.get('saas_set_state'):
            raise UserError(_('The state of a tenant changes by operations, not by hand.'))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_empty(self):
        if any(tenant.state not in ('draft', 'deleted') for tenant in self):
            raise UserError(_('Delete the tenant first (button Delete): its database and files still exist.'))
        if any(tenant.database_name for tenant in self):
            raise UserError(_('A tenant that had a database stays on record, so that no other one is ever given its name.'))

    # -- names ----------------------------------------------------------------------------------

    @api.model
    def _name_message(self, code):
        return {
            'invalid': _('Use 1 to 63 lower-case letters, digits and hyphens; no hyphen first, last, or in places 3 and 4.'),
            'reserved': _('This name is reserved. Choose another one.'),
            'taken': _('This name is taken. Choose another one.'),
        }[code]

    @api.model
    def _name_problem(self, name):
        """False, or (code, message) why ``name`` cannot be given; code is invalid, reserved or taken."""
        code = names.problem(name)
        if not code and self.sudo().search_count([('name', '=', name), ('state', '!=', 'deleted')], limit=1):
            code = 'taken'
        return (code, self._name_message(code)) if code else False

    # -- states ---------------------------------------------------------------------------------

    def _set_state(self, state):
        """The only way a state changes. Raises UserError for a change that is not declared."""
        for tenant in self:
            if tenant.state == state:
                continue
            if state not in TENANT_TRANSITIONS[tenant.state]:
                labels = dict(self._fields['state']._description_selection(self.env))
                raise UserError(_('%(tenant)s is %(now)s and cannot become %(then)s.', tenant=tenant.name,
                                  now=labels[tenant.state].lower(), then=labels[state].lower()))
            tenant.with_context(saas_set_state=True).write({'state': state})

    # -- buttons and server actions ---------------------------------------------------------------

    def action_provision(self):
        self.check_access('write')
        self.env['saas.audit']._note('provision', self)
        for tenant in self.sudo():
            tenant._set_state('provisioning')
            tenant._open('provision')
        return True

    def action_suspend(self):
        self.env['saas.audit']._note('suspend', self)
        return self._suspend('staff')

    def action_resume(self):
        self.env['saas.audit']._note('resume', self)
        return self._resume('staff')

    @step_up('delete')
    def action_delete(self):
        return self._delete()

    def _delete(self):
        """Take it down with database and files, at once."""
        self.check_access('write')
        self.env['saas.audit']._note('delete', self)
        for tenant in self.sudo():
            tenant._set_state('deleting')
            tenant._open('delete')
        return True

    def action_install_modules(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': _('Install Modules'), 'res_model': 'saas.tenant.modules',
                'view_mode': 'form', 'target': 'new', 'context': {'default_tenant_id': self.id}}

    def action_open(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_url', 'url': self.url, 'target': 'new'}

    def action_view_operations(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': _('Operations'), 'res_model': 'saas.operation',
                'view_mode': 'list,form', 'domain': [('tenant_id', '=', self.id)]}

    def action_view_audit(self):
        return self.env['saas.audit']._action_of(self)

    # -- suspension: a set of reasons -----------------------------------------------------------

    def _suspend(self, code):
        """Add a reason; a running tenant is closed by an operation. While another one runs, when that has ended."""
        self.check_access('write')
        reason = self.env['saas.suspension.reason'].sudo().search([('code', '=', code)])
        for tenant in self.sudo():
            if tenant.state in ('deleting', 'deleted'):
                raise UserError(_('%s is deleted or being deleted and cannot be suspended.', tenant.name))
            tenant.reason_ids |= reason
            tenant._settle()
        return True

    def _resume(self, code):
        """Take one reason away; only without any reason left does the tenant open again."""
        self.check_access('write')
        for tenant in self.sudo():
            if code not in tenant.reason_ids.mapped('code'):
                others = ', '.join(tenant.reason_ids.mapped('name'))
                raise UserError(
                    _('%(tenant)s is suspended for another reason: %(reasons)s.', tenant=tenant.name, reasons=others)
                    if others else _('%s is not suspended.', tenant.name))
            tenant.reason_ids -= tenant.reason_ids.filtered(lambda reason: reason.code == code)
            tenant._settle()
        return True

    def _settle(self, failed=''):
        """Open what brings the state in line with the reasons, unless something is under way (it settles later), or it is
        of the kind that has just ``failed``: that waits for a person, or it would fail again and again.

        Who changes the reasons and who ends an operation may do so at the same moment, each blind to the other. Both
        come here and update the tenant's row: the later one is refused (REPEATABLE READ), repeated, and then sees.
        """
        self.env.flush_all()
        self.env.cr.execute('UPDATE saas_tenant SET mark = mark WHERE id IN %s', [tuple(self.ids) or (0,)],
                            log_exceptions=False)
        for tenant in self:
            wanted = {'running': 'suspend' if tenant.reason_ids else None,
                      'suspended': None if tenant.reason_ids else 'resume'}.get(tenant.state)
            if wanted and wanted != failed and not tenant._active_operation():
                tenant._open(wanted, priority=5)
