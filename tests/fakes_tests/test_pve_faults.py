"""Faults on demand, and what people do on a node past the API."""
import time

import pytest
import requests

from .pve_fixtures import fake_pve, pve  # noqa: F401

START = '/nodes/pve1/lxc/101/status/start'


@pytest.fixture
def clone(pve):  # noqa: F811
    pve.clone(101)
    return 101


# -- calls -----------------------------------------------------------------------------------------------------------
def test_the_next_call_that_fits_is_refused(pve):  # noqa: F811
    pve.control.fail('/version$', 'GET', 502, 'Bad Gateway', skip=1)
    assert pve.data('GET', '/nodes') and pve.data('GET', '/version')
    assert pve.refused('GET', '/version') == (502, 'Bad Gateway')
    assert pve.data('GET', '/version') and pve.control.faults() == []


def test_some_of_a_hundred(pve):  # noqa: F811
    pve.control.settings(seed=7)
    pve.control.fail_some(50, '/version')
    codes = [pve.ask('GET', '/version').status_code for _number in range(40)]
    assert 10 <= codes.count(500) <= 30 and set(codes) == {200, 500}


@pytest.mark.parametrize('kind, done', [('drop', False), ('drop_after', True)])
def test_the_connection_is_cut(pve, kind, done):  # noqa: F811
    pve.control.fail('/clone', kind=kind)
    with pytest.raises(requests.exceptions.ConnectionError):
        pve.ask('POST', '/nodes/pve1/lxc/9000/clone', newid=103, pool='saas')
    assert (103 in pve.control.containers()) is done


def test_done_yet_refused(pve, clone):  # noqa: F811
    pve.control.fail('/config', 'PUT', kind='error_after')
    assert pve.refused('PUT', '/nodes/pve1/lxc/101/config', memory=321)[0] == 500
    assert pve.control.containers()[101]['config']['memory'] == 321


def test_a_page_instead_of_an_answer(pve):  # noqa: F811
    pve.control.fail('/version', kind='html', status=502)
    answer = pve.ask('GET', '/version')
    assert answer.status_code == 502 and answer.text.startswith('<html>')


def test_no_answer_in_time(pve):  # noqa: F811
    pve.control.fail('/version', kind='hang', seconds=30)
    with pytest.raises(requests.exceptions.ReadTimeout):
        pve.session.get(f'{pve.url}/api2/json/version', timeout=0.3)
    assert pve.data('GET', '/version')


# -- tasks -----------------------------------------------------------------------------------------------------------
def test_a_task_fails(pve):  # noqa: F811
    pve.control.task_fails('vzclone', 'clone failed: no luck')
    assert pve.ended(pve.data('POST', '/nodes/pve1/lxc/9000/clone', newid=101, pool='saas')) == 'clone failed: no luck'
    assert 101 not in pve.control.containers() and pve.control.containers()[9000]['lock'] is None


def test_a_task_warns(pve, clone):  # noqa: F811
    pve.control.task_warns('vzstart')
    upid = pve.data('POST', START)
    assert pve.ended(upid) == 'WARNINGS: 1' and pve.log(upid)[-1] == 'TASK WARNINGS: 1'
    assert pve.control.containers()[101]['status'] == 'running'


def test_slow_tasks_tell_of_progress_and_hold_their_lock(pve):  # noqa: F811
    pve.control.tasks_slow(1.2, 'vzclone')
    upid = pve.data('POST', '/nodes/pve1/lxc/9000/clone', newid=101, pool='saas')
    assert pve.control.containers()[101]['lock'] == 'create'
    assert pve.refused('PUT', '/nodes/pve1/lxc/101/config', memory=300) == (500, 'CT is locked (create)')
    assert pve.ended(upid) == 'OK'
    assert [line.split()[-1] for line in pve.log(upid)[1:-1]] == ['(25.00%)', '(50.00%)', '(75.00%)', '(100.00%)']


def test_a_number_taken_by_somebody_else(pve):  # noqa: F811
    pve.control.collide()
    assert pve.refused('POST', '/nodes/pve1/lxc/9000/clone', newid=105, pool='saas')[1] == \
        "CT 105 already exists on node 'pve1'"
    assert pve.control.containers()[105]['name'] == 'somebody-else'
    pve.clone(106)


# -- nodes, cluster, storage -------------------------------------------------------------------------------------------
def test_a_node_dies_in_the_middle_of_a_clone(pve):  # noqa: F811
    pve.control.tasks_slow(5, 'vzclone')
    upid = pve.data('POST', '/nodes/pve1/lxc/9000/clone', newid=101, pool='saas')
    pve.control.node_down('pve1')
    assert pve.refused('GET', f'/nodes/pve1/tasks/{upid}/status')[0] == 595
    assert {row['node']: row['status'] for row in pve.data('GET', '/nodes')} == {'pve1': 'offline', 'pve2': 'online'}
    pve.control.node_up('pve1')
    assert pve.ended(upid) == 'unexpected status'
    assert pve.control.containers()[101]['lock'] == 'create', 'half-made, as it would be'


def test_no_quorum(pve, clone):  # noqa: F811
    pve.control.quorum(False)
    assert pve.refused('POST', START) == (500, 'cluster not ready - no quorum?')
    assert pve.data('GET', '/cluster/status')[0]['quorate'] == 0


def test_a_full_storage(pve):  # noqa: F811
    pve.control.storage_full('local-lvm')
    end = pve.ended(pve.data('POST', '/nodes/pve1/lxc/9000/clone', newid=101, pool='saas', full=1))
    assert 'insufficient free space' in end and 101 not in pve.control.containers()
    refused = pve.refused('POST', '/nodes/pve1/lxc', vmid=102, ostemplate=pve.fake.ostemplate, storage='local-lvm', pool='saas')
    assert 'insufficient free space' in refused[1] and 102 not in pve.control.containers()


# -- by hand ---------------------------------------------------------------------------------------------------------
def test_stopped_moved_and_removed_by_hand(pve, clone):  # noqa: F811
    pve.done('POST', START)
    pve.control.stop(101)
    assert pve.data('GET', '/nodes/pve1/lxc/101/status/current')['status'] == 'stopped'
    pve.control.migrate(101, 'pve2')
    assert pve.refused('GET', '/nodes/pve1/lxc/101/config')[0] == 500
    assert pve.data('GET', '/nodes/pve2/lxc/101/config')['hostname'] == 'ct101'
    pve.control.destroy(101)
    assert 'lxc/101' not in [row['id'] for row in pve.data('GET', '/cluster/resources', type='vm')]


def test_locked_by_hand(pve, clone):  # noqa: F811
    pve.control.lock(101, 'backup')
    assert pve.ended(pve.data('POST', START)) == 'CT is locked (backup)'
    pve.control.unlock(101)
    pve.done('POST', START)


def test_the_ha_manager_only_takes_notice(pve, clone):  # noqa: F811
    pve.control.ha(101, 'stopped')
    upid = pve.data('POST', START)
    assert ':hastart:101:' in upid and pve.ended(upid) == 'OK'
    deadline = time.monotonic() + 10
    while pve.control.containers()[101]['status'] != 'running':
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_somebody_elses_container_is_just_there(pve):  # noqa: F811
    pve.control.create(150, 'theirs', 'pve2', tags='other')
    assert pve.data('GET', '/nodes/pve2/lxc/150/config')['tags'] == 'other'


def test_calls_are_kept(pve):  # noqa: F811
    before = pve.control.calls()[-1]['number']
    pve.data('GET', '/version')
    assert [call['path'] for call in pve.control.calls(before)] == ['/api2/json/version']
