"""Containers of a machine that cannot have any: each is a page that answers at its address, of the loopback network.

Nothing is inside, no Odoo and no PostgreSQL: see ``stand_in``. Once its database counts as published the page shows a sign-in
form that leads nowhere, and whose it is. For machines without LXC, and for many containers at once.
"""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .. import stand_in
from . import Runtime

PORT = 8069
MARK_URL = '/.well-known/saas-tenant'
LOGIN = '''<!DOCTYPE html><html lang="en"><head><title>Stand-in</title></head><body>
<p>This page stands in for the Odoo of a container: this machine has no real ones.</p>
<form class="oe_login_form"><input name="login"><input name="password" type="password"></form></body></html>'''


class PagesRuntime(Runtime):
    """:param options: ``state`` folder"""

    name = 'pages'

    def __init__(self, options):
        self.folder, self._servers = Path(options.state) / stand_in.FOLDER, {}
        self._lock = threading.Lock()

    def open(self, containers):
        self.folder.mkdir(parents=True, exist_ok=True)
        for container in containers:
            if container['status'] == 'running':
                self.do_start(container)

    def close(self):
        for vmid in list(self._servers):
            self._end(vmid)

    # -- steps --------------------------------------------------------------------------------------------------------
    def do_create(self, container):
        stand_in.note(self.folder, container['vmid'], stand_in.NEW)

    def do_clone(self, container):
        stand_in.note(self.folder, container['vmid'], stand_in.noted(self.folder, container['source']))

    def do_backup(self, container):
        stand_in.note(self.folder, _archive(container), stand_in.noted(self.folder, container['vmid']))

    def do_restore(self, container):
        stand_in.note(self.folder, container['vmid'], stand_in.noted(self.folder, _archive(container)))

    def do_start(self, container):
        address = _address(container['config'].get('net0', ''))
        with self._lock:
            if address and container['vmid'] not in self._servers:
                server = Server((address, PORT), self.folder, container['vmid'])
                threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True).start()
                self._servers[container['vmid']] = server

    def do_configure(self, container):
        """It may have another address."""
        self._end(container['vmid'])
        self.do_start(container)

    def do_stop(self, container):
        self._end(container['vmid'])

    do_shutdown = do_stop

    def do_destroy(self, container):
        self._end(container['vmid'])
        stand_in.file_of(self.folder, container['vmid']).unlink(missing_ok=True)

    def _end(self, vmid):
        with self._lock:
            server = self._servers.pop(vmid, None)
        if server:
            server.shutdown()
            server.server_close()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100

    def __init__(self, address, folder, vmid):
        self.folder, self.vmid = folder, vmid
        super().__init__(address, Page)


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        inside = stand_in.noted(self.server.folder, self.server.vmid)
        if inside['state'] != 'published':
            self._answer(503, 'There is no database yet.')
        elif self.path.startswith(MARK_URL):
            self._answer(200, inside['comment'].partition(':')[2])
        else:
            self._answer(200, LOGIN)

    def do_POST(self):
        """Of Odoo's calls only those by which the link of the welcome mail is made; it leads nowhere."""
        asked = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        *_who, model, method, _arguments, _keywords = asked['params']['args']
        url = stand_in.noted(self.server.folder, self.server.vmid)['url']
        results = {('ir.model', 'search'): [1], ('ir.actions.server', 'create'): 1, ('ir.actions.server', 'unlink'): True,
                   ('ir.actions.server', 'run'): {'token': 'stand-in', 'url': url}}
        answer = {'result': results[model, method]} if (model, method) in results else {
            'error': {'message': f'There is no Odoo here, so no {method} of {model}.'}}
        self._answer(200, json.dumps({'jsonrpc': '2.0', 'id': asked['id'], **answer}), 'application/json')

    def _answer(self, status, text, kind='text/html; charset=utf-8'):
        body = text.encode()
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):
        """Nothing."""


def _archive(container):
    """A note is kept by the name of the backup's file."""
    return container['volume'].rpartition('/')[2]


def _address(interface):
    """Without its prefix; '' for none."""
    values = dict(part.split('=', 1) for part in interface.split(',') if '=' in part)
    address, slash, _prefix = values.get('ip', '').partition('/')
    return address if slash else ''
