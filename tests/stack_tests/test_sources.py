"""Finding Odoo in its layouts, and archives that must not write outside their folder."""
import http.server
import io
import tarfile
import threading
import time

import pytest

from ..stack import Problem, Settings, fetching, odoo_sources

RELEASE = "version_info = ({}, {}, 0, FINAL, 0, '')\n"


def tree(folder, version='17, 0', script='odoo-bin', base='.', addons=False):
    (folder / base / 'odoo/addons').mkdir(parents=True)
    (folder / base / 'odoo/release.py').write_text(RELEASE.format(*version.split(', ')))
    (folder / script).parent.mkdir(parents=True, exist_ok=True)
    (folder / script).touch()
    if addons:
        (folder / 'addons/web').mkdir(parents=True)
    return folder


def settings(tmp_path, **values):
    return Settings(state=tmp_path / 'state', cache=tmp_path / 'cache', **values)


@pytest.fixture
def offline(monkeypatch):
    """Nothing can be downloaded."""
    def refuse(url, target):
        raise OSError('no network')
    monkeypatch.setattr(fetching, 'download', refuse)
    monkeypatch.setattr(odoo_sources, '_unpack_debian', lambda settings, folder: tree(
        folder, "'19', 0".replace("'", ''), 'usr/bin/odoo', 'usr/lib/python3/dist-packages'))


def test_git_checkout(tmp_path):
    found = odoo_sources.inspect(tree(tmp_path, addons=True), 'why')
    assert (found.series, found.python_path, found.addons) == ('17.0', tmp_path, (tmp_path / 'addons',))


def test_source_archive(tmp_path):
    found = odoo_sources.inspect(tree(tmp_path, script='setup/odoo'), 'why')
    assert (found.script, found.addons) == (tmp_path / 'setup/odoo', ())


def test_debian_package(tmp_path):
    found = odoo_sources.inspect(tree(tmp_path, '19, 0', 'usr/bin/odoo', 'usr/lib/python3/dist-packages'), 'why')
    assert (found.series, found.python_path) == ('19.0', tmp_path / 'usr/lib/python3/dist-packages')


def test_a_named_tree_goes_first(tmp_path, offline):
    tree(tmp_path / 'cache/odoo-17.0')
    named = tree(tmp_path / 'mine', '19, 0')
    assert odoo_sources.resolve(settings(tmp_path, source=named)).series == '19.0'
    assert odoo_sources.resolve(settings(tmp_path)).python_path == tmp_path / 'cache/odoo-17.0'


def test_a_named_tree_of_another_series_does_not_stand_in(tmp_path, offline):
    named = tree(tmp_path / 'mine', '19, 0')
    tree(tmp_path / 'cache/odoo-17.0')
    assert odoo_sources.resolve(settings(tmp_path, source=named, series='17.0')).series == '17.0'


@pytest.mark.parametrize('version, sentence', [('16, 0', 'is Odoo 16.0: name a tree'), (None, 'is no Odoo source tree')])
def test_an_unfit_named_tree_is_refused(tmp_path, version, sentence):
    if version:
        tree(tmp_path, version)
    with pytest.raises(Problem, match=sentence):
        odoo_sources.resolve(settings(tmp_path, source=tmp_path))


def test_debian_when_the_official_download_cannot_be_reached(tmp_path, offline, capsys):
    assert odoo_sources.resolve(settings(tmp_path)).series == '19.0'
    assert 'no network' in capsys.readouterr().err
    odoo_sources.resolve(settings(tmp_path))
    assert 'a short while ago' in capsys.readouterr().err       # and it is not asked again at once


def test_the_official_download_in_either_layout(tmp_path, monkeypatch):
    def download(url, target):
        source = tree(tmp_path / 'source' / url.split('/')[2] / 'odoo-17.0.post1', addons='github' in url)
        with tarfile.open(target, 'w:gz') as tar:
            tar.add(source, 'odoo-17.0.post1')
    monkeypatch.setattr(fetching, 'download', download)
    found = odoo_sources.resolve(settings(tmp_path))
    assert (found.series, found.python_path) == ('17.0', tmp_path / 'cache/odoo-17.0')
    assert sorted(path.name for path in found.python_path.iterdir()) == ['odoo', 'odoo-bin']


def test_present_names_what_is_absent(tmp_path, offline):
    found = odoo_sources.present(settings(tmp_path))
    assert found['19.0'].series == '19.0'
    assert isinstance(found['17.0'], Problem) and 'ODOO_SRC' in str(found['17.0'])


def archive(path, *members):
    with tarfile.open(path, 'w') as tar:
        for name, kind, link in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.mode = kind, link, 0o755
            tar.addfile(member, io.BytesIO())
    return path


@pytest.mark.parametrize('member', [
    ('../evil', tarfile.REGTYPE, ''), ('top/../../evil', tarfile.REGTYPE, ''), ('/etc/evil', tarfile.REGTYPE, ''),
    ('top/link', tarfile.SYMTYPE, '/etc/passwd'), ('top/link', tarfile.SYMTYPE, '../../evil'),
    ('top/link', tarfile.LNKTYPE, '../evil'), ('top/device', tarfile.CHRTYPE, ''),
])
def test_an_archive_cannot_reach_outside(tmp_path, member):
    with pytest.raises(Problem, match='it is not used'):
        fetching.unpack(archive(tmp_path / 'a.tar', ('top', tarfile.DIRTYPE, ''), member), tmp_path / 'out')
    assert not (tmp_path / 'evil').exists()


def test_links_inside_are_fine(tmp_path):
    made = archive(tmp_path / 'a.tar', ('top', tarfile.DIRTYPE, ''), ('top/a/file', tarfile.REGTYPE, ''),
                   ('top/b', tarfile.SYMTYPE, 'a/file'), ('top/a/up', tarfile.SYMTYPE, '../b'))
    assert sorted(path.name for path in fetching.unpack(made, tmp_path / 'out').iterdir()) == ['a', 'b']


def test_a_broken_archive_is_said(tmp_path):
    (tmp_path / 'a.tar').write_bytes(b'\x1f\x8b not really')
    with pytest.raises(Problem, match='not an intact archive'):
        fetching.unpack(tmp_path / 'a.tar', tmp_path / 'out')


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(KeyError), fetching.appearing(tmp_path / 'thing') as building:
        (building / 'half').touch()
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    with fetching.appearing(tmp_path / 'thing') as building:
        (building / 'whole').touch()
    assert [path.name for path in tmp_path.iterdir()] == ['thing']


def test_a_full_disk_is_said_before_work_begins(tmp_path):
    with pytest.raises(Problem, match='needs 999999999999 MiB'):
        fetching.require_space(tmp_path / 'not/yet/there', 999999999999, 'Everything')


def test_a_failure_of_the_official_download_is_forgotten_after_a_while(tmp_path, offline, monkeypatch):
    odoo_sources.resolve(settings(tmp_path))
    asked = []
    monkeypatch.setattr(odoo_sources, '_download_official', lambda *arguments: asked.append(1))
    monkeypatch.setattr(time, 'time', lambda: 2e10)
    odoo_sources.resolve(settings(tmp_path))
    assert asked


def test_a_spoilt_tree_in_the_cache_is_named(tmp_path, offline):
    (tmp_path / 'cache/odoo-17.0').mkdir(parents=True)
    with pytest.raises(Problem, match='odoo-17.0 is not an Odoo 17.0 source tree'):
        odoo_sources.resolve(settings(tmp_path))


def test_the_series_is_known_before_its_files_are_there(tmp_path, offline):
    seen = []
    odoo_sources.resolve(settings(tmp_path), lambda series: seen.append(
        (series, (tmp_path / 'cache/odoo-19.0').exists())))
    assert seen == [('19.0', False)]


class Answers(http.server.BaseHTTPRequestHandler):
    """``/whole`` is what it promises to be, ``/half`` is not."""

    def do_GET(self):
        self.send_response(404 if self.path == '/none' else 200)
        self.send_header('Content-Length', '10')
        self.end_headers()
        self.wfile.write(b'0123456789' if self.path == '/whole' else b'01234')

    def log_message(self, *arguments):
        pass


@pytest.fixture
def address():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()
    server.server_close()


def test_a_download_is_whole_or_an_error(tmp_path, address):
    fetching.download(f'{address}/whole', tmp_path / 'file')
    assert (tmp_path / 'file').read_bytes() == b'0123456789'
    for path in ('half', 'none'):
        with pytest.raises(OSError, match='broke off|404'):
            fetching.download(f'{address}/{path}', tmp_path / 'file')
