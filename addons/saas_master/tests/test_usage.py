from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.saas_master.drivers.errors import Unreachable
from odoo.addons.saas_master.drivers.usage import Usage
from odoo.addons.saas_master.models import saas_usage

from .common import SaasCase
from .dedicated_common import DedicatedCase

MIB = 2**20


class TestUsage(SaasCase):

    def setUp(self):
        super().setUp()
        self.asked, self.answers = [], {}
        self.env['saas.tenant'].search([]).write({'usage_at': fields.Datetime.now()})       # not ours
        patcher = patch.object(saas_usage, 'read_usage', self._answer)
        patcher.start()
        self.addCleanup(patcher.stop)

    def _answer(self, spec, access, names):
        self.asked.append(sorted(names))
        found = {name: self.answers.get(name, Usage(3, 50 * MIB, 10 * MIB + 1)) for name in names}
        for usage in found.values():
            if isinstance(usage, Exception):
                raise usage
        return found

    def _cron(self):
        self.env['saas.tenant']._cron_read_usage()

    def test_figures(self):
        tenant = self._running_tenant('one')
        self._running_tenant('two')._set_state('suspended')
        self._tenant('three')
        before = tenant.message_ids, tenant.write_date
        self._cron()
        self.assertEqual(self.asked, [['one', 'two']], 'what has no database is not asked for')
        self.assertEqual((tenant.usage_users, tenant.usage_database_mib, tenant.usage_files_mib, tenant.usage_mib),
                         (3, 50, 11, 61))
        self.assertTrue(tenant.usage_at)
        self.assertEqual((tenant.message_ids, tenant.write_date), before)
        self._cron()
        self.assertEqual(len(self.asked), 1, 'it was read a moment ago')

    def test_what_could_not_be_read_keeps_its_value(self):
        tenant, other = self._running_tenant('one'), self._running_tenant('two')
        tenant.usage_users = 9
        self.answers['one'] = Usage(None, 5 * MIB, None, 'The database one: damaged')
        self._cron()
        self.assertEqual((tenant.usage_users, tenant.usage_database_mib), (9, 5))
        self.assertEqual(other.usage_users, 3)

    def test_oldest_first_in_batches(self):
        now = fields.Datetime.now()
        for number, name in enumerate(('a', 'b', 'c', 'd')):
            self._running_tenant(f'ten-{name}').usage_at = now - timedelta(hours=number + 1)
        self._running_tenant('ten-new')
        with patch.object(saas_usage, 'BATCH', 2):
            self._cron()
        self.assertEqual(self.asked, [['ten-d', 'ten-new'], ['ten-b', 'ten-c'], ['ten-a']])

    def test_a_node_that_is_down_keeps_no_other_waiting(self):
        node = self.node.copy({'name': 'other', 'pg_password': 'x'})
        tenant = self._running_tenant('one')
        elsewhere = self._running_tenant('two', node_id=node.id)
        self.answers['one'] = Unreachable('The node does not answer.')
        self._cron()
        self.assertFalse(tenant.usage_at)
        self.assertEqual(elsewhere.usage_users, 3)
        self.assertEqual(self.node.breaker_failures, 1)
        self.node.breaker_until = fields.Datetime.now() + timedelta(minutes=5)
        self.asked.clear()
        self._cron()
        self.assertEqual(self.asked, [], 'its breaker is open')

    def test_out_of_time(self):
        self._running_tenant('one')
        with patch.object(saas_usage, 'SECONDS', 0):
            self._cron()
        self.assertEqual(self.asked, [])

    def test_over_the_plan(self):
        self.plan.write({'user_limit': 3, 'disk_gib': 1})
        tenant, other = self._running_tenant('one'), self._running_tenant('two')
        self.answers['one'] = Usage(4, 1000 * MIB, 25 * MIB)
        self._cron()
        found = [('id', 'in', (tenant | other).ids)]
        Tenant = self.env['saas.tenant']
        self.assertEqual(tenant.usage_problem, '4 users, the plan has 3; 1.0 GiB, the plan has 1')
        self.assertFalse(other.usage_problem)
        self.assertEqual(Tenant.search([*found, ('usage_problem', '!=', False)]), tenant)
        self.assertEqual(Tenant.search([*found, ('usage_problem', '=', False)]), other)
        self.plan.write({'user_limit': 0, 'disk_gib': 0})
        self.assertFalse(tenant.usage_problem)
        self.assertFalse(Tenant.search([*found, ('usage_problem', '!=', False)]))

    def test_the_button(self):
        tenant = self._running_tenant('one')
        self.assertEqual(tenant.action_read_usage()['params']['type'], 'success')
        self.assertEqual(tenant.usage_users, 3)
        self.answers['one'] = Unreachable('The node does not answer.')
        answer = tenant.action_read_usage()
        self.assertEqual(answer['params']['type'], 'warning')
        self.assertIn('does not answer', answer['params']['message'])
        support = new_test_user(self.env, 'usage-support', groups='saas_master.group_saas_support')
        del self.answers['one']
        self.assertEqual(tenant.with_user(support).action_read_usage()['params']['type'], 'success')
        person = new_test_user(self.env, 'usage-portal', groups='base.group_portal')
        person.partner_id.parent_id = self.customer
        with self.assertRaises(AccessError):
            tenant.with_user(person).action_read_usage()

    def test_a_new_tenant_is_looked_at_soon(self):
        cron = self.env.ref('saas_master.cron_usage')
        triggers = self.env['ir.cron.trigger'].search_count([('cron_id', '=', cron.id)])
        tenant = self._tenant('fresh')
        self._steps('saas.tenant', nothing=lambda tenant, step: None)
        tenant.action_provision()
        self._run(tenant._active_operation())
        self.assertEqual(self.env['ir.cron.trigger'].search_count([('cron_id', '=', cron.id)]), triggers + 1)


class TestUsageInside(DedicatedCase):
    """Tenants with containers are asked in these, one by one; what is stopped is not asked at all."""

    def test_each_in_its_container(self):
        self.env['saas.tenant'].search([]).write({'usage_at': fields.Datetime.now()})       # not ours
        own, stopped = self._dedicated_tenant('own-server'), self._dedicated_tenant('stopped-server')
        stopped.container_id.state = 'stopped'
        places, asked = {}, []

        def read(given, database, folder):
            asked.append((database, folder))
            places.update(given)
            return {key: Usage(4, 5 * MIB, 6 * MIB) for key in given}
        self.patch(self.env.registry['saas.tenant'], '_place_inside', lambda tenant, access: (tenant.name, access))
        with patch.object(saas_usage, 'read_usage_inside', read):
            self.env['saas.tenant']._cron_read_usage()
        self.assertEqual([name for name, _access in places.values()], ['own-server'])
        self.assertEqual(asked, [('odoo', '/var/lib/odoo/filestore/odoo')])
        self.assertEqual((own.usage_users, own.usage_database_mib, own.usage_files_mib), (4, 5, 6))
        self.assertFalse(stopped.usage_at)
