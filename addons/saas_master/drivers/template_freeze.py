"""What a template must not carry into its clones, and what is noted about it when it is closed."""
from psycopg2 import sql

from .personalise import Schema, clear_secrets

# Traces of the build and of the pages opened: every clone would repeat or show them.
TRACES = ('mail_mail', 'bus_bus', 'ir_cron_trigger', 'ir_logging', 'website_track', 'website_visitor', 'bus_presence',
          'mail_presence', 'auth_totp_rate_limit_log')


def clean(cursor):
    """Nobody can log in to a template, and nothing in it waits to be sent or shown."""
    schema = Schema(cursor)
    clear_secrets(cursor, schema)
    for table in filter(schema.has, TRACES):
        cursor.execute(sql.SQL('DELETE FROM {}').format(sql.Identifier(table)))


def installed(cursor):
    """Names of the modules that are."""
    cursor.execute("SELECT name FROM ir_module_module WHERE state = 'installed'")
    return {name for name, in cursor.fetchall()}


def facts(cursor):
    """Values for the template's record."""
    cursor.execute("SELECT name, latest_version FROM ir_module_module WHERE state = 'installed' ORDER BY name")
    modules = dict(cursor.fetchall())
    cursor.execute('SELECT code FROM res_lang WHERE active ORDER BY code')
    languages = [code for code, in cursor.fetchall()]
    cursor.execute('SELECT pg_database_size(current_database())')
    return {'size_bytes': cursor.fetchone()[0], 'odoo_version': modules['base'], 'modules': modules,
            'languages': languages}
