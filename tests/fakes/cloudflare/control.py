"""The admin endpoint from another process: for tests, the demo and benchmarks."""
import json
import urllib.request


class Control:
    """:param url: the API's address, with or without its ``/client/v4``"""

    def __init__(self, url):
        self.url = url.removesuffix('/client/v4').rstrip('/')
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def get(self, path):
        return self._ask('GET', path)

    def delete(self, path):
        return self._ask('DELETE', path)

    def post(self, path, /, **body):
        return self._ask('POST', path, body)

    # -- what is asked for most ---------------------------------------------------------------------------------------
    def fault(self, kind, /, **values):
        return self.post('faults', kind=kind, **values)

    def calls(self, since=0):
        return self.get(f'journal?since={since}')

    def advance(self, seconds):
        return self.post('clock', advance=seconds)

    def hostname(self, name, /, **values):
        return self.post(f'hostnames/{name}', **values)

    def _ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f'{self.url}/__fake__/{path}', data, method=method)
        with self._open(request, timeout=20) as answer:
            return json.load(answer)
