from odoo.tests import new_test_user

from odoo.addons.saas_master.drivers.errors import Permanent
from odoo.addons.saas_master.elapsed import elapsed_text

from .common import SaasCase


class TestAttention(SaasCase):
    """What waits for a person, and the activities that say so, stay true."""

    def setUp(self):
        super().setUp()
        self.tenant = self._running_tenant()
        self.broken = True

        def act():
            if self.broken:
                raise Permanent('Broken')
        self._steps('saas.tenant', a=lambda record, step: act)

    def _fail(self, kind='install_modules'):
        return self._run(self.tenant._open(kind))

    def _warnings(self):
        self.env.invalidate_all()
        return self.tenant._open_warnings()

    def test_a_failure_waits_for_a_person_until_its_retry_succeeds(self):
        operation = self._fail()
        self.assertTrue(operation.attention)
        self.assertEqual((self.tenant.attention, self.tenant.operation_error), (1, 'Broken'))
        self.assertEqual(len(self._warnings()), 1)
        operation.action_retry()
        self.assertEqual((operation.attention, self.tenant.attention), (False, 0), 'somebody is on it')
        self.assertEqual(len(self._warnings()), 1, 'not done yet')
        self.broken = False
        self._run(operation)
        self.assertEqual(operation.state, 'done')
        self.assertFalse(self._warnings())
        self.assertFalse(self.tenant.attention)

    def test_failing_again_plans_nothing_twice(self):
        operation = self._fail()
        operation.action_retry()
        self._run(operation)
        self.assertEqual((operation.attention, self.tenant.attention), (True, 1))
        self.assertEqual(len(self._warnings()), 1)

    def test_the_same_work_done_anew_makes_up_for_it(self):
        failed = self._fail()
        self.broken = False
        self._run(self.tenant._open('install_modules'))
        self.assertFalse(failed.attention)
        self.assertFalse(self._warnings())

    def test_other_work_does_not(self):
        failed = self._fail()
        self.broken = False
        self._run(self.tenant._open('suspend'))
        self.assertTrue(failed.attention)
        self.assertEqual(len(self._warnings()), 1)

    def test_settled_by_hand(self):
        support = new_test_user(self.env, 'saas-support', groups='saas_master.group_saas_support')
        failed = self._fail()
        failed.with_user(support).action_settle()
        self.assertFalse(failed.attention)
        self.assertFalse(self._warnings())
        self.assertTrue(self.env['saas.audit'].search([('act', '=', 'settle'), ('res_id', '=', failed.id)]))

    def test_retry_of_a_tenant_finds_the_failure_behind_a_clean_up(self):
        tenant = self._tenant('cleaned-up')
        tenant._set_state('provisioning')
        failed = self._run(tenant._open('provision'))
        self.assertEqual(tenant.state, 'failed')
        self.broken = False
        self._run(tenant.operation_id)
        self.assertEqual(tenant.operation_id.kind, 'cleanup')
        self.assertTrue(failed.attention)
        tenant.action_retry()
        self.assertEqual((tenant.state, tenant.operation_id.kind), ('provisioning', 'provision'))
        self.assertFalse(failed.attention)

    def test_provisioning_anew_makes_up_for_a_failed_clean_up_too(self):
        tenant = self._tenant('not-clean')
        tenant._set_state('provisioning')
        provision = self._run(tenant._open('provision'))
        cleanup = self._run(tenant.operation_id)
        self.assertEqual((cleanup.kind, cleanup.state, tenant.attention), ('cleanup', 'failed', 2))
        self.assertEqual(tenant._operation_to_retry(), provision)
        tenant.action_retry()
        self.assertFalse(provision.attention or cleanup.attention or tenant.attention)

    def test_steps_for_the_live_list(self):
        operation = self._fail()
        self.assertEqual([(step['state'], step['attempt']) for step in operation.steps_summary], [('failed', 1)])
        self.assertEqual(self.tenant.operation_steps, operation.steps_summary)

    def test_elapsed(self):
        texts = {0: '0.0 s', 1.44: '1.4 s', 42.4: '42 s', 60: '1 min', 123: '2 min 3 s', 3900: '1 h 5 min',
                 3600 * 76: '3 d 4 h', 86400: '1 d'}
        self.assertEqual({seconds: elapsed_text(seconds) for seconds in texts}, texts)
