"""Databases and filestores of tenants on a real PostgreSQL, killed and repeated at every point. No Odoo here."""
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from drivers.errors import NotFound, Permanent, Retryable
from drivers.postgres import connect
from drivers.shared_node import SharedNode
from drivers.transport import LocalTransport

from pg_fixtures import RUN, databases, new_tenant, query
from real_servers import wait_until

TEMPLATE = f'{RUN}_plain'


@pytest.fixture
def bare(bare_spec, tmp_path):
    """A node without an Odoo, with files of its own."""
    return SharedNode(replace(bare_spec, data_dir=str(tmp_path)), LocalTransport())


@pytest.fixture
def plain(pg, plain_databases):
    """A closed template of one table."""
    plain_databases(TEMPLATE)
    with connect(pg, TEMPLATE) as cursor:
        cursor.execute('CREATE TABLE golden AS SELECT 42 AS answer')
    with connect(pg, autocommit=True) as cursor:
        cursor.execute(f'ALTER DATABASE {TEMPLATE} ALLOW_CONNECTIONS false IS_TEMPLATE true')
    return TEMPLATE


def mark(pg, tenant, database=None):
    """What personalising ends with."""
    with connect(pg, autocommit=True) as cursor:
        cursor.execute(f'COMMENT ON DATABASE "{database or tenant.staging}" IS %s', [f'saas:{tenant.mark}'])


def connected(pg, database):
    return psycopg2.connect(host=pg.host, port=pg.port, user=pg.user, password=pg.password, dbname=database)


def make(bare, plain, tenant, publish=True):
    bare.clone_database(plain, tenant)
    mark(bare.spec.postgres, tenant)
    if publish:
        bare.publish_database(tenant)
    return tenant


def owned(pg):
    """How many databases the role has."""
    return query(pg, None, 'SELECT count(*) FROM pg_database WHERE pg_get_userbyid(datdba) = current_user')[0][0]


# -- cloning -------------------------------------------------------------------------------

def test_a_clone_is_hidden_until_it_is_published(bare, pg, plain, tenants):
    tenant = make(bare, plain, tenants(bare), publish=False)
    staging = databases(pg, tenant.staging)[tenant.staging]
    assert staging.is_template, 'Odoo servers must pass over it'
    bare.publish_database(tenant)
    published = databases(pg, tenant.name, tenant.staging)
    assert list(published) == [tenant.name]
    assert published[tenant.name].is_open and not published[tenant.name].is_template
    assert published[tenant.name].comment == f'saas:{tenant.mark}'
    assert query(pg, tenant.name, 'SELECT answer FROM golden') == [(42,)]


def test_cloning_again_changes_nothing(bare, pg, plain, tenants):
    tenant = make(bare, plain, tenants(bare), publish=False)
    bare.clone_database(plain, tenant)
    assert databases(pg, tenant.staging)[tenant.staging].comment == f'saas:{tenant.mark}'
    bare.publish_database(tenant)
    bare.clone_database(plain, tenant)
    assert list(databases(pg, tenant.staging, tenant.name)) == [tenant.name]


def test_a_foreign_database_keeps_its_name(bare, pg, plain, plain_databases):
    for comment in (None, 'saas:' + 32 * 'f'):
        tenant = new_tenant()
        plain_databases(tenant.name, comment)
        with pytest.raises(Permanent, match='not ours'):
            bare.clone_database(plain, tenant)
        assert not databases(pg, tenant.staging)


def test_a_missing_template_is_named(bare):
    with pytest.raises(NotFound, match='saastest-absent'):
        bare.clone_database('saastest-absent', new_tenant())


def test_twenty_clones_at_once(bare, pg, plain, tenants):
    twenty = [tenants(bare) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda tenant: make(bare, plain, tenant), twenty))
    assert len(databases(pg, *(tenant.name for tenant in twenty))) == 20


def test_two_workers_at_the_same_clone(bare, pg, plain, tenants):
    """As when a killed worker's statement still runs on the server."""
    tenant = tenants(bare)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: bare.clone_database(plain, tenant), range(4)))
    assert databases(pg, tenant.staging)


@pytest.mark.parametrize('name', ['..', 'a/b', '', '-x', 'x' * 64, 'a b', 'a;b', 'a\nb', 'über'])
def test_names_that_could_leave_their_folder_are_refused(bare, name):
    tenant = new_tenant(name or 'x')
    tenant = replace(tenant, name=name)
    for act in (bare.clone_database, bare.clone_filestore):
        with pytest.raises(Permanent, match='name of a database'):
            act('template', tenant)
    for act in (bare.publish_database, bare.personalise, bare.drop_database, bare.drop_filestore):
        with pytest.raises(Permanent, match='name of a database'):
            act(tenant)


def test_a_mark_that_is_none_is_refused(bare):
    with pytest.raises(Permanent, match='32 hexadecimal'):
        bare.drop_database(new_tenant(mark='..'))


# -- publishing ----------------------------------------------------------------------------

def test_only_a_personalised_database_is_published(bare, pg, plain, tenants):
    tenant = tenants(bare)
    with pytest.raises(NotFound, match='clone the template first'):
        bare.publish_database(tenant)
    bare.clone_database(plain, tenant)
    with pytest.raises(Permanent, match='not personalised'):
        bare.publish_database(tenant)
    assert list(databases(pg, tenant.name, tenant.staging)) == [tenant.staging]


def test_a_connection_left_behind_does_not_hinder(bare, pg, plain, tenants):
    tenant = make(bare, plain, tenants(bare), publish=False)
    left = connected(pg, tenant.staging)
    bare.publish_database(tenant)
    with pytest.raises(psycopg2.OperationalError):
        left.cursor().execute('SELECT 1')
    assert databases(pg, tenant.name)[tenant.name].is_open


@pytest.mark.parametrize('killed_after', [
    'ALTER DATABASE "{0.staging}" ALLOW_CONNECTIONS false',
    'ALTER DATABASE "{0.staging}" ALLOW_CONNECTIONS false; ALTER DATABASE "{0.staging}" RENAME TO "{0.name}"',
    'ALTER DATABASE "{0.staging}" ALLOW_CONNECTIONS false; ALTER DATABASE "{0.staging}" RENAME TO "{0.name}";'
    'ALTER DATABASE "{0.name}" ALLOW_CONNECTIONS true IS_TEMPLATE false',
])
def test_publishing_goes_on_where_it_was_killed(bare, pg, plain, tenants, killed_after):
    tenant = make(bare, plain, tenants(bare), publish=False)
    with connect(pg, autocommit=True) as cursor:
        for text in killed_after.format(tenant).split(';'):
            cursor.execute(text)
    bare.publish_database(tenant)
    found = databases(pg, tenant.name, tenant.staging)
    assert list(found) == [tenant.name]
    assert found[tenant.name].is_open and not found[tenant.name].is_template


def test_a_foreign_database_that_appeared_meanwhile_stays(bare, pg, plain, tenants, plain_databases):
    tenant = make(bare, plain, tenants(bare), publish=False)
    other = new_tenant(tenant.name)
    plain_databases(tenant.name, f'saas:{other.mark}')
    with pytest.raises(Permanent, match='not ours'):
        bare.publish_database(tenant)
    assert databases(pg, tenant.name)[tenant.name].comment == f'saas:{other.mark}'
    with connect(pg, autocommit=True) as cursor:        # gone again: the fixtures take each what is theirs
        cursor.execute(f'DROP DATABASE "{tenant.name}"')


def test_a_published_tenant_is_not_personalised_again(bare, plain, tenants):
    tenant = make(bare, plain, tenants(bare))
    with pytest.raises(Permanent, match='published already'):
        bare.personalise(tenant)


# -- dropping ------------------------------------------------------------------------------

def test_dropping_takes_all_and_may_be_repeated(bare, pg, plain):
    tenant = make(bare, plain, new_tenant())
    again = replace(tenant, name=f'{tenant.name}-2')
    bare.clone_database(plain, again)       # a staging database of the same mark
    left = connected(pg, tenant.name)
    for _ in range(2):
        bare.drop_database(tenant)
        assert not databases(pg, tenant.name, tenant.staging)
    left.close()


def test_dropping_what_never_was_is_silent(bare, pg):
    before = owned(pg)
    assert bare.drop_database(new_tenant()) is None
    assert bare.drop_filestore(new_tenant()) is None
    assert owned(pg) == before


@pytest.mark.parametrize('killed_after', ['ALLOW_CONNECTIONS false', 'ALLOW_CONNECTIONS false IS_TEMPLATE false'])
def test_dropping_goes_on_where_it_was_killed(bare, pg, plain, killed_after):
    tenant = make(bare, plain, new_tenant(), publish=False)
    with connect(pg, autocommit=True) as cursor:
        cursor.execute(f'ALTER DATABASE "{tenant.staging}" {killed_after}')
    bare.drop_database(tenant)
    assert not databases(pg, tenant.staging)


def test_a_foreign_database_is_never_dropped(bare, pg, plain, plain_databases):
    tenant = new_tenant()
    bare.clone_database(plain, tenant)
    plain_databases(tenant.name, 'somebody else')
    with pytest.raises(Permanent, match='not ours'):
        bare.drop_database(tenant)
    assert list(databases(pg, tenant.name, tenant.staging)) == [tenant.name]


# -- filestores ----------------------------------------------------------------------------

@pytest.fixture
def files(bare):
    """The folder of filestores, with a template's."""
    root = Path(bare.spec.data_dir, 'filestore')
    (root / TEMPLATE / 'ab').mkdir(parents=True)
    (root / TEMPLATE / 'ab' / 'abcd').write_text('golden')
    (root / TEMPLATE / f'.saas-template-{TEMPLATE}').touch()
    return root


def test_files_are_shared_by_hard_links(bare, files):
    tenant = new_tenant()
    for _ in range(2):
        bare.clone_filestore(TEMPLATE, tenant)
        assert os.path.samefile(files / tenant.name / 'ab' / 'abcd', files / TEMPLATE / 'ab' / 'abcd')
        assert sorted(os.listdir(files / tenant.name)) == [f'.saas-{tenant.mark}', 'ab']
    assert sorted(os.listdir(files)) == sorted([TEMPLATE, tenant.name])
    bare.drop_filestore(tenant)
    assert os.listdir(files) == [TEMPLATE]
    assert (files / TEMPLATE / 'ab' / 'abcd').read_text() == 'golden'


def test_files_are_copied_where_links_cannot_reach(bare, files, tmp_path):
    elsewhere = Path(f'/dev/shm/{RUN}')
    if os.stat('/dev/shm').st_dev == os.stat(tmp_path).st_dev:
        pytest.fail('/dev/shm and the temporary folder are one file system; set TMPDIR to another', pytrace=False)
    shutil.move(files / TEMPLATE, elsewhere)
    try:
        (files / TEMPLATE).symlink_to(elsewhere)
        tenant = new_tenant()
        bare.clone_filestore(TEMPLATE, tenant)
        assert (files / tenant.name / 'ab' / 'abcd').read_text() == 'golden'
        bare.drop_filestore(tenant)
        assert (elsewhere / 'ab' / 'abcd').read_text() == 'golden'
    finally:
        shutil.rmtree(elsewhere)


def test_a_template_without_files_is_fine(bare, tmp_path):
    tenant = new_tenant()
    bare.clone_filestore(TEMPLATE, tenant)
    assert os.listdir(tmp_path / 'filestore' / tenant.name) == [f'.saas-{tenant.mark}']


def test_half_a_clone_is_made_anew(bare, files):
    tenant = new_tenant()
    (files / f'.saas-new-{tenant.mark}' / 'half').mkdir(parents=True)
    bare.clone_filestore(TEMPLATE, tenant)
    assert sorted(os.listdir(files / tenant.name)) == [f'.saas-{tenant.mark}', 'ab']


class AtOnce:
    """A transport that runs every command twice at the same time: what a killed worker began, and its successor's."""

    def __init__(self, transport):
        self.transport = transport

    def run(self, *arguments, **options):
        with ThreadPoolExecutor(2) as pool:
            first, second = [pool.submit(self.transport.run, *arguments, **options) for _number in range(2)]
        assert first.result().exit_code == 0, first.result()
        return second.result()


def test_a_clone_and_its_killed_forerunner_do_not_meet(bare, files):
    """Many files, so that both are under way at the same time."""
    for number in range(2000):
        (files / TEMPLATE / 'ab' / str(number)).touch()
    twice = SharedNode(bare.spec, AtOnce(bare.transport))
    for _turn in range(3):
        tenant = new_tenant()
        twice.clone_filestore(TEMPLATE, tenant)
        assert len(os.listdir(files / tenant.name / 'ab')) == 2001
        assert sorted(os.listdir(files)) == sorted([TEMPLATE, tenant.name])
        twice.drop_filestore(tenant)
        assert os.listdir(files) == [TEMPLATE]


def test_files_that_a_killed_clone_still_makes_are_dropped(bare, files):
    for number in range(2000):
        (files / TEMPLATE / 'ab' / str(number)).touch()
    tenant = new_tenant()
    with ThreadPoolExecutor(1) as pool:
        cloning = pool.submit(bare.clone_filestore, TEMPLATE, tenant)
        wait_until(lambda: (files / f'.saas-new-{tenant.mark}').exists() or cloning.done(), 'the begin of the clone')
        bare.drop_filestore(tenant)
        cloning.result()
    assert os.listdir(files) == [TEMPLATE]


def test_foreign_files_stay(bare, files):
    tenant = new_tenant()
    (files / tenant.name).mkdir()
    (files / tenant.name / 'theirs').touch()
    for act in (lambda: bare.clone_filestore(TEMPLATE, tenant), lambda: bare.drop_filestore(tenant)):
        with pytest.raises(Permanent, match='not ours'):
            act()
    assert os.listdir(files / tenant.name) == ['theirs']


def test_no_link_is_followed_when_dropping(bare, files, tmp_path):
    tenant, outside = new_tenant(), tmp_path / 'outside'
    outside.mkdir()
    (outside / f'.saas-{tenant.mark}').touch()
    (files / tenant.name).symlink_to(outside)
    with pytest.raises(Permanent, match='not ours'):
        bare.drop_filestore(tenant)
    assert os.listdir(outside) == [f'.saas-{tenant.mark}']


@pytest.mark.parametrize('left', ['.saas-new-{0.mark}', '.saas-gone-{0.mark}'])
def test_dropping_files_goes_on_where_it_was_killed(bare, files, left):
    tenant = new_tenant()
    (files / left.format(tenant) / 'half').mkdir(parents=True)
    bare.clone_filestore(TEMPLATE, tenant)
    (files / left.format(tenant) / 'half').mkdir(parents=True, exist_ok=True)
    bare.drop_filestore(tenant)
    assert os.listdir(files) == [TEMPLATE]


# -- the template -----------------------------------------------------------------------------

def test_a_clone_waits_for_who_uses_an_open_template(bare, pg, plain_databases):
    name = plain_databases(f'{RUN}_open')
    left = connected(pg, name)
    try:
        with pytest.raises(Retryable, match='accessed by other users'):
            bare.clone_database(name, new_tenant())
    finally:
        left.close()
