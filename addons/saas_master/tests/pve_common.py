"""Tenants with containers on a Proxmox VE of the fakes, over real HTTPS. Containers there are numbers and words only: what
is inside them is kept by ``Inside``."""
import contextlib
import sys
from pathlib import Path
from unittest.mock import patch

CHECKOUT = Path(__file__).resolve().parents[3]
if str(CHECKOUT) not in sys.path:
    sys.path.insert(0, str(CHECKOUT))

from odoo.addons.saas_master.drivers.access import Access  # noqa: E402
from odoo.addons.saas_master.drivers.errors import Permanent  # noqa: E402
from odoo.addons.saas_master.drivers.pve import connections, dedicated_database  # noqa: E402
from odoo.addons.saas_master.drivers.vault import Vault  # noqa: E402

from tests.fakes.pve import FakePve  # noqa: E402

from .common import SaasCase  # noqa: E402
from .dedicated_common import Ordering  # noqa: E402


class Inside:
    """The databases of the containers, by number; ``drivers.pve.dedicated_database`` without a container."""

    def __init__(self):
        self.databases = {}

    def personalise(self, vmid, tenant, layout=None):
        if self.look(vmid, tenant) == 'published':
            raise Permanent('It is published already.')
        self.databases[vmid] = {'mark': tenant.mark, 'state': 'staging'}

    def publish(self, vmid, tenant, layout=None):
        self.databases[vmid].update(state='published')

    def look(self, vmid, tenant, layout=None):
        found = self.databases.get(vmid)
        return found['state'] if found and found['mark'] == tenant.mark else 'staging'


class PveCase(Ordering, SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pve = FakePve(nodes=('pve1', 'pve2'))
        cls.pve.start()
        cls.addClassCleanup(cls.pve.stop)
        cls.cluster = cls.env['saas.cluster'].create({
            'name': 'test cluster', 'api_url': cls.pve.url, 'token_id': cls.pve.token_id, 'trust': 'ca',
            'ca_certificate': cls.pve.ca_text, 'pve_pool': cls.pve.pool, 'vmid_from': 20000})
        cls.cluster.token_secret_sealed = Vault.from_environment().seal(cls.pve.token_secret)
        cls.pve_a, cls.pve_b = (cls.env['saas.node'].create({
            'name': f'test {name}', 'kind': 'proxmox', 'cluster_id': cls.cluster.id, 'pve_node': name,
            'address_pattern': 'http://{name}.test.localhost:8080', 'router_id': cls.node.id, 'storage': cls.pve.storage,
            'backup_storage': cls.pve.backup_storage, 'bridge': cls.pve.bridge}) for name in cls.pve.nodes)
        pool = cls.env['saas.ip_pool'].create({
            'name': 'test pool', 'network': '10.99.0.0/24', 'gateway': '10.99.0.1', 'cluster_ids': [(6, 0, cls.cluster.ids)],
            'bridge': cls.pve.bridge})
        cls.addresses = cls.env['saas.ip_address'].create([
            {'address': f'10.99.0.{number}', 'pool_id': pool.id} for number in range(10, 16)])
        cls.dedicated = cls.env['saas.plan'].create({
            'name': 'Own server', 'code': 'test-dedicated', 'isolation': 'dedicated', 'template_name': 'test_golden',
            'cpu_cores': 2, 'memory_mib': 2048, 'disk_gib': 8})
        cls.golden = cls.env['saas.template'].create({'name': 'test_golden', 'node_id': cls.pve_a.id})
        cls.golden.write({'database_name': 'saas_golden', 'version': 1, 'state': 'ready',
                          'vmid': cls.pve.golden[cls.pve_a.pve_node]})

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clear)
        self.inside = Inside()
        for name in ('personalise', 'publish', 'look'):
            self.enterContext(patch.object(dedicated_database, name, getattr(self.inside, name)))
        self.enterContext(patch.object(Access, 'open', lambda access: contextlib.nullcontext(access.vmid)))
        self.enterContext(patch.object(connections, 'inside', lambda access, vmid: contextlib.nullcontext(vmid)))
        self.patch(self.env.registry['saas.node'], '_sync_routes', lambda node: lambda: None)
        self._see_no_pages()

    def _clear(self):
        """Nothing of this test is left for the next one."""
        self.pve.control.heal()
        self.pve.control.tasks_slow(0)
        self.pve.control.forget_backups()
        for vmid in self.pve.control.containers():
            if vmid not in self.pve.golden.values():
                self.pve.control.destroy(vmid)

    def _there(self, tenant):
        """What Proxmox VE has of its container; None for nothing."""
        return self.pve.control.containers().get(tenant.container_id.vmid)
