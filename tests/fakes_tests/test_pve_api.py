"""What clients rely on: a token, certificates, tasks with UPIDs, clones with our mark, and fakepve's gaps filled."""
import re
import socket
import ssl
import time

import pytest
import requests

from .pve_caller import Caller
from .pve_fixtures import MARK, fake_pve, pve  # noqa: F401

UPID = re.compile(r'UPID:pve1:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:vzclone:9000:saas@pve!master:')


# -- access ----------------------------------------------------------------------------------------------------------
def test_the_token_opens_it(pve):  # noqa: F811
    assert pve.data('GET', '/version')['release'] == '9.0'


@pytest.mark.parametrize('seconds', [0, 0.5])
def test_a_wrong_token_is_told_late_where_that_is_wished(pve, seconds):  # noqa: F811
    pve.control.settings(delay_401=seconds)
    stranger, begun = Caller(pve.url, pve.fake.ca, pve.fake.token_id, 'wrong'), time.monotonic()
    assert stranger.refused('GET', '/version')[0] == 401
    assert time.monotonic() - begun >= seconds


def test_only_its_own_authority_vouches_for_it(pve):  # noqa: F811
    stranger = requests.Session()
    stranger.trust_env = False
    with pytest.raises(requests.exceptions.SSLError):
        stranger.get(f'{pve.url}/api2/json/version', timeout=10)


def test_the_fingerprint_is_that_of_the_certificate_shown(pve):  # noqa: F811
    host, port = pve.url.removeprefix('https://').split(':')
    context = ssl._create_unverified_context()
    with socket.create_connection((host, int(port)), timeout=10) as plain, context.wrap_socket(plain) as secure:
        shown = secure.getpeercert(binary_form=True)
    import hashlib
    assert pve.fake.fingerprint.replace(':', '').lower() == hashlib.sha256(shown).hexdigest()


def test_a_lost_privilege_is_named_with_its_path(pve):  # noqa: F811
    pve.control.revoke('VM.Clone')
    refused = pve.refused('POST', '/nodes/pve1/lxc/9000/clone', newid=101, pool=pve.fake.pool)
    assert refused == (403, 'Permission check failed (/vms/9000, VM.Clone)')
    pve.control.heal()
    assert pve.clone(101)


def test_privileges_can_be_looked_up(pve):  # noqa: F811
    held = pve.data('GET', '/access/permissions')
    assert held['/pool/saas']['VM.Allocate'] == 1 and held['/storage'] == {'Datastore.AllocateSpace': 1, 'Datastore.Audit': 1}


# -- a container's life ------------------------------------------------------------------------------------------------
def test_a_clone_carries_what_was_said(pve):  # noqa: F811
    assert UPID.fullmatch(pve.clone(101))
    pve.data('PUT', '/nodes/pve1/lxc/101/config', net0=pve.net(7), memory=768, cores=2, tags='saas')
    config = pve.data('GET', '/nodes/pve1/lxc/101/config')
    assert (config['description'], config['hostname'], config['memory'], config['cores']) == (MARK, 'ct101', 768, 2)
    assert 'ip=10.9.8.7/24' in config['net0'] and config['tags'] == 'saas' and 'lock' not in config
    assert 'vm-101-disk-0' in config['rootfs']
    assert pve.control.containers()[101]['pool'] == 'saas'


def test_it_starts_shuts_down_and_goes(pve):  # noqa: F811
    pve.clone(101)
    pve.done('POST', '/nodes/pve1/lxc/101/status/start')
    assert pve.data('GET', '/nodes/pve1/lxc/101/status/current')['status'] == 'running'
    assert pve.refused('DELETE', '/nodes/pve1/lxc/101')[1] == 'unable to destroy CT 101 - container is running'
    pve.done('POST', '/nodes/pve1/lxc/101/status/shutdown', timeout=5)
    pve.done('DELETE', '/nodes/pve1/lxc/101', force=1, purge=1)
    assert 101 not in pve.control.containers()
    assert pve.refused('GET', '/nodes/pve1/lxc/101/config')[0] == 500


def test_a_number_is_given_once(pve):  # noqa: F811
    pve.clone(101)
    assert pve.refused('POST', '/nodes/pve1/lxc/9000/clone', newid=101, pool='saas') == (
        500, "CT 101 already exists on node 'pve1'")
    assert pve.control.containers()[9000]['lock'] is None


def test_a_linked_clone_takes_no_storage(pve):  # noqa: F811
    assert pve.refused('POST', '/nodes/pve1/lxc/9000/clone', newid=102, pool='saas', storage='local-lvm', full=0) == (
        500, "parameter 'storage' not allowed for linked clones")


def test_cluster_and_nodes_say_what_they_have(pve):  # noqa: F811
    pve.control.node('pve2', memory=4096, used_memory=1024, cores=4, cpu=0.5)
    rows = {row['id']: row for row in pve.data('GET', '/cluster/resources')}
    assert (rows['node/pve2']['maxmem'], rows['node/pve2']['mem'], rows['node/pve2']['maxcpu']) == (4 * 2 ** 30, 2 ** 30, 4)
    status = pve.data('GET', '/nodes/pve2/status')
    assert status['memory'] == {'total': 4 * 2 ** 30, 'used': 2 ** 30, 'free': 3 * 2 ** 30}
    assert [bridge['iface'] for bridge in pve.data('GET', '/nodes/pve2/network', type='bridge')] == ['vmbr0']


def test_usage_of_a_container_is_what_it_was_given(pve):  # noqa: F811
    pve.clone(101)
    pve.done('POST', '/nodes/pve1/lxc/101/status/start')
    pve.control.usage(101, cpu=0.25, mem=2 ** 28, disk=2 ** 30)
    row = next(row for row in pve.data('GET', '/cluster/resources', type='vm') if row['vmid'] == 101)
    assert (row['cpu'], row['mem'], row['disk']) == (0.25, 2 ** 28, 2 ** 30)
    assert pve.data('GET', '/nodes/pve1/lxc/101/status/current')['mem'] == 2 ** 28


# -- gaps of fakepve ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('upid, words', [
    ('nonsense', 'unable to parse'), ('UPID:pve1:00000001:00000002:00000003:vzstart:101:saas@pve:', 'no such task')])
def test_a_bad_upid_is_the_callers_fault(pve, upid, words):  # noqa: F811
    answer = pve.ask('GET', f'/nodes/pve1/tasks/{upid}/status')
    assert answer.status_code == 400 and words in answer.json()['errors']['upid']


def test_a_backup_is_a_volume_that_can_be_restored(pve):  # noqa: F811
    pve.clone(101)
    pve.data('PUT', '/nodes/pve1/lxc/101/config', net0=pve.net(9), memory=640, tags='saas')
    pve.done('POST', '/nodes/pve1/vzdump', vmid=101, storage='local', mode='snapshot')
    volume = pve.data('GET', '/nodes/pve1/storage/local/content', content='backup', vmid=101)[0]
    assert re.fullmatch(r'local:backup/vzdump-lxc-101-\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d\.tar\.zst', volume['volid'])
    archived = pve.data('GET', '/nodes/pve1/vzdump/extractconfig', volume=volume['volid'])
    assert archived.splitlines()[0] == '#' + MARK.replace(':', '%3A') and 'memory: 640' in archived.splitlines()
    pve.done('DELETE', '/nodes/pve1/lxc/101', purge=1)
    pve.done('POST', '/nodes/pve1/lxc', vmid=101, ostemplate=volume['volid'], restore=1, storage='local-lvm', pool='saas')
    config = pve.data('GET', '/nodes/pve1/lxc/101/config')
    assert (config['memory'], config['description'], config['tags']) == (640, MARK, 'saas') and '10.9.8.9/24' in config['net0']
    pve.done('DELETE', f'/nodes/pve1/storage/local/content/{volume["volid"]}')
    assert pve.control.backups() == {}


def test_two_backups_in_one_second_are_two(pve):  # noqa: F811
    pve.clone(101)
    for _number in range(2):
        pve.done('POST', '/nodes/pve1/vzdump', vmid=101, storage='local')
    assert len(pve.control.backups()) == 2


def test_a_backup_of_what_is_elsewhere_is_no_task(pve):  # noqa: F811
    pve.clone(101)
    assert pve.data('POST', '/nodes/pve2/vzdump', vmid=101, storage='local') == 'OK'
