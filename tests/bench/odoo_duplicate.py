"""The other side of the comparison: Odoo's own duplicate of the same template, in a process that is warm.

Run with the tenant server's configuration: reads a pair "source target" a line, duplicates, answers the seconds.
"""
import sys
import time


def serve(config_file):
    import odoo
    from odoo.service import db
    odoo.tools.config.parse_config(['-c', config_file, '--log-level=error'])
    odoo.tools.config['list_db'] = True     # the function refuses to work where the database manager is off
    print('ready', flush=True)
    for line in sys.stdin:
        source, target = line.split()
        start = time.perf_counter()
        db.exp_duplicate_database(source, target)
        print(time.perf_counter() - start, flush=True)
        odoo.sql_db.close_db(target)


if __name__ == '__main__':
    serve(sys.argv[1])
