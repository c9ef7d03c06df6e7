"""The database of a dedicated tenant, worked on from inside its container: real PostgreSQL, Odoo's own tables."""
import dataclasses
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from drivers.errors import NotFound, Permanent, Retryable
from drivers.postgres import connect, statement
from drivers.pve import dedicated_database as dedicated
from drivers.pve.dedicated_database import Inside
from drivers.pve.spec import Container

from pg_fixtures import databases, new_tenant, query
from real_servers import free_port, wait_until


class Box:
    """What the container 101 holds: ``inside`` says where. Names are this test's own, for the server is everybody's."""

    def __init__(self, pg, transport, folder):
        name = f'saastest_{secrets.token_hex(6)}'
        self.pg, self.transport = pg, transport
        self.tenant = dataclasses.replace(new_tenant(), container=Container(101, 'test', '0' * 32))
        self.inside = Inside(
            user='', data_dir=str(folder), staging=f'{name}_golden', published=f'{name}_odoo', python=sys.executable,
            host=pg.host, port=pg.port, role=pg.user, password=pg.password)

    def __getattr__(self, name):
        function = getattr(dedicated, name)
        return lambda tenant=None: function(self.transport, tenant or self.tenant, self.inside)

    def sql(self, text, *names):
        with connect(self.pg, autocommit=True) as cursor:
            cursor.execute(statement(text, *names))

    def found(self):
        return databases(self.pg, self.inside.staging, self.inside.published)

    def parameters(self, database):
        return dict(query(self.pg, database, 'SELECT key, value FROM ir_config_parameter'))

    def drop(self):
        for name in self.found():
            self.sql('ALTER DATABASE {} IS_TEMPLATE false', name)
            self.sql('DROP DATABASE {} WITH (FORCE)', name)


@pytest.fixture
def empty(pg, pct_local, tmp_path):
    box = Box(pg, pct_local(), tmp_path)
    yield box
    box.drop()


@pytest.fixture
def box(empty, template_db):
    """As a golden container leaves it."""
    empty.sql('CREATE DATABASE {} TEMPLATE {}', empty.inside.staging, template_db)
    return empty


def test_from_golden_to_published(box):
    assert box.look() == 'staging'
    box.personalise()
    assert box.look() == 'staging'
    assert box.found()[box.inside.staging].comment == f'saas:{box.tenant.mark}'
    box.publish()
    assert box.look() == 'published'
    assert set(box.found()) == {box.inside.published}
    values = box.parameters(box.inside.published)
    assert (values['database.uuid'], values['database.secret'], values['web.base.url']) == (
        box.tenant.database_uuid, box.tenant.database_secret, box.tenant.base_url)
    assert query(box.pg, box.inside.published, 'SELECT login, password FROM res_users WHERE active AND NOT share') == [
        (box.tenant.login, None)]


def test_no_secret_is_on_a_command_line(box, pct_node):
    box.personalise()
    lines = '\n'.join(pct_node.calls)
    assert lines
    assert not any(secret in lines for secret in (box.tenant.database_secret, box.tenant.api_key, box.tenant.login))


def test_it_may_be_personalised_again_until_it_is_published(box):
    box.personalise()
    again = dataclasses.replace(box.tenant, database_secret='f' * 64, api_key='e' * 40)
    box.personalise(again)
    assert box.parameters(box.inside.staging)['database.secret'] == 'f' * 64
    assert query(box.pg, box.inside.staging, 'SELECT index FROM res_users_apikeys') == [('eeeeeeee',)]
    box.publish()
    with pytest.raises(Permanent, match='published already'):
        box.personalise()
    assert box.parameters(box.inside.published)['database.secret'] == 'f' * 64


def test_publishing_again_changes_nothing(box):
    box.personalise()
    box.publish()
    before = box.found()
    box.publish()
    assert box.found() == before


def test_only_a_personalised_database_is_published(box):
    with pytest.raises(Permanent, match='not personalised yet'):
        box.publish()
    assert set(box.found()) == {box.inside.staging}


def test_a_database_of_another_tenant_is_left_alone(box):
    box.personalise()
    other = new_tenant()
    for act in (box.personalise, box.publish):
        with pytest.raises(Permanent, match='is not that of'):
            act(other)
    box.publish()
    for act in (box.personalise, box.publish, box.look):
        with pytest.raises(Permanent, match='that is not'):
            act(other)
    assert box.found()[box.inside.published].comment == f'saas:{box.tenant.mark}'


def test_a_container_without_a_database_is_told(empty):
    assert empty.look() == 'absent'
    for act in (empty.personalise, empty.publish):
        with pytest.raises(NotFound, match='holds no database'):
            act()


@pytest.mark.parametrize('stopped', ['closed', 'renamed'])
def test_a_publication_that_was_stopped_is_finished(box, stopped):
    box.personalise()
    box.sql('ALTER DATABASE {} ALLOW_CONNECTIONS false', box.inside.staging)
    if stopped == 'renamed':
        box.sql('ALTER DATABASE {} RENAME TO {}', box.inside.staging, box.inside.published)
    box.publish()
    assert box.found()[box.inside.published].is_open


def test_after_a_publication_that_was_stopped_it_may_be_personalised(box):
    box.personalise()
    box.sql('ALTER DATABASE {} ALLOW_CONNECTIONS false', box.inside.staging)
    box.personalise()
    box.publish()
    assert box.look() == 'published'


def test_files_follow_their_database(box, tmp_path):
    (tmp_path / 'filestore' / box.inside.staging / 'ab').mkdir(parents=True)
    box.personalise()
    box.publish()
    assert [path.name for path in (tmp_path / 'filestore').iterdir()] == [box.inside.published]
    box.publish()
    assert (tmp_path / 'filestore' / box.inside.published / 'ab').is_dir()


def test_files_that_have_their_name_already_stay(box, tmp_path):
    for name in (box.inside.staging, box.inside.published):
        (tmp_path / 'filestore' / name / name).mkdir(parents=True)
    box.personalise()
    box.publish()
    assert (tmp_path / 'filestore' / box.inside.published / box.inside.published).is_dir()


def test_who_works_in_the_golden_database_is_sent_away(box):
    box.personalise()
    with pytest.raises(Retryable, match='terminat|closed'), connect(box.pg, box.inside.staging) as cursor:
        box.publish()
        cursor.execute('SELECT 1')
    assert box.look() == 'published'


def test_two_runs_at_once_leave_one_set_of_secrets(box):
    """A run whose caller was killed goes on inside, while the next attempt begins."""
    problems = []

    def attempt():
        try:
            box.personalise()
        except Retryable as error:
            problems.append(error)
    threads = [threading.Thread(target=attempt) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(problems) < 4
    assert query(box.pg, box.inside.staging, 'SELECT count(*) FROM res_users_apikeys') == [(1,)]
    assert box.parameters(box.inside.staging)['database.secret'] == box.tenant.database_secret


KILLED = '''
import sys
sys.path[:0] = [{addon!r}, {tests!r}]
from drivers.pve import dedicated_database as dedicated
from drivers.pve.dedicated_database import Inside
from drivers.spec import TenantSpec
from drivers.pct import PctTransport
from drivers.transport import LocalTransport
import json
tenant, inside = json.load(sys.stdin)
print('begun', flush=True)
for act in (dedicated.personalise, dedicated.publish):
    act(PctTransport(LocalTransport(), 101), TenantSpec(**tenant), Inside(**inside))
print('ended', flush=True)
'''


@pytest.mark.parametrize('delay', [0.02, 0.1, 0.2, 0.3, 0.4, 0.6])
def test_killed_at_any_instant_it_is_finished_by_the_next_attempt(box, delay):
    addon = Path(dedicated.__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, '-c', KILLED.format(addon=str(addon), tests=str(Path(__file__).parent))], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env={**os.environ})
    tenant = {**dataclasses.asdict(box.tenant), 'container': None}
    process.stdin.write(json.dumps([tenant, dataclasses.asdict(box.inside)]))
    process.stdin.close()
    assert process.stdout.readline() == 'begun\n'
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert_finished(box)


def assert_finished(box):
    """The ledger repeats the step that was stopped, and those after it."""
    def attempt():
        try:
            if box.look() == 'staging':
                box.personalise()
            box.publish()
        except (Retryable, Permanent) as error:     # the killed attempt goes on inside and may publish before us
            assert isinstance(error, Retryable) or 'published already' in str(error), error
        return box.look() == 'published'
    wait_until(attempt, 'the publication', 30)
    assert box.parameters(box.inside.published)['database.secret'] == box.tenant.database_secret
    assert query(box.pg, box.inside.published, 'SELECT count(*) FROM res_users_apikeys') == [(1,)]


def test_a_postgresql_that_starts_is_waited_for(box, monkeypatch):
    """Without an answer for a while it is Retryable, and not the node that is unreachable."""
    away = dataclasses.replace(box.inside, port=free_port(), host='127.0.0.1')
    with pytest.raises(Retryable, match='PostgreSQL does not answer yet') as caught:
        dedicated.look(box.transport, box.tenant, away)
    assert (type(caught.value), caught.value.problem) == (Retryable, 'pg_starting')


def test_a_standby_is_handed_over_while_it_is_published(box):
    box.personalise()
    box.publish()
    customer = dataclasses.replace(new_tenant(), mark=box.tenant.mark, login='new@example.com', company='Taken Over')
    for _again in range(2):
        assert box.hand_over(customer) == box.tenant.database_uuid
        assert box.parameters(box.inside.published)['web.base.url'] == customer.base_url
        assert query(box.pg, box.inside.published, 'SELECT login FROM res_users WHERE active AND NOT share') == [
            ('new@example.com',)]
        assert query(box.pg, box.inside.published, 'SELECT index FROM res_users_apikeys') == [(customer.api_key[:8],)]
    assert box.look() == 'published'


def test_only_what_is_published_is_handed_over(box):
    box.personalise()
    with pytest.raises(NotFound, match='is not published in its container'):
        box.hand_over()
    box.publish()
    with pytest.raises(Permanent, match='that is not that of'):
        box.hand_over(new_tenant())
