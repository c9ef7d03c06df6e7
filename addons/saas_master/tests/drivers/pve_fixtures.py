"""A Proxmox VE of the fakes over real HTTPS, well again before each test; what is inside its containers is a database of
this machine's PostgreSQL, reached by a transport of this machine.
"""
import contextlib
import dataclasses
import secrets
import sys
import time
from pathlib import Path

import pytest
from drivers.errors import Retryable
from drivers.postgres import connect, statement
from drivers.pve import tasks
from drivers.pve.dedicated_database import Inside
from drivers.pve.dedicated_node import DedicatedNode
from drivers.pve.spec import Container, Golden, PveApi, PveNode
from drivers.waiting import NotYet

from pg_fixtures import databases, new_tenant

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))       # its `tests`, before the addon's

from tests.fakes.pve import FakePve  # noqa: E402

FIRST_VMID = 20000
NODES = ('pve1', 'pve2', 'pve3')
SLOW = 3                # seconds that a task takes in which it is looked at several times
LOOK_AGAIN = 0.05       # seconds; the ledger waits as long as it is told


@pytest.fixture(scope='session')
def running_pve():
    with FakePve(nodes=NODES) as pve:
        yield pve


@pytest.fixture
def pve(running_pve):
    """Without the containers and faults of the test before."""
    running_pve.control.heal()
    running_pve.control.tasks_slow(0)
    running_pve.control.settings(delay_401=0)
    for vmid in set(running_pve.control.containers()) - set(running_pve.golden.values()):
        running_pve.control.destroy(vmid)
    return running_pve


@pytest.fixture
def impatient(monkeypatch):
    """Who lets go of work at once that is slow: ``tasks_slow(SLOW)``."""
    monkeypatch.setattr(tasks, 'PATIENCE', 0.2)


@pytest.fixture
def api(pve):
    return PveApi(url=pve.url, token_id=pve.token_id, token_secret=pve.token_secret, ca=pve.ca_text, pool=pve.pool)


@pytest.fixture
def pve_node(api, pve):
    return PveNode(api, 'pve1', storage=pve.storage, bridge=pve.bridge, backup_storage=pve.backup_storage)


@pytest.fixture
def golden(pve):
    return Golden(pve.golden['pve1'], 'pve1')


def new_container(number=0, **values):
    return Container(**{'vmid': FIRST_VMID + number, 'hostname': f'ct{number}', 'mark': secrets.token_hex(16),
                        'address': f'10.9.8.{10 + number}', 'gateway': '10.9.8.1', 'disk_gib': 8, **values})


def dedicated_tenant(number=0, **values):
    container = new_container(number, **values)
    return new_tenant(mark=container.mark, container=container)


def with_task(tenant, task):
    """As the ledger hands it on: with the UPID of the last look."""
    return dataclasses.replace(tenant, container=dataclasses.replace(tenant.container, task=task or ''))


def finish(method, tenant, *before):
    """Its answer in the end; each look has the task of the one before."""
    for _turn in range(200):
        answer = method(*before, tenant)
        if not isinstance(answer, NotYet):
            return answer
        tenant = with_task(tenant, answer.task)
        time.sleep(min(answer.after, LOOK_AGAIN))
    raise AssertionError(f'{method.__name__} never ends')


class Insides:
    """What is in the containers: a database each, which comes with a clone and goes with its container."""

    def __init__(self, pve, pg, transport, folder):
        self.pve, self.pg, self.transport, self.folder, self._layouts = pve, pg, transport, folder, {}

    def layout(self, vmid):
        name = f'saastest_{secrets.token_hex(6)}'
        return self._layouts.setdefault(vmid, Inside(
            user='', data_dir=str(self.folder), staging=f'{name}_golden', published=f'{name}_odoo', python=sys.executable,
            host=self.pg.host, port=self.pg.port, role=self.pg.user, password=self.pg.password))

    @contextlib.contextmanager
    def open(self, vmid):
        if self.pve.control.containers()[vmid]['status'] != 'running':
            raise Retryable(f'Container {vmid}: the container does not run.', problem='pct_stopped')
        yield self.transport

    def fill(self, vmid, template_db):
        """As a clone of the golden container has it; once."""
        layout = self.layout(vmid)
        if not databases(self.pg, layout.staging, layout.published):
            self._sql('CREATE DATABASE {} TEMPLATE {}', layout.staging, template_db)

    def empty(self):
        for layout in self._layouts.values():
            for name in databases(self.pg, layout.staging, layout.published):
                self._sql('ALTER DATABASE {} IS_TEMPLATE false', name)
                self._sql('DROP DATABASE {} WITH (FORCE)', name)

    def _sql(self, text, *names):
        with connect(self.pg, autocommit=True) as cursor:
            cursor.execute(statement(text, *names))


@pytest.fixture
def insides(pve, pg, pct_local, tmp_path):
    found = Insides(pve, pg, pct_local(), tmp_path)
    yield found
    found.empty()


@pytest.fixture
def dedicated(pve_node, insides):
    """The host, for whose containers ``insides`` has what is in them."""
    def host(vmid):
        return DedicatedNode(pve_node, insides.open, insides.layout(vmid))
    return host
