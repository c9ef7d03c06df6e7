import json

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.saas_master.series import call_kw

from .dedicated_common import DedicatedCase
from .portal_common import PortalHttpCase

INTERNAL = ('pve-a', 'test cluster', '10.99.0.', '2000', '"node"', 'vmid', 'mark')


@tagged('post_install', '-at_install')
class TestDedicatedCustomer(DedicatedCase, PortalHttpCase):
    """A customer sees how his container is, never where it is, and nothing of anybody else's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls._dedicated_tenant('own-server')
        cls.other = cls._dedicated_tenant('other-server', partner_id=cls.stranger.id)
        cls.own.container_id.write({
            'cpu_percent': 12.4, 'memory_used_mib': 1900, 'disk_used_mib': 3072, 'observed_at': '2030-01-31 12:00:00'})
        cls.other.container_id.write({'memory_used_mib': 777, 'observed_at': '2030-01-31 12:00:00'})

    def _page(self, user=None):
        self._login(user or self.look)
        return self._get(f'/my/tenants/{self.own.id}').text

    def test_figures_and_state_in_words(self):
        page = self._page()
        for words in ('Your own server', 'It runs.', '12 % of 2 cores', '1.86 GB of 2 GB', '3 GB of 8 GB'):
            self.assertIn(words, page)
        for word in ('pve-a', 'test cluster', '10.99.0.', str(self.own.container_id.vmid), self.own.mark):
            self.assertNotIn(word, page)

    def test_what_is_wrong_is_told_without_what_it_is(self):
        for values, words in (
                ({'problem_code': 'missing', 'state': 'missing'}, 'It is not as it should be. Our staff knows about it.'),
                ({'problem_code': False, 'state': 'stopped'}, 'It is stopped.')):
            self.own.container_id.write(values)
            page = self._page()
            self.assertIn(words, page)
            self.assertNotIn('by hand', page)
            self.assertNotIn('of 2 cores', page, 'what does not run has no figures')

    def test_who_shares_a_server_sees_no_container(self):
        self._login(self.look)
        self.assertNotIn('Your own server', self._get(f'/my/tenants/{self.tenant.id}').text)

    def test_nobody_sees_anothers(self):
        self._login(self.act)
        self._get(f'/my/tenants/{self.other.id}', 404)
        self.assertEqual(self._get('/api/tenants/other-server', 404).json()['error']['code'], 'not_found')
        self.assertNotIn('777', self._get('/api/tenants').text)
        for user in (self.act, self.look, self.outsider):
            for model, method, args in (
                    ('saas.container', 'search_read', ([], ['name'])), ('saas.cluster', 'search_read', ([], ['name'])),
                    ('saas.container', 'action_inside_log', (self.own.container_id.ids,)),
                    ('saas.tenant', 'action_inside_log', (self.own.ids,)),
                    ('saas.tenant', 'action_restart_odoo', (self.own.ids,)),
                    ('saas.tenant', 'action_stop_container', (self.own.ids,)),
                    ('saas.tenant', 'action_take_back', (self.own.ids,)),
                    ('saas.tenant', 'read', (self.own.ids, ['container_id'])),
                    ('saas.tenant', 'read', (self.own.ids, ['container_problem']))):
                with self.assertRaises(AccessError, msg=f'{user.login} {model}.{method}'):
                    call_kw(self.env[model].with_user(user), method, list(args), {})
        self.assertFalse(self.own._active_operation())

    def test_rest(self):
        self._login(self.look)
        answer = self._get('/api/tenants/own-server')
        self.assertEqual(answer.json()['isolation'], 'dedicated')
        self.assertEqual(answer.json()['container'], {
            'state': 'running', 'cpu_cores': 2, 'cpu_percent': 12.4, 'memory_mib': 2048, 'memory_used_mib': 1900, 'disk_gib': 8,
            'disk_used_mib': 3072, 'at': '2030-01-31T12:00:00Z'})
        for word in INTERNAL:
            self.assertNotIn(word, json.dumps({**answer.json(), 'id': 0}))
        shared = self._get('/api/tenants/acme-one').json()
        self.assertEqual((shared['isolation'], shared['container']), ('shared', None))
        for values, state in (({'state': 'planned'}, 'preparing'), ({'state': 'stopped', 'problem_code': 'stopped'}, 'problem'),
                              ({'state': 'stopped', 'problem_code': False}, 'stopped')):
            self.own.container_id.write(values)
            self.assertEqual(self._get('/api/tenants/own-server').json()['container']['state'], state)
        self.own.container_id.state = 'gone'
        self.assertIsNone(self._get('/api/tenants/own-server').json()['container'])

    def test_rest_says_what_a_draft_will_be(self):
        self._tenant('draft-one', plan_id=self.dedicated.id)
        self._login(self.look)
        draft = self._get('/api/tenants/draft-one').json()
        self.assertEqual((draft['isolation'], draft['container']), ('dedicated', None))

    def test_history_has_words_for_every_kind(self):
        kinds = set(dict(self.env['saas.operation']._fields['kind'].selection))
        told = kinds - {'build_template', 'build_standby', 'discard_standby', 'cleanup'}
        for kind in told & set(self.own._dedicated_steps()):
            operation = self.own._open(kind, plan_id=self.dedicated.id, name='x', extra_users=0, extra_domains=0)
            self.assertTrue(self.own._customer_words()[kind], kind)
            self.assertTrue(self.own._told_operation(operation)['what'], kind)
            operation.state = 'done'
