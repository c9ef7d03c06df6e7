from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..drivers.pve import connections
from ..drivers.pve.dedicated_node import DedicatedNode
from ..drivers.pve.spec import PveNode
from ..series import UniqueIndex


class SaasNode(models.Model):
    """Kinds of node: an Odoo server shared by many, or a machine with Proxmox VE that runs a container for each tenant."""

    _inherit = 'saas.node'

    kind = fields.Selection([('shared', 'Shared Odoo server'), ('proxmox', 'Proxmox VE')], required=True, default='shared')
    cluster_id = fields.Many2one('saas.cluster', ondelete='restrict', index=True)
    pve_node = fields.Char('Name in the Cluster', help='As Proxmox VE calls the machine.')
    storage = fields.Char(default='local-lvm', help='Where the containers\' root file systems lie.')
    is_storage_shared = fields.Boolean('Storage is Shared', help='Every node of the cluster reaches it.')
    backup_storage = fields.Char(help='Where backups are written (vzdump).')
    bridge = fields.Char(default='vmbr0')
    transport = fields.Selection(selection_add=[('pct', 'Container of a Proxmox VE node')], ondelete={'pct': 'set default'})
    pct_node_id = fields.Many2one('saas.node', 'Proxmox VE Node', ondelete='restrict',
                                  help='The node in whose container this one lives.')
    pct_vmid = fields.Integer('Container Number', help='VMID of the container in which this node lives.')
    router_id = fields.Many2one('saas.node', 'Routed by', ondelete='restrict', index=True,
                                help='The node whose router leads to the tenants of this one; empty: its own.')
    region = fields.Char(index=True)
    is_draining = fields.Boolean('Draining', help='No new tenant is placed here.')
    in_maintenance = fields.Boolean('Maintenance', help='Nothing is begun here and no new tenant is placed.')
    capacity_cores = fields.Integer('Cores to Give', help='0: what the node has, times the factor for cores.')
    capacity_memory_mib = fields.Integer('Memory to Give (MiB)', help='0: what the node has.')
    capacity_disk_gib = fields.Integer('Disk to Give (GiB)', help='0: what its storage has.')
    cpu_factor = fields.Float('Factor for Cores', default=4.0, help='So many cores are given for each that is there.')
    container_ids = fields.One2many('saas.container', 'node_id')

    _pve_node_uniq = UniqueIndex("(cluster_id, pve_node) WHERE kind = 'proxmox'",
                                 'This machine of the cluster is a node already.')

    @api.constrains('kind', 'cluster_id', 'pve_node', 'storage', 'bridge', 'transport', 'pct_node_id', 'pct_vmid')
    def _check_kind(self):
        for node in self:
            if node.kind == 'proxmox' and not (node.cluster_id and node.pve_node and node.storage and node.bridge):
                raise ValidationError(_('A node of Proxmox VE needs its cluster, its name there, a storage and a bridge.'))
            if node.kind == 'proxmox' and node.transport == 'pct':
                raise ValidationError(_('A node of Proxmox VE is reached by SSH or is this machine; it is in no container.'))
            if node.transport == 'pct' and not (node.pct_node_id.kind == 'proxmox' and node.pct_vmid > 0):
                raise ValidationError(_('A node in a container needs the Proxmox VE node of that container and its number.'))

    @api.constrains('kind', 'tenant_ids')
    def _check_kind_kept(self):
        for node in self:
            if node.kind != 'proxmox' and node.container_ids.filtered(lambda one: one.state != 'gone'):
                raise ValidationError(_('%s has containers: it cannot become a shared server.', node.name))

    @api.constrains('router_id')
    def _check_router(self):
        for node in self.filtered('router_id'):
            if node.router_id == node or node.router_id.router_id or self.search_count([('router_id', '=', node.id)], limit=1):
                raise ValidationError(_('%(node)s cannot be routed by %(router)s: a router leads to the tenants of other nodes '
                                        'only if it is not led to by another one itself.',
                                        node=node.name, router=node.router_id.name))

    # -- what drivers are given -----------------------------------------------------------------

    def _pve(self):
        """``drivers.pve.spec.PveNode``; DriverError when the token of the cluster cannot be opened here."""
        self.ensure_one()
        node = self.sudo()
        return PveNode(
            api=node.cluster_id._api(), name=node.pve_node, storage=node.storage, is_storage_shared=node.is_storage_shared,
            backup_storage=node.backup_storage or '', bridge=node.bridge, series=node.series)

    def _on_host(self, work):
        """A step's outside part: ``work`` with the driver of a host (``drivers/host.py``), whichever kind this node is."""
        self.ensure_one()
        if self.kind != 'proxmox':
            return self._on_node(work)
        spec, access = self._pve(), self._access()
        return lambda: work(DedicatedNode(spec, lambda vmid: connections.inside(access, vmid), session=connections.session))
