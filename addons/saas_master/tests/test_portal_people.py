from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models.saas_rate import RateLimited
from .portal_common import PortalCase, PortalHttpCase

GOOD = {'name': 'Bob Builder', 'email': 'Bob@Acme.example', 'right': 'look'}


class TestPeople(PortalCase):

    def _invite(self, user=None, **form):
        people = self._people(user or self.act)
        values, errors = people._check_form({**GOOD, **form})
        self.assertFalse(errors)
        return people._invite(**values)

    def test_a_colleague_is_invited(self):
        bob = self._invite()
        user = bob.user_ids
        self.assertEqual((bob.parent_id, bob.saas_right, user.login), (self.customer, 'look', 'bob@acme.example'))
        self.assertTrue(user.has_group('base.group_portal'))
        self.assertTrue(user.share)
        mail = self._mails_to('bob@acme.example')
        self.assertEqual(len(mail), 1)
        for words in ('Bob Builder', 'Ada Actor', 'Acme', '/web/signup?', 'token='):
            self.assertIn(words, mail.body_html)
        self.assertEqual(self._acts()[-1], 'invite')
        self.assertEqual(self._as(user).name, 'acme-one')

    def test_only_who_may_act_invites(self):
        for user in (self.look, self.none, self.employee):
            with self.assertRaises(AccessError):
                self._invite(user)
            with self.assertRaises(AccessError):
                self._people(user)._change(self.look.partner_id, 'act')
            with self.assertRaises(AccessError):
                self._people(user)._invite_again(self.look.partner_id)
        self.assertEqual(self.look.partner_id.saas_right, 'look')

    def test_nobody_of_elsewhere_is_let_in(self):
        self.env['res.partner'].create({'name': 'Lead', 'email': 'Lead <LEAD@else.example>'})
        archived = self.env['res.partner'].create({'name': 'Old', 'email': 'old@else.example'})
        archived.active = False
        self.env['res.users'].search([('login', '=', 'admin')]).login = 'Boss@provider.example'
        texts = set()
        for email in (self.outsider.login, 'lead@else.example', 'old@else.example', 'boss@provider.example'):
            with self.assertRaises(UserError) as refused, self.env.cr.savepoint():
                self._invite(email=email)
            texts.add(str(refused.exception))
        self.assertEqual(len(texts), 1, 'nothing tells one cause from the other')
        self.assertEqual(self.outsider.partner_id.commercial_partner_id, self.stranger)
        self.assertFalse(self.env['mail.mail'].search([('email_to', 'like', 'else.example')]))

    def test_a_known_contact_of_the_company_gets_an_account(self):
        contact = self.env['res.partner'].create({'name': 'Cleo', 'email': 'cleo@acme.example', 'parent_id': self.customer.id})
        self.assertEqual(self._invite(email='cleo@acme.example'), contact)
        self.assertTrue(contact.user_ids)
        with self.assertRaisesRegex(UserError, 'among your people already'):
            self._invite(email='cleo@acme.example')

    def test_wildcards_in_addresses_are_letters(self):
        self._person('Xaver X', self.stranger, 'act').login = 'bobxb@acme.example'
        self.assertTrue(self._invite(email='bob_b@acme.example').user_ids)

    def test_rights_change(self):
        self._signed_in(self.look)
        leo = self.look.partner_id
        people = self._people(self.act)
        people._change(leo, 'act')
        self.assertTrue(self._as(self.look)._may_act())
        people._change(leo, False)
        self.assertEqual(self._acts()[-2:], ['change_right', 'change_right'])
        self.assertFalse(self.env['saas.tenant'].with_user(self.look).search([]))
        with self.assertRaises(UserError):
            people._change(leo, 'own')

    def test_somebody_who_may_act_remains(self):
        for right in ('look', False):
            with self.assertRaisesRegex(UserError, 'has to remain'):
                self._people(self.act)._change(self.act.partner_id, right)
        self.env['res.partner'].create({'name': 'No user', 'parent_id': self.customer.id, 'saas_right': 'act'})
        with self.assertRaisesRegex(UserError, 'has to remain'):
            self._people(self.act)._change(self.act.partner_id, 'look')
        self._people(self.act)._change(self.look.partner_id, 'act')
        self._people(self.act)._change(self.act.partner_id, 'look')
        self.assertEqual(self.act.partner_id.saas_right, 'look')

    def test_strangers_people_are_out_of_reach(self):
        stan = self.outsider.partner_id
        self.assertFalse(self._people(self.act)._find(stan.id))
        with self.assertRaises(AccessError):
            self._people(self.act)._change(stan, False)
        self.assertEqual(stan.saas_right, 'act')
        self.assertFalse(self._people(self.act)._find(self.stranger.id))
        self.assertFalse(self._people(self.act)._find(self.customer.id), 'a company is no person')

    def test_an_invitation_is_withdrawn(self):
        bob = self._invite()
        self._people(self.act)._change(bob, False)
        self.assertFalse(bob.with_context(active_test=False).user_ids)
        self._people(self.act)._change(bob, 'act')
        self.assertEqual((len(bob.user_ids), bob.saas_right), (1, 'act'))
        self.assertEqual(len(self._mails_to('bob@acme.example')), 2)

    def test_mail_it_again(self):
        bob = self._invite()
        self._people(self.act)._invite_again(bob)
        self.assertEqual(len(self._mails_to('bob@acme.example')), 2)
        self._signed_in(bob.user_ids)
        with self.assertRaisesRegex(UserError, 'no open invitation'):
            self._people(self.act)._invite_again(bob)

    def test_who_has_signed_in_keeps_the_account_without_a_right(self):
        self._signed_in(self.look)
        self._people(self.act)._change(self.look.partner_id, False)
        self.assertTrue(self.look.exists().active)

    def test_invitations_are_limited(self):
        """They are counted for good, in a transaction of their own: so a company nobody else has counted for."""
        fresh = self.env['res.partner'].create({'name': 'Fresh', 'is_company': True})
        self.act.partner_id.write({'parent_id': fresh.id, 'saas_right': 'act'})
        self.env['ir.config_parameter'].set_param('saas_master.invitations_per_day', '2')
        self._invite(email='one@acme.example')
        with self.assertRaises(UserError):
            self._invite(email=self.outsider.login)
        with self.assertRaises(RateLimited):
            self._invite(email='three@acme.example')
        self.assertFalse(self._mails_to('three@acme.example'))

    def test_names_carry_no_advertisement(self):
        for form in ({'name': 'see www.evil.example'}, {'name': ''}, {'name': 'x' * 81}, {'email': 'nobody'},
                     {'email': 'a@b.co, c@d.ef'}, {'right': 'admin'}, {'right': ''}):
            _values, errors = self._people(self.act)._check_form({**GOOD, **form})
            self.assertEqual(list(errors), list(form), form)
        self.act.name = 'Buy at http://evil.example'
        self.customer.name = 'www.evil.example'
        self._invite()
        self.assertNotIn('evil', self._mails_to('bob@acme.example').body_html)


@tagged('post_install', '-at_install')
class TestPeoplePages(PortalHttpCase):

    def test_who_acts_manages(self):
        self._login(self.act)
        page = self._get('/my/people').text
        for words in ('Ada Actor', 'Leo Looker', 'Nora Nobody', 'Invite a colleague', '(you)'):
            self.assertIn(words, page)
        self.assertNotIn('Stan Stranger', page)
        answer = self._post('/my/people', GOOD)
        self.assertEqual(answer.status_code, 303)
        page = self._get('/my/people').text
        self.assertIn('The invitation is on its way to bob@acme.example', page)
        self.assertIn('has not signed in yet', page)
        self.assertNotIn('is on its way', self._get('/my/people').text, 'told once')

    def test_who_looks_reads(self):
        self._login(self.look)
        page = self._get('/my/people').text
        self.assertIn('Ada Actor', page)
        self.assertNotIn('<form action="/my/people"', page)
        self.assertNotIn('/right"', page)
        person = self.none.partner_id.id
        for path, data in (('/my/people', GOOD), (f'/my/people/{person}/right', {'right': 'act'}),
                           (f'/my/people/{person}/invite', {})):
            self.assertEqual(self._post(path, data).status_code, 403, path)
        self.assertFalse(self.none.partner_id.saas_right)

    def test_wrong_forms_change_nothing(self):
        self._login(self.act)
        partners = self.env['res.partner'].search_count([])
        answer = self._post('/my/people', {**GOOD, 'email': 'nobody', 'name': '<b>x</b>'})
        self.assertEqual(answer.status_code, 422)
        self.assertIn('is-invalid', answer.text)
        self.assertIn('value="nobody"', answer.text)
        answer = self._post('/my/people', {**GOOD, 'email': self.outsider.login})
        self.assertEqual(answer.status_code, 422)
        self.assertIn('We cannot invite this address', answer.text)
        self.assertEqual(self.env['res.partner'].search_count([]), partners)
        answer = self._post(f'/my/people/{self.act.partner_id.id}/right', {'right': 'none'})
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(self.act.partner_id.saas_right, 'act')

    def test_strangers_people_are_not_found(self):
        self._login(self.act)
        for person in (self.outsider.partner_id.id, self.stranger.id, 2**40):
            for act in ('right', 'invite'):
                self.assertEqual(self._post(f'/my/people/{person}/{act}', {'right': 'none'}).status_code, 404)
        self.assertEqual(self.outsider.partner_id.saas_right, 'act')

    def test_too_many_invitations(self):
        self.env['ir.config_parameter'].set_param('saas_master.invitations_per_day', '1')
        self._login(self.act)
        self.assertEqual(self._post('/my/people', GOOD).status_code, 303)
        answer = self._post('/my/people', {**GOOD, 'email': 'two@acme.example'})
        self.assertEqual(answer.status_code, 429)
        self.assertGreater(int(answer.headers['Retry-After']), 0)
        self.env['saas.rate'].search([]).unlink()
