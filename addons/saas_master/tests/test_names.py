import psycopg2

from odoo.exceptions import ValidationError
from odoo.tools import mute_logger

from odoo.addons.saas_master import names

from .common import SaasCase

BAD = ['', '-', '-a', 'a-', 'A', 'Acme', 'a.b', 'a_b', 'a b', 'a' * 64, 'xn--acme', 'ab--c', 'ñandu', 'а',  # noqa: RUF001
       'acme\n', '\tacme', 'a/b', '../etc', 'a"b', "a'b", 'a;b', 'a$b', 'a\x00b', '١٢', 'a\u200bb', '--', '%', '*']
GOOD = ['a', '1', 'acme', 'a1', '1a', 'a-b', 'a-b-c', 'a' * 63, '0-0', 'a-b--c', 'my-company-2026']


class TestNames(SaasCase):

    def test_rules(self):
        for name in BAD:
            self.assertEqual(names.problem(name), 'invalid', repr(name))
        for name in GOOD:
            self.assertIsNone(names.problem(name), repr(name))
        for name in (None, 5, b'acme', ['acme']):
            self.assertEqual(names.problem(name), 'invalid')

    def test_reserved(self):
        for name in ('admin', 'api', 'www', 'mail', 'ftp', 'postgres', 'template1', 'localhost', 'wpad'):
            self.assertEqual(names.problem(name), 'reserved', name)

    def test_the_model_refuses_with_a_message(self):
        for name, error in (('Acme', psycopg2.errors.CheckViolation), ('admin', ValidationError)):
            with self.assertRaises(error), mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                self._tenant(name)
        self.assertEqual(self.env['saas.tenant']._name_problem('admin')[0], 'reserved')
        self.assertEqual(self.env['saas.tenant']._name_problem('a.b')[0], 'invalid')

    def test_the_database_refuses_what_python_would_not_see(self):
        tenant = self._tenant('checked')
        tenant.flush_recordset()
        for name in BAD:
            if '\x00' in name:
                continue
            with self.assertRaises(psycopg2.errors.CheckViolation, msg=repr(name)), mute_logger('odoo.sql_db'), \
                    self.env.cr.savepoint():
                self.env.cr.execute('UPDATE saas_tenant SET name = %s WHERE id = %s', [name, tenant.id])

    def test_unique_until_deleted(self):
        tenant = self._running_tenant('taken')
        self.assertEqual(self.env['saas.tenant']._name_problem('taken')[0], 'taken')
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger('odoo.sql_db'), self.env.cr.savepoint():
            self._tenant('taken')
        tenant._set_state('deleting')
        self.assertEqual(self.env['saas.tenant']._name_problem('taken')[0], 'taken', 'not free before it is gone')
        tenant._set_state('deleted')
        self.assertFalse(self.env['saas.tenant']._name_problem('taken'))
        self.assertTrue(self._tenant('taken'))
