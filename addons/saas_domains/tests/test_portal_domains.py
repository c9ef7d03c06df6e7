import json
import re
from datetime import timedelta

from lxml import html

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.saas_master.tests.test_portal import SCRIPT

from .portal_domains_common import WWW, PortalDomainsCase

GETS = ('', '/status')
POSTS = ('/verify', '/activate', '/primary', '/tenant', '/delete')


@tagged('post_install', '-at_install')
class TestPortalDomainRoles(PortalDomainsCase):
    """Every route, as everybody."""

    def test_anonymous_is_asked_to_log_in(self):
        self._login(None)
        for path in (*map(self._path, GETS), '/my/domains', '/my/domains/page/2', '/my/domains/add'):
            self.assertIn('/web/login', self._get(path, 303).headers['Location'])
        for path in (*map(self._path, POSTS), '/my/domains/add', f'/my/tenants/{self.tenant.id}/redirect'):
            answer = self._post(path)
            self.assertEqual(answer.status_code, 303)
            self.assertIn('/web/login', answer.headers['Location'])
        self.assertEqual((self.domain.claim_state, self.domain.check_count), ('living', 0))

    @mute_logger('odoo.http')
    def test_a_foreign_domain_answers_like_none(self):
        nobody = self.Domain.search([], order='id desc', limit=1).id + 1000
        for user in (self.act, self.look, self.none, self.manager, self.employee):
            self._login(user)
            answers = set()
            for number in (self.theirs.id, nobody, 0, 2**31, 2**70):
                for act in GETS:
                    self._get(f'/my/domains/{number}{act}', 404)
                for act in POSTS:
                    answer = self._post(f'/my/domains/{number}{act}', {'tenant_id': self.tenant.id})
                    answers.add((answer.status_code, re.sub(r'\d{2,}|csrf_token: "[^"]*"', '', answer.text)
                                 .partition('<main')[2].partition('</main')[0]))
            self.assertEqual({status for status, _text in answers}, {404})
            self.assertEqual(len(answers), 1, 'not to be told apart')
        self.assertEqual(self.theirs.claim_state, 'living')
        self._login(self.act)
        answer = self._post('/my/domains/add', {'external_domain': 'www.mine.com', 'tenant_id': self.foreign.id})
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(self._post(f'/my/tenants/{self.foreign.id}/redirect', {'wanted': '0'}).status_code, 404)
        self.assertTrue(self.foreign.redirect_to_primary)
        self.assertFalse(self.Domain.search([('external_domain', '=', 'www.mine.com')]))

    def test_lists_show_the_own_company_only(self):
        for user, shown in ((self.act, [WWW]), (self.look, [WWW]), (self.none, []), (self.outsider, ['www.foreign.com']),
                            (self.manager, []), (self.employee, [])):
            self._login(user)
            self.assertEqual(self._names('/my/domains?filterby=all'), shown, user.login)

    @mute_logger('odoo.http')
    def test_who_looks_sees_and_changes_nothing(self):
        active = self._active()
        self._login(self.look)
        for domain in (self.domain, active):
            page = self._get(self._path(domain=domain)).text
            self.assertFalse(re.findall(r'action="/my/domains/', page))
            self.assertIn('You may look', page)
            for act in POSTS:
                self.assertEqual(self._post(self._path(act, domain)).status_code, 403, act)
        self._get('/my/domains/add', 403)
        self.assertEqual(self._post('/my/domains/add', {'external_domain': 'www.mine.com'}).status_code, 403)
        self.assertEqual(self._post(f'/my/tenants/{self.tenant.id}/redirect', {'wanted': '0'}).status_code, 403)
        self.assertNotIn('o_saas_domain_add', self._get('/my/domains').text)
        self.assertEqual((self.domain.check_count, self.domain.claim_state, active.is_primary), (0, 'living', False))
        self.assertTrue(self.tenant.redirect_to_primary)

    @mute_logger('odoo.http')
    def test_without_a_token_nothing_is_done(self):
        self._login(self.act)
        for path in (*map(self._path, POSTS), '/my/domains/add', f'/my/tenants/{self.tenant.id}/redirect'):
            self.assertEqual(self._post(path, {'wanted': '0'}, csrf=False).status_code, 400, path)
        self.assertEqual((self.domain.check_count, self.domain.claim_state), (0, 'living'))

    def test_pages_are_private_and_without_inline_scripts(self):
        self._login(self.act)
        active = self._active()
        for path in ('/my/domains', '/my/domains/add', self._path(), self._path(domain=active), f'/my/tenants/{self.tenant.id}'):
            page = self._get(path)
            self.assertEqual(page.headers['Cache-Control'], 'no-store')
            ours = page.text.partition('class="o_saas o_saas_portal"')[2].partition('<footer')[0]
            self.assertTrue(ours, path)
            self.assertFalse(SCRIPT.findall(ours), path)
        self.assertEqual(self._get(self._path('/status')).headers['Cache-Control'], 'no-store')

    def test_nothing_internal_is_told(self):
        self.domain.write({'cloudflare_hostname_id': 'cf-secret-id', 'error': 'edge-17 exploded'})
        self._login(self.act)
        page = self._get(self._path()).text
        for word in ('cf-secret-id', 'edge-17', self.domain.nonce):
            self.assertNotIn(word, page)


@tagged('post_install', '-at_install')
class TestPortalDomainList(PortalDomainsCase):

    def setUp(self):
        super().setUp()
        self._login(self.act)

    def test_home_counts(self):
        self.assertIn('data-placeholder_count="saas_domain_count"', self._get('/my').text)
        self._domain('two.bluebird.com')
        self._domain('gone.bluebird.com')._end_claim('removed')
        self.env.flush_all()
        answer = self.url_open('/my/counters', headers={'Content-Type': 'application/json'}, data=json.dumps(
            {'jsonrpc': '2.0', 'method': 'call', 'params': {'counters': ['saas_domain_count']}}))
        self.assertEqual(answer.json()['result'], {'saas_domain_count': 2})

    def test_search_sort_and_filter(self):
        other = self._running_tenant('zebra-shop')
        moved = self._active('www.zebra.es', tenant_id=other.id)
        late = self._domain('máxima.es')
        late.write({'verification_status': 'failed'})
        self._domain('gone.es')._end_claim('removed')
        for query, names in (
                ('', ['xn--mxima-xqa.es', 'www.zebra.es', WWW]), ('search=máxima', ['xn--mxima-xqa.es']),
                ('search=xn--mx', ['xn--mxima-xqa.es']), ('search=zebra&search_in=tenant', ['www.zebra.es']),
                ('search=bluebird&search_in=name', [WWW]), ('search=bluebird&search_in=tenant', []),
                ('filterby=active', ['www.zebra.es']), ('filterby=waiting', ['xn--mxima-xqa.es', WWW]),
                ('filterby=trouble', ['xn--mxima-xqa.es']), ('filterby=ended', ['gone.es']),
                ('sortby=name&filterby=active', ['www.zebra.es']), ('search=%25', []), ('search=%00%FF', []),
                ('sortby=1;drop&filterby=x&search_in=y', ['xn--mxima-xqa.es', 'www.zebra.es', WWW]),
                ('search=' + 'x' * 5000, [])):
            self.assertEqual(self._names(f'/my/domains?{query}'), names, query)
        self.assertIn('Nothing fits', self._get('/my/domains?search=nowhere').text)
        self.assertEqual(moved.tenant_id, other)

    def test_pages_of_twenty(self):
        self.plan.domain_limit = 0
        for number in range(25):
            self._domain(f'many-{number:02}.example.com')
        self.assertEqual(len(self._names('/my/domains')), 20)
        self.assertEqual(len(self._names('/my/domains/page/2')), 6)
        self.assertEqual(len(self._names('/my/domains/page/9999999999999')), 6)

    def test_empty_state(self):
        self.domain._end_claim('removed')
        page = self._get('/my/domains').text
        self.assertIn('Your Odoo under your own name', page)
        self.assertIn('href="/my/domains/add"', page)
        self.tenant.partner_id = self.stranger
        page = self._get('/my/domains').text
        self.assertIn('A domain needs an Odoo', page)
        self.assertIn('href="/saas"', page)

    def test_add(self):
        form = html.fromstring(self._get('/my/domains/add?name=www.techeels.io').text).find_class('o_saas_add_form')[0]
        self.assertEqual(form.fields['external_domain'], 'www.techeels.io')
        self.assertEqual(form.fields['tenant_id'], str(self.tenant.id))
        answer = self._post('/my/domains/add', {'external_domain': 'www.techeels.io', 'tenant_id': self.tenant.id})
        made = self.Domain.search([('external_domain', '=', 'www.techeels.io')])
        self.assertEqual((answer.status_code, answer.headers['Location'].partition('/my')[2]), (303, f'/domains/{made.id}'))
        self.assertEqual((made.partner_id, made.tenant_id, made.create_uid), (self.customer, self.tenant, self.act))

    def test_what_cannot_be_added_is_said_beside_the_field(self):
        self._running_tenant('acme-two')
        for name, words in (('https://x.com/a', 'without https://'), ('co.uk', 'everybody can register'),
                            ('', 'Enter the domain'), (WWW, 'already'), ('a.portal.test', 'one of our own'),
                            ('*.x.com', 'stands for many'),
                            ('x' * 5000, 'too long'), ('<b>', 'no domain')):
            answer = self._post('/my/domains/add', {'external_domain': name, 'tenant_id': self.tenant.id})
            self.assertEqual(answer.status_code, 422, name)
            said = html.fromstring(answer.text).find_class('invalid-feedback')[0].text_content()
            self.assertIn(words, said)
            chosen = html.fromstring(answer.text).xpath("//select[@name='tenant_id']/option[@selected]/@value")
            self.assertEqual(chosen, [str(self.tenant.id)])
        for tenant in ('', 'x', '-1', '9' * 30, self.foreign.id):
            answer = self._post('/my/domains/add', {'external_domain': 'www.fine.com', 'tenant_id': tenant})
            self.assertEqual(answer.status_code, 422, tenant)
            self.assertFalse(self.Domain.search([('external_domain', '=', 'www.fine.com')]), tenant)

    def test_too_many(self):
        self.plan.domain_limit = 1
        answer = self._post('/my/domains/add', {'external_domain': 'www.second.com', 'tenant_id': self.tenant.id})
        self.assertEqual(answer.status_code, 422)
        self.assertIn('1 domains of 1', answer.text)

    def test_the_list_needs_the_same_queries_for_many(self):
        self.plan.domain_limit = 0

        def read():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            domains = self.Domain.with_user(self.act)
            for domain in domains.search(domains._customer_domain(), limit=20).sudo():
                self.assertTrue(domain.display_domain and domain._portal_state()['label'] and domain._last_check_words())
            return self.env.cr.sql_log_count - before
        for number in range(4):
            self._domain(f'few-{number}.example.com')
        read()
        few = read()
        for number in range(30):
            self._domain(f'many-{number}.example.com')
        self.assertEqual(read(), few)


@tagged('post_install', '-at_install')
class TestPortalDomainPage(PortalDomainsCase):

    def setUp(self):
        super().setUp()
        self._login(self.act)

    def _stage(self, domain=None):
        return [item.get('class') for item in self._tree(self._path(domain=domain)).find_class('o_saas_stages')[0]]

    def test_the_record(self):
        self.assertEqual(self._stage(), ['active', '', '', ''])
        records = self._fields(self._path())
        self.assertEqual(records['CNAME'], {
            'type': 'CNAME', 'host': 'www', 'value': 'bluebird.portal.test', 'ttl': '300'})
        self.assertEqual((records['TXT']['host'], records['TXT']['value']), ('_jeturing-verify', self.domain.verification_token))
        copied = self._tree(self._path()).xpath("//button[contains(@class, 'o_saas_copy_value')]/@data-text")
        self.assertIn('bluebird.portal.test', copied)

    def test_a_look_at_the_dns(self):
        self.dns.behave(WWW, lambda query: None)
        self._checked(self.domain, 'no', 'wrong_cname', last_expected='bluebird.portal.test',
                      last_found=['parking.example'],
                      last_warnings=[{'code': 'ttl_high', 'values': {'ttl': 86400, 'limit': 3600}}],
                      next_check_at=fields.Datetime.now() + timedelta(minutes=5), provider='namecheap')
        page = self._get(self._path()).text
        for words in ('Found instead', 'parking.example', 'bluebird.portal.test', '86400', 'in about 5 minutes', 'just now',
                      'Namecheap', 'Advanced DNS', 'Check now'):
            self.assertIn(words, page)
        key = self._get(self._path('/status')).json()['key']
        self.assertIn(f'data-key="{html.fromstring(page).find_class("o_saas_live_domain")[0].get("data-key")}"', page)
        self._points_here(self.domain)
        answer = self._post(self._path('/verify'))
        self.assertEqual(answer.status_code, 303, answer.text[:500])
        self.assertEqual(self.domain.verification_status, 'verified')
        self.assertNotEqual(self._get(self._path('/status')).json()['key'], key)
        page = self._get(self._path())
        self.assertIn('alert-success', page.text)
        self.assertNotIn('alert-success', self._get(self._path()).text)
        self.assertEqual(self._stage(), ['done', 'done', 'active', ''])
        self.assertIn('data-busy="1"', page.text)
        self.assertEqual(self.domain._active_operation().kind, 'activate_domain')

    def test_what_does_not_point_here_yet(self):
        answer = self._post(self._path('/verify'))
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers['Location'].endswith('#check'))
        self.assertEqual(self.domain.check_count, 1)
        self.assertNotIn('alert-success', self._get(self._path()).text)

    def test_checks_are_limited(self):
        self.env['ir.config_parameter'].set_param('saas_domains.verify_per_minute', '1')
        self.assertEqual(self._post(self._path('/verify')).status_code, 303)
        answer = self._post(self._path('/verify'))
        self.assertEqual(answer.status_code, 429)
        self.assertTrue(0 < int(answer.headers['Retry-After']) <= 60)
        self.assertIn('Too many tries', answer.text)

    def test_publishing_is_asked_for(self):
        self._checked(self.domain, 'yes', last_evidence='cname', points_here=True)
        self.domain._set_status('verified')
        self.assertIn('Publish it now', self._get(self._path()).text)
        self.assertEqual(self._post(self._path('/activate')).status_code, 303)
        status = self._get(self._path('/status')).json()
        self.assertEqual((status['busy'], status['title']), (True, 'Being published'))
        self.assertTrue(status['steps'])
        self.assertEqual(self._post(self._path('/activate')).status_code, 422)

    def test_an_unproven_name_is_not_published(self):
        answer = self._post(self._path('/activate'))
        self.assertEqual(answer.status_code, 422)
        self.assertIn('not verified yet', answer.text)
        self.assertFalse(self.domain.to_publish)

    def test_live_and_primary(self):
        first = self._active()
        self.assertEqual(self._stage(first), ['done'] * 4)
        page = self._get(self._path(domain=first)).text
        for words in ('It is live', 'www.redwing.com', 'And redwing.com?', 'Make it the primary one', 'data-over="1"'):
            self.assertIn(words, page)
        self.assertEqual(self._post(self._path('/primary', first)).status_code, 303)
        self.assertTrue(first.is_primary)
        self.assertIn('is the primary domain now', self._get(self._path(domain=first)).text)
        self.assertEqual(self._post(self._path('/primary')).status_code, 422)

    def test_remove(self):
        page = self._get(self._path()).text
        self.assertIn('Yes, remove it', page)
        answer = self._post(self._path('/delete'))
        self.assertTrue(answer.headers['Location'].endswith('/my/domains'))
        self.assertEqual(self.domain.lost_reason, 'removed')
        self.assertIn('is removed', self._get('/my/domains').text)
        page = self._get(self._path()).text
        self.assertIn('Add it again', page)
        self.assertNotIn('Yes, remove it', page)
        self.assertEqual(self._post(self._path('/delete')).status_code, 422)

    def test_a_name_that_leads_nowhere_gets_a_tenant(self):
        lost = self._domain('www.lost.com', tenant_id=False)
        self.assertIn('leads to nothing yet', self._get(self._path(domain=lost)).text)
        self.assertEqual(self._post(self._path('/tenant', lost), {'tenant_id': self.foreign.id}).status_code, 422)
        self.assertFalse(lost.tenant_id)
        self.assertEqual(self._post(self._path('/tenant', lost), {'tenant_id': self.tenant.id}).status_code, 303)
        self.assertEqual(lost.tenant_id, self.tenant)
        self.assertEqual(self._post(self._path('/tenant', lost), {'tenant_id': self.tenant.id}).status_code, 422)

    def test_notices(self):
        domain, soon = self._active(), fields.Datetime.now() + timedelta(days=3)
        for values, words in (
                ({'left_at': fields.Datetime.now(), 'unpublish_at': soon}, 'It no longer leads here'),
                ({'left_at': False, 'contest_ends_at': soon}, 'Another customer has shown')):
            domain.write(values)
            page = self._get(self._path(domain=domain)).text
            self.assertIn(words, page)
            self.assertEqual('It is live' in page, not domain.left_at)
        self.domain.write({'verification_status': 'failed', 'next_check_at': False})
        self.assertIn('We have stopped looking', self._get(self._path()).text)
        self.domain.write({'verification_status': 'verifying', 'proved_at': fields.Datetime.now()})
        self.assertIn('Another customer still holds it', self._get(self._path()).text)
        self.domain._end_claim('proved_by_other')
        self.assertIn('Another customer has proven', self._get(self._path()).text)

    def test_the_names_of_a_tenant(self):
        path = f'/my/tenants/{self.tenant.id}'
        first, _second = self._active(is_primary=True), self._active('shop.redwing.com')
        section = html.fromstring(self._get(path).text).get_element_by_id('domains')
        self.assertEqual([' '.join(item.text_content().split()) for item in section.find_class('o_saas_names')[0]], [
            'www.redwing.com Primary Active', 'shop.redwing.com Active', f'{WWW} Waiting for the DNS record',
            'acme-one.test.localhost its own address, always there'])
        self.assertIn('Stop that', section.text_content())
        self.assertEqual(self._post(f'{path}/redirect', {'wanted': '0'}).status_code, 303)
        self.assertFalse(self.tenant.redirect_to_primary)
        self.assertEqual(first._active_operation().kind, 'primary_domain')
        self.assertIn('Send them on', self._get(path).text)
        self.assertEqual(self._post(f'{path}/redirect', {'wanted': '1'}).status_code, 422, 'it is being worked on')
