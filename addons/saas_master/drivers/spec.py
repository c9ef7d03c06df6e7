"""What drivers are told about a node and a tenant: plain values, no records."""
from dataclasses import dataclass, field

from .pve.spec import Container


@dataclass(frozen=True)
class Postgres:
    """The PostgreSQL server of a node, entered as the role that owns the tenants' databases."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    maintenance_db: str = 'postgres'


@dataclass(frozen=True)
class NodeSpec:
    """A shared Odoo server and its front router, as the master reaches them.

    ``odoo_command``: argv prefix of Odoo's command line on the node; ``odoo_config``: its configuration
    file; ``data_dir``: Odoo's data directory there (holds ``filestore/<database>``); ``odoo_url``: the
    server behind the router; ``router_url``: the router. Paths are paths on the node.
    """

    postgres: Postgres
    series: str
    data_dir: str
    odoo_url: str
    odoo_command: tuple[str, ...]
    odoo_config: str
    router_url: str
    router_config: str
    router_routes: str
    router_command: tuple[str, ...]


@dataclass(frozen=True)
class TenantSpec:
    """One tenant. ``mark``: our 32 hexadecimal digits by which everything of it is recognised as ours."""

    name: str
    mark: str
    company: str = ''
    admin_name: str = ''
    login: str = ''
    lang: str = 'en_US'
    base_url: str = ''
    database_uuid: str = ''
    database_secret: str = field(default='', repr=False)
    api_key: str = field(default='', repr=False)
    container: Container | None = None          # of a dedicated tenant

    @property
    def staging(self):
        """Name of the database until it is published: no host name can lead to one with an underscore."""
        return f'saas_{self.mark}'
