"""Golden databases built by a real Odoo: absent modules, killed and failing builds, and what a frozen one is."""
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from drivers.detached import Job
from drivers.errors import NotFound, Permanent, Retryable
from drivers.postgres import connect
from drivers.template import TemplateBuilder
from drivers.transport import LocalTransport
from drivers.waiting import NotYet

from pg_fixtures import RUN, databases, new_tenant, query, wait_for
from real_servers import alive, wait_until


@pytest.fixture
def builder(spec):
    return TemplateBuilder(spec, LocalTransport())


@pytest.fixture
def build(builder):
    """The name of a build, prepared; removed at the end."""
    name = f'{RUN}_build'
    builder.prepare(name)
    yield name
    builder.drop(name)


@pytest.fixture
def addon(spec, series):
    """``addon(name, **files)``: a module on the node, which Odoo finds in its data directory."""
    made = []

    def make(name, manifest, **files):
        folder = Path(spec.data_dir, 'addons', series, name)
        if folder.parent.exists():
            folder.parent.chmod(0o700)      # Odoo makes it unwritable, so that only people put modules there
        folder.mkdir(parents=True, exist_ok=True)
        made.append(folder)
        (folder / '__init__.py').touch()
        (folder / '__manifest__.py').write_text(repr({
            'name': name, 'license': 'LGPL-3', 'author': 'tests', 'depends': ['base'], **manifest}))
        for file, text in files.items():
            (folder / f'{file}.xml').write_text(text)
    yield make
    for folder in made:
        for file in folder.glob('*.*'):
            file.unlink()


def paths(spec, name):
    return (Path(spec.data_dir, 'filestore', name), Path(spec.data_dir, 'saas-builds', name))


def pid_of(spec, name, job='install'):
    return int(Path(spec.data_dir, 'saas-builds', name, f'{job}.pid').read_text())


# -- a frozen template ---------------------------------------------------------------------

def test_facts(template, series):
    name, facts = template
    assert facts['odoo_version'].startswith(series)
    assert {'auth_signup', 'mail', 'web', 'base'} <= facts['modules'].keys()
    assert facts['modules']['base'] == facts['odoo_version']
    assert facts['languages'] == ['en_US', 'es_ES']
    assert facts['size_bytes'] > 10**6


def test_nobody_gets_in(pg, template_db):
    found = databases(pg, template_db)[template_db]
    assert found.is_template and not found.is_open
    assert found.comment == f'saas-template:{template_db}'
    with pytest.raises(Retryable, match='not currently accepting connections'), connect(pg, template_db):
        pass


def test_a_clone_holds_no_secret_and_no_trace(pg, node, template_db, tenants):
    tenant = tenants(node)
    node.clone_database(template_db, tenant)
    for table, where in (('res_users', 'password IS NOT NULL'), ('res_users_apikeys', 'TRUE'), ('mail_mail', 'TRUE'),
                         ('bus_bus', 'TRUE'), ('ir_cron_trigger', 'TRUE')):
        assert query(pg, tenant.staging, f'SELECT count(*) FROM {table} WHERE {where}') == [(0,)], table
    assert not list(Path(node.spec.data_dir, 'sessions').rglob('*.*'))


def test_its_pages_are_compiled_in_every_direction(spec, template_db):
    log = Path(spec.data_dir, 'saas-builds', template_db, 'warm.log').read_text()
    for asset in ('/web web.assets_web.min.css', '/web web.assets_web.min.js',
                  '/web/login web.assets_frontend.min.css', '/web/login web.assets_frontend_lazy.min.js'):
        page, _, file = asset.partition(' ')
        assert [line for line in log.splitlines()
                if line.startswith(f'saas: warmed {page} /') and line.endswith(file)], asset


# -- what fails, and what is killed --------------------------------------------------------

def test_absent_modules_are_named_before_the_long_part(builder, build, addon, spec):
    addon('saas_needy', {'depends': ['saas_absent_dependency']})
    addon('saas_off', {'installable': False})
    with pytest.raises(Permanent) as caught:
        builder.start_install(build, ['web', 'saas_needy', 'saas_off', 'saas_absent'])
    assert str(caught.value) == (
        f'Module(s) saas_absent, saas_absent_dependency, saas_off are not on node {spec.odoo_url}:'
        ' install them there or take them out of the template.')
    with pytest.raises(Permanent, match='not under way'):
        builder.poll(build)


def test_a_running_build_is_adopted_a_killed_one_begun_again(builder, build, spec):
    builder.start_install(build, ['web'])
    pid = pid_of(spec, build)
    builder.start_install(build, ['web'])
    assert pid_of(spec, build) == pid
    assert isinstance(builder.poll(build), NotYet)
    wait_until(lambda: isinstance(builder.poll(build), NotYet) and builder.poll(build).note, 'a note of progress', 60)
    os.killpg(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), 'the end of the build')
    builder.start_install(build, ['web'])       # as the ledger does before each look: the death is told first
    with pytest.raises(Retryable, match='stopped before its end'):
        wait_for(lambda: builder.poll(build))
    builder.start_install(build, ['web'])
    assert pid_of(spec, build) != pid
    assert wait_for(lambda: builder.poll(build)) is None
    builder.start_install(build, ['web'])       # done is done
    assert builder.poll(build) is None


def test_a_failing_module_fails_with_the_logs_end(builder, build, addon):
    addon('saas_broken', {'data': ['data.xml']}, data='<odoo><record id="x" model="saas.nothing"/></odoo>')
    builder.start_install(build, ['saas_broken'])
    with pytest.raises(Permanent, match='saas.nothing'):
        wait_for(lambda: builder.poll(build))
    addon('saas_broken', {'data': ['data.xml']}, data='<odoo/>')
    builder.start_install(build, ['saas_broken'])       # the operation is tried again
    assert wait_for(lambda: builder.poll(build)) is None


def test_dropping_stops_a_running_build_and_takes_all(builder, pg, spec):
    name = f'{RUN}_dropped'
    builder.prepare(name)
    builder.start_install(name, ['web'])
    pid = pid_of(spec, name)
    for _ in range(2):
        builder.drop(name)
        assert not databases(pg, name)
        assert not any(path.exists() for path in paths(spec, name))
    assert not alive(pid)


def test_preparing_clears_what_an_earlier_build_left(builder, build, pg, spec):
    with connect(pg, build) as cursor:
        cursor.execute('CREATE TABLE leftover (id int)')
    files, folder = paths(spec, build)
    (files / 'leftover').touch()
    (folder / 'install.log').touch()
    builder.prepare(build)
    assert query(pg, build, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    assert os.listdir(files) == [f'.saas-template-{build}'] and os.listdir(folder) == []
    found = databases(pg, build)[build]
    assert found.is_template and found.comment == f'saas-template:{build}'


@pytest.mark.parametrize('comment', [None, 'saas-template:other', 'saas:' + 32 * 'a'])
def test_a_foreign_database_is_left_alone(builder, pg, plain_databases, comment):
    name = plain_databases(f'{RUN}_foreign', comment)
    for act in (builder.prepare, builder.drop, builder.freeze):
        with pytest.raises(Permanent, match='no template of ours'):
            act(name)
    assert databases(pg, name)[name].comment == (comment or '')


def test_freezing_nothing_is_told(builder):
    with pytest.raises(NotFound, match='build it again'):
        builder.freeze(f'{RUN}_absent')


def test_names_cannot_leave_their_folder(builder):
    for act in (builder.prepare, builder.drop, builder.poll, builder.warm):
        with pytest.raises(Permanent, match='name of a database'):
            act('../x')


def test_a_node_without_odoo_is_told(spec):
    sick = TemplateBuilder(replace(spec, odoo_command=('/nonexistent/odoo',)), LocalTransport())
    with pytest.raises(Permanent, match='Asking Odoo'):
        sick.fingerprint()
    with pytest.raises(Permanent, match='answered nothing'):
        TemplateBuilder(replace(spec, odoo_command=('true',)), LocalTransport()).fingerprint()


def test_the_fingerprint_changes_with_the_code(builder, addon):
    addon('saas_counted', {'version': '1.0.0'})
    first = builder.fingerprint()
    assert builder.fingerprint() == first
    addon('saas_counted', {'version': '1.0.1'})
    second = builder.fingerprint()
    addon('saas_counted', {'version': '1.0.1'}, view='<odoo/>')
    assert len({first, second, builder.fingerprint()}) == 3


# -- detached work -------------------------------------------------------------------------

def test_a_job_outlives_its_starter_and_tells_its_end(tmp_path):
    job = Job(LocalTransport(), str(tmp_path), 'job')
    assert job.look().status == 'absent'
    job.start([['sh', '-c', 'echo "$1"; sleep 1', 'x', "it's; $(quoted)"], ['sh', '-c', 'exit 3'], ['touch', 'never']])
    assert job.look().status == 'running'
    wait_until(lambda: job.look().status == 'failed', 'the end', 15)
    state = job.look()
    assert (state.exit_code, state.log) == (3, "it's; $(quoted)\n")
    assert not (tmp_path / 'never').exists()
    job.start([['true']])
    assert job.look().status == 'failed', 'an end is kept until it was told'
    job.tell()
    assert job.look().status == 'absent'
    job.start([['true']])
    wait_until(lambda: job.look().status == 'done', 'the end', 15)


def test_a_reused_process_number_deceives_nobody(tmp_path):
    job = Job(LocalTransport(), str(tmp_path), 'job')
    job.start([['sleep', '30']])
    pid = int((tmp_path / 'job.pid').read_text())
    wait_until(lambda: os.getpgid(pid) == pid, 'a process group of its own')
    os.killpg(pid, signal.SIGKILL)
    (tmp_path / 'job.pid').write_text(str(os.getpid()))
    wait_until(lambda: job.look().status == 'killed', 'the end')
    assert job.look().status == 'killed', 'and so it stays, though a process has that number'


def test_a_template_name_serves_as_that_of_a_tenant(builder, build, node):
    """Tenants are told from templates by their comments, whatever their names."""
    tenant = new_tenant(build)
    with pytest.raises(Permanent, match='not ours'):
        node.drop_database(tenant)
