"""What is seen of a whole cluster in one call."""
import pytest
from drivers.errors import Unreachable
from drivers.pve.observe import observe

from pve_fixtures import FIRST_VMID, dedicated_tenant, finish


@pytest.fixture
def three(dedicated, golden, pve):
    """Tenants with a container each; the second runs."""
    tenants = [dedicated_tenant(number) for number in range(3)]
    for tenant in tenants:
        host = dedicated(tenant.container.vmid)
        finish(host.clone, tenant, golden)
        finish(host.configure, tenant)
    finish(host.start, tenants[1])
    return tenants


def seen(api):
    return {one.vmid: one for one in observe(api).containers}


def test_ours_are_seen_in_one_call_and_nobody_else_s(api, pve, three):
    pve.control.create(150, 'theirs', node='pve2', tags='web')
    calls = len(pve.control.calls())
    found = seen(api)
    assert [call['path'].rpartition('/cluster/')[2] for call in pve.control.calls()[calls:]] == ['resources']
    assert set(found) == {tenant.container.vmid for tenant in three}, 'neither theirs nor templates'
    for tenant in three:
        one = found[tenant.container.vmid]
        assert (one.node, one.name, one.mark) == ('pve1', tenant.container.hostname, tenant.container.mark)
    assert [found[FIRST_VMID + number].state for number in range(3)] == ['stopped', 'running', 'stopped']


def test_what_it_uses(api, pve, three):
    pve.control.usage(FIRST_VMID + 1, cpu=0.25, mem=512 * 2**20, disk=3 * 2**30)
    one = seen(api)[FIRST_VMID + 1]
    assert (one.cpu, one.memory, one.disk) == (0.25, 512 * 2**20, 3 * 2**30)


def test_what_people_did_by_hand(api, pve, three):
    pve.control.stop(FIRST_VMID + 1)
    pve.control.migrate(FIRST_VMID, 'pve3')
    pve.control.destroy(FIRST_VMID + 2)
    found = seen(api)
    assert {vmid: (one.state, one.node) for vmid, one in found.items()} == {
        FIRST_VMID: ('stopped', 'pve3'), FIRST_VMID + 1: ('stopped', 'pve1')}


def test_of_a_node_that_died_the_state_is_unknown(api, pve, three):
    pve.control.node_down('pve1')
    overview = observe(api)
    assert {one.state for one in overview.containers} <= {'unknown'}
    assert {node.name: node.is_online for node in overview.nodes} == {'pve1': False, 'pve2': True, 'pve3': True}


def test_nodes_tell_what_they_have(api, pve):
    pve.control.node('pve2', memory=8192, used_memory=2048, cores=4, cpu=0.5)
    node = next(node for node in observe(api).nodes if node.name == 'pve2')
    assert (node.cores, node.cpu, node.memory_total, node.memory) == (4, 0.5, 8192 * 2**20, 2048 * 2**20)


def test_a_cluster_that_cannot_be_asked_is_an_error(api, pve):
    pve.control.fail('/cluster/resources', kind='drop')
    with pytest.raises(Unreachable):
        observe(api)
