from unittest.mock import patch

from odoo.addons.saas_master.controllers.api import openapi

from .domains_api_common import OURS, PATH, WWW, DomainApiCase
from .edge.odd_dns import rows, servfail

CLAIM = {'id', 'external_domain', 'sajet_subdomain', 'sajet_full_domain', 'verification_status', 'verification_token',
         'verification_instructions'}
ITEM = {'id', 'external_domain', 'sajet_full_domain', 'verification_status', 'is_active', 'is_primary'}


class TestAddDomain(DomainApiCase):

    def _new(self, **values):
        return {'external_domain': WWW, 'customer_id': self.customer.id, **values}

    def test_the_documented_answer(self):
        self._as(self.actor)
        answer = self._post('/api/domains', self._new(tenant_deployment_id=self.own.id))
        self.assertEqual(answer.status_code, 201, answer.text)
        self.assertEqual(answer.headers['Location'], PATH)
        made = answer.json()
        domain = self.Domain.browse(made['id'])
        self.assertEqual(set(made), CLAIM)
        self.assertEqual((made['external_domain'], made['sajet_subdomain'], made['sajet_full_domain'],
                          made['verification_status']), (WWW, 'impulse-max', OURS, 'pending'))
        self.assertRegex(made['verification_token'], '^rest-verify-[0-9a-f]{32}$')
        record = made['verification_instructions']
        self.assertEqual(set(record), {'type', 'record', 'value', 'note'})
        self.assertEqual((record['type'], record['record'], record['value']), ('CNAME', WWW, OURS))
        self.assertTrue(record['note'])
        self.assertEqual((domain.partner_id, domain.tenant_id, domain.create_uid), (self.customer, self.own, self.actor))

    def test_what_may_be_left_out(self):
        self._as(self.actor)
        made = self._post('/api/domains', {'external_domain': WWW}).json()
        self.assertEqual(self.Domain.browse(made['id']).tenant_id, self.own, 'his only one')
        self._as(self.manager)
        self.assertEqual(self._fields(self._post('/api/domains', {'external_domain': 'a.example.com'})), {'customer_id'})
        made = self._post('/api/domains', {'external_domain': 'a.example.com', 'tenant_deployment_id': self.foreign.id}).json()
        self.assertEqual(self.Domain.browse(made['id']).partner_id, self.stranger)

    def test_whatever_the_name_is_written_like(self):
        self._as(self.actor)
        for number, (text, name) in enumerate((('WWW.Impulse-MAX.com.', WWW), ('www.peña.com', 'www.xn--pea-8ma.com'),
                                               ('xn--bcher-kva.example.com', 'xn--bcher-kva.example.com'))):
            answer = self._post('/api/domains', self._new(external_domain=text))
            self.assertEqual((answer.status_code, answer.json().get('external_domain')), (201, name), number)
            self._assert_error(self._post('/api/domains', self._new(external_domain=name)), 409, 'conflict')

    def test_names_that_are_none(self):
        self._as(self.actor)
        for text, code in (('https://www.impulse-max.com/x', 'name_invalid'), ('localhost', 'name_single_label'),
                           ('192.0.2.7', 'name_address'), ('*.impulse-max.com', 'name_wildcard'), ('co.uk', 'name_suffix'),
                           ('shop.rest.test', 'name_own'), ('a..b.com', 'name_invalid'), ('-a.com', 'name_invalid'),
                           (f'{"a" * 64}.com', 'name_label_too_long'), (f'{"a." * 130}com', 'name_too_long'),
                           ('a\u202eb.com', 'name_invalid')):
            answer = self._post('/api/domains', self._new(external_domain=text))
            error = self._assert_error(answer, 422, 'validation_error')
            self.assertEqual([(entry['field'], entry['code']) for entry in error['details']], [('external_domain', code)], text)
        self.assertFalse(self.Domain.search([]))

    def test_bad_bodies(self):
        self._as(self.actor)
        for change, field in (({'external_domain': 7}, 'external_domain'), ({'external_domain': ''}, 'external_domain'),
                              ({'external_domain': 'x' * 1001}, 'external_domain'), ({'customer_id': '1'}, 'customer_id'),
                              ({'customer_id': 0}, 'customer_id'), ({'customer_id': True}, 'customer_id'),
                              ({'customer_id': 2**31 - 1}, 'customer_id'),
                              ({'tenant_deployment_id': 1.5}, 'tenant_deployment_id'),
                              ({'tenant_deployment_id': 2**31 - 1}, 'tenant_deployment_id'), ({'is_active': True}, 'is_active'),
                              ({'verification_status': 'verified'}, 'verification_status')):
            self.assertEqual(self._fields(self._post('/api/domains', self._new(**change))), {field}, change)
        self.assertEqual(self._fields(self._post('/api/domains', {})), {'external_domain'})
        self.assertFalse(self.Domain.search([]))

    def test_only_for_oneself(self):
        self._as(self.actor)
        self.assertEqual(self._fields(self._post('/api/domains', self._new(customer_id=self.stranger.id))), {'customer_id'})
        self.assertEqual(self._fields(self._post('/api/domains', self._new(tenant_deployment_id=self.foreign.id))),
                         {'tenant_deployment_id'})
        self.assertEqual(self._post('/api/domains', self._new(customer_id=self.actor.partner_id.id)).status_code, 201,
                         'a contact of the company stands for it')
        for user in (self.looker, self.nobody, self.support, self.employee):
            self._as(user)
            self._assert_error(self._post('/api/domains', {'external_domain': 'b.example.com'}), 403, 'forbidden')
        self.assertEqual(len(self.Domain.search([])), 1)

    def test_a_manager_adds_for_anybody(self):
        self._as(self.manager)
        made = self._post('/api/domains', self._new(customer_id=self.stranger.id)).json()
        self.assertEqual(self.Domain.browse(made['id']).partner_id, self.stranger)
        answer = self._post('/api/domains', self._new(external_domain='b.example.com', tenant_deployment_id=self.foreign.id))
        self.assertEqual(self._fields(answer), {'tenant_deployment_id'}, 'not this customer\'s')

    def test_once(self):
        self._as(self.actor)
        headers = {'Idempotency-Key': 'domain-1'}
        first, second = (self._post('/api/domains', self._new(), headers=headers) for _time in range(2))
        self.assertEqual((first.status_code, first.json(), first.headers['Location']),
                         (second.status_code, second.json(), second.headers['Location']))
        self.assertEqual(second.headers['Idempotent-Replayed'], 'true')
        other = self._post('/api/domains', self._new(external_domain='b.example.com'), headers=headers)
        self._assert_error(other, 422, 'idempotency_key_reused')
        self.assertEqual(len(self.Domain.search([])), 1)

    def test_no_more_than_the_plan_has(self):
        self.plan.domain_limit = 1
        self._as(self.actor)
        self.assertEqual(self._post('/api/domains', self._new()).status_code, 201)
        error = self._assert_error(self._post('/api/domains', self._new(external_domain='b.example.com')), 409, 'limit_reached')
        self.assertIn('1', error['message'])

    def test_in_the_callers_language(self):
        self.env['res.lang']._activate_lang('es_ES')
        text = 'Set this CNAME at your DNS provider. Remove A and AAAA records of the same name first.'
        texts = {('saas_domains', 'es_ES'): {text: 'Configure este CNAME en su proveedor DNS.'}}
        self._as(self.actor)
        with patch.object(openapi.translate.__globals__['code_translations'], 'python_translations', texts):
            made = self._post('/api/domains', self._new(), headers={'Accept-Language': 'es'}).json()
        self.assertEqual(made['verification_instructions']['note'], 'Configure este CNAME en su proveedor DNS.')


class TestReadDomains(DomainApiCase):

    def test_the_documented_list(self):
        domain, _other = self._active(is_primary=True), self._claim_of_another('b.example.com')
        self._as(self.looker)
        page = self._get(f'/api/domains?customer_id={self.customer.id}&status=verified').json()
        self.assertEqual(page, {'total': 1, 'items': [{
            'id': domain.id, 'external_domain': WWW, 'sajet_full_domain': OURS, 'verification_status': 'verified',
            'is_active': True, 'is_primary': True}]})
        self.assertEqual(self._get('/api/domains?status=failed').json(), {'items': [], 'total': 0})

    def test_everybody_sees_what_is_his(self):
        self._domain()
        self._claim_of_another('b.example.com')
        for user, names in ((self.manager, {WWW, 'b.example.com'}), (self.support, {WWW, 'b.example.com'}), (self.actor, {WWW}),
                            (self.looker, {WWW}), (self.other, {'b.example.com'}), (self.nobody, set())):
            self._as(user)
            for query in ('', f'?customer_id={self.stranger.id}'):
                found = {item['external_domain'] for item in self._get(f'/api/domains{query}').json()['items']}
                self.assertEqual(found, names & {'b.example.com'} if query else names, user.login)
        self._as(self.employee)
        self._assert_error(self._get('/api/domains'), 403, 'forbidden')
        self._as(None)
        self._assert_error(self._get('/api/domains'), 401, 'token_required')

    def test_pages_filters_and_sorting(self):
        for number in range(5):
            self._domain(f'n{number}.example.com', tenant_id=False if number else self.own.id)
        self._as(self.actor)
        page = self._get('/api/domains?sort=external_domain&limit=2&offset=2').json()
        self.assertEqual([item['external_domain'] for item in page['items']], ['n2.example.com', 'n3.example.com'])
        self.assertEqual(page['total'], 5)
        self.assertEqual(self._get('/api/domains?limit=1').json()['items'][0]['external_domain'], 'n4.example.com')
        self.assertEqual(self._get('/api/domains?q=N3').json()['total'], 1)
        self.assertEqual(self._get(f'/api/domains?tenant_deployment_id={self.own.id}').json()['total'], 1)
        for query, field in (('limit=0', 'limit'), ('limit=101', 'limit'), ('offset=-1', 'offset'), ('sort=name', 'sort'),
                             ('status=good', 'status'), ('customer_id=x', 'customer_id'), ('nothing=1', 'nothing'),
                             ('view=all', 'view'), ('claim_state=', 'claim_state')):
            self.assertEqual(self._fields(self._get(f'/api/domains?{query}')), {field}, query)

    def test_a_domain(self):
        domain = self._domain('www.peña.com')
        self._as(self.looker)
        for path in ('www.peña.com', 'www.xn--pea-8ma.com', 'WWW.PE%C3%91A.COM', 'www.xn--pea-8ma.com.'):
            self.assertEqual(self._get(f'/api/domains/{path}').json()['id'], domain.id, path)
        shown = self._get('/api/domains/www.peña.com').json()
        self.assertEqual((shown['display_domain'], shown['customer_id'], shown['tenant_deployment_id'], shown['tenant'],
                          shown['root_domain'], shown['url'], shown['last_check']),
                         ('www.peña.com', self.customer.id, self.own.id, 'rest-own', 'rest.test', None, None))
        self.assertEqual([record['type'] for record in shown['instructions']], ['CNAME', 'TXT'])
        self.assertIsNone(shown['created_by'], 'staff see it')
        page = self._get('/api/domains?view=full').json()
        self.assertEqual(page['items'], [shown])
        self._as(self.support)
        self.assertTrue(self._get('/api/domains/www.peña.com').json()['created_by'])

    def test_names_that_are_none(self):
        self._domain()
        self._as(self.manager)
        for name in ('%00', '..', 'a%00b', 'impulse-max.com', '%F0%9F%98%80', '%FF', "'", 'x' * 64, 'a.' * 2000, '-', '1.1.1.1',
                     '*.com', 'www.impulse-max.com%2Fx', '%20'):
            answer = self._get(f'/api/domains/{name}')
            self.assertEqual(answer.status_code, 404, (name, answer.text))

    def test_others_are_as_if_they_did_not_exist(self):
        self._claim_of_another()
        self._as(self.actor)
        unknown = self._get('/api/domains/unknown.example.com')
        for method, end, body in (('GET', '', None), ('DELETE', '', None), ('POST', '/verify', None), ('POST', '/activate', None),
                                  ('POST', '/make-primary', None), ('PATCH', '', {'tenant_deployment_id': self.own.id}),
                                  ('GET', f'?customer_id={self.stranger.id}', None)):
            answer = self._call(method, PATH + end, body)
            self.assertEqual((answer.status_code, answer.text), (404, unknown.text), end)

    def test_one_name_of_several_customers(self):
        own, other = self._domain(), self._claim_of_another()
        for user, domain in ((self.actor, own), (self.other, other)):
            self._as(user)
            self.assertEqual(self._get(PATH).json()['id'], domain.id)
        self._as(self.support)
        error = self._assert_error(self._get(PATH), 409, 'ambiguous')
        self.assertEqual({entry['customer_id'] for entry in error['details']['customers']}, {self.customer.id, self.stranger.id})
        self.assertEqual(self._get(f'{PATH}?customer_id={self.stranger.id}').json()['id'], other.id)
        self._assert_error(self._get(f'{PATH}?customer_id={self.support.partner_id.id}'), 404, 'not_found')
        other._set_status('verified')
        self.env.flush_all()
        self.assertEqual(self._get(PATH).json()['id'], other.id, 'who has proven it')


class TestActOnDomains(DomainApiCase):

    def test_not_verified(self):
        domain = self._domain()
        self._as(self.actor)
        answer = self._not_yet(f'{PATH}/verify')
        self.assertEqual(set(answer), {'status', 'message', 'expected', 'found', 'instructions'})
        self.assertEqual((answer['status'], answer['expected'], answer['found']), ('failed', OURS, None))
        self.assertIn(OURS, answer['instructions'])
        self._points_to('elsewhere.example.net')
        self.assertEqual(self._not_yet(f'{PATH}/verify')['found'], 'elsewhere.example.net')
        self.assertEqual(domain.verification_status, 'verifying')
        shown = self._get(PATH).json()['last_check']
        self.assertEqual((shown['outcome'], shown['code'], shown['found']), ('no', 'wrong_cname', ['elsewhere.example.net']))

    def test_verified(self):
        self._domain()
        self._points_to(OURS)
        self._as(self.actor)
        answer = self._post(f'{PATH}/verify')
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(set(answer.json()), {'status', 'message', 'cname_detected', 'next_step'})
        self.assertEqual((answer.json()['status'], answer.json()['cname_detected']), ('verified', OURS))
        shown = self._get(PATH).json()
        self.assertEqual((shown['verification_status'], shown['operation']['kind']), ('verified', 'activate_domain'))

    def test_could_not_ask(self):
        domain = self._verified(tenant_id=False)
        pending = self._domain('b.example.com')
        self.dns.behave(WWW, servfail)
        self.dns.behave('b.example.com', servfail)
        self._as(self.actor)
        self.assertEqual(self._post(f'{PATH}/verify').json()['status'], 'verified')
        answer = self._not_yet('/api/domains/b.example.com/verify')
        self.assertEqual((answer['status'], answer['found']), ('pending', None))
        self.assertEqual((domain.verification_status, pending.verification_status), ('verified', 'pending'))

    def test_who_may_verify(self):
        self._domain()
        self._as(self.looker)
        self._assert_error(self._post(f'{PATH}/verify'), 403, 'forbidden')
        self._as(self.support)
        self.assertEqual(self._not_yet(f'{PATH}/verify')['status'], 'failed')
        self._as(self.actor)
        self._assert_error(self._post(f'{PATH}/verify', {'now': True}), 400, 'invalid_json')

    def test_verifying_is_limited(self):
        self._domain()
        self.env['ir.config_parameter'].set_param('saas_domains.verify_per_minute', '1')
        self._as(self.actor)
        self._not_yet(f'{PATH}/verify')
        self._assert_error(self._post(f'{PATH}/verify'), 429, 'rate_limited')

    def test_proven_by_another(self):
        """Who has a name does not lose it to a token at once; who loses it finds it no more."""
        self._active()
        other = self._claim_of_another()
        self._points_to(OURS)
        self.dns.behave(other._txt_name(), rows((other._txt_name(), 60, 'TXT', f'"{other.verification_token}"')))
        self._as(self.other)
        answer = self._not_yet(f'{PATH}/verify')
        self.assertIn(answer['status'], ('verifying', 'pending'))
        self.assertTrue(answer['message'] and answer['instructions'])
        self._as(self.actor)
        self.assertEqual(self._get(PATH).json()['verification_status'], 'verified')

    def test_activate(self):
        domain = self._domain()
        self._as(self.actor)
        self._assert_error(self._post(f'{PATH}/activate'), 409, 'conflict')
        domain._set_status('verified')
        answer = self._post(f'{PATH}/activate')
        self.assertEqual(answer.status_code, 200, answer.text)
        operation = answer.json()['operation']
        self.assertEqual((answer.json()['status'], operation['kind']), ('activating', 'activate_domain'))
        self.assertEqual(answer.headers['Location'], f'/api/operations/{operation["id"]}')
        self.assertEqual(self._get(answer.headers['Location']).json()['id'], operation['id'])
        again = self._post(f'{PATH}/activate').json()
        self.assertEqual(again['operation']['id'], operation['id'], 'it is under way')
        self._as(self.looker)
        self._assert_error(self._post(f'{PATH}/activate'), 403, 'forbidden')

    def test_active_already(self):
        self._active()
        self._as(self.actor)
        answer = self._post(f'{PATH}/activate')
        self.assertEqual((answer.status_code, answer.json()['status'], answer.json()['operation']), (200, 'active', None))

    def test_make_primary(self):
        domain = self._verified()
        self._as(self.actor)
        self._assert_error(self._post(f'{PATH}/make-primary'), 409, 'conflict')
        domain.write({'to_publish': True, 'is_active': True})
        self.assertTrue(self._post(f'{PATH}/make-primary').json()['is_primary'])
        self.assertEqual(self._post(f'{PATH}/make-primary').status_code, 200)
        for user in (self.looker, self.support):
            self._as(user)
            self._assert_error(self._post(f'{PATH}/make-primary'), 403, 'forbidden')

    def test_choose_the_tenant(self):
        domain = self._domain(tenant_id=False)
        self._as(self.actor)
        for body, field in (({}, 'tenant_deployment_id'), ({'tenant_deployment_id': None}, 'tenant_deployment_id'),
                            ({'tenant_deployment_id': self.foreign.id}, 'tenant_deployment_id'), ({'x': 1}, 'x')):
            self.assertIn(field, self._fields(self._call('PATCH', PATH, body)), body)
        shown = self._call('PATCH', PATH, {'tenant_deployment_id': self.own.id}).json()
        self.assertEqual((shown['tenant_deployment_id'], domain.tenant_id), (self.own.id, self.own))
        self._assert_error(self._call('PATCH', PATH, {'tenant_deployment_id': self.own.id}), 409, 'conflict')

    def test_remove(self):
        domain = self._active()
        self._as(self.looker)
        self._assert_error(self._call('DELETE', PATH), 403, 'forbidden')
        self._as(self.support)
        self._assert_error(self._call('DELETE', PATH), 403, 'forbidden')
        self._as(self.actor)
        answer = self._call('DELETE', PATH)
        self.assertEqual((answer.status_code, answer.content), (204, b''))
        self.assertEqual((domain.claim_state, domain.is_active, domain.lost_reason), ('ended', False, 'removed'))
        self.assertEqual(domain.operation_id.kind, 'remove_domain')
        self._assert_error(self._call('DELETE', PATH), 404, 'not_found')
        ended = self._get('/api/domains?claim_state=ended&view=full').json()['items']
        self.assertEqual([(item['id'], item['ended_reason'], item['instructions']) for item in ended],
                         [(domain.id, 'removed', [])])
        self.assertEqual(self._post('/api/domains', {'external_domain': WWW}).status_code, 201, 'free again')

    def test_by_a_program(self):
        headers = self._key(self.manager)
        self.authenticate(None, None)
        self._domain()
        self.assertEqual(set(self._get('/api/domains', headers=headers).json()['items'][0]), ITEM)
        self.assertEqual(self._call('DELETE', PATH, headers=headers).status_code, 204)
        self._assert_error(self._get('/api/domains', headers=self._key(self.manager, 'saas.provisioning')), 403,
                           'insufficient_scope')


class TestDocumented(DomainApiCase):

    def _responses(self, method, path):
        return self._get('/api/openapi.json').json()['paths'][path][method]['responses']

    def test_an_answer_that_shares_its_status_with_errors(self):
        found = self._responses('post', '/api/domains/{domain}/verify')['400']['content']['application/json']
        self.assertEqual([schema['$ref'].rpartition('/')[2] for schema in found['schema']['anyOf']], ['NotVerified', 'Error'])
        self.assertEqual(set(found['examples']), {'answer', 'invalid_json'})

    def test_an_answer_without_a_body(self):
        self.assertNotIn('content', self._responses('delete', '/api/domains/{domain}')['204'])
        self.assertIn('Location', self._responses('post', '/api/domains')['201']['headers'])

    def test_the_page_has_commands_to_paste(self):
        page = self._get('/api/docs').text
        for words in ('/api/domains/www.impulse-max.com/verify', 'NotVerified', 'changes_held', 'ambiguous'):
            self.assertIn(words, page)
        self.assertNotIn('/api/domains/www.impulse-max.com?confirm', page)
