"""A customer's own name, step by step: the customer in the portal and at his DNS provider, then what the outside shows."""
import time
from contextlib import suppress

import requests

from .client import POLL, Visitor, Wrong, excerpt, expect, wait_for_link
from .fakes.cloudflare.routing import first_match
from .stack.rpc import RemoteError

MARK_PATH = '/.well-known/saas-tenant'
NONCE_PATH = '/.well-known/saas-domain'
SHOWN = ['external_domain', 'verification_status', 'is_active', 'claim_state', 'lost_reason', 'sajet_full_domain', 'is_routed',
         'is_route_live', 'cloudflare_configured', 'tunnel_ingress_configured', 'ssl_status', 'error']


# -- the customer ---------------------------------------------------------------------------------


def open_account(world, order, password):
    """Set the password of the customer account by the link in the welcome mail; return the customer, logged in."""
    customer = Visitor(world.url)
    page = customer.page(wait_for_link(world.stack, order.email, '/web/signup'))
    inside = customer.send_form(page, login=order.email, name=order.person, password=password, confirm_password=password)
    if '/my/' not in inside.url or order.name not in inside.text:
        raise Wrong(f'The account\'s link ended at {inside.url}: {excerpt(inside.text)}')
    return customer


def add(world, customer, name, order):
    """Add the name in the portal; return the page's address and the value the page says to set."""
    form = customer.page('/my/domains/add')
    page = customer.send_form(form, action='/my/domains/add', external_domain=name,
                              tenant_id=world.staff().tenant(order.name))
    address = page.url.partition('#')[0].partition('?')[0]
    target = read(world, name)['sajet_full_domain']
    if not address.rpartition('/')[2].isdigit() or name not in page.text or target not in page.text:
        raise Wrong(f'The portal does not say what to set for {name}: {address}: {excerpt(page.text)}')
    return address, target


def wait_active(customer, address, seconds=90):
    """Poll as the page's script does until the name is active."""
    return wait_state(customer, address, 'active', seconds=seconds)


def wait_state(customer, address, *states, seconds=90):
    deadline, status = time.monotonic() + seconds, {}
    while time.monotonic() < deadline:
        status = expect(customer.get(f'{address}/status'), 200).json()
        if status['state'] in states and not status['busy']:
            return status
        time.sleep(5 * POLL)
    raise Wrong(f'{address} is not {" or ".join(states)} after {seconds} s: {status}')


def remove(customer, address):
    """Press the button on the name's page."""
    customer.send_form(customer.page(address), action=f'{address}/delete')


# -- the master -----------------------------------------------------------------------------------


def read(world, name, domain=(), **options):
    """The newest claim to the name as staff see it."""
    found = world.staff().call('saas.custom_domain', 'search_read', [('external_domain', '=', name), *domain], SHOWN,
                               limit=1, order='id desc', **options)
    if not found:
        raise Wrong(f'There is no domain {name}.')
    return found[0]


def run_verify_cron(world, *names):
    """What the minute would bring: the names are due, and the scheduled action runs."""
    staff = world.staff()
    domains = staff.call('saas.custom_domain', 'search', [('external_domain', 'in', names), ('claim_state', '=', 'living')])
    staff.call('saas.custom_domain', 'write', domains, {'next_check_at': '2000-01-01 00:00:00'})
    run_cron(staff, 'cron_verify')


def run_cron(staff, name, seconds=90):
    """As the button in the list of scheduled actions; Odoo refuses while the same one runs by itself."""
    cron = staff.call('ir.model.data', 'check_object_reference', 'saas_domains', name)[1]
    deadline = time.monotonic() + seconds
    while True:
        try:
            return staff.call('ir.cron', 'method_direct_trigger', [cron])
        except RemoteError:
            if time.monotonic() > deadline:
                raise
            time.sleep(5 * POLL)


def wait_settled(world, seconds=90):
    """Until no operation of a domain is under way."""
    staff, deadline, left = world.staff(), time.monotonic() + seconds, []
    while time.monotonic() < deadline:
        left = staff.call('saas.operation', 'search_read', [('domain_id', '!=', False), ('state', 'in', ('waiting', 'running'))],
                          ['kind', 'current_step', 'error'])
        if not left:
            return
        time.sleep(5 * POLL)
    raise Wrong(f'Operations are still under way after {seconds} s: {left}')


# -- the outside ----------------------------------------------------------------------------------


class Outside:
    """Cloudflare's API, its edge and the router, as anybody or the account's owner sees them."""

    def __init__(self, world):
        self.world, self.cloudflare = world, world.stack.cloudflare
        self.router = f'http://127.0.0.1:{world.stack.settings.ports.http}'

    def _api(self, path, **parameters):
        answer = Visitor(self.cloudflare.api_base).get(path, params=parameters, headers={
            'Authorization': f'Bearer {self.cloudflare.token}'})
        return expect(answer, 200).json()['result']

    def hostname(self, name):
        """(status, status of the certificate), or None."""
        found = self._api(f'/zones/{self.cloudflare.zone}/custom_hostnames', hostname=name)
        return (found[0]['status'], found[0]['ssl']['status']) if found else None

    def records(self):
        """name -> content of all records."""
        return {record['name']: record['content'] for record in self._api(
            f'/zones/{self.cloudflare.zone}/dns_records', per_page=100)}

    def document(self):
        cloudflare = self.cloudflare
        return self._api(f'/accounts/{cloudflare.account}/cfd_tunnel/{cloudflare.tunnel}/configurations')['config']

    def service(self, name):
        """The service that the tunnel's document leads the name to, as cloudflared reads it."""
        return (first_match(self.document().get('ingress') or (), name, '/') or {}).get('service')

    def ask(self, base, name, path=MARK_PATH):
        """By the router or the edge, as a visitor of the name."""
        return Visitor().get(base + path, headers={'Host': name, 'Connection': 'close'}, allow_redirects=False)

    def doors(self):
        return (('nginx', self.router), ('the edge', self.cloudflare.edge_url))


def held_outside(world, name):
    """Cloudflare has the name, its certificate is there, and the tunnel's document leads it to the router."""
    outside = Outside(world)
    if outside.hostname(name) != ('active', 'active'):
        raise Wrong(f'The custom hostname {name} is {outside.hostname(name)} at Cloudflare.')
    service = outside.service(name)
    if service != outside.router:
        raise Wrong(f'The tunnel leads {name} to {service}, not to {outside.router}.')


def answers(world, name, tenant, seconds=30):
    """Through nginx and through Cloudflare's edge the name is that tenant and no other; a name beside it is nothing."""
    mark = world.staff().read(tenant, 'mark')['mark']
    for door, base in Outside(world).doors():
        found = _until(lambda base=base: Outside(world).ask(base, name), 200, seconds)
        if found.text.strip() != mark:
            raise Wrong(f'{name} by {door} is not {tenant}: {excerpt(found.text)}')
        page = Outside(world).ask(base, name, '/web/login')
        if page.status_code != 200 or 'name="login"' not in page.text:
            raise Wrong(f'{name} by {door} shows no login page: {page.status_code} {excerpt(page.text)}')
        other = Outside(world).ask(base, f'other-{name}')
        if other.status_code == 200:
            raise Wrong(f'other-{name} by {door} answers as well: {excerpt(other.text)}')


def unknown(world, name, seconds=30):
    """Neither nginx nor the edge knows the name."""
    outside = Outside(world)
    _until(lambda: outside.ask(outside.router, name), 404, seconds)
    edge = outside.ask(outside.cloudflare.edge_url, name)
    if edge.status_code == 200:
        raise Wrong(f'The edge still answers for {name}: {excerpt(edge.text)}')


def no_trace(world, name, seconds=60):
    """No claim that lives, no custom hostname, no record, no rule, no route."""
    wait_settled(world, seconds)
    domain, outside = read(world, name), Outside(world)
    held = [field for field in ('is_active', 'is_routed', 'is_route_live', 'cloudflare_configured', 'tunnel_ingress_configured')
            if domain[field]]
    left = {
        'claim': domain['claim_state'] == 'living' and domain, 'fields': held, 'custom hostname': outside.hostname(name),
        'record': domain['sajet_full_domain'] in outside.records(), 'rule': name in str(outside.document()),
        'route': [line for line in world.stack.nginx.routes.read_text().splitlines() if name in line]}
    if any(left.values()):
        raise Wrong(f'Still there of {name}: { {what: value for what, value in left.items() if value} }')
    unknown(world, name)


def _until(ask, status, seconds):
    deadline, answer = time.monotonic() + seconds, None
    while True:
        with suppress(requests.ConnectionError):
            answer = ask()
            if answer.status_code == status:
                return answer
        if time.monotonic() > deadline:
            raise Wrong(f'{answer and answer.url} answers {answer and answer.status_code}, not {status}: '
                        f'{excerpt(answer.text) if answer is not None else "nothing"}')
        time.sleep(POLL)
