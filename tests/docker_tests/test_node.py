"""A node made by the deployment's own scripts serves the product's own drivers."""
import contextlib
import http.client
import json
import os
import re
import runpy
import shutil
import sys
import urllib.error
import urllib.request

import psycopg2
import pytest

from ..stack.ports import wait_until
from ..stack.settings import CHECKOUT
from .real_node import DOCKER, Deployment

sys.path.insert(0, str(CHECKOUT / 'addons/saas_master'))      # the drivers as a package of their own

from drivers.access import Access  # noqa: E402
from drivers.errors import AuthError  # noqa: E402
from drivers.health import examine  # noqa: E402
from drivers.router import NONCE_URL, Route, Router  # noqa: E402
from drivers.spec import NodeSpec, Postgres  # noqa: E402
from drivers.template import TemplateBuilder  # noqa: E402


@pytest.fixture(scope='module')
def deployment(tmp_path_factory, prepared):
    """PostgreSQL with the roles that init makes; the same secrets as in a container's memory."""
    made = Deployment(tmp_path_factory.mktemp('node'), prepared / 'secrets')
    before = dict(os.environ)
    try:
        made.start_database()
        shutil.copytree(prepared / 'secrets', made.folder / 'run')
        init = made.init()
        for _twice in range(2):
            with init['connect']('postgres') as connection, connection.cursor() as cursor:
                init['make_roles'](cursor)
            with init['connect']('postgres').cursor() as cursor:
                init['make_database'](cursor)
        yield made
    finally:
        made.close()
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope='module')
def node(deployment):
    """Running, and what the master would be told about it."""
    deployment.start_node()
    values = runpy.run_path(str(DOCKER / 'bin/register_node.py'))['node_values'](os.environ)
    yield deployment, values
    if deployment.process.poll() is None:
        deployment.stop_node()


def spec(values):
    postgres = Postgres(values['pg_host'], values['pg_port'], values['pg_user'], values['pg_password'])
    return NodeSpec(
        postgres=postgres, odoo_command=tuple(values['odoo_command'].split()),
        router_command=tuple(values['router_command'].split()),
        **{name: values[name] for name in (
            'series', 'data_dir', 'odoo_url', 'odoo_config', 'router_url', 'router_config', 'router_routes')})


def access(values, **changed):
    """Through the deployment's sshd, with its keys."""
    return Access(**{'host': values['ssh_host'], 'port': values['ssh_port'], 'user': values['ssh_user'],
                     'host_key': values['ssh_host_key'], 'private_key': values['ssh_private_key'], **changed})


# -- PostgreSQL ---------------------------------------------------------------------------------

def connect(deployment, role, database):
    password = deployment.secret(f'{role}_db_password')
    return psycopg2.connect(host='127.0.0.1', port=deployment.settings.ports.postgres, user=f'saas_{role}',
                            password=password, dbname=database)


@pytest.mark.parametrize(('role', 'creates'), [('master', False), ('tenant', True)])
def test_rights_of_the_roles(deployment, role, creates):
    with connect(deployment, role, 'postgres') as connection, connection.cursor() as cursor:
        cursor.execute('SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user')
        assert cursor.fetchone() == (False, False, creates)


def test_roles_stay_out_of_each_other_s_databases(deployment):
    connect(deployment, 'master', 'saas_master').close()
    with pytest.raises(psycopg2.OperationalError, match='pg_hba.conf rejects'):
        connect(deployment, 'tenant', 'saas_master')
    admin = connect(deployment, 'tenant', 'postgres')
    admin.autocommit = True
    admin.cursor().execute('CREATE DATABASE customer')
    connect(deployment, 'tenant', 'customer').close()
    with pytest.raises(psycopg2.OperationalError, match='no pg_hba.conf entry'):
        connect(deployment, 'master', 'customer')
    admin.cursor().execute('DROP DATABASE customer')


@pytest.mark.parametrize(('present', 'arguments', 'asked'), [
    ((), (), ['--init=saas_master,saas_domains,saas_billing', '--load-language=en_US,es_ES']),
    (('saas_master', 'saas_domains'), (), ['--init=saas_billing', '--update=saas_master,saas_domains']),
    (('saas_master', 'saas_domains', 'saas_billing'), (), []),
    (('saas_master', 'saas_domains', 'saas_billing'), ('update',), ['--update=saas_master,saas_domains,saas_billing'])])
def test_what_init_has_odoo_install(deployment, monkeypatch, tmp_path, present, arguments, asked):
    """A deployment from before an addon gets it, and what that stands on is brought up to date with it."""
    with connect(deployment, 'master', 'saas_master') as connection, connection.cursor() as cursor:
        cursor.execute('DROP TABLE IF EXISTS ir_module_module')
        if present:
            cursor.execute('CREATE TABLE ir_module_module (name varchar, state varchar)')
            cursor.executemany("INSERT INTO ir_module_module VALUES (%s, 'installed')", [(name,) for name in present])
    odoo = tmp_path / 'odoo'
    odoo.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    odoo.chmod(0o755)
    init = deployment.init()
    monkeypatch.setenv('SAAS_ODOO', str(odoo))
    init['main'](*arguments)
    *installs, last = (tmp_path / 'asked').read_text().splitlines()
    assert last.startswith('shell -d saas_master') and len(installs) == bool(asked)
    assert [word for line in installs for word in line.split() if re.match('--(init|update|load)', word)] == asked
    with connect(deployment, 'master', 'saas_master') as connection, connection.cursor() as cursor:
        cursor.execute('DROP TABLE IF EXISTS ir_module_module')


# -- the node -----------------------------------------------------------------------------------

def ask(values, path, host):
    request = urllib.request.Request(values['router_url'] + path, headers={'Host': host})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def sent_to(values, path, host):
    """Status and Location, without going there."""
    connection = http.client.HTTPConnection(values['router_url'].partition('//')[2], timeout=30)
    with contextlib.closing(connection):
        connection.request('GET', path, headers={'Host': host})
        answer = connection.getresponse()
        return answer.status, answer.getheader('Location')


def answers(values, host, status):
    """Whether the router comes to answer so: after a reload nginx takes a moment."""
    return wait_until(lambda: ask(values, '/web/login', host)[0] == status, 5)


def test_health_of_the_node_as_the_master_sees_it(node):
    _deployment, values = node
    report = examine(spec(values), access(values))
    assert report.problems == [] and report.load.disk_free > 0


def test_odoo_on_the_node_over_ssh(node):
    """What builds templates: Odoo's own command line, with the configuration and password of the container."""
    _deployment, values = node
    with access(values).open() as transport:
        assert len(TemplateBuilder(spec(values), transport).fingerprint()) == 64


def test_only_the_pinned_host_and_the_known_key(node, prepared):
    _deployment, values = node
    other = (prepared / 'secrets/node_client_key.pub').read_text()
    foreign_key = (prepared / 'secrets/node_host_key').read_text()
    for changed in ({'host_key': other}, {'private_key': foreign_key}):
        with pytest.raises(AuthError), access(values, **changed).open() as transport:
            transport.run(['true'], timeout=10)


def test_routes_survive_a_new_container(node):
    deployment, values = node
    routes = [Route('acme.master.test', 'acme', suspended=True)]
    with access(values).open() as transport:
        router = Router(transport, values['router_config'], values['router_routes'], spec(values).router_command)
        assert router.apply(routes) is True and router.apply(routes) is False
    assert answers(values, 'acme.master.test', 503) and answers(values, 'nobody.master.test', 404)
    assert deployment.stop_node() == 143 and deployment.processes() == []
    deployment.start_node()
    assert answers(values, 'acme.master.test', 503)


def test_a_customer_s_own_name_on_the_router(node):
    """What proves that a name leads here, and the way to the primary one."""
    _deployment, values = node
    routes = [Route('acme.master.test', 'acme'), Route('www.acme.test', 'acme', nonce='f00d'),
              Route('acme.test', 'acme', redirect='www.acme.test', nonce='beef')]
    with access(values).open() as transport:
        assert Router(transport, values['router_config'], values['router_routes'], spec(values).router_command).apply(routes)
    assert wait_until(lambda: ask(values, NONCE_URL, 'acme.test') == (200, 'beef'), 5)
    assert wait_until(lambda: ask(values, NONCE_URL, 'www.acme.test') == (200, 'f00d'), 5)
    assert ask(values, NONCE_URL, 'acme.master.test')[0] == 404
    # a worker that the reload replaces may still take a connection
    assert wait_until(lambda: sent_to(values, '/shop?a=1', 'acme.test') == (308, 'http://www.acme.test/shop?a=1'), 5)


def test_odoo_lists_no_database(node):
    """The router's header alone chooses one, and the manager of databases is closed."""
    deployment, values = node
    assert 'monkey patching http.db_filter' in deployment.log()
    body, headers = json.dumps({'jsonrpc': '2.0', 'params': {}}).encode(), {'Content-Type': 'application/json'}
    request = urllib.request.Request(f'{values["odoo_url"]}/web/database/list', body, headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        assert 'error' in json.load(answer)


def test_no_secret_in_the_log(node, prepared):
    deployment, _values = node
    log = deployment.log()
    for secret in (prepared / 'secrets').iterdir():
        assert secret.read_text().strip() not in log, secret.name


def test_a_node_that_lost_a_process_stops_as_a_whole(node):
    """So that the engine starts it again; the last test, since nothing runs after it."""
    deployment, _values = node
    os.kill(int((deployment.folder / 'router/run/nginx.pid').read_text()), 15)
    assert deployment.process.wait(60) == 1
    assert deployment.processes() == [] and 'A process of this node ended' in deployment.log()
    assert deployment.health().returncode == 1
