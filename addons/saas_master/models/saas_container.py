import uuid
from dataclasses import replace

from odoo import _, api, fields, models

from ..drivers.errors import DriverError, Permanent
from ..drivers.placement import Need
from ..drivers.pve.spec import Container
from ..drivers.waiting import NotYet
from ..series import UniqueIndex

NUMBER_TAKEN = 'pve_vmid_taken'         # problem of a driver: the number is somebody else's


class SaasContainer(models.Model):
    """One LXC container of ours on a Proxmox VE node: what is reserved for it, and what was last seen of it."""

    _name = 'saas.container'
    _description = 'LXC Container'
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'id desc'

    name = fields.Char('Host Name', required=True, readonly=True)
    cluster_id = fields.Many2one('saas.cluster', required=True, readonly=True, ondelete='restrict', index=True)
    node_id = fields.Many2one('saas.node', required=True, readonly=True, ondelete='restrict', index=True)
    vmid = fields.Integer('Number', required=True, readonly=True, help='VMID in Proxmox VE.')
    mark = fields.Char(required=True, readonly=True, index=True, default=lambda self: uuid.uuid4().hex)
    ip_address_id = fields.Many2one('saas.ip_address', 'Address', readonly=True, ondelete='restrict', index=True)
    template_id = fields.Many2one('saas.template', readonly=True, ondelete='restrict')
    template_version = fields.Integer(readonly=True)
    memory_mib = fields.Integer('Memory (MiB)', readonly=True)
    cores = fields.Integer('CPU Cores', readonly=True)
    disk_gib = fields.Integer('Disk (GiB)', readonly=True)
    tenant_ids = fields.One2many('saas.tenant', 'container_id')
    standby_ids = fields.One2many('saas.standby', 'container_id')

    state = fields.Selection([
        ('planned', 'Planned'), ('running', 'Running'), ('stopped', 'Stopped'), ('missing', 'Missing'),
        ('foreign', 'Not ours'), ('gone', 'Removed'),
    ], required=True, default='planned', readonly=True, index=True, tracking=True,
        help='What was last seen on the node; until it is removed its resources stay reserved.')
    observed_at = fields.Datetime('Seen at', readonly=True)
    problem = fields.Char(readonly=True, help='What a person has to look at.')
    lock = fields.Char(readonly=True, help='What Proxmox VE is doing with it, for instance "backup".')
    cpu_percent = fields.Float('CPU (%)', readonly=True, digits=(16, 1))
    memory_used_mib = fields.Integer('Memory in Use (MiB)', readonly=True)
    disk_used_mib = fields.Integer('Disk in Use (MiB)', readonly=True)
    uptime_seconds = fields.Integer('Up (s)', readonly=True)

    _vmid_uniq = UniqueIndex("(cluster_id, vmid) WHERE state != 'gone'", 'Another container has this number already.')
    _address_uniq = UniqueIndex("(ip_address_id) WHERE state != 'gone'", 'Another container has this address already.')
    _mark_uniq = UniqueIndex('(mark)', 'Two containers cannot carry the same mark.')

    @api.depends('name', 'vmid')
    def _compute_display_name(self):
        for container in self:
            container.display_name = f'{container.name} ({container.vmid})'

    # -- reserving ------------------------------------------------------------------------------

    @api.model
    def _reserve(self, node, plan, template, hostname, mark):
        """Number, address and resources for a container on ``node``, in the transaction that chose the node.

        Permanent when no pool has a free address for its bridge.
        """
        cluster = node.cluster_id
        address = self.env['saas.ip_pool']._take_address(cluster, node.bridge)
        if not address:
            raise Permanent(_('No pool of %(cluster)s has a free address on %(bridge)s. Add addresses (Infrastructure, '
                              'Addresses), then retry.', cluster=cluster.name, bridge=node.bridge))
        return self.with_context(tracking_disable=True).create({
            'name': hostname, 'cluster_id': cluster.id, 'node_id': node.id, 'vmid': cluster._next_number(), 'mark': mark,
            'ip_address_id': address.id, 'template_id': template.id, 'template_version': template.version,
            **plan._resources()})

    def _release(self):
        """It is gone: what was reserved is free again. Its number and its mark stay on record and are never given again."""
        for container in self:
            container.ip_address_id.with_context(saas_release=True).write({'state': 'free'})
            container.write({'state': 'gone', 'lock': False})

    def _take_next_number(self):
        """The number is somebody else's: another one, in a transaction of its own, since a step is under way outside."""
        self.ensure_one()
        cluster_id, container_id, cursor = self.cluster_id.id, self.id, self.node_id._cursor_maker()
        with cursor() as cr:
            number = self.env['saas.cluster'].browse(cluster_id)._next_number(cr)
            cr.execute('UPDATE saas_container SET vmid = %s WHERE id = %s', [number, container_id])
        self.invalidate_recordset(['vmid'])

    def _or_next_number(self, act):
        """The outside part ``act``; where the number turns out to be somebody else's, another one is tried."""
        self.ensure_one()
        taken = _('The number %s is somebody else\'s; the next one is tried.', self.vmid)

        def outside():
            try:
                return act()
            except DriverError as error:
                if error.problem != NUMBER_TAKEN:
                    raise
                self._take_next_number()
                return NotYet(0.1, taken)
        return outside

    def _resources_of(self, plan):
        return plan._resources()

    def _fits(self, plan):
        """Whether its node can give it what ``plan`` has; a disk is never made smaller."""
        return self.node_id._fits_more(self._more(plan._resources()))

    def _reserve_more(self, wanted, step=None):
        """Before more is given; what is less is given back once it was taken. Permanent when the node has not enough."""
        self.ensure_one()
        self.env.cr.execute('UPDATE saas_node SET placement_count = placement_count WHERE id = %s', [self.node_id.id],
                            log_exceptions=False)       # who places on it at this moment is repeated
        if not self.node_id._fits_more(self._more(wanted)):
            raise Permanent(_('%(node)s has not enough free for that. Make room there, or move the container to another node of '
                              'its cluster, then retry.', node=self.node_id.name))
        self.write({name: max(self[name], value) for name, value in wanted.items()})

    def _more(self, wanted):
        return Need(count=0, **{name: max(value - self[name], 0) for name, value in wanted.items()})

    # -- what drivers are given -----------------------------------------------------------------

    def _spec(self):
        self.ensure_one()
        pool = self.ip_address_id.pool_id
        return Container(
            vmid=self.vmid, hostname=self.name, mark=self.mark,
            address=self.ip_address_id.address or '', prefix=pool.prefix or 24,
            gateway=pool.gateway or '', bridge=pool.bridge or self.node_id.bridge or '', vlan=pool.vlan or 0,
            memory_mib=self.memory_mib, cores=self.cores, disk_gib=self.disk_gib)

    def _task_spec(self, task):
        """The same with what an earlier look at a step left going on there."""
        return replace(self._spec(), task=task or '')
