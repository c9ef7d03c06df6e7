"""The running stack as journeys, crash tests and benchmarks look at it: from outside, and underneath."""
import re

import psycopg2

from .client import Staff
from .stack import Stack


class World:
    """``stack``: a stack that is up, by default the one of the checkout."""

    def __init__(self, stack=None):
        self.stack = stack or Stack()
        self.url = self.stack.url
        self.tenant_server = self.stack.tenant_url
        self.filestore = self.stack.state / 'tenant-data' / 'filestore'
        self.logs = self.stack.state / 'log'
        self._staff = None

    def tenant_url(self, name):
        return self.stack.tenant_address(name)

    def staff(self):
        """The administrator, logged in once: a password takes the server longer than most of what is asked of it then."""
        self._staff = self._staff or Staff(self.stack.session())
        return self._staff

    # -- a master's process -------------------------------------------------------------------

    @property
    def master(self):
        """(Python, configuration file, database, environment) for a process of our own on the master's database."""
        runtime = self.stack.runtime
        return self.stack.python, runtime.master_config, 'saas_master', runtime.environment('master')

    # -- underneath ---------------------------------------------------------------------------

    def _query(self, role, database, query, *values):
        server = self.stack.server
        connection = psycopg2.connect(
            host=server.host, port=server.port, user=f'saas_{role}', dbname=database,
            password=self.stack.secrets[f'{role.upper()}_DB_PASSWORD'], connect_timeout=10)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def master_sql(self, query, *values):
        return self._query('master', 'saas_master', query, *values)

    def tenant_sql(self, name, query, *values):
        return self._query('tenant', name, query, *values)

    def databases(self):
        """Every database of the tenants' role: name -> comment."""
        return dict(self._query('tenant', 'postgres', """
            SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database
             WHERE datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)"""))

    def roles(self):
        return {name for name, in self._query('tenant', 'postgres', 'SELECT rolname FROM pg_roles')}

    def files(self):
        """Names in the tenants' filestore, hidden ones included."""
        return {path.name for path in self.filestore.iterdir()} if self.filestore.is_dir() else set()

    def routes(self):
        """Databases that the router leads to."""
        table = self.stack.nginx.routes.read_text().partition('$saas_suspended')[0]
        return set(re.findall(r'^\s+\S+\.\S+ (\S+);$', table, re.M))

    def tenant_parameters(self, name):
        return dict(self.tenant_sql(name, 'SELECT key, value FROM ir_config_parameter'))
