"""Containers of a node of Proxmox VE, where it has something of its own: numbers, marks, locks, disks, other nodes."""
import dataclasses
from urllib.parse import parse_qsl

import pytest
from drivers.errors import NotFound, Permanent, Retryable, Unreachable
from drivers.host import ABSENT, STAGING
from drivers.pve.api import PveSession
from drivers.pve.config import mark_of_tags, properties
from drivers.pve.dedicated_node import DedicatedNode
from drivers.waiting import NotYet

from pve_fixtures import FIRST_VMID, SLOW, dedicated_tenant, finish, with_task


@pytest.fixture
def host(dedicated):
    return dedicated(FIRST_VMID)


@pytest.fixture
def made(host, golden, pve):
    """``made()``: a tenant whose container is cloned and configured."""
    def make(**values):
        tenant = dedicated_tenant(**values)
        finish(host.clone, tenant, golden)
        finish(host.configure, tenant)
        return tenant
    return make


def held(pve, vmid=FIRST_VMID):
    return pve.control.containers()[vmid]


def changed(tenant, **values):
    return dataclasses.replace(tenant, container=dataclasses.replace(tenant.container, **values))


# -- cloning --------------------------------------------------------------------------------

def test_it_is_ours_from_the_first_moment_and_has_what_it_was_given(made, pve):
    tenant = made(memory_mib=1536, cores=2, disk_gib=12, vlan=7, hostname='acme')
    container, found = tenant.container, held(pve)
    config, card = found['config'], properties(found['config']['net0'])
    assert found['pool'] == pve.pool and found['status'] == 'stopped'
    assert config['description'].startswith(f'saas:{container.mark}\n') and mark_of_tags(config['tags']) == container.mark
    assert (config['hostname'], config['memory'], config['cores'], config['onboot']) == ('acme', 1536, 2, 1)
    assert (card['ip'], card['gw'], card['bridge'], card['tag'], card['firewall']) == (
        f'{container.address}/24', '10.9.8.1', pve.bridge, '7', '1')
    assert 'size=12G' in config['rootfs']


def test_configuring_again_asks_for_no_change(made, host, pve):
    tenant = made()
    card, calls = held(pve)['config']['net0'], len(pve.control.calls())
    host.configure(tenant)
    assert {call['method'] for call in pve.control.calls()[calls:]} == {'GET'}
    assert held(pve)['config']['net0'] == card


@pytest.mark.parametrize('full', [False, True])
def test_linked_or_full(host, golden, pve, full):
    tenant = dedicated_tenant()
    finish(host.clone, tenant, dataclasses.replace(golden, full=full))
    body = dict(parse_qsl(next(call['body'] for call in pve.control.calls()[::-1] if call['path'].endswith('/clone'))))
    assert (body.get('full'), body.get('storage')) == (('1', pve.storage) if full else (None, None))


def test_a_golden_container_of_another_node_is_cloned_across(pve_node, insides, pve, golden):
    """Where they share a storage; else it is said what to do."""
    tenant, elsewhere = dedicated_tenant(), dataclasses.replace(golden, node='pve2', vmid=pve.golden['pve2'], full=True)
    with pytest.raises(Permanent, match='Build a template on that node') as caught:
        finish(DedicatedNode(pve_node, insides.open).clone, tenant, elsewhere)
    assert caught.value.problem == 'pve_not_shared' and FIRST_VMID not in pve.control.containers()
    host = DedicatedNode(dataclasses.replace(pve_node, storage=pve.shared_storage), insides.open)
    finish(host.clone, tenant, elsewhere)
    assert held(pve)['node'] == 'pve1'


@pytest.mark.parametrize('how', ['there before', 'taken just now'])
def test_a_number_of_somebody_else_s_is_told_by_its_problem(host, golden, pve, how):
    if how == 'there before':
        pve.control.create(FIRST_VMID, 'theirs', node='pve2')
    else:
        pve.control.collide()
    with pytest.raises(Permanent) as caught:
        finish(host.clone, dedicated_tenant(), golden)
    assert caught.value.problem == 'pve_vmid_taken'
    assert 'saas:' not in (held(pve)['config'].get('description') or ''), 'theirs stays as it is'


def test_a_clone_whose_answer_was_lost_is_adopted(host, golden, pve):
    pve.control.fail('/clone', 'POST', kind='drop_after')
    tenant = dedicated_tenant()
    with pytest.raises(Unreachable):
        host.clone(golden, tenant)
    assert finish(host.clone, tenant, golden) is None
    assert held(pve)['config']['description'].startswith(f'saas:{tenant.container.mark}')


def test_a_clone_that_goes_on_is_waited_for_without_its_task(host, golden, pve, impatient):
    """The worker was killed before it could note the UPID."""
    pve.control.tasks_slow(SLOW, 'vzclone')
    tenant = dedicated_tenant()
    first = host.clone(golden, tenant)
    assert isinstance(first, NotYet)
    begun = len(pve.control.tasks())
    assert isinstance(host.clone(golden, tenant), NotYet)
    assert len(pve.control.tasks()) == begun
    assert finish(host.clone, tenant, golden) is None


LOST = 'UPID:pve1:000F0000:00F00000:60000000:{}:20000:saas@pve!master:'


def test_a_task_that_nobody_knows_any_more_is_looked_for_by_its_effect(host, golden, pve):
    tenant = dedicated_tenant()
    assert finish(host.clone, with_task(tenant, LOST.format('vzclone')), golden) is None
    for act, status in ((host.configure, 'stopped'), (host.start, 'running'), (host.stop, 'stopped')):
        assert finish(act, with_task(tenant, LOST.format('vzstart'))) is None
        assert held(pve)['status'] == status
    assert finish(host.remove, with_task(tenant, LOST.format('vzdestroy'))) is None
    assert FIRST_VMID not in pve.control.containers()


def test_half_a_clone_says_what_to_do(host, golden, pve):
    pve.control.create(FIRST_VMID, node='pve1', description=f'saas:{"e" * 32}')
    pve.control.lock(FIRST_VMID, 'create')
    tenant = dedicated_tenant(mark='e' * 32)
    with pytest.raises(Permanent, match='pct unlock') as caught:
        host.clone(golden, tenant)
    assert caught.value.problem == 'pve_locked'


# -- when something is in the way -------------------------------------------------------------

@pytest.mark.parametrize(('hinder', 'kind', 'problem'), [
    (lambda control: control.storage_full('local-lvm'), Permanent, 'pve_storage_full'),
    (lambda control: control.quorum(False), Retryable, 'pve_no_quorum'),
    (lambda control: control.node_down('pve1'), Unreachable, 'pve_node_down'),
    (lambda control: control.task_fails('vzclone', 'command failed: exit code 5'), Retryable, 'pve_rejected'),
])
def test_a_clone_that_cannot_be_made_leaves_nothing_and_goes_on_later(host, golden, pve, hinder, kind, problem):
    full, tenant = dataclasses.replace(golden, full=True), dedicated_tenant()
    hinder(pve.control)
    with pytest.raises(kind) as caught:
        finish(host.clone, tenant, full)
    assert caught.value.problem == problem
    pve.control.heal()
    assert FIRST_VMID not in pve.control.containers()
    assert finish(host.clone, tenant, full) is None


@pytest.mark.parametrize('act', ['configure', 'start', 'remove'])
def test_what_is_locked_is_tried_again(made, host, pve, act):
    tenant = made()
    pve.control.settings(lock_wait=0)
    pve.control.lock(FIRST_VMID, 'backup')
    with pytest.raises(Retryable) as caught:
        finish(getattr(host, act), changed(tenant, memory_mib=777))
    assert caught.value.problem == 'pve_locked'
    pve.control.unlock(FIRST_VMID)
    assert finish(getattr(host, act), changed(tenant, memory_mib=777)) is None


# -- power ----------------------------------------------------------------------------------

def test_it_starts_and_stops_once(made, host, pve):
    tenant = made()
    for act, status in (('start', 'running'), ('stop', 'stopped')):
        finish(getattr(host, act), tenant)
        assert held(pve)['status'] == status
        begun = len(pve.control.tasks())
        finish(getattr(host, act), tenant)
        assert len(pve.control.tasks()) == begun, 'what is so already is not asked for'


def test_what_the_ha_manager_looks_after_is_believed_when_it_is_so(made, host, pve):
    tenant = made()
    pve.control.settings(ha_delay=1)
    pve.control.ha(FIRST_VMID, 'stopped')
    answer = host.start(tenant)
    assert isinstance(answer, NotYet) and 'hastart' in answer.task and 'HA manager' in answer.note
    pve.control.start(FIRST_VMID)
    assert host.start(with_task(tenant, answer.task)) is None
    pve.control.settings(ha_delay=0)


def test_a_container_that_was_moved_is_found_where_it_is(made, host, pve):
    tenant = made()
    pve.control.migrate(FIRST_VMID, 'pve2')
    finish(host.start, tenant)
    assert (held(pve)['node'], held(pve)['status']) == ('pve2', 'running')
    finish(host.stop, tenant)
    finish(host.remove, tenant)
    assert FIRST_VMID not in pve.control.containers()


def test_one_that_somebody_removed_is_missing(made, host, pve):
    tenant = made()
    pve.control.destroy(FIRST_VMID)
    for act in ('configure', 'start'):
        with pytest.raises(NotFound, match='somebody has removed it') as caught:
            finish(getattr(host, act), tenant)
        assert caught.value.problem == 'pve_missing'
    assert host.look(tenant) == ABSENT


def test_what_does_not_run_is_not_looked_into(made, host, insides):
    tenant = made()
    assert host.look(tenant) == STAGING
    with pytest.raises(Retryable) as caught:
        host.personalise(tenant)
    assert caught.value.problem == 'pct_stopped'


# -- another plan -----------------------------------------------------------------------------

def test_a_running_container_is_resized_where_that_goes(made, host, pve):
    tenant = made(memory_mib=1024, cores=1, disk_gib=8)
    finish(host.start, tenant)
    assert finish(host.resize, changed(tenant, memory_mib=2048, cores=3, disk_gib=20)) == ''
    config = held(pve)['config']
    assert (config['memory'], config['cores']) == (2048, 3) and 'size=20G' in config['rootfs']
    assert held(pve)['status'] == 'running'


def test_what_waits_for_the_next_start_is_named(made, host, pve):
    tenant = made()
    finish(host.start, tenant)
    with PveSession(host.spec.api) as session:
        session.put(f'nodes/pve1/lxc/{FIRST_VMID}/config', timezone='Europe/Madrid', ostype='debian', arch='amd64', cmode='shell')
    waiting = held(pve)['pending']
    assert waiting and finish(host.resize, tenant) == ', '.join(sorted(waiting))


def test_a_disk_never_becomes_smaller(made, host, pve):
    tenant = made(disk_gib=12)
    finish(host.resize, changed(tenant, disk_gib=9))
    assert 'size=12G' in held(pve)['config']['rootfs']


# -- away -----------------------------------------------------------------------------------

def test_removing_takes_a_running_one_with_all_that_refers_to_it(made, host, pve):
    tenant = made()
    finish(host.start, tenant)
    finish(host.remove, tenant)
    call = next(call for call in pve.control.calls()[::-1] if call['method'] == 'DELETE')
    assert call['path'].endswith(f'/lxc/{FIRST_VMID}')
    assert FIRST_VMID not in pve.control.containers()


def test_a_removal_whose_answer_was_lost_is_done(made, host, pve):
    tenant = made()
    pve.control.fail('/lxc/', 'DELETE', kind='drop_after')
    with pytest.raises(Unreachable):
        host.remove(tenant)
    assert finish(host.remove, tenant) is None
    assert FIRST_VMID not in pve.control.containers()
