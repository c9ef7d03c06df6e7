"""Names, limits, crossing customers, and who holds a name that several claim."""
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.saas_custom_domain_claim import Trust
from .domain_common import NAME, ROOT, DomainCase


@tagged('post_install', '-at_install')
class TestNames(DomainCase):

    def test_what_a_claim_consists_of(self):
        domain = self._domain(' WWW.Impulse-Max.com. ')
        self.assertEqual((domain.external_domain, domain.display_domain), (NAME, NAME))
        self.assertEqual((domain.registrable, domain.is_apex), ('impulse-max.com', False))
        self.assertEqual((domain.sajet_subdomain, domain.sajet_full_domain), ('impulse-max', f'impulse-max.{ROOT}'))
        self.assertEqual((domain.verification_status, domain.is_active, domain.ssl_status), ('pending', False, 'none'))
        self.assertTrue(domain.verification_token.startswith('jeturing-verify-'))
        self.assertEqual(domain._instructions()[0]['record'], NAME)
        self.assertEqual(domain._instructions()[1]['record'], '_jeturing-verify.impulse-max.com')

    def test_names_of_other_scripts(self):
        domain = self._domain('www.niño-feliz.es')
        self.assertEqual((domain.external_domain, domain.display_domain), ('www.xn--nio-feliz-m6a.es', 'www.niño-feliz.es'))
        self.assertEqual(domain.sajet_subdomain, 'nino-feliz')

    def test_what_is_no_name_is_refused_with_a_reason(self):
        for text, reason in (('', 'Enter the domain'), ('https://a.example.com', 'Enter only the name'), ('co.uk', 'everybody'),
                             ('10.0.0.1', 'IP address'), ('*.example.com', 'many'), ('example', 'half'),
                             (f'acme.{ROOT}', 'our own'), (ROOT, 'our own'), ('a' * 64 + '.com', '63'),
                             ('.'.join(['a' * 60] * 5) + '.com', '253')):
            with self.assertRaisesRegex(UserError, reason, msg=text):
                self._domain(text)

    def test_subdomains_are_made_unique(self):
        self.assertEqual(self._domain('www.one.com').sajet_subdomain, 'one')
        self.assertEqual(self._domain('www.one.org').sajet_subdomain, 'one-2')
        self.assertEqual(self._domain('www.techeels.io').sajet_subdomain, 'techeels', 'its own tenant has that name')
        self.assertEqual(self._domain('techeels.com').sajet_subdomain, 'techeels-2')
        other = self._running_tenant('other', partner_id=self.stranger.id)
        self.assertEqual(self._domain('www.techeels.net', tenant=other).sajet_subdomain, 'techeels-3')
        self.assertNotEqual(self._domain('www.admin.com').sajet_subdomain, 'admin', 'reserved')

    def test_a_subdomain_that_was_anothers_is_never_given_again(self):
        first = self._domain()
        first._end_claim('removed')
        other = self._running_tenant('other', partner_id=self.stranger.id)
        self.assertEqual(self._domain(tenant=other).sajet_subdomain, 'impulse-max-2')
        self.assertEqual(self._domain().sajet_subdomain, 'impulse-max', 'who had it may have it again')

    @mute_logger('odoo.sql_db')
    def test_tenants_and_domains_share_one_name_space(self):
        domain = self._domain()
        self.assertEqual(self.env['saas.tenant']._name_problem('impulse-max')[0], 'taken')
        with self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            self._tenant('impulse-max').flush_recordset()
        self.assertEqual(caught.exception.diag.constraint_name, 'saas_label_name_uniq')
        domain._end_claim('removed')
        domain.flush_recordset()
        self.assertFalse(self.env['saas.tenant']._name_problem('impulse-max'))
        tenant = self._tenant('impulse-max', partner_id=self.stranger.id)
        self.env.flush_all()
        with self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            self._domain('www.other.com', sajet_subdomain='impulse-max').flush_recordset()
        self.assertIn(caught.exception.diag.constraint_name, ('saas_label_name_uniq', 'saas_custom_domain_subdomain_uniq'))
        tenant.unlink()
        self.assertFalse(self.env['saas.label'].search([('name', '=', 'impulse-max')]))

    def test_a_label_is_held_until_the_last_one_lets_go(self):
        domain = self._domain('www.techeels.io')
        self.env.flush_all()
        label = self.env['saas.label'].search([('name', '=', 'techeels')])
        label.invalidate_recordset()
        self.assertEqual(label.holders, 2)
        domain._end_claim('removed')
        self.env.flush_all()
        label.invalidate_recordset()
        self.assertEqual(label.holders, 1)

    def test_what_only_code_writes(self):
        domain = self._domain().with_user(self.env.ref('base.user_admin'))
        for values in ({'is_active': True}, {'external_domain': 'x.example.com'}, {'verification_status': 'verified'}):
            with self.assertRaisesRegex(UserError, 'by its buttons'):
                domain.write(values)
        with self.assertRaisesRegex(UserError, 'Remove the domain first'):
            domain.unlink()

    def test_resolvers_of_a_root_domain(self):
        self.root.dns_servers = '9.9.9.9\n127.0.0.1:5300\n[::1]:5301\n2620:fe::fe'
        self.assertEqual(self.root._servers(), [('9.9.9.9', 53), ('127.0.0.1', 5300), ('::1', 5301), ('2620:fe::fe', 53)])
        for wrong in ('', 'dns.google', '1.2.3.4:x'):
            with self.assertRaises(ValidationError):
                self.root.dns_servers = wrong


@tagged('post_install', '-at_install')
class TestPeople(DomainCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.act, cls.look, cls.other = (
            new_test_user(cls.env, f'{login}-of-domains', groups='base.group_portal') for login in ('act', 'look', 'other'))
        (cls.act | cls.look).partner_id.parent_id = cls.customer
        cls.other.partner_id.parent_id = cls.stranger
        (cls.act | cls.other).partner_id.saas_right = 'act'
        cls.look.partner_id.saas_right = 'look'

    def test_adding_removing_and_the_limit(self):
        mine = self.Domain.with_user(self.act)
        domain = mine._person_add({'external_domain': NAME})
        self.assertEqual((domain.partner_id, domain.tenant_id), (self.customer, self.tenant), 'his only tenant')
        with self.assertRaisesRegex(UserError, 'added www.impulse-max.com already'):
            mine._person_add({'external_domain': NAME})
        self.plan.domain_limit = 2
        mine._person_add({'external_domain': 'second.example.com'})
        with self.assertRaisesRegex(UserError, '2 domains of 2'):
            mine._person_add({'external_domain': 'third.example.com'})
        domain._person_remove()
        mine._person_add({'external_domain': 'third.example.com'})
        self.plan.domain_limit = 0
        mine._person_add({'external_domain': 'fourth.example.com'})
        self.assertEqual(self.customer.saas_domain_count, 3)

    def test_the_best_plan_counts(self):
        self.plan.domain_limit = 10
        self._tenant('big', plan_id=self.env.ref('saas_master.plan_enterprise').id)
        self.assertEqual(self.Domain._limit(self.customer), 50)
        self.assertEqual(self.Domain._limit(self.stranger), 10)

    def test_nobody_crosses(self):
        domain = self._domain()
        self.assertEqual(self.Domain.with_user(self.act).search([]), domain)
        self.assertFalse(self.Domain.with_user(self.other).search([]))
        for user in (self.other, self.look):
            theirs = domain.with_user(user)
            for act in (theirs._person_activate, theirs._person_remove, theirs._person_make_primary, theirs._person_verify):
                with self.assertRaises(AccessError):
                    act()
        with self.assertRaises(AccessError):
            self.Domain.with_user(self.look)._person_add({'external_domain': 'x.example.com'})
        with self.assertRaisesRegex(UserError, 'no such tenant'):
            self.Domain.with_user(self.other)._person_add({'external_domain': 'x.example.com', 'tenant_id': self.tenant.id})
        with self.assertRaises(AccessError):
            self.Domain.with_user(self.other)._person_add({'external_domain': 'x.example.com', 'partner_id': self.customer.id})
        with self.assertRaises(AccessError):
            domain.with_user(self.other).read(['verification_token'])
        with self.assertRaises(AccessError):
            domain.with_user(self.act).write({'tenant_id': False})

    def test_operations_are_seen_by_their_customer_alone(self):
        domain = self._domain()
        self._find(domain)
        operation = domain._active_operation()
        self.assertEqual(operation.with_user(self.act).search([('id', '=', operation.id)]), operation)
        self.assertFalse(operation.with_user(self.other).search([('id', '=', operation.id)]))

    def test_verifying_answers_as_the_seed_has_it(self):
        domain = self._domain().with_user(self.act)
        answer = domain._person_verify()
        self.assertEqual((answer['outcome'], answer['status'], answer['found']), ('no', 'failed', None))
        self.assertEqual(answer['expected'], f'impulse-max.{ROOT}')
        self.assertIn(f'impulse-max.{ROOT}', answer['instructions'])
        self.assertEqual(domain.verification_status, 'verifying')
        self._point(domain)
        answer = domain._person_verify()
        self.assertEqual((answer['status'], answer['cname_detected']), ('verified', f'impulse-max.{ROOT}'))
        self.assertTrue(answer['message'] and answer['next_step'])
        self.assertEqual(self.env['saas.audit'].search([('res_model', '=', 'saas.custom_domain')], limit=1).act, 'verify')


@tagged('post_install', '-at_install')
class TestTakeover(DomainCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls._running_tenant('second', partner_id=cls.stranger.id, email='eve@other.example')

    def test_several_claim_and_one_proves(self):
        one, two = self._domain(), self._domain(tenant=self.second)
        self.assertNotEqual(one.sajet_subdomain, two.sajet_subdomain)
        self.assertNotEqual(one.verification_token, two.verification_token)
        self._find(two)
        self.assertEqual((one.verification_status, two.verification_status), ('pending', 'verified'))

    def test_a_cname_to_his_own_name_passes_it_on_at_once(self):
        one, two = self._active(), self._domain(tenant=self.second)
        self._find(two, evidence='cname')
        self.assertEqual((one.lost_reason, one.is_active, two.verification_status), ('proved_by_other', False, 'verified'))
        self._work_off(two, 'activate_domain')
        self._work_off(one, 'remove_domain')
        self.assertEqual(self._hostnames(), {NAME})
        self.assertEqual(self.router.routes[NAME].database, 'second')
        self.assertTrue(self.env['mail.mail'].search([('email_to', 'ilike', 'ann@acme.example')]))

    def test_a_token_gives_notice_first(self):
        one, two = self._active(), self._domain(tenant=self.second)
        token = {'evidence': 'txt', 'owned': True}
        self._find(two, **token)
        self.assertEqual((one.alert, one.contested_by_id, two.verification_status), ('contested', two, 'verifying'))
        self.assertTrue(one.is_active and one.activity_ids)
        self.assertIn('notice', two._verify_answer()['message'])
        self._find(two, 'no')
        self.assertFalse(one.contested_by_id or one.alert or two.proved_at, 'the proof was taken back')
        self._find(two, **token)
        one.contest_ends_at = fields.Datetime.now() - timedelta(minutes=1)
        self._find(two, **token)
        self.assertEqual((one.lost_reason, two.verification_status), ('proved_by_other', 'verified'))

    def test_a_holder_that_has_left_gets_no_notice(self):
        one, two = self._active(), self._domain(tenant=self.second)
        self._find(one, 'no')
        self.assertTrue(one.left_at)
        self._find(two, evidence='txt', owned=True)
        self.assertEqual(one.claim_state, 'ended')

    def test_what_is_left_in_the_dns_proves_nothing_for_another(self):
        one = self._active()
        one._end_claim('removed')
        two = self._domain(tenant=self.second, sajet_subdomain='impulse-max')
        trust = two._trust()[two.id]
        self.assertEqual(trust, Trust(label=False, host=True, alone=False))
        self.assertTrue(two.txt_required)
        self.assertNotIn(f'fallback.{ROOT}', two._dns_target(trust).targets, 'shared by all customers')
        self.assertTrue(two._instructions()[1]['is_required'])

    def test_a_name_that_leaves_is_warned_about_and_unpublished(self):
        hook = self.env['saas.webhook'].create({'name': 'Chat', 'url': 'https://hooks.example.com/', 'events': 'domain.*'})
        domain = self._active()
        self._find(domain, 'no')
        self.assertTrue(domain.is_active and domain.left_at and domain.alert == 'left')
        self.assertEqual((domain.unpublish_at - domain.left_at).days, 7)
        self._find(domain)
        self.assertFalse(domain.left_at or domain.alert or domain.activity_ids, 'it came back')
        self._find(domain, 'no')
        domain.unpublish_at = fields.Datetime.now() - timedelta(minutes=1)
        self._find(domain, 'no')
        self.assertEqual((domain.verification_status, domain.is_active, domain.claim_state), ('pending', False, 'living'))
        self._work_off(domain, 'remove_domain')
        self.assertFalse(domain._has_edges())
        self.assertEqual(self._hostnames(), set())
        self._find(domain)
        self.assertTrue(domain.to_publish, 'it comes back by itself')
        told = hook.delivery_ids.sorted('id').mapped('event')
        self.assertEqual(told, ['domain.verified', 'domain.active', 'domain.left', 'domain.back', 'domain.left',
                                'domain.unpublished', 'domain.verified'])

    def test_hidden_behind_a_proxy_is_not_gone(self):
        domain = self._active()
        self._find(domain, 'no', code='flattened_needs_txt', points=True)
        self.assertFalse(domain.left_at)

    def test_never_proven_fails_at_last_and_may_begin_again(self):
        domain = self._domain()
        domain.trying_since = fields.Datetime.now() - timedelta(days=8)
        self._find(domain, 'no')
        self.Domain._cron_alerts()
        self.assertEqual((domain.verification_status, domain.alert), ('verifying', 'unverified'))
        domain.trying_since = fields.Datetime.now() - timedelta(days=15)
        self._find(domain, 'no')
        self.assertEqual((domain.verification_status, domain.next_check_at), ('failed', False))
        domain._try_again()
        self._find(domain)
        self.assertEqual(domain.verification_status, 'verified')
