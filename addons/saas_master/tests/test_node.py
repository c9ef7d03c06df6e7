from unittest.mock import patch

from odoo.exceptions import UserError

from odoo.addons.saas_master.drivers.router import Route
from odoo.addons.saas_master.models import saas_node_routes

from .common import SaasCase


class TestNode(SaasCase):

    def test_routes_are_the_records(self):
        self._running_tenant('one')
        closed = self._running_tenant('two')
        closed.reason_ids = self.env.ref('saas_master.suspension_reason_unpaid')
        self._running_tenant('three').is_routed = False
        written = []
        with patch.object(saas_node_routes.Router, 'apply', lambda router, routes: written.extend(routes)):
            self.node._sync_routes()()
        self.assertEqual(sorted(written, key=lambda route: route.database), [
            Route('one.test.localhost', 'one'), Route('two.test.localhost', 'two', suspended=True)])

    def test_bad_nodes(self):
        for values in ({'address_pattern': 'https://example.com'}, {'address_pattern': 'ftp://{name}.example.com'},
                       {'address_pattern': 'https://{name}.{name}.com'}, {'transport': 'ssh'},
                       {'transport': 'ssh', 'ssh_host': 'h', 'ssh_host_key': False}):
            with self.assertRaises(UserError, msg=str(values)):
                self.node.copy({'name': 'bad', **values})

    def test_ssh_access(self):
        node = self.node.copy({
            'name': 'far', 'transport': 'ssh', 'ssh_host': 'far.example.com', 'ssh_host_key': 'ssh-ed25519 AAAA',
            'ssh_private_key': 'tell-nobody'})
        access = node._access()
        self.assertEqual((access.host, access.port, access.private_key), ('far.example.com', 22, 'tell-nobody'))
        self.assertNotIn('tell-nobody', repr(access))
        self.assertEqual(self.node._access().host, '')

    def test_no_key_no_secret(self):
        with patch.dict('os.environ'):
            import os
            os.environ.pop('SAAS_SECRET_KEY', None)
            os.environ.pop('SAAS_SECRET_KEY_FILE', None)
            with self.assertRaisesRegex(UserError, 'SAAS_SECRET_KEY'):
                self.node.pg_password = 'something'
