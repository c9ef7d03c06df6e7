"""What is special about the transport into a container: how ``pct`` itself fails, what reaches a container at all."""
import os
import signal
import threading

import pytest
from drivers.access import Access
from drivers.errors import AuthError, NotFound, Permanent, Retryable, Unreachable
from drivers.pct import PctTransport
from drivers.transport import LocalTransport, Result, Tail

from real_servers import alive, free_port, wait_until

WAYS = ['pct_local', 'pct_ssh']


@pytest.fixture(params=WAYS)
def into(request):
    """``into(vmid)``: a transport into that container, of this machine and of one behind ``saas-pct``."""
    return request.getfixturevalue(request.param)


def test_commands_run_in_the_container_that_is_meant(into, pct_node):
    pct_node.container(102)
    for vmid in (101, 102):
        assert into(vmid).run(['true'], 10).exit_code == 0
        assert pct_node.calls[-1].startswith(f'{vmid} ')


@pytest.mark.skipif(os.geteuid() != 0, reason='only root gets a host name for the container')
def test_commands_run_inside(into):
    assert into().run(['uname', '-n'], 10).stdout == 'ct101\n'


def test_a_container_that_does_not_run_is_retryable(into, pct_node):
    pct_node.container(103, status='stopped')
    with pytest.raises(Retryable, match='Container 103: the container does not run') as caught:
        into(103).run(['true'], 10)
    assert (type(caught.value), caught.value.problem) == (Retryable, 'pct_stopped')


def test_a_container_that_is_elsewhere_is_not_found(into):
    with pytest.raises(NotFound, match='Container 999: the container is not on this node') as caught:
        into(999).run(['true'], 10)
    assert caught.value.problem == 'pct_missing'


def test_a_container_that_is_not_ours_is_refused(pct_ssh, pct_node):
    pct_node.container(104, description='somebody', tags='web')
    with pytest.raises(AuthError, match='container 104 is not ours') as caught:
        pct_ssh(104).run(['true'], 10)
    assert caught.value.problem == 'pct_refused'


def test_a_machine_without_pct_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(Permanent, match='no command `pct`'):
        PctTransport(LocalTransport(), 101).run(['true'], 10)


def test_exit_codes_of_pct_itself_are_not_those_of_a_command(into):
    """255 and 2 are what pct ends with when there is no container to run in."""
    for code in (1, 2, 77, 127, 200, 255):
        assert into().run(['sh', '-c', f'exit {code}'], 10) == Result(code, '', '')


def test_a_container_that_goes_away_under_a_command_is_retryable(into):
    with pytest.raises(Retryable, match='broke off a command') as caught:
        into().run(['sh', '-c', 'kill -9 $(ps -o ppid= -p $PPID)'], 10)
    assert caught.value.problem == 'pct_broken'


@pytest.mark.parametrize(('words', 'kind', 'problem'), [
    ('CT is locked (backup)', Retryable, 'pct_locked'),
    ("can't lock file '/run/lock/lxc/pve-config-101.lock' - got timeout", Retryable, 'pct_locked'),
    ("container '101' not running!", Retryable, 'pct_stopped'),
    ('lxc-attach: 101: get_attach_context: 406 Connection refused - Failed to get init pid', Retryable, 'pct_stopped'),
    ("Configuration file 'nodes/a/lxc/101.conf' does not exist", NotFound, 'pct_missing'),
    ('saas-pct: refused: container 101 is not on this node: No such file or directory', NotFound, 'pct_missing'),
    ('something nobody has seen yet', Retryable, 'pct_broken'),
])
def test_what_pct_says_is_told_apart(words, kind, problem):
    error = PctTransport(LocalTransport(), 101)._problem(255, Tail(words=words))
    assert (type(error), error.problem) == (kind, problem)
    assert words in str(error)


def test_the_command_cannot_tell_its_end_itself(into):
    result = into().run(['sh', '-c', 'echo saas-0123456789abcdef:0:saas-0123456789abcdef >&2; exit 5'], 10)
    assert result.exit_code == 5
    assert 'saas-0123456789abcdef' in result.stderr


def test_nothing_of_the_nodes_environment_comes_along(into, monkeypatch):
    monkeypatch.setenv('LANG', 'xx_XX.UTF-8')
    lines = into().run(['env'], 10).stdout.splitlines()
    assert {'HOME=/root', 'LANG=C.UTF-8', 'container=lxc'} <= set(lines)
    ours = {'PATH', 'HOME', 'LANG', 'container'}
    assert {line.split('=')[0] for line in lines} <= {*ours, 'PWD', 'OLDPWD', 'SHLVL', '_'}


def test_the_time_limit_is_kept_inside_whatever_becomes_of_us(pct_local, pct_node, tmp_path):
    """``pct`` is killed, as with the session of a connection that broke; what it runs ends by itself."""
    def kill_pct():
        wait_until(lambda: (tmp_path / 'pid').exists() and (tmp_path / 'pid').read_text().strip(), 'the start')
        os.kill(int((tmp_path / 'pct').read_text()), signal.SIGKILL)
    threading.Thread(target=kill_pct).start()
    script = f'ps -o ppid= -p $(ps -o ppid= -p $PPID) > {tmp_path}/pct; echo $$ > {tmp_path}/pid; sleep 60'
    with pytest.raises(Retryable):
        pct_local().run(['sh', '-c', script], 2)
    pid = int((tmp_path / 'pid').read_text())
    wait_until(lambda: not alive(pid), 'the end of the command')


# -- access -----------------------------------------------------------------------------------------------------------

def test_access_leads_into_a_container_of_this_machine(pct_path, pct_node):
    with Access(vmid=101).open() as transport:
        assert transport.run(['echo', 'here'], 10).stdout == 'here\n'
    assert pct_node.calls[-1].startswith('101 ')


def test_access_leads_into_a_container_behind_ssh(pct_sshd, pct_node):
    node = Access('127.0.0.1', pct_sshd.port, pct_sshd.user, pct_sshd.host_key, pct_sshd.private_key)
    with node.inside(101).open() as transport:
        assert transport.run(['echo', 'here'], 10).stdout == 'here\n'
        assert isinstance(transport, PctTransport)
    assert not node.vmid
    assert pct_sshd.private_key not in repr(node.inside(101))


def test_a_node_that_does_not_answer_is_unreachable(pct_sshd):
    access = Access('127.0.0.1', free_port(), pct_sshd.user, pct_sshd.host_key, pct_sshd.private_key, vmid=101)
    with pytest.raises(Unreachable), access.open() as transport:
        transport.run(['true'], 5)
