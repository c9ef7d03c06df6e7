"""Pages that stand in for containers: at their addresses, of whom ``pct`` has told them, and never without being asked."""
import json
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tests.fakes.pve import CHECKOUT, FakePve, stand_in
from tests.stack.ports import loopback_subnet

from .pve_caller import Caller

MARK = 'b' * 32
ADDRESS = f'{loopback_subnet()}.10'


@pytest.fixture(scope='module')
def pve(tmp_path_factory):
    state = tmp_path_factory.mktemp('pve')
    with FakePve(nodes=('pve1',), runtime='pages', state=state, arguments=('--state', state)) as pve:
        pve.state = state
        yield pve


@pytest.fixture(scope='module')
def api(pve):
    return Caller(pve.url, pve.ca, pve.token_id, pve.token_secret)


@pytest.fixture
def vmid(api):
    api.done('POST', '/nodes/pve1/lxc/9000/clone', newid=301, hostname='acme', pool='saas', description=f'saas:{MARK}')
    api.data('PUT', '/nodes/pve1/lxc/301/config', net0=f'name=eth0,bridge=vmbr0,ip={ADDRESS}/24', tags='saas')
    api.done('POST', '/nodes/pve1/lxc/301/status/start')
    yield 301
    api.done('DELETE', '/nodes/pve1/lxc/301', force=1, purge=1)


def page(path):
    """(status, text); None if nothing answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f'http://{ADDRESS}:8069{path}', timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return None


def inside(pve, vmid, function, *arguments, program='python3', module='container_scripts.database'):
    """(exit code of the program, what it answers), as ``drivers/pct.py`` asks for it."""
    asked = json.dumps({'module': f'saas_drivers.{module}', 'function': function, 'arguments': [{}, *arguments]})
    done = subprocess.run(
        [sys.executable, '-I', CHECKOUT / 'tests/fakes/pve/pct.py', '--sandbox', pve.state, 'exec', str(vmid), '--', 'env', '-i',
         'sh', '-c', 'script', 'saas', 'word', '60.000', program], input=asked, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    code = int(done.stderr.strip().split(':')[1])
    return code, json.loads(done.stdout.removeprefix(stand_in.ANSWER)) if code == 0 else None


def test_a_tenant_comes_into_being(pve, vmid):
    tenant = {'mark': MARK, 'base_url': 'http://acme.example'}
    assert page('/web/login')[0] == 503
    assert inside(pve, vmid, 'look') == (0, {'value': ['staging', '']})
    inside(pve, vmid, 'personalise', tenant)
    assert inside(pve, vmid, 'look') == (0, {'value': ['staging', f'saas:{MARK}']})
    inside(pve, vmid, 'publish', tenant)
    status, text = page('/web/login')
    assert status == 200 and 'oe_login_form' in text and 'stands in' in text
    assert page('/.well-known/saas-tenant') == (200, MARK)


def test_what_is_not_there_is_not_pretended(pve, vmid):
    code, answer = inside(pve, vmid, 'status', module='container_scripts.service')
    assert code == 0 and answer['error']['kind'] == 'Permanent'
    assert inside(pve, vmid, '', program='sh') == (127, None)


def test_a_container_that_is_stopped_answers_nobody(pve, api, vmid):
    api.done('POST', f'/nodes/pve1/lxc/{vmid}/status/stop')
    assert page('/web/login') is None
    api.done('POST', f'/nodes/pve1/lxc/{vmid}/status/start')
    assert page('/web/login')[0] == 503


def test_a_backup_has_what_was_inside(pve, api, vmid):
    inside(pve, vmid, 'publish', {'mark': MARK, 'base_url': 'http://acme.example'})
    api.done('POST', '/nodes/pve1/vzdump', vmid=vmid, storage='local', mode='snapshot')
    volume, = (row['volid'] for row in api.data('GET', '/nodes/pve1/storage/local/content', content='backup', vmid=vmid))
    api.done('DELETE', f'/nodes/pve1/lxc/{vmid}', force=1, purge=1)
    api.done('POST', '/nodes/pve1/lxc', vmid=vmid, ostemplate=volume, restore=1, storage='local-lvm', pool='saas')
    api.done('POST', f'/nodes/pve1/lxc/{vmid}/status/start')
    assert page('/.well-known/saas-tenant') == (200, MARK)
