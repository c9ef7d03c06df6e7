"""One worker that makes dedicated tenants one after the other and tells what of it was its own time.

Reads a plan's id and a number from its arguments. The other side's time is what passed inside HTTP requests (Proxmox VE, pages),
in commands while they run (``pct`` on the node, nginx) and in pauses between two looks at its work; where these overlap they
count once. What the ledger waits between two of its own turns is ours.
"""
import json
import os
import secrets
import sys
import threading
import time

PAUSE = time.sleep      # ours, before that of the drivers is watched
sys.path.pop(0)         # beside this file lies one that is called like the library of the DNS


class Clock:
    """Moments in which somebody else works."""

    def __init__(self):
        self.spans, self._lock = [], threading.Lock()

    def around(self, function):
        def timed(*arguments, **options):
            start = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                with self._lock:
                    self.spans.append((start, time.perf_counter()))
        return timed

    def total(self):
        found, end = 0.0, 0.0
        for start, stop in sorted(self.spans):
            found += max(stop - max(start, end), 0.0)
            end = max(end, stop)
        return found


def tenant(env, plan, name):
    made = env['saas.tenant'].create({
        'name': name, 'company_name': 'Bench', 'email': f'{name}@bench.example', 'admin_name': 'Bench', 'plan_id': plan})
    made.action_provision()
    env.cr.commit()
    return made


def provision(env, clock, made, cursor):
    """{seconds in all, of others, calls of others, SQL statements}."""
    clock.spans.clear()
    queries, start = cursor.sql_log_count, time.perf_counter()
    while made.operation_ids.filtered(lambda one: one.state in ('waiting', 'running')):
        operation = env['saas.operation']._claim_next(f'bench:{os.getpid()}:0')
        if operation:
            operation._run_claimed()
        else:
            PAUSE(0.001)
        env.cr.commit()
        env.invalidate_all()
    took = time.perf_counter() - start
    return {'took': took, 'others': clock.total(), 'calls': len(clock.spans), 'queries': cursor.sql_log_count - queries,
            'state': made.state}


def main(config_file, database, plan, count):
    import requests

    import odoo
    from odoo.modules.registry import Registry
    odoo.tools.config.parse_config(['-c', config_file, '-d', database, '--logfile', os.environ['SAAS_WORKER_LOG']])
    clock = Clock()
    requests.Session.send, time.sleep = clock.around(requests.Session.send), clock.around(time.sleep)
    registry = Registry(database)
    from odoo.addons.saas_master.drivers import ssh, transport
    ssh._converse = clock.around(ssh._converse)     # to be let in there is ours
    transport.LocalTransport.execute = clock.around(transport.LocalTransport.execute)
    with registry.cursor() as cr:
        env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
        for _number in range(int(count)):
            made = tenant(env, int(plan), f'over-{secrets.token_hex(4)}')
            print(json.dumps({'name': made.name, **provision(env, clock, made, cr)}), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
