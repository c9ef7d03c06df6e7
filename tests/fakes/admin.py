"""The admin endpoint of a fake: what tests and people do to it from outside its rules. No token, loopback only."""
import json
from urllib.parse import parse_qsl


class Admin:
    """One transaction each: ``GET /<prefix>/journal/7?since=3`` is ``_get_journal(['7'], {'since': '3'}, {})``."""

    prefix = ''
    refusals = ()       # exceptions that are answers: with ``status`` and ``body()``

    def __init__(self, world, api):
        self.world, self.api = world, api

    def answer(self, method, target, data):
        path, _, query = target.removeprefix(self.prefix).partition('?')
        parts = path.strip('/').split('/')
        act = getattr(self, f'_{method.lower()}_{parts[0] or "overview"}', None)
        if act is None:
            return 404, json.dumps({'error': f'nothing to {method} here: see {type(self).__module__}'}).encode()
        try:
            with self.around():
                answer = act(parts[1:], dict(parse_qsl(query)), json.loads(data) if data else {})
            return 200, json.dumps(answer).encode()
        except self.refusals as error:
            return error.status, json.dumps(error.body()).encode()
        except (KeyError, TypeError, ValueError) as error:
            return 400, json.dumps({'error': f'{type(error).__name__}: {error}'}).encode()

    def around(self):
        return self.world.store.transaction()

    def _get_overview(self, parts, query, body):
        tables = {name: len(rows) for name, rows in self.world.store.tables.items() if name != 'settings'}
        return {**tables, 'settings': self.world.store.table('settings'), 'now': self.world.now(),
                'calls': self.api.counted}

    # -- calls --------------------------------------------------------------------------------------------------------
    def _get_journal(self, parts, query, body):
        since = int(query.get('since', 0))
        return [call for call in self.api.journal if call['number'] > since]

    def _delete_journal(self, parts, query, body):
        self.api.journal.clear()
        return {}

    def _get_faults(self, parts, query, body):
        return self.api.faults.waiting

    def _post_faults(self, parts, query, body):
        for fault in body if isinstance(body, list) else [body]:
            self.api.faults.add(fault)
        return {}

    def _delete_faults(self, parts, query, body):
        self.api.faults.clear()
        return {}
