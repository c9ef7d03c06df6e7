import json

from odoo.tools import mute_logger

from odoo.addons.saas_master.tests.api_common import ApiCase

GOOD = {'name': 'Chat', 'url': 'https://hooks.example.com/in', 'events': ['tenant.running', 'domain.active']}


class TestWebhookApi(ApiCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['saas.webhook'].search([]).write({'active': False})
        cls.hook, cls.foreign_hook, cls.staff_hook = cls.env['saas.webhook'].create([
            {'name': name, 'url': GOOD['url'], 'partner_id': partner} for name, partner in (
                ('own', cls.customer.id), ('foreign', cls.stranger.id), ('staff', False))])
        cls.path = f'/api/webhooks/{cls.hook.id}'

    def _names(self, answer):
        return [item['name'] for item in answer.json()['items']]

    def test_who_sees_which(self):
        for user, names in ((self.actor, ['own']), (self.other, ['foreign']), (self.looker, []), (self.nobody, []),
                            (self.support, ['staff', 'foreign', 'own']), (self.manager, ['staff', 'foreign', 'own'])):
            self._as(user)
            self.assertEqual(self._names(self._get('/api/webhooks')), names, user.login)
        self.assertEqual(self._names(self._get(f'/api/webhooks?customer={self.customer.id}')), ['own'])
        self._as(self.employee)
        self._assert_error(self._get('/api/webhooks'), 403, 'forbidden')
        self._as(None)
        self._assert_error(self._get('/api/webhooks'), 401, 'token_required')

    def test_adding(self):
        self._as(self.actor)
        answer = self._post('/api/webhooks', GOOD)
        self.assertEqual(answer.status_code, 201, answer.text)
        data = answer.json()
        hook = self.env['saas.webhook'].browse(data['webhook']['id'])
        self.assertEqual((hook.partner_id, hook._keys()), (self.customer, (data['secret'],)))
        self.assertEqual((data['webhook']['events'], data['webhook']['customer']), (GOOD['events'], None))
        self.assertEqual(answer.headers['Location'], f'/api/webhooks/{hook.id}')
        self.assertNotIn(data['secret'], self._get(answer.headers['Location']).text)

    def test_programs_add_them_for_staff_and_for_customers(self):
        key = self._key(self.manager)
        answer = self._post('/api/webhooks', {**GOOD, 'customer': self.customer.id}, headers=key)
        self.assertEqual(answer.json()['webhook']['customer'], {'id': self.customer.id, 'name': 'Acme'})
        self.assertIsNone(self._post('/api/webhooks', GOOD, headers=key).json()['webhook']['customer'])
        self.assertIn('customer', self._fields(self._post('/api/webhooks', {**GOOD, 'customer': 999999}, headers=key)))

    @mute_logger('odoo.http')
    def test_what_is_refused(self):
        self._as(self.actor)
        for wrong, field in (({'name': ''}, 'name'), ({'events': ['tenant.exploded']}, 'events.0'), ({'secret': 'x'}, 'secret'),
                             ({'url': 7}, 'url')):
            self.assertIn(field, self._fields(self._post('/api/webhooks', {**GOOD, **wrong})))
        for url in ('http://hooks.example.com', 'https://10.0.0.1', 'https://[::1]/', 'nonsense'):
            self._assert_error(self._post('/api/webhooks', {**GOOD, 'url': url}), 422, 'validation_error')
        for user in (self.looker, self.support):
            self._as(user)
            self._assert_error(self._post('/api/webhooks', GOOD), 403, 'forbidden')

    def test_changing(self):
        self._as(self.actor)
        answer = self._call('PATCH', self.path, {'name': 'Other', 'events': [], 'paused': True})
        self.assertEqual((answer.json()['name'], answer.json()['events'], answer.json()['state'], answer.json()['pause_reason']),
                         ('Other', [], 'paused', 'person'))
        self.assertEqual(self._call('PATCH', self.path, {'paused': False}).json()['state'], 'live')
        self.assertIn('body', self._fields(self._call('PATCH', self.path, {})))
        self._assert_error(self._call('PATCH', self.path, {'url': 'https://127.0.0.1'}), 422, 'validation_error')
        self._as(self.support)
        self._assert_error(self._call('PATCH', self.path, {'name': 'x'}), 403, 'forbidden')

    def test_removing(self):
        self._as(self.actor)
        self.assertEqual(self._call('DELETE', self.path).status_code, 204)
        self._assert_error(self._get(self.path), 404, 'not_found')
        self.env.invalidate_all()
        self.assertFalse(self.hook.active)

    def test_rolling_asks_who_it_is(self):
        self._as(self.actor)
        error = self._assert_error(self._post(f'{self.path}/roll'), 403, 'step_up_required')
        self.assertEqual(error['details']['kind'], 'secret')
        with self._proven():
            answer = self._post(f'{self.path}/roll')
        self.assertEqual(self.hook._keys()[0], answer.json()['secret'])
        self.assertTrue(answer.json()['webhook']['old_secret_until'])
        self._assert_error(self._post(f'{self.path}/roll', headers=self._key(self.manager)), 403, 'step_up_required')

    def test_deliveries_and_replay(self):
        self._as(self.actor)
        ping = self._post(f'{self.path}/ping')
        self.assertEqual((ping.status_code, ping.json()['event'], ping.json()['state']), (202, 'ping', 'pending'))
        number = ping.json()['id']
        self.assertEqual(json.loads(ping.json()['payload'])['id'], number)
        self.hook.delivery_ids.write({'state': 'failed', 'status': 500, 'words': 'no', 'attempts': 22})
        page = self._get(f'{self.path}/deliveries?state=failed').json()
        self.assertEqual((page['total'], page['items'][0]['status'], page['items'][0]['next_at']), (1, 500, None))
        self.assertEqual(self._get(f'{self.path}/deliveries?state=delivered').json()['total'], 0)
        again = self._post(f'{self.path}/deliveries/{number}/replay')
        self.assertEqual((again.status_code, again.json()['id'], again.json()['replays']), (202, number, 1))
        for wrong in ('x', number.upper(), '00000000-0000-0000-0000-000000000000'):
            self._assert_error(self._post(f'{self.path}/deliveries/{wrong}/replay'), 404, 'not_found')

    def test_those_of_others_do_not_exist(self):
        number = self.foreign_hook._person_ping().number
        self._as(self.actor)
        for hook in (self.foreign_hook, self.staff_hook):
            path = f'/api/webhooks/{hook.id}'
            for method, tail, body in (('GET', '', None), ('PATCH', '', {'name': 'x'}), ('DELETE', '', None),
                                       ('POST', '/roll', None), ('POST', '/ping', None), ('GET', '/deliveries', None),
                                       ('POST', f'/deliveries/{number}/replay', None)):
                self._assert_error(self._call(method, path + tail, body), 404, 'not_found')
        self._assert_error(self._post(f'{self.path}/deliveries/{number}/replay'), 404, 'not_found')
