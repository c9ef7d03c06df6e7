"""Every part of a node, well and broken in each way that has a code of its own, against real servers."""
import os
import secrets
import socket
import subprocess
import threading
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from drivers import health, health_web
from drivers.access import Access
from drivers.health import Live, examine
from drivers.postgres import connect
from drivers.probe import DATABASE_HEADER
from drivers.router import Route

from pg_fixtures import RUN
from real_servers import free_port, wait_until
from sshd_fixtures import make_key

SERIES = '17.0'


def problems(spec, access=None, databases=(), live=()):
    """``{part: code}`` of what is wrong."""
    return {look.part: look.problem for look in examine(spec, access or Access(), databases, live).problems}


def executable(path, text):
    path.write_text(f'#!/bin/sh\n{text}\n')
    path.chmod(0o755)
    return str(path)


class Server(BaseHTTPRequestHandler):
    """Stands where Odoo is: healthy, and shows the databases in ``shown`` when the header names one of them."""

    def __init__(self, status, shown, *args):
        self.status, self.shown = status, shown
        super().__init__(*args)

    def do_GET(self):
        login = self.path == '/web/login'
        wanted = self.headers.get(DATABASE_HEADER, '').strip('^$')
        shows = self.shown == 'any' or wanted in self.shown
        self.send_response(self.status if not login else 200 if shows else 303)
        self.end_headers()
        self.wfile.write(b'<form class="oe_login_form">' if login and shows else b'{"status": "pass"}')

    def log_message(self, *args):
        pass


@pytest.fixture
def web():
    """``web(status, shown)``: address of a server."""
    servers = []

    def start(status=200, shown=()):
        servers.append(ThreadingHTTPServer(('127.0.0.1', 0), partial(Server, status, shown)))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f'http://127.0.0.1:{servers[-1].server_port}'
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def nginx(make_nginx):
    return make_nginx([Route('known.localhost', 'known')])


@pytest.fixture
def well(bare_spec, tmp_path, web, nginx):
    """A node where everything is well; Odoo's command line and server are stand-ins, all else is real."""
    (tmp_path / 'data').mkdir()
    (tmp_path / 'odoo.conf').touch()
    return replace(
        bare_spec, series=SERIES, data_dir=str(tmp_path / 'data'), odoo_url=web(),
        odoo_command=(executable(tmp_path / 'odoo', f'echo Odoo Server {SERIES}'),), odoo_config=str(tmp_path / 'odoo.conf'),
        router_url=f'http://127.0.0.1:{nginx.port}', router_config=nginx.config, router_routes=nginx.routes,
        router_command=nginx.command)


def test_a_healthy_node_and_its_load(well, pg, plain_databases):
    before = examine(well, Access())
    assert before.problems == []
    assert [look.part for look in before.looks] == [
        'postgres', 'role', 'connections', 'machine', 'data', 'disk', 'odoo', 'routes', 'server', 'router']
    load = before.load
    assert load.cpu_count == len(os.sched_getaffinity(0)) and load.load_average >= 0
    assert 0 < load.memory_available < load.memory_total and 0 < load.disk_free < load.disk_total
    assert 0 < load.connections < load.connections_max
    plain_databases(f'{RUN}_health')
    assert examine(well, Access()).load.databases == load.databases + 1


def test_looking_changes_nothing(well, tmp_path):
    def tree():
        return sorted(str(path) for path in tmp_path.rglob('*') if 'client_body' not in str(path))
    before, table = tree(), Path(well.router_routes).read_bytes()
    assert problems(well) == {}
    assert (tree(), Path(well.router_routes).read_bytes()) == (before, table)


# -- PostgreSQL ----------------------------------------------------------------------------

def with_postgres(spec, **values):
    return replace(spec, postgres=replace(spec.postgres, **values))


def test_postgres_that_is_not_there(well):
    report = examine(with_postgres(well, port=free_port()), Access())
    assert {look.part: look.problem for look in report.looks if look.state != 'ok'} == {
        'postgres': 'pg_unreachable', 'role': 'not_asked', 'connections': 'not_asked'}
    assert report.load.databases is None and report.load.cpu_count, 'the other parts are looked at all the same'


def test_postgres_that_refuses_us(well):
    found = examine(with_postgres(well, password='never-this-one'), Access()).problems[0]
    assert (found.part, found.problem) == ('postgres', 'pg_login')
    assert 'never-this-one' not in str(found.values)
    # whether the rules name users or not
    assert problems(with_postgres(well, user='nobody-of-that-name'))['postgres'] in ('pg_login', 'pg_access')


def test_another_users_database(well, pg, plain_databases):
    with connect(pg) as cursor:
        cursor.execute('SELECT datname FROM pg_database WHERE NOT pg_has_role(current_user, datdba, %s) LIMIT 1', ['USAGE'])
        foreign = cursor.fetchone()[0]
    own = plain_databases(f'{RUN}_own')
    report = examine(well, Access(), [own, foreign, 'not-there'])
    assert [(look.part, look.problem, look.values['example']) for look in report.problems] == [('role', 'pg_owner', foreign)]


def test_a_role_without_rights_and_too_many_connections(well, monkeypatch):
    limited = health.ASK_POSTGRES.replace('rolcreatedb OR rolsuper', 'false').replace("'max_connections'", "'max_wal_senders'")
    monkeypatch.setattr(health, 'ASK_POSTGRES', limited)
    monkeypatch.setattr(health, 'MOST_CONNECTIONS', 0)
    assert problems(well) == {'role': 'pg_createdb', 'connections': 'pg_connections'}


def test_an_old_server_and_a_clock_that_is_off(well, monkeypatch):
    monkeypatch.setattr(health, 'MINIMUM_VERSION', 10**7)
    assert problems(well) == {'postgres': 'pg_old'}
    monkeypatch.setattr(health, 'MINIMUM_VERSION', 0)
    monkeypatch.setattr(health, 'CLOCK_SKEW', -60)
    assert problems(well) == {'postgres': 'pg_clock', 'machine': 'clock'}


# -- the machine ---------------------------------------------------------------------------

def test_ssh(well, sshd):
    access = Access('127.0.0.1', sshd.port, sshd.user, sshd.host_key, sshd.private_key)
    assert problems(well, access) == {}
    other = (sshd.folder / 'rsa').read_text()
    for values, code in (({'port': free_port()}, 'ssh_unreachable'), ({'host_key': sshd.host_keys['ed25519'][:-30]}, None),
                         ({'private_key': other}, 'ssh_login'), ({'private_key': 'no key'}, 'ssh_private_key'),
                         ({'host_key': 'nonsense'}, 'ssh_host_key_form')):
        found = problems(well, replace(access, **values))
        assert found['machine'] == code if code else found['machine'].startswith('ssh_host_key'), values
    report = examine(well, replace(access, port=free_port()))
    assert {look.part for look in report.looks if look.state == 'skipped'} == {'data', 'disk', 'odoo', 'routes'}


def test_a_host_key_that_is_another(well, sshd, tmp_path):
    access = Access('127.0.0.1', sshd.port, sshd.user, make_key(tmp_path / 'other'), sshd.private_key)
    assert problems(well, access) == {'machine': 'ssh_host_key'}


def test_a_machine_without_python(well, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    assert problems(well)['machine'] == 'python'


def test_data_directory(well, tmp_path):
    assert problems(replace(well, data_dir=str(tmp_path / 'none'))) == {'data': 'data_missing'}
    found = examine(replace(well, data_dir='/proc'), Access()).problems[0]
    assert (found.part, found.problem, found.values['folder']) == ('data', 'data_unwritable', '/proc')


def test_a_full_disk(well, monkeypatch):
    monkeypatch.setattr(health, 'LEAST_DISK', 2**60)
    monkeypatch.setattr(health, 'LEAST_DISK_PART', 1)
    assert problems(well) == {'disk': 'disk'}


def test_odoo_command(well, tmp_path):
    mute, older = executable(tmp_path / 'mute', 'echo hello'), executable(tmp_path / 'older', 'echo Odoo Server 16.0')
    for command, code in (('no-such-command', 'odoo_command'), ('false', 'odoo_fails'), (mute, 'odoo_fails'),
                          (older, 'odoo_series')):
        assert problems(replace(well, odoo_command=(command,))) == {'odoo': code}
    assert problems(replace(well, odoo_config='/nowhere/odoo.conf')) == {'odoo': 'odoo_config'}


# -- the router ----------------------------------------------------------------------------

def test_router_paths(well, tmp_path):
    for values, code in (({'router_routes': '/nowhere/routes'}, 'routes_unwritable'),
                         ({'router_config': '/nowhere/nginx.conf'}, 'router_config'),
                         ({'router_routes': str(tmp_path / 'other')}, 'router_include'),
                         ({'router_command': ('no-such-nginx',)}, 'router_command')):
        assert problems(replace(well, **values)) == {'routes': code}, values


def test_a_configuration_that_nginx_refuses(well, nginx):
    config = Path(nginx.config)
    config.write_text(config.read_text().replace('sendfile on;', 'sendfile perhaps;'))
    found = examine(well, Access()).problems
    assert [(look.part, look.problem) for look in found] == [('routes', 'router_refuses')]
    assert 'perhaps' in found[0].values['words']


def test_a_router_that_does_not_run(well, nginx):
    nginx.stop()
    assert problems(well) == {'routes': 'router_stopped', 'router': 'router_unreachable'}


def test_a_router_that_is_another(well, make_nginx, web):
    assert problems(replace(well, router_url=web(200)))['router'] == 'router_open'
    assert problems(replace(well, router_url=web(404)))['router'] == 'router_foreign'
    other = make_nginx([])
    live = [Live('known.localhost', 'known')]
    well = replace(well, odoo_url=web(shown=('known',)))
    assert problems(well, live=live) == {}
    assert problems(replace(well, router_url=f'http://127.0.0.1:{other.port}'), live=live) == {'router': 'router_routes'}


# -- the Odoo server -----------------------------------------------------------------------

def test_server(well, web, monkeypatch):
    live = [Live('broken.localhost', 'broken'), Live('known.localhost', 'known')]
    for server, code in ((f'http://127.0.0.1:{free_port()}', 'server_unreachable'), (web(500), 'server_answer'),
                         (web(shown='any'), 'server_single'), (web(shown=()), 'server_header')):
        assert problems(replace(well, odoo_url=server), live=live) == {'server': code}
    assert problems(replace(well, odoo_url=web(shown=('known',))), live=live) == {}, 'one broken tenant is its owner\'s'


def test_a_server_that_hangs(well, monkeypatch):
    monkeypatch.setattr(health_web, 'TIMEOUT', 0.3)
    with socket.create_server(('127.0.0.1', 0)) as silent:
        address = f'http://127.0.0.1:{silent.getsockname()[1]}'
        assert problems(replace(well, odoo_url=address, router_url=address)) == {
            'server': 'server_silent', 'router': 'router_silent'}


def test_real_odoo(spec, well, odoo_server, live_tenant):
    """Its database is chosen by the host name: it is alive, but would show other names' visitors nothing."""
    tenant = live_tenant()
    real = replace(well, series=spec.series, odoo_command=spec.odoo_command, odoo_config=spec.odoo_config, odoo_url=odoo_server,
                   data_dir=spec.data_dir)
    assert problems(real) == {}
    assert problems(real, live=[Live(f'{tenant.name}.localhost', tenant.name)])['server'] == 'server_header'


@pytest.mark.parametrize('options, code', [
    (('--load=base,web,dbfilter_from_header', '--proxy-mode', '--db-filter='), None), (('--db-filter=^{}$',), 'server_single')])
def test_real_odoo_with_and_without_the_header(spec, well, live_tenant, options, code):
    tenant, port = live_tenant(), free_port()
    if spec.series != '17.0':
        options = tuple(option.replace('base,web', 'base,rpc,web') for option in options)
    options = [option.format(tenant.name) for option in options]
    argv = [*spec.odoo_command, '-c', spec.odoo_config, f'--http-port={port}', *options]
    with open(Path(spec.data_dir).parent / f'health-{secrets.token_hex(3)}.log', 'wb') as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        real, live = replace(well, odoo_url=f'http://127.0.0.1:{port}'), [Live(f'{tenant.name}.localhost', tenant.name)]
        wait_for_server(real, process)
        assert {**problems(real, live=live), 'router': None}.get('server') == code
    finally:
        process.terminate()
        process.wait(30)


def wait_for_server(spec, process):
    wait_until(lambda: process.poll() is not None or problems(spec).get('server') != 'server_unreachable', 'Odoo\'s start', 60)
    assert process.poll() is None
