"""Every psycopg2 error leaves as the driver error that decides what happens next."""
from dataclasses import replace

import pytest
from drivers.errors import AuthError, NotFound, Permanent, Retryable, Unreachable
from drivers.postgres import connect

from pg_fixtures import databases, query
from real_servers import free_port


def test_committed_if_the_block_ends_well(pg, plain_databases):
    name = plain_databases('saastest-commit')
    with connect(pg, name) as cursor:
        cursor.execute('CREATE TABLE kept (id int)')
    with pytest.raises(ZeroDivisionError), connect(pg, name) as cursor:
        cursor.execute('INSERT INTO kept VALUES (1)')
        raise ZeroDivisionError
    assert query(pg, name, 'SELECT count(*) FROM kept') == [(0,)]


def test_connections_name_themselves(pg):
    assert query(pg, None, "SELECT current_setting('application_name')") == [('saas',)]


@pytest.mark.parametrize('change, kind, words', [
    ({'port': free_port()}, Unreachable, 'Check that PostgreSQL runs'),
    ({'host': '127.0.0.2', 'port': free_port()}, Unreachable, 'Check that PostgreSQL runs'),
    ({'user': 'saastest_nobody', 'password': 'wrong'}, AuthError, 'Correct the user and password'),
    ({'maintenance_db': 'saastest-absent'}, NotFound, 'does not exist'),
])
def test_refused_connections(pg, change, kind, words):
    with pytest.raises(kind, match=words) as caught, connect(replace(pg, **change)):
        pass
    assert caught.type is kind
    assert 'wrong' not in str(caught.value)


@pytest.mark.parametrize('text, kind', [
    ('SELECT pg_sleep(5)', Retryable),
    ('SELECT * FROM saastest_nothing', Permanent),
    ('SELECT 1/0', Permanent),
    ('SELECT pg_terminate_backend(pg_backend_pid())', Unreachable),
    ('CREATE DATABASE "saastest-x" TEMPLATE "saastest-absent"', NotFound),
])
def test_refused_statements(pg, text, kind):
    with pytest.raises(kind) as caught, connect(pg, autocommit=True, timeout=0.2) as cursor:
        cursor.execute(text)
    assert caught.type is kind
    assert str(pg.port) in str(caught.value)
    assert not databases(pg, 'saastest-x')


def test_a_closed_database_may_open_again(pg, plain_databases):
    name = plain_databases('saastest-closed')
    with connect(pg, autocommit=True) as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    with pytest.raises(Retryable) as caught, connect(pg, name):
        pass
    assert caught.type is Retryable
