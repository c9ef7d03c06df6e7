"""The API of Proxmox VE, its refusals told apart, and its tasks: over HTTPS to the fake one."""
import dataclasses
import time

import pytest
from drivers.errors import AuthError, NotFound, Permanent, Retryable, Unreachable
from drivers.pve import tasks
from drivers.pve.api import PveSession
from drivers.waiting import NotYet

from pve_fixtures import SLOW, new_container
from tests.fakes.pve.certificate import Certificate

CLONE = {'hostname': 'one', 'description': f'saas:{"a" * 32}', 'pool': 'saas'}


@pytest.fixture
def session(api):
    with PveSession(api) as session:
        yield session


def refused(api, kind, path='version', method='get', **params):
    """The error of one call, which has to be of this kind."""
    with PveSession(api) as session, pytest.raises(kind) as caught:
        getattr(session, method)(path, **params)
    assert type(caught.value) is kind
    return caught.value


def begun(session, golden, **values):
    container = new_container(**values)
    return session.post(f'nodes/pve1/lxc/{golden.vmid}/clone', newid=container.vmid, **CLONE)


# -- whom is trusted ------------------------------------------------------------------------

def test_its_authority_or_its_certificate_are_trusted(api, pve):
    pinned = dataclasses.replace(api, ca='', fingerprint=pve.fingerprint)
    for how in (api, pinned, dataclasses.replace(pinned, fingerprint=pve.fingerprint.lower().replace(':', ''))):
        with PveSession(how) as session:
            assert session.get('version')['version']


@pytest.fixture(scope='module')
def another(tmp_path_factory):
    """Certificate and authority of another cluster."""
    return Certificate(tmp_path_factory.mktemp('another') / 'tls').make()


@pytest.mark.parametrize('how', ['system', 'another certificate', 'another authority', 'no certificate'])
def test_nobody_else_is(api, another, how):
    values = {'system': {'ca': ''}, 'another certificate': {'ca': '', 'fingerprint': another.fingerprint},
              'another authority': {'ca': another.ca.read_text()}, 'no certificate': {'ca': 'of the cluster'}}[how]
    error = refused(dataclasses.replace(api, **values), AuthError)
    assert error.problem == 'pve_tls' and 'certificate' in str(error)


@pytest.mark.parametrize('values', [
    {'url': 'http://127.0.0.1:8006'}, {'url': 'nowhere'}, {'token_id': 'saas'}, {'token_id': 'saas@pve'}])
def test_an_address_or_token_that_is_none_is_said_at_once(api, values):
    with pytest.raises(Permanent, match='https://host:8006') as caught:
        PveSession(dataclasses.replace(api, **values))
    assert caught.value.problem == 'pve_address'


# -- what goes wrong ------------------------------------------------------------------------

def test_a_wrong_token_is_waited_for_however_short_the_limit(api, pve):
    pve.control.settings(delay_401=1.5)
    error = refused(dataclasses.replace(api, token_secret='wrong', timeout=0.1), AuthError)
    assert error.problem == 'pve_token' and 'token' in str(error)


def test_a_missing_privilege_is_named_with_its_path(api, pve, golden):
    pve.control.revoke('VM.Clone')
    error = refused(api, AuthError, f'nodes/pve1/lxc/{golden.vmid}/clone', 'post', newid=20000, **CLONE)
    assert error.problem == 'pve_privilege' and 'VM.Clone' in error.words and '/vms/' in error.words


@pytest.mark.parametrize(('status', 'message', 'kind', 'problem'), [
    (500, 'cluster not ready - no quorum?', Retryable, 'pve_no_quorum'),
    (500, "can't lock file '/run/lock/lxc/pve-config-1.lock' - got timeout", Retryable, 'pve_locked'),
    (500, 'CT is locked (backup)', Retryable, 'pve_locked'),
    (500, "Configuration file 'nodes/pve1/lxc/1.conf' does not exist", NotFound, 'pve_missing'),
    (500, 'lvcreate: No space left on device', Permanent, 'pve_storage_full'),
    (500, 'CT 20000 already exists on node \'pve1\'', Permanent, 'pve_vmid_taken'),
    (500, 'got a fault on demand', Retryable, 'pve_rejected'),
    (501, 'Method not implemented', Permanent, 'pve_rejected'),
    (595, 'Connection refused', Unreachable, 'pve_node_down'),
    (596, 'Connection timed out', Unreachable, 'pve_node_down'),
    (503, 'Service Unavailable', Unreachable, 'pve_node_down'),
])
def test_answers_are_told_apart(api, pve, status, message, kind, problem):
    pve.control.fail('/version', status=status, message=message)
    error = refused(api, kind)
    assert error.problem == problem and message.rstrip('?').split(' ')[0] in str(error)


def test_a_wrong_value_names_its_field(api):
    error = refused(api, Permanent, 'nodes/pve1/lxc/9000/clone', 'post', newid='x', **CLONE)
    assert error.problem == 'pve_parameter' and 'newid' in str(error)


@pytest.mark.parametrize(('kind', 'problem'), [('drop', 'pve_unreachable'), ('hang', 'pve_unreachable')])
def test_no_answer_ends_in_time(api, pve, kind, problem):
    pve.control.fail('/version', kind=kind, seconds=20)
    began = time.monotonic()
    assert refused(dataclasses.replace(api, timeout=0.1), Unreachable).problem == problem
    assert time.monotonic() - began < 20, 'the limit is ours, not the other side\'s'


def test_a_page_of_a_proxy_is_no_answer(api, pve):
    pve.control.fail('/version', kind='html', status=502)
    assert refused(api, Unreachable).problem == 'pve_node_down'
    pve.control.fail('/version', kind='html', status=200)
    assert refused(api, Permanent).problem == 'pve_foreign'


def test_nothing_listens(api):
    assert refused(dataclasses.replace(api, url='https://127.0.0.1:1'), Unreachable).problem == 'pve_unreachable'


def test_the_secret_is_in_no_error_and_no_repr(api, pve, caplog):
    caplog.set_level('DEBUG')
    said = [repr(api)]
    for fault in ({'status': 403, 'message': 'Permission check failed'}, {'status': 401, 'message': 'no ticket'},
                  {'kind': 'drop'}):
        pve.control.fail('/version', **fault)
        with PveSession(api) as session, pytest.raises(Exception) as caught:
            session.get('version')
        said += [str(caught.value), repr(caught.value), repr(session)]
    assert all(api.token_secret not in words for words in (*said, caplog.text))


# -- tasks ----------------------------------------------------------------------------------

def test_a_task_is_watched_to_its_end(session, golden):
    assert tasks.watch(session, begun(session, golden), 'Cloning') is None
    assert tasks.watch(session, 'OK', 'Backing up') is None, 'what was done at once has no UPID'


def test_a_slow_task_tells_how_far_it_is_and_lets_its_worker_go(session, pve, golden):
    pve.control.tasks_slow(SLOW, 'vzclone')
    upid = begun(session, golden)
    answer = tasks.watch(session, upid, 'Cloning', patience=SLOW / 2)
    assert isinstance(answer, NotYet) and answer.task == upid and answer.after == tasks.LOOK_AGAIN
    assert '%' in answer.note
    assert tasks.active(session, 'pve1', ('vzclone',)) == [upid]
    assert tasks.watch(session, upid, 'Cloning', patience=30) is None
    assert tasks.active(session, 'pve1', ('vzclone',)) == []


def test_warnings_are_success(session, pve, golden):
    pve.control.task_warns('vzclone')
    upid = begun(session, golden)
    assert tasks.watch(session, upid, 'Cloning') is None
    assert tasks.look(session, upid).status == tasks.WARNINGS


@pytest.mark.parametrize(('message', 'kind', 'problem'), [
    ('command failed: exit code 5', Retryable, 'pve_rejected'), ('No space left on device', Permanent, 'pve_storage_full'),
    ("can't lock file '/x' - got timeout", Retryable, 'pve_locked')])
def test_a_task_that_fails_says_why(session, pve, golden, message, kind, problem):
    pve.control.task_fails('vzclone', message)
    with pytest.raises(kind) as caught:
        tasks.watch(session, begun(session, golden), 'Cloning the golden container')
    assert caught.value.problem == problem
    assert 'Cloning the golden container' in str(caught.value) and message in str(caught.value)


def test_a_task_of_a_node_that_died_is_out_of_reach(session, pve, golden):
    pve.control.tasks_slow(30, 'vzclone')
    upid = begun(session, golden)
    pve.control.node_down('pve1')
    with pytest.raises(Unreachable):
        tasks.watch(session, upid, 'Cloning', patience=1)
    pve.control.node_up('pve1')
    with pytest.raises(Retryable, match='unexpected'):
        tasks.watch(session, upid, 'Cloning', patience=5)


@pytest.mark.parametrize('upid', ['UPID', 'UPID:pve1:000F0000:00F00000:60000000:vzclone:1:saas@pve!master:'])
def test_a_task_that_nobody_knows_is_not_found(session, upid):
    with pytest.raises(NotFound) as caught:
        tasks.look(session, upid)
    assert caught.value.problem == 'pve_missing'
