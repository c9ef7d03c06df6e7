"""Golden containers against a Proxmox VE of the fakes: the container itself; what is done inside is in the privileged suite."""
import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(CHECKOUT))       # its `tests`, before the addon's

from drivers.errors import NotFound, Permanent, Retryable  # noqa: E402
from drivers.pve.golden import IN_USE, GoldenBuilder  # noqa: E402
from drivers.pve.golden_spec import GoldenBuild, Recipe  # noqa: E402
from drivers.pve.spec import PveApi, PveNode  # noqa: E402
from drivers.transport import Result  # noqa: E402
from drivers.waiting import NotYet  # noqa: E402

from tests.fakes.pve import FakePve  # noqa: E402

FOLDER = CHECKOUT / 'config/proxmox/golden'
MARK = 'ab' * 16
VMID = 12000


class Machine:
    """A container as far as ``start`` asks it."""

    said = 'running'

    def run(self, argv, timeout, stdin=b''):
        if self.said is None:
            raise Retryable('it does not run yet', problem='pct_stopped')
        return Result(0, f'{self.said}\n', '')


@pytest.fixture(scope='module')
def pve():
    with FakePve(nodes=('pve1', 'pve2')) as running:
        yield running


@pytest.fixture
def world(pve):
    yield pve
    pve.control.heal()
    pve.control.tasks_slow(0)
    for vmid in pve.control.containers():
        if vmid not in pve.golden.values():
            pve.control.destroy(vmid)
    Machine.said = 'running'


def builder_of(pve, **values):
    api = PveApi(url=pve.url, token_id=pve.token_id, token_secret=pve.token_secret, ca=pve.ca_text, pool=pve.pool)
    node = PveNode(api, 'pve1', storage=pve.storage, bridge=pve.bridge)
    build = GoldenBuild(**{'vmid': VMID, 'hostname': 'golden-v1', 'mark': MARK, 'recipe': Recipe(str(FOLDER)),
                           'os_template': pve.ostemplate, 'rootfs_gib': 4, **values})
    return GoldenBuilder(node, build, lambda vmid: contextlib.nullcontext(Machine()))


def finish(builder, method, *arguments):
    """Its answer in the end, as the ledger would get it: each look has the task of the one before."""
    for _turn in range(100):
        answer = getattr(builder, method)(*arguments)
        if not isinstance(answer, NotYet):
            return answer
        builder = GoldenBuilder(builder.spec, replace(builder.build, task=answer.task or builder.build.task), builder._inside)
    raise AssertionError(f'{method} never ends')


def made(builder):
    for method in ('make', 'start', 'stop', 'convert'):
        finish(builder, method)
    return builder


def test_a_container_becomes_a_template(world):
    builder = builder_of(world, address='10.0.0.9/24', gateway='10.0.0.1')
    finish(builder, 'make')
    config = world.control.containers()[VMID]['config']
    assert config['description'].splitlines()[0] == f'saas:{MARK}'
    assert set(config['tags'].split(';')) == {'saas', 'saas-golden'}
    assert 'ip=10.0.0.9/24' in config['net0'] and 'gw=10.0.0.1' in config['net0']
    assert 'nesting=1' in config['features'] and str(config['unprivileged']) == '1'
    finish(builder, 'start')
    assert world.control.containers()[VMID]['status'] == 'running'
    finish(builder, 'stop')
    finish(builder, 'convert')
    found = world.control.containers()[VMID]
    assert found['template'] and found['status'] == 'stopped'
    assert '10.0.0.9' not in found['config']['net0'], 'a clone must never come up with the address of the build'


def test_every_step_may_be_repeated(world):
    builder, since = builder_of(world), len(world.control.calls())
    for method in ('make', 'start', 'stop', 'convert'):
        finish(builder, method)
        assert finish(builder, method) is None
    assert finish(builder, 'stop') is None, 'also when it is a template by now'
    begun = [call['path'].rpartition('/')[2] for call in world.control.calls(since) if call['method'] == 'POST']
    assert begun == ['lxc', 'start', 'shutdown', 'template']


def test_it_is_watched_by_its_task(world):
    world.control.tasks_slow(4, type='vzcreate')
    builder, since = builder_of(world), len(world.control.calls())
    answer = builder.make()
    assert isinstance(answer, NotYet) and answer.task.startswith('UPID:pve1:')
    finish(builder, 'make')       # by a worker that knows nothing of the task
    assert finish(builder, 'make') is None
    assert [call['path'] for call in world.control.calls(since) if call['method'] == 'POST'] == ['/api2/json/nodes/pve1/lxc']


def test_it_starts_until_commands_can_be_run(world):
    builder = builder_of(world)
    finish(builder, 'make')
    for said in (None, 'starting'):
        Machine.said = said
        for _turn in range(10):
            answer = builder.start()
        assert isinstance(answer, NotYet)
    Machine.said = 'degraded'
    assert finish(builder, 'start') is None


def test_a_base_container_instead_of_a_template_of_debian(world):
    builder = builder_of(world, os_template='', base_vmid=world.golden['pve1'])
    finish(builder, 'make')
    config = world.control.containers()[VMID]['config']
    assert config['description'].startswith(f'saas:{MARK}')
    assert set(config['tags'].split(';')) == {'saas', 'saas-golden'}
    assert f'bridge={world.bridge}' in config['net0']


def test_somebody_elses_number_is_left_alone(world):
    world.control.create(VMID, node='pve1')
    builder = builder_of(world)
    for method in ('make', 'start', 'stop', 'convert'):
        with pytest.raises(Permanent) as caught:
            finish(builder, method)
        assert caught.value.problem == 'pve_vmid_taken'
    assert finish(builder, 'remove', VMID) is None
    assert VMID in world.control.containers()


def test_what_is_gone_is_said(world):
    with pytest.raises(NotFound):
        builder_of(world).start()
    assert builder_of(world).remove(VMID) is None


def test_removing_a_running_one_and_a_template(world):
    builder = builder_of(world)
    finish(builder, 'make')
    finish(builder, 'start')
    finish(builder, 'remove', VMID)
    assert VMID not in world.control.containers()
    made(builder)
    finish(builder, 'remove', VMID)
    assert VMID not in world.control.containers()


def test_one_that_clones_share_blocks_with_stays(world):
    builder = made(builder_of(world))
    # PVE::Storage::vdisk_free; fakepve frees base volumes whoever uses them
    world.control.task_fails('vzdestroy', f"base volume '{world.storage}:base-{VMID}-disk-0' is still in use by linked clones")
    with pytest.raises(Permanent) as caught:
        finish(builder, 'remove', VMID)
    assert caught.value.problem == IN_USE
    assert VMID in world.control.containers()
    world.control.unlock(VMID)
    finish(builder, 'remove', VMID)
    assert VMID not in world.control.containers()


def test_its_fingerprint_tells_what_it_is_made_of(world, tmp_path):
    first = builder_of(world).fingerprint()
    assert builder_of(world, vmid=VMID + 7, hostname='golden-v2').fingerprint() == first
    assert builder_of(world, odoo_source='/opt/odoo.deb').fingerprint() != first
    shutil.copytree(FOLDER, tmp_path / 'golden')
    assert builder_of(world, recipe=Recipe(str(tmp_path / 'golden'))).fingerprint() == first
    (tmp_path / 'golden/setup.sh').write_text('exit 0\n')
    assert builder_of(world, recipe=Recipe(str(tmp_path / 'golden'))).fingerprint() != first
    with pytest.raises(NotFound, match='debian-99'):
        builder_of(world, os_template='local:vztmpl/debian-99.tar.zst').fingerprint()


# -- the programs of the recipe, as far as they can be tried on any machine --------------------------------------------

def program(name):
    source = (FOLDER / 'bin' / name).read_text()
    space = {'__name__': name}
    exec(compile(source, name, 'exec'), space)
    return space


@pytest.mark.parametrize(('memory', 'cores', 'workers'), [
    (1024, 4, 0), (1900, 2, 0), (2000, 2, 4), (2048, 1, 2), (2048, 8, 5), (16384, 8, 16)])
def test_workers_by_memory_and_cores(memory, cores, workers):
    assert program('size')['worker_count'](memory, cores) == workers
    assert f'--workers={workers}' in program('size')['odoo_arguments'](memory, workers)


def test_sizes_are_written_for_this_machine(tmp_path):
    subprocess.run([sys.executable, '-I', FOLDER / 'bin/size', tmp_path / 'saas'], check=True)
    assert (tmp_path / 'saas/odoo.args').read_text().startswith('--workers=')
    assert re.search(r'^shared_buffers = \d+MB$', (tmp_path / 'saas/postgresql.conf').read_text(), re.MULTILINE)


def test_the_first_boot_makes_own_secrets_and_only_once(tmp_path):
    for name, text in (('etc/machine-id', ''), ('etc/hostname', 'acme\n'), ('etc/hosts', '127.0.0.1 localhost\n'),
                       ('etc/odoo/odoo.conf', 'a = 1\nadmin_passwd = @ADMIN_PASSWD@\n'), ('etc/ssh/ssh_host_rsa_key', 'old'),
                       ('var/lib/saas/first-boot', '')):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def boot():
        subprocess.run([sys.executable, '-I', FOLDER / 'bin/first-boot'], check=True, env={**os.environ, 'SAAS_ROOT': tmp_path})
        return hashlib.sha256(b''.join(path.read_bytes() for path in sorted(tmp_path.rglob('*')) if path.is_file())).digest()
    first = boot()
    assert len((tmp_path / 'etc/machine-id').read_text()) == 32
    assert re.fullmatch(r'[0-9a-f]{64}', (tmp_path / 'etc/odoo/database.secret.new').read_text())
    assert (tmp_path / 'etc/odoo/database.secret.new').stat().st_mode & 0o777 == 0o600
    password = (tmp_path / 'etc/odoo/odoo.conf').read_text().splitlines()[1].removeprefix('admin_passwd = ')
    assert re.fullmatch(r'\$pbkdf2-sha512\$25000\$[\w./]{22}\$[\w./]{86}', password)
    assert '127.0.1.1 acme' in (tmp_path / 'etc/hosts').read_text()
    if shutil.which('ssh-keygen'):
        assert not (tmp_path / 'etc/ssh/ssh_host_rsa_key').exists()
        assert (tmp_path / 'etc/ssh/ssh_host_ed25519_key.pub').exists()
    assert not (tmp_path / 'var/lib/saas/first-boot').exists()
    assert boot() == first


def test_the_recipe_refuses_what_is_no_package(tmp_path):
    """Its own checks, without being let near this system."""
    text = (FOLDER / 'setup.sh').read_text()
    functions = text[:text.index("say '1/6")]
    for source, words in (('ftp://x/odoo.deb', 'must be a .deb'), (f'{tmp_path}/none.deb', 'is not in the container')):
        done = subprocess.run(['sh', '-s'], input=f'{functions}\npackage_file\n', text=True, capture_output=True,
                              env={**os.environ, 'ODOO_SOURCE': source})
        assert done.returncode == 1 and words in done.stderr, done.stderr
    package = tmp_path / 'odoo.deb'
    package.write_bytes(b'x')
    for digest, code in ((hashlib.sha256(b'x').hexdigest(), 0), ('0' * 64, 1)):
        done = subprocess.run(['sh', '-s'], input=f'{functions}\npackage_file\n', text=True, capture_output=True,
                              env={**os.environ, 'ODOO_SOURCE': str(package), 'ODOO_SHA256': digest})
        assert done.returncode == code, done.stderr
