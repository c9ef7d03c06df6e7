"""Golden databases: built once on a node by Odoo itself, then closed, and copied for every tenant.

Installing and warming take minutes: they run detached on the node (``detached``) and are watched. Every method may be
repeated after being killed at any instant. What is ours is told by the database's comment ``saas-template:<name>`` and
by a mark file in its filestore.

While it is built the database carries the template flag, so that the node's Odoo servers and their cron workers pass
over it (``odoo.service.db.list_dbs``): nobody but the build ever loads it.
"""
from contextlib import suppress

from . import filestore
from .detached import stop_all
from .errors import NotFound, Permanent
from .postgres import connect, statement
from .shared_node import close, drop, look
from .template_freeze import clean, facts, installed
from .template_install import OdooBuild

VACUUM_TIMEOUT = 900            # seconds


class TemplateBuilder(OdooBuild):
    """Builds on one node. Every method raises nothing but ``errors``; ``build_db`` is the template's database."""

    # -- the steps ---------------------------------------------------------------------

    def prepare(self, build_db):
        """An empty database, marked ours and hidden from the servers; what an earlier build left is removed."""
        self.drop(build_db)
        with self._cursor(autocommit=True) as cursor:
            # as Odoo creates one (odoo.service.db._create_empty_database), with the flag from the first moment
            cursor.execute(statement(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING 'unicode' LC_COLLATE 'C' IS_TEMPLATE true", build_db))
            cursor.execute(statement('COMMENT ON DATABASE {} IS %s', build_db), [_mark(build_db)])
        with suppress(Permanent), self._cursor(build_db) as cursor:     # contrib may be absent, as for Odoo itself
            cursor.execute('CREATE EXTENSION IF NOT EXISTS pg_trgm')
        filestore.run(self.transport, self.spec, filestore.MAKE, f'Making the folders of {build_db}',
                      _files_mark(build_db), build_db, self._folder(build_db))

    def freeze(self, build_db):
        """Take the administrator's password and all traces of the build out, then close it for connections.

        :return: ``{'size_bytes', 'odoo_version', 'modules': {name: version}, 'languages'}``
        """
        with self._cursor(autocommit=True) as cursor:
            self._ours(cursor, build_db, must_exist=True)
            cursor.execute(statement('ALTER DATABASE {} ALLOW_CONNECTIONS true', build_db))
        with self._cursor(build_db) as cursor:
            clean(cursor)
        with connect(self.spec.postgres, build_db, autocommit=True, timeout=VACUUM_TIMEOUT) as cursor:
            cursor.execute('VACUUM (FULL, ANALYZE)')        # a clone copies every page, dead ones too
            found = facts(cursor)
        with self._cursor(autocommit=True) as cursor:
            cursor.execute(statement('ALTER DATABASE {} IS_TEMPLATE true', build_db))
            close(cursor, build_db)
        return found

    def drop(self, build_db):
        """Remove the database, its files and what still builds it; repeatable. Permanent if it is not ours."""
        filestore.check_names('0' * 32, build_db)
        with self._cursor(autocommit=True) as cursor:
            database = self._ours(cursor, build_db)
            stop_all(self.transport, self._folder(build_db))
            drop(cursor, database)
        filestore.run(self.transport, self.spec, filestore.DROP, f'Removing the files of {build_db}',
                      _files_mark(build_db), build_db)
        self.transport.run(['rm', '-rf', '--', self._folder(build_db)], timeout=60).check('Removing the build folder')

    def fingerprint(self):
        """What differs once Odoo's code or that of any module on the node differs; about two seconds."""
        return self._look()['digest']

    # -- how ---------------------------------------------------------------------------

    def _cursor(self, database=None, autocommit=False):
        return connect(self.spec.postgres, database, autocommit)

    def _installed(self, build_db):
        with self._cursor(build_db) as cursor:
            return installed(cursor)

    def _ours(self, cursor, build_db, must_exist=False):
        database = look(cursor, build_db).get(build_db)
        if not database and must_exist:
            raise NotFound(f'The template database {build_db} is not on the node; build it again.')
        # creating and marking are two statements: one with the flag but without any mark is half-made by us
        if database and database.comment != _mark(build_db) and (database.comment or not database.is_template):
            raise Permanent(f'The node has a database {build_db} that is no template of ours.'
                            ' Rename or remove it there.')
        return database


def _mark(build_db):
    return f'saas-template:{build_db}'


def _files_mark(build_db):
    return f'template-{build_db}'
