"""The admin endpoint of a fake from another process: for tests, the demo and benchmarks."""
import json
import urllib.request


class Control:
    """:param url: the fake's address"""

    prefix = ''

    def __init__(self, url):
        self.url = url.rstrip('/')
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def get(self, path):
        return self._ask('GET', path)

    def delete(self, path):
        return self._ask('DELETE', path)

    def post(self, path, /, **body):
        return self._ask('POST', path, body)

    def fault(self, kind, /, **values):
        return self.post('faults', kind=kind, **values)

    def calls(self, since=0):
        return self.get(f'journal?since={since}')

    def _ask(self, method, path, body=None, seconds=20):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f'{self.url}{self.prefix}/{path}', data, method=method)
        with self._open(request, timeout=seconds) as answer:
            return json.load(answer)
