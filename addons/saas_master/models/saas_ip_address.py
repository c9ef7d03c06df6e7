import ipaddress

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..series import Constraint

DOUBLES = """
    SELECT a.address, q.name FROM saas_ip_address a JOIN saas_ip_pool p ON p.id = a.pool_id
      JOIN saas_ip_address b ON b.address = a.address AND b.pool_id != a.pool_id
      JOIN saas_ip_pool q ON q.id = b.pool_id
     WHERE a.id = ANY(%s) AND p.active AND q.active AND p.kind = 'private' AND q.kind = 'private'
       AND p.bridge = q.bridge AND coalesce(p.vlan, 0) = coalesce(q.vlan, 0)
       AND EXISTS (SELECT FROM saas_cluster_saas_ip_pool_rel r JOIN saas_cluster_saas_ip_pool_rel s
                       ON s.saas_cluster_id = r.saas_cluster_id
                    WHERE r.saas_ip_pool_id = p.id AND s.saas_ip_pool_id = q.id)
     LIMIT 1"""


class SaasIpAddress(models.Model):
    """One address: free, reserved by a person, or used by a container."""

    _name = 'saas.ip_address'
    _description = 'IP Address'
    _inherit = 'saas.audited'
    _order = 'pool_id, sort_key, id'
    _rec_name = 'address'

    address = fields.Char(required=True, index=True)
    sort_key = fields.Char(compute='_compute_sort_key', store=True)
    pool_id = fields.Many2one('saas.ip_pool', required=True, ondelete='restrict', index=True)
    kind = fields.Selection(related='pool_id.kind')
    state = fields.Selection([('free', 'Free'), ('reserved', 'Reserved'), ('used', 'In use')],
                             required=True, default='free', index=True)
    since = fields.Datetime(readonly=True, copy=False, help='Since when it is in this state.')
    used_by = fields.Char(help='Who has it, where that is no container of ours.')
    note = fields.Char()
    container_ids = fields.One2many('saas.container', 'ip_address_id', 'Containers')
    container_id = fields.Many2one('saas.container', compute='_compute_holder')
    tenant_id = fields.Many2one('saas.tenant', compute='_compute_holder')
    holder = fields.Char('Used by', compute='_compute_holder')

    _address_pool_uniq = Constraint('UNIQUE (address, pool_id)', 'This pool has that address already.')

    @api.depends('address')
    def _compute_sort_key(self):
        """So that 10.0.0.9 comes before 10.0.0.10."""
        for record in self:
            number = _number(record.address)
            record.sort_key = number is not None and f'{number:010d}'

    @api.depends('container_ids.state', 'container_ids.tenant_ids', 'used_by')
    def _compute_holder(self):
        for record in self:
            container = record.container_ids.filtered(lambda one: one.state != 'gone')[:1]
            record.container_id, record.tenant_id = container, container.tenant_ids[:1]
            record.holder = container and f'LXC {container.vmid} ({container.name})' or record.used_by

    @api.constrains('address', 'pool_id')
    def _check_address(self):
        for record in self:
            network = record.pool_id._network()
            if _number(record.address) is None:
                raise ValidationError(_('%s is no IPv4 address.', record.address))
            if network and ipaddress.IPv4Address(record.address) not in network:
                raise ValidationError(_('%(address)s is no address of the network %(network)s.', address=record.address,
                                        network=record.pool_id.network))

    @api.constrains('address', 'pool_id')
    def _check_doubles(self):
        """Two pools that the same containers use on the same bridge never have one address both."""
        self.env.flush_all()
        self.env.cr.execute(DOUBLES, [self.ids])
        row = self.env.cr.fetchone()
        if row:
            raise ValidationError(_('%(address)s is in the pool "%(pool)s" already, for the same cluster and bridge. Take it out '
                                    'of one of them, so that it is never given twice.', address=row[0], pool=row[1]))

    @api.model_create_multi
    def create(self, vals_list):
        now = fields.Datetime.now()
        return super().create([{'since': now, **vals} for vals in vals_list])

    def write(self, vals):
        if 'state' in vals:
            changed = self.filtered(lambda record: record.state != vals['state'])
            held = changed.filtered('container_id')
            if held and not self.env.context.get('saas_release'):
                raise UserError(_('%(address)s is used by %(holder)s: it is free again when that container is removed.',
                                  address=held[0].address, holder=held[0].holder))
            if changed:
                super(SaasIpAddress, changed).write({'since': fields.Datetime.now()})
        if {'address', 'pool_id'} & vals.keys() and any(record.container_id for record in self):
            raise UserError(_('An address that a container has cannot be changed.'))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unused(self):
        if any(record.container_ids for record in self):
            raise UserError(_('An address that a container has or had stays on record. Reserve it, so that nobody gets '
                              'it again.'))

    def action_reserve(self):
        self.check_access('write')
        if any(record.state != 'free' for record in self):
            raise UserError(_('Only a free address can be reserved.'))
        self.write({'state': 'reserved'})

    def action_free(self):
        self.check_access('write')
        self.write({'state': 'free', 'used_by': False})


def _number(text):
    try:
        return int(ipaddress.IPv4Address(text or ''))
    except ValueError:
        return None
