"""The main job over real HTTP, with the milliseconds of every step; exits non-zero if a result is wrong."""
import secrets
import sys

from . import journey_steps as steps
from . import journey_steps_domains as domains
from . import money_job
from .client import Timeline, Visitor, Wrong
from .world import World

MODULE = 'contacts'
OWN_NAME = 'www.impulse-max.test'


def journey(world, order, timeline, own_name=OWN_NAME):
    visitor, password = Visitor(world.url), secrets.token_urlsafe(12)
    with timeline.step('visitor: reads the plans page'):
        steps.read_plans(world)
    with timeline.step(f'visitor: signs up {order.company} as {order.name}'):
        steps.sign_up(world, visitor, order)
    with timeline.step('visitor: follows the link in the confirmation mail'):
        page = steps.confirmation_page(world, visitor, order)
    with timeline.step('visitor: confirms; the tenant is ordered'):
        progress = steps.confirm(visitor, page)
    with timeline.step('tenant: its login page answers through nginx'):
        steps.login_page(world, order.name)
    with timeline.step('visitor: the progress page says it is ready'):
        steps.watch(visitor, progress)
    with timeline.step('security: default logins and the template\'s administrator are refused'):
        steps.nobody_else_gets_in(world, order.name)
    with timeline.step('customer: sets the password by the link in the welcome mail'):
        steps.set_password(world, visitor, order, password)
    with timeline.step('customer: logs in to the tenant as its administrator'):
        steps.log_in(world, order, password)
    name_side(world, order, timeline, own_name)
    staff_side(world, order, timeline, password)


def name_side(world, order, timeline, name):
    """The customer's own name: from the portal to his tenant, and away again."""
    with timeline.step('customer: opens his account by the link in the welcome mail'):
        customer = domains.open_account(world, order, secrets.token_urlsafe(12))
    with timeline.step(f'customer: adds {name} in the portal'):
        page, target = domains.add(world, customer, name, order)
    with timeline.step(f'customer: sets the CNAME to {target} at his DNS provider'):
        world.stack.dns_records().set(name, 'CNAME', target)
    with timeline.step('cron: finds the CNAME; the name is published'):
        domains.run_verify_cron(world, name)
        domains.wait_active(customer, page)
    with timeline.step('check: Cloudflare has the name and its certificate, the tunnel leads it to the router'):
        domains.held_outside(world, name)
    with timeline.step(f'visitor: {name} is this tenant and no other, through nginx and through Cloudflare\'s edge'):
        domains.answers(world, name, order.name)
    with timeline.step('customer: removes it'):
        domains.remove(customer, page)
        world.stack.dns_records().remove(name)
    with timeline.step('check: no claim, custom hostname, record, rule or route is left'):
        domains.no_trace(world, name)


def staff_side(world, order, timeline, password):
    staff = world.staff()
    with timeline.step('staff: suspends it'):
        staff.act(order.name, 'action_suspend', 'suspended')
    with timeline.step('visitor: gets the page of a suspended tenant (503)'):
        steps.closed_page(world, order.name)
    with timeline.step('staff: resumes it'):
        staff.act(order.name, 'action_resume', 'running')
    with timeline.step('customer: logs in again'):
        inside = steps.log_in(world, order, password)
    with timeline.step(f'staff: installs the module {MODULE} over RPC'):
        wizard = staff.call('saas.tenant.modules', 'create', {
            'tenant_id': staff.tenant(order.name), 'module_names': MODULE})
        staff.call('saas.tenant.modules', 'action_install', [wizard])
        staff.wait(order.name, 'running')
    with timeline.step('customer: sees the module installed'):
        check_module(inside)
    with timeline.step('staff: deletes it'):
        staff.act(order.name, 'action_delete', 'deleted')
    with timeline.step('check: name answers 404, database and filestore are gone'):
        steps.gone(world, order.name)


def check_module(inside):
    params = {'model': 'ir.module.module', 'method': 'search_count', 'kwargs': {},
              'args': [[('name', '=', MODULE), ('state', '=', 'installed')]]}
    answer = inside.post('/web/dataset/call_kw', json={'jsonrpc': '2.0', 'params': params}).json()
    if answer.get('result') != 1:
        raise Wrong(f'{MODULE} is not installed: {answer}')


def main():
    world, timeline = World(), Timeline(lambda line: print(line, flush=True))
    number = secrets.token_hex(3)
    order = steps.Order(f'demo-{number}', 'Impulse Max', f'ann-{number}@impulse-max.example')
    print('\nThe main job, over HTTP:')
    paying = steps.Order(f'paid-{number}', 'Impulse Max', f'max-{number}@impulse-max.example', plan='business')
    try:
        journey(world, order, timeline)
        print('\nThe money story:')
        money_job.journey(world, paying, timeline)
    except Wrong as wrong:
        print(f'\nWrong: {wrong}', file=sys.stderr)
        return 1
    print(f'\nAll {len(timeline.rows)} steps are right; they took {sum(took for _what, took in timeline.rows) / 1000:.1f} s.')
    print(f"""
The stack keeps running:
  plans and sign-up   {world.url}/saas
  staff               {world.url}/web  (login admin; password: ADMIN_PASSWORD in {world.stack.state}/secrets.env)
  tenants             {world.tenant_url('<name>')}
  sent mails          make mail
  customers' DNS      $(python3 -m tests.stack python) -m tests.stack.dns_records set www.<anything>.test CNAME <target>
  stop everything     make down""")
    return 0


if __name__ == '__main__':
    sys.exit(main())
