"""What the tests of the deployment share: the folder, the compose file as data, and tools of the lint environment."""
import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..stack import Settings, venvs

DOCKER = Path(__file__).resolve().parents[2] / 'docker'
READ_YAML = """
import json, sys
from ruamel.yaml import YAML
json.dump(YAML(typ='safe').load(open(sys.argv[1])), sys.stdout)
"""


@functools.cache
def tools():
    """The Python that has check-jsonschema and shellcheck: this one, or that of `make lint`."""
    if importlib.util.find_spec('check_jsonschema'):
        return Path(sys.executable)
    python = venvs.ensure(Settings.from_environment(), 'dev')
    if subprocess.run([python, '-c', 'import check_jsonschema'], capture_output=True).returncode:
        pytest.skip('NOT CHECKED: the compose file, for want of check-jsonschema in tests/stack/requirements/dev.txt')
    return python


@pytest.fixture(scope='session')
def docker():
    return DOCKER


@pytest.fixture(scope='session')
def compose():
    """The compose file as it stands, merge keys resolved, variables not."""
    argv = [tools(), '-c', READ_YAML, DOCKER / 'compose.yaml']
    return json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)


@pytest.fixture(scope='session')
def prepared(tmp_path_factory):
    """A copy of the folder for which secrets were generated."""
    folder = copy(tmp_path_factory.mktemp('deployment'))
    prepare(folder, 'example.com').check_returncode()
    return folder


def prepare(folder, *arguments):
    """Without what the environment of a stack under test says about ports."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith('SAAS_')}
    return subprocess.run([folder / 'prepare.sh', *arguments], env=environment, capture_output=True, text=True)


def copy(target):
    """Without what a developer's own deployment has in its folder."""
    def own(folder, names):
        return names if folder.endswith('tenant-addons') else {'secrets', 'secrets.new', '.env'} & set(names)
    shutil.copytree(DOCKER, target / 'docker', ignore=own)
    return target / 'docker'
