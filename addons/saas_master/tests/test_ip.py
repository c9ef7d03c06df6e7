"""Addresses that containers get: what a pool takes in, and that no address is ever given twice."""
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger
from odoo.tools.convert import convert_file

from odoo.addons.saas_master.drivers.errors import Permanent

from .dedicated_common import DedicatedCase
from .race_common import RaceCase


class TestPools(DedicatedCase):

    def _pool(self, **values):
        return self.env['saas.ip_pool'].create({'name': 'new pool', 'network': '10.98.0.0/28', **values})

    def _assert_refused(self, words, act):
        """``act`` is refused with these words and leaves nothing behind."""
        before = self.env['saas.ip_address'].search_count([]), self.env['saas.ip_pool'].search_count([])
        with self.assertRaisesRegex((UserError, ValidationError), words), self.env.cr.savepoint():
            act()
        self.env.invalidate_all()
        self.assertEqual((self.env['saas.ip_address'].search_count([]), self.env['saas.ip_pool'].search_count([])), before)

    def test_bad_networks(self):
        for network in ('10.98.0.1/28', '10.98.0.0/33', 'a network', '10.98.0/28', 'fd00::/64'):
            self._assert_refused('A network is written like', lambda network=network: self._pool(network=network))

    def test_gateway_and_range_are_of_the_network(self):
        for field in ('gateway', 'first', 'last'):
            for value in ('10.97.0.1', 'the router', '10.98.0.300'):
                self._assert_refused('is no address of the network 10.98.0.0/28',
                                     lambda field=field, value=value: self._pool(**{field: value}))
        for ends in (('.0', None), (None, '.15'), ('.9', '.4')):
            values = {name: f'10.98.0{end}' for name, end in zip(('first', 'last'), ends, strict=True) if end}
            self._assert_refused('', lambda values=values: self._pool(**values).action_fill())
        for gateway in ('10.98.0.0', '10.98.0.15'):
            self._assert_refused('no host', lambda gateway=gateway: self._pool(gateway=gateway))

    def test_bridge_and_vlan(self):
        for bridge in ('', 'vmbr 0', 'vmbr0,firewall=0', 'a-bridge-whose-name-is-too-long'):
            self._assert_refused('bridge', lambda bridge=bridge: self._pool(bridge=bridge))
        self.assertEqual(self._pool(bridge='vmbr1', vlan=4094).vlan, 4094)

    def test_the_prefix_follows_the_network(self):
        pool = self._pool()
        self.assertEqual(pool.prefix, 28)
        pool.network = '10.98.0.0/27'
        self.assertEqual(pool.prefix, 27)
        pool.action_fill()
        self._assert_refused('addresses that are not in', lambda: pool.write({'network': '10.98.0.0/29'}))
        self.assertEqual((pool.network, pool.prefix), ('10.98.0.0/27', 27))

    def test_fill(self):
        """All but the network, its broadcast and the gateway; once more adds what is missing only."""
        pool = self._pool(gateway='10.98.0.1')
        pool.action_fill()
        self.assertEqual(pool.address_ids.sorted('sort_key').mapped('address'), [f'10.98.0.{n}' for n in range(2, 15)])
        self.assertEqual((pool.free_count, pool.address_count), (13, 13))
        pool.address_ids.filtered(lambda one: one.address == '10.98.0.7').unlink()
        pool.address_ids.filtered(lambda one: one.address == '10.98.0.8').action_reserve()
        pool.action_fill()
        self.assertEqual((pool.free_count, pool.reserved_count, pool.used_count), (12, 1, 0))

    def test_fill_of_a_range(self):
        pool = self._pool(gateway='10.98.0.4', first='10.98.0.3', last='10.98.0.6')
        pool.action_fill()
        self.assertEqual(sorted(pool.address_ids.mapped('address')), ['10.98.0.3', '10.98.0.5', '10.98.0.6'])

    def test_too_large_to_fill(self):
        pool = self._pool(network='10.96.0.0/16')
        self._assert_refused('more than 1024 addresses', pool.action_fill)
        pool.write({'first': '10.96.1.0', 'last': '10.96.4.255'})
        pool.action_fill()
        self.assertEqual(pool.free_count, 1024)

    def test_smallest_networks(self):
        for network, hosts in (('10.98.1.0/30', 2), ('10.98.1.0/31', 2), ('10.98.1.7/32', 1)):
            pool = self._pool(network=network)
            pool.action_fill()
            self.assertEqual(pool.free_count, hosts, network)
            pool.address_ids.unlink()
            pool.unlink()

    def test_bad_addresses(self):
        for address in ('10.98.0.999', '10.98.0.1/28', 'host', '10.98.1.1', '010.98.0.2'):
            self._assert_refused('is no', lambda address=address: self.env['saas.ip_address'].create({
                'address': address, 'pool_id': self._pool().id}))


class TestAddresses(DedicatedCase):

    def _take(self, bridge='vmbr0'):
        return self.env['saas.ip_pool']._take_address(self.cluster, bridge)

    def test_the_lowest_free_one_first(self):
        self.env['saas.ip_address'].create({'address': '10.99.0.9', 'pool_id': self.pool.id})
        self.assertEqual([self._take().address for _turn in range(3)], ['10.99.0.9', '10.99.0.150', '10.99.0.151'])

    def test_reserved_ones_are_left_out(self):
        free = self.pool.address_ids.sorted('sort_key')
        free[0].action_reserve()
        self.assertEqual(self._take(), free[1])
        with self.assertRaisesRegex(UserError, 'Only a free address'):
            (free[0] | free[2]).action_reserve()
        self.assertEqual(free[2].state, 'free', 'all or none')
        free[0].action_free()
        self.assertEqual(self._take(), free[0])

    def test_only_of_pools_for_that_cluster_and_bridge(self):
        self.assertFalse(self._take('vmbr9'))
        other = self.cluster.copy({'name': 'another'})
        self.assertFalse(self.env['saas.ip_pool']._take_address(other, 'vmbr0'))
        for values in ({'kind': 'public'}, {'kind': 'private', 'active': False}):
            self.pool.write(values)
            self.assertFalse(self._take(), values)

    def test_who_has_it_and_since_when(self):
        address = self._take()
        container = self.env['saas.container'].create({
            'name': 'holder', 'cluster_id': self.cluster.id, 'node_id': self.pve_a.id, 'vmid': 20999,
            'ip_address_id': address.id})
        tenant = self._dedicated_tenant('holder', container=container)
        self.assertEqual((address.holder, address.tenant_id), ('LXC 20999 (holder)', tenant))
        self.assertTrue(address.since)
        for act in (address.action_free, lambda: address.write({'address': '10.99.0.200'}), address.unlink):
            with self.assertRaises(UserError):
                act()
        container._release()
        self.assertEqual((address.state, address.holder), ('free', False))
        with self.assertRaisesRegex(UserError, 'stays on record'):
            address.unlink()

    def test_none_left(self):
        """Nothing is reserved for a container that gets no address."""
        self.pool.address_ids.filtered(lambda one: one.state == 'free').action_reserve()
        number = self.cluster.vmid_next
        with self.assertRaisesRegex(Permanent, 'No pool of test cluster has a free address on vmbr0'):
            self.env['saas.container']._reserve(self.pve_a, self.dedicated, self.golden, 'one', 'a' * 32)
        self.assertEqual(self.cluster.vmid_next, number)
        self.assertFalse(self.env['saas.container'].search([('name', '=', 'one')]))

    def test_the_demo_data(self):
        """The public addresses of the seed, as its table has them."""
        convert_file(self.env, 'saas_master', 'demo/saas_ip_demo.xml', {}, mode='init')
        pool = self.env.ref('saas_master.demo_ip_pool_public')
        self.assertEqual(
            [(one.address, one.state, one.holder) for one in pool.address_ids.sorted('sort_key')],
            [('208.115.125.26', 'reserved', 'Proxmox VE'), ('208.115.125.27', 'used', 'LXC 146 (WL-DEPLOY)'),
             ('208.115.125.28', 'used', 'LXC 154 (mcp-forensics)'), ('208.115.125.29', 'used', 'LXC 160 (SRV-Sajet)'),
             ('208.115.125.30', 'reserved', False)])
        notes = pool.address_ids.sorted('sort_key').mapped('note')
        self.assertIn('belongs to Proxmox VE', notes[0])
        self.assertIn('expansion', notes[4])
        private = self.env.ref('saas_master.demo_ip_pool_private')
        self.assertEqual((private.free_count, private.used_count), (1, 2))

    def test_two_pools_never_have_the_same_one(self):
        """Where both are for the same cluster, bridge and VLAN."""
        values = {'name': 'second', 'network': '10.99.0.0/24', 'address_ids': [(0, 0, {'address': '10.99.0.150'})]}
        second = self.env['saas.ip_pool'].create(values)
        with self.assertRaisesRegex(ValidationError, '10.99.0.150 is in the pool'), self.env.cr.savepoint():
            second.cluster_ids = self.cluster
        second.write({'cluster_ids': [(6, 0, self.cluster.ids)], 'vlan': 7})
        with self.assertRaisesRegex(ValidationError, '10.99.0.150 is in the pool'), self.env.cr.savepoint():
            second.vlan = 0
        second.address_ids.unlink()
        second.vlan = 0
        with self.assertRaisesRegex(ValidationError, '10.99.0.151 is in the pool'), self.env.cr.savepoint():
            self.env['saas.ip_address'].create({'address': '10.99.0.151', 'pool_id': second.id})


class TestAddressRace(RaceCase):

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        with self._server() as env:
            cluster = env['saas.cluster'].create({'name': 'race', 'api_url': 'https://127.0.0.1:1', 'token_id': 'saas@pve!test'})
            pool = env['saas.ip_pool'].create({
                'name': 'race', 'network': '10.95.0.0/27', 'first': '10.95.0.2', 'last': '10.95.0.21',
                'cluster_ids': [(6, 0, cluster.ids)]})
            pool.action_fill()
            self.cluster_id, self.pool_id = cluster.id, pool.id

    def _clean_up(self):
        with self._server() as env:
            env['saas.ip_address'].search([('pool_id.name', '=', 'race')]).unlink()
            env['saas.ip_pool'].search([('name', '=', 'race')]).unlink()
            env['saas.cluster'].search([('name', '=', 'race')]).unlink()

    def _take(self, env):
        return env['saas.ip_pool']._take_address(env['saas.cluster'].browse(self.cluster_id), 'vmbr0').address

    @mute_logger('odoo.sql_db')
    def test_many_at_once_get_different_ones(self):
        """24 for 20 addresses: each gets another one, and only those who come too late get none."""
        taken = self._at_once(*[self._take] * 24, ways=self._patiently)
        given = [address for address in taken if address]
        self.assertEqual(len(given), 20, taken)
        self.assertEqual(len(set(given)), 20, 'none is given twice')
        with self._server() as env:
            pool = env['saas.ip_pool'].browse(self.pool_id)
            self.assertEqual((pool.free_count, pool.used_count), (0, 20))

    @mute_logger('odoo.sql_db')
    def test_nobody_waits_for_one_that_is_being_taken(self):
        """What another transaction has taken and not committed is passed over; rolled back, it is free again."""
        with self._server() as first, self._server() as second:
            self.assertEqual(self._take(first), '10.95.0.2')
            second.cr.execute("SET LOCAL lock_timeout = '1s'")
            self.assertEqual(self._take(second), '10.95.0.3')
            second.cr.rollback()
            first.cr.rollback()
        with self._server() as env:
            self.assertEqual(self._take(env), '10.95.0.2')
            env.cr.rollback()

    @mute_logger('odoo.sql_db')
    def test_numbers_are_given_once(self):
        number = lambda env: env['saas.cluster'].browse(self.cluster_id)._next_number()     # noqa: E731
        numbers = self._at_once(*[number] * 12, ways=self._patiently)
        self.assertEqual(sorted(numbers), list(range(min(numbers), min(numbers) + 12)))
