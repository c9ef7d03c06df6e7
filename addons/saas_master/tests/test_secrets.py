import io
import json
import logging
import traceback

import pyotp

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.saas_master.drivers import vault
from odoo.addons.saas_master.drivers.errors import DriverError

from .test_step_up import SECRET, Refused, StepUpCase

PASSWORD, KEY = 'node-password-7Hq2', 'node-private-key-9Xw4'
TENANT_KEY = 'tenant-key-3Zp8'
SEALED = ('pg_password_sealed', 'ssh_private_key_sealed', 'api_key_sealed')


class TestSecrets(StepUpCase):
    """What was entered as a secret is nowhere to be found afterwards but sealed."""

    def _listen(self):
        """What is logged, ours and the web server's in full detail. Odoo's own trace of calls is for developers."""
        text = io.StringIO()
        handler = logging.StreamHandler(text)
        for name in ('odoo.http', 'odoo.models', 'odoo.addons.saas_master', 'odoo.addons.base', 'werkzeug', 'paramiko'):
            logger = logging.getLogger(name)
            self.addCleanup(logger.setLevel, logger.level)
            logger.setLevel(logging.DEBUG)
        logging.getLogger().addHandler(handler)
        self.addCleanup(logging.getLogger().removeHandler, handler)
        return text

    def _use_all(self):
        """Enter secrets by every way there is, rightly and wrongly; return what must not be found."""
        self._log_in(self.manager)
        self._assert_refused('(?s).*', self._call, 'saas.node', 'write', [self.node.id], {'pg_password': PASSWORD})
        self._assert_refused('(?s).*', self._give, password='wrong-password-5Kd1')
        self._give('secret', password='step-manager')
        self._give('api_key', password='step-manager')
        self._call('saas.node', 'write', [self.node.id], {'pg_password': PASSWORD, 'ssh_private_key': KEY})
        self._assert_refused('(?s).*', self._call, 'saas.node', 'write', [self.node.id], {
            'pg_password': PASSWORD, 'transport': 'ssh', 'ssh_host': False})
        self.tenant.sudo().api_key_sealed = vault.Vault.from_environment().seal(TENANT_KEY)
        wizard = self._call('saas.api.key.new', 'create', {'name': 'Shop'})
        made = self._call('saas.api.key.new', 'action_make', [wizard if isinstance(wizard, int) else wizard[0]])
        key = made['context']['default_key']
        self.assertEqual(self.env['saas.api.key']._check(key, ['saas.api'])[0], self.manager)
        self._enrol(self.manager)
        code = pyotp.TOTP(SECRET).at(int(self.clock))
        self._give('delete', code=code)
        return {PASSWORD, KEY, TENANT_KEY, key, 'wrong-password-5Kd1'}

    def test_in_no_table_and_no_log(self):
        text = self._listen()
        with mute_logger('odoo.sql_db'):
            secrets = self._use_all()
            self.env.flush_all()
            for secret in secrets:
                self.assertEqual(self._tables_with(secret), [], secret)
        for secret in secrets:
            self.assertNotIn(secret, text.getvalue())

    def _tables_with(self, secret):
        """Tables that hold the text in any column, whatever its type."""
        self.cr.execute("SELECT table_name FROM information_schema.tables"
                        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'")
        return [table for table, in self.cr.fetchall() if self._holds(table, secret)]

    def _holds(self, table, secret):
        self.cr.execute(f'SELECT 1 FROM "{table}" t WHERE strpos(t::text, %s) > 0 LIMIT 1',  # pylint: disable=sql-injection
                        [secret])
        return self.cr.fetchone()

    def test_by_no_call(self):
        secrets = self._use_all()
        asked = []
        for model, record in (('saas.node', self.node), ('saas.tenant', self.tenant),
                              ('saas.api.key', self.env['saas.api.key'].search([], limit=1))):
            fields = [name for name in self.env[model].with_user(self.manager).fields_get() if name not in SEALED]
            self.assertFalse(set(SEALED) & set(self._call(model, 'fields_get')))
            asked += [
                self._call(model, 'read', [record.id], fields), self._call(model, 'search_read', [('id', '=', record.id)]),
                self._call(model, 'web_read', [record.id], specification={name: {} for name in fields}),
                self._call(model, 'get_views', [[False, 'form'], [False, 'list']])]
            for name in set(SEALED) & set(record._fields):
                for method, arguments in (('read', ([record.id], [name])), ('search', ([(name, '!=', False)],)),
                                          ('export_data', ([record.id], [name])),
                                          ('search_read', ([('id', '=', record.id)], [name])),
                                          ('search', ([(name, 'like', 'gAAAA%')],))):
                    with self.assertRaises(Refused, msg=f'{method} {name}'):
                        asked.append(self._call(model, method, *arguments))
                with self.assertRaises(AccessError):
                    self.env[model].with_user(self.manager)._read_group([], [name], ['__count'])
        asked.append(self.node.with_user(self.manager).copy_data())
        text = json.dumps(asked, default=str)
        for secret in secrets | {self.node.sudo().pg_password_sealed, self.tenant.sudo().api_key_sealed}:
            self.assertNotIn(secret, text)

    def test_in_no_message(self):
        secrets = self._use_all()
        self.env.flush_all()
        self.cr.flush()
        messages = self.env['mail.message'].search([('model', 'in', ('saas.node', 'saas.tenant', 'res.users'))])
        told = str(messages.mapped('body')) + str(self.env['mail.tracking.value'].search([]).read())
        lines = str(self.env['saas.audit'].search([]).read())
        for secret in secrets:
            self.assertNotIn(secret, told + lines)

    def test_in_no_traceback_and_no_repr(self):
        self.node.write({'pg_password': PASSWORD, 'ssh_private_key': KEY, 'transport': 'ssh', 'ssh_host': '127.0.0.1',
                         'ssh_host_key': 'ssh-ed25519 AAAA', 'ssh_port': 1})
        spec, access = self.node._spec(), self.node._access()
        found = [repr(spec), repr(access), str(spec), repr(spec.postgres), f'{access}']
        for broken in (lambda: self.node._on_node(lambda shared: shared.transport.run(['true'], 5))(),
                       lambda: vault.Vault([PASSWORD]), lambda: vault.Vault.from_environment().open(PASSWORD)):
            try:
                found.append(repr(broken()))
            except (DriverError, UserError, ValueError, AttributeError) as error:
                found += [''.join(traceback.format_exception(error)), repr(error)]
        for secret in (PASSWORD, KEY):
            self.assertNotIn(secret, '\n'.join(found))
