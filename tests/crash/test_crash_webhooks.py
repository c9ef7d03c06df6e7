"""Kill the sender of webhooks anywhere; the endpoint has had every event in the end, and none is noted twice."""
import contextlib
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from .test_crash import Bench

WORK = ['saas.webhook.delivery', '_cron_send']
LOCAL = 'saas_domains.webhook_allow_local'
EVENTS = 3          # in each round
TURNS = 3           # of the second sender: one is enough, and who is not done after these never is


class Endpoint(ThreadingHTTPServer):
    """Counts what it was sent, by number."""

    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), _Handler)
        self.had = []


class _Handler(BaseHTTPRequestHandler):

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        self.server.had.append(body['id'])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_args):
        pass


@contextlib.contextmanager
def endpoint():
    with Endpoint() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class Hooks:
    """An endpoint that is told of claims withdrawn, with the cron that sends asleep."""

    def __init__(self, bench, server):
        self.bench, self.world, self.staff, self.server = bench, bench.world, bench.staff, server
        self.tag = f'hooks-{secrets.token_hex(3)}'
        bench.let_rest(self.staff.call('ir.cron', 'search', [('code', '=', 'model._cron_send()')]))
        self.allowed = self.staff.call('ir.config_parameter', 'get_param', LOCAL)
        self.staff.call('ir.config_parameter', 'set_param', LOCAL, '1')
        self.customer = self.staff.call('res.partner', 'create', {'name': self.tag, 'is_company': True})
        self.hook = self.staff.call('saas.webhook', 'create', {
            'name': self.tag, 'url': f'http://127.0.0.1:{server.server_address[1]}/', 'events': 'domain.removed'})

    def close(self):
        self.staff.call('ir.config_parameter', 'set_param', LOCAL, self.allowed or False)
        self.world.master_sql('DELETE FROM saas_webhook WHERE id = %s', self.hook)
        self.world.master_sql('DELETE FROM saas_custom_domain WHERE partner_id = %s', self.customer)

    def happen(self):
        claims = self.staff.call('saas.custom_domain', 'create', [
            {'external_domain': f'n{secrets.token_hex(4)}.{self.tag}.test', 'partner_id': self.customer} for _ in range(EVENTS)])
        self.staff.call('saas.custom_domain', 'action_remove', claims)

    def take_over(self):
        """The dead sender's lease is over; the next one goes on until nothing waits."""
        for _turn in range(TURNS):
            self.world.master_sql("UPDATE saas_webhook_delivery SET next_at = now() AT TIME ZONE 'UTC' - interval '1 second'"
                                  " WHERE webhook_id = %s AND state = 'pending'", self.hook)
            assert self.bench.worker.turn(work=WORK)['code'] == 0
            if not self.staff.call('saas.webhook.delivery', 'search_count', [
                    ('webhook_id', '=', self.hook), ('state', '=', 'pending')]):
                return
        raise AssertionError('deliveries are left over')

    def assert_all_had(self, rounds, where):
        found = self.staff.call('saas.webhook.delivery', 'search_read', [('webhook_id', '=', self.hook)], ['number', 'state'])
        assert {one['state'] for one in found} == {'delivered'}, where
        assert len(found) == rounds * EVENTS, where
        assert {one['number'] for one in found} == set(self.server.had), where


@pytest.fixture(scope='module')
def hooks(world):
    bench = Bench(world)
    with endpoint() as server:
        hooks = Hooks(bench, server)
        yield hooks
        hooks.close()
    bench.close()


def test_killed_anywhere(hooks):
    hooks.happen()
    points = hooks.bench.worker.turn(watch=True, work=WORK)['points']
    assert 'after webhook.py:send' in points and points.count('after saas_operation_runner.py:_transaction') >= 3, points
    hooks.assert_all_had(1, 'undisturbed')
    for number, point in enumerate(points):
        where = f'sending killed at {number}: {point}'
        hooks.happen()
        answer = hooks.bench.worker.turn(kill=number, work=WORK)
        assert answer['killed'] or len(answer['points']) <= number, where
        hooks.bench.kills += answer['killed']
        hooks.take_over()
        hooks.assert_all_had(number + 2, where)
    assert hooks.bench.kills > len(points) // 2
