"""What is kept over a restart, and how nodes' tools find it."""
from tests.fakes.pve import FakePve

from .pve_fixtures import Pve


def start(folder):
    return FakePve(state=folder, arguments=['--state', folder])


def test_containers_and_backups_outlive_a_restart(tmp_path):
    with start(tmp_path) as fake:
        pve = Pve(fake)
        pve.clone(101)
        pve.done('POST', '/nodes/pve1/lxc/101/snapshot', snapname='before')
        pve.done('POST', '/nodes/pve1/vzdump', vmid=101, storage='local')
        before = fake.control.containers()[101], fake.control.backups()
    with start(tmp_path) as fake:
        assert (fake.control.containers()[101], fake.control.backups()) == before


def test_certificates_stay_the_same(tmp_path):
    with start(tmp_path) as fake:
        before = fake.fingerprint
    with start(tmp_path) as fake:
        assert fake.fingerprint == before and Pve(fake).data('GET', '/version')


def test_configurations_are_written_as_a_node_has_them(tmp_path):
    with start(tmp_path) as fake:
        pve = Pve(fake)
        pve.clone(101)
        lines = (tmp_path / 'pve/lxc/101.conf').read_text().splitlines()
        assert lines[0] == f'#saas%3A{"a" * 32}' and 'hostname: ct101' in lines
        pve.done('DELETE', '/nodes/pve1/lxc/101')
        assert not (tmp_path / 'pve/lxc/101.conf').exists()


def test_it_ends_with_who_started_it():
    fake = FakePve().start()
    process = fake._process
    process.stdin.close()
    assert process.wait(20) == 0
    fake.stop()
