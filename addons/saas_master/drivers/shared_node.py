"""Tenants on a shared Odoo server: clone the template, personalise, publish; and take all of it away again.

Every step looks before it acts and may be repeated after being killed at any instant. What is ours is told by the
mark: a staging database by its name, a published one by its comment, a filestore by a file in it.
"""
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg2

from . import filestore
from .errors import NotFound, Permanent, Retryable
from .host import ABSENT, PUBLISHED, STAGING
from .personalise import forget, hand_over, personalise
from .postgres import connect, statement


@dataclass(frozen=True)
class _Database:
    name: str
    comment: str
    is_open: bool
    is_template: bool


def look(cursor, *names):
    """``{name: _Database}`` of those that exist."""
    cursor.execute('''
        SELECT datname, coalesce(shobj_description(oid, 'pg_database'), ''), datallowconn, datistemplate
          FROM pg_database WHERE datname = ANY(%s)
    ''', [list(names)])
    return {row[0]: _Database(*row) for row in cursor.fetchall()}


def close(cursor, database, patience=2.0):
    """Let nobody connect to ``database`` any more, and wait until the connections of our role are gone."""
    cursor.execute(statement('ALTER DATABASE {} ALLOW_CONNECTIONS false', database))
    deadline = time.monotonic() + patience
    while True:
        cursor.execute('SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity'
                       ' WHERE datname = %s AND usename = current_user', [database])
        if not cursor.fetchone()[0] or time.monotonic() > deadline:
            return
        time.sleep(0.003)


def drop(cursor, database):
    """Drop ``database`` (a ``_Database``), None for nothing; Retryable while somebody else's connection stays.

    Not WITH (FORCE): that is refused to a role without superuser rights whenever an autovacuum worker is in the
    database. The plain statement ends such workers by itself.
    """
    if not database:
        return
    close(cursor, database.name)
    if database.is_template:
        cursor.execute(statement('ALTER DATABASE {} IS_TEMPLATE false', database.name))
    cursor.execute(statement('DROP DATABASE IF EXISTS {}', database.name))


class SharedNode:
    """The driver of one node; see ``host.Host``. Every method raises nothing but ``errors``."""

    def __init__(self, spec, transport):
        self.spec = spec
        self.transport = transport

    def _cursor(self, database=None, autocommit=False):
        return connect(self.spec.postgres, database, autocommit)

    # -- making a tenant ---------------------------------------------------------------

    def clone(self, template_db, tenant):
        """Database and files at the same time: neither needs the other, and both are adopted if half-done."""
        with ThreadPoolExecutor(1) as pool:
            copying = pool.submit(self.clone_filestore, template_db, tenant)
            self.clone_database(template_db, tenant)
            copying.result()

    def configure(self, tenant):
        """It has no address or resources of its own."""

    def start(self, tenant):
        """The server runs for all."""

    def stop(self, tenant):
        """The server runs for all; who is suspended is closed by the router."""

    def clone_database(self, template_db, tenant):
        """Copy the template to the staging name, unless an earlier attempt did.

        The staging database is flagged a template: Odoo's servers and their cron workers pass over those
        (``odoo.service.db.list_dbs``), so none connects before it is personalised.
        """
        filestore.check_names(tenant.mark, tenant.name, template_db)
        with self._cursor(autocommit=True) as cursor:
            found = look(cursor, tenant.name, tenant.staging, template_db)
            if self._ours(found.get(tenant.name), tenant) or tenant.staging in found:
                return
            if template_db not in found:
                raise NotFound(f'The template database {template_db} does not exist on the node. Build it again.')
            # 15 and later; copying files costs a third of writing them to the log (0.15 s against 0.45 s)
            strategy = 'STRATEGY FILE_COPY' if cursor.connection.server_version >= 150000 else ''
            # the statement of a killed attempt may have gone on without it
            with suppress(psycopg2.errors.DuplicateDatabase, psycopg2.errors.UniqueViolation):
                cursor.execute(statement('CREATE DATABASE {} TEMPLATE {} {strategy} IS_TEMPLATE true',
                                         tenant.staging, template_db, strategy=strategy))

    def clone_filestore(self, template_db, tenant):
        """Give the tenant the template's files, as hard links where the file system allows."""
        filestore.clone(self.transport, self.spec, template_db, tenant)

    def personalise(self, tenant):
        """Make the staging database the tenant's own, in one transaction that sets the mark; repeatable until it is
        published, then Permanent (a second set of secrets would lock out who uses the first)."""
        filestore.check_names(tenant.mark, tenant.name)
        with self._cursor(autocommit=True) as cursor:
            found = look(cursor, tenant.name, tenant.staging)
            if self._ours(found.get(tenant.name), tenant):
                raise Permanent(f'{tenant.name} is published already; its secrets are not written a second time.')
            staging = self._staging(found, tenant)
            if not staging.is_open:     # an earlier attempt was stopped while publishing
                cursor.execute(statement('ALTER DATABASE {} ALLOW_CONNECTIONS true', staging.name))
        with self._cursor(tenant.staging) as cursor:
            personalise(cursor, tenant)

    def publish_database(self, tenant):
        """Give the staging database its name, from which moment the tenant exists.

        Retryable while someone else's connection to it stays.
        """
        filestore.check_names(tenant.mark, tenant.name)
        with self._cursor(autocommit=True) as cursor:
            found = look(cursor, tenant.name, tenant.staging)
            published = self._ours(found.get(tenant.name), tenant)
            if not published:
                staging = self._staging(found, tenant)
                if staging.comment != f'saas:{tenant.mark}':
                    raise Permanent(f'The database of {tenant.name} is not personalised yet; do that step first.')
                self._rename(cursor, staging.name, tenant.name)
            if not published or published.is_template or not published.is_open:
                cursor.execute(statement('ALTER DATABASE {} ALLOW_CONNECTIONS true IS_TEMPLATE false', tenant.name))

    def hand_over(self, tenant):
        """Make a published standby the tenant's, while the server has it loaded (``personalise.hand_over``)."""
        with self._inside(tenant) as cursor:
            return hand_over(cursor, tenant)

    def forget(self, tenant):
        """Have the server read everything of the tenant anew (``personalise.forget``)."""
        with self._inside(tenant) as cursor:
            forget(cursor)

    @contextmanager
    def _inside(self, tenant):
        """A cursor in the tenant's published database, once it is seen to be its own."""
        filestore.check_names(tenant.mark, tenant.name)
        with self._cursor(tenant.name) as cursor:
            self._ours(look(cursor, tenant.name)[tenant.name], tenant)
            yield cursor

    @staticmethod
    def _rename(cursor, staging, name):
        close(cursor, staging)
        try:
            cursor.execute(statement('ALTER DATABASE {} RENAME TO {}', staging, name))
        except psycopg2.errors.DuplicateDatabase as error:
            raise Permanent(f'A database {name} appeared on the node meanwhile, and it is not ours.') from error
        except psycopg2.errors.ObjectInUse as error:
            raise Retryable(f'Somebody is connected to the database {staging} of {name}; it is tried again.') from error

    # -- taking it away ----------------------------------------------------------------

    def drop_database(self, tenant):
        """Drop the staging and the published database; what never existed is silently gone.

        A database of that name without our mark is left alone: Permanent.
        """
        filestore.check_names(tenant.mark, tenant.name)
        with self._cursor(autocommit=True) as cursor:
            found = look(cursor, tenant.name, tenant.staging)
            drop(cursor, found.get(tenant.staging))
            drop(cursor, self._ours(found.get(tenant.name), tenant))

    def drop_filestore(self, tenant):
        """Remove the tenant's files, complete or not; a directory without our mark is left alone: Permanent."""
        filestore.drop(self.transport, self.spec, tenant)

    def remove(self, tenant):
        self.drop_database(tenant)
        self.drop_filestore(tenant)

    # -- what is ours ------------------------------------------------------------------

    def look(self, tenant):
        """Of its database; Permanent if there is one of that name which is not ours."""
        filestore.check_names(tenant.mark, tenant.name)
        with self._cursor(autocommit=True) as cursor:
            found = look(cursor, tenant.name, tenant.staging)
        if self._ours(found.get(tenant.name), tenant):
            return PUBLISHED
        return STAGING if tenant.staging in found else ABSENT

    @staticmethod
    def _ours(published, tenant):
        """The published database, None if there is none; Permanent if it belongs to somebody else."""
        if published and published.comment != f'saas:{tenant.mark}':
            raise Permanent(f'The node has a database {published.name} that is not ours. Rename or remove it there,'
                            ' or give the tenant another name.')
        return published

    @staticmethod
    def _staging(found, tenant):
        if tenant.staging not in found:
            raise NotFound(f'The cloned database of {tenant.name} is not on the node; clone the template first.')
        return found[tenant.staging]
