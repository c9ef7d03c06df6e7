"""What two servers do at the same moment. With real transactions, so these tests clean up after themselves."""
from odoo.tools import mute_logger

from odoo.addons.saas_master.models.saas_rate import RateLimited

from .race_common import RaceCase

LINKS = ('race-link-1', 'race-link-2')


class TestRaces(RaceCase):

    def _clean_up(self):
        with self._server() as env:
            tenants = env['saas.tenant'].search([('name', '=like', 'race-%')])
            tenants.with_context(saas_set_state=True).write({'state': 'draft'})
            signups = env['saas.signup'].search([('email', '=like', '%@race.example')])
            partners = signups.partner_id | tenants.partner_id
            signups.unlink()
            tenants.unlink()
            partners.unlink()
            env['saas.plan'].search([('code', '=', 'race-plan')]).unlink()
            env['saas.rate'].search([]).unlink()
            env['ir.cron.trigger'].search([('cron_id', 'in', env['saas.operation']._worker_crons().ids)]).unlink()

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        with self._server() as env:
            plan = env['saas.plan'].create({'name': 'Race', 'code': 'race-plan'})
            for number, link in enumerate(LINKS):
                env['saas.signup'].create({
                    'company_name': 'Race', 'contact_name': 'Ann', 'email': f'ann{number}@race.example', 'name': 'race-one',
                    'lang': 'en_US', 'plan_id': plan.id, 'expires_at': '2100-01-01 00:00:00',
                    'token_hash': env['saas.signup']._hash(link)})

    @mute_logger('odoo.sql_db')
    def test_clicks_at_once_make_one_tenant(self):
        click = lambda env: env['saas.signup']._find(LINKS[0])._confirm()     # noqa: E731
        self.assertEqual(self._at_once(click, click, click), [False, False, False])
        with self._server() as env:
            tenant = env['saas.tenant'].search([('name', '=', 'race-one')])
            self.assertEqual((len(tenant), len(tenant.operation_ids)), (1, 1))
            self.assertEqual(env['saas.signup']._find(LINKS[0]).tenant_id, tenant)

    @mute_logger('odoo.sql_db')
    def test_one_name_for_two_orders_at_once(self):
        works = [lambda env, link=link: env['saas.signup']._find(link)._confirm() for link in LINKS]
        problems = self._at_once(*works)
        self.assertEqual(sorted(bool(problem) for problem in problems), [False, True])
        self.assertEqual([problem[0] for problem in problems if problem], ['taken'])
        with self._server() as env:
            self.assertEqual(len(env['saas.tenant'].search([('name', '=', 'race-one')])), 1)
            states = env['saas.signup'].search([('email', '=like', '%@race.example')]).mapped('state')
            self.assertEqual(sorted(states), ['confirmed', 'pending'])

    def test_limits_hold_over_servers(self):
        def use(env):
            try:
                env['saas.rate']._count('race', 'somebody', 5, 60)
            except RateLimited:
                return False
            return True
        self.assertEqual(sum(self._at_once(*[use] * 16)), 5)

    def _suspend_and_end(self, number):
        """Staff suspend a tenant in the very moment in which its running operation ends; the operations it then has."""
        with self._server() as env:
            tenant = env['saas.tenant'].create({
                'name': f'race-suspend-{number}', 'company_name': 'Race', 'email': 'ann@race.example', 'admin_name': 'Ann',
                'plan_id': env['saas.plan'].search([('code', '=', 'race-plan')]).id})
            tenant.with_context(saas_set_state=True).state = 'running'
            operation = tenant._open('install_modules', modules=['contacts'])
            operation.state = 'running'
            tenant_id, operation_id = tenant.id, operation.id
        self._at_once(lambda env: env['saas.tenant'].browse(tenant_id)._suspend('staff'),
                      lambda env: env['saas.operation'].browse(operation_id)._end(env.cr.now(), 'done'))
        with self._server() as env:
            tenant = env['saas.tenant'].browse(tenant_id)
            return tenant.reason_ids.mapped('code'), tenant.operation_ids.sorted('id').mapped(lambda o: (o.kind, o.state))

    @mute_logger('odoo.sql_db')
    def test_a_suspension_is_not_lost_when_an_operation_ends(self):
        for number in range(5):
            reasons, operations = self._suspend_and_end(number)
            self.assertEqual(reasons, ['staff'])
            self.assertEqual(operations, [('install_modules', 'done'), ('suspend', 'waiting')])
