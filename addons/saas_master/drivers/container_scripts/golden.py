"""The database of a golden container, made and closed from inside it over the local socket."""
from contextlib import contextmanager

from ..postgres import connect, statement
from ..spec import Postgres
from ..template_freeze import clean, facts
from ..template_freeze import installed as installed_modules

OWNER = 'odoo'
VACUUM_SECONDS = 900


def create(build_db):
    """An empty database of Odoo's, hidden from its server; what an earlier build left is dropped. As ``postgres``."""
    with _server('postgres') as cursor:
        cursor.execute('SELECT FROM pg_database WHERE datname = %s', [build_db])
        if cursor.fetchone():
            cursor.execute(statement('ALTER DATABASE {} IS_TEMPLATE false', build_db))
            cursor.execute(statement('DROP DATABASE {} WITH (FORCE)', build_db))
        # as Odoo creates one (odoo.service.db._create_empty_database), with the flag from the first moment
        cursor.execute(statement("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'unicode' LC_COLLATE 'C'"
                                 ' IS_TEMPLATE true', build_db, OWNER))
    with connect(_postgres('postgres'), build_db) as cursor:
        cursor.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if cursor.fetchone():       # contrib may be absent, as for Odoo itself
            cursor.execute('CREATE EXTENSION IF NOT EXISTS pg_trgm')


def installed(build_db):
    """Sorted names of the installed modules."""
    with connect(_postgres(OWNER), build_db) as cursor:
        return sorted(installed_modules(cursor))


def freeze(build_db):
    """Take passwords and traces out, pack and close it; see ``template.TemplateBuilder.freeze``. As Odoo's user."""
    with _server(OWNER) as cursor:
        cursor.execute(statement('ALTER DATABASE {} ALLOW_CONNECTIONS true', build_db))
    with connect(_postgres(OWNER), build_db) as cursor:
        clean(cursor)
    with connect(_postgres(OWNER), build_db, autocommit=True, timeout=VACUUM_SECONDS) as cursor:
        cursor.execute('VACUUM (FULL, ANALYZE)')        # a clone copies every page, dead ones too
        found = facts(cursor)
    with _server(OWNER) as cursor:
        cursor.execute(statement('ALTER DATABASE {} IS_TEMPLATE true ALLOW_CONNECTIONS false', build_db))
    return found


def _postgres(role):
    return Postgres(host='', port=5432, user=role, password='')


@contextmanager
def _server(role):
    with connect(_postgres(role), autocommit=True) as cursor:
        yield cursor
