"""A worker of the ledger that can be told to die.

Run with a master's configuration file and database; reads one JSON order a line from standard input. Each order is
carried out by a fork (the registry is loaded once), which runs one turn of a worker, or the ``work`` that is ordered
(model, method, arguments), and kills itself with SIGKILL when it comes to the given point; the answer says how it ended and which
points it passed.

Points are the moments after everything that leaves a trace: each commit of the ledger, each SQL statement, command,
replaced file and HTTP answer of a driver, of Cloudflare, Stripe or Proxmox VE; and moments inside each statement, command and
request that takes a while. Between two of them nothing happens that a second worker could see. They are found by a profile hook:
nothing in the product knows of it.
"""
import json
import os
import signal
import sys
import threading
import traceback

# What has left a trace when it returns, by file: Python functions, and functions of C.
RETURNS = {'saas_operation_runner.py': {'_transaction'}, 'transport.py': {'run'}, 'rpc.py': {'_post'},
           'probe.py': {'get', '_look'}, 'cloudflare.py': {'_ask'}, 'edge_common.py': {'write'}, 'webhook.py': {'send'},
           'stripe_transport.py': {'request'}, 'api.py': {'_call'}, 'ssh.py': {'execute'}}
C_RETURNS = {'execute', 'commit', 'replace'}
# Seconds into what takes a while.
INSIDE = {'transport.py': {'run': 0.004}, 'rpc.py': {'_post': 0.01}, 'probe.py': {'get': 0.1}, 'cloudflare.py': {'_ask': 0.003},
          'webhook.py': {'send': 0.002}, 'stripe_transport.py': {'request': 0.003}, 'api.py': {'_call': 0.003},
          'ssh.py': {'execute': 0.02}}
C_INSIDE = {'execute': 0.01}
TRANSACTION = 'personalise.py'      # its statements are one transaction: every SHARE-th stands for all until the commit
SHARE = 8
ADDONS = ('/saas_master/', '/saas_domains/', '/saas_billing/')


class Watch:
    """Lists the points it comes to; dies at number ``fatal``, or at the first of that name."""

    def __init__(self, fatal):
        self.fatal, self.points, self.statements = fatal, [], 0

    def __call__(self, frame, event, arg):
        path, _, file = frame.f_code.co_filename.rpartition('/')
        if not any(addon in path + '/' for addon in ADDONS):
            return
        if event in ('call', 'return'):
            self._python(event, file, frame.f_code.co_name)
        elif path.endswith('/drivers'):
            self._c(event, file, arg.__name__, frame)

    def _python(self, event, file, name):
        if event == 'call' and name in INSIDE.get(file, ()):
            self._point(f'inside {file}:{name}', INSIDE[file][name])
        elif event == 'return' and name in RETURNS.get(file, ()):
            self._point(f'after {file}:{name}')

    def _c(self, event, file, name, frame):
        if name not in C_RETURNS or name == 'replace' and frame.f_code.co_name != '_replace':
            return
        if file == TRANSACTION and event == 'c_return':
            self.statements += 1
            if self.statements % SHARE == 0:
                self._point(f'after {file} statement {self.statements}')
        elif event == 'c_return':
            self._point(f'after {file}:{frame.f_code.co_name} {name}')
        elif name in C_INSIDE and file not in (TRANSACTION, 'postgres.py'):
            self._point(f'inside {file}:{frame.f_code.co_name} {name}', C_INSIDE[name])

    def _point(self, name, delay=0.0):
        self.points.append(name)
        if self.fatal in (len(self.points) - 1, name):
            if delay:
                signal.setitimer(signal.ITIMER_REAL, delay)     # nobody catches SIGALRM: it ends the process
            else:
                os.kill(os.getpid(), signal.SIGKILL)


def turn(registry, order, pipe):
    """In the fork: one turn of a worker under watch. Imports and code are warm, so that points are the product's."""
    import odoo
    watch = Watch(order['kill'])
    with registry.cursor() as cr:
        env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
        if order['watch']:          # the hook makes everything slower
            threading.setprofile(watch)     # of the threads that begin from now on
            sys.setprofile(watch)
        try:
            model, method, *arguments = order.get('work') or ('saas.operation', '_work', 99)
            getattr(env[model], method)(*arguments)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
    os.write(pipe, json.dumps(watch.points).encode())


def serve(config_file, database):
    import odoo
    from odoo.modules.registry import Registry
    odoo.tools.config.parse_config(['-c', config_file, '-d', database, '--logfile', os.environ['SAAS_WORKER_LOG']])
    registry = Registry(database)
    print(json.dumps({'ready': True}), flush=True)
    for line in sys.stdin:
        odoo.sql_db.close_all()
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reader)
            os._exit(_survived(registry, json.loads(line), writer))
        os.close(writer)
        with os.fdopen(reader) as pipe:
            points = pipe.read()
        _pid, status = os.waitpid(pid, 0)
        print(json.dumps({'killed': os.WIFSIGNALED(status), 'code': os.waitstatus_to_exitcode(status),
                          'points': json.loads(points or '[]')}), flush=True)


def _survived(registry, order, pipe):
    try:
        turn(registry, order, pipe)
    except BaseException:       # the fork must end here, whatever happened
        traceback.print_exc()
        return 1
    return 0


if __name__ == '__main__':
    serve(*sys.argv[1:3])
