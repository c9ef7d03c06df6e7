"""A cluster with two nodes, addresses, and tenants with containers of their own; records only, nothing outside is asked."""
from .common import SaasCase


def nothing(record, step=None):
    return None


class Ordering:
    """Tenants of the plan ``dedicated`` that are ordered and made; no page of theirs is looked for, since nothing serves one."""

    def _see_no_pages(self):
        for code in ('warm', 'observe', 'observe_suspended', 'observe_gone', 'welcome'):
            self.patch(self.env.registry['saas.tenant'], f'_step_{code}', nothing)

    def _run_on(self, tenant):
        """Until its operation ends; answers of "not yet" and errors are followed at once."""
        operation = tenant._active_operation()
        for _turn in range(40):
            if operation.state in ('waiting', 'running'):
                self._run(operation)
        return operation

    def _provisioned(self, name='own-server'):
        tenant = self._tenant(name, plan_id=self.dedicated.id)
        tenant.action_provision()
        operation = self._run_on(tenant)
        self.assertEqual((operation.state, tenant.state), ('done', 'running'), operation.error)
        return tenant


class DedicatedCase(SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = cls.env['saas.cluster'].create({
            'name': 'test cluster', 'api_url': 'https://127.0.0.1:1', 'token_id': 'saas@pve!test', 'vmid_from': 10000})
        cls.pve_a, cls.pve_b = (cls._pve_node(name) for name in ('pve-a', 'pve-b'))
        cls.pool = cls.env['saas.ip_pool'].create({
            'name': 'test pool', 'network': '10.99.0.0/24', 'gateway': '10.99.0.1', 'cluster_ids': [(6, 0, cls.cluster.ids)]})
        cls.env['saas.ip_address'].create([
            {'address': f'10.99.0.{number}', 'pool_id': cls.pool.id} for number in range(150, 160)])
        cls.dedicated = cls.env['saas.plan'].create({
            'name': 'Own server', 'code': 'test-dedicated', 'isolation': 'dedicated', 'template_name': 'test_golden',
            'cpu_cores': 2, 'memory_mib': 2048, 'disk_gib': 8})
        cls.golden = cls.env['saas.template'].create({'name': 'test_golden', 'node_id': cls.pve_a.id})
        cls.golden.write({'database_name': 'saas_golden', 'version': 1, 'state': 'ready', 'vmid': 9000})
        cls.numbers = iter(range(20000, 20100))

    @classmethod
    def _pve_node(cls, name, **values):
        return cls.env['saas.node'].create({
            'name': f'test {name}', 'kind': 'proxmox', 'cluster_id': cls.cluster.id, 'pve_node': name,
            'address_pattern': 'http://{name}.test.localhost:8080', 'router_id': cls.node.id, **values})

    @classmethod
    def _container(cls, name, **values):
        vmid = next(cls.numbers)
        address = cls.env['saas.ip_address'].create({
            'address': f'10.99.0.{vmid - 19990}', 'pool_id': cls.pool.id, 'state': 'used'})
        return cls.env['saas.container'].create({
            'name': name, 'cluster_id': cls.cluster.id, 'node_id': cls.pve_a.id, 'vmid': vmid, 'ip_address_id': address.id,
            'template_id': cls.golden.id, 'memory_mib': 2048, 'cores': 2, 'disk_gib': 8, 'state': 'running', **values})

    @classmethod
    def _dedicated_tenant(cls, name='dedicated-one', container=None, **values):
        container = container or cls._container(name)
        tenant = cls._running_tenant(name, **{
            'plan_id': cls.dedicated.id, 'node_id': container.node_id.id, 'template_id': cls.golden.id,
            'database_name': 'odoo', 'mark': container.mark, 'container_id': container.id, **values})
        return tenant
