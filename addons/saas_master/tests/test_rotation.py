import os
import subprocess
import sys
from unittest.mock import patch

from odoo.tools import config

from odoo.addons.saas_master.drivers import vault
from odoo.addons.saas_master.drivers.errors import Permanent
from odoo.addons.saas_master.rotation import rotate, sealed_columns

from .common import SaasCase


class TestRotation(SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.cr.execute('UPDATE saas_node SET pg_password_sealed = NULL, ssh_private_key_sealed = NULL WHERE id != %s',
                           [cls.node.id])
        cls.env.cr.execute('UPDATE saas_tenant SET api_key_sealed = NULL')
        cls.old, cls.new = os.environ['SAAS_SECRET_KEY'], vault.generate_key()
        cls.node.ssh_private_key = 'a private key'
        cls.tenant = cls._tenant('rotated', api_key_sealed=vault.Vault([cls.old]).seal('a tenant key'))
        cls.node.active = False
        cls.env.flush_all()

    def _tokens(self):
        self.env.invalidate_all()
        node = self.node.sudo()
        return [node.pg_password_sealed, node.ssh_private_key_sealed, self.tenant.sudo().api_key_sealed]

    def test_where_secrets_are(self):
        self.assertLessEqual(
            {('saas.node', 'pg_password_sealed'), ('saas.node', 'ssh_private_key_sealed'), ('saas.tenant', 'api_key_sealed')},
            {(model._name, column) for model, column in sealed_columns(self.env)})

    def test_all_come_under_the_first_key(self):
        self.assertEqual(rotate(self.env, vault.Vault([self.new, self.old])), 3)
        only_new = vault.Vault([self.new])
        self.assertEqual([only_new.open(token) for token in self._tokens()], ['not used', 'a private key', 'a tenant key'])
        self.assertEqual(rotate(self.env, only_new), 3)         # again, and without the old one
        with patch.dict(os.environ, {'SAAS_SECRET_KEY': self.new}):
            self.assertEqual(self.node._spec().postgres.password, 'not used')

    def test_checking_changes_nothing(self):
        before = self._tokens()
        self.assertEqual(rotate(self.env, vault.Vault([self.new, self.old]), check=True), 3)
        self.assertEqual(self._tokens(), before)

    def test_the_one_that_cannot_be_opened_is_named(self):
        self.tenant.sudo().api_key_sealed = vault.Vault([vault.generate_key()]).seal('lost')
        for check in (True, False):
            with self.assertRaisesRegex(Permanent, rf'saas\.tenant #{self.tenant.id}, api_key_sealed: .*another key'):
                rotate(self.env, vault.Vault([self.new, self.old]), check)

    def test_the_command(self):
        """As people run it, on this database as it is committed."""
        def run(*arguments, **environment):
            import odoo
            program = ('import odoo.cli, sys; sys.argv[0] = "odoo-bin"; '
                       'main = getattr(odoo.cli, "main", None) or odoo.cli.command.main; main()')
            return subprocess.run(
                [sys.executable, '-W', 'ignore', '-c', program, 'saas_rotate_key', *arguments],
                capture_output=True, text=True, timeout=120,
                env={**os.environ, 'ODOO_RC': config['config'] or config.rcfile, 'PYTHONPATH': os.pathsep.join(
                    [os.path.dirname(os.path.dirname(odoo.release.__file__)), *sys.path]), **environment})
        done = run('--check', '-d', self.env.cr.dbname)
        self.assertEqual((done.returncode, done.stdout.split(' ', 1)[1:]), (0, ['stored secrets can be opened.\n']), done.stderr)
        done = run('--check', '-d', self.env.cr.dbname, SAAS_SECRET_KEY='', SAAS_SECRET_KEY_FILE='')
        self.assertEqual(done.returncode, 1)
        self.assertIn('Nothing was changed. No key for the stored secrets', done.stderr)
        done = run('--check', '-d', 'one,another')
        self.assertEqual(done.returncode, 1)
        self.assertIn('Name one database', done.stderr)
