"""A real PostgreSQL and, for the tests that need one, a real Odoo with a template built by the product's own builder.

PostgreSQL: PGHOST, PGPORT, PGUSER, PGPASSWORD; the role may create databases and need not be a superuser.
Odoo: SAAS_ODOO_COMMAND (its command line as a shell writes it, without options) and SAAS_SERIES (17.0 or 19.0).
"""
import os
import secrets
import shlex
import subprocess
import time
import uuid
from contextlib import suppress
from dataclasses import replace

import pytest
import requests
from drivers.postgres import connect, statement
from drivers.shared_node import SharedNode, drop, look
from drivers.spec import NodeSpec, Postgres, TenantSpec
from drivers.template import TemplateBuilder
from drivers.transport import LocalTransport
from drivers.waiting import NotYet

from real_servers import free_port

# Fewest modules that have the pages and the mail of a tenant; the builder adds auth_signup.
MODULES = ('web', 'mail')
RUN = f'saastest_{os.getpid()}'         # prefix of this run's template databases


def _variable(name, meaning):
    if not os.environ.get(name):
        pytest.fail(f'{name} is not set: {meaning}.', pytrace=False)
    return os.environ[name]


def wait_for(step, seconds=300):
    """Repeat ``step()`` as the ledger does until it answers something else than NotYet."""
    deadline = time.monotonic() + seconds
    while True:
        answer = step()
        if not isinstance(answer, NotYet):
            return answer
        assert time.monotonic() < deadline, f'still {answer.note or "busy"} after {seconds} s'
        time.sleep(0.2)


def new_tenant(name=None, **values):
    """A tenant with everything of its own. Its name serves as host: ``<name>.localhost``."""
    name = name or f'test-{secrets.token_hex(4)}'
    return TenantSpec(**{
        'name': name, 'mark': secrets.token_hex(16), 'company': "D'Arcy & Söhne", 'admin_name': 'Ana "Anita" Pérez',
        'login': 'ana@example.com', 'base_url': f'http://{name}.localhost:8080', 'database_uuid': str(uuid.uuid4()),
        'database_secret': secrets.token_hex(32), 'api_key': secrets.token_hex(20), **values})


def signals(pg, database):
    """Odoo's counters: {name: number}; of the registry, and of caches."""
    return dict(query(pg, database, """SELECT sequencename::text, coalesce(last_value, 0) FROM pg_sequences
                                        WHERE sequencename ~ '^(base|orm)_.*signaling'"""))


@pytest.fixture(scope='session')
def pg():
    """The PostgreSQL server under test, entered as an ordinary role."""
    return Postgres(
        host=_variable('PGHOST', 'the driver tests need a PostgreSQL server'), port=int(os.environ.get('PGPORT', 5432)),
        user=_variable('PGUSER', 'the driver tests need a role that may create databases'),
        password=os.environ.get('PGPASSWORD', ''))


@pytest.fixture(scope='session')
def series():
    return _variable('SAAS_SERIES', 'say which series SAAS_ODOO_COMMAND is, 17.0 or 19.0')


@pytest.fixture(scope='session')
def bare_spec(pg, tmp_path_factory):
    """A node without an Odoo: databases and files only."""
    root = tmp_path_factory.mktemp('bare')
    return NodeSpec(
        postgres=pg, series='17.0', data_dir=str(root / 'data'), odoo_url='http://127.0.0.1:9', odoo_command=('false',),
        odoo_config='', router_url='', router_config='', router_routes='', router_command=())


@pytest.fixture(scope='session')
def spec(bare_spec, series, tmp_path_factory):
    """A node with an Odoo, which is started by ``odoo_server`` only."""
    command = shlex.split(_variable(
        'SAAS_ODOO_COMMAND', 'these tests need a real Odoo; name its command line, for example "/path/odoo-bin"'))
    root, port, pg = tmp_path_factory.mktemp('node'), free_port(), bare_spec.postgres
    server_wide = 'base,web' if series == '17.0' else 'base,rpc,web'
    config = root / 'odoo.conf'
    config.touch(mode=0o600)
    # no crons: those of 19.0 visit every database of the role, other tests' too
    config.write_text(
        f'[options]\ndb_host = {pg.host}\ndb_port = {pg.port}\ndb_user = {pg.user}\ndb_password = {pg.password}\n'
        f'data_dir = {root}/data\nhttp_interface = 127.0.0.1\nhttp_port = {port}\ngevent_port = {free_port()}\n'
        f'list_db = False\ndbfilter = ^%d$\nmax_cron_threads = 0\nworkers = 0\nserver_wide_modules = {server_wide}\n')
    return replace(bare_spec, series=series, data_dir=f'{root}/data', odoo_url=f'http://127.0.0.1:{port}',
                   router_url=f'http://127.0.0.1:{port}', odoo_command=tuple(command), odoo_config=str(config))


@pytest.fixture(scope='session')
def template(spec):
    """A warmed and frozen template, built once; ``(name, facts)``."""
    builder, name = TemplateBuilder(spec, LocalTransport()), f'{RUN}_template'
    try:
        builder.prepare(name)
        builder.start_install(name, MODULES, ['es_ES'])
        wait_for(lambda: builder.poll(name))
        wait_for(lambda: builder.warm(name))
        yield name, builder.freeze(name)
    finally:
        builder.drop(name)


@pytest.fixture(scope='session')
def template_db(template):
    return template[0]


@pytest.fixture(scope='session')
def node(spec):
    return SharedNode(spec, LocalTransport())


def start_odoo(spec, *options):
    """A server of the node that answers; the caller ends it."""
    with open(f'{spec.data_dir}/../server.log', 'ab') as log:
        process = subprocess.Popen([*spec.odoo_command, '-c', spec.odoo_config, *options], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log)
    deadline = time.monotonic() + 60
    while True:
        with suppress(requests.ConnectionError):
            requests.get(f'{spec.odoo_url}/web/webclient/version_info', timeout=20)
            return process
        assert process.poll() is None and time.monotonic() < deadline, f'Odoo does not start, see {log.name}'
        time.sleep(0.1)


@pytest.fixture(scope='session')
def odoo_server(spec, template):
    """The node's Odoo, running: the database is the first label of the Host header."""
    process = start_odoo(spec)
    yield spec.odoo_url
    process.terminate()
    process.wait(30)


@pytest.fixture
def tenants():
    """Tenants to be taken away again: ``tenants(node, **values)``."""
    made = []

    def make(node, name=None, **values):
        made.append((node, new_tenant(name, **values)))
        return made[-1][1]
    yield make
    for node, tenant in reversed(made):     # names may have been used again
        node.drop_database(tenant)
        node.drop_filestore(tenant)


@pytest.fixture
def live_tenant(node, template_db, tenants):
    """``live_tenant(**values)``: a provisioned tenant."""
    def make(name=None, **values):
        tenant = tenants(node, name, **values)
        provision(node, template_db, tenant)
        return tenant
    return make


def provision(node, template_db, tenant):
    node.clone_database(template_db, tenant)
    node.clone_filestore(template_db, tenant)
    node.personalise(tenant)
    node.publish_database(tenant)


@pytest.fixture
def plain_databases(pg):
    """``plain_databases(name, comment)``: databases that no Odoo made; dropped at the end."""
    made = []

    def make(name, comment=None):
        with connect(pg, autocommit=True) as cursor:
            cursor.execute(statement('CREATE DATABASE {} TEMPLATE template0', name))
            made.append(name)
            if comment:
                cursor.execute(statement('COMMENT ON DATABASE {} IS %s', name), [comment])
        return name
    yield make
    with connect(pg, autocommit=True) as cursor:
        for name, database in look(cursor, *made).items():
            assert name in made
            drop(cursor, database)


def databases(pg, *names):
    """Those of ``names`` that exist."""
    with connect(pg) as cursor:
        return look(cursor, *names)


def query(pg, database, text, *parameters):
    """Rows of one statement in ``database``."""
    with connect(pg, database) as cursor:
        cursor.execute(text, parameters)
        return cursor.fetchall()
