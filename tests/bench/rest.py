"""Our REST route against the least a route of Odoo costs: same server, session and number of clients, by turns."""
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from ..stack import odoo_server, processes
from ..stack.ports import unused
from .figures import Row

ADDON, ADDONS = 'saas_bench_bare', 'tests/bench/addons'
CLIENTS, SLICE, ROUNDS = 4, 3, 5        # clients at a time; seconds of one side; turns of both
OURS, BARE = '/api/tenants/bench-1', '/bench/bare'
MUST = 50                               # percent


class Server:
    """An Odoo server of its own on a copy of the master's database, with the bare route beside ours."""

    def __init__(self, stack, config, database, session):
        runtime, self.port = stack.runtime, unused()
        environment = {**processes.base_environment(), **runtime.environment('master')}
        options = ('-c', config, '-d', database, '--max-cron-threads=0', '--log-level=error')
        subprocess.run(runtime.command(*options, '-i', ADDON, '--no-http', '--stop-after-init'), env=environment, check=True)
        self.process = subprocess.Popen(runtime.command(*options, f'--http-port={self.port}'), env=environment,
                                        stdin=subprocess.DEVNULL)
        self.cookies = {'session_id': session}

    def __enter__(self):
        deadline = time.monotonic() + odoo_server.START_SECONDS
        while not odoo_server.healthy(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError('The server of the benchmark does not start.')
            time.sleep(0.2)
        return self

    def __exit__(self, *_exc):
        self.process.terminate()
        self.process.wait(30)

    def rate(self, path, seconds):
        """Requests per second that ``CLIENTS`` get answered, each after the other's answer came."""
        end = time.monotonic() + seconds

        def client(_number):
            count = 0
            with requests.Session() as session:
                session.trust_env = False
                while time.monotonic() < end:
                    response = session.get(f'http://127.0.0.1:{self.port}{path}', cookies=self.cookies, timeout=60)
                    if response.status_code != 200 or 'json' not in response.headers['Content-Type']:
                        raise LookupError(f'{path} answered HTTP {response.status_code}')
                    count += 1
            return count
        with ThreadPoolExecutor(CLIENTS) as pool:
            return sum(pool.map(client, range(CLIENTS))) / seconds


def rows(server):
    what = f'GET /api/tenants/<name> against a bare route, {CLIENTS} clients (% of its requests/s)'
    try:
        for path in (OURS, BARE):
            server.rate(path, 1)            # warm
        pairs = [(server.rate(OURS, SLICE), server.rate(BARE, SLICE)) for _round in range(ROUNDS)]
    except LookupError as error:
        yield Row(f'{what}: {error}', '–', '–', 0, MUST, at_least=True)
        return
    ours, bare = (sum(pair[side] for pair in pairs) / ROUNDS for side in (0, 1))
    yield Row(what, f'{ours:.0f}/s', f'{bare:.0f}/s', 100 * ours / bare, MUST, at_least=True)
