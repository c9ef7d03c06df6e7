"""Tests of the drivers: plain Python against real servers, without Odoo."""
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
