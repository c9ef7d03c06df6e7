"""Growing beyond one machine: two master servers on one database share the work, and one survives the other."""
import secrets
import time

import pytest

from ..client import Wrong

CROWD = 10


@pytest.fixture
def second_master(world):
    world.stack.start_master(1)
    yield world.stack.service('master-1')
    world.stack.stop_master(1)


@pytest.fixture
def short_lease(world):
    parameters = 'ir.config_parameter'
    world.staff().call(parameters, 'set_param', 'saas_master.lease_seconds', '2')
    yield
    world.staff().call(parameters, 'set_param', 'saas_master.lease_seconds', '30')


def order(staff, count):
    plan = staff.call('saas.plan', 'search', [('code', '=', 'basic')])[0]
    names = [f'share-{secrets.token_hex(4)}' for _number in range(count)]
    tenants = [staff.call('saas.tenant', 'create', {
        'name': name, 'company_name': 'Share', 'email': f'{name}@share.example', 'admin_name': 'Share', 'plan_id': plan,
    }) for name in names]
    staff.call('saas.tenant', 'action_provision', tenants)
    return names, tenants


def wait_until_running(staff, tenants, seconds=120):
    deadline = time.monotonic() + seconds
    while True:
        under_way = staff.call('saas.operation', 'search_read', [
            ('tenant_id', 'in', tenants), ('state', 'in', ('waiting', 'running'))], ['state', 'error'])
        if not under_way:
            break
        if time.monotonic() > deadline:
            raise Wrong(f'After {seconds} s: {under_way}')
        time.sleep(0.1)
    states = [tenant['state'] for tenant in staff.call('saas.tenant', 'read', tenants, ['state'])]
    assert states == ['running'] * len(tenants)


def assert_made_once(world, names):
    """One database, one filestore and one route for each, and nothing half-made."""
    databases, files, routes = world.databases(), world.files(), world.routes()
    for name in names:
        assert name in databases and name in files and name in routes
    assert not [name for name in databases if name.startswith('saas_')]
    assert not [name for name in files if name.startswith('.saas-new')]


HELD = "SELECT id, claim FROM saas_operation WHERE state = 'running' AND split_part(worker, ':', 2) = %s"


def test_two_masters_share_the_work(world, second_master):
    staff = world.staff()
    names, tenants = order(staff, CROWD)
    wait_until_running(staff, tenants)
    assert_made_once(world, names)
    operations = staff.call('saas.operation', 'search_read', [('tenant_id', 'in', tenants)], ['worker'])
    processes = {operation['worker'].split(':')[1] for operation in operations}
    assert processes == {str(world.stack.service(name).pid()) for name in ('master', 'master-1')}
    steps = staff.call('saas.operation.step', 'search_read', [('operation_id.tenant_id', 'in', tenants)], ['attempt'])
    assert len(steps) > CROWD and max(step['attempt'] for step in steps) == 1, 'nothing was begun twice'
    staff.call('saas.tenant', 'action_delete', tenants)


def taken_over(staff, number, claim, victim):
    operation = staff.call('saas.operation', 'read', [number], ['worker', 'claim', 'state'])[0]
    return operation['state'] == 'done' and operation['claim'] > claim and operation['worker'].split(':')[1] != victim


def test_what_a_killed_master_was_doing_is_finished_by_the_other(world, second_master, short_lease):
    staff, victim = world.staff(), str(second_master.pid())
    names, tenants = order(staff, CROWD)
    deadline = time.monotonic() + 30
    while not world.master_sql(HELD, victim):
        assert time.monotonic() < deadline, 'the second master took nothing'
    second_master.kill()
    held = dict(world.master_sql(HELD, victim))
    wait_until_running(staff, tenants)
    assert_made_once(world, names)
    assert held, 'it was killed at work'
    deadline = time.monotonic() + 30
    while not all(taken_over(staff, number, claim, victim) for number, claim in held.items()):
        assert time.monotonic() < deadline, 'what it held was taken over by nobody'
    staff.call('saas.tenant', 'action_delete', tenants)
