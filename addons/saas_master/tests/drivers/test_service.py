"""What support may do in a container: the answers in words, time limits, no secret in a log."""
import os
import socket
import sys

import pytest
from drivers import inside
from drivers.container_scripts import service as inner
from drivers.errors import Permanent, Retryable
from drivers.inside import call
from drivers.pve import service
from drivers.transport import LocalTransport

from real_servers import free_port

# as systemd 252 answers it
SHOWN = '''Result=success
NRestarts=2
MemoryCurrent=191365120
Id=odoo.service
LoadState=loaded
ActiveState=active
SubState=running
ActiveEnterTimestamp=Thu 2026-11-26 10:27:18 UTC

Result=success
NRestarts=0
MemoryCurrent=[not set]
Id=postgresql@15-main.service
LoadState=loaded
ActiveState=active
SubState=running
ActiveEnterTimestamp=Thu 2026-11-26 10:27:17 UTC
'''
SYSTEMCTL = '''
echo "systemctl $*" >> {calls}
case "$1" in
show) cat {shown};;
is-system-running) echo degraded; exit 1;;
restart) {restart};;
esac
'''


@pytest.fixture
def box(pct_node, pct_local, tmp_path, monkeypatch):
    """A container with a ``systemctl`` and a ``journalctl`` of its own."""
    monkeypatch.setattr(service, 'call', with_this_python)
    return Box(pct_node, pct_local(), tmp_path)


def with_this_python(*arguments, **values):
    return call(*arguments, python=sys.executable, **values)


class Box:
    def __init__(self, node, transport, folder):
        self.node, self.transport, self.folder = node, transport, folder
        self.show(SHOWN)
        self.systemctl()

    def show(self, text):
        (self.folder / 'shown').write_text(text)

    def systemctl(self, restart='true'):
        self.node.program(101, 'systemctl', SYSTEMCTL.format(
            calls=self.folder / 'calls', shown=self.folder / 'shown', restart=restart))

    def journal(self, text):
        (self.folder / 'journal').write_text(text)
        self.node.program(101, 'journalctl', f'echo "journalctl $*" >> {self.folder}/calls; cat {self.folder}/journal')

    @property
    def calls(self):
        return (self.folder / 'calls').read_text().splitlines()


# -- containers of a node ---------------------------------------------------------------------------------------------

def test_the_node_lists_its_containers(pct_path, pct_node):
    pct_node.container(120, status='stopped', lock='backup')
    rows = [line.split() for line in service.containers(LocalTransport()).splitlines()]
    assert rows[0] == ['VMID', 'State', 'Lock', 'Name']
    assert ['101', 'running', '-', 'ct101'] in rows
    assert ['120', 'stopped', 'backup', 'ct120'] in rows
    (pct_node.folder / '120.conf').unlink()


def test_the_list_is_to_be_had_behind_saas_pct(pct_sshd, ssh):
    node = ssh(port=pct_sshd.port, host_key=pct_sshd.host_key, private_key=pct_sshd.private_key)
    assert service.Listed(101, 'running', '', 'ct101') in service.listed(node)


@pytest.mark.parametrize('line', ['nonsense', '101 running', 'x running name', '101 a b c d'])
def test_what_is_no_list_is_told(line):
    with pytest.raises(Permanent, match='answers what is no container'):
        service._listed(line)


# -- state of the services --------------------------------------------------------------------------------------------

def test_status_says_since_when_memory_and_restarts(box):
    lines = service.status(box.transport).splitlines()
    assert [line.split() for line in lines[:3]] == [
        ['Service', 'State', 'Since', 'Memory', 'Restarts'],
        ['odoo.service', 'active', '(running)', 'Thu', '2026-11-26', '10:27:18', 'UTC', '182', 'MiB', '2'],
        ['postgresql@15-main.service', 'active', '(running)', 'Thu', '2026-11-26', '10:27:17', 'UTC', 'unknown', '0']]
    assert lines[4].startswith('System: degraded, up for ')
    assert lines[5].startswith('Memory: ') and lines[6].startswith('Disk: ')


def test_a_service_that_failed_says_why(box):
    box.show(SHOWN.replace('active\nSubState=running', 'failed\nSubState=failed', 1).replace('success', 'oom-kill', 1))
    assert 'failed (failed), oom-kill' in service.status(box.transport)


def test_a_container_without_odoo_says_so(box):
    box.show(SHOWN.replace('LoadState=loaded', 'LoadState=not-found', 1))
    assert 'odoo.service                not installed' in service.status(box.transport)


def test_a_container_without_systemd_is_told(box):
    box.node.program(101, 'systemctl', 'echo "System has not been booted with systemd as init system" >&2; exit 1')
    with pytest.raises(Permanent, match='systemctl show failed with exit code 1: System has not been booted'):
        service.status(box.transport)
    with pytest.raises(Permanent, match='no no-such-program: the container was not made by our recipe'):
        inner._run('no-such-program', 'show')


# -- restart ----------------------------------------------------------------------------------------------------------

@pytest.fixture
def at_port(monkeypatch):
    """Odoo of the container is at a port of this machine: its sources are sent with that one."""
    real = inside._sources

    def set_port(port, ready=30):
        def sources(module):
            values = (('PORT = 8069', f'PORT = {port}'), ('READY_SECONDS = 30', f'READY_SECONDS = {ready}'))
            return {name: replaced(source, values) for name, source in real(module).items()}
        monkeypatch.setattr(inside, '_sources', sources)
    return set_port


def replaced(source, values):
    for old, new in values:
        source = source.replace(old, new)
    return source


def test_restart_waits_until_odoo_takes_connections(box, at_port):
    with socket.create_server(('127.0.0.1', 0)) as server:
        at_port(server.getsockname()[1])
        answer = service.restart_odoo(box.transport)
    assert answer.startswith('Odoo takes connections again after 0.')
    assert 'odoo.service' in answer
    assert box.calls[0] == 'systemctl restart odoo.service'


def test_restart_says_when_odoo_does_not_come_back(box, at_port):
    at_port(free_port(), ready=1)
    assert 'takes no connections after 30 s: look into its log' in service.restart_odoo(box.transport)


def test_a_restart_that_fails_is_told_with_its_reason(box):
    box.systemctl(restart='echo "Unit odoo.service not found." >&2; exit 5')
    with pytest.raises(Permanent, match='systemctl restart failed with exit code 5: Unit odoo.service not found'):
        service.restart_odoo(box.transport)


def test_a_restart_that_hangs_has_an_end(box, monkeypatch):
    box.systemctl(restart='exec sleep 60')
    real = inside._sources
    monkeypatch.setattr(inside, '_sources', lambda module: {
        name: source.replace('RESTART_SECONDS = 100', 'RESTART_SECONDS = 1') for name, source in real(module).items()})
    with pytest.raises(Retryable, match='systemctl restart took longer than 1 s'):
        service.restart_odoo(box.transport)


# -- log --------------------------------------------------------------------------------------------------------------

def test_the_log_of_systemd_is_shown(box):
    box.journal('2026-11-26T10:27:18+0000 ct odoo[7]: one\n2026-11-26T10:27:19+0000 ct odoo[7]: ñandú\n')
    assert service.log_tail(box.transport, 50).splitlines()[1].endswith('odoo[7]: ñandú')
    assert box.calls == ['journalctl --unit odoo.service --lines 50 --no-pager --quiet --output short-iso']


def test_a_file_of_log_is_shown_in_its_place(tmp_path):
    (tmp_path / 'odoo.log').write_text(''.join(f'line {number}\n' for number in range(5000)))
    (tmp_path / 'old.log').write_text('old\n')
    os.utime(tmp_path / 'old.log', (1, 1))
    (tmp_path / 'new.log').touch()
    assert inner.log_tail(3, f'{tmp_path}/*.log') == ['line 4997', 'line 4998', 'line 4999']


@pytest.mark.parametrize('count', [0, -1, 1001, '5', None, 2.5, '1; id'])
def test_the_number_of_lines_is_bounded(box, count):
    with pytest.raises(Permanent, match='Between 1 and 1000 lines'):
        service.log_tail(box.transport, count)


def test_a_log_larger_than_an_answer_is_shortened(box):
    box.journal(('ñ' * 5000 + '\n') * 1000 + 'the end\n')
    lines = service.log_tail(box.transport, 1000).splitlines()
    assert lines[-1] == 'the end'
    assert 1 < len(lines) < 1000
    assert max(map(len, lines)) == inner.LONGEST_LINE


SECRETS = ['hunter2-hunter2', 'Passw0rd!', 'a1B2c3D4e5F6a7B8c9D0e1F2a3B4c5D6e7F8a9B0c1D2', 'deadbeef' * 4]


@pytest.mark.parametrize('secret', SECRETS)
@pytest.mark.parametrize('line', [
    'db_password = {}', 'admin_passwd={}', "{{'password': '{}', 'login': 'x'}}", '{{"api_key": "{}"}}',
    'POST /x?access_token={}&a=1',
    'GET /web/reset_password?db=odoo&token={} HTTP/1.1', 'Authorization: Bearer {}', 'authorization: Basic {}',
    'Cookie: session_id={}; other=1', 'Set-Cookie: x={}', 'postgresql://odoo:{}@localhost/odoo', 'secret: {}',
    'client_secret={}',
    'smtp_pass_pwd={}', 'Bearer {}', 'database.secret={}', 'webhook-signature: {}'])
def test_secrets_are_masked(line, secret):
    masked = service.mask(line.format(secret))
    assert secret not in masked
    assert service.MASK in masked


@pytest.mark.parametrize('line', [
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abc-_123', '$pbkdf2-sha512$600000$abc./$def./', 'deadbeef' * 4, SECRETS[2]])
def test_secrets_are_known_by_their_form_too(line):
    assert service.mask(f'seen {line} there') == 'seen *** there'


@pytest.mark.parametrize('line', [
    '2026-11-26 10:27:18,123 7 INFO odoo odoo.modules.loading: Loading module base (1/12)',
    '2026-11-26 10:27:18,123 7 ERROR odoo odoo.sql_db: bad query: SELECT 1',
    '  File "/usr/lib/python3/dist-packages/odoo/addons/base/models/ir_http.py", line 12, in _dispatch',
    '10.0.0.1 - - [26/Nov/2026 10:27:18] "GET /web/login HTTP/1.1" 200 - 8 0.012 0.034',
    'd1f0c9b2-7a3e-4b0a-9d3c-0f4a5b6c7d8e', 'ñandú'])
def test_what_is_no_secret_stays(line):
    assert service.mask(line) == line


def test_no_line_of_a_log_takes_long_or_steers_the_screen():
    for line in ('a' * 2000, 'eyJ' * 700, 'token' * 400, '://' * 700, 'x-' * 1000, 'password=' * 200, ' : = ' * 400):
        assert len(service.mask(line)) <= 3000
    assert service.mask('a\x1b[31mb\x07\u202e') == 'a [31mb  '
