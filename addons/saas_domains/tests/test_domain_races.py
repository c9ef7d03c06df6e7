"""What two servers do at the same moment. With real transactions, so these tests clean up after themselves."""
from odoo.exceptions import UserError, ValidationError
from odoo.service.model import retrying
from odoo.tools import mute_logger

from odoo.addons.saas_master.tests.race_common import RaceCase

from ..edge.dns_values import Finding


class TestDomainRaces(RaceCase):

    def _at_once(self, *works):
        """A refusal is an answer, too."""
        return super()._at_once(*works, ways=self._answered)

    @staticmethod
    def _answered(work, env):
        try:
            return retrying(work, env)
        except (UserError, ValidationError) as error:
            env.cr.rollback()
            return str(error)

    def _clean_up(self):
        with self._server() as env:
            domains = env['saas.custom_domain'].search([('external_domain', '=like', '%race-domain%')])
            domains._end_claim('removed')
            env['saas.operation'].search([('domain_id', 'in', domains.ids)]).unlink()
            domains.unlink()
            tenants = env['saas.tenant'].search([('name', '=like', 'race-domain%')])
            partners = env['res.partner'].browse(self.customer)
            tenants.unlink()
            partners.unlink()
            env['saas.plan'].search([('code', '=', 'race-domain')]).unlink()
            env['saas.root_domain'].search([('name', '=', 'race-root.example')]).unlink()

    def setUp(self):
        super().setUp()
        with self._server() as env:
            self.customer = env['res.partner'].create({'name': 'Race', 'is_company': True}).id
            self.plan = env['saas.plan'].create({'name': 'Race', 'code': 'race-domain', 'domain_limit': 3}).id
            self.root = env['saas.root_domain'].create({'name': 'race-root.example'}).id
            self._tenant(env, 'race-domain-own')
        self.addCleanup(self._clean_up)

    def _tenant(self, env, name):
        return env['saas.tenant'].create({
            'name': name, 'company_name': 'Race', 'email': 'ann@race.example', 'admin_name': 'Ann', 'plan_id': self.plan,
            'partner_id': self.customer})

    def _claim(self, env, name):
        return env['saas.custom_domain']._claim({
            'external_domain': name, 'partner_id': self.customer, 'root_domain_id': self.root}).sajet_subdomain

    @mute_logger('odoo.sql_db')
    def test_the_limit_holds(self):
        works = [lambda env, n=number: self._claim(env, f'www.race-domain-{n}.com') for number in range(6)]
        answers = self._at_once(*works)
        self.assertEqual(sum('domains of 3 are in use' in answer for answer in answers), 3, answers)
        with self._server() as env:
            self.assertEqual(env['saas.custom_domain'].search_count([('partner_id', '=', self.customer)]), 3)

    @mute_logger('odoo.sql_db')
    def test_the_same_subdomain_is_given_once(self):
        answers = self._at_once(*[
            lambda env, tld=tld: self._claim(env, f'www.race-domain.{tld}') for tld in ('com', 'org', 'net')])
        self.assertEqual(sorted(answers), ['race-domain', 'race-domain-2', 'race-domain-3'])

    @mute_logger('odoo.sql_db')
    def test_a_tenant_and_a_domain_never_have_one_name(self):
        for number in range(4):
            name = f'race-domain-{number}'
            answers = self._at_once(
                lambda env, name=name: self._tenant(env, name).name and env.flush_all() or 'tenant',
                lambda env, name=name: self._claim(env, f'www.{name}.com'))
            with self._server() as env:
                tenants = env['saas.tenant'].search_count([('name', '=', name)])
                domains = env['saas.custom_domain'].search([('external_domain', '=', f'www.{name}.com')])
                self.assertFalse(tenants and domains.sajet_subdomain == name, answers)
                self.assertTrue(tenants or domains, answers)
                domains._end_claim('removed')

    @mute_logger('odoo.sql_db')
    def test_a_name_is_proven_once(self):
        with self._server() as env:
            other = env['res.partner'].create({'name': 'Race 2', 'is_company': True}).id
            ids = [env['saas.custom_domain']._claim({
                'external_domain': 'www.race-domain.com', 'partner_id': partner, 'root_domain_id': self.root}).id
                for partner in (self.customer, other)]

        def prove(env, domain):
            record = env['saas.custom_domain'].browse(domain)
            record._note_findings({domain: Finding('yes', evidence='cname', points=True)})
            env.flush_all()
            return record.verification_status
        self._at_once(*[lambda env, number=number: prove(env, number) for number in ids])
        with self._server() as env:
            living = env['saas.custom_domain'].browse(ids).filtered(lambda domain: not domain.lost_at)
            self.assertEqual(living.mapped('verification_status').count('verified'), 1)
            env['saas.custom_domain'].browse(ids)._end_claim('removed')
            env['saas.custom_domain'].browse(ids).unlink()
            env['res.partner'].browse(other).unlink()
