"""Customers' own names against the running stack: DNS, Cloudflare's sandbox and edge, tunnel, nginx, tenants."""
import secrets
from contextlib import contextmanager

import pytest

from .. import journey_steps as steps
from .. import journey_steps_domains as domains
from ..client import Visitor, expect
from .test_main_job import order, provisioned


class Customer:
    """One with a live tenant and an account in the portal."""

    def __init__(self, world, prefix):
        self.world, self.order = world, order(prefix)
        provisioned(world, self.order)
        self.visitor = domains.open_account(world, self.order, secrets.token_urlsafe(12))

    @property
    def name(self):
        return self.order.name

    def add(self, name):
        return domains.add(self.world, self.visitor, name, self.order)

    def publish(self, name):
        """Add, set the CNAME, let the cron find it; returns the portal's address of the name."""
        page, target = self.add(name)
        self.world.stack.dns_records().set(name, 'CNAME', target)
        domains.run_verify_cron(self.world, name)
        domains.wait_active(self.visitor, page)
        return page

    def claim(self, name):
        """What staff see of this customer's newest claim."""
        return domains.read(self.world, name, [('tenant_id.name', '=', self.name)])

    def press(self, page, act):
        return self.visitor.send_form(self.visitor.page(page), action=f'{page}/{act}')


@pytest.fixture(scope='module')
def left(world):
    return Customer(world, 'left')


@pytest.fixture(scope='module')
def right(world):
    return Customer(world, 'right')


@pytest.fixture
def name(world):
    """One that nobody has had. Nothing is left of it at the provider."""
    name = f'www.own-{secrets.token_hex(4)}.test'
    yield name
    world.stack.dns_records().remove(name)


@contextmanager
def root_domain(world, **values):
    """The stack's root domain with other settings for a while."""
    staff = world.staff()
    root, = staff.call('saas.root_domain', 'search_read', [('name', '=', 'localhost')], list(values))
    try:
        _set_root(staff, root['id'], values)
        yield
    finally:
        _set_root(staff, root['id'], {field: root[field] for field in values})


def _set_root(staff, root, values):
    """Where more than a third has to change for it, that waits for a person, who allows it here."""
    staff.call('saas.root_domain', 'write', [root], values)
    domains.run_cron(staff, 'cron_reconcile')
    if staff.call('saas.root_domain', 'read', [root], ['held_plan'])[0]['held_plan']:
        staff.call('saas.root_domain', 'action_apply_held', [root])
    assert not staff.call('saas.root_domain', 'read', [root], ['held_plan'])[0]['held_plan']


def token(world, name, number):
    """The TXT record that proves the claim, as the portal shows it to its customer."""
    claim = world.staff().call('saas.custom_domain', 'read', [number], ['verification_token'])[0]
    return f'_jeturing-verify.{name.removeprefix("www.")}', claim['verification_token']


def test_a_name_leads_to_its_tenant_only(world, left, right, name):
    page = left.publish(name)
    domains.held_outside(world, name)
    domains.answers(world, name, left.name)
    claim = left.claim(name)
    assert (claim['verification_status'], claim['ssl_status'], claim['is_route_live']) == ('verified', 'active', True)
    outside = domains.Outside(world)
    for headers in ({'X-Forwarded-Host': f'{right.name}.localhost'}, {'X-Odoo-dbfilter': f'^{right.name}$'}):
        for _door, base in outside.doors():
            answer = Visitor().get(base + domains.MARK_PATH, headers={'Host': name, **headers})
            assert answer.text.strip() == world.staff().read(left.name, 'mark')['mark'], headers
    domains.remove(left.visitor, page)
    domains.no_trace(world, name)
    assert left.claim(name)['lost_reason'] == 'removed'


def test_the_primary_name_takes_the_others(world, left, name):
    other = f'shop.{name}'
    first, second = left.publish(name), left.publish(other)
    left.press(first, 'primary')
    domains.wait_settled(world)
    outside = domains.Outside(world)
    for _door, base in outside.doors():
        moved = outside.ask(base, other, '/web/login?a=1')
        assert moved.status_code == 308 and f'//{name}' in moved.headers['Location'], moved.headers
        assert moved.headers['Location'].endswith('/web/login?a=1')
        assert outside.ask(base, name, '/web/login').status_code == 200
    assert world.tenant_parameters(left.name)['web.base.url'].partition('//')[2].startswith(name)
    for page in (second, first):
        domains.remove(left.visitor, page)
    for each in (name, other):
        world.stack.dns_records().remove(each)
        domains.no_trace(world, each)
    assert world.tenant_parameters(left.name)['web.base.url'] == world.tenant_url(left.name)


def test_a_name_passes_to_who_proves_it(world, left, right, name):
    """A claim by another changes nothing; his CNAME does, since the name leads to him now."""
    left.publish(name)
    page, target = right.add(name)
    domains.run_verify_cron(world, name)
    assert right.claim(name)['verification_status'] != 'verified'
    domains.answers(world, name, left.name)
    world.stack.dns_records().set(name, 'CNAME', target)
    domains.run_verify_cron(world, name)
    domains.wait_active(right.visitor, page)
    domains.wait_settled(world)
    domains.answers(world, name, right.name)
    lost = left.claim(name)
    assert (lost['claim_state'], lost['lost_reason'], lost['is_active']) == ('ended', 'proved_by_other', False)
    domains.remove(right.visitor, page)
    world.stack.dns_records().remove(name)
    domains.no_trace(world, name)


def test_a_token_gives_notice_first(world, left, right, name):
    """Who holds a name that still leads to him is told before a token takes it."""
    page = left.publish(name)
    other, _target = right.add(name)
    record, value = token(world, name, right.claim(name)['id'])
    world.stack.dns_records().set(record, 'TXT', value)
    domains.run_verify_cron(world, name)
    assert right.claim(name)['verification_status'] != 'verified'
    domains.answers(world, name, left.name)
    assert 'contested' in expect(left.visitor.get(f'{page}/status'), 200).json()['key']
    for customer, address in ((right, other), (left, page)):
        domains.remove(customer.visitor, address)
    for each in (record, name):
        world.stack.dns_records().remove(each)
    domains.no_trace(world, name)


def test_a_name_that_leaves(world, left, name):
    """Served for the days of grace; without any it is unpublished at once, and comes back by itself."""
    page = left.publish(name)
    target = left.claim(name)['sajet_full_domain']
    world.stack.dns_records().set(name, 'CNAME', 'elsewhere.techeels.io')
    domains.run_verify_cron(world, name)
    assert expect(left.visitor.get(f'{page}/status'), 200).json()['state'] == 'left'
    domains.answers(world, name, left.name)
    claim = left.claim(name)
    world.staff().call('saas.custom_domain', 'write', [claim['id']], {'unpublish_at': '2000-01-01 00:00:00'})
    domains.run_verify_cron(world, name)
    domains.wait_settled(world)
    domains.unknown(world, name)
    assert domains.Outside(world).hostname(name) is None
    assert left.claim(name)['verification_status'] in ('pending', 'verifying')
    world.stack.dns_records().set(name, 'CNAME', target)
    domains.run_verify_cron(world, name)
    domains.wait_active(left.visitor, page)
    domains.answers(world, name, left.name)
    domains.remove(left.visitor, page)
    domains.no_trace(world, name)


def test_a_tenant_takes_its_names_along(world, name):
    customer = Customer(world, 'going')
    customer.publish(name)
    world.staff().act(customer.name, 'action_delete', 'deleted')
    domains.no_trace(world, name)
    assert domains.read(world, name)['lost_reason'] == 'tenant_deleted'
    steps.gone(world, customer.name)


def test_a_suspended_tenants_name_is_closed(world, left, name):
    page = left.publish(name)
    staff, outside = world.staff(), domains.Outside(world)
    staff.act(left.name, 'action_suspend', 'suspended')
    try:
        for _door, base in outside.doors():
            closed = outside.ask(base, name, '/web/login')
            assert closed.status_code == 503 and 'Retry-After' in closed.headers
    finally:
        staff.act(left.name, 'action_resume', 'running')
    domains.answers(world, name, left.name)
    domains.remove(left.visitor, page)
    domains.no_trace(world, name)


def test_a_record_and_a_rule_for_each_name(world, left, name):
    """The other mode of the edge: nothing but the names that are wanted leads anywhere."""
    with root_domain(world, edge_mode='per-host'):
        page = left.publish(name)
        outside, own = domains.Outside(world), left.claim(name)['sajet_full_domain']
        rules = {rule.get('hostname'): rule['service'] for rule in outside.document()['ingress']}
        assert rules[name] == rules[own] == rules[f'{left.name}.localhost'] == outside.router
        assert rules[None] == 'http_status:404' and '*.localhost' not in rules
        assert outside.records()[own] == f'{world.stack.cloudflare.tunnel}.cfargotunnel.com'
        domains.answers(world, name, left.name)
        domains.remove(left.visitor, page)
        domains.no_trace(world, name)
    assert domains.Outside(world).service('anything.localhost') == outside.router


def test_what_is_not_ours_stays(world, left, name):
    """A custom hostname of somebody else's in the same zone is never taken over, nor removed."""
    page = left.publish(name)
    cloudflare = world.stack.cloudflare
    made = Visitor(cloudflare.api_base).post(
        f'/zones/{cloudflare.zone}/custom_hostnames', headers={'Authorization': f'Bearer {cloudflare.token}'},
        json={'hostname': f'foreign.{name}', 'ssl': {'method': 'http', 'type': 'dv'}}).json()['result']
    domains.run_cron(world.staff(), 'cron_reconcile')
    domains.remove(left.visitor, page)
    domains.wait_settled(world)
    domains.run_cron(world.staff(), 'cron_reconcile')
    outside = domains.Outside(world)
    assert outside.hostname(name) is None and outside.hostname(f'foreign.{name}')
    Visitor(cloudflare.api_base).delete(f'/zones/{cloudflare.zone}/custom_hostnames/{made["id"]}',
                                        headers={'Authorization': f'Bearer {cloudflare.token}'})
