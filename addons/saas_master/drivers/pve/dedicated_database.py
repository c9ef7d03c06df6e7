"""The database of a dedicated tenant: the same SQL as on shared nodes, run inside the tenant's container.

Every function may be repeated after being killed at any instant: each looks first, and writes in one transaction or by
one statement. Retryable while the container or its PostgreSQL is still starting.
"""
from dataclasses import asdict, dataclass, field

from ..container_scripts import database
from ..errors import Permanent
from ..inside import call

SECONDS = 60


@dataclass(frozen=True)
class Inside:
    """Where things are in a container made by our recipe.

    ``host``: '' for the local socket, where the user of the system is the role.
    """

    user: str = 'odoo'
    data_dir: str = '/var/lib/odoo'
    staging: str = 'saas_golden'
    published: str = 'odoo'
    python: str = 'python3'
    host: str = ''
    port: int = 5432
    role: str = 'odoo'
    password: str = field(default='', repr=False)


STANDARD = Inside()


def look(transport, tenant, inside=STANDARD):
    """'absent', 'staging' or 'published'; Permanent if what is published there is somebody else's."""
    state, comment = _call(transport, database.look, inside)
    if state == 'published' and comment != f'saas:{tenant.mark}':
        raise Permanent(f'The container of {tenant.name} has a published database that is not its own.')
    return state


def personalise(transport, tenant, inside=STANDARD):
    """Make the clone's database the tenant's own; repeatable until it is published, then Permanent."""
    _call(transport, database.personalise, inside, _values(tenant))


def publish(transport, tenant, inside=STANDARD):
    """Let Odoo have the database, by its name. Permanent if it is not personalised."""
    _call(transport, database.publish, inside, _values(tenant))


def hand_over(transport, tenant, inside=STANDARD):
    """Make a published standby the customer's (``personalise.hand_over``)."""
    return _call(transport, database.hand_over, inside, _values(tenant))


def forget(transport, tenant, inside=STANDARD):
    """Have its Odoo read everything anew (``personalise.forget``)."""
    _call(transport, database.forget, inside, _values(tenant))


def _values(tenant):
    """What of a TenantSpec concerns its database; its container knows where it is itself."""
    return {**asdict(tenant), 'container': None}


def _call(transport, function, inside, *arguments):
    place = {
        'data_dir': inside.data_dir, 'staging': inside.staging, 'published': inside.published,
        'postgres': {'host': inside.host, 'port': inside.port, 'user': inside.role, 'password': inside.password}}
    return call(transport, function, place, *arguments, user=inside.user, timeout=SECONDS, python=inside.python)
