"""Nothing is lost when the sandbox is restarted, not even when it is killed."""
import json
import os
import signal
import subprocess
import sys

import pytest
import requests

from tests.fakes.cloudflare import FakeCloudflare
from tests.fakes.store import Store
from tests.stack import Settings, Stack
from tests.stack.ports import answers, unused, wait_until
from tests.stack.settings import CHECKOUT, Ports

TOKEN = 'token-for-the-tests-of-the-fake'


# -- the store -------------------------------------------------------------------------------------------------------
def test_what_was_changed_is_there_again(tmp_path):
    store = Store(tmp_path / 'state.json')
    with store.transaction():
        store.put('a', '1', {'x': 1})
        store.put('a', '2', {'x': 2})
    with store.transaction():
        store.remove('a', '1')
    assert Store(tmp_path / 'state.json').tables == {'a': {'2': {'x': 2}}}      # the first was never closed


def test_a_transaction_that_fails_leaves_nothing(tmp_path):
    store, seen = Store(tmp_path / 'state.json'), []
    with store.transaction():
        store.put('a', '1', 'old')
    store.listeners.append(lambda *change: seen.append(change[1:]))
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.put('a', '1', 'new')
        store.put('a', '2', 'new')
        store.remove('a', '1')
        raise ZeroDivisionError
    assert store.tables == Store(tmp_path / 'state.json').tables == {'a': {'1': 'old'}}
    assert seen[-1] == ('1', 'new', 'old'), 'indexes are told of the way back'


def test_half_a_line_of_one_that_was_killed_is_passed_over(tmp_path):
    store = Store(tmp_path / 'state.json')
    with store.transaction():
        store.put('a', '1', 'kept')
    with (tmp_path / 'state.json.log').open('a') as log:
        log.write('["a", "2", "ha')
    assert Store(tmp_path / 'state.json').tables == {'a': {'1': 'kept'}}


def test_the_log_is_written_into_the_file_from_time_to_time(tmp_path, monkeypatch):
    monkeypatch.setattr('tests.fakes.store.COMPACT_AFTER', 10)
    store = Store(tmp_path / 'state.json')
    for number in range(25):
        with store.transaction():
            store.put('a', str(number), number)
    assert len((tmp_path / 'state.json.log').read_text().splitlines()) < 11
    assert len(json.loads((tmp_path / 'state.json').read_text())['a']) > 14
    assert Store(tmp_path / 'state.json').tables == store.tables


# -- the process -----------------------------------------------------------------------------------------------------
class Sandbox:
    def __init__(self, folder):
        self.state, self.ports, self.process = folder / 'cloudflare.json', (unused(), unused()), None

    def start(self):
        argv = [sys.executable, '-m', 'tests.fakes.cloudflare', '--port', self.ports[0], '--edge-port', self.ports[1],
                '--state', self.state, '--zone', 'localhost', '--tunnel', 'sandbox', '--set', 'validation_seconds=0.5']
        self.process = subprocess.Popen([str(word) for word in argv], cwd=CHECKOUT, stdout=subprocess.DEVNULL,
                                        env={**os.environ, 'CLOUDFLARE_SANDBOX_TOKEN': TOKEN})
        assert wait_until(lambda: all(map(answers, self.ports)), 20)

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(20)

    def ask(self, method, path, **options):
        answer = requests.request(method, f'http://127.0.0.1:{self.ports[0]}/client/v4{path}', timeout=10,
                                  headers={'Authorization': f'Bearer {TOKEN}'}, **options)
        assert answer.ok, answer.text
        return answer.json()['result']


@pytest.fixture
def sandbox(tmp_path):
    found = Sandbox(tmp_path)
    found.start()
    yield found
    found.process.kill()
    found.process.wait()


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_loses_nothing(sandbox, number):
    zone = sandbox.ask('GET', '/zones')[0]
    account, path = zone['account']['id'], f'/zones/{zone["id"]}'
    tunnel = sandbox.ask('GET', f'/accounts/{account}/cfd_tunnel')[0]
    sandbox.ask('POST', f'{path}/dns_records', json={'type': 'CNAME', 'name': '*', 'content': 'x.example', 'comment': 'saas:1'})
    sandbox.ask('PUT', f'/accounts/{account}/cfd_tunnel/{tunnel["id"]}/configurations',
                json={'config': {'ingress': [{'service': 'http_status:404'}]}})

    def everything():
        return [sandbox.ask('GET', address) for address in (
            f'{path}/dns_records', f'/accounts/{account}/cfd_tunnel/{tunnel["id"]}/configurations', '/zones')]
    before = everything()
    sandbox.end(number)
    sandbox.start()
    assert everything() == before
    assert TOKEN not in sandbox.state.read_text()


def test_it_ends_when_it_is_told_to(sandbox):
    assert sandbox.end(signal.SIGTERM) == 0


def test_an_unknown_setting_is_refused():
    done = subprocess.run([sys.executable, '-m', 'tests.fakes.cloudflare', '--set', 'speed=1'], cwd=CHECKOUT, timeout=20,
                          capture_output=True, text=True)
    assert done.returncode and 'no setting speed' in done.stderr


def test_two_in_one_process_are_strangers():
    with FakeCloudflare() as one, FakeCloudflare() as other:
        one.world.add_zone('sajet.us')
        assert len(one.world.store.table('zones')) == 1 and not other.world.store.table('zones')


# -- in the local stack ----------------------------------------------------------------------------------------------
def test_the_local_stack_has_one(tmp_path):
    ports = Ports(**{name: unused() for name in Ports.__dataclass_fields__})
    stack = Stack(Settings.from_environment().change(state=tmp_path, ports=ports))
    try:
        first = stack.cloudflare.start(sys.executable).pid()
        assert stack.cloudflare.start(sys.executable).pid() == first, 'what runs as it should is left alone'
        headers = {'Authorization': f'Bearer {stack.cloudflare.token}'}
        zone = requests.get(f'{stack.cloudflare.api_base}/zones/{stack.cloudflare.zone}', headers=headers, timeout=10).json()
        assert (zone['result']['name'], zone['result']['account']['id']) == ('localhost', stack.cloudflare.account)
        connectors = requests.get(f'{stack.cloudflare.api_base}/accounts/{stack.cloudflare.account}/cfd_tunnel/'
                                  f'{stack.cloudflare.tunnel}/connections', headers=headers, timeout=10).json()['result']
        assert len(connectors) == 2 and stack.cloudflare.control.get('')['calls'] == 2
        assert requests.get(stack.cloudflare.edge_url, headers={'Host': 'www.customer.test'}, timeout=10).status_code == 409
    finally:
        assert stack.service('cloudflare').stop()
