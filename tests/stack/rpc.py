"""A session with an Odoo server as its web client has one: logged in once, then calls to models."""
import http.cookiejar
import json
import urllib.request

from .report import Problem


class RemoteError(Exception):
    """What Odoo answered instead of a result; ``name`` is the exception's class on the server."""

    def __init__(self, error):
        self.name = error.get('data', {}).get('name', '')
        self.debug = error.get('data', {}).get('debug', '')
        super().__init__(error.get('data', {}).get('message') or error.get('message', ''))


class Session:
    """``with_host``: the Host header, for a tenant that is asked past name resolution."""

    def __init__(self, url, database, login, password, timeout=120, with_host=None):
        self.url = url
        self.timeout = timeout
        self.host = with_host
        self._password = password
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({}))
        answer = self.post('/web/session/authenticate', {'db': database, 'login': login, 'password': password})
        self.uid = answer.get('uid')
        if not self.uid:
            raise Problem(f'{url} refuses to log {login} in: its password is not the one in secrets.env.')

    def call(self, model, method, *args, **kwargs):
        return self.post(f'/web/dataset/call_kw/{model}/{method}', {
            'model': model, 'method': method, 'args': list(args), 'kwargs': kwargs})

    def prove(self, kind):
        """Prove to our master who we are, for ten minutes of acts of this kind."""
        self.call('saas.step.up.dialogue', 'create', {
            'kind': kind, 'res_model': 'saas.node', 'res_ids': [], 'method': 'action_change_secrets', 'password': self._password})

    def search_read(self, model, domain, fields, **options):
        return self.call(model, 'search_read', domain, fields, **options)

    def post(self, path, parameters):
        body = json.dumps({'jsonrpc': '2.0', 'method': 'call', 'params': parameters}).encode()
        headers = {'Content-Type': 'application/json', **({'Host': self.host} if self.host else {})}
        request = urllib.request.Request(self.url + path, body, headers)
        with self._opener.open(request, timeout=self.timeout) as response:
            answer = json.load(response)
        if 'error' in answer:
            raise RemoteError(answer['error'])
        return answer.get('result')
