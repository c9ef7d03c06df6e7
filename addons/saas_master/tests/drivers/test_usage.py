"""What tenants use, read from real databases and folders, with broken ones among them."""
import os
from dataclasses import replace
from pathlib import Path

import pytest
from drivers.access import Access
from drivers.errors import AuthError, Permanent, Unreachable
from drivers.postgres import connect
from drivers.usage import read_usage

from pg_fixtures import RUN
from real_servers import free_port

# as much of Odoo's tables as the count looks at
PEOPLE = '''
    CREATE TABLE res_users (id serial, active boolean, share boolean);
    CREATE TABLE ir_model_data (module varchar, name varchar, model varchar, res_id integer);
    INSERT INTO res_users (active, share) VALUES (true, false), (true, NULL), (true, true), (false, false), (true, false);
    INSERT INTO ir_model_data VALUES ('base', 'user_root', 'res.users', 1), ('base', 'user_admin', 'res.users', 2)'''


@pytest.fixture
def bare(bare_spec, tmp_path):
    return replace(bare_spec, data_dir=str(tmp_path))


@pytest.fixture
def people(pg, plain_databases):
    """A database with two people: accounts of Odoo itself, portal users and archived ones do not count."""
    name = plain_databases(f'{RUN}-usage')
    with connect(pg, name) as cursor:
        cursor.execute(PEOPLE)
    return name


@pytest.fixture
def files(tmp_path):
    """``files(tenant, name=bytes)`` in its filestore."""
    def make(tenant, **sizes):
        folder = tmp_path / 'filestore' / tenant
        (folder / 'ab').mkdir(parents=True, exist_ok=True)
        for name, size in sizes.items():
            (folder / 'ab' / name).write_bytes(b'x' * size)
        return folder
    return make


def test_figures(bare, people, files):
    files(people, one=1000, two=24)
    usage = read_usage(bare, Access(), [people])[people]
    assert (usage.users, usage.files_bytes, usage.problem) == (2, 1024, '')
    assert 5 * 2**20 < usage.database_bytes < 50 * 2**20


def test_a_broken_one_spoils_no_other(bare, people, plain_databases, files):
    other = plain_databases(f'{RUN}-no-odoo')
    files(people, one=10)
    found = read_usage(bare, Access(), ['not-there', people, other, '../etc', people])
    assert list(found) == ['not-there', people, other]
    assert (found['not-there'].users, found['not-there'].database_bytes, found['not-there'].files_bytes) == (None, None, 0)
    assert 'not on the node' in found['not-there'].problem
    assert found[other].users is None and 'res_users' in found[other].problem
    assert found[other].database_bytes > 0
    assert found[people].users == 2


def test_a_closed_database(bare, pg, people):
    with connect(pg, autocommit=True) as cursor:
        cursor.execute(f'ALTER DATABASE "{people}" ALLOW_CONNECTIONS false')
    usage = read_usage(bare, Access(), [people])[people]
    assert usage.users is None and usage.database_bytes > 0
    assert 'not currently accepting connections' in usage.problem


def test_files_are_what_the_customer_sees(bare, files, tmp_path):
    """Shared with the template by hard links: counted. Linked twice inside: once. Symbolic links: not at all."""
    template = files('template', golden=5000)
    tenant = files('acme', own=7)
    os.link(template / 'ab' / 'golden', tenant / 'ab' / 'golden')
    os.link(tenant / 'ab' / 'own', tenant / 'again')
    (tmp_path / 'outside').mkdir()
    (tmp_path / 'outside' / 'big').write_bytes(b'x' * 9999)
    (tenant / 'link').symlink_to(tmp_path / 'outside')
    (tenant / 'file').symlink_to(tmp_path / 'outside' / 'big')
    Path(bare.data_dir, 'filestore', 'linked').symlink_to(tmp_path / 'outside')
    found = read_usage(bare, Access(), ['acme', 'linked'])
    assert (found['acme'].files_bytes, found['linked'].files_bytes) == (5007, 0)


def test_nothing_is_written(bare, pg, people):
    with connect(pg, people) as cursor:
        cursor.execute('CREATE FUNCTION greedy() RETURNS bool LANGUAGE sql AS $$INSERT INTO ir_model_data VALUES ($s$x$s$);'
                       ' SELECT true$$')
        cursor.execute('ALTER TABLE res_users RENAME TO people')
        cursor.execute('CREATE VIEW res_users AS SELECT id, greedy() AS active, share FROM people')
    usage = read_usage(bare, Access(), [people])[people]
    assert usage.users is None and 'read-only' in usage.problem


def test_a_database_that_hangs_is_given_up(bare, pg, people, monkeypatch):
    monkeypatch.setattr('drivers.usage.STATEMENT_TIMEOUT', 0.2)
    with connect(pg, people) as cursor:
        cursor.execute('ALTER TABLE res_users RENAME TO people')
        cursor.execute('CREATE VIEW res_users AS SELECT id, (pg_sleep(30) IS NOT NULL) AS active, share FROM people')
    usage = read_usage(bare, Access(), [people])[people]
    assert usage.users is None and 'timeout' in usage.problem


def test_files_that_take_too_long_stay_unknown(bare, people, files, monkeypatch):
    files(people, one=10)
    monkeypatch.setattr('drivers.usage.FILES_SECONDS', 0)
    usage = read_usage(bare, Access(), [people])[people]
    assert (usage.users, usage.files_bytes) == (2, None)


def test_a_node_that_cannot_be_asked(bare, people, sshd, monkeypatch, tmp_path):
    access = Access('127.0.0.1', sshd.port, sshd.user, sshd.host_key, sshd.private_key)
    assert read_usage(bare, access, [people])[people].users == 2
    with pytest.raises(Unreachable):
        read_usage(bare, replace(access, port=free_port()), [people])
    for values, error in (({'port': free_port()}, Unreachable), ({'password': 'wrong'}, AuthError)):
        with pytest.raises(error):
            read_usage(replace(bare, postgres=replace(bare.postgres, **values)), Access(), [people])
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(Permanent, match='python3'):
        read_usage(bare, Access(), [people])


def test_a_real_tenant(node, live_tenant):
    tenant = live_tenant()
    usage = read_usage(node.spec, Access(), [tenant.name])[tenant.name]
    assert (usage.users, usage.problem) == (1, '')
    assert usage.database_bytes > 2**20 and usage.files_bytes > 0
