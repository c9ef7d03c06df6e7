"""What a tenant uses of its container: people, bytes of the database and of its files. As the user of its Odoo."""
import os
import time

import psycopg2


def size(folder, deadline):
    """Bytes of the regular files below, each once; symbolic links are not followed. None when the time is over."""
    seen, total, pending = set(), 0, [folder] if os.path.isdir(folder) else []
    while pending:
        if time.monotonic() > deadline:
            return None
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    total += 0 if status.st_ino in seen else status.st_size
                    seen.add(status.st_ino)
    return total


def ask(database, users, seconds):
    connection = psycopg2.connect(dbname=database, connect_timeout=5, application_name='saas-usage',
                                  options=f'-c statement_timeout={1000 * seconds}')
    try:
        connection.set_session(readonly=True)
        with connection.cursor() as cursor:
            cursor.execute(users)
            count = cursor.fetchone()[0]
            cursor.execute('SELECT pg_database_size(current_database())')
            return count, cursor.fetchone()[0]
    finally:
        connection.close()


def measure(database, folder, users, seconds):
    """``[users, database bytes, file bytes, problem]``, None for what could not be read; each by itself."""
    count, bytes_there, files, problem = None, None, None, ''
    try:
        count, bytes_there = ask(database, users, seconds)
    except psycopg2.Error as error:
        problem = ' '.join(str(error).split())
    try:
        files = size(folder, time.monotonic() + seconds)
    except OSError as error:
        problem = problem or str(error)
    return count, bytes_there, files, problem
