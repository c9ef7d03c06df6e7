"""The test of a cluster and of its nodes: whatever is wrong has a code, and every missing privilege its name."""
import contextlib
import dataclasses

import pytest
from drivers.errors import Unreachable
from drivers.pve.examine import ON_CONTAINERS, ON_NODE, ON_STORAGE, examine_cluster, examine_node
from drivers.transport import Result


class Pct:
    """An access to the node as far as the test uses it."""

    def __init__(self, code=0, said='VMID Status\n', error=None):
        self.code, self.said, self.error = code, said, error

    @contextlib.contextmanager
    def open(self):
        if self.error:
            raise self.error
        yield self

    def run(self, argv, timeout, stdin=b''):
        assert tuple(argv) == ('pct', 'list')
        return Result(self.code, self.said, self.said)


def problems(report):
    return {look.part: (look.problem, look.values) for look in report.problems}


def codes(report):
    return {look.part: look.problem for look in report.problems}


# -- the cluster ----------------------------------------------------------------------------

def test_a_healthy_cluster(api):
    report = examine_cluster(api)
    assert codes(report) == {} and [look.part for look in report.looks] == [
        'pve_api', 'pve_version', 'pve_quorum', 'pve_pool', 'pve_rights']


@pytest.mark.parametrize('privilege', ON_CONTAINERS)
def test_each_missing_privilege_is_named(api, pve, privilege):
    pve.control.revoke(privilege)
    found = problems(examine_cluster(api))
    assert found['pve_rights'] == ('pve_rights', {'path': '/pool/saas', 'privileges': privilege})


def test_several_missing_privileges_are_all_named(api, pve):
    for privilege in ('VM.Clone', 'VM.Snapshot', 'VM.Backup'):
        pve.control.revoke(privilege)
    names = problems(examine_cluster(api))['pve_rights'][1]['privileges'].split(', ')
    assert set(names) == {'VM.Clone', 'VM.Snapshot', 'VM.Backup'}


def test_without_a_pool_the_rights_are_those_on_all_containers(api, pve):
    api = dataclasses.replace(api, pool='')
    assert codes(examine_cluster(api)) == {}
    pve.control.revoke('VM.Clone', '/vms')
    assert problems(examine_cluster(api))['pve_rights'][1] == {'path': '/vms', 'privileges': 'VM.Clone'}


def test_a_pool_that_is_not_there(api, pve):
    pve.control.grant('/pool/none', 'Pool.Audit', *ON_CONTAINERS)
    assert codes(examine_cluster(dataclasses.replace(api, pool='none')))['pve_pool'] == 'pve_no_pool'


@pytest.mark.parametrize(('values', 'problem'), [
    ({'token_secret': 'wrong'}, 'pve_token'), ({'ca': '', 'fingerprint': 'AB:' * 31 + 'AB'}, 'pve_tls'),
    ({'url': 'https://127.0.0.1:1'}, 'pve_unreachable'), ({'url': 'http://x'}, 'pve_address')])
def test_what_cannot_be_asked_is_told_once(api, values, problem):
    report = examine_cluster(dataclasses.replace(api, **values))
    assert codes(report) == {'pve_api': problem}
    assert {look.problem for look in report.looks[1:]} == {'not_asked'}


def test_an_old_version_no_quorum_and_silent_nodes(api, pve):
    pve.control.settings(version='7.4-3')
    pve.control.quorum(False)
    found = problems(examine_cluster(api))
    assert found['pve_version'] == ('pve_old', {'version': '7.4-3'}) and found['pve_quorum'][0] == 'pve_no_quorum'
    pve.control.settings(version='9.0.10')
    pve.control.quorum(True)
    pve.control.node_down('pve2')
    pve.control.node_down('pve3')
    assert problems(examine_cluster(api)) == {'pve_quorum': ('pve_nodes_silent', {'nodes': 'pve2, pve3'})}


# -- a node -----------------------------------------------------------------------------------

def test_a_healthy_node_and_its_load(pve_node, pve):
    pve.control.node('pve1', memory=8192, used_memory=2048, cores=4)
    report = examine_node(pve_node, Pct())
    assert codes(report) == {}
    assert report.load.cpu_count == 4 and report.load.memory_total == 8192 * 2**20 and report.load.disk_free


@pytest.mark.parametrize(('privilege', 'path'), [
    *((name, '/storage/local-lvm') for name in ON_STORAGE), *((name, '/nodes/pve1') for name in ON_NODE),
    ('SDN.Use', '/sdn/zones/localnetwork/vmbr0')])
def test_each_missing_privilege_of_a_node_is_named(pve_node, pve, privilege, path):
    pve.control.revoke(privilege)
    found = problems(examine_node(pve_node, Pct()))
    said = [values.get('privileges', '') + values.get('words', '') for _problem, values in found.values()]
    assert any(privilege in words for words in said), found


@pytest.mark.parametrize(('values', 'part', 'problem'), [
    ({'storage': 'none'}, 'pve_storage', 'pve_no_storage'), ({'storage': 'local'}, 'pve_storage', 'pve_storage_content'),
    ({'backup_storage': 'local-lvm'}, 'pve_backups', 'pve_storage_content'),
    ({'bridge': 'vmbr9'}, 'pve_bridge', 'pve_no_bridge')])
def test_what_is_entered_wrongly(pve_node, values, part, problem):
    found = codes(examine_node(dataclasses.replace(pve_node, **values), Pct()))
    assert found[part] == problem


def test_a_storage_that_is_off_or_nearly_full(pve_node, pve):
    pve.control.storage('local-lvm', avail=2**30)
    found = problems(examine_node(pve_node, Pct()))['pve_storage']
    assert found == ('pve_storage_space', {'storage': 'local-lvm', 'free': 1.0, 'total': 500.0})
    pve.control.storage('local-lvm', active=0)
    assert codes(examine_node(pve_node, Pct()))['pve_storage'] == 'pve_storage_off'
    pve.control.storage('local-lvm', active=1, avail=400 * 2**30)


@pytest.mark.parametrize(('access', 'problem'), [
    (Pct(code=77, said='saas-pct: refused'), 'pct'), (Pct(error=Unreachable('no route')), 'failed')])
def test_pct_that_cannot_be_used(pve_node, access, problem):
    assert codes(examine_node(pve_node, access)) == {'pct': problem}


def test_a_node_that_is_down(pve_node, pve):
    pve.control.node_down('pve1')
    report = examine_node(pve_node, Pct())
    assert codes(report) == {'pve_node': 'pve_node_down'}
    assert {look.problem for look in report.looks if look.part.startswith('pve_') and look.part != 'pve_node'} == {'not_asked'}
