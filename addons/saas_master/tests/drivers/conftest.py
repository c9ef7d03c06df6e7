"""Tests of the drivers: plain Python against real servers, without Odoo."""
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))     # the drivers as a package of their own

from cut_fixtures import *  # noqa: E402, F403
from host_fixtures import *  # noqa: E402, F403
from nginx_fixtures import *  # noqa: E402, F403
from pct_fixtures import *  # noqa: E402, F403
from pg_fixtures import *  # noqa: E402, F403
from pve_fixtures import *  # noqa: E402, F403
from sshd_fixtures import *  # noqa: E402, F403


def pytest_collection_modifyitems(items):
    """SAAS_OF_SERIES=1: only what asks a real Odoo, which may differ between its series."""
    if os.environ.get('SAAS_OF_SERIES'):
        items[:] = [item for item in items if 'series' in item.fixturenames]
