from lxml import html

from odoo.tests import HttpCase
from odoo.tools import mute_logger

from odoo.addons.saas_master.tests.portal_common import PortalHttpCase

from .webhook_common import URL, WebhookCase

GOOD = {'name': 'Our chat', 'url': 'https://Hooks.example.com/in', 'what': 'some', 'tenant.running': '1', 'domain.active': '1'}


class TestWebhookPages(WebhookCase, PortalHttpCase):

    def setUp(self):
        super().setUp()
        self.hook = self._hook(partner=self.customer)
        self.foreign_hook = self._hook(partner=self.stranger)
        self.staff_hook = self._hook()
        self._login(self.act)

    def _tree(self, page):
        return html.fromstring(page.text)

    def test_the_list(self):
        page = self._get('/my/webhooks')
        self.assertEqual(self._tree(page).xpath('//@data-webhook'), [str(self.hook.id)])
        self.assertEqual(page.headers['Cache-Control'], 'no-store')
        self.assertIn('/my/webhooks', self._get('/my/home').text)

    def test_it_works_without_scripts(self):
        """Every act is a form of its own with a token; each box has its label."""
        for path in ('/my/webhooks', f'/my/webhooks/{self.hook.id}'):
            tree = self._tree(self._get(path))
            forms = tree.xpath("//main//form[@method='post']")
            self.assertTrue(forms)
            for form in forms:
                self.assertTrue(form.xpath(".//input[@name='csrf_token']/@value"), form.get('action'))
            ids = set(tree.xpath("//main//form[@method='post']//label/@for"))
            boxes = tree.xpath("//main//form[@method='post']//input[not(@type='hidden' or @type='radio')]/@id")
            self.assertLessEqual(set(boxes), ids)

    def test_adding_shows_the_secret_once(self):
        page = self._post('/my/webhooks', GOOD)
        self.assertEqual((page.status_code, page.headers['Cache-Control']), (200, 'no-store'))
        hook = self.env['saas.webhook'].search([('name', '=', 'Our chat')])
        self.assertEqual((hook.partner_id, hook.url, hook.events),
                         (self.customer, 'https://hooks.example.com/in', 'tenant.running, domain.active'))
        secret, = hook._keys()
        self.assertIn(secret, page.text)
        for path in ('/my/webhooks', f'/my/webhooks/{hook.id}'):
            self.assertNotIn(secret, self._get(path).text)

    def test_all_events(self):
        self._post('/my/webhooks', {**GOOD, 'what': 'all'})
        self.assertFalse(self.env['saas.webhook'].search([('name', '=', 'Our chat')]).events)

    @mute_logger('odoo.http')
    def test_bad_forms_change_nothing(self):
        count = self.env['saas.webhook'].search_count([])
        for wrong in ({'url': 'http://hooks.example.com'}, {'url': 'https://127.0.0.1/'}, {'url': ''}, {'name': ''},
                      {'name': 'www.evil.example'}, {'url': 'https://169.254.169.254/latest'}):
            page = self._post('/my/webhooks', {**GOOD, **wrong})
            self.assertEqual(page.status_code, 422, wrong)
            self.assertTrue(self._tree(page).xpath("//*[@role='alert']"), wrong)
        self.assertEqual(self._post('/my/webhooks', GOOD, csrf=False).status_code, 400)
        self.assertEqual(self.env['saas.webhook'].search_count([]), count)

    def test_the_settings(self):
        page = self._post(f'/my/webhooks/{self.hook.id}', {'name': 'New name', 'url': URL, 'what': 'all'})
        self.assertEqual(page.status_code, 303)
        self.assertEqual(self.hook.name, 'New name')
        self.assertEqual(self._post(f'/my/webhooks/{self.hook.id}', {'name': 'x', 'url': 'ftp://x'}).status_code, 422)
        self.assertEqual(self.hook.url, URL)

    def test_pause_resume_ping_replay(self):
        base = f'/my/webhooks/{self.hook.id}'
        for act, state in (('pause', 'paused'), ('resume', 'live')):
            self.assertEqual(self._post(f'{base}/{act}').status_code, 303)
            self.env.invalidate_all()
            self.assertEqual(self.hook.state, state)
        self.assertEqual(self._post(f'{base}/ping').status_code, 303)
        delivery = self.hook.delivery_ids
        self.assertEqual((delivery.event, delivery.state), ('ping', 'pending'))
        delivery.write({'state': 'failed', 'status': 500, 'words': '<script>alert(1)</script>', 'attempts': 20})
        page = self._get(base)
        self.assertIn(delivery.number, page.text)
        self.assertNotIn('<script>alert', page.text)
        self.assertEqual(self._post(f'{base}/deliveries/{delivery.id}/replay').status_code, 303)
        self.env.invalidate_all()
        self.assertEqual(delivery.state, 'pending')

    def test_rolling_asks_who_it_is(self):
        base, before = f'/my/webhooks/{self.hook.id}', self.hook._keys()
        page = self._post(f'{base}/roll', {'proof': self.act.login})
        self.assertEqual(page.status_code, 200)
        self.env.invalidate_all()
        new, old = self.hook._keys()
        self.assertEqual((old,), before)
        self.assertIn(new, page.text)
        self.assertEqual(page.headers['Cache-Control'], 'no-store')
        self.assertEqual(len(self.hook._keys()), 2)

    def test_removing(self):
        self.assertEqual(self._post(f'/my/webhooks/{self.hook.id}/delete').status_code, 303)
        self.env.invalidate_all()
        self.assertFalse(self.hook.active)
        self._get(f'/my/webhooks/{self.hook.id}', 404)

    @mute_logger('odoo.http', 'odoo.addons.base.models.ir_rule')
    def test_those_of_others_do_not_exist(self):
        delivery = self.foreign_hook._person_ping()
        for hook in (self.foreign_hook, self.staff_hook):
            base = f'/my/webhooks/{hook.id}'
            self._get(base, 404)
            for act in ('', '/pause', '/resume', '/ping', '/roll', '/delete', f'/deliveries/{delivery.id}/replay'):
                self.assertEqual(self._post(base + act, GOOD).status_code, 404, act)
        self.assertEqual(self._post(f'/my/webhooks/{self.hook.id}/deliveries/{delivery.id}/replay').status_code, 404)
        self._get('/my/webhooks/99999999999999', 404)

    @mute_logger('odoo.http', 'odoo.addons.base.models.ir_rule', 'odoo.addons.base.models.ir_model')
    def test_who_may_not_act_sees_nothing(self):
        for user in (self.look, self.none, self.employee):
            self._login(user)
            self._get('/my/webhooks', 403)
            self._get(f'/my/webhooks/{self.hook.id}', 404)
            self.assertIn(self._post('/my/webhooks', GOOD).status_code, (403,), user.login)
            self.assertEqual(self._post(f'/my/webhooks/{self.hook.id}/ping').status_code, 404)
        self.authenticate(None, None)
        self.assertIn('/web/login', self._get('/my/webhooks', 303).headers['Location'])


class TestWebhookViews(WebhookCase, HttpCase):

    def test_the_backend_views_open(self):
        for model, kinds in (('saas.webhook', ('list', 'form', 'search')), ('saas.webhook.delivery', ('list', 'form', 'search')),
                             ('saas.webhook.secret.show', ('form',))):
            for kind in kinds:
                self.assertIn('<', self.env[model].with_user(self.manager).get_views([(False, kind)])['views'][kind]['arch'])
