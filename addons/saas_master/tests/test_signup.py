from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.saas_master import visitor

from .signup_common import GOOD, SignupCase

LONG_LABEL = 'a' * 64


class TestVisitor(SignupCase):
    """The plain rules for what strangers send."""

    def test_clean(self):
        self.assertEqual(visitor.clean('  Acme   Inc  '), 'Acme Inc')
        self.assertEqual(visitor.clean('Nin\u0303o'), 'Niño')
        for value in (None, b'Acme', 5, object(), ['Acme']):
            self.assertEqual(visitor.clean(value), '')

    def test_names(self):
        for text in ('Acme', "O'Neil & Söhne (1998), Inc.", '株式会社', 'شركة', 'नमस्ते', 'Ltd. №5', 'Ha\u200cha', '👩‍🚀 Space 1'):
            self.assertTrue(visitor.is_name(text), text)
        for text in ('', '...', 'a\x00b', 'a\nb', 'a\tb', 'a\x7f', 'a\u202eb', 'a\u200bb', 'a\ufeffb', 'a\ufffdb',
                     '\ud800a', 'a\u2028b', 'a\ue000b', 'a%FFb', 'a%C3(b', '\u200b\u200b',
                     'see http://evil.example', 'WWW.evil.example', '<b>x</b>'):
            self.assertFalse(visitor.is_name(text), ascii(text))

    def test_emails(self):
        for text in ('a@b.co', 'first.last+tag@sub.example.com', 'x_y%z@1-2.example', 'a' * 64 + '@b.co'):
            self.assertTrue(visitor.is_email(text), text)
        for text in ('a', '@b.co', 'a@', 'a@b', 'a@b.c', 'a b@c.de', 'a@b..co', '.a@b.co', 'a.@b.co', 'a..b@c.de', 'a@-b.co',
                     'a@b-.co', 'a@b.co, c@d.ef', 'x <a@b.co>', 'a@b.co\n', 'a@b.co\x00', 'ä@b.co', 'a@bü.co', 'a@b.co@c.de',
                     'a' * 65 + '@b.co', f'a@{LONG_LABEL}.co', '\uff41@b.co'):
            self.assertFalse(visitor.is_email(text), ascii(text))

    def test_stem(self):
        for company, stem in (('Ñandú & Söhne', 'nandu-sohne'), ('  --A.C.M.E.--', 'a-c-m-e'), ('株式会社', ''),
                              ('x' * 29 + ' yz', 'x' * 29), ('\u0130stanbul', 'istanbul')):
            self.assertEqual(visitor.stem(company), stem)

    def test_network(self):
        for address, network in (
                ('192.0.2.7', '192.0.2.7'), ('::ffff:192.0.2.7', '192.0.2.7'), ('2001:db8:1:2:3::4', '2001:db8:1:2::/64'),
                ('2001:db8:1:2:ffff::', '2001:db8:1:2::/64'), ('rubbish', 'unknown'), ('', 'unknown'), (None, 'unknown')):
            self.assertEqual(visitor.network(address), network)


class TestForm(SignupCase):

    def _problems(self, **form):
        return self.Signup._check_form({**GOOD, **form})[1]

    def test_good(self):
        values, errors = self.Signup._check_form(GOOD)
        self.assertEqual(errors, {})
        self.assertEqual(values, {
            'company_name': 'Ñandú & Söhne GmbH', 'contact_name': "Zoë O'Neil", 'email': 'zoe@nandu.example', 'name': 'nandu',
            'lang': 'en_US', 'plan_id': self.plan.id})

    def test_every_field_is_needed(self):
        for field in GOOD:
            for value in ('', '   ', None, b'bytes', object()):
                self.assertEqual(list(self._problems(**{field: value})), [field])
        self.assertEqual(set(self.Signup._check_form({})[1]), set(GOOD))

    def test_too_long(self):
        for field, value in (('company_name', 'x' * 81), ('contact_name', 'x' * 81), ('name', 'x' * 64),
                             ('email', 'a' * 60 + '@' + 'b.' * 100 + 'example')):
            self.assertEqual(list(self._problems(**{field: value})), [field])
        self.assertFalse(self._problems(company_name='x' * 80, contact_name='y' * 80, name='z' * 63))

    def test_bad_characters(self):
        for bad in ('Ac\x00me', 'Ac\rme', 'Ac\u202eme', 'Ac\ufffdme', 'Ac\u200bme', '\ud800Acme'):
            for field in GOOD:
                self.assertIn(field, self._problems(**{field: bad}), (field, ascii(bad)))

    def test_no_advertising_by_our_mail(self):
        for bad in ('Win now https://evil.example', 'www.evil.example', '<a href=x>'):
            self.assertEqual(list(self._problems(contact_name=bad)), ['contact_name'])
            self.assertEqual(list(self._problems(company_name=bad)), ['company_name'])

    def test_names(self):
        self._tenant('in-use')
        for name in ('-a', 'a-', 'a b', 'a.b', 'a_b', 'xn--a', 'ab--c', 'ñandu', 'admin', 'in-use', 'a/b', "a'b", '%00'):
            self.assertEqual(list(self._problems(name=name)), ['name'], name)
        self.assertFalse(self._problems(name='  NANDU '))

    def test_unpublished_plans_and_absent_languages(self):
        self.assertEqual(list(self._problems(lang='fr_FR')), ['lang'])
        self.assertEqual(list(self._problems(lang='../en_US')), ['lang'])
        self.plan.is_published = False
        self.assertEqual(list(self._problems()), ['plan'])

    def test_a_missing_name_is_suggested(self):
        values, errors = self.Signup._check_form({**GOOD, 'name': ''})
        self.assertEqual((values['name'], list(errors)), ('nandu-sohne-gmbh', ['name']))
        self._tenant('nandu-sohne-gmbh')
        self.assertEqual(self.Signup._check_form({**GOOD, 'name': ''})[0]['name'], 'nandu-sohne-gmbh-2')
        self.assertEqual(self.Signup._check_form({**GOOD, 'name': '', 'company_name': '株式会社'})[0]['name'], '')

    def test_check_name(self):
        self._tenant('in-use')
        self.assertEqual(self.Signup._check_name(' NANDU '), {
            'name': 'nandu', 'available': True, 'code': 'free', 'message': 'This name is free.', 'suggestion': ''})
        self.assertEqual(self.Signup._check_name('in-use')['suggestion'], 'in-use-2')
        for name, code in (('in-use', 'taken'), ('admin', 'reserved'), ('a.b', 'invalid'), ('', 'invalid'),
                           ('x' * 500, 'invalid'), ('a\x00', 'invalid'), (None, 'invalid')):
            answer = self.Signup._check_name(name)
            self.assertEqual((answer['available'], answer['code']), (False, code), ascii(name))
            self.assertTrue(answer['message'])

    def test_address(self):
        self.assertEqual(self.Signup._address_parts(self.plan), ('http://', '.test.localhost:8080'))
        self.plan.template_name = 'not-there'
        self.assertTrue(self.Signup._address_parts(self.plan)[1], 'any node is better than none')
        self.env['saas.node'].search([]).active = False
        self.assertEqual(self.Signup._address_parts(self.plan), ('', ''))


class TestLink(SignupCase):

    def test_only_the_hash_is_stored(self):
        signup = self._ordered()
        token = self._token()
        self.assertEqual(self.Signup._find(token), signup)
        self.assertGreaterEqual(len(token), 43)
        self.env.cr.execute('SELECT to_jsonb(s)::text FROM saas_signup s WHERE id = %s', [signup.id])
        self.assertNotIn(token, self.env.cr.fetchone()[0])
        for forged in ('', token[:-1], token + 'x', token.swapcase(), signup.token_hash, '\ud800', '\x00', "' OR 1=1 --"):
            self.assertFalse(self.Signup._find(forged), ascii(forged))

    def test_mail(self):
        signup = self._ordered()
        mail = self._mails()
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.state, 'outgoing', 'sent by the mail cron, not within the request')
        self.assertTrue(mail.auto_delete, 'the token goes with the mail')
        self.assertEqual(mail.subject, 'Confirm your e-mail to start your Odoo')
        self.assertIn('sales@provider.example', mail.email_from)
        self.assertIn('Ñandú &amp; Söhne GmbH', mail.body_html)
        self.assertIn(f'{signup.get_base_url()}/saas/confirm/{self._token()}"', mail.body_html)
        cron = self.env.ref('mail.ir_cron_mail_scheduler_action')
        self.assertTrue(self.env['ir.cron.trigger'].search_count([('cron_id', '=', cron.id)]))

    def test_language_of_the_link(self):
        website = self.env['website'].get_current_website()
        english, spanish = (self.env['res.lang']._lang_get(code) for code in ('en_US', 'es_ES'))
        website.write({'language_ids': [(6, 0, (english | spanish).ids)], 'default_lang_id': english.id})
        signup = self._signup(lang='es_ES')
        self.assertEqual(signup._link('/saas/x'), f'{website.get_base_url()}/{spanish.url_code}/saas/x')
        signup.lang = 'en_US'
        self.assertEqual(signup._link('/saas/x'), f'{website.get_base_url()}/saas/x')
        website.language_ids = english
        signup.lang = 'es_ES'
        self.assertEqual(signup._link('/saas/x'), f'{website.get_base_url()}/saas/x')

    def test_hours(self):
        self.env['ir.config_parameter'].set_param('saas_master.signup_link_hours', '2')
        signup = self._ordered()
        self.assertFalse(signup._is_expired())
        with freeze_time(fields.Datetime.now() + timedelta(hours=2, minutes=1)):
            self.assertTrue(signup._is_expired())
            self.assertEqual(signup._confirm()[0], 'expired')
        self.assertFalse(signup.tenant_id)
        self.env['ir.config_parameter'].set_param('saas_master.signup_link_hours', 'many')
        self.assertEqual(self.Signup._number('signup_link_hours'), 24)

    def test_new_link_voids_the_old_one(self):
        signup = self._ordered()
        old = self._token()
        signup.state = 'expired'
        signup.action_send_link()
        self.assertFalse(self.Signup._find(old))
        self.assertEqual(self.Signup._find(self._token()), signup)
        self.assertFalse(signup._is_expired())

    def test_tidy(self):
        now = fields.Datetime.now()
        kept, late, forgotten, confirmed = (self._ordered(name=f'tidy-{number}') for number in range(4))
        (late | forgotten | confirmed).expires_at = now - timedelta(hours=1)
        confirmed.state = 'confirmed'
        forgotten.state = 'expired'
        self.env.flush_all()
        self.env.cr.execute("UPDATE saas_signup SET create_date = create_date - interval '8 days' WHERE id IN %s",
                            [tuple((forgotten | confirmed).ids)])
        self.env['saas.rate'].create([
            {'key': 'over', 'hits': 1, 'ends_at': now - timedelta(minutes=5)},
            {'key': 'open', 'hits': 1, 'ends_at': now + timedelta(minutes=5)}])
        self.env.flush_all()
        self.env.invalidate_all()
        self.Signup._cron_tidy()
        self.env.invalidate_all()
        self.assertEqual((kept | late | confirmed).mapped('state'), ['pending', 'expired', 'confirmed'])
        self.assertFalse(forgotten.exists())
        self.assertEqual((kept | confirmed).mapped('ip'), ['192.0.2.1', False])
        self.assertEqual(self.env['saas.rate'].search([]).mapped('key'), ['open'])


class TestConfirm(SignupCase):

    def test_makes_customer_and_tenant(self):
        signup = self._ordered(lang='es_ES')
        self.assertFalse(self.env['saas.tenant'].search([('name', '=', 'nandu')]))
        self.assertFalse(signup._confirm())
        tenant, contact = signup.tenant_id, signup.partner_id
        self.assertEqual((signup.state, tenant.state, tenant.operation_id.kind), ('confirmed', 'provisioning', 'provision'))
        self.assertEqual((tenant.name, tenant.company_name, tenant.email, tenant.admin_name, tenant.lang, tenant.plan_id),
                         ('nandu', 'Ñandú & Söhne GmbH', 'zoe@nandu.example', "Zoë O'Neil", 'es_ES', self.plan))
        self.assertEqual((contact.name, contact.email, contact.lang), ("Zoë O'Neil", 'zoe@nandu.example', 'es_ES'))
        self.assertEqual(tenant.partner_id, contact.parent_id)
        self.assertEqual((tenant.partner_id.name, tenant.partner_id.is_company), ('Ñandú & Söhne GmbH', True))

    def test_twice_is_once(self):
        signup = self._ordered()
        signup._confirm()
        tenant = signup.tenant_id
        self.assertFalse(signup._confirm())
        self.assertFalse(signup._confirm('other-name'))
        self.assertEqual((signup.tenant_id, signup.name), (tenant, 'nandu'))
        self.assertEqual(len(tenant.operation_ids), 1)

    def test_the_form_sent_twice_is_one_tenant(self):
        first, second = self._ordered(), self._ordered()
        self.assertFalse(first._confirm())
        self.assertFalse(second._confirm())
        self.assertEqual(first.tenant_id, second.tenant_id)

    def test_name_taken_meanwhile(self):
        mine, other = self._ordered(), self._ordered(email='other@nandu.example')
        self.assertFalse(other._confirm())
        self.assertEqual(mine._confirm()[0], 'taken')
        self.assertEqual(mine._confirm('admin')[0], 'reserved')
        self.assertEqual(mine._confirm('no.good')[0], 'invalid')
        self.assertEqual((mine.state, mine.tenant_id.id, mine.partner_id.id), ('pending', False, False))
        self.assertFalse(mine._confirm(' NANDU-2 '))
        self.assertEqual((mine.name, mine.tenant_id.name), ('nandu-2', 'nandu-2'))

    def test_the_database_decides_a_race(self):
        signup = self._ordered()
        partners = self.env['res.partner'].search_count([])
        with patch.object(self.env.registry['saas.tenant'], 'action_provision', side_effect=UniqueViolation):
            self.assertEqual(signup._confirm()[0], 'taken')
        self.env.invalidate_all()
        self.assertEqual(signup.state, 'pending')
        self.assertFalse(self.env['saas.tenant'].search([('name', '=', 'nandu')]))
        self.assertEqual(self.env['res.partner'].search_count([]), partners, 'nothing is left half-done')

    def test_one_customer_per_confirmed_email(self):
        stranger = self.env['res.partner'].create({'name': 'Not confirmed', 'email': 'zoe@nandu.example'})
        first, second, third = (self._ordered(name=f'nandu-{number}') for number in range(3))
        first._confirm()
        self.assertNotEqual(first.partner_id, stranger, 'an address somebody typed in proves nothing')
        second._confirm()
        self.assertEqual(second.partner_id, first.partner_id)
        self.assertEqual(second.tenant_id.partner_id, first.tenant_id.partner_id)
        first.partner_id.email = 'moved@nandu.example'
        third._confirm()
        self.assertNotEqual(third.partner_id, first.partner_id, 'the contact no longer has this address')

    def test_status(self):
        signup = self._ordered()
        signup._confirm()
        tenant = signup.tenant_id
        operation = tenant.operation_id
        status = signup._status()
        self.assertEqual((status['phase'], status['url'], status['percent']), ('working', False, 0))
        self.assertEqual(len(status['steps']), len(operation.step_ids))
        operation.step_ids.write({'state': 'done'})
        self.assertEqual(signup._status()['percent'], 99, 'all is over only when the tenant runs')
        tenant.node_id = self.node
        for state, phase in (('running', 'ready'), ('suspended', 'suspended'), ('deleting', 'deleted'), ('deleted', 'deleted'),
                             ('failed', 'failed'), ('provisioning', 'working')):
            tenant.with_context(saas_set_state=True).state = state
            status = signup._status()
            self.assertEqual((status['phase'], bool(status['url'])), (phase, phase == 'ready'))
        operation.write({'state': 'failed', 'error': 'password=secret'})
        self.assertNotIn('secret', str(signup._status()))
        self.assertEqual(set(status), {'phase', 'url', 'percent', 'label', 'step', 'total', 'elapsed', 'steps'})
        tenant.with_context(saas_set_state=True).state = 'deleted'
        tenant.unlink()
        self.env.invalidate_all()
        self.assertEqual(signup._status()['phase'], 'deleted')


class TestMailsToCustomers(SignupCase):

    def test_all_say_what_they_have_to(self):
        tenant = self._running_tenant(lang='es_ES')
        tenant.reason_ids = self.env.ref('saas_master.suspension_reason_unpaid')
        reason = tenant.reason_ids.with_context(lang=tenant.lang).customer_text
        for template, words in (
                ('welcome', ['http://link.example/token', '72', 'http://acme-test.test.localhost:8080', 'ann@acme.example']),
                ('provision_failed', ['Acme']), ('suspended', [tenant.url, reason]),
                ('resumed', [tenant.url]), ('deleted', [tenant.url])):
            tenant._notify_customer(f'saas_master.mail_template_{template}',
                                    password_link='http://link.example/token', password_link_hours=72)
            mail = self._mails('ann@acme.example')[-1]
            self.assertEqual(mail.state, 'outgoing')
            self.assertTrue(mail.subject and mail.auto_delete)
            for word in [*words, 'Ann', self.env.company.name]:
                self.assertIn(word, mail.body_html, template)

    def test_a_password_link_is_not_left_in_the_chatter(self):
        tenant = self._running_tenant()
        tenant._notify_customer('saas_master.mail_template_welcome', password_link='http://l.example/t', password_link_hours=72)
        mail = self._mails('ann@acme.example')
        message = mail.mail_message_id
        mail.unlink()       # as the mail cron does with what is sent
        self.assertFalse(message.exists())
        self.assertNotIn('http://l.example/t', ''.join(tenant.message_ids.mapped('body')))


class TestAccess(SignupCase):

    def test_who_sees_signups(self):
        signup = self._ordered()
        support = new_test_user(self.env, 'signup-support', groups='saas_master.group_saas_support')
        manager = new_test_user(self.env, 'signup-manager', groups='saas_master.group_saas_manager')
        self.assertEqual(signup.with_user(support).email, 'zoe@nandu.example')
        with self.assertRaises(AccessError):
            signup.with_user(support).action_send_link()
        self.assertTrue(signup.with_user(manager).action_send_link())
        for groups in ('base.group_user', 'base.group_portal', 'base.group_public'):
            user = new_test_user(self.env, f'signup-{groups}', groups=groups)
            with self.assertRaises(AccessError):
                signup.with_user(user).read(['email'])
        for user in (support, manager):
            with self.assertRaises(AccessError):
                signup.with_user(user).read(['token_hash'])
            with self.assertRaises(AccessError):
                self.env['saas.rate'].with_user(user).search([])
