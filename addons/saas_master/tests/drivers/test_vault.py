"""Sealing and opening, keys from the environment or a file, and their rotation."""
import pytest
from drivers.errors import Permanent
from drivers.vault import Vault, generate_key


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.delenv('SAAS_SECRET_KEY', raising=False)
    monkeypatch.delenv('SAAS_SECRET_KEY_FILE', raising=False)
    return monkeypatch


@pytest.fixture
def key_file(environment, tmp_path):
    path = tmp_path / 'key'
    path.touch(mode=0o600)
    environment.setenv('SAAS_SECRET_KEY_FILE', str(path))
    return path


@pytest.mark.parametrize('text', ['', 'secret', 'ñandú ✓', 'x' * 100_000, 'two\nlines'])
def test_what_is_sealed_opens_again(text):
    vault = Vault([generate_key()])
    token = vault.seal(text)
    assert vault.open(token) == text
    assert token.isascii()
    assert not text or text not in token


def test_the_same_secret_never_looks_the_same():
    vault = Vault([generate_key()])
    assert vault.seal('secret') != vault.seal('secret')


def test_keys_are_new_each_time():
    assert len({generate_key() for _n in range(50)}) == 50


def test_without_a_key_there_is_no_vault():
    with pytest.raises(Permanent, match='SAAS_SECRET_KEY'):
        Vault.from_environment()


@pytest.mark.parametrize('text', [' ', ',', '\n,\n'])
def test_separators_alone_are_no_key(environment, text):
    environment.setenv('SAAS_SECRET_KEY', text)
    with pytest.raises(Permanent, match='No key'):
        Vault.from_environment()


@pytest.mark.parametrize('key', ['short', 'x' * 44, 'ñ' * 44, 'A' * 43])
def test_a_malformed_key_is_refused_without_being_shown(environment, key):
    environment.setenv('SAAS_SECRET_KEY', key)
    with pytest.raises(Permanent, match='malformed') as caught:
        Vault.from_environment()
    assert key not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize('separator', [',', '\n', ', ', '\r\n', ' \n\n'])
def test_the_first_key_seals_and_all_of_them_open(environment, separator):
    old, new = generate_key(), generate_key()
    token = Vault([old]).seal('secret')
    environment.setenv('SAAS_SECRET_KEY', separator.join([new, old]) + '\n')
    vault = Vault.from_environment()
    assert vault.open(token) == 'secret'
    assert Vault([new]).open(vault.seal('fresh')) == 'fresh'


def test_rotation_makes_the_old_key_superfluous():
    old, new = generate_key(), generate_key()
    token = Vault([old]).seal('secret')
    rotated = Vault([new, old]).rotate(token)
    assert Vault([new]).open(rotated) == 'secret'
    with pytest.raises(Permanent):
        Vault([old]).open(rotated)


@pytest.mark.parametrize('token', ['', 'nonsense', 'gAAAAABm', 'ñ'])
def test_what_is_no_token_is_refused(token):
    vault = Vault([generate_key()])
    for use in (vault.open, vault.rotate):
        with pytest.raises(Permanent, match='sealed with another key, or is damaged'):
            use(token)


def test_another_key_and_a_changed_token_are_refused():
    vault = Vault([generate_key()])
    token = vault.seal('secret')
    with pytest.raises(Permanent):
        Vault([generate_key()]).open(token)
    middle = len(token) // 2
    changed = token[:middle] + ('A' if token[middle] != 'A' else 'B') + token[middle + 1:]
    with pytest.raises(Permanent):
        vault.open(changed)


def test_keys_from_a_file(key_file):
    old, new = generate_key(), generate_key()
    key_file.write_text(f'{new}\n{old}\n')
    assert Vault.from_environment().open(Vault([old]).seal('secret')) == 'secret'


def test_the_variable_goes_before_the_file(environment, key_file):
    key = generate_key()
    key_file.write_text(generate_key())
    environment.setenv('SAAS_SECRET_KEY', key)
    assert Vault([key]).open(Vault.from_environment().seal('secret')) == 'secret'


@pytest.mark.parametrize('mode', [0o640, 0o604, 0o644, 0o620, 0o601])
def test_a_file_that_others_can_use_is_refused(key_file, mode):
    key_file.write_text(generate_key())
    key_file.chmod(mode)
    with pytest.raises(Permanent, match=f'chmod 600 {key_file}'):
        Vault.from_environment()


def test_a_file_that_is_absent_or_no_text_says_so(key_file):
    key_file.write_bytes(b'\xff\xfe')
    with pytest.raises(Permanent, match='not text'):
        Vault.from_environment()
    key_file.unlink()
    with pytest.raises(Permanent, match='No such file'):
        Vault.from_environment()


def test_secrets_do_not_show_in_the_vault_itself():
    key = generate_key()
    assert key not in repr(Vault([key])) + str(vars(Vault([key])))
