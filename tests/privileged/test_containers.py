"""The fake's containers are real ones: they run, are reached, keep what is written in them, and go with what they have."""
import socket
import time
import urllib.request

import pytest

GOLDEN = 300
SERVER = ('systemd-run', '--unit=answer', 'python3', '-m', 'http.server', '--directory', '/srv', '8069')


@pytest.fixture(scope='module')
def golden(cloud):
    """A template with a file in it."""
    cloud.create(GOLDEN, 10)
    cloud.inside(GOLDEN, 'sh', '-c', 'echo golden | tee /srv/index.html > /etc/issue')
    before = cloud.inside(GOLDEN, 'cat', '/etc/machine-id')
    cloud.api.done('POST', f'/nodes/pve1/lxc/{GOLDEN}/status/shutdown')
    assert cloud.api.ended(cloud.api.data('POST', f'/nodes/pve1/lxc/{GOLDEN}/template')) == 'OK'
    return before


@pytest.fixture
def clone(cloud, golden):
    """A running clone of the template."""
    cloud.api.done('POST', f'/nodes/pve1/lxc/{GOLDEN}/clone', newid=301, hostname='acme', pool=cloud.pve.pool,
                   description=f'saas:{"d" * 32}')
    cloud.api.data('PUT', '/nodes/pve1/lxc/301/config', net0=cloud.net(11), memory=512, tags='saas')
    cloud.start(301)
    yield 301
    cloud.destroy(301)


def answer(address):
    """What its web server says, as soon as there is one."""
    deadline = time.monotonic() + 20
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            return opener.open(f'http://{address}:8069/index.html', timeout=5).read().decode().strip()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_a_clone_runs_and_is_reached_at_its_address(cloud, clone):
    cloud.inside(clone, *SERVER)
    assert answer(cloud.address(11)) == 'golden'
    assert cloud.inside(clone, 'hostname').strip() == 'acme'
    assert cloud.inside(clone, 'cat', '/etc/issue') == 'golden\n', 'what was changed counts, not what it was made of'


def test_a_clone_is_not_its_template(cloud, clone, golden):
    cloud.inside(clone, 'sh', '-c', 'echo changed > /srv/index.html')
    assert cloud.inside(clone, 'systemctl', 'is-system-running', '--wait').strip() == 'running'
    assert cloud.inside(clone, 'cat', '/etc/machine-id') != golden
    cloud.api.done('POST', f'/nodes/pve1/lxc/{GOLDEN}/clone', newid=302, hostname='other', pool=cloud.pve.pool,
                   description=f'saas:{"e" * 32}')
    cloud.api.data('PUT', '/nodes/pve1/lxc/302/config', net0=cloud.net(12), tags='saas')
    cloud.start(302)
    assert cloud.inside(302, 'cat', '/srv/index.html').strip() == 'golden'
    cloud.destroy(302)


def test_a_template_that_clones_lie_over_stays(cloud, clone):
    end = cloud.api.ended(cloud.api.data('DELETE', f'/nodes/pve1/lxc/{GOLDEN}', purge=1))
    assert 'still in use by linked clones' in end and cloud.pve.control.containers()[GOLDEN]['lock'] is None


def test_the_machine_behind_it_is_out_of_reach(cloud, clone):
    routes = cloud.inside(clone, 'ip', 'route')
    assert f'default via {cloud.pve.gateway}' in routes
    code, _out, _err = cloud.pct('exec', str(clone), '--', 'sh', '-c', 'echo 1 > /proc/sys/kernel/sysrq')
    assert code
    with pytest.raises(OSError):
        socket.create_connection((cloud.pve.gateway, cloud.pve.ssh_port), timeout=2).close()


def test_memory_and_address_change_while_it_runs(cloud, clone):
    cloud.inside(clone, *SERVER)
    cloud.api.data('PUT', f'/nodes/pve1/lxc/{clone}/config', net0=cloud.net(13), memory=384, hostname='renamed')
    assert answer(cloud.address(13)) == 'golden'
    assert cloud.inside(clone, 'hostname').strip() == 'renamed'
    limits = cloud.inside(clone, 'sh', '-c', 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max; true')
    assert str(384 * 1024 ** 2) in limits


def test_snapshots_and_backups_keep_what_was_written(cloud, clone):
    def write(word):
        cloud.inside(clone, 'sh', '-c', f'echo {word} > /srv/index.html')

    def read():
        return cloud.inside(clone, 'cat', '/srv/index.html').strip()
    write('one')
    cloud.api.done('POST', f'/nodes/pve1/lxc/{clone}/snapshot', snapname='first')
    write('two')
    cloud.api.done('POST', '/nodes/pve1/vzdump', vmid=clone, storage=cloud.pve.backup_storage, mode='snapshot')
    write('three')
    cloud.api.done('POST', f'/nodes/pve1/lxc/{clone}/snapshot/first/rollback', start=1)
    assert read() == 'one'
    cloud.api.done('DELETE', f'/nodes/pve1/lxc/{clone}/snapshot/first')
    cloud.api.done('POST', f'/nodes/pve1/lxc/{clone}/status/stop')
    volume = next(volume for volume in cloud.pve.control.backups() if f'-{clone}-' in volume)
    cloud.api.done('POST', '/nodes/pve1/lxc', vmid=clone, ostemplate=volume, restore=1, force=1, storage=cloud.pve.storage)
    cloud.start(clone)
    assert read() == 'two'


def test_odoo_and_postgresql_are_there(cloud, clone):
    assert cloud.inside(clone, '/opt/odoo/bin/odoo', '--version').split()[2].startswith(cloud.stack.odoo.series)
    cloud.inside(clone, 'systemctl', 'is-system-running', '--wait')
    assert cloud.inside(clone, 'runuser', '-u', 'postgres', '--', 'psql', '-Atc', 'SELECT 6 * 7').strip() == '42'


def test_pct_passes_input_output_and_exit_codes(cloud, clone):
    assert cloud.inside(clone, 'cat', stdin=b'\xc3\xa1\n') == 'á\n'
    assert cloud.pct('exec', str(clone), '--', 'sh', '-c', 'echo out; echo err >&2; exit 7') == (7, 'out\n', 'err\n')
    assert 'acme' in cloud.pct('list')[1]
    assert cloud.pct('status', str(clone)) == (0, 'status: running\n', '')


def test_our_key_opens_no_shell_on_the_node(cloud):
    code, out, err = cloud.ssh('cat', '/etc/passwd')
    assert code and not out and 'refused' in err


def test_a_stopped_container_says_so(cloud, clone):
    cloud.pve.control.stop(clone)
    code, _out, err = cloud.pct('exec', str(clone), '--', 'true')
    assert code == 255 and 'not running' in err
    cloud.pve.control.start(clone)
    assert cloud.inside(clone, 'hostname').strip() == 'acme'
