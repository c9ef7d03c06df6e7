"""States of a container that are kept, and going back to one: each act once, however often it is asked for."""
import dataclasses

import pytest
from drivers.errors import DriverError, NotFound, Permanent
from drivers.pve import tasks
from drivers.pve.api import PveSession
from drivers.pve.backups import Backups
from drivers.pve.config import description, mark_of
from drivers.waiting import NotYet

from pve_fixtures import FIRST_VMID, SLOW, dedicated_tenant, finish, with_task


@pytest.fixture
def tenant(dedicated, golden):
    tenant, host = dedicated_tenant(memory_mib=512), dedicated(FIRST_VMID)
    finish(host.clone, tenant, golden)
    finish(host.configure, tenant)
    finish(host.start, tenant)
    return tenant


@pytest.fixture
def backups(pve_node, tenant, pve):
    """They outlive their containers: taken away at the end."""
    yield Backups(pve_node)
    pve.control.forget_backups()


def ended(method, tenant, *arguments):
    """With arguments behind the tenant."""
    return finish(lambda one: method(one, *arguments), tenant)


def kept(backups, tenant, kind):
    return [one.name for one in backups.kept(tenant) if one.kind == kind]


def held(pve):
    return pve.control.containers()[FIRST_VMID]


def test_back_to_a_snapshot(backups, tenant, pve):
    for _again in range(2):
        ended(backups.snapshot, tenant, 'before')
        assert kept(backups, tenant, 'snapshot') == ['before']
    pve.control.configure(FIRST_VMID, memory=2222)
    ended(backups.rollback, tenant, 'before')
    assert held(pve)['config']['memory'] == 512
    for _again in range(2):
        ended(backups.remove_snapshot, tenant, 'before')
        assert kept(backups, tenant, 'snapshot') == []


def test_there_is_no_such_snapshot(backups, tenant):
    with pytest.raises(NotFound, match='choose another'):
        backups.rollback(tenant, 'never')


@pytest.mark.parametrize('name', ['', '1st', 'a b', '../x', 'x' * 41])
def test_names_of_snapshots(backups, tenant, name):
    for act in (backups.snapshot, backups.rollback, backups.remove_snapshot):
        with pytest.raises(Permanent, match='name of a snapshot'):
            act(tenant, name)


def test_back_to_a_backup(backups, tenant, pve):
    ended(backups.backup, tenant)
    volume, = kept(backups, tenant, 'backup')
    pve.control.configure(FIRST_VMID, memory=2222)
    ended(backups.restore, tenant, volume)
    found = held(pve)
    assert found['config']['memory'] == 512 and found['status'] == 'stopped'
    assert found['config']['description'].startswith(f'saas:{tenant.container.mark}'), 'it is the same tenant'
    for _again in range(2):
        ended(backups.remove_backup, tenant, volume)
        assert kept(backups, tenant, 'backup') == []


def test_a_backup_that_goes_on_is_not_begun_twice(backups, tenant, pve, impatient):
    pve.control.tasks_slow(SLOW, 'vzdump')
    first = backups.backup(tenant)
    assert isinstance(first, NotYet) and ':vzdump:' in first.task
    again = backups.backup(tenant)      # killed before the UPID was noted
    assert isinstance(again, NotYet) and again.task == first.task
    assert finish(backups.backup, with_task(tenant, first.task)) is None
    assert len(kept(backups, tenant, 'backup')) == 1


LOST = f'UPID:pve1:000F0000:00F00000:60000000:{{}}:{FIRST_VMID}:saas@pve!master:'


def test_what_nobody_knows_to_have_been_done_is_done_again(backups, tenant, pve):
    ended(backups.snapshot, tenant, 'before')
    pve.control.configure(FIRST_VMID, memory=2222)
    ended(backups.rollback, with_task(tenant, LOST.format('vzrollback')), 'before')
    assert held(pve)['config']['memory'] == 512
    ended(backups.backup, with_task(tenant, LOST.format('vzdump')))
    volume, = kept(backups, tenant, 'backup')
    pve.control.configure(FIRST_VMID, memory=2222)
    ended(backups.restore, with_task(tenant, LOST.format('vzrestore')), volume)
    assert held(pve)['config']['memory'] == 512


def test_a_container_that_somebody_removed_is_made_again(backups, tenant, pve):
    ended(backups.backup, tenant)
    pve.control.destroy(FIRST_VMID)
    volume, = kept(backups, tenant, 'backup')
    assert kept(backups, tenant, 'snapshot') == []
    for _again in range(2):
        ended(backups.restore, tenant, volume)
        found = held(pve)
        assert (found['node'], found['status'], found['pool']) == ('pve1', 'stopped', pve.pool)
        assert mark_of(found['config']) == tenant.container.mark


def test_its_number_was_taken_meanwhile(backups, tenant, pve):
    """Whoever has it is left alone, also when he took it between our look and our call."""
    ended(backups.backup, tenant)
    volume, = kept(backups, tenant, 'backup')
    pve.control.destroy(FIRST_VMID)
    pve.control.collide()
    with pytest.raises(DriverError, match='already exists'):
        ended(backups.restore, tenant, volume)
    assert held(pve)['name'] == 'somebody-else'
    with pytest.raises(Permanent) as caught:
        ended(backups.restore, tenant, volume)
    assert caught.value.problem == 'pve_vmid_taken' and held(pve)['name'] == 'somebody-else'


def test_backups_of_one_that_is_gone_are_removed(backups, tenant, pve, impatient):
    for _number in range(2):
        ended(backups.backup, tenant)
    first, second = kept(backups, tenant, 'backup')
    pve.control.destroy(FIRST_VMID)
    ended(backups.remove_backup, tenant, first)
    assert kept(backups, tenant, 'backup') == [second]
    for _again in range(2):
        ended(backups.remove_backup, tenant, second)
        assert pve.control.backups() == {}


def test_reading_back_what_is_gone_is_not_begun_twice(backups, tenant, pve, impatient):
    ended(backups.backup, tenant)
    volume, = kept(backups, tenant, 'backup')
    pve.control.destroy(FIRST_VMID)
    pve.control.tasks_slow(SLOW, 'vzrestore')
    first, again = backups.restore(tenant, volume), backups.restore(tenant, volume)      # killed before the UPID was noted
    assert first.task and first.task == again.task
    ended(backups.restore, with_task(tenant, first.task), volume)
    assert mark_of(held(pve)['config']) == tenant.container.mark


def test_a_backup_of_who_had_the_number_before_is_refused(backups, tenant, pve, api):
    pve.control.configure(FIRST_VMID, description='somebody else')
    with PveSession(api) as session:
        assert tasks.watch(session, session.post(
            'nodes/pve1/vzdump', vmid=FIRST_VMID, storage=pve.backup_storage, mode='snapshot'), 'backup', SLOW) is None
    pve.control.configure(FIRST_VMID, description=description(tenant.container))
    volume, = kept(backups, tenant, 'backup')
    for act in (backups.restore, backups.remove_backup):
        with pytest.raises(Permanent, match='another machine'):
            act(tenant, volume)
    assert held(pve)['status'] == 'running' and kept(backups, tenant, 'backup') == [volume]


def test_half_restored_says_what_to_do(backups, tenant, pve):
    """Its node was cut off from power meanwhile."""
    ended(backups.backup, tenant)
    volume, = kept(backups, tenant, 'backup')
    pve.control.lock(FIRST_VMID, 'create')
    with pytest.raises(Permanent, match='pct unlock') as caught:
        backups.restore(tenant, volume)
    assert caught.value.problem == 'pve_locked'


def test_before_anything_is_lost_it_is_seen_that_the_backup_is_there(backups, tenant, pve):
    volume = f'{pve.backup_storage}:backup/vzdump-lxc-{FIRST_VMID}-2026_01_01-00_00_00.tar.zst'
    with pytest.raises(NotFound, match='no backup'):
        backups.restore(tenant, volume)
    assert held(pve)['status'] == 'running'


@pytest.mark.parametrize('volume', [
    'local:backup/vzdump-lxc-1-2026_01_01-00_00_00.tar.zst', 'other:backup/vzdump-lxc-20000-x.tar.zst', 'local:iso/x', ''])
def test_backups_of_others_are_refused(backups, tenant, pve, volume):
    for act in (backups.restore, backups.remove_backup):
        with pytest.raises(Permanent, match='is no backup of the container'):
            act(tenant, volume)
    assert held(pve)['status'] == 'running'


def test_without_a_storage_for_backups_it_says_so(pve_node, tenant):
    backups = Backups(dataclasses.replace(pve_node, backup_storage=''))
    with pytest.raises(Permanent, match='no storage for backups'):
        backups.backup(tenant)


def test_what_is_not_ours_is_not_touched(backups, tenant, pve):
    pve.control.configure(FIRST_VMID, description='somebody else')
    for act in (lambda: backups.snapshot(tenant, 'before'), lambda: backups.backup(tenant), lambda: backups.kept(tenant)):
        with pytest.raises(Permanent) as caught:
            act()
        assert caught.value.problem == 'pve_vmid_taken'
