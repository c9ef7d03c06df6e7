"""A golden container that the master built from a bare Debian by the recipe, in real LXC, through the API, sshd and ``pct``;
and its clones."""
import contextlib
import re
import time
import urllib.request

import pytest

from tests import bare  # noqa: F401 - registers the package ``bare``

from bare.saas_master.drivers.access import Access  # isort: skip
from bare.saas_master.drivers.errors import Retryable  # isort: skip
from bare.saas_master.drivers.pve import dedicated_database  # isort: skip
from bare.saas_master.drivers.spec import TenantSpec  # isort: skip

IDENTITY = ('etc/machine-id', 'etc/ssh/ssh_host_ed25519_key.pub', 'etc/odoo/odoo.conf', 'etc/odoo/database.secret')


@pytest.fixture(scope='module')
def cloud(sold):
    return sold


@pytest.fixture(scope='module')
def golden(cloud):
    """What the master has on record of it."""
    return cloud.world.staff().call('saas.template', 'search_read', [('node_kind', '=', 'proxmox'), ('state', '=', 'ready')],
                                    ['vmid', 'facts', 'operation_ids'])[0]


@contextlib.contextmanager
def clone(cloud, golden, number, memory=1024):
    """As somebody makes one by hand, with a number that the master does not give: (its number, its tenant)."""
    vmid = 800 + number
    cloud.api.done('POST', f'/nodes/pve1/lxc/{golden["vmid"]}/clone', newid=vmid, hostname=f'acme-{vmid}', pool=cloud.pve.pool,
                   description=f'saas:{vmid:032x}')
    cloud.api.data('PUT', f'/nodes/pve1/lxc/{vmid}/config', net0=cloud.net(number), memory=memory, tags='saas')
    cloud.start(vmid)
    try:
        yield vmid, TenantSpec(
            name=f'acme-{vmid}', mark=f'{vmid:032x}', login='admin@acme.example', company='Acme',
            base_url='http://acme.example', database_uuid=f'{vmid}', database_secret=f'secret-{vmid}')
    finally:
        cloud.destroy(vmid)


def until(work, seconds=60):
    """Its answer as soon as it has one."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return work()
        except (OSError, Retryable):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def page(address, path, port=8069):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(f'http://{address}:{port}{path}', timeout=60)


def publish(cloud, vmid, tenant):
    pve = cloud.pve
    access = Access(pve.ssh_host, pve.ssh_port, pve.ssh_user, pve.ssh_host_key, pve.ssh_private_key)
    with access.inside(vmid).open() as transport:
        until(lambda: dedicated_database.personalise(transport, tenant))
        until(lambda: dedicated_database.publish(transport, tenant))


def test_it_was_built_step_by_step(golden, cloud):
    facts = golden['facts']
    assert 'website' in facts['modules'] and 'auth_signup' in facts['modules']
    assert {'en_US', 'es_ES'} <= set(facts['languages']) and facts['odoo_version']
    logs = {step['code']: step['log'] or '' for step in cloud.world.staff().call(
        'saas.operation.step', 'search_read', [('operation_id', 'in', golden['operation_ids'])], ['code', 'log'])}
    assert re.search(r'\d/6 ', logs['recipe']), logs['recipe']
    assert re.search(r'\w+ \(\d+/\d+\)', logs['install']), logs['install']
    assert cloud.api.data('GET', f'/nodes/pve1/lxc/{golden["vmid"]}/config')['template']


def test_a_clone_has_what_is_its_own_and_serves_its_tenant(golden, cloud):
    with clone(cloud, golden, 201) as first, clone(cloud, golden, 202) as second:
        for number, (vmid, tenant) in ((201, first), (202, second)):
            publish(cloud, vmid, tenant)
            answer = until(lambda number=number: page(cloud.address(number), '/web/login'))
            assert b'oe_login_form' in answer.read()
            assert page(cloud.address(number), '/.well-known/saas-tenant').read().decode() == tenant.mark
            assert cloud.inside(vmid, 'systemctl', 'is-system-running', '--wait').strip() == 'running'
            assert cloud.inside(vmid, 'hostname').strip() == tenant.name
        (vmid, _tenant), (other_vmid, _other) = first, second
        for name in IDENTITY:
            one, other = (cloud.inside(each, 'cat', f'/{name}') for each in (vmid, other_vmid))
            assert one.strip() and one != other, f'{name} is the same in two clones'
        assert '@ADMIN_PASSWD@' not in cloud.inside(vmid, 'cat', '/etc/odoo/odoo.conf')
        assert not cloud.inside(vmid, 'ls', '-A', '/var/lib/saas'), 'nothing of the build is left'
        before = cloud.inside(vmid, 'cat', '/etc/machine-id', '/etc/odoo/database.secret')
        cloud.api.done('POST', f'/nodes/pve1/lxc/{vmid}/status/shutdown')
        cloud.start(vmid)
        assert b'oe_login_form' in until(lambda: page(cloud.address(201), '/web/login')).read()
        assert cloud.inside(vmid, 'cat', '/etc/machine-id', '/etc/odoo/database.secret') == before


def test_nobody_enters_but_by_the_local_socket(golden, cloud):
    with clone(cloud, golden, 203) as (vmid, tenant):
        publish(cloud, vmid, tenant)
        until(lambda: page(cloud.address(203), '/web/login'))
        assert ':5432' not in cloud.inside(vmid, 'ss', '-ltn')
        code, _out, _err = cloud.pct('exec', str(vmid), '--', 'runuser', '-u', 'nobody', '--', 'psql', '-U', 'odoo', '-l')
        assert code
        settings = dict(line.split('|') for line in cloud.inside(
            vmid, 'runuser', '-u', 'odoo', '--', 'psql', '-AtXd', 'odoo', '-c',
            "SELECT name, setting FROM pg_settings WHERE name IN ('ssl', 'listen_addresses', 'fsync')").splitlines())
        assert settings == {'ssl': 'off', 'listen_addresses': '', 'fsync': 'on'}
        passwords = cloud.inside(vmid, 'runuser', '-u', 'odoo', '--', 'psql', '-AtXd', 'odoo', '-c',
                                 'SELECT count(*) FROM res_users WHERE password IS NOT NULL')
        assert passwords.strip() == '0'
        assert 'disabled by the administrator' in page(cloud.address(203), '/web/database/manager').read().decode()


@pytest.mark.parametrize(('memory', 'number', 'workers'), [(1024, 204, False), (2560, 205, True)])
def test_workers_by_memory_and_websockets_on_one_port(golden, cloud, memory, number, workers):
    with clone(cloud, golden, number, memory=memory) as (vmid, tenant):
        publish(cloud, vmid, tenant)
        until(lambda: page(cloud.address(number), '/web/login'))
        running = cloud.inside(vmid, 'ps', 'ax', '-o', 'args')
        assert ('gevent' in running) == workers, running
        answer = until(lambda: page(cloud.address(number), '/websocket/health', port=8072))
        assert answer.status == 200
        assert '/websocket/health' in cloud.inside(vmid, 'journalctl', '-u', 'odoo.service', '--no-pager')
