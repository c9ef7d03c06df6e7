import ipaddress
import re

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..series import Constraint

MOST = 1024             # addresses made by one press of the button
BRIDGE = re.compile(r'[A-Za-z][A-Za-z0-9_.-]{0,14}')        # an interface of Linux has at most 15 characters
# The lowest free one that nobody is just taking: two at once get different ones and neither waits.
TAKE = """
    UPDATE saas_ip_address SET state = 'used', since = now() AT TIME ZONE 'UTC' WHERE id = (
        SELECT a.id FROM saas_ip_address a JOIN saas_ip_pool p ON p.id = a.pool_id
         WHERE p.active AND p.kind = 'private' AND a.state = 'free'
           AND EXISTS (SELECT FROM saas_cluster_saas_ip_pool_rel r WHERE r.saas_ip_pool_id = p.id AND r.saas_cluster_id = %s)
           AND (p.bridge = %s OR %s IS NULL)
         ORDER BY p.name, p.id, a.sort_key LIMIT 1 FOR UPDATE OF a SKIP LOCKED)
    RETURNING id"""


class SaasIpPool(models.Model):
    """Addresses that containers get: one network, its gateway and the bridge that it is on."""

    _name = 'saas.ip_pool'
    _description = 'Pool of IP Addresses'
    _inherit = 'saas.audited'
    _order = 'name, id'

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    kind = fields.Selection([('private', 'Private'), ('public', 'Public')], required=True, default='private',
                            help='Containers get private addresses; public ones are only kept on record.')
    network = fields.Char(required=True, help='For instance 10.10.10.0/24.')
    prefix = fields.Integer(compute='_compute_prefix', store=True)
    gateway = fields.Char(help='For instance 10.10.10.1.')
    bridge = fields.Char(required=True, default='vmbr0')
    vlan = fields.Integer('VLAN', help='0: none.')
    first = fields.Char('From', help='First address that the button adds; empty: the network\'s first.')
    last = fields.Char('To', help='Last address that the button adds; empty: the network\'s last.')
    cluster_ids = fields.Many2many('saas.cluster', string='Clusters', help='Whose containers may have these addresses.')
    address_ids = fields.One2many('saas.ip_address', 'pool_id')
    free_count = fields.Integer('Free', compute='_compute_counts')
    reserved_count = fields.Integer('Reserved', compute='_compute_counts')
    used_count = fields.Integer('In Use', compute='_compute_counts')
    address_count = fields.Integer('Addresses', compute='_compute_counts')

    _name_uniq = Constraint('UNIQUE (name)', 'Another pool has this name already.')
    _vlan_range = Constraint('CHECK (vlan BETWEEN 0 AND 4094)', 'A VLAN is a number from 1 to 4094, 0 for none.')

    @api.depends('network')
    def _compute_prefix(self):
        for pool in self:
            pool.prefix = pool._network().prefixlen if pool._network() else 0

    @api.depends('address_ids.state')
    def _compute_counts(self):
        counts = {}
        for pool, state, count in self.env['saas.ip_address']._read_group(
                [('pool_id', 'in', self.ids)], ['pool_id', 'state'], ['__count']):
            counts[pool.id, state] = count
        for pool in self:
            pool.free_count, pool.reserved_count, pool.used_count = (
                counts.get((pool.id, state), 0) for state in ('free', 'reserved', 'used'))
            pool.address_count = pool.free_count + pool.reserved_count + pool.used_count

    def _network(self):
        """None while what was entered is no network."""
        try:
            return ipaddress.IPv4Network((self.network or '').strip())
        except ValueError:
            return None

    def _hosts(self):
        """First and last address that a host may have: not those of the network itself and of its broadcast."""
        network = self._network()
        edge = 1 if network.prefixlen < 31 else 0
        return network.network_address + edge, network.broadcast_address - edge

    @api.constrains('network', 'gateway', 'first', 'last')
    def _check_network(self):
        for pool in self:
            network = pool._network()
            if not network:
                raise ValidationError(_('A network is written like 10.10.10.0/24, with no bits of a host; "%s" is not.',
                                        pool.network))
            for value in filter(None, (pool.gateway, pool.first, pool.last)):
                pool._check_host(network, value)
            if pool.first and pool.last and _address(pool.first) > _address(pool.last):
                raise ValidationError(_('The range ends at %(last)s, before it begins at %(first)s.', first=pool.first,
                                        last=pool.last))
            outside = [one.address for one in pool.address_ids if _address(one.address) not in network]
            if outside:
                raise ValidationError(_('The pool has addresses that are not in %(network)s: %(addresses)s.',
                                        network=pool.network, addresses=', '.join(outside[:5])))

    def _check_host(self, network, value):
        address, (first, last) = _address(value), self._hosts()
        if address is None or address not in network:
            raise ValidationError(_('%(address)s is no address of the network %(network)s.', address=value, network=self.network))
        if not first <= address <= last:
            raise ValidationError(_('%(address)s is no host of %(network)s but the network itself or its broadcast.',
                                    address=value, network=self.network))

    @api.constrains('bridge')
    def _check_bridge(self):
        for pool in self:
            if not BRIDGE.fullmatch(pool.bridge or ''):
                raise ValidationError(_('A bridge has a name like vmbr0, at most 15 letters and digits; "%s" is none.',
                                        pool.bridge or ''))

    @api.constrains('bridge', 'vlan', 'cluster_ids', 'active', 'kind')
    def _check_doubles(self):
        self.address_ids._check_doubles()

    # -- buttons ------------------------------------------------------------------------------

    def action_fill(self):
        """Add what is missing of the range; the gateway, network and broadcast addresses are no container's."""
        self.check_access('write')
        for pool in self:
            lowest, highest = pool._hosts()
            first, last = _address(pool.first) or lowest, _address(pool.last) or highest
            if int(last) - int(first) >= MOST:
                raise UserError(_('From %(first)s to %(last)s are more than %(most)s addresses. Enter a smaller range.',
                                  first=first, last=last, most=MOST))
            known = {*pool.address_ids.mapped('address'), pool.gateway}
            numbers = range(int(first), int(last) + 1)
            self.env['saas.ip_address'].create([
                {'address': address, 'pool_id': pool.id} for number in numbers
                if (address := str(ipaddress.IPv4Address(number))) not in known])
        return True

    def action_view_addresses(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_window', 'name': self.name, 'res_model': 'saas.ip_address',
                'view_mode': 'list,form', 'domain': [('pool_id', '=', self.id)], 'context': {'default_pool_id': self.id}}

    # -- giving -------------------------------------------------------------------------------

    @api.model
    def _take_address(self, cluster, bridge=None):
        """A free private address for a container of ``cluster``, in use from now on; an empty recordset if there is none."""
        self.env.flush_all()
        self.env.cr.execute(TAKE, [cluster.id, bridge or None, bridge or None], log_exceptions=False)
        row = self.env.cr.fetchone()
        address = self.env['saas.ip_address'].browse(row and row[0])
        address.invalidate_recordset()
        return address


def _address(text):
    try:
        return ipaddress.IPv4Address((text or '').strip())
    except ValueError:
        return None
