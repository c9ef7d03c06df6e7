"""Both hosts with one tenant that is to be, as the contract of hosts is asked of them."""
import dataclasses

import pytest
from drivers.postgres import connect, statement
from drivers.pve.dedicated_node import DedicatedNode
from drivers.shared_node import SharedNode

from cut_fixtures import ApiCut
from pg_fixtures import databases, query, signals
from pve_fixtures import dedicated_tenant, finish

INSIDE = ('personalise', 'publish_database', 'hand_over', 'forget')       # what is done in a container


class Case:
    """A host with one tenant that is to be: every act to its end, as the ledger works on it."""

    def act(self, name, tenant=None):
        before = (self.source,) if name == 'clone' else ()
        answer = finish(getattr(self.host, name), tenant or self.tenant, *before)
        if name == 'clone':
            self.cloned()
        return answer

    def through(self, *names):
        for name in names:
            self.act(name)
        return self

    def cloned(self):
        """What a clone brings along."""

    def cutters(self, name):
        """What can be cut in an act; the one that changes something first."""
        return (self._door,)

    def parameters(self):
        return dict(query(self.pg, self.database, 'SELECT key, value FROM ir_config_parameter'))

    def counters(self):
        return signals(self.pg, self.database)

    def people(self):
        return query(self.pg, self.database, 'SELECT login, password FROM res_users WHERE active AND NOT share')

    def kept_key(self):
        return query(self.pg, self.database, 'SELECT count(*) FROM res_users_apikeys')[0][0]


class Shared(Case):
    """:ivar source: what is cloned; :ivar database: where the tenant is once published"""

    def __init__(self, node, door, template_db, tenant):
        self.host = SharedNode(dataclasses.replace(node.spec, postgres=door.spec), node.transport)
        self.source, self.tenant, self.pg, self._door = template_db, tenant, node.spec.postgres, door
        self.database, self.staging = tenant.name, tenant.staging

    def everything(self):
        return sorted(databases(self.pg, self.database, self.staging))

    def belongs_to(self, mark):
        """Somebody else has what has the tenant's name."""
        name = self.everything()[0]
        with connect(self.pg, autocommit=True) as cursor:
            cursor.execute(statement('COMMENT ON DATABASE {} IS %s', name), [f'saas:{mark}'])

    def exists_as(self, mark):
        with connect(self.pg, autocommit=True) as cursor:
            cursor.execute(statement('CREATE DATABASE {} TEMPLATE template0', self.database))
        self.belongs_to(mark)


class Dedicated(Case):

    def __init__(self, pve_node, door, golden, insides, template_db, tenant):
        layout = insides.layout(tenant.container.vmid)
        self.host = DedicatedNode(pve_node, insides.open, dataclasses.replace(layout, host=door.spec.host, port=door.spec.port))
        self.source, self.tenant, self.pg, self._door = golden, tenant, insides.pg, door
        self._insides, self._template, self.vmid = insides, template_db, tenant.container.vmid
        self.database, self.staging = layout.published, layout.staging

    def cloned(self):
        self._insides.fill(self.vmid, self._template)

    def cutters(self, name):
        api = ApiCut(self._insides.pve)
        return (self._door, api) if name in INSIDE else (api,)

    def everything(self):
        return sorted(set(self._insides.pve.control.containers()) - set(self._insides.pve.golden.values()))

    def belongs_to(self, mark):
        self._insides.pve.control.configure(self.vmid, description=f'saas:{mark}')

    def exists_as(self, mark):
        self._insides.pve.control.create(self.vmid, node='pve1', description=f'saas:{mark}')


@pytest.fixture(params=['shared', 'dedicated'])
def case(request, door, template_db):
    if request.param == 'shared':
        node = request.getfixturevalue('node')
        return Shared(node, door, template_db, request.getfixturevalue('tenants')(node))
    pve_node, golden, insides = map(request.getfixturevalue, ('pve_node', 'golden', 'insides'))
    return Dedicated(pve_node, door, golden, insides, template_db, dedicated_tenant())
