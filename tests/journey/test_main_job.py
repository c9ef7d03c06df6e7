"""The whole main job, and what must hold beside it, against the running stack."""
import secrets

import pytest

from .. import journey_steps as steps
from .. import main_job
from ..client import Timeline, Visitor, authenticate, expect


def order(prefix):
    name = f'{prefix}-{secrets.token_hex(3)}'
    return steps.Order(name, f'Company {name}', f'{name}@journey.example')


def provisioned(world, the_order):
    visitor = Visitor(world.url)
    steps.sign_up(world, visitor, the_order)
    progress = steps.confirm(visitor, steps.confirmation_page(world, visitor, the_order))
    steps.watch(visitor, progress)
    return progress


@pytest.fixture(scope='module')
def two(world):
    """Two live tenants with passwords: (order, password) each."""
    found = []
    for prefix in ('left', 'right'):
        the_order, password = order(prefix), secrets.token_urlsafe(12)
        provisioned(world, the_order)
        steps.set_password(world, Visitor(), the_order, password)
        found.append((the_order, password))
    return found


def test_main_job(world):
    timeline = Timeline(lambda line: None)
    main_job.journey(world, order('main'), timeline, own_name=f'www.main-{secrets.token_hex(3)}.test')
    assert len(timeline.rows) == 25


def test_one_customer_does_not_reach_another(world, two):
    (left, left_password), (right, right_password) = two
    assert authenticate(world.tenant_server, left.name, left.email, left_password)
    assert not authenticate(world.tenant_server, right.name, left.email, left_password)
    inside = steps.log_in(world, left, left_password)
    cookie = inside.cookies.get('session_id')
    foreign = Visitor(world.tenant_url(right.name))
    answer = foreign.post('/web/session/get_session_info', json={'jsonrpc': '2.0', 'params': {}},
                          headers={'Cookie': f'session_id={cookie}'}).json()
    assert not (answer.get('result') or {}).get('uid'), 'a session of one tenant is worth nothing at another'


def test_the_router_decides_the_database(world, two):
    """Neither a header nor a parameter of the visitor leads to another tenant's database."""
    (left, _), (right, _) = two
    marks = {name: world.staff().read(name, 'mark')['mark'] for name in (left.name, right.name)}
    visitor = Visitor(world.tenant_url(left.name))
    for headers, query in (({'X-Odoo-dbfilter': f'^{right.name}$'}, ''), ({}, f'?db={right.name}'),
                           ({'X-Forwarded-Host': f'{right.name}.localhost'}, '')):
        page = visitor.get(f'/.well-known/saas-tenant{query}', headers=headers)
        assert page.status_code != 200 or page.text.strip() == marks[left.name], (headers, query)


def test_every_tenant_has_its_own_identity(world, two):
    names = [the_order.name for the_order, _password in two]
    found = [world.tenant_parameters(name) for name in names]
    for key in ('database.uuid', 'database.secret'):
        assert found[0][key] != found[1][key]
    for name, parameters in zip(names, found, strict=True):
        assert parameters['web.base.url'] == world.tenant_url(name)


def test_a_name_used_again_is_a_new_tenant(world):
    """The server may still hold the deleted tenant's registry and caches: nothing of it may be seen."""
    first = order('again')
    password = secrets.token_urlsafe(12)
    provisioned(world, first)
    steps.set_password(world, Visitor(), first, password)
    steps.log_in(world, first, password)
    world.staff().act(first.name, 'action_delete', 'deleted')
    second = steps.Order(first.name, 'Second Company', f'second-{first.name}@journey.example')
    provisioned(world, second)
    database = world.staff().read(second.name, 'database_name')['database_name']
    assert database != first.name, 'servers may have cached passwords for the old name'
    assert not authenticate(world.tenant_server, database, first.email, password)
    assert not authenticate(world.tenant_server, first.name, first.email, password)
    page = steps.login_page(world, second.name)
    assert 'Second Company' in page.text and first.company not in page.text


def test_unknown_names_and_the_database_manager(world):
    visitor = Visitor()
    for name in ('nobody-is-here', 'saas_master', 'template1', 'postgres', 'a.b'):
        assert visitor.get(world.tenant_url(name) + '/web/login').status_code == 404, name
    for path in ('/web/database/manager', '/web/database/selector', '/web/database/list'):
        assert visitor.get(world.url + path).status_code in (403, 404), path


def test_progress_of_an_unknown_link(world):
    visitor = Visitor(world.url)
    for path in ('/saas/progress/forged', '/saas/progress/forged/status', '/saas/confirm/forged'):
        assert visitor.get(path).status_code == 404, path


def test_a_wrong_password_is_wrong(world):
    with pytest.raises(Exception, match='Access [Dd]enied|refuses'):
        world.stack.session('admin', 'admin')


def test_login_page_of_a_suspended_tenant(world, two):
    (left, password), _ = two
    staff = world.staff()
    staff.act(left.name, 'action_suspend', 'suspended')
    page = steps.closed_page(world, left.name)
    assert 'suspend' in page.text.lower()
    spanish = expect(Visitor().get(world.tenant_url(left.name), headers={'Accept-Language': 'es'}), 503)
    assert spanish.text != page.text and 'suspendid' in spanish.text.lower()
    staff.act(left.name, 'action_resume', 'running')
    steps.log_in(world, left, password)
