"""``saas-pct``, the only command of our key on a node: what it lets through, what somebody with that key might try."""
import importlib.machinery
import importlib.util
import os
import shlex
import subprocess

import pytest

from pct_fixtures import GATE, MARK, PctNode

REFUSED = 77
LEAD = 'cd / && exec timeout -s KILL 10.000 '


@pytest.fixture
def node(tmp_path):
    """Containers: 101 ours; 200 somebody else's."""
    node = PctNode(tmp_path)
    node.container(101)
    node.container(200, description='mail', tags='mail')
    return node


@pytest.fixture
def ask(node):
    """``ask(line)``: what sshd does with the line a client sends."""
    def run(line, *options, **environment):
        return subprocess.run(
            node.gate(*options), env={'PATH': os.environ['PATH'], 'SSH_ORIGINAL_COMMAND': line, **environment},
            input='given', capture_output=True, text=True, timeout=30)
    return run


@pytest.fixture
def expect_refused(ask, node):
    """``expect_refused(line, reason)``: it is refused, and no container saw anything."""
    def check(line, reason, *options, **environment):
        done = ask(line, *options, **environment)
        assert (done.returncode, done.stdout) == (REFUSED, ''), done
        assert done.stderr.startswith('saas-pct: refused: ')
        assert reason in done.stderr
        assert not node.calls
    return check


@pytest.fixture(scope='module')
def gate():
    """The program as a module, for what it tells the log."""
    loader = importlib.machinery.SourceFileLoader('saas_pct', str(GATE))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('saas_pct', loader))
    loader.exec_module(module)
    return module


# -- what is let through ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize('lead', ['', LEAD])
@pytest.mark.parametrize(('line', 'shown'), [
    ('pct list', '200        running'), ('pct status 101', 'status: running'), ('pct config 101', f'saas%3A{MARK}'),
    ('pct exec 101 -- echo here', 'here\n'), ('pct exec 101 -- cat', 'given'),
    ('pct push 101 /var/lib/saas-pct/file /etc/file', 'push 101 /var/lib/saas-pct/file /etc/file'),
    ('pct push 101 /var/lib/saas-pct/file /etc/file --perms 0600 --user odoo --group 0', '--perms 0600'),
    ('pct pull 101 /etc/file /var/lib/saas-pct/file', 'pull 101 /etc/file'),
])
def test_what_we_need_is_let_through(ask, lead, line, shown):
    done = ask(lead + line)
    assert (done.returncode, done.stderr) == (0, '')
    assert shown in done.stdout


def test_exit_codes_pass(ask):
    assert ask(f'{LEAD}pct exec 101 -- sh -c "exit 7"').returncode == 7


def test_the_time_limit_asked_for_is_kept(ask):
    """Of pct, that is; inside, our transport keeps one of its own."""
    quiet = 'sh -c "exec sleep 5 >/dev/null 2>&1"'
    assert ask(f'cd / && exec timeout -s KILL 0.500 pct exec 101 -- {quiet}').returncode == -9


@pytest.mark.parametrize('text', ['; id > {}', '$(id > {})', '`id > {}`', '| tee {}', '&& id > {}', '> {}', '\nid > {}',
                                  '& id > {}'])
def test_no_shell_sees_the_words(ask, tmp_path, text):
    """Quoted, it is a word for the command; unquoted too, for there is nobody to take it for anything else."""
    text, proof = text.format(tmp_path / 'proof'), tmp_path / 'proof'
    assert ask(f'pct exec 101 -- echo {shlex.quote(text)}').stdout == f'{text}\n'
    assert ask(f'pct exec 101 -- echo {text}').stdout == ' '.join(shlex.split(text)) + '\n'
    assert not proof.exists()


def test_a_container_that_root_named_is_let_through(ask, node):
    node.allow.write_text('# router\n200   # and why\n')
    assert ask('pct exec 200 -- echo here').stdout == 'here\n'


# -- what is not ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('line', [
    '', ' ', 'id', 'sh', 'bash -i', 'cd / && exec timeout -s KILL 10.000 id', '/usr/sbin/pct list', './pct list',
    "'pct list'", 'env pct list', 'PATH=/tmp pct list', 'cd /tmp && exec timeout -s KILL 10.000 pct list',
    'timeout 5 pct list', 'cd / && exec timeout -s KILL 1;id pct list', f'{LEAD}{LEAD}pct list', 'sftp',
    'internal-sftp', 'scp -t /etc/passwd', 'cd / && exec timeout -s KILL -k pct list', ';pct list', '"pct',
    "pct exec 101 -- echo 'open",
])
def test_nothing_but_pct(expect_refused, line):
    expect_refused(line, '')


@pytest.mark.parametrize('verb', [
    '', 'create', 'destroy', 'clone', 'set', 'enter', 'console', 'start', 'stop', 'shutdown', 'mount', 'unlock',
    'restore', 'snapshot', 'rollback', 'resize', 'migrate', 'move-volume', 'template', 'df', 'fsck', 'help', '--help',
    'LIST', 'list '])
def test_no_other_act_of_pct(expect_refused, verb):
    expect_refused(f'pct {shlex.quote(verb)} 101', 'is not allowed')


@pytest.mark.parametrize('vmid', [
    '', '0', '1', '99', '-1', '+101', '0101', '101x', '1e2', '101,200', '101 200', '../101', '/101', '101/../200', '*',
    '10?', '$VMID', '１０１', '101\n', '101\n200', '1' * 10, '--', '-h', '--help'])
@pytest.mark.parametrize('line', ['pct exec {} -- id', 'pct status {}', 'pct config {}',
                                  'pct push {} /var/lib/saas-pct/a /b', 'pct pull {} /b /var/lib/saas-pct/a'])
def test_what_is_no_number_of_a_container(expect_refused, vmid, line):
    expect_refused(line.format(shlex.quote(vmid)), 'the number of a container is wanted there')


@pytest.mark.parametrize('line', ['pct exec 200 -- id', 'pct status 200', 'pct config 200',
                                  'pct push 200 /var/lib/saas-pct/a /b', 'pct pull 200 /b /var/lib/saas-pct/a',
                                  f'{LEAD}pct exec 200 -- id'])
def test_containers_of_others_are_not_touched(expect_refused, line):
    expect_refused(line, 'container 200 is not ours')


def test_a_container_that_is_not_there_is_refused(expect_refused):
    expect_refused('pct exec 300 -- id', 'does not exist')


@pytest.mark.parametrize(('description', 'tags'), [
    (f'saas%3A{MARK}', 'other'), (f'saas%3A{MARK}', 'saas2'), (f'saas%3A{MARK}', 'nosaas;other'),
    (f'saas%3A{MARK}', ''), ('', 'saas'), ('saas%3A', 'saas'), (f'saas%3A{MARK[:-1]}', 'saas'),
    (f'saas%3A{MARK}0', 'saas'), (f'saas%3A{MARK.upper()}', 'saas'),
    (f'note%0Asaas%3A{MARK}', 'saas'), (f' saas%3A{MARK}', 'saas'), (f'about saas%3A{MARK}', 'saas'),
])
def test_a_mark_is_both_parts_and_whole(expect_refused, node, description, tags):
    node.container(201, description=description, tags=tags)
    expect_refused('pct exec 201 -- id', 'container 201 is not ours')


def test_what_a_snapshot_says_is_no_mark(expect_refused, node):
    node.container(201, description='mail', tags='mail')
    with (node.folder / '201.conf').open('a') as file:
        file.write(f'\n[before]\ndescription: saas%3A{MARK}\ntags: saas\n')
    expect_refused('pct exec 201 -- id', 'container 201 is not ours')


@pytest.mark.parametrize('tags', ['saas', 'saas;web', 'web;saas', 'web,saas'])
def test_ours_may_have_other_tags_too(ask, node, tags):
    node.container(201, tags=tags)
    assert ask('pct exec 201 -- echo here').stdout == 'here\n'


# -- the file of the configuration, as Proxmox VE keeps it ------------------------------------------------------------

def conf(folder, vmid, *lines):
    folder.mkdir(exist_ok=True)
    (folder / f'{vmid}.conf').write_text(''.join(f'{line}\n' for line in lines))
    return f'--conf={folder}'


@pytest.mark.parametrize('note', [f'#saas%3A{MARK}', f'#saas:{MARK}'])
def test_the_file_is_believed(ask, tmp_path, note):
    option = conf(tmp_path / 'lxc', 101, note, '#of ours', 'arch: amd64', 'tags: saas;web')
    assert ask('pct exec 101 -- echo here', option).stdout == 'here\n'


@pytest.mark.parametrize('lines', [
    ['#mail', f'#saas%3A{MARK}', 'tags: saas'], [f'#saas%3A{MARK}', 'tags: mail'], ['tags: saas'], [],
    ['#mail', 'tags: saas', '[snap]', f'#saas%3A{MARK}', 'tags: saas'],
    ['[pve:pending]', f'#saas%3A{MARK}', 'tags: saas'],
])
def test_a_file_without_our_mark_is_refused(expect_refused, tmp_path, lines):
    expect_refused('pct exec 101 -- id', 'container 101 is not ours', conf(tmp_path / 'lxc', 101, *lines))


def test_a_container_of_another_node_has_no_file(expect_refused, tmp_path):
    expect_refused('pct exec 102 -- id', 'container 102 is not on this node', conf(tmp_path / 'lxc', 101, 'tags: saas'))


# -- options, files ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('line', [
    'pct exec 101', 'pct exec 101 --', 'pct exec 101 id', 'pct exec 101 --keep-env 1 -- id',
    'pct exec 101 -keep-env -- id', 'pct exec --keep-env 1 101 -- id', 'pct list --verbose', 'pct list 101',
    'pct status 101 --verbose', 'pct config 101 --snapshot a',
    'pct config 101 --current 200', 'pct status 101 200',
    'pct push 101 /var/lib/saas-pct/a', 'pct push 101', 'pct push 101 /var/lib/saas-pct/a /b --perms',
    'pct push 101 /var/lib/saas-pct/a /b --perms 0777777', 'pct push 101 /var/lib/saas-pct/a /b --user "odoo root"',
    'pct push 101 /var/lib/saas-pct/a /b --user=-x', 'pct push 101 /var/lib/saas-pct/a /b --other 1',
    'pct push 101 /var/lib/saas-pct/a --perms 0600', 'pct pull 101 /a',
])
def test_options_that_are_not_on_the_list(expect_refused, line):
    expect_refused(line, '')


@pytest.mark.parametrize('path', [
    '/etc/shadow', '/etc/pve/priv/authkey.key', '/root/.ssh/id_rsa', 'file', './file', '../etc/shadow',
    '/var/lib/saas-pct',
    '/var/lib/saas-pct/', '/var/lib/saas-pct/../../../etc/shadow', '/var/lib/saas-pct/./a', '/var/lib/saas-pct//a',
    '/var/lib/saas-pct/a/b', '/var/lib/saas-pct/.ssh', '/var/lib/saas-pct/..', '/var/lib/saas-pct/-a',
    '/var/lib/saas-pctx/a',
    '/var/lib/saas-pct/a b', '/var/lib/saas-pct/a\n', '/dev/sda', '/proc/1/environ', '',
])
def test_files_of_the_node_are_out_of_reach(expect_refused, path):
    for line in (f'pct push 101 {shlex.quote(path)} /b', f'pct pull 101 /b {shlex.quote(path)}'):
        expect_refused(line, 'files of the node are taken from and put into /var/lib/saas-pct only')


@pytest.mark.parametrize('path', ['', 'file', '../b', '/a/../b', '/..', '--help', '/a\nb', '/a\x1bb'])
def test_files_in_the_container_are_named_whole(expect_refused, path):
    path = shlex.quote(path)
    for line in (f'pct push 101 /var/lib/saas-pct/a {path}', f'pct pull 101 {path} /var/lib/saas-pct/a'):
        expect_refused(line, 'a file in the container is named by its whole path')


def test_links_lead_nowhere(gate, monkeypatch, tmp_path):
    monkeypatch.setattr(gate, 'STAGE', str(tmp_path))
    (tmp_path / 'plain').touch()
    (tmp_path / 'link').symlink_to('/etc/shadow')
    (tmp_path / 'dangling').symlink_to('/etc/no-such-file')
    (tmp_path / 'folder').mkdir()
    os.mkfifo(tmp_path / 'pipe')
    assert gate.check_staged(f'{tmp_path}/plain') is None
    assert gate.check_staged(f'{tmp_path}/new') is None
    for name in ('link', 'dangling', 'folder', 'pipe'):
        with pytest.raises(gate.Refused, match='no plain file'):
            gate.check_staged(f'{tmp_path}/{name}')


def test_the_list_of_others_counts_only_if_root_alone_writes_it(expect_refused, node):
    node.allow.write_text('200\n')
    node.allow.chmod(0o666)
    expect_refused('pct exec 200 -- id', 'container 200 is not ours')


@pytest.mark.parametrize('text', ['', '20\n0\n', '*\n', '200x\n', '2 0 0\n', '#200\n', 'all\n', '\udcff'])
def test_only_whole_numbers_in_it_count(expect_refused, node, text):
    node.allow.write_bytes(text.encode('utf-8', 'surrogateescape'))
    expect_refused('pct exec 200 -- id', 'container 200 is not ours')


# -- environment, log -------------------------------------------------------------------------------------------------

def test_no_environment_of_the_client_reaches_anything(ask, tmp_path):
    """Not the interpreter's, nor pct's: a PYTHONPATH with a module of a standard name would be run as root."""
    (tmp_path / 'syslog.py').write_text(f'open({str(tmp_path / "proof")!r}, "w")')
    hostile = {'PYTHONPATH': str(tmp_path), 'PYTHONSTARTUP': str(tmp_path / 'syslog.py'), 'HOSTILE': 'yes',
               'PERL5LIB': str(tmp_path)}
    done = ask('pct exec 101 -- env', **hostile)
    assert 'HOSTILE' not in done.stdout
    assert 'PERL5LIB' not in done.stdout
    assert 'PATH=' in done.stdout
    assert not (tmp_path / 'proof').exists()


def test_a_long_command_is_refused(gate):
    with pytest.raises(gate.Refused, match='too long'):
        gate.split('pct exec 101 -- ' + 'x' * gate.LONGEST)


def test_the_log_has_names_and_no_words(gate):
    told = ' '.join(gate.told(shlex.split('pct exec 101 -- psql postgresql://odoo:secret@localhost')))
    assert told == "exec 101 'psql' (1 words)"
    assert ' '.join(gate.told(['pct', 'push', '101', '/var/lib/saas-pct/a', '/b\n'])) == (
        r"'push' '101' '/var/lib/saas-pct/a' '/b\n'")


def test_log_lines_cannot_be_forged(gate, monkeypatch):
    said = []
    monkeypatch.setattr(gate.syslog, 'syslog', lambda priority, text: said.append(text))
    gate.log(gate.syslog.LOG_INFO, 'refused: é\ud800' + 'x' * 1000)
    assert said[0].startswith(r'somebody refused: \xe9\ud800x')
    assert len(said[0]) == 500
