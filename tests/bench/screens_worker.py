"""Runs inside Odoo, in one process on one filled copy of the master's database, without a port or a second thread.

Screens are asked of Odoo's own WSGI application, so controllers, access rules and rendering are the real ones and
``query_count`` of the thread, which Odoo keeps for its log, counts every query of the request. Commands come a line
each on stdin, answers go as JSON to stdout.
"""
import inspect
import json
import sys
import threading
import time

from .fill import fill

HOST = 'http://localhost'
ROWS = 80               # what the web client asks for at first, in a list
COLUMN_ROWS = 5         # in a column of a kanban; as many of each state has the small copy too, so both show the same
MOST_COUNTED = 10_001
SUPERUSER = 1


class Client:
    """One person's requests."""

    def __init__(self, http, database, user):
        from werkzeug.test import Client as Werkzeug
        session = http.root.session_store.new()
        session.update(http.get_default_session(), db=database, uid=user.id, login=user.login)
        session.session_token = user.with_user(user)._compute_session_token(session.sid)
        session.context = dict(user.with_user(user).context_get())
        http.root.session_store.save(session)
        self.sid, self.werkzeug = session.sid, Werkzeug(http.root, use_cookies=False)
        self.queries = self.seconds = 0

    def _ask(self, path, **options):
        start = time.perf_counter()
        response = self.werkzeug.open(path, base_url=HOST, headers={'Cookie': f'session_id={self.sid}'}, **options)
        body = response.get_data()
        self.seconds += time.perf_counter() - start
        self.queries += threading.current_thread().query_count
        if response.status_code != 200:
            raise LookupError(f'{path} answered HTTP {response.status_code}')
        return body

    def page(self, path):
        return self._ask(path)

    def call(self, model, method, *args, **kwargs):
        answer = json.loads(self._ask(f'/web/dataset/call_kw/{model}/{method}', method='POST', json={
            'jsonrpc': '2.0', 'method': 'call', 'params': {
                'model': model, 'method': method, 'args': args, 'kwargs': kwargs}}))
        if 'error' in answer:
            raise LookupError(answer['error']['data']['debug'].strip().splitlines()[-1])
        return answer['result']


class Screens:
    """Each method shows one screen as its client does; views are asked for beforehand, as a client keeps them."""

    model, column, domain = 'saas.tenant', 'state', []

    def __init__(self, staff, customer, env):
        self.staff, self.customer = staff, customer
        views = env[self.model].with_user(env.ref('base.user_admin')).get_views([(False, 'list'), (False, 'kanban')])
        self.fields = views['models'][self.model]
        self.fields = self.fields.get('fields', self.fields)       # one level deeper on 19.0
        self.specifications = {kind: self._specification(view['arch']) for kind, view in views['views'].items()}
        self.grouped_at_once = 'unfold_read_specification' in inspect.signature(env[self.model].web_read_group).parameters

    def _specification(self, arch):
        from lxml import etree
        names = {node.get('name') for node in etree.fromstring(arch).iter('field')}
        return {name: {'fields': {'display_name': {}}} if self.fields[name]['type'] in ('many2one', 'many2many') else {}
                for name in sorted(names)}

    def list(self):
        found = self.staff.call(self.model, 'web_search_read', self.domain, self.specifications['list'], limit=ROWS,
                                count_limit=MOST_COUNTED)
        assert len(found['records']) == ROWS, found['length']

    def kanban(self):
        specification = self.specifications['kanban']
        if self.grouped_at_once:
            found = self.staff.call(self.model, 'web_read_group', self.domain, [self.column], auto_unfold=True, limit=ROWS,
                                    unfold_read_specification=specification, unfold_read_default_limit=COLUMN_ROWS)
            assert len(found['groups']) >= 4
            return
        found = self.staff.call(self.model, 'web_read_group', self.domain, sorted(specification), [self.column])
        for group in found['groups']:
            if group[f'{self.column}_count']:
                self.staff.call(self.model, 'web_search_read', group['__domain'], specification, limit=COLUMN_ROWS,
                                count_limit=MOST_COUNTED)

    def dashboard(self):
        self.staff.call('saas.dashboard', 'get_figures')

    def portal(self):
        assert b'bench-' in self.customer.page('/my/tenants')

    def rest(self):
        assert json.loads(self.staff.page('/api/tenants'))


def serve(config_file, database, count, fill=fill, kind=Screens):
    """:param fill: writes ``count`` records and returns (member of staff, customer's person)"""
    from odoo.tools import config
    config.parse_config(['-c', config_file, '-d', database, '--log-level=error'])
    from odoo import api, http
    from odoo.modules.registry import Registry
    from odoo.service.server import load_server_wide_modules
    load_server_wide_modules()
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER, {})
        clients = [Client(http, database, user) for user in fill(env, count)]
        screens = kind(*clients, env)
    print(json.dumps({'staff_session': clients[0].sid}), flush=True)
    for line in sys.stdin:
        print(json.dumps(measured(screens, clients, line.strip())), flush=True)


def measured(screens, clients, name):
    for client in clients:
        client.queries = client.seconds = 0
    try:
        getattr(screens, name)()
    except LookupError as error:
        return {'error': str(error)}
    return {'seconds': sum(client.seconds for client in clients), 'queries': sum(client.queries for client in clients)}


if __name__ == '__main__':
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]))
