from odoo.addons.saas_master.drivers.router import Route

from .common import SaasCase


class TestRoutes(SaasCase):
    """What a router has to lead where: to tenants of its node, of nodes without a router of their own, to containers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = cls.env['saas.cluster'].create({
            'name': 'routes', 'api_url': 'https://127.0.0.1:8006', 'token_id': 'saas@pve!control'})
        cls.host = cls.node.copy({
            'name': 'host', 'kind': 'proxmox', 'cluster_id': cls.cluster.id, 'pve_node': 'pve', 'router_id': cls.node.id,
            'address_pattern': cls.node.address_pattern})
        cls.pool = cls.env['saas.ip_pool'].create({'name': 'routes', 'network': '10.77.0.0/24', 'gateway': '10.77.0.1'})
        cls.own = cls._running_tenant('own-test', node_id=cls.host.id, database_name='odoo')
        cls.own.container_id = cls.env['saas.container'].create({
            'name': 'own-test', 'cluster_id': cls.cluster.id, 'node_id': cls.host.id, 'vmid': 10001,
            'ip_address_id': cls.env['saas.ip_address'].create({'address': '10.77.0.5', 'pool_id': cls.pool.id}).id})
        cls.shared = cls._running_tenant('shared-test')

    def _routes(self, node):
        self.env.flush_all()
        return {route.host: route for route in node._route_rows(self.env.cr, node.id)}

    def test_one_router_for_two_nodes(self):
        routes = self._routes(self.node)
        self.assertEqual(routes['own-test.test.localhost'], Route(
            'own-test.test.localhost', 'odoo', upstream='10.77.0.5:8069', websocket='10.77.0.5:8072'))
        self.assertEqual(routes['shared-test.test.localhost'], Route('shared-test.test.localhost', 'shared-test'))
        self.assertFalse(self._routes(self.host))

    def test_a_node_with_a_router_of_its_own(self):
        self.host.router_id = False
        self.assertEqual(list(self._routes(self.host)), ['own-test.test.localhost'])
        self.assertNotIn('own-test.test.localhost', self._routes(self.node))

    def test_a_suspended_container_is_closed(self):
        self.own.reason_ids = self.env['saas.suspension.reason'].search([('code', '=', 'staff')])
        self.assertTrue(self._routes(self.node)['own-test.test.localhost'].suspended)

    def test_programs_reach_the_container_past_the_router(self):
        self.assertEqual(self.own._odoo_url(), 'http://10.77.0.5:8069')
        self.assertEqual(self.shared._odoo_url(), self.node.odoo_url)
