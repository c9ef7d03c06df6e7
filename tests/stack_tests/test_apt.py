"""The machine's apt sources, in both formats, and what our private lists are made of."""
import pytest

from ..stack import Problem, apt

DEB822 = '''
# a comment
Types: deb
URIs: http://mirror.test/debian
Suites: stable stable-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://mirror.test/debian-security
Suites: stable-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://off.test/debian
Suites: stable
Components: main
'''
ONE_LINE = '''
deb [arch=amd64 signed-by=/usr/share/keyrings/some.gpg] http://mirror.test/debian stable main non-free # why
deb-src http://mirror.test/debian stable main
deb http://mirror.test/debian-security stable-security main
deb https://vendor.test/apt vendor-stable main
# deb http://off.test/debian stable main
'''


@pytest.fixture
def etc(tmp_path):
    (tmp_path / 'sources.list.d').mkdir()
    return tmp_path


def uris(entries):
    return [entry['URIs'] for entry in entries]


def test_deb822_with_a_key_in_it(etc):
    (etc / 'sources.list.d/debian.sources').write_text(DEB822)
    entries = apt.debian_entries(etc)
    assert uris(entries) == ['http://mirror.test/debian', 'http://mirror.test/debian-security']
    assert 'mQINBF' in entries[0]['Signed-By']
    text = apt.render_entries(entries)
    assert text.count('Types: deb\n') == 2 and ' .\n mQINBF\n' in text


def test_one_line_format(etc):
    (etc / 'sources.list').write_text(ONE_LINE)
    entries = apt.debian_entries(etc)
    assert uris(entries) == ['http://mirror.test/debian', 'http://mirror.test/debian-security']
    assert entries[0]['Signed-By'] == '/usr/share/keyrings/some.gpg'
    assert 'Signed-By' not in entries[1]


def test_both_formats_and_other_files_beside_each_other(etc):
    (etc / 'sources.list').write_text('deb http://first.test/debian stable main\n')
    (etc / 'sources.list.d/a.sources').write_text(DEB822)
    (etc / 'sources.list.d/b.list.disabled').write_text('deb http://off.test/debian stable main\n')
    assert uris(apt.debian_entries(etc))[0] == 'http://first.test/debian'
    assert len(apt.debian_entries(etc)) == 3


def test_another_suite_comes_from_the_main_mirror_only(etc):
    (etc / 'sources.list').write_text('deb http://mirror.test/debian-security stable-security main\n' + ONE_LINE)
    text = apt.render_entries(apt.debian_entries(etc), 'sid')
    assert text.splitlines() == ['Types: deb', 'Components: main', 'URIs: http://mirror.test/debian', 'Suites: sid',
                                 'Signed-By: /usr/share/keyrings/some.gpg']


def test_no_source_at_all_is_said(etc):
    (etc / 'sources.list').write_text('deb cdrom:[Debian]/ stable main\ndeb https://vendor.test/apt vendor main\n')
    with pytest.raises(Problem, match='names no source'):
        apt.debian_entries(etc)


def test_a_machine_without_apt_is_told_so(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(Problem, match='apt-get is missing'):
        apt.Apt(tmp_path)


def test_libraries_are_found_one_folder_deeper(tmp_path):
    for name in ('usr/lib/x86_64-linux-gnu/liba.so.1', 'usr/lib/x86_64-linux-gnu/pulseaudio/libb-16.so',
                 'usr/lib/x86_64-linux-gnu/perl/c.pm', 'lib/x86_64-linux-gnu/libd.so'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    folders = [folder.removeprefix(f'{tmp_path}/') for folder in apt.library_path(tmp_path).split(':')]
    assert folders == ['usr/lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu/pulseaudio', 'lib/x86_64-linux-gnu']
