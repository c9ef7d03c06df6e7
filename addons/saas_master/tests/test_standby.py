from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError, ValidationError

from odoo.addons.saas_master.drivers import host
from odoo.addons.saas_master.drivers.errors import NotFound, Permanent, Retryable
from odoo.addons.saas_master.drivers.shared_node import SharedNode

from .dedicated_common import DedicatedCase


class TestStandby(DedicatedCase):
    """What is kept ready, when it is built, and who gets it. The hosts' parts are tested with their drivers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.standbys = cls.env['saas.standby.pool'].create({'plan_id': cls.plan.id, 'node_id': cls.node.id, 'wanted': 2})

    def setUp(self):
        super().setUp()
        self.done, self.cloned = [], []
        for name in ('clone', 'personalise', 'publish_database', 'hand_over', 'forget', 'remove'):
            patcher = patch.object(SharedNode, name, self._noting(name))
            patcher.start()
            self.addCleanup(patcher.stop)
        self.published = host.PUBLISHED
        self.patch(SharedNode, 'look', lambda node, tenant: self.published)
        module = 'odoo.addons.saas_master.models'
        for path in (f'{module}.saas_standby.warm_tenant', f'{module}.saas_tenant_steps.warm_tenant'):
            patcher = patch(path, lambda *args: self.done.append('warm'))
            patcher.start()
            self.addCleanup(patcher.stop)

    def _noting(self, name):
        def act(driver, *args):
            self.done.append(name)
            if name == 'clone':
                self.cloned.append((args[1].name, args[1].mark))
        return act

    def _standby(self, **values):
        now = fields.Datetime.now()
        standby = self.env['saas.standby'].create({
            'pool_id': self.standbys.id, 'node_id': self.node.id, 'template_id': self.template.id, 'template_version': 1,
            'state': 'ready', 'ready_at': now, 'seen_at': now, 'lang': 'en_US', **values})
        standby.database_name = f'sb-{standby.mark[:12]}'
        return standby

    def _kept(self, *states):
        return self.env['saas.standby'].search([('pool_id', '=', self.standbys.id), ('state', 'in', states)])

    def _cron(self):
        self.env['saas.standby.pool']._cron_standby()

    # -- building -------------------------------------------------------------------------------

    def test_missing_ones_are_built_one_at_a_time(self):
        self._cron()
        self._cron()
        standby = self._kept('building')
        self.assertEqual(len(standby), 1, 'the second waits for the first')
        self._run(standby.operation_ids)
        self.assertEqual(standby.state, 'ready', standby.operation_ids.error)
        self.assertEqual(self.done, ['clone', 'personalise', 'publish_database', 'warm'])
        self.assertEqual((standby.template_version, standby.database_name), (1, f'sb-{standby.mark[:12]}'))
        self._cron()
        self.assertEqual(len(self._kept('building', 'ready')), 2)
        self._run(self._kept('building').operation_ids)
        self._cron()
        self.assertEqual(len(self._kept('building', 'ready')), 2, 'no more than wanted')

    def test_visitors_go_first(self):
        self._tenant('visitor-one').action_provision()
        self._cron()
        self.assertFalse(self._kept('building'))

    def test_no_standby_where_no_tenant_is_placed(self):
        for flag in ('is_draining', 'in_maintenance'):
            self.node[flag] = True
            self._cron()
            self.assertFalse(self._kept('building'), flag)
            self.node[flag] = False
        self.template.write({'state': 'building'})
        self._cron()
        self.assertFalse(self._kept('building'), 'the next version is on its way')

    def test_a_build_that_fails_is_told_and_repeated_later_and_later(self):
        self.patch(SharedNode, 'clone', self._failing(Permanent('no room')))
        self._cron()
        self._run(self._kept('building').operation_ids)
        self.assertEqual((self.standbys.failures, self.standbys.last_error), (1, 'no room'))
        self.assertGreater(self.standbys.not_before, fields.Datetime.now())
        self.assertEqual(len(self.standbys.activity_ids), 1)
        self.assertEqual(self._kept('discarding').discarded_because, 'failed')
        self._cron()
        self.assertFalse(self._kept('building'), 'it waits')
        self.standbys.action_retry()
        self._run(self._kept('discarding').operation_ids.filtered(lambda one: one.kind == 'discard_standby'))
        self._cron()
        self.assertTrue(self._kept('building'))

    def _failing(self, error):
        def act(driver, *args):
            raise error
        return act

    def test_its_place_is_counted(self):
        self.node.capacity = 1
        self._standby()
        self.assertFalse(self.node._has_room())
        tenant = self._tenant('no-room-one', plan_id=self.dedicated.id)
        tenant.plan_id = self.plan.copy({'code': 'other-plan'})
        tenant.action_provision()
        self._run(tenant.operation_id)
        self.assertIn('is full', tenant.operation_ids.filtered(lambda one: one.kind == 'provision').error)

    def test_what_could_not_be_removed_is_tried_again(self):
        """After pauses that grow, at once by the button, and it takes up room until it is gone."""
        self.standbys.wanted = 0
        standby = self._standby(template_version=0)
        remove = SharedNode.remove
        self.patch(SharedNode, 'remove', self._failing(Permanent('still in use')))
        self._cron()
        self._run(standby.operation_ids)
        self.assertEqual((standby.state, standby.attention), ('discarding', 1))
        self.env.invalidate_all()
        self.assertEqual((self.standbys.failed_count, self.standbys.discarding_count), (1, 1))
        self.assertEqual(self.node._used()[self.node]['count'], 1)
        self._cron()
        self.assertEqual(len(standby.operation_ids), 1, 'it waits')
        self._ended_long_ago(standby)
        self._cron()
        self.assertEqual((len(standby.operation_ids), standby.attention), (2, 0), 'the first one is taken up')
        self._run(standby._active_operation())
        self.patch(SharedNode, 'remove', remove)
        self.standbys.action_retry()
        self.assertEqual(len(standby.operation_ids), 3)
        self._run(standby._active_operation())
        self.assertEqual((standby.state, standby.discarded_because), ('gone', 'template'))
        self.assertEqual(self.node._used()[self.node]['count'], 0)

    def _ended_long_ago(self, standby):
        self.env.flush_all()
        self.env.cr.execute('UPDATE saas_operation SET ended_at = ended_at - %s WHERE standby_id = %s',
                            [timedelta(hours=1), standby.id])
        self.env.invalidate_all()

    def test_what_could_not_be_built_is_never_built_under_its_name_again(self):
        self.patch(SharedNode, 'clone', self._failing(Permanent('no room')))
        self._cron()
        standby = self._kept('building')
        build = standby.operation_ids
        self._run(build)
        with self.assertRaisesRegex(UserError, 'its pool makes another one'):
            build.action_retry()
        self._run(standby._active_operation())
        self.assertEqual(standby.state, 'gone')
        with self.assertRaisesRegex(UserError, 'its pool makes another one'):
            build.action_retry()
        self.assertFalse(build.attention, 'the pool asks a person, not each of its builds')
        self.standbys.action_retry()
        self._cron()
        self.assertNotEqual(self._kept('building').mark, standby.mark)

    def test_no_failure_while_room_is_being_made(self):
        self.node.capacity = 2
        old = self._standby(template_version=0) | self._standby(template_version=0)
        self._cron()
        self.assertEqual(old.mapped('state'), ['discarding'] * 2)
        self.assertFalse(self._kept('building'))
        for standby in old:
            self._run(standby._active_operation())
        self._cron()
        self.assertEqual(len(self._kept('building')), 1)
        self.assertFalse(self.standbys.failures)

    # -- staleness ------------------------------------------------------------------------------

    def test_what_is_stale_is_taken_away(self):
        fresh, old_version = self._standby(), self._standby(template_version=0)
        old = self._standby(ready_at=fields.Datetime.now() - timedelta(days=15))
        self._cron()
        self.assertEqual((fresh.state, old_version.state, old.state), ('ready', 'discarding', 'discarding'))
        self.assertEqual((old_version.discarded_because, old.discarded_because), ('template', 'age'))
        self._run(old.operation_ids)
        self.assertEqual((old.state, self.done), ('gone', ['remove']))

    def test_fewer_wanted_the_oldest_go(self):
        first = self._standby(ready_at=fields.Datetime.now() - timedelta(days=1))
        second = self._standby()
        self.standbys.wanted = 1
        self._cron()
        self.assertEqual((first.state, first.discarded_because, second.state), ('discarding', 'many', 'ready'))

    def test_one_that_was_taken_away_by_hand_is_noticed_but_silence_changes_nothing(self):
        standby = self._standby(seen_at=False)
        self.patch(SharedNode, 'look', self._failing(Retryable('slow')))
        self._cron()
        self.assertEqual(standby.state, 'ready')
        self.patch(SharedNode, 'look', lambda node, tenant: host.ABSENT)
        self._cron()
        self.assertEqual((standby.state, standby.discarded_because), ('discarding', 'gone'))

    # -- handing out ----------------------------------------------------------------------------

    def _provision(self, name='quick-one', until='route'):
        """The steps up to the route."""
        tenant = self._tenant(name)
        tenant.action_provision()
        operation = tenant.operation_id
        self.patch(self.env.registry['saas.node'], '_sync_routes', self._failing(Permanent('so far')))
        self._run(operation)
        return tenant, operation

    def test_a_sign_up_takes_the_oldest_and_only_personalises(self):
        older = self._standby(ready_at=fields.Datetime.now() - timedelta(hours=1))
        newer, mark = self._standby(), older.mark
        tenant, operation = self._provision()
        self.assertEqual(self.done, ['hand_over'], 'what its server has in memory is shown first')
        self.assertEqual((older.state, older.tenant_id, newer.state), ('taken', tenant, 'ready'))
        self.assertEqual(tenant.mark, mark)
        self.assertEqual(tenant.database_name, f'sb-{mark[:12]}')
        self.assertIn('kept ready', operation.step_ids[0].log)

    def test_what_its_server_has_in_memory_is_not_shown_in_another_language(self):
        self._standby(lang='es_ES')
        self._provision()
        self.assertEqual(self.done, ['hand_over', 'forget'])

    def test_its_server_forgets_before_it_is_live(self):
        standby, tenant = self._standby(), self._tenant('quick-one')
        tenant.action_provision()
        seen = []
        module = 'odoo.addons.saas_master.models.saas_tenant_steps'
        self.patch(self.env.registry['saas.node'], '_sync_routes', lambda node: lambda: self.done.append('route'))
        self.patch(SharedNode, 'forget', lambda driver, spec: seen.append((spec.name, tenant.state)))
        with patch(f'{module}.probe_tenant', lambda *args: self.done.append('probe')):
            self._run(tenant.operation_id)
        self.assertEqual(self.done[:4], ['hand_over', 'route', 'probe', 'warm'])
        self.assertEqual(seen, [(standby.database_name, 'provisioning')])

    def test_its_server_forgets_though_it_was_suspended_meanwhile(self):
        self._standby()
        tenant = self._tenant('quick-one')
        tenant.action_provision()
        tenant.reason_ids = self.env['saas.suspension.reason'].search([], limit=1)
        self.patch(self.env.registry['saas.node'], '_sync_routes', lambda node: lambda: self.done.append('route'))
        with patch('odoo.addons.saas_master.models.saas_tenant_steps.probe_suspended', lambda *args: self.done.append('look')):
            self._run(tenant.operation_id)
        self.assertEqual((self.done[:5], tenant.state), (['hand_over', 'route', 'look', 'forget', 'warm'], 'suspended'))

    def test_one_is_kept_in_the_language_of_most_of_the_last_customers(self):
        for name, lang in (('one-lang', 'en_US'), ('two-lang', 'es_ES'), ('three-lang', 'es_ES')):
            self._tenant(name, lang=lang)
        self._cron()
        standby = self._kept('building')
        self._run(standby.operation_ids)
        self.assertEqual((standby.state, standby.lang), ('ready', 'es_ES'))

    def test_stale_ones_are_never_handed_out(self):
        self._standby(template_version=0)
        self._standby(ready_at=fields.Datetime.now() - timedelta(days=15))
        self._standby(state='building')
        tenant, _operation = self._provision()
        self.assertFalse(tenant.standby_id)
        self.assertEqual(self.done, ['clone', 'personalise', 'publish_database', 'warm'])

    def test_another_plan_and_another_region_get_none(self):
        self._standby()
        other = self._tenant('other-one', plan_id=self.plan.copy({'code': 'other-plan'}).id)
        self.assertFalse(self.env['saas.standby']._hand_out(other))
        self.plan.region = 'eu'
        self.assertFalse(self.env['saas.standby']._hand_out(self._tenant('region-one')))

    def test_one_that_is_gone_when_it_is_wanted_is_made_up_for(self):
        standby = self._standby()
        self.patch(SharedNode, 'hand_over', self._failing(NotFound('gone')))
        tenant, _operation = self._provision()
        self.assertEqual(self.done, ['clone', 'personalise', 'publish_database', 'warm'])
        self.assertFalse(tenant.standby_id)
        self.assertNotEqual(tenant.database_name, standby.database_name, 'a server may still hold what had that name')
        self.assertEqual(tenant.database_name, tenant.name)
        self.assertEqual(self.cloned, [(tenant.database_name, tenant.mark)])

    def test_two_at_once_never_get_the_same(self):
        """Two transactions, each blind to the other."""
        standby = self._standby()
        first, second = self._tenant('first-one'), self._tenant('second-one')
        self.assertEqual(self.env['saas.standby']._hand_out(first), standby)
        self.assertFalse(self.env['saas.standby']._hand_out(second))

    def test_a_pool_is_of_the_kind_of_its_node(self):
        with self.assertRaises(ValidationError):
            self.env['saas.standby.pool'].create({'plan_id': self.dedicated.id, 'node_id': self.node.id})
        with self.assertRaises(ValidationError):
            self.env['saas.standby.pool'].create({'plan_id': self.plan.id, 'node_id': self.pve_a.id})
