"""What is special about the transport behind SSH: keys, broken connections, silent hosts."""
import os
import signal
import socket
import threading
import time

import pytest
from drivers.errors import AuthError, Retryable, Unreachable

from real_servers import alive, free_port, wait_until
from sshd_fixtures import make_key


def answers(transport):
    return transport.run(['echo', 'here'], 10).stdout == 'here\n'


# -- keys --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('kind', ['ed25519', 'ecdsa', 'rsa'])
def test_each_type_of_host_key_can_be_pinned(sshd, ssh, kind):
    assert answers(ssh(host_key=sshd.host_keys[kind]))


def test_a_line_of_known_hosts_will_do(sshd, ssh):
    assert answers(ssh(host_key=f'[127.0.0.1]:{sshd.port} {sshd.host_key}'))


def test_another_host_key_is_refused(ssh, tmp_path):
    with pytest.raises(AuthError, match='not the pinned one'):
        ssh(host_key=make_key(tmp_path / 'other')).run(['true'], 5)


@pytest.mark.parametrize('line', ['', 'nonsense', 'ssh-ed25519', 'ssh-ed25519 !!!', 'ssh-dss AAAA'])
def test_a_malformed_host_key_says_what_is_wanted(ssh, line):
    with pytest.raises(AuthError, match='one line "type base64"'):
        ssh(host_key=line).run(['true'], 5)


def test_no_host_key_type_in_common(sshd, ssh, tmp_path):
    """P-384 is a type we know and this server does not have."""
    line = make_key(tmp_path / 'p384', 'ecdsa-sha2-nistp384')
    with pytest.raises(AuthError, match='shares no host key type'):
        ssh(host_key=line).run(['true'], 5)


def test_the_private_key_may_be_a_path(sshd, ssh):
    assert answers(ssh(private_key=str(sshd.folder / 'user')))


@pytest.mark.parametrize('kind', ['ecdsa', 'rsa'])
def test_other_types_of_private_key(sshd, ssh, tmp_path, kind):
    authorized = sshd.folder / 'user.pub'
    original = authorized.read_text()
    authorized.write_text(original + make_key(tmp_path / 'key', kind))
    try:
        assert answers(ssh(private_key=(tmp_path / 'key').read_text()))
    finally:
        authorized.write_text(original)


def test_a_private_key_that_is_not_authorized(ssh, tmp_path):
    make_key(tmp_path / 'other')
    with pytest.raises(AuthError, match='authorized_keys'):
        ssh(private_key=(tmp_path / 'other').read_text()).run(['true'], 5)


def test_a_user_who_may_not_enter(ssh):
    with pytest.raises(AuthError, match='nobody-here@127.0.0.1'):
        ssh(user='nobody-here').run(['true'], 5)


def test_private_keys_that_cannot_be_used(ssh, tmp_path):
    make_key(tmp_path / 'locked', passphrase='a long passphrase')
    broken = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n'
    for key, words in [((tmp_path / 'locked').read_text(), 'passphrase'), (broken, 'not one of Ed25519'),
                       (str(tmp_path / 'absent'), 'cannot be read')]:
        with pytest.raises(AuthError, match=words) as caught:
            ssh(private_key=key).run(['true'], 5)
        assert 'AAAA' not in str(caught.value)


# -- hosts that do not answer ------------------------------------------------------------------------------------------

def test_a_refused_connection_is_unreachable(ssh):
    with pytest.raises(Unreachable, match='not reachable'):
        ssh(port=free_port()).run(['true'], 5)


def test_a_name_that_leads_nowhere_is_unreachable(ssh):
    with pytest.raises(Unreachable):
        ssh(host='no-such-host.invalid').run(['true'], 5)


def test_a_silent_host_is_unreachable_in_time(ssh):
    with socket.create_server(('127.0.0.1', 0)) as silent:
        started = time.monotonic()
        with pytest.raises(Unreachable):
            ssh(port=silent.getsockname()[1], connect_timeout=0.5).run(['true'], 5)
        assert time.monotonic() - started < 3


def test_a_host_that_stops_after_its_greeting_is_unreachable_in_time(ssh):
    def greet():
        client, _address = stalling.accept()
        client.sendall(b'SSH-2.0-stalled\r\n')
        over.wait(10)
        client.close()

    over = threading.Event()
    with socket.create_server(('127.0.0.1', 0)) as stalling:
        threading.Thread(target=greet, daemon=True).start()
        started = time.monotonic()
        with pytest.raises(Unreachable):
            ssh(port=stalling.getsockname()[1], connect_timeout=0.5).run(['true'], 5)
        assert time.monotonic() - started < 5
        over.set()


def test_something_else_than_ssh_is_unreachable(ssh):
    def greet():
        client, _address = web.accept()
        client.sendall(b'HTTP/1.0 400 Bad Request\r\n\r\n')
        client.close()

    with socket.create_server(('127.0.0.1', 0)) as web:
        threading.Thread(target=greet, daemon=True).start()
        with pytest.raises(Unreachable):
            ssh(port=web.getsockname()[1], connect_timeout=1).run(['true'], 5)


def test_a_kept_connection_that_stalls_is_unreachable_in_time(sshd, ssh):
    transport = ssh(connect_timeout=1)
    assert answers(transport)
    stopped = {sshd.process.pid}.union(*sshd.connections().values())
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        with pytest.raises(Unreachable):
            transport.run(['true'], 5)
        assert time.monotonic() - started < 6
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    assert answers(transport)


# -- one connection, kept and renewed ----------------------------------------------------------------------------------

def test_commands_share_one_connection(sshd, ssh):
    earlier, transport = set(sshd.connections()), ssh()
    assert all(answers(transport) for _n in range(5))
    assert len(set(sshd.connections()) - earlier) == 1


def test_commands_at_once_share_it_too(sshd, ssh):
    earlier, transport, right = set(sshd.connections()), ssh(), []

    def ask(n):
        right.append(transport.run(['sh', '-c', f'sleep 0.1; echo {n}'], 10).stdout == f'{n}\n')
    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 8
    assert len(set(sshd.connections()) - earlier) == 1


def test_a_broken_connection_is_renewed(sshd, ssh):
    transport = ssh()
    assert answers(transport)
    sshd.break_connections()
    assert answers(transport)


def test_a_restarted_server_is_found_again(sshd, ssh):
    transport = ssh()
    assert answers(transport)
    sshd.stop()
    try:
        with pytest.raises(Unreachable):
            transport.run(['true'], 5)
    finally:
        sshd.start()
    assert answers(transport)


def test_a_closed_transport_opens_again(ssh):
    with ssh() as transport:
        assert answers(transport)
    assert answers(transport)


def test_close_without_a_connection_is_nothing(ssh):
    transport = ssh()
    transport.close()
    assert transport.run(['true'], 10).exit_code == 0, 'and it can be used afterwards'


def test_a_connection_that_breaks_during_a_command_is_reported(sshd, ssh, tmp_path):
    """Never run again by itself: nobody knows how far it came."""
    transport = ssh()
    script = f'echo run >> {tmp_path}/runs; exec sleep 30'
    breaker = threading.Timer(0.5, sshd.break_connections)
    breaker.start()
    with pytest.raises(Unreachable, match='broke during a command'):
        transport.run(['sh', '-c', script], 20)
    breaker.join()
    assert (tmp_path / 'runs').read_text() == 'run\n'


def test_the_limit_on_time_is_kept_by_the_node_itself(sshd, ssh, tmp_path):
    transport = ssh()
    breaker = threading.Timer(0.3, sshd.break_connections)
    breaker.start()
    with pytest.raises(Retryable):
        transport.run(['sh', '-c', f'echo $$ > {tmp_path}/pid; trap "" HUP; sleep 60 & wait'], 1)
    breaker.join()
    pid = int((tmp_path / 'pid').read_text())
    wait_until(lambda: not alive(pid), 'the end of the command nobody waits for', 5)


def test_half_a_file_is_never_published(sshd, ssh, tmp_path):
    def cut():
        wait_until(lambda: any(draft.stat().st_size for draft in tmp_path.glob('.saas-*')), 'the first half')
        sshd.break_connections()

    path = tmp_path / 'file'
    path.write_bytes(b'old')
    cutter = threading.Thread(target=cut)
    cutter.start()
    with pytest.raises(Unreachable):
        ssh().put(str(path), b'x' * 60_000_000)
    cutter.join()
    wait_until(lambda: os.listdir(tmp_path) == ['file'], 'the removal of the draft')
    assert path.read_bytes() == b'old'
