import json
import re
import threading

from odoo import http
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, new_test_user
from odoo.tools import mute_logger

from odoo.addons.saas_master.drivers.errors import DriverError
from odoo.addons.saas_master.series import call_kw

from . import access_tables
from .common import SaasCase

OURS = 'odoo.addons.saas_'
LETTERS = {'create': 'c', 'read': 'r', 'write': 'u', 'unlink': 'd'}
SHIM = ('check_access', 'has_access')       # series.py gives them to every model; they only answer


class MatrixCase(SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tables = access_tables.merged(cls.env)
        groups = {'public': 'base.group_public', 'employee': 'base.group_user', 'stranger': 'base.group_portal',
                  'look': 'base.group_portal', 'act': 'base.group_portal', 'support': 'saas_master.group_saas_support',
                  'manager': 'saas_master.group_saas_manager'}
        cls.users = {role: new_test_user(cls.env, f'matrix-{role}', groups=group) for role, group in groups.items()}
        cls.users['stranger'].partner_id.write({'parent_id': cls.stranger.id, 'saas_right': 'act'})
        for role in ('look', 'act'):
            cls.users[role].partner_id.write({'parent_id': cls.customer.id, 'saas_right': role})
        cls.own = cls._running_tenant('matrix-own')
        cls.foreign = cls._running_tenant('matrix-foreign', partner_id=cls.stranger.id)
        cls.operations = {tenant: tenant._open('install_modules', modules=['contacts']) for tenant in (cls.own, cls.foreign)}
        for tenant in (cls.own, cls.foreign):
            tenant.message_post(body=f'internal note of {tenant.name}')
            cls.env['ir.attachment'].create({
                'name': f'file of {tenant.name}', 'raw': b'secret', 'res_model': 'saas.tenant', 'res_id': tenant.id})
        cls.env.flush_all()


def ours(registry):
    """Every public method that an addon of ours defines: 'model.method'."""
    for model in sorted(registry.models):
        for parent in registry[model].__mro__:
            if (getattr(parent, '__module__', '') or '').startswith(OURS) and '.tests.' not in parent.__module__:
                for name, value in parent.__dict__.items():
                    if callable(value) and not name.startswith('_') and name not in SHIM and not isinstance(value, type):
                        yield f'{model}.{name}'


class TestModels(MatrixCase):

    def test_every_model_is_named(self):
        models = {name for name in self.env.registry.models if name.startswith('saas.')}
        real = {name for name in models if not self.env[name]._abstract} | {'saas.api.key.show'}
        self.assertEqual(real, set(self.tables.RIGHTS))
        self.assertEqual(models - real, set(self.tables.ABSTRACT))

    def test_rights(self):
        for model, rights in self.tables.RIGHTS.items():
            for role, user in self.users.items():
                found = ''.join(letter for act, letter in LETTERS.items() if self.env[model].with_user(user).has_access(act))
                self.assertEqual(found, rights.get(role, ''), f'{role} on {model}')

    def test_every_method_is_named(self):
        found = {name for name in ours(self.env.registry) if name.rpartition('.')[2] not in self.tables.CRUD
                 or not name.startswith('saas.')}
        self.assertEqual(found, {*self.tables.METHODS, *self.tables.EXTENDED, *self.tables.EXTENDED_METHODS})

    @mute_logger('odoo.addons.saas_master', 'odoo.addons.base.models.ir_rule', 'odoo.addons.base.models.ir_model',
                 'odoo.models', 'odoo.sql_db')
    def test_methods(self):
        self._prove()
        self.operations[self.own].write({'state': 'failed'})
        self.patch(self.env.registry['saas.node'], '_check_health', lambda nodes: None)     # they ask the outside
        self.node.health = 'ok'
        for name, allowed in {**self.tables.METHODS, **self.tables.EXTENDED_METHODS}.items():
            model, method = name.rpartition('.')[::2]
            for role, user in self.users.items():
                with self.subTest(role=role, method=name):
                    self.assertEqual(self._is_let_in(model, method, role, user, allowed), role in allowed)

    def _is_let_in(self, model, method, role, user, allowed):
        """By the same way as RPC. Any other refusal than for access is one of the state or of the outside."""
        with self.cr.savepoint() as savepoint:
            records = self._record(model, user)
            arguments = [records.ids] if records else []
            before = self._trace()
            try:
                call_kw(self.env[model].with_user(user), method, arguments, {})
                if method.startswith('action_mass_'):       # tells of refusals, raises none
                    return role in allowed or self._trace() != before
            except AccessError:
                return False
            except (UserError, ValidationError, DriverError):
                return True
            finally:
                self.env.invalidate_all(flush=False)
                savepoint.rollback()
        return True

    def _trace(self):
        """What an act on tenants leaves behind."""
        self.env.flush_all()
        self.cr.execute('SELECT (SELECT count(*) FROM saas_operation), (SELECT count(*) FROM saas_audit),'
                        ' (SELECT array_agg(state ORDER BY id) FROM saas_tenant)')
        return self.cr.fetchone()

    def _record(self, model, user):
        """One of them that the customer of look and act owns."""
        operation = self.operations[self.own]
        make = {
            'saas.tenant': lambda: self.own, 'saas.operation': lambda: operation,
            'saas.operation.step': lambda: operation.step_ids[:1], 'saas.node': lambda: self.node,
            'saas.template': lambda: self.template, 'res.partner': lambda: self.customer,
            'saas.audit': lambda: self.env['saas.audit'].create({
                'act': 'test', 'via': 'rpc', 'res_model': 'saas.tenant', 'res_id': self.own.id}),
            'saas.signup': lambda: self.env['saas.signup'].create({
                'company_name': 'A', 'contact_name': 'B', 'email': 'b@a.example', 'name': 'matrix-a', 'lang': 'en_US',
                'plan_id': self.plan.id}),
            'saas.step.skip': lambda: self._wizard(model, user, operation_id=operation.id, reason='x'),
            'saas.tenant.modules': lambda: self._wizard(model, user, tenant_id=self.own.id, module_names='contacts'),
            'saas.api.key.new': lambda: self._wizard(model, user, name='x'),
            'saas.step.up.dialogue': lambda: self._wizard(
                model, user, kind='delete', res_model='saas.node', res_ids=[], method='none'),
            'saas.api.key': lambda: self._key(user),
            'saas.cluster': self._cluster,
            'saas.container': self._container,
            'saas.ip_pool': self._addresses,
            'saas.ip_address': lambda: self._addresses().address_ids[:1],
            'saas.standby.pool': lambda: self.env['saas.standby.pool'].create({
                'plan_id': self.plan.id, 'node_id': self.node.id, 'wanted': 0}),
            'saas.container.take.back': lambda: self._wizard(model, user, tenant_id=self.own.id, typed_name='x'),
        }
        for part in self.tables.parts:
            make.update(part.records(self, user) if hasattr(part, 'records') else {})
        return make.get(model, lambda: self.env[model])()

    def _cluster(self):
        """Of a Proxmox VE that nobody answers for."""
        return self.env['saas.cluster'].create(
            {'name': 'matrix', 'api_url': 'https://127.0.0.1:1', 'token_id': 'saas@pve!test', 'token_secret': 'x'})

    def _container(self):
        return self.env['saas.container'].create({
            'name': 'matrix-own', 'cluster_id': self._cluster().id, 'node_id': self.node.id, 'vmid': 10000})

    def _addresses(self):
        return self.env['saas.ip_pool'].create({
            'name': 'matrix', 'network': '10.99.7.0/29', 'gateway': '10.99.7.1',
            'address_ids': [(0, 0, {'address': '10.99.7.2'})]})

    def _wizard(self, model, user, **values):
        wizard = self.env[model].create(values)
        self.env.flush_all()
        self.cr.execute(f'UPDATE {self.env[model]._table} SET create_uid = %s WHERE id = %s',  # pylint: disable=sql-injection
                        [user.id, wizard.id])
        self.env.invalidate_all()
        return wizard

    def _key(self, user):
        key = self.env['res.users.apikeys'].with_user(self.users['manager']).sudo()
        self.cr.execute("INSERT INTO res_users_apikeys (name, user_id, scope, index, key) VALUES"
                        " ('x', %s, 'saas.api', '01234567', 'x') RETURNING id", [user.id])
        return self.env['saas.api.key'].create({
            'name': 'x', 'user_id': user.id, 'scope': 'saas.api', 'prefix': '01234567', 'expires_at': '2099-01-01',
            'key_id': key.browse(self.cr.fetchone()[0]).id})


class TestCustomers(MatrixCase):
    """Nobody sees of another customer what there is, whatever way he asks."""

    def _rpc(self, role, model, method, *args, **kwargs):
        return call_kw(self.env[model].with_user(self.users[role]), method, list(args), kwargs)

    @mute_logger('odoo.addons.base.models.ir_rule', 'odoo.addons.base.models.ir_model', 'odoo.models')
    def test_crossing(self):
        foreign, operation = self.foreign, self.operations[self.foreign]
        for role in ('look', 'act'):
            ask = [
                lambda role=role: self._rpc(role, 'saas.tenant', 'search_read', [], ['name', 'email', 'url']),
                lambda role=role: self._rpc(role, 'saas.tenant', 'search_read', [('id', '=', foreign.id)]),
                lambda role=role: self._rpc(role, 'saas.tenant', 'name_search', 'matrix'),
                lambda role=role: self._rpc(role, 'saas.tenant', 'web_search_read', [], {'name': {}}),
                lambda role=role: self._rpc(role, 'saas.operation', 'search_read', [], ['kind', 'tenant_id']),
                lambda role=role: self._rpc(role, 'mail.message', 'search_read', [('res_id', '=', foreign.id),
                                                                                 ('model', '=', 'saas.tenant')], ['body']),
                lambda role=role: self._rpc(role, 'ir.attachment', 'search_read', [('res_model', '=', 'saas.tenant')], ['name']),
                lambda role=role: self._rpc(role, 'res.partner', 'search_read', [], ['name', 'saas_tenant_ids']),
                lambda role=role: self.env['saas.tenant'].with_user(self.users[role])._read_group(
                    [], ['name'], ['__count', 'id:array_agg']),
            ]
            for number, question in enumerate(ask):
                try:
                    answer = str(question())
                except AccessError:
                    continue
                self.assertNotIn('matrix-foreign', answer, f'{role}, question {number}')
                self.assertNotIn(str(foreign.id), re.findall(r'\d+', answer) if number in (1, 8) else [], number)
            for refused in (
                    lambda role=role: self._rpc(role, 'saas.tenant', 'read', [foreign.id], ['name']),
                    lambda role=role: self._rpc(role, 'saas.tenant', 'web_read', [foreign.id], {'name': {}}),
                    lambda role=role: self._rpc(role, 'saas.tenant', 'export_data', [foreign.id], ['name']),
                    lambda role=role: self._rpc(role, 'saas.tenant', 'message_post', [foreign.id], body='x'),
                    lambda role=role: self._rpc(role, 'saas.tenant', 'write', [foreign.id], {'name': 'x'}),
                    lambda role=role: self._rpc(role, 'saas.tenant', 'unlink', [foreign.id]),
                    lambda role=role: self._rpc(role, 'saas.tenant', 'copy', [foreign.id]),
                    lambda role=role: self._rpc(role, 'saas.operation', 'read', [operation.id], ['kind']),
                    lambda role=role: self._rpc(role, 'ir.attachment', 'read', self._attachment(foreign).ids, ['name', 'raw']),
                    lambda role=role: self._rpc(role, 'res.partner', 'write', [self.stranger.id], {'saas_right': 'act'}),
                    lambda role=role: self._rpc(role, 'res.partner', 'write', [self.users[role].partner_id.id],
                                                {'parent_id': self.stranger.id})):
                with self.assertRaises(UserError, msg=refused.__code__.co_firstlineno):      # or of a right to export
                    refused()

    def _attachment(self, tenant):
        return self.env['ir.attachment'].search([('res_model', '=', 'saas.tenant'), ('res_id', '=', tenant.id)])

    @mute_logger('odoo.addons.base.models.ir_rule', 'odoo.addons.base.models.ir_model', 'odoo.models')
    def test_a_customer_never_reads_internals_of_his_own(self):
        for role in ('look', 'act'):
            for name in ('api_key_sealed', 'operation_error'):
                with self.assertRaises(AccessError, msg=name):
                    self._rpc(role, 'saas.tenant', 'read', [self.own.id], [name])
            for domain in ([('api_key_sealed', '!=', False)], [('node_id.pg_password_sealed', 'like', 'g')]):
                with self.assertRaises(AccessError):
                    self._rpc(role, 'saas.tenant', 'search', domain)


class TestRoutes(MatrixCase, HttpCase):

    def setUp(self):
        super().setUp()
        for operation in self.operations.values():
            operation.write({'state': 'done'})
        self.env.flush_all()

    def _routes(self):
        """(method, rule) of every route that is ours."""
        threading.current_thread().dbname = self.env.cr.dbname
        for rule in self.env['ir.http'].routing_map().iter_rules():
            function = getattr(rule.endpoint, 'func', rule.endpoint)
            function = getattr(function, 'func', function)
            if (getattr(function, '__module__', '') or '').startswith(OURS) or re.match('/(saas|api)(/|$)', rule.rule):
                for method in (rule.methods or {'*'}) - {'HEAD', 'OPTIONS'}:
                    yield method, rule.rule

    def test_every_route_is_named(self):
        self.assertEqual(set(self._routes()), set(self.tables.ROUTES))

    @mute_logger('odoo.http', 'odoo.addons.http_routing', 'odoo.addons.saas_master', 'odoo.addons.base.models.ir_rule',
                 'odoo.addons.base.models.ir_model', 'odoo.models', 'odoo.addons.website.models.ir_ui_view')
    def test_routes(self):
        for role in self.tables.ROLES:
            self._log_in(role)
            for (method, rule), allowed in self.tables.ROUTES.items():
                if allowed is not None:
                    with self.subTest(role=role, method=method, rule=rule):
                        self._check_route(method, rule, role, role in allowed)

    def _log_in(self, role):
        if role == 'public':
            self.authenticate(None, None)
        else:
            self.authenticate(f'matrix-{role}', f'matrix-{role}')

    def _check_route(self, method, rule, role, allowed):
        path = rule
        holes = {'<int:page>': 1, '<int:tenant_id>': self.own.id, '<string:name>': self.own.name,
                 '<string:id>': self.operations[self.own].id, '<int:person_id>': self.users['look'].partner_id.id}
        for part in self.tables.parts:
            holes.update(part.holes(self, rule) if hasattr(part, 'holes') else {})
        for hole, value in holes.items():
            path = path.replace(hole, str(value))
        response = self._send(method, path, self.tables.BODIES.get((method, rule), {}))
        if path == '/api/auth/refresh':         # a new session, in a cookie that is not this test's
            self._log_in(role)
        self.assertLess(response.status_code, 500, response.text[:300])
        refused = response.status_code in (401, 403, 404) or '/web/login' in response.headers.get('Location', '')
        if allowed and response.status_code == 403 and 'step_up' in response.text:
            refused = False         # let in, and then asked for a proof
        self.assertEqual(not refused, allowed, f'{response.status_code} {response.text[:300]}')

    def _send(self, method, path, body):
        """Without what would make it act: a body that is refused for its contents is let in."""
        if method == 'GET':
            return self.url_open(path, allow_redirects=False)
        is_api = path.startswith('/api/')
        data = json.dumps(body) if is_api else {'csrf_token': http.Request.csrf_token(self)}
        path += '?confirm=matrix-own' if method == 'DELETE' and path.startswith('/api/tenants/') else ''
        headers = {'Content-Type': 'application/json'} if is_api else {}
        return self.opener.request(method, self.base_url() + path, data=data, headers=headers, timeout=30,
                                   allow_redirects=False)
