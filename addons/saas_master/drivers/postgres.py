"""Connections to a node's PostgreSQL, with its errors said in the words of ``errors``.

Source of the error classes: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql

from .errors import AuthError, NotFound, Permanent, Retryable, Unreachable

CONNECT_TIMEOUT = 5         # seconds
STATEMENT_TIMEOUT = 120     # seconds; a clone of a large template is the longest statement

# SQLSTATE, or its first two characters, the longer one wins
KINDS = {
    '08': Unreachable,          # connection exception
    '57P': Unreachable,         # shutting down, starting up, crashed
    '57P04': NotFound,          # the database we are in was dropped
    '28': AuthError,
    '3D000': NotFound,
    '40': Retryable,            # serialization failure, deadlock
    '53': Retryable,            # out of memory, connections
    '53100': Permanent,         # disk full
    '55006': Retryable,         # object in use
    '55P03': Retryable,         # lock not available
    '57014': Retryable,         # statement time-out
}
# A connection that is refused has no SQLSTATE in psycopg2, only words; with the code of the problem.
CONNECT_WORDS = (
    ('authentication failed', AuthError, 'pg_login'),
    ('no password supplied', AuthError, 'pg_login'),
    ('no pg_hba.conf entry', AuthError, 'pg_access'),
    ('role "', AuthError, 'pg_login'),
    ('not currently accepting connections', Retryable, ''),
    ('too many c', Retryable, 'pg_full'),           # clients, connections for database or role
    ('remaining connection slots', Retryable, 'pg_full'),
    ('permission denied for database', Permanent, 'pg_access'),
)
REMEDIES = {
    AuthError: 'Correct the user and password of the node.',
    Unreachable: 'Check that PostgreSQL runs there and can be reached from this server.',
}


def _kind(error):
    """The class of error and the code of the problem."""
    code = error.pgcode
    if code:
        return next((KINDS[code[:n]] for n in (5, 3, 2) if code[:n] in KINDS), Permanent), ''
    text = str(error)
    if 'database "' in text and 'does not exist' in text:
        return NotFound, ''
    if isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError)):
        return next(((kind, problem) for words, kind, problem in CONNECT_WORDS if words in text),
                    (Unreachable, 'pg_unreachable'))
    return Permanent, ''


def translate(error, spec):
    """The driver error that says what ``error`` (psycopg2) means at ``spec``, with what to do about it."""
    kind, problem = _kind(error)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    words = lines[0] if lines else type(error).__name__
    found = kind(' '.join(filter(None, (
        f'PostgreSQL {spec.host}:{spec.port}: {words}', REMEDIES.get(kind)))), problem=problem)
    found.words = words
    return found


@contextmanager
def connect(spec, database=None, autocommit=False, timeout=STATEMENT_TIMEOUT, application_name='saas'):
    """Yield a cursor on a connection of its own.

    One transaction unless ``autocommit``, committed if the block ends well.

    :param spec: ``spec.Postgres``
    :param database: name, the maintenance database by default
    :param timeout: seconds any one statement may take
    :param application_name: what the node's administrator sees in pg_stat_activity
    :raises DriverError: for every psycopg2 error of the block, see ``KINDS``
    """
    connection = None
    try:
        connection = psycopg2.connect(
            host=spec.host, port=spec.port, user=spec.user, password=spec.password,
            dbname=database or spec.maintenance_db, connect_timeout=CONNECT_TIMEOUT,
            application_name=application_name,
            keepalives_idle=10, keepalives_interval=5, keepalives_count=3,
            options=f'-c statement_timeout={int(timeout * 1000)} -c lock_timeout=10000')
        connection.autocommit = autocommit
        with connection.cursor() as cursor:
            yield cursor
        if not autocommit:
            connection.commit()
    except psycopg2.Error as error:
        raise translate(error, spec) from error
    finally:
        if connection is not None:
            connection.close()      # also rolls back what was not committed


def statement(text, *identifiers, **fragments):
    """SQL with ``{}`` replaced by quoted identifiers and ``{name}`` by trusted SQL."""
    return sql.SQL(text).format(
        *map(sql.Identifier, identifiers), **{name: sql.SQL(part) for name, part in fragments.items()})
