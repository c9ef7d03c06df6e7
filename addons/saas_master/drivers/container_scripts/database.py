"""The one database of a container with Odoo: made its customer's own and published, from inside, over the local socket.

A clone of a golden container holds it under a name for staging; Odoo, which runs already, answers once it has its own.
Whose it is tells its comment, ``saas:`` and the mark. Arguments are plain values, for they come as JSON; ``place`` is
``{'postgres': {host, port, user, password}, 'staging': name, 'published': name, 'data_dir': Odoo's}``, ``tenant`` the
values of a TenantSpec.
"""
import os
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2

from ..errors import NotFound, Permanent, Retryable, Unreachable
from ..personalise import forget as signal
from ..personalise import hand_over as write_customer
from ..personalise import personalise as write_tenant
from ..postgres import connect, statement
from ..spec import Postgres, TenantSpec

PATIENCE = 5            # seconds to wait for a PostgreSQL that is starting with its container
PAUSE = 0.05
ONE_AT_A_TIME = 0x73616173      # advisory lock: a run whose caller was killed may still be at it
MARKED = re.compile('saas:[0-9a-f]{32}')


def look(place):
    """'absent', 'staging' or 'published', and the comment of that database."""
    with _server(place) as cursor:
        found = _databases(cursor, place)
    for state in ('published', 'staging'):
        if place[state] in found:
            return state, found[place[state]].comment
    return 'absent', ''


def personalise(place, tenant):
    """Write everything of the tenant in one transaction; Permanent once it is published."""
    tenant = TenantSpec(**tenant)
    with _server(place) as cursor:
        found = _databases(cursor, place)
        if _published(found, place, tenant):
            raise Permanent(f'{tenant.name} is published already; its secrets are not written a second time.')
        staging = _staging(found, place, tenant)
        if not staging.is_open:         # an earlier attempt was stopped while publishing
            cursor.execute(statement('ALTER DATABASE {} ALLOW_CONNECTIONS true', staging.name))
    with connect(_postgres(place), staging.name) as cursor:
        cursor.execute('SELECT pg_advisory_xact_lock(%s)', [ONE_AT_A_TIME])
        write_tenant(cursor, tenant)


def publish(place, tenant):
    """Give the database the name under which Odoo serves it; from then on the tenant exists."""
    tenant = TenantSpec(**tenant)
    with _server(place) as cursor:
        found = _databases(cursor, place)
        published = _published(found, place, tenant)
        if not published:
            staging = _staging(found, place, tenant)
            if staging.comment != f'saas:{tenant.mark}':
                raise Permanent(f'The database of {tenant.name} is not personalised yet; do that step first.')
            _move_files(place)
            _rename(cursor, place, tenant)
        if not published or not published.is_open:
            cursor.execute(statement('ALTER DATABASE {} ALLOW_CONNECTIONS true IS_TEMPLATE false', place['published']))


def hand_over(place, tenant):
    """Make a published standby the customer's, while its Odoo serves it; repeatable. Its uuid."""
    tenant = TenantSpec(**tenant)
    with _inside(place, tenant) as cursor:
        return write_customer(cursor, tenant)


def forget(place, tenant):
    """Have its Odoo read everything anew."""
    with _inside(place, TenantSpec(**tenant)) as cursor:
        signal(cursor)


@contextmanager
def _inside(place, tenant):
    """A cursor in the published database of ``tenant``, for one run at a time."""
    with _server(place) as cursor:
        if not _published(_databases(cursor, place), place, tenant):
            raise NotFound(f'The database of {tenant.name} is not published in its container.')
    with connect(_postgres(place), place['published']) as cursor:
        cursor.execute('SELECT pg_advisory_xact_lock(%s)', [ONE_AT_A_TIME])
        yield cursor


# -- the server -------------------------------------------------------------------------------------------------------

def _postgres(place):
    return Postgres(**place['postgres'])


@contextmanager
def _server(place):
    """A cursor in the maintenance database, as soon as the server takes connections."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with connect(_postgres(place), timeout=5) as cursor:
                cursor.execute('SELECT 1')
            break
        except Unreachable as error:
            if time.monotonic() > deadline:
                raise Retryable(f'PostgreSQL does not answer yet: {error.words}', after=1,
                                problem='pg_starting') from error
        time.sleep(PAUSE)
    with connect(_postgres(place), autocommit=True) as cursor:
        yield cursor


@dataclass(frozen=True)
class _Database:
    name: str
    comment: str
    is_open: bool


def _databases(cursor, place):
    """``{name: _Database}`` of the two."""
    cursor.execute("SELECT datname, coalesce(shobj_description(oid, 'pg_database'), ''), datallowconn"
                   ' FROM pg_database WHERE datname IN %s', [(place['staging'], place['published'])])
    return {row[0]: _Database(*row) for row in cursor.fetchall()}


def _rename(cursor, place, tenant):
    """PostgreSQL itself waits for those who are just leaving."""
    cursor.execute(statement('ALTER DATABASE {} ALLOW_CONNECTIONS false', place['staging']))
    cursor.execute('SELECT pg_terminate_backend(pid) FROM pg_stat_activity'
                   ' WHERE datname = %s AND usename = current_user', [place['staging']])
    try:
        cursor.execute(statement('ALTER DATABASE {} RENAME TO {}', place['staging'], place['published']))
    except psycopg2.errors.ObjectInUse as error:
        raise Retryable(f'Somebody is connected to the database of {tenant.name}; it is tried again.',
                        after=1) from error


def _move_files(place):
    """Odoo finds a database's files by its name. A golden container that has them under the last name needs nothing."""
    folder = os.path.join(place['data_dir'], 'filestore')
    old, new = os.path.join(folder, place['staging']), os.path.join(folder, place['published'])
    if os.path.isdir(old) and not os.path.lexists(new):
        os.rename(old, new)


# -- what is ours -----------------------------------------------------------------------------------------------------

def _published(found, place, tenant):
    """The published database, None if there is none; Permanent if it is somebody else's."""
    return _not_foreign(found.get(place['published']), tenant)


def _staging(found, place, tenant):
    """A database that was made somebody else's is never given to a second customer."""
    staging = found.get(place['staging'])
    if not staging:
        raise NotFound(f'The container of {tenant.name} holds no database {place["staging"]}: is it the clone of a'
                       ' golden one?')
    return _not_foreign(staging, tenant) if MARKED.fullmatch(staging.comment) else staging


def _not_foreign(database, tenant):
    if database and database.comment != f'saas:{tenant.mark}':
        raise Permanent(f'The container has a database {database.name} that is not that of {tenant.name}. Look into it'
                        ' there.')
    return database
