"""Who asks: nobody, a customer, a manager, and programs with a key; and a plan whose tenants cost nothing."""
import secrets
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from ..client import Visitor, expect
from .fuzzer import NOWHERE

JSON = {'Content-Type': 'application/json'}
PLAN = 'fuzz'
LIMITS = ('saas_master.api_requests_per_minute', 'saas_master.api_login_failures', 'saas_master.api_address_failures',
          'saas_domains.add_per_hour', 'saas_domains.verify_per_minute', 'base.login_cooldown_after')
SECONDS = 120


class Person(Visitor):
    """A session of the interface."""

    def __init__(self, world, email, password):
        super().__init__(world.url)
        self.password = password
        self.ask('POST', '/api/auth/login', 200, email=email, password=password)

    def ask(self, method, path, status, **body):
        """The answer's content; Wrong unless it has this status."""
        changes = {'json': body, 'headers': JSON} if method != 'GET' else {}
        return expect(self.request(method, path, **changes), status).json()

    def prove(self, kind):
        self.ask('POST', '/api/auth/step-up', 200, kind=kind, proof=self.password)

    @property
    def identity(self):
        return {'Cookie': f'session_id={self.cookies["session_id"]}'}


@pytest.fixture(scope='session')
def nothing_limited(world):
    """Nothing is limited meanwhile."""
    staff = world.staff()
    before = {name: staff.call('ir.config_parameter', 'get_param', name) for name in LIMITS}
    for name in LIMITS:
        staff.call('ir.config_parameter', 'set_param', name, '0')
    yield
    for name, value in before.items():
        staff.call('ir.config_parameter', 'set_param', name, value)


@pytest.fixture(scope='session')
def admin(world, nothing_limited):
    """Sets up and cleans up, settings included. The fuzzer has people of its own: it uses up their tries."""
    person = Person(world, 'admin', world.stack.secrets['ADMIN_PASSWORD'])
    before = person.ask('GET', '/api/settings', 200)
    yield person
    person.ask('PATCH', '/api/settings', 200, **{section: before[section] for section in ('signup', 'operations', 'deletion')})


@pytest.fixture(scope='session')
def company(world, admin):
    return world.staff().call('res.partner', 'create', {'name': 'Fuzz', 'is_company': True})


@pytest.fixture(scope='session')
def manager(world, admin):
    with _person(world, 'saas_master', 'group_saas_manager') as (person, _contact):
        yield person


@pytest.fixture(scope='session')
def customer(world, admin, company):
    with _person(world, 'base', 'group_portal') as (person, contact):
        world.staff().call('res.partner', 'write', [contact], {'parent_id': company, 'saas_right': 'act'})
        yield person


@contextmanager
def _person(world, module, group):
    """(a person with a session, their contact); gone afterwards."""
    staff = world.staff()
    login, password = f'fuzz-{secrets.token_hex(4)}@fuzz.example', secrets.token_urlsafe()
    number = staff.call('ir.model.data', 'check_object_reference', module, group)[1]
    groups = 'groups_id' if staff.call('res.users', 'fields_get', ['groups_id']) else 'group_ids'
    user = staff.call('res.users', 'create', {
        'name': 'Fuzz', 'login': login, 'email': login, 'password': password, groups: [(6, 0, [number])]})
    contact = staff.call('res.users', 'read', [user], ['partner_id'])[0]['partner_id'][0]
    yield Person(world, login, password), contact
    staff.call('res.users', 'write', [user], {'active': False})


@pytest.fixture(scope='session')
def plan(world, admin):
    """The first one on offer, and its template does not exist: what is ordered fails at once, and makes nothing."""
    staff = world.staff()
    found = staff.call('saas.plan', 'search', [('code', '=', PLAN)], context={'active_test': False})
    values = {'name': 'Fuzz', 'code': PLAN, 'template_name': 'fuzz_without_template', 'sequence': -1, 'is_published': True,
              'domain_limit': 0}
    plan = found[0] if found else staff.call('saas.plan', 'create', values)
    staff.call('saas.plan', 'write', [plan], {**values, 'active': True})
    yield PLAN
    staff.call('saas.plan', 'write', [plan], {'is_published': False, 'active': False})


@pytest.fixture(scope='session')
def tenant(world, admin, plan, company):
    """One of the customer's, with its operation. What the fuzzer orders besides goes as well."""
    name = f'fuzz-{secrets.token_hex(4)}'
    ordered = admin.ask('POST', '/api/tenants', 202, name=name, company_name='Fuzz', email='ann@fuzz.example',
                          admin_name='Ann', plan=plan, customer=company)
    yield SimpleNamespace(name=name, id=ordered['tenant']['id'], operation=ordered['operation']['id'])
    admin.prove('delete')
    deadline = time.monotonic() + SECONDS
    while (left := _live(admin)) and time.monotonic() < deadline:
        for entry in left:
            if entry['state'] in ('running', 'suspended', 'failed', 'draft'):
                admin.request('DELETE', f'/api/tenants/{entry["name"]}?confirm={entry["name"]}', headers=JSON)
        time.sleep(0.5)
    assert not left, 'every tenant of the fuzzer is gone'


@pytest.fixture(scope='session')
def domain(admin, company, tenant):
    """A claim of the customer's to a name that exists nowhere. What the fuzzer adds besides goes as well."""
    name = f'www.fuzz-{secrets.token_hex(4)}.test'
    admin.ask('POST', '/api/domains', 201, external_domain=name, customer_id=company, tenant_deployment_id=tenant.id)
    yield name
    while left := admin.ask('GET', f'/api/domains?customer_id={company}&limit=100', 200)['items']:
        for entry in left:
            admin.request('DELETE', f'/api/domains/{entry["external_domain"]}?customer_id={company}', headers=JSON)
    while left := [entry for entry in admin.ask('GET', '/api/webhooks?limit=100', 200)['items'] if entry['url'] == NOWHERE]:
        for entry in left:
            admin.request('DELETE', f'/api/webhooks/{entry["id"]}', headers=JSON)


def _live(admin):
    return admin.ask('GET', f'/api/tenants?plan={PLAN}&limit=100', 200)['items']


@pytest.fixture(scope='session')
def key(admin):
    """A key of the scope for provisioning, made as a person makes one."""
    admin.prove('api_key')
    made = _rpc(admin, 'saas.api.key.new', 'create', [{'name': 'Fuzz', 'scope': 'saas.provisioning', 'days': 1}])
    shown = _rpc(admin, 'saas.api.key.new', 'action_make', [made])
    return {'X-API-KEY': shown['context']['default_key']}


def _rpc(person, model, method, arguments):
    path = f'/web/dataset/call_kw/{model}/{method}'
    answer = person.post(path, json={'jsonrpc': '2.0', 'method': 'call', 'params': {
        'model': model, 'method': method, 'args': arguments, 'kwargs': {}}}).json()
    assert 'result' in answer, answer
    return answer['result']
