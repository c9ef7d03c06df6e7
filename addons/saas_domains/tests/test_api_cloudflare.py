from odoo.tools import mute_logger

from .domains_api_common import WWW, DomainApiCase

READ = ('/api/cloudflare/tunnel', '/api/cloudflare/ingress', '/api/cloudflare/dns')
SYNC = '/api/cloudflare/sync'


class TestApiCloudflare(DomainApiCase):

    def setUp(self):
        super().setUp()
        self._as(self.support)

    def test_the_tunnel(self):
        self.root.write({'tunnel_status': 'healthy', 'tunnel_version': 7, 'connector_count': 2, 'connectors_current': 1,
                         'health': 'ok', 'health_checked_at': '2030-01-31 12:00:00'})
        tunnel = self._get(READ[0]).json()
        self.assertEqual(tunnel, {
            'root_domain': 'rest.test', 'is_sandbox': True, 'edge_mode': 'wildcard', 'tunnel_management': 'remote',
            'tunnel_id': 'f3c1', 'status': 'healthy', 'configuration_version': 7, 'connectors': 2, 'connectors_current': 1,
            'health': 'ok', 'problems': [], 'checked_at': '2030-01-31T12:00:00Z', 'synced_at': None, 'sync_error': None})

    def test_no_secret_is_shown(self):
        self.root.api_token_sealed = 'a-sealed-token'
        for path in READ:
            self.assertNotIn('token', self._get(path).text)

    def test_the_document(self):
        shown = self._get(READ[1]).json()
        service = {'service': 'http://127.0.0.1:8080'}
        self.assertEqual(shown['problems'], [])
        self.assertEqual(shown['ingress'], [
            {'hostname': 'rest.test', **service}, {'hostname': '*.rest.test', **service}, service])
        self.root.edge_mode = 'per-host'
        self.node.router_url = 'http://127.0.0.1:8081'
        self._active()
        self._verified('b.example.com')
        shown = self._get(READ[1]).json()
        self.assertIn({'hostname': WWW, 'service': 'http://127.0.0.1:8081'}, shown['ingress'])
        self.assertNotIn('b.example.com', str(shown), 'not published')
        self.assertEqual(shown['ingress'][-1], {'service': 'http_status:404'})

    def test_what_is_wrong_with_the_document(self):
        self.root.origin_service = 'htp://127.0.0.1:8080'
        problems = self._get(READ[1]).json()['problems']
        self.assertEqual({problem['code'] for problem in problems}, {'service_scheme'})
        self.assertEqual(problems[0]['where'], 'ingress[0].service')

    def test_how_full_the_zone_is(self):
        self.root.write({'record_quota': 200, 'record_used': 3, 'hostname_quota': 100, 'hostname_used': 9})
        shown = self._get(READ[2]).json()
        self.assertEqual((shown['zone'], shown['records'], shown['custom_hostnames']),
                         ('a1b2', {'used': 3, 'allowed': 200}, {'used': 9, 'allowed': 100}))

    def test_which_root_domain(self):
        self.env['saas.root_domain'].create({'name': 'second.test', 'sequence': 99})
        for path in READ:
            self.assertEqual(self._get(path).json()['root_domain'], 'rest.test', path)
            self.assertEqual(self._get(f'{path}?root_domain=second.test').json()['root_domain'], 'second.test')
            for name in ('third.test', '', '%25'):
                self.assertEqual(self._fields(self._get(f'{path}?root_domain={name}')), {'root_domain'}, (path, name))

    def test_without_any(self):
        self.env['saas.root_domain'].search([]).active = False
        for path in READ:
            self._assert_error(self._get(path), 404, 'not_found')

    def test_sync(self):
        self._as(self.manager)
        triggers = self.env['ir.cron.trigger'].search([])
        answer = self._post(SYNC)
        self.assertEqual((answer.status_code, answer.json()['root_domain']), (202, 'rest.test'), answer.text)
        self.assertTrue(answer.json()['message'])
        asked = self.env['ir.cron.trigger'].search([]) - triggers
        self.assertIn('_cron_reconcile', ''.join(asked.cron_id.mapped('code')))
        self.assertEqual(self.env['saas.audit'].search([('act', '=', 'sync')], limit=1).user_id, self.manager)

    def test_held_changes_are_shown(self):
        self._as(self.manager)
        self.root.held_plan = {'records': {'digest': 'd', 'lines': ['- a.rest.test', '- b.rest.test'], 'count': 2, 'total': 3}}
        error = self._assert_error(self._post(SYNC), 409, 'changes_held')
        self.assertEqual(error['details']['changes'], {'records': ['- a.rest.test', '- b.rest.test']})
        self.root.held_plan = False
        self.assertEqual(self._post(SYNC).status_code, 202)

    @mute_logger('odoo.addons.base.models.ir_model', 'odoo.addons.base.models.ir_rule')
    def test_staff_only(self):
        self._assert_error(self._post(SYNC), 403, 'forbidden')
        for user in (self.actor, self.employee):
            self._as(user)
            for path in READ:
                self._assert_error(self._get(path), 403, 'forbidden')
            self._assert_error(self._post(SYNC), 403, 'forbidden')
        self._as(None)
        for path in READ:
            self._assert_error(self._get(path), 401, 'token_required')

    def test_bad_requests(self):
        self._as(self.manager)
        self._assert_error(self._post(SYNC, {'force': True}), 400, 'invalid_json')
        self._assert_error(self._post(SYNC, headers={'Content-Type': 'text/plain'}), 415, 'unsupported_media_type')
        self._assert_error(self._call('DELETE', SYNC), 405, 'method_not_allowed')
        self._assert_error(self._get('/api/cloudflare'), 404, 'not_found')
        self.assertEqual(self._fields(self._get(f'{READ[0]}?x=1')), {'x'})
