import re

from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged

from odoo.addons.saas_master import headers

from .common import SaasCase


def rules(response):
    policy = response.headers['Content-Security-Policy']
    return {part.split()[0]: part.split()[1:] for part in policy.split('; ')}


class TestHeaders(SaasCase, HttpCase):

    def _get(self, path, **options):
        return self.url_open(path, allow_redirects=False, **options)

    def test_every_kind_of_answer(self):
        new_test_user(self.env, 'header-staff', groups='base.group_user')
        anonymous = ('/saas', '/saas/signup', '/', '/web/login', '/no/such/page', '/saas/confirm/unknown', '/my',
                     '/saas/signup/check?name=x', '/web/assets/none.js', '/web/image/nothing', '/robots.txt', '/es/saas')
        for path in anonymous:
            self._assert_common(path, self._get(path))
        self.authenticate('header-staff', 'header-staff')
        for path in ('/web', '/my', '/no/such/page'):
            self._assert_common(path, self._get(path))

    def _assert_common(self, path, response):
        for name in ('X-Content-Type-Options', 'Referrer-Policy', 'X-Frame-Options', 'Permissions-Policy'):
            self.assertIn(name, response.headers, path)
        self.assertEqual(response.headers['X-Content-Type-Options'], 'nosniff', path)
        self.assertNotIn('Strict-Transport-Security', response.headers, path)
        if response.headers['Content-Type'].startswith(('text/html', 'application/json')):
            self.assertIn('frame-ancestors', response.headers['Content-Security-Policy'], path)
            self.assertNotIn('\n', response.headers['Content-Security-Policy'])

    def test_our_pages_run_no_foreign_inline_script(self):
        for path in ('/saas', '/saas/signup', '/saas/confirm/unknown', '/es/saas'):
            response = self.url_open(path)
            found = rules(response)
            self.assertNotIn("'unsafe-inline'", found['script-src'], path)
            nonce = next(source for source in found['script-src'] if source.startswith("'nonce-"))[7:-1]
            inline = [tag for tag in re.findall('<script[^>]*>', response.text)
                      if ' src=' not in tag and 'application/' not in tag and 'data-src' not in tag]
            self.assertTrue(inline, path)
            self.assertFalse([tag for tag in inline if f'nonce="{nonce}"' not in tag], path)
            markup = response.text.replace('onerror="__odooAssetError=1"', '')      # allowed by its hash
            self.assertFalse(re.search(r'<[a-z][^>]*\son[a-z]+\s*=', markup), path)
            self.assertEqual((found['object-src'], found['base-uri']), (["'none'"], ["'self'"]))

    def test_a_nonce_is_used_once(self):
        seen = {re.search("'nonce-([^']+)'", self.url_open('/saas').headers['Content-Security-Policy'])[1] for _n in range(3)}
        self.assertEqual(len(seen), 3)

    def test_pages_of_odoo(self):
        for path in ('/web/login', '/'):
            found = rules(self.url_open(path))
            self.assertIn("'unsafe-inline'", found['script-src'])
            self.assertFalse([source for source in found['script-src'] if 'nonce' in source])
            self.assertEqual((found['object-src'], found['frame-ancestors']), (["'none'"], ["'self'"]))

    def test_json(self):
        response = self._get('/saas/signup/check?name=x')
        self.assertEqual(response.headers['Content-Security-Policy'], headers.JSON_POLICY)

    def test_what_a_controller_says_counts(self):
        self.assertEqual(self.url_open('/saas/signup').headers['Referrer-Policy'], 'same-origin')

    def test_more_sources(self):
        self.env['ir.config_parameter'].set_param('saas_master.csp_sources', 'https://cdn.example.com\nhttps://*.example.org')
        for path in ('/saas', '/web/login'):
            found = rules(self.url_open(path))
            for directive in ('script-src', 'connect-src', 'img-src'):
                self.assertLessEqual({'https://cdn.example.com', 'https://*.example.org'}, set(found[directive]))
            self.assertEqual(found['object-src'], ["'none'"])

    def test_sources_that_are_none(self):
        for value in ("https://a.example; script-src *", '*', 'https:', "'unsafe-inline'", 'http://a.example', 'data:',
                      'https://a.example/path', 'https://*', 'https://a.example\r\nX: y', 'https://-a.example'):
            with self.assertRaises(ValidationError, msg=value):
                self.env['ir.config_parameter'].set_param('saas_master.csp_sources', value)

    def test_other_addons_may_add(self):
        def extended(cls, nonce):
            found = headers.directives(nonce)
            found['script-src'].append('https://js.stripe.com')
            return found
        self.patch(self.env.registry['ir.http'], '_saas_csp', classmethod(extended))
        self.assertIn('https://js.stripe.com', rules(self.url_open('/saas'))['script-src'])

    def test_cookie(self):
        cookie = next(line for line in self._get('/web/login').raw.headers.getlist('Set-Cookie')
                      if line.startswith('session_id='))
        self.assertIn('httponly', cookie.lower())
        self.assertIn('samesite=lax', cookie.lower())
        self.assertNotIn('; secure', cookie.lower())


@tagged('post_install', '-at_install')
class TestPlainHeaders(TransactionCase):

    def test_cookies(self):
        self.assertEqual(headers.harden_cookie('session_id=a; Path=/; HttpOnly', True),
                         'session_id=a; Path=/; HttpOnly; SameSite=Lax; Secure')
        strict = 'session_id=a; SameSite=Strict; secure'
        self.assertEqual(headers.harden_cookie(strict, True), strict)
        self.assertEqual(headers.harden_cookie('session_id=Secure', False), 'session_id=Secure; SameSite=Lax')

    def test_own_pages(self):
        for path in ('/saas', '/saas/signup', '/es/saas', '/es_MX/my/tenants/3', '/my/tenants', '/my/people', '/api/docs'):
            self.assertTrue(headers.is_own(path), path)
        for path in ('/', '/web', '/saasx', '/my', '/my/tenantsx', '/api', '/web/saas', '/x/y/saas'):
            self.assertFalse(headers.is_own(path), path)
