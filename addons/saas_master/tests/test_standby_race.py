"""Who gets which standby when several sign up in the same moment; each in a transaction of its own, as on several servers."""
from odoo import fields
from odoo.tools import mute_logger

from .race_common import RaceCase


class TestStandbyRace(RaceCase):

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        self._clean_up()        # of a run that was stopped
        with self._server() as env:
            node = env['saas.node'].create({'name': 'race standby', 'address_pattern': 'http://{name}.race.localhost'})
            template = env['saas.template'].create({'name': 'race_standby', 'node_id': node.id})
            template.write({'database_name': 'race_standby_1', 'version': 1, 'state': 'ready'})
            plan = env['saas.plan'].create({'name': 'Race', 'code': 'race-standby', 'template_name': 'race_standby'})
            pool = env['saas.standby.pool'].create({'plan_id': plan.id, 'node_id': node.id, 'wanted': 0})
            self.plan_id, self.pool_id = plan.id, pool.id

    def _clean_up(self):
        with self._server() as env:
            tenants = env['saas.tenant'].search([('name', '=like', 'race-sb-%')])
            tenants.with_context(saas_set_state=True).write({'state': 'draft', 'database_name': False, 'standby_id': False})
            tenants.unlink()
            pools = env['saas.standby.pool'].search([('plan_id.code', '=', 'race-standby')])
            pools.standby_ids.unlink()
            pools.unlink()
            env['saas.plan'].search([('code', '=', 'race-standby')]).unlink()
            templates = env['saas.template'].search([('name', '=', 'race_standby')])
            templates.write({'database_name': False, 'state': 'draft'})
            templates.unlink()
            env['saas.node'].search([('name', '=', 'race standby')]).unlink()
            env['ir.cron.trigger'].search([]).unlink()

    def _standbys(self, count):
        with self._server() as env:
            pool, now = env['saas.standby.pool'].browse(self.pool_id), fields.Datetime.now()
            standbys = env['saas.standby'].create([{
                'pool_id': pool.id, 'node_id': pool.node_id.id, 'template_version': 1, 'state': 'ready', 'ready_at': now,
                'template_id': pool.node_id.template_ids.id, 'database_name': f'sb-race-{number}'} for number in range(count)])
            return standbys.ids

    def _tenants(self, count):
        with self._server() as env:
            return env['saas.tenant'].create([{
                'name': f'race-sb-{number}', 'company_name': 'Race', 'email': 'ann@race.example', 'admin_name': 'Ann',
                'plan_id': self.plan_id} for number in range(count)]).ids

    def _assert_each_its_own(self, standby_ids, tenant_ids, taken):
        """What was handed out is with just one tenant, whole: name, mark and record agree on both sides."""
        given = [standby_id for standby_id in taken if standby_id]
        self.assertEqual(len(set(given)), len(given), 'none twice')
        self.assertEqual(len(given), min(len(standby_ids), len(tenant_ids)), taken)
        with self._server() as env:
            standbys = env['saas.standby'].browse(standby_ids)
            self.assertEqual(len(standbys.filtered(lambda one: one.state == 'taken')), len(given))
            for tenant in env['saas.tenant'].browse(tenant_ids).filtered('standby_id'):
                standby = tenant.standby_id
                self.assertEqual((standby.tenant_id, standby.state), (tenant, 'taken'))
                self.assertEqual((tenant.mark, tenant.database_name), (standby.mark, standby.database_name))

    @mute_logger('odoo.sql_db')
    def test_two_at_once_for_one(self):
        for _turn in range(5):
            standby_ids, tenant_ids = self._standbys(1), self._tenants(2)
            taken = self._at_once(*map(self._hand_out, tenant_ids), ways=self._patiently)
            self._assert_each_its_own(standby_ids, tenant_ids, taken)
            self._forget()

    @mute_logger('odoo.sql_db')
    def test_twelve_for_eight(self):
        standby_ids, tenant_ids = self._standbys(8), self._tenants(12)
        taken = self._at_once(*map(self._hand_out, tenant_ids), ways=self._patiently)
        self._assert_each_its_own(standby_ids, tenant_ids, taken)

    @mute_logger('odoo.sql_db')
    def test_nobody_waits_for_one_that_is_being_taken(self):
        """It is passed over while another transaction has it; given up there, it is the next one's again."""
        oldest, second = self._standbys(2)
        tenant_ids = self._tenants(3)
        with self._server() as one, self._server() as other:
            self.assertEqual(self._hand_out(tenant_ids[0])(one), oldest)
            other.cr.execute("SET LOCAL lock_timeout = '1s'")
            self.assertEqual(self._hand_out(tenant_ids[1])(other), second)
            with self._server() as third:
                self.assertFalse(self._hand_out(tenant_ids[2])(third), 'both are in other hands')
                third.cr.rollback()
            one.cr.rollback()
            other.cr.rollback()
        with self._server() as env:
            self.assertEqual(self._hand_out(tenant_ids[2])(env), oldest)
            env.cr.rollback()

    @mute_logger('odoo.sql_db')
    def test_taken_or_taken_away_but_not_both(self):
        """A sign-up and the cron that discards what is too old, at the same moment."""
        for _turn in range(5):
            (standby_id,), (tenant_id,) = self._standbys(1), self._tenants(1)

            def discard(env, standby_id=standby_id):
                standby = env['saas.standby'].browse(standby_id)
                if standby.state == 'ready':
                    standby._discard('age')
            taken, _nothing = self._at_once(self._hand_out(tenant_id), discard, ways=self._patiently)
            with self._server() as env:
                standby, tenant = env['saas.standby'].browse(standby_id), env['saas.tenant'].browse(tenant_id)
                if taken:
                    self.assertEqual((standby.state, tenant.standby_id), ('taken', standby))
                    self.assertFalse(standby.operation_ids, 'nothing will remove what a customer has')
                else:
                    self.assertEqual((standby.state, tenant.standby_id.id), ('discarding', False))
                    self.assertEqual(standby.operation_ids.kind, 'discard_standby')
            self._forget()

    def _hand_out(self, tenant_id):
        def work(env):
            standby = env['saas.standby']._hand_out(env['saas.tenant'].browse(tenant_id))
            return standby and standby.id
        return work

    def _forget(self):
        with self._server() as env:
            tenants = env['saas.tenant'].search([('name', '=like', 'race-sb-%')])
            tenants.write({'database_name': False, 'standby_id': False})
            tenants.unlink()
            env['saas.standby'].search([('pool_id', '=', self.pool_id)]).unlink()
