"""A client of the fake Proxmox VE that is not the addon's: what was asked, and what came of it."""
import time

import requests


class Caller:
    """:param ca: PEM file"""

    def __init__(self, url, ca, token_id, token_secret):
        self.url, self.session = url, requests.Session()
        self.session.trust_env, self.session.verify = False, str(ca)
        self.session.headers['Authorization'] = f'PVEAPIToken={token_id}={token_secret}'

    def ask(self, method, path, **params):
        where = {'params': params} if method in ('GET', 'DELETE') else {'data': params}
        return self.session.request(method, f'{self.url}/api2/json{path}', timeout=30, **where)

    def data(self, method, path, **params):
        answer = self.ask(method, path, **params)
        assert answer.ok, f'{method} {path}: {answer.status_code} {answer.reason} {answer.text}'
        return answer.json()['data']

    def refused(self, method, path, **params):
        """(status, message)."""
        answer = self.ask(method, path, **params)
        assert not answer.ok, f'{method} {path} was accepted: {answer.text}'
        return answer.status_code, answer.json()['message'].strip()

    def status(self, upid):
        return self.data('GET', f'/nodes/{upid.split(":")[1]}/tasks/{upid}/status')

    def log(self, upid):
        return [line['t'] for line in self.data('GET', f'/nodes/{upid.split(":")[1]}/tasks/{upid}/log')]

    def ended(self, upid, seconds=60):
        """The exit status of the task, when it has ended."""
        deadline = time.monotonic() + seconds
        while (status := self.status(upid))['status'] == 'running':
            assert time.monotonic() < deadline, f'{upid} still runs: {self.log(upid)}'
            time.sleep(0.02)
        return status['exitstatus']

    def done(self, method, path, **params):
        """The task began and ended well; its UPID."""
        upid = self.data(method, path, **params)
        end = self.ended(upid)
        assert end == 'OK', f'{method} {path}: {end} {self.log(upid)}'
        return upid
