"""A worker that works off events of Stripe until it is killed: for each line on stdin a fork, whose id goes to stdout.

The registry is loaded once. The fork never ends by itself.
"""
import json
import os
import sys
import time


def work(registry):
    import odoo
    with registry.cursor() as cr:
        env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
        while True:
            env['saas.billing.event']._cron_process()
            cr.commit()
            time.sleep(0.02)


def serve(config_file, database):
    import odoo
    from odoo.modules.registry import Registry
    odoo.tools.config.parse_config(['-c', config_file, '-d', database, '--logfile', os.environ['SAAS_WORKER_LOG']])
    registry = Registry(database)
    print(json.dumps({'ready': True}), flush=True)
    for _line in sys.stdin:
        odoo.sql_db.close_all()
        pid = os.fork()
        if not pid:
            work(registry)
        print(json.dumps({'pid': pid}), flush=True)
        _pid, status = os.waitpid(pid, 0)
        print(json.dumps({'signal': os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}), flush=True)


if __name__ == '__main__':
    serve(*sys.argv[1:3])
