import json

from odoo.addons.saas_master.controllers.api import limits, reading

from .api_common import GOOD, ApiCase

LOGIN = '/api/auth/login'


class TestApiBodies(ApiCase):
    """Whatever is sent, the answer is one of the documented errors."""

    def setUp(self):
        super().setUp()
        self._as(self.manager)

    def test_bodies_that_are_no_json(self):
        for raw in (b'', b'{', b'null', b'[]', b'"text"', b'1', b'{"name": NaN}', b'{"name": Infinity}', b'{"a": 1, "a": 2}',
                    b'\xff\xfe{}',
                    b'{"name": "\xc3\x28"}', b'{"name": "\\ud800"}', b'{"name": "a\\u0000b"}', b'{"\\u0000": 1}', b'[' * 100_000,
                    b'{"a":' * 100_000, b'{"a": ' + b'[' * 40 + b']' * 40 + b'}', b'\xef\xbb\xbf{}', b'{"a": 1}{"b": 2}', b'{} x',
                    b'{"customer": ' + b'9' * 10_000 + b'}', "{'a': 1}".encode('utf-16')):
            self._assert_error(self._post('/api/tenants', raw=raw), 400, 'invalid_json')
        self.assertEqual(self._get('/api/auth/me').status_code, 200)

    def test_a_number_without_end(self):
        answer = self._post('/api/tenants', raw=json.dumps(GOOD)[:-1].encode() + b', "customer": 1e999}')
        self.assertEqual(self._fields(answer), {'customer'})

    def test_a_body_that_is_too_large(self):
        for size in (reading.BODY_LIMIT + 1, 10 * reading.BODY_LIMIT):
            self._assert_error(self._post('/api/tenants', raw=b'{"name": "' + b'x' * size + b'"}'), 413, 'too_large')
        answer = self._post('/api/tenants', raw=json.dumps({**GOOD, 'company_name': 'x' * 1_000_000}).encode())
        self.assertEqual(self._fields(answer), {'company_name'})

    def test_a_body_without_length(self):
        answer = self._post('/api/tenants', raw=iter([b'{"name":', b' "x"}']))
        self._assert_error(answer, 411, 'length_required')

    def test_only_json_changes_something(self):
        for kind in ('text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/json', ''):
            for path in ('/api/tenants', '/api/tenants/rest-own/suspend', '/api/auth/logout', LOGIN):
                answer = self._post(path, GOOD, headers={'Content-Type': kind})
                self._assert_error(answer, 415, 'unsupported_media_type')
        answer = self._post('/api/tenants/rest-own/suspend', headers={'Sec-Fetch-Site': 'cross-site'})
        self._assert_error(answer, 403, 'cross_site')
        self.assertEqual(self.own.state, 'running')
        self.assertFalse(self.own.reason_ids)

    def test_a_key_needs_no_content_type_where_no_body_is_wanted(self):
        headers = self._key(self.manager)
        self.authenticate(None, None)
        answer = self._post('/api/tenants/rest-own/suspend', headers={**headers, 'Content-Type': ''})
        self.assertEqual(answer.status_code, 202, answer.text)

    def test_a_body_where_none_is_wanted(self):
        self._assert_error(self._post('/api/tenants/rest-own/suspend', {'reason': 'x'}), 400, 'invalid_json')
        self.assertEqual(self._post('/api/tenants/rest-own/suspend', {}).status_code, 202)

    def test_unknown_addresses_and_methods(self):
        for path in ('/api', '/api/', '/api/nothing', '/api/tenants/a/b/c', '/api/openapi.yaml', '/api/%00', '/api/%FF'):
            self._assert_error(self._get(path), 404, 'not_found')
        for method, path, allowed in (('PUT', '/api/tenants', 'GET, HEAD, POST'), ('DELETE', '/api/plans', 'GET, HEAD'),
                                      ('GET', '/api/auth/login', 'POST'), ('OPTIONS', '/api/tenants', 'GET, HEAD, POST'),
                                      ('PATCH', '/api/tenants/x/suspend', 'POST'), ('BREW', '/api/docs', 'GET, HEAD')):
            answer = self._call(method, path)
            self._assert_error(answer, 405, 'method_not_allowed')
            self.assertEqual(answer.headers['Allow'], allowed, (method, path))

    def test_head(self):
        answer = self._call('HEAD', '/api/tenants')
        self.assertEqual((answer.status_code, answer.content), (200, b''))

    def test_requests_are_limited(self):
        self.env['ir.config_parameter'].set_param('saas_master.api_requests_per_minute', '3')
        limits.REQUESTS.seen.clear()
        for _time in range(3):
            self.assertEqual(self._get('/api/plans').status_code, 200)
        answer = self._get('/api/plans')
        self._assert_error(answer, 429, 'rate_limited')
        self.assertLessEqual(1, int(answer.headers['Retry-After']), 61)
        self.assertEqual(answer.json()['error']['details']['retry_after'], int(answer.headers['Retry-After']))

    def test_the_window_of_the_limit(self):
        now = [0.0]
        window = limits.Window(clock=lambda: now[0])
        for _time in range(2):
            window.count('a', 2)
        with self.assertRaises(limits.RateLimited) as caught:
            window.count('a', 2)
        self.assertEqual(caught.exception.retry_after, 60)
        window.count('b', 2)
        window.count('a', 0)
        now[0] = 60.0
        window.count('a', 2)
        for number in range(limits.SUBJECTS + 5):
            window.count(number, 1)
        self.assertLessEqual(len(window.seen), limits.SUBJECTS)
