import threading
from concurrent.futures import ThreadPoolExecutor

from odoo import SUPERUSER_ID, api, fields
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .api_common import GOOD, ApiCase

PATH = '/api/provisioning/tenant'
BODY = {'tenant_name': 'Test', 'subdomain': 'rest-prov'}


class TestApiProvisioning(ApiCase):

    def setUp(self):
        super().setUp()
        self.plan.write({'is_published': True, 'sequence': -1})
        self.headers = self._key(self.manager, 'saas.provisioning')

    def _tenants(self):
        return self.env['saas.tenant'].search([('name', '=', 'rest-prov')])

    def test_two_fields_are_enough(self):
        answer = self._post(PATH, BODY, headers=self.headers)
        self.assertEqual(answer.status_code, 202, answer.text)
        tenant = self._tenants()
        self.assertEqual((tenant.state, tenant.company_name, tenant.email, tenant.plan_id), (
            'provisioning', 'Test', self.manager.email, self.plan))
        self.assertEqual(answer.headers['Location'], f'/api/operations/{tenant.operation_id.id}')
        followed = self._get(answer.headers['Location'], headers=self.headers).json()
        self.assertEqual((followed['kind'], followed['tenant'], followed['percent']), ('provision', 'rest-prov', 0))

    def test_all_fields(self):
        self.env['res.lang']._activate_lang('es_ES')
        self._post(PATH, {**BODY, 'email': 'Zoe@rest.example', 'plan': 'test-plan', 'lang': 'es_ES',
                          'customer': self.customer.id},
                   headers=self.headers)
        tenant = self._tenants()
        self.assertEqual((tenant.email, tenant.lang, tenant.partner_id), ('zoe@rest.example', 'es_ES', self.customer))

    def test_the_other_scope_and_other_people(self):
        self._as(self.manager)
        self._assert_error(self._post(PATH, BODY), 401, 'invalid_api_key')
        self._assert_error(self._post(PATH, BODY, headers=self._key(self.support)), 403, 'forbidden')
        self.assertFalse(self._tenants())
        self.assertEqual(self._post(PATH, BODY, headers=self._key(self.manager)).status_code, 202)

    def test_bad_orders(self):
        for change, field in (({'subdomain': 'www'}, 'subdomain'), ({'subdomain': 'A b'}, 'subdomain'),
                              ({'tenant_name': '<b>'}, 'tenant_name'),
                              ({'plan': 'none'}, 'plan'), ({'email': 'x'}, 'email')):
            self.assertEqual(self._fields(self._post(PATH, {**BODY, **change}, headers=self.headers)), {field}, change)
        self._post(PATH, BODY, headers=self.headers)
        self._assert_error(self._post(PATH, BODY, headers=self.headers), 409, 'name_taken')

    def test_nothing_to_fall_back_to(self):
        self.env['saas.plan'].search([]).is_published = False
        self.assertEqual(self._fields(self._post(PATH, BODY, headers=self.headers)), {'plan'})
        self.plan.is_published = True
        self.manager.email = False
        self.assertEqual(self._fields(self._post(PATH, BODY, headers=self.headers)), {'email'})

    def test_the_same_request_twice_makes_one_tenant(self):
        headers = {**self.headers, 'Idempotency-Key': 'order-1'}
        first, second = (self._post(PATH, BODY, headers=headers) for _time in range(2))
        self.assertEqual((first.status_code, first.json(), first.headers['Location']),
                         (second.status_code, second.json(), second.headers['Location']))
        self.assertEqual((first.headers.get('Idempotent-Replayed'), second.headers['Idempotent-Replayed']), (None, 'true'))
        self.assertEqual(len(self._tenants()), 1)
        other = self._post(PATH, {**BODY, 'subdomain': 'rest-prov-2'}, headers=headers)
        self._assert_error(other, 422, 'idempotency_key_reused')

    def test_a_key_is_each_users_own_and_each_addresses(self):
        key = {'Idempotency-Key': 'order-1'}
        self.assertEqual(self._post(PATH, BODY, headers={**self.headers, **key}).status_code, 202)
        self._as(self.manager)
        self._assert_error(self._post('/api/tenants', GOOD, headers=key), 422, 'idempotency_key_reused')
        self.assertEqual(self._post('/api/tenants', GOOD, headers={'Idempotency-Key': 'order-2'}).status_code, 202)
        self.assertEqual(self._post('/api/tenants', GOOD, headers={'Idempotency-Key': 'order-2'}).status_code, 202)

    def test_a_refused_request_may_be_sent_again(self):
        headers = {**self.headers, 'Idempotency-Key': 'order-3'}
        self._fields(self._post(PATH, {**BODY, 'plan': 'later'}, headers=headers))
        self.plan.copy({'code': 'later'})
        self.assertEqual(self._post(PATH, {**BODY, 'plan': 'later'}, headers=headers).status_code, 202)

    def test_keys_that_are_none(self):
        for key in ('', 'a b', 'x' * 256, 'ñ'.encode()):
            answer = self._post(PATH, BODY, headers={**self.headers, 'Idempotency-Key': key})
            self.assertEqual(self._fields(answer), {'Idempotency-Key'}, key)

    def test_answers_are_kept_for_a_week(self):
        self._post(PATH, BODY, headers={**self.headers, 'Idempotency-Key': 'order-4'})
        kept = self.env['saas.idempotency'].search([('user_id', '=', self.manager.id)])
        self.env['saas.idempotency']._forget()
        self.assertTrue(kept.exists())
        self.assertNotIn('order-4', str(kept.read()))
        kept.at = fields.Datetime.subtract(fields.Datetime.now(), days=8)
        self.env['saas.idempotency']._forget()
        self.assertFalse(kept.exists())


@tagged('post_install', '-at_install')
class TestIdempotencyRace(TransactionCase):
    """With real connections and transactions: what two servers do that are sent the same request at once."""

    def _claim(self, barrier):
        with db_connect(self.env.cr.dbname).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            cr.execute('SELECT 1')          # the snapshot from before the other has done anything
            barrier.wait(timeout=20)
            return retrying(lambda: self._answer(env), env)

    def _answer(self, env):
        kept, is_new = env['saas.idempotency']._claim(env.user, 'race-of-two', 'hash')
        if is_new:
            kept._keep({'made': True}, False)
        return is_new, kept.answer

    def _clean_up(self):
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute('DELETE FROM saas_idempotency WHERE user_id = %s', [SUPERUSER_ID])

    @mute_logger('odoo.sql_db')
    def test_one_does_it_and_both_answer(self):
        self.addCleanup(self._clean_up)
        barrier = threading.Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(self._claim, [barrier, barrier]))
        self.assertEqual(sorted(answers, key=str), [(False, {'made': True}), (True, {'made': True})])
