#!/usr/bin/env python3
"""The database side of a deployment; repeating it changes nothing, except that new passwords take effect.

Two roles as in the local stack: neither is a superuser, only saas_tenant may create databases, and pg_hba.conf keeps
each of them out of what is the other's.
"""
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2 import sql

DATABASE = 'saas_master'
MODULES = ('saas_master', 'saas_domains', 'saas_billing')
RUN, HOME = Path(os.environ['SAAS_RUN']), Path(os.environ['SAAS_HOME'])
ROLES = {'saas_master': ('NOCREATEDB', 'master_db_password'), 'saas_tenant': ('CREATEDB', 'tenant_db_password')}


def main(*arguments):
    if arguments not in ((), ('update',)):
        sys.exit(f'init takes no argument but "update"; this is "{" ".join(arguments)}".')
    with closing(connect('postgres')) as connection, connection.cursor() as cursor:
        make_roles(cursor)
        make_database(cursor)
    bring_modules(installed(), update=bool(arguments))
    odoo('shell', '-d', DATABASE, '--no-http', script=HOME / 'docker/bin/setup_master.py')
    print('init: done', flush=True)


def secret(name):
    return (RUN / name).read_text().strip()


def connect(database):
    """As PostgreSQL's administrator, whose password no other service is given."""
    connection = psycopg2.connect(
        host=os.environ['SAAS_DB_HOST'], port=os.environ['SAAS_DB_PORT'], user='postgres',
        password=secret('postgres_password'), dbname=database, connect_timeout=10)
    connection.autocommit = True
    return connection


def make_roles(cursor):
    cursor.execute('SELECT rolname FROM pg_roles')
    existing = {name for name, in cursor.fetchall()}
    for role, (right, password) in ROLES.items():
        cursor.execute(sql.SQL('{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEROLE {right} PASSWORD %s').format(
            verb=sql.SQL('ALTER' if role in existing else 'CREATE'), role=sql.Identifier(role), right=sql.SQL(right),
        ), [secret(password)])


def make_database(cursor):
    cursor.execute('SELECT 1 FROM pg_database WHERE datname = %s', [DATABASE])
    if not cursor.fetchone():
        cursor.execute(sql.SQL(
            "CREATE DATABASE {} OWNER saas_master TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C'"
        ).format(sql.Identifier(DATABASE)))
    cursor.execute(sql.SQL('REVOKE ALL ON DATABASE {} FROM PUBLIC').format(sql.Identifier(DATABASE)))


def installed():
    """Which of ours the database has."""
    with closing(connect(DATABASE)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('ir_module_module')")
        if not cursor.fetchone()[0]:
            return []
        cursor.execute("SELECT name FROM ir_module_module WHERE name IN %s AND state IN ('installed', 'to upgrade')", [MODULES])
        found = {name for name, in cursor.fetchall()}
        return [name for name in MODULES if name in found]


def bring_modules(present, update):
    """Install what is missing; update the rest where that was asked, and where an older deployment gets a new addon."""
    missing = [name for name in MODULES if name not in present]
    options = [f'--{what}={",".join(names)}' for what, names in (('init', missing), ('update', present)) if names]
    if missing or update:
        print(f'init: {" ".join(options)} in the database {DATABASE}', flush=True)
        languages = [] if present else ['--load-language=en_US,es_ES']
        odoo('-d', DATABASE, *options, *languages, '--stop-after-init', '--no-http')


def odoo(*arguments, script=None):
    """Odoo's command line to its end; its log is this service's log."""
    command = [HOME / 'docker/bin/saas-odoo', *arguments, '--max-cron-threads=0', '--workers=0']
    with open(script or os.devnull, 'rb') as source:
        done = subprocess.run(command, stdin=source)
    if done.returncode:
        sys.exit(f'init: Odoo ended with {done.returncode}; its last messages above say why. Mend that and repeat.')


if __name__ == '__main__':
    main(*sys.argv[1:])
