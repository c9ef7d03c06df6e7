"""What a tenant uses of its container, by the script that runs there: a real database, real files, a real transport."""
import contextlib
import os
import sys

import pytest
from drivers import usage_inside
from drivers.errors import Retryable, Unreachable
from drivers.postgres import connect
from drivers.transport import LocalTransport
from drivers.usage_inside import read_usage_inside
from test_usage import PEOPLE

from pg_fixtures import RUN


@pytest.fixture(autouse=True)
def as_we_are(monkeypatch, pg, tmp_path):
    """Here is no user odoo: the script runs as we do, with this Python and the way to this PostgreSQL."""
    (tmp_path / 'bin').mkdir()
    python = tmp_path / 'bin/python3'
    python.write_text(f'#!/bin/sh\nPGHOST={pg.host} PGPORT={pg.port} PGUSER={pg.user} PGPASSWORD={pg.password or ""}'
                      f' exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv('PATH', f'{python.parent}:{os.environ["PATH"]}')
    monkeypatch.setattr(usage_inside, 'USER', '')


@pytest.fixture
def people(pg, plain_databases):
    name = plain_databases(f'{RUN}-inside')
    with connect(pg, name) as cursor:
        cursor.execute(PEOPLE)
    return name


def here():
    return contextlib.nullcontext(LocalTransport())


def gone():
    raise Unreachable('The node does not answer.')


def busy():
    raise Retryable('The container is locked.')


def filestore(tmp_path):
    folder = tmp_path / 'filestore'
    (folder / 'ab').mkdir(parents=True)
    (folder / 'ab/one').write_bytes(b'x' * 1000)
    (folder / 'two').write_bytes(b'x' * 24)
    os.link(folder / 'two', folder / 'ab/same')
    (folder / 'elsewhere').symlink_to('/usr')
    return str(folder)


def test_figures(people, tmp_path):
    usage = read_usage_inside({7: here}, people, filestore(tmp_path))[7]
    assert (usage.users, usage.files_bytes, usage.problem) == (2, 1024, '')
    assert 5 * 2**20 < usage.database_bytes < 50 * 2**20


def test_what_cannot_be_read_concerns_itself(people, tmp_path):
    found = read_usage_inside({1: here, 2: busy, 3: gone}, people, str(tmp_path / 'nothing'))
    assert (found[1].users, found[1].files_bytes) == (2, 0)
    assert (found[2].users, found[2].problem) == (None, 'The container is locked.')
    assert found[3].problem == 'The node does not answer.'


def test_a_node_that_is_gone(tmp_path):
    with pytest.raises(Unreachable):
        read_usage_inside({1: gone, 2: gone}, 'odoo', str(tmp_path))
    assert read_usage_inside({}, 'odoo', str(tmp_path)) == {}


def test_a_database_that_is_not_there(tmp_path):
    usage = read_usage_inside({1: here}, f'{RUN}-absent', filestore(tmp_path))[1]
    assert (usage.users, usage.database_bytes, usage.files_bytes) == (None, None, 1024)
    assert 'does not exist' in usage.problem
