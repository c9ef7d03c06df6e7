"""What tenants use of their node: people, database, files. Many tenants in one go, since it is asked often.

Files are counted as the customer sees them: the length of every file in the tenant's filestore, each once, also those
that it shares with the template by hard links (the disk holds these once for all).
"""
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .errors import DriverError, NotFound, Permanent, Unreachable
from .filestore import NAME
from .postgres import connect
from .transport import NOT_EXECUTABLE, NOT_FOUND

AT_ONCE = 4                 # connections to one node's databases
STATEMENT_TIMEOUT = 5       # seconds, in a tenant's database
SIZES_TIMEOUT = 60          # seconds for the sizes of all databases, which PostgreSQL adds up file by file
FILES_SECONDS = 120         # for the files of all tenants; what is not reached by then stays unknown
SCRIPT = Path(__file__).parent / 'node_scripts/sizes.py'

# a database that our role may not enter would spoil the query for all
DATABASES = '''
    SELECT datname, CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) END
      FROM pg_database WHERE datname = ANY(%s)'''
# people who work with Odoo: neither portal users nor the accounts that Odoo itself comes with
USERS = '''
    SELECT count(*) FROM res_users u WHERE u.active AND u.share IS NOT TRUE AND NOT EXISTS (
        SELECT 1 FROM ir_model_data d WHERE d.module = 'base' AND d.model = 'res.users' AND d.res_id = u.id
           AND d.name IN ('user_root', 'public_user', 'default_user', 'template_portal_user_id'))'''


@dataclass(frozen=True)
class Usage:
    """Of one tenant. None: could not be read; ``problem`` says why the database could not."""

    users: int | None = None
    database_bytes: int | None = None
    files_bytes: int | None = None
    problem: str = ''


def read_usage(spec, access, names):
    """``{name: Usage}`` of the databases ``names`` of one node; what is wrong with one of them concerns it alone.

    :raises DriverError: the node itself cannot be asked: its PostgreSQL, or the machine with the files
    """
    names = [name for name in dict.fromkeys(names) if NAME.fullmatch(name) and '..' not in name]
    with connect(spec.postgres, timeout=SIZES_TIMEOUT) as cursor:
        cursor.execute(DATABASES, [names])
        sizes = dict(cursor.fetchall())
    files = _read_files(spec, access, names)
    users = _Users(spec.postgres)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        counted = dict(zip(names, pool.map(lambda name: users.count(name, name in sizes), names), strict=True))
    return {name: Usage(counted[name][0], sizes.get(name), files.get(name), counted[name][1]) for name in names}


def _read_files(spec, access, names):
    argv = ['python3', '-c', SCRIPT.read_text(), f'{spec.data_dir}/filestore', str(FILES_SECONDS)]
    with access.open() as transport:
        result = transport.run(argv, FILES_SECONDS + 30, json.dumps(names).encode())
    if result.exit_code in (NOT_EXECUTABLE, NOT_FOUND):
        raise Permanent('There is no python3 on the node: install it for the user we are there.', 'python')
    return json.loads(result.check('Adding up the files of tenants').stdout)


class _Users:
    """Counts people database by database; once the server is gone no other one is tried."""

    def __init__(self, spec):
        self.spec, self.gone = spec, None

    def count(self, name, exists):
        """(number, '') or (None, why not)."""
        try:
            if not exists:
                raise NotFound(f'The database {name} is not on the node.')
            if self.gone:
                raise self.gone
            with connect(self.spec, name, timeout=STATEMENT_TIMEOUT, application_name='saas-usage') as cursor:
                cursor.execute('SET TRANSACTION READ ONLY')
                cursor.execute(USERS)
                return cursor.fetchone()[0], ''
        except DriverError as error:
            if isinstance(error, Unreachable):
                self.gone = error
            return None, str(error)
