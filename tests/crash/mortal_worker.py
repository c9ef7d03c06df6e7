"""A worker of the ledger that can be told to die.

Run with a master's configuration file and database; reads one JSON order a line from standard input. Each order is
carried out by a fork (the registry is loaded once), which runs one turn of a worker and kills itself with SIGKILL when
it comes to the given point; the answer says how it ended and which points it passed.

Points are: the call and the return of every driver function, and of everything a driver does outside (SQL, commands,
HTTP); and the boundaries of the ledger's own transactions. They are found by a profile hook: nothing in the product
knows of it.
"""
import json
import os
import signal
import sys
import traceback

LEDGER = {'_transaction', '_begin', '_act', '_on_outcome', '_end', '_claim_next'}
OUTSIDE = {'execute', 'commit', 'connect', 'communicate', 'wait', 'fsync', 'replace', 'rename', 'send'}


class Watch:
    """Counts points; each place and kind of event counts once, where it is first come to."""

    def __init__(self, fatal):
        self.fatal, self.points, self.seen = fatal, [], set()

    def __call__(self, frame, event, arg):
        point = self._point(frame, event, arg)
        if point and point not in self.seen:
            self.seen.add(point)
            self.points.append(point)
            if len(self.points) - 1 == self.fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    @staticmethod
    def _point(frame, event, arg):
        path, name = frame.f_code.co_filename, frame.f_code.co_name
        in_driver = '/saas_master/drivers/' in path
        module = path.rpartition('/')[2]
        if event in ('call', 'return'):
            if in_driver and not name.startswith('<') or name in LEDGER and 'saas_operation_runner' in path:
                return f'{event} {module}:{name}'
        elif in_driver and arg.__name__ in OUTSIDE:
            return f'{event} {module}:{frame.f_lineno} {arg.__name__}'
        return None


def turn(registry, order, pipe):
    """In the fork: one turn of a worker under watch. Imports and code are warm, so that points are the product's."""
    import odoo
    watch = Watch(order.get('kill'))
    with registry.cursor() as cr:
        env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
        sys.setprofile(watch)
        try:
            env['saas.operation']._work(99)
        finally:
            sys.setprofile(None)
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
