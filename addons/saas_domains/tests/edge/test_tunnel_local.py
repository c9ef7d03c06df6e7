"""New rules for a cloudflared that reads its file once: what stands in the file, who serves it, whatever happens between."""
import itertools
import re
import signal
import subprocess
from pathlib import Path

import pytest
import yaml

from bare.saas_domains.edge.ingress import NOT_FOUND, Rule, render, to_config
from bare.saas_domains.edge.tunnel_local import Status
from bare.saas_domains.edge.tunnel_replicas import metrics_port
from bare.saas_master.drivers.errors import NotFound, Permanent, Retryable
from bare.saas_master.drivers.transport import LocalTransport
from tunnel_fixtures import CONFIG, wait_until

ROUTER = 'http://127.0.0.1:8080'
FIRST, SECOND, THIRD = (render([Rule(f'{name}.test', ROUTER)]) for name in ('first', 'second', 'third'))


def rules(text):
    return [rule.get('hostname') for rule in yaml.safe_load(text)['ingress']]


def serves(node, name):
    """Exactly one replica, which has read the file that holds ``name``."""
    assert rules(node.config.read_bytes()) == [f'{name}.test', None]
    assert [rules(text) for text in node.served()] == [[f'{name}.test', None]]


# -- the file --------------------------------------------------------------------------------------------------------

def test_the_first_rules_are_written_and_served_and_what_was_there_is_kept(node):
    tunnel = node.tunnel()
    assert tunnel.apply(FIRST) is True
    assert tunnel.validated == 'cloudflared'
    serves(node, 'first')
    assert Path(f'{node.config}.before-saas').read_text() == CONFIG
    assert tunnel.apply(SECOND) is True
    assert Path(f'{node.config}.before-saas').read_text() == CONFIG


def test_nothing_happens_when_nothing_changed(node):
    node.tunnel().apply(FIRST)
    changed, before = node.config.stat().st_mtime_ns, node.replicas()
    assert node.tunnel().apply(FIRST) is False
    assert (node.config.stat().st_mtime_ns, node.replicas()) == (changed, before)


@pytest.mark.parametrize('wrong', [
    [], [{'hostname': 'a.test', 'service': ROUTER}], [{'hostname': 'a.test.', 'service': ROUTER}, {'service': NOT_FOUND}],
    [{'hostname': 'a.test', 'service': 'htp://x'}, {'service': NOT_FOUND}]])
def test_what_our_check_refuses_touches_nothing(node, wrong):
    node.tunnel().apply(FIRST)
    before = node.replicas()
    with pytest.raises(Permanent) as raised:
        node.tunnel().apply(wrong)
    assert raised.value.problem == 'ingress_wrong'
    assert node.replicas() == before
    serves(node, 'first')


def test_what_cloudflared_refuses_never_replaces_a_good_file(node):
    """The same rules beside a setting of the administrator's that it does not like."""
    node.tunnel().apply(FIRST)
    refusal = '[ "$4" != ingress ] || { echo "bad tag" >&2; exit 1; }'
    node.program.write_text(node.program.read_text().replace('exec', f'{refusal}\nexec'))
    before = node.replicas()
    with pytest.raises(Permanent, match='old file stays in use.*bad tag') as raised:
        node.tunnel().apply(SECOND)
    assert raised.value.problem == 'tunnel_refused'
    assert node.replicas() == before
    serves(node, 'first')


def test_without_the_binary_our_check_stands_alone_and_says_so(node):
    tunnel = node.tunnel(cloudflared='no-cloudflared-here', reload=('true',))
    assert tunnel.apply(FIRST) is True
    assert tunnel.validated == 'lint'
    assert tunnel.inspect().validated == 'lint'


def test_a_missing_file_is_named(node):
    node.config.unlink()
    for call in (lambda: node.tunnel().apply(FIRST), lambda: node.tunnel().inspect()):
        with pytest.raises(NotFound, match='config.yml does not exist'):
            call()


def test_a_new_file_is_one_that_serves(node):
    node.config.write_bytes(to_config(FIRST, 'id', '/c.json'))
    assert node.tunnel().apply(FIRST) is True
    serves(node, 'first')


def test_inspecting_tells_who_serves_what(node):
    tunnel = node.tunnel()
    assert tunnel.inspect() == Status(0, 0, (), 'cloudflared')
    tunnel.apply(FIRST)
    assert tunnel.inspect() == Status(1, 1, (), 'cloudflared')
    node.config.write_text(node.config.read_text() + '# by hand\n')
    assert tunnel.inspect() == Status(1, 0, (), 'cloudflared')
    node.config.write_text('ingress:\n  - service: http_status:404\n')
    with pytest.raises(Permanent, match='needs `tunnel` and `credentials-file`') as raised:
        tunnel.inspect()
    assert raised.value.problem == 'tunnel_config'


# -- replicas --------------------------------------------------------------------------------------------------------

def test_the_next_one_is_ready_before_the_last_one_is_told_to_go(node):
    for ingress in (FIRST, SECOND, THIRD):
        node.tunnel().apply(ingress)
    wait_until(lambda: len(node.alive()) == 1, 'the end of the others')
    what = [event for event, _pid in node.events()]
    assert what == ['start', 'ready', 'start', 'ready', 'term', 'start', 'ready', 'term']
    pids = [pid for _event, pid in node.events()]
    assert [pids[4], pids[7]] == [pids[0], pids[2]]
    serves(node, 'third')


def test_one_that_does_not_get_ready_changes_nothing_and_is_adopted_later(node):
    node.tunnel().apply(FIRST)
    first = node.replicas()
    node.switch('hold')
    for _attempt in range(2):
        with pytest.raises(Retryable, match='not ready after 1 s; what served before goes on') as raised:
            node.tunnel(ready_seconds=1).apply(SECOND)
        assert raised.value.problem == 'tunnel_not_ready'
    assert len(node.replicas()) == 2
    assert set(first) < set(node.replicas())
    node.switch('hold', False)
    assert node.tunnel().apply(SECOND) is True
    assert [event for event, _pid in node.events()].count('start') == 2
    serves(node, 'second')


def test_one_that_ends_at_once_is_told_with_its_last_words(node):
    node.tunnel().apply(FIRST)
    first = node.replicas()
    node.switch('broken')
    with pytest.raises(Retryable, match='the old one goes on serving.*Invalid tunnel secret') as raised:
        node.tunnel().apply(SECOND)
    assert raised.value.problem == 'tunnel_ended'
    assert node.replicas() == first
    node.switch('broken', False)
    assert node.tunnel().apply(SECOND) is True
    serves(node, 'second')


def test_one_that_died_is_started_again_though_nothing_changed(node):
    node.tunnel().apply(FIRST)
    node.end()
    assert node.tunnel().inspect() == Status(0, 0, (), 'cloudflared')
    assert node.tunnel().apply(FIRST) is True
    serves(node, 'first')


def test_those_that_still_answer_somebody_do_not_hold_up_the_next(node):
    node.switch('linger')
    for ingress in (FIRST, SECOND, THIRD, FIRST):
        node.tunnel().apply(ingress)
    assert len(node.alive()) == 4
    assert len(node.replicas()) == 1
    assert len({replica.port for replica in node.alive()}) == 4
    node.switch('linger', False)
    wait_until(lambda: len(node.alive()) == 1, 'the end of the others')
    serves(node, 'first')


def test_one_that_never_goes_is_ended(node):
    node.switch('linger')
    node.tunnel().apply(FIRST)
    node.tunnel().apply(SECOND)
    assert len(node.alive()) == 2
    node.tunnel(grace=-11).apply(SECOND)
    wait_until(lambda: len(node.alive()) == 1, 'the end of the first')
    serves(node, 'second')


def test_stopping_is_for_all(node):
    node.tunnel().apply(FIRST)
    node.tunnel().stop()
    wait_until(lambda: not node.alive(), 'the end')
    assert [event for event, _pid in node.events()] == ['start', 'ready', 'term']


def test_a_service_that_serves_the_same_file_is_named(node):
    service = subprocess.Popen([node.program, 'tunnel', '--config', node.config, '--metrics', '127.0.0.1:0', 'run'])
    try:
        wait_until(lambda: ('ready', str(service.pid)) in node.events(), 'the start of the service')
        with pytest.raises(Permanent, match=f'Another cloudflared .process {service.pid}.') as raised:
            node.tunnel().apply(FIRST)
        assert raised.value.problem == 'tunnel_other'
        assert node.tunnel().inspect() == Status(1, 1, (service.pid,), 'cloudflared')
        serves(node, 'first')
    finally:
        service.send_signal(signal.SIGKILL)
        service.wait(10)
    assert node.tunnel().apply(FIRST) is False


# -- crashes ---------------------------------------------------------------------------------------------------------

class Killed(BaseException):
    """The worker process is no more."""


class MortalTransport(LocalTransport):
    """Does ``lives`` acts and is killed before or after the next one."""

    def __init__(self, lives, after):
        self.lives, self.after = lives, after

    def _act(self, act, *args, **values):
        self.lives -= 1
        if self.lives < 0 and not self.after:
            raise Killed
        result = act(*args, **values)
        if self.lives < 0:
            raise Killed
        return result

    def run(self, *args, **values):
        return self._act(super().run, *args, **values)

    def put(self, *args):
        return self._act(super().put, *args)

    def get(self, *args):
        return self._act(super().get, *args)


@pytest.mark.parametrize('after', [False, True], ids=['before', 'after'])
def test_a_crash_anywhere_is_healed_by_the_next_call(node, after):
    """Somebody serves at every moment, and in the end only the wanted rules are served."""
    names = itertools.cycle([('first', FIRST), ('second', SECOND)])
    node.tunnel().apply(THIRD)
    for lives in itertools.count():
        name, ingress = next(names)
        try:
            node.tunnel(MortalTransport(lives, after)).apply(ingress)
            assert lives > 8, 'the walk ends behind the last act'
            return
        except Killed:
            assert [replica for replica in node.replicas() if b'200' in ready(node, replica)], 'somebody serves'
            node.tunnel().apply(ingress)
        serves(node, name)


def ready(node, replica):
    try:
        return node.ask(replica.port, '/ready') and b'200'
    except OSError:
        return b''


# -- a command instead -----------------------------------------------------------------------------------------------

@pytest.fixture
def command(node):
    """Stands for ``systemctl restart cloudflared``; counts."""
    script = node.folder / 'restart'
    script.write_text(f'#!/bin/sh\necho x >> {node.folder}/restarts\n'
                      f'[ ! -e {node.folder}/broken ] || {{ echo no unit >&2; exit 5; }}\n')
    script.chmod(0o755)
    return (str(script), 'cloudflared')


def restarts(node):
    path = node.folder / 'restarts'
    return len(path.read_text().split()) if path.exists() else 0


def test_a_command_is_run_once_per_change(node, command):
    tunnel = node.tunnel(reload=command)
    assert [tunnel.apply(FIRST), tunnel.apply(FIRST), tunnel.apply(SECOND), tunnel.apply(SECOND)] == [True, False, True, False]
    assert (restarts(node), node.alive()) == (2, [])
    assert tunnel.inspect() == Status(None, None, (), 'cloudflared')


def test_a_command_that_fails_is_owed(node, command):
    node.switch('broken')
    with pytest.raises(Permanent, match='restart cloudflared` failed with exit code 5: no unit') as raised:
        node.tunnel(reload=command).apply(FIRST)
    assert raised.value.problem == 'tunnel_reload'
    node.switch('broken', False)
    assert node.tunnel(reload=command).apply(FIRST) is True
    assert (restarts(node), node.tunnel(reload=command).apply(FIRST)) == (2, False)


def test_a_command_has_done_its_work_when_the_metrics_say_so(node, command):
    node.tunnel().apply(FIRST)
    port = node.replicas()[0].port
    node.config.write_text(re.sub('metrics: .*', f'metrics: 127.0.0.1:{port}', node.config.read_text()))
    assert node.tunnel(reload=command).apply(SECOND) is True
    node.end()
    with pytest.raises(Retryable, match='not ready after 1 s'):
        node.tunnel(reload=command, ready_seconds=1).apply(THIRD)


@pytest.mark.parametrize('metrics, port', [('127.0.0.1:2000', 2000), ('localhost:2000', 2000), (':2000', 2000), ('', None),
                                           ('0.0.0.0:2000', 2000), ('127.0.0.1:0', None), (None, None), ('10.0.0.1:2000', None)])
def test_metrics_that_can_be_asked(metrics, port):
    assert metrics_port({'metrics': metrics}) == port
