"""Settings from the environment, rendered templates and the file with secrets."""
import pytest

from ..stack import Problem, Settings, secret_file
from ..stack.rendering import render, write_if_changed
from ..stack.settings import CHECKOUT


def test_defaults():
    settings = Settings.from_environment({'HOME': '/home/me'})
    assert settings.state == CHECKOUT / '.stack'
    assert (settings.ports.http, settings.ports.postgres, settings.ports.dns) == (8080, 5433, 8053)
    assert settings.url == 'http://localhost:8080'
    assert settings.series is None and settings.source is None


def test_another_process_gets_the_same_settings():
    settings = Settings.from_environment({
        'SAAS_STATE': '/tmp/state', 'XDG_CACHE_HOME': '/tmp/cache', 'SAAS_HTTP_PORT': '9000', 'SAAS_SERIES': '19.0',
        'ODOO_SRC': '/tmp/odoo', 'SAAS_POSTGRES': 'private'})
    assert settings.private_postgres and settings.ports.http == 9000
    assert Settings.from_environment(settings.environment()) == settings


@pytest.mark.parametrize('variables, sentence', [
    ({'SAAS_HTTP_PORT': 'http'}, 'SAAS_HTTP_PORT=http is not a port'),
    ({'SAAS_HTTP_PORT': '70000'}, 'SAAS_HTTP_PORT=70000 is not a port'),
    ({'SAAS_HTTP_PORT': '8069'}, 'SAAS_HTTP_PORT and SAAS_MASTER_PORT name the same port'),
    ({'SAAS_SERIES': '16.0'}, 'SAAS_SERIES=16.0 is not supported'),
])
def test_nonsense_is_named(variables, sentence):
    with pytest.raises(Problem, match=sentence):
        Settings.from_environment(variables)


def test_every_placeholder_has_a_value_and_every_value_a_placeholder(tmp_path):
    template = tmp_path / 'x.in'
    template.write_text('listen @PORT@; # user@host stays\nroot "@FOLDER@";\n')
    assert render(template, {'PORT': 80, 'FOLDER': r'a\1'}) == 'listen 80; # user@host stays\nroot "a\\1";\n'
    with pytest.raises(Problem, match='FOLDER'):
        render(template, {'PORT': 80})
    with pytest.raises(Problem, match='MORE'):
        render(template, {'PORT': 80, 'FOLDER': '', 'MORE': ''})


def test_a_file_is_replaced_only_when_it_changes(tmp_path):
    path = tmp_path / 'new/file'
    assert write_if_changed(path, 'one', 0o600) and path.stat().st_mode & 0o777 == 0o600
    before = path.stat().st_ino
    assert not write_if_changed(path, 'one') and path.stat().st_ino == before
    assert write_if_changed(path, 'two') and path.read_text() == 'two'


def test_secrets_are_generated_once_and_for_the_owner_only(tmp_path):
    path = tmp_path / 'secrets.env'
    first = secret_file.load(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret_file.load(path) == first
    assert len(set(first.values())) == len(first) and all(len(value) >= 16 for value in first.values())


def test_a_secret_that_is_new_is_added_to_those_that_are_there(tmp_path):
    path = tmp_path / 'secrets.env'
    path.write_text('# mine\nADMIN_PASSWORD=kept=as it is\n')
    assert secret_file.load(path)['ADMIN_PASSWORD'] == 'kept=as it is'
    assert 'SAAS_SECRET_KEY' in path.read_text()


def test_odoo_accepts_the_hash_of_a_manager_password():
    passlib = pytest.importorskip('passlib.hash')
    hashed = secret_file.odoo_hash('secret', rounds=1000)
    assert passlib.pbkdf2_sha512.verify('secret', hashed) and not passlib.pbkdf2_sha512.verify('other', hashed)
