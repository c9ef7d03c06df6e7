"""The story of a dedicated tenant over real HTTP: a container of its own on Proxmox VE, from sign-up to its end.

Where pages stand in for containers there is no Odoo in them: what takes one is left out, and said to be.
"""
import secrets
import sys

from . import journey_steps as steps
from . import journey_steps_dedicated as dedicated
from .client import Timeline, Visitor, Wrong, expect
from .stack.report import say
from .world import World

PLAN = 'dedicated'


def ordered(world, order, timeline):
    visitor = Visitor(world.url)
    with timeline.step(f'visitor: signs up for {order.plan} as {order.name}'):
        steps.sign_up(world, visitor, order)
    with timeline.step('visitor: confirms by the link of the mail; the tenant is ordered'):
        progress = steps.confirm(visitor, steps.confirmation_page(world, visitor, order))
    with timeline.step('tenant: the login page of its container answers through nginx'):
        steps.login_page(world, order.name)
    with timeline.step('visitor: the progress page says it is ready'):
        steps.watch(visitor, progress)
    return visitor


def has_odoo(world):
    return world.stack.pve.runtime == 'lxc'


def journey(world, order, timeline):
    visitor, password = ordered(world, order, timeline), secrets.token_urlsafe(12)
    with timeline.step('check: Proxmox VE has the container, with our mark, its address and what the plan gives'):
        record = dedicated.held_by_pve(world, order.name)
    if has_odoo(world):
        with timeline.step('security: default logins and the template\'s administrator are refused'):
            dedicated.nobody_else_gets_in(world, order.name)
        with timeline.step('customer: sets the password by the link in the welcome mail and logs in'):
            steps.set_password(world, visitor, order, password)
            steps.log_in(world, order, password, dedicated.DATABASE)
        support(world, order, timeline)
    else:
        timeline.echo('LEFT OUT   passwords, logins and a look inside: no Odoo is in these containers')
    by_hand(world, order, timeline, password)
    read_back(world, order, timeline, password)
    the_end(world, order, timeline, record)


def support(world, order, timeline):
    staff = world.staff()
    for what, words in (('status', 'the state of its services'), ('log', 'the end of its log')):
        with timeline.step(f'support: looks at {words} through pct'):
            dedicated.look_inside(staff, order.name, what)


def by_hand(world, order, timeline, password):
    """Suspended and resumed; then somebody stops the container behind our back."""
    staff, record = world.staff(), dedicated.container_of(world, order.name)
    with timeline.step('staff: suspends it; the address is closed (503), the container is stopped'):
        staff.act(order.name, 'action_suspend', 'suspended')
        steps.closed_page(world, order.name)
        expect_status(world, record, 'stopped')
    with timeline.step('staff: resumes it; the customer comes in again'):
        staff.act(order.name, 'action_resume', 'running')
        steps.login_page(world, order.name)
        if has_odoo(world):
            steps.log_in(world, order, password, dedicated.DATABASE)
    with timeline.step('somebody stops the container by hand; it is noticed and shown, not undone'):
        world.stack.pve.control.stop(record['vmid'])
        dedicated.compare(world)
        dedicated.until_container(world, order.name, 'stopped')
        expect_status(world, record, 'stopped')
    with timeline.step('staff: starts it'):
        staff.act(order.name, 'action_start_container', 'running')
        steps.login_page(world, order.name)


def read_back(world, order, timeline, password):
    """Somebody removes the container altogether."""
    staff, record = world.staff(), dedicated.container_of(world, order.name)
    with timeline.step('staff: has a backup written'):
        staff.act(order.name, 'action_backup', 'running')
    with timeline.step('somebody removes the container by hand; it is noticed, and not made anew'):
        world.stack.pve.control.destroy(record['vmid'])
        dedicated.compare(world)
        dedicated.until_container(world, order.name, 'missing')
        if record['vmid'] in world.stack.pve.control.containers():
            raise Wrong(f'The container {record["vmid"]} was made anew by itself.')
    with timeline.step('staff: goes back to the backup; the customer comes in again'):
        dedicated.take_back(staff, order.name, 'backup')
        dedicated.held_by_pve(world, order.name)
        steps.login_page(world, order.name)
        if has_odoo(world):
            steps.log_in(world, order, password, dedicated.DATABASE)


def expect_status(world, record, status):
    held = world.stack.pve.control.containers()[record['vmid']]
    if held['status'] != status:
        raise Wrong(f'The container {record["vmid"]} is {held["status"]}, not {status}.')


def the_end(world, order, timeline, record):
    with timeline.step('staff: deletes it; the container is gone, its address free'):
        world.staff().act(order.name, 'action_delete', 'deleted')
        dedicated.gone(world, order.name, record)


def from_standby(world, order, timeline):
    """The same when one is kept ready."""
    with timeline.step('standby: a container is made ready before anybody orders it'):
        dedicated.keep_ready(world, PLAN, 1)
        dedicated.until_ready(world, PLAN)
    visitor = ordered(world, order, timeline)
    with timeline.step('check: it was taken from the pool; nothing was cloned for it'):
        if not world.staff().read(order.name, 'standby_id')['standby_id']:
            raise Wrong(f'{order.name} was not taken from the pool.')
        dedicated.held_by_pve(world, order.name)
    if has_odoo(world):
        with timeline.step('check: its pages are the customer\'s, with nothing of the standby'):
            dedicated.shows_company(world, order)
        with timeline.step('customer: sets the password and logs in'):
            password = secrets.token_urlsafe(12)
            steps.set_password(world, visitor, order, password)
            steps.log_in(world, order, password, dedicated.DATABASE)


def main():
    world, timeline = World(), Timeline(lambda line: print(line, flush=True))
    number, pve = secrets.token_hex(3), world.stack.pve
    expect(Visitor(world.url).get('/saas'), 200)
    say(f'Proxmox VE is {pve.words}')
    order, quick = (steps.Order(f'{kind}-{number}', 'Impulse Max', f'{kind}-{number}@impulse-max.example', plan=PLAN)
                    for kind in ('own', 'quick'))
    print('\nA tenant with a container of its own, over HTTP:')
    try:
        journey(world, order, timeline)
        print('\nThe same from the standby pool:')
        from_standby(world, quick, timeline)
    except Wrong as wrong:
        print(f'\nWrong: {wrong}', file=sys.stderr)
        return 1
    print(f'\nAll {len(timeline.rows)} steps are right; they took {sum(took for _what, took in timeline.rows) / 1000:.1f} s.')
    print(f'Proxmox VE was {pve.words}.')
    print(f'The stack keeps running: {world.url}/web (login admin), {world.tenant_url(quick.name)}; `make down` stops it.')
    return 0


if __name__ == '__main__':
    sys.exit(main())
