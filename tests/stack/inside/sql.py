"""Run SQL: ``{"dsn": {…}, "statements": [[text, [values]], …]}`` on stdin, the last one's rows as JSON on stdout.

Values are put in by psycopg2; a name is given as ``{"identifier": name}``.
"""
import json
import sys

import psycopg2
from psycopg2 import sql


def _argument(value):
    return sql.Identifier(value['identifier']) if isinstance(value, dict) else sql.Literal(value)


def main():
    order = json.load(sys.stdin)
    try:
        connection = psycopg2.connect(connect_timeout=10, **order['dsn'])
        connection.autocommit = True        # CREATE DATABASE runs in no transaction
        rows = []
        with connection.cursor() as cursor:
            for text, values in order['statements']:
                cursor.execute(sql.SQL(text).format(*map(_argument, values)))
                rows = cursor.fetchall() if cursor.description else []
        connection.close()
    except psycopg2.Error as error:
        sys.exit(str(error).strip())
    json.dump(rows, sys.stdout, default=str)


if __name__ == '__main__':
    main()
