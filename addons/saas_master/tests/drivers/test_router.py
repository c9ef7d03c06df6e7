"""The router driver: the table it writes, and what a real nginx makes of it whatever happens in between."""
import itertools
import random
import time
from pathlib import Path

import pytest
from drivers.errors import DriverError, NotFound, Permanent, Unreachable
from drivers.router import Route, Router, render
from drivers.transport import LocalTransport

from nginx_fixtures import CONFIG
from real_servers import alive, wait_until

ACME, BETA = Route('acme.localhost', 'acme'), Route('beta.localhost', 'beta', suspended=True)
OWN = Route('www.acme.test', 'acme', redirect='acme.localhost', nonce='n-1')


# -- the table -------------------------------------------------------------------------------------------------------

def test_the_table_is_readable_and_sorted():
    assert render([OWN, BETA, ACME]) == '''\
# Written by the router driver; changes made by hand are lost.
map $host $saas_db {
    default "";
    acme.localhost acme;
    beta.localhost beta;
    www.acme.test acme;
}
map $host $saas_suspended {
    default "";
    beta.localhost 1;
}
map $host $saas_redirect {
    default "";
    www.acme.test acme.localhost;
}
map $host $saas_nonce {
    default "";
    www.acme.test n-1;
}
map $host $saas_http {
    default saas_tenants;
}
map $host $saas_ws {
    default saas_tenants_ws;
}
'''


def test_the_same_routes_make_the_same_table():
    routes = [Route(f'a{n}.example.com', f'b{n % 7}', n % 3 == 0) for n in range(200)]
    shuffled = random.Random(7).sample(routes, len(routes))
    assert render(routes) == render(iter(shuffled)) == render(routes + shuffled)


def test_the_delivered_empty_table_is_what_no_routes_make():
    assert (CONFIG / 'routes.empty.conf').read_text() == render([])


@pytest.mark.parametrize('other', [Route('acme.localhost', 'beta'), Route('acme.localhost', 'acme', suspended=True),
                                   Route('acme.localhost', 'acme', nonce='n')])
def test_a_host_with_two_meanings_is_refused(other):
    with pytest.raises(Permanent, match='acme.localhost has two routes'):
        render([ACME, other])


NEVER = ['', ' ', 'a b', 'a;b', 'a"b', "a'b", 'a{b', 'a}', 'a$b', '$host', '~a', '~.*', '*', '*.x', '\\a', 'a\\', '#a',
         'a\nb', 'a\n', '\na', 'a\r', 'a\tb', 'a\0', 'A', 'Acme', 'ñ', 'a_b', '-a', 'a-', 'a/b', 'a:1', 'a' * 64, 'a,b',
         '^a', 'a|b', 'a.*', '(a)', '[a]', 'a+', 'a?', None, 7, b'a', ['a'], '١',
         'a x;}\nserver{listen 1;}map $host $x{a', '"";include /etc/passwd;#']


@pytest.mark.parametrize('name', NEVER, ids=repr)
def test_a_name_that_could_be_more_than_a_name_is_refused(name):
    with pytest.raises(Permanent, match='no database name'):
        render([Route('acme.localhost', name)])
    host = f'{name}.localhost' if isinstance(name, str) else name
    with pytest.raises(Permanent, match='no host name'):
        render([Route(host, 'acme')])


@pytest.mark.parametrize('redirect', ['www.acme.test', 'unknown.test', 'beta.localhost', 'also.acme.test', 'a b', '$host',
                                      'acme.localhost/x', 7, ' '])
def test_a_redirect_ends_at_a_name_of_the_same_database(redirect):
    with pytest.raises(Permanent, match=r'www.acme.test cannot redirect'):
        render([ACME, BETA, Route('also.acme.test', 'acme', redirect='acme.localhost'),
                Route('www.acme.test', 'acme', redirect=redirect)])


@pytest.mark.parametrize('nonce', ['a b', 'a;b', '"', '$host', 'a\n', 'é', 'a' * 129, None, 7, '{', '/', '\\'])
def test_a_nonce_that_could_be_more_than_a_word_is_refused(nonce):
    with pytest.raises(Permanent, match='nonce of acme.localhost'):
        render([Route('acme.localhost', 'acme', nonce=nonce)])


@pytest.mark.parametrize('host', ['default', 'include', 'hostnames', 'volatile', 'localhost', '.localhost', 'a..b',
                                  'a.b.', 'a.b\n', '.'.join(['a' * 49] * 6)])
def test_hosts_with_a_meaning_of_their_own_are_refused(host):
    with pytest.raises(Permanent, match='no host name'):
        render([Route(host, 'acme')])


@pytest.mark.parametrize('host, database', [
    ('a.b', 'a'), ('0.1', '0'), ('www.xn--nandu-pta.example', 'a-b--c'), ('a' * 63 + '.localhost', 'a' * 63),
    ('.'.join(['a' * 49] * 5 + ['abc']), 'include'), ('10.0.0.1', 'default')])
def test_unusual_but_proper_names_are_served(make_nginx, host, database):
    nginx = make_nginx([Route(host, database)])
    assert nginx.database(host) == f'^{database}$'


# -- a running nginx -------------------------------------------------------------------------------------------------

@pytest.fixture(params=['local', 'ssh'])
def transport(request):
    return LocalTransport() if request.param == 'local' else request.getfixturevalue('ssh')()


@pytest.fixture
def nginx(make_nginx):
    return make_nginx()


def router_of(nginx, transport=None):
    return Router(transport or LocalTransport(), nginx.config, nginx.routes, nginx.command)


def serves(nginx, expected):
    """Soon, and with the workers of the old table gone."""
    wait_until(lambda: {host: nginx.database(host) for host in expected} == expected, f'serving {expected}')


def settled(nginx, earlier=()):
    """The workers, once those in ``earlier`` are gone and, without any, after the time in which a reload would show."""
    if earlier:
        wait_until(lambda: nginx.workers() and nginx.workers().isdisjoint(earlier), 'the end of the old workers')
    time.sleep(0.3)
    return nginx.workers()


def test_routes_come_change_and_go(nginx, transport):
    router = router_of(nginx, transport)
    assert router.apply([ACME, BETA]) is True
    serves(nginx, {'acme.localhost': '^acme$', 'beta.localhost': 503, 'other.localhost': 404})
    assert router.apply([Route('acme.localhost', 'moved'), Route('beta.localhost', 'beta')]) is True
    serves(nginx, {'acme.localhost': '^moved$', 'beta.localhost': '^beta$'})
    assert router.apply([]) is True
    serves(nginx, {'acme.localhost': 404, 'beta.localhost': 404})


def test_nothing_is_reloaded_when_nothing_changed(nginx, transport):
    earlier = nginx.workers()
    router_of(nginx, transport).apply([ACME, BETA])
    workers = settled(nginx, earlier)
    changed = Path(nginx.routes).stat().st_mtime_ns
    assert router_of(nginx, transport).apply([BETA, ACME]) is False
    assert settled(nginx) == workers
    assert Path(nginx.routes).stat().st_mtime_ns == changed


def test_a_table_changed_by_hand_is_put_right(nginx):
    router = router_of(nginx)
    router.apply([ACME])
    Path(nginx.routes).write_text(render([]))
    assert router.apply([ACME]) is True
    serves(nginx, {'acme.localhost': '^acme$'})


def test_a_refused_configuration_leaves_the_old_one_serving(nginx, transport):
    router = router_of(nginx, transport)
    router.apply([ACME])
    good = Path(nginx.config).read_text()
    Path(nginx.config).write_text(good + 'no_such_directive on;\n')
    with pytest.raises(Permanent, match='(?s)old ones stay in use.*unknown directive "no_such_directive"'):
        router.apply([BETA])
    assert Path(nginx.routes).read_text() == render([ACME])
    serves(nginx, {'acme.localhost': '^acme$', 'beta.localhost': 404})
    Path(nginx.config).write_text(good)
    assert router.apply([BETA]) is True
    serves(nginx, {'acme.localhost': 404, 'beta.localhost': 503})


def test_refused_routes_touch_nothing(nginx):
    router = router_of(nginx)
    router.apply([ACME])
    with pytest.raises(Permanent):
        router.apply([ACME, Route('x; }', 'beta')])
    assert Path(nginx.routes).read_text() == render([ACME])
    assert router.apply([ACME]) is False


def test_warnings_are_no_refusal(nginx):
    text = Path(nginx.config).read_text()
    Path(nginx.config).write_text(text.replace('gzip_types ', 'gzip_types text/html '))
    trial = LocalTransport().run([*nginx.command, '-t', '-c', nginx.config], 10)
    assert '[warn]' in trial.stderr
    assert router_of(nginx).apply([ACME]) is True
    serves(nginx, {'acme.localhost': '^acme$'})


def test_ten_thousand_routes(nginx):
    routes = [Route(f'tenant-{n}-of-many.example.com', f'tenant-{n}-of-many', n % 10 == 0) for n in range(10_000)]
    started = time.monotonic()
    assert router_of(nginx).apply(routes) is True
    assert time.monotonic() - started < 5
    expected = {route.host: 503 if route.suspended else f'^{route.database}$'
                for route in random.Random(7).sample(routes, 40)}
    serves(nginx, expected)
    started = time.monotonic()
    assert router_of(nginx).apply(routes) is False
    assert time.monotonic() - started < 1


# -- crashes ---------------------------------------------------------------------------------------------------------

class Killed(BaseException):
    """The worker process is no more."""


class MortalTransport(LocalTransport):
    """Does ``lives`` acts and is killed before or after the next one."""

    def __init__(self, lives, after):
        self.lives, self.after = lives, after

    def _act(self, act, *args):
        self.lives -= 1
        if self.lives < 0 and not self.after:
            raise Killed
        result = act(*args)
        if self.lives < 0:
            raise Killed
        return result

    def run(self, *args):
        return self._act(super().run, *args)

    def put(self, *args):
        return self._act(super().put, *args)

    def get(self, *args):
        return self._act(super().get, *args)


def test_a_crash_anywhere_is_healed_by_the_next_call(nginx):
    """Whatever nginx had loaded when the worker died, the next call ends with the wanted table in use."""
    before, wanted = [ACME], [Route('acme.localhost', 'moved')]
    for lives in itertools.count():
        for after in (False, True):
            router_of(nginx).apply(before)
            try:
                router_of(nginx, MortalTransport(lives, after)).apply(wanted)
                assert lives > 8, 'the walk ends behind the last act'
                return
            except Killed:
                router_of(nginx).apply(wanted)
            assert Path(nginx.routes).read_text() == render(wanted)
            serves(nginx, {'acme.localhost': '^moved$'})


def test_a_crash_between_replace_and_reload_is_healed(nginx):
    router, earlier = router_of(nginx), nginx.workers()
    router.apply([ACME])
    settled(nginx, earlier)
    Path(nginx.routes).write_text(render([BETA]))       # replaced, and then the worker died
    assert nginx.database('beta.localhost') == 404
    assert router.apply([BETA]) is True
    serves(nginx, {'beta.localhost': 503})


def test_a_nginx_that_is_down_is_unreachable_and_starts_with_the_new_table(nginx):
    router = router_of(nginx)
    router.apply([ACME])
    nginx.kill()
    for routes in ([ACME], [ACME, BETA]):
        with pytest.raises(Unreachable, match='nginx does not run'):
            router.apply(routes)
    nginx.start()
    serves(nginx, {'acme.localhost': '^acme$', 'beta.localhost': 503})
    assert router.apply([ACME, BETA]) is True
    assert router.apply([ACME, BETA]) is False


def test_a_pid_file_that_names_another_process_is_not_nginx(nginx):
    router = router_of(nginx)
    router.apply([ACME])
    nginx.kill()
    other = LocalTransport().run(['sh', '-c', 'setsid sleep 60 </dev/null >/dev/null 2>&1 & echo $!'], 5).stdout.strip()
    Path(nginx.pid_file).write_text(other)
    try:
        with pytest.raises(Unreachable):
            router.apply([BETA])
        assert alive(other), 'it must not be signalled'
    finally:
        LocalTransport().run(['kill', other], 5)


@pytest.mark.parametrize('content', [b'', b'\n', b'none', b'-1', b'999999999', b'1/../self'])
def test_a_pid_file_without_a_process_is_unreachable(nginx, content):
    router = router_of(nginx)
    router.apply([ACME])
    good = Path(nginx.pid_file).read_bytes()
    Path(nginx.pid_file).write_bytes(content)
    with pytest.raises(Unreachable):
        router.apply([ACME])
    Path(nginx.pid_file).write_bytes(good)
    assert router.apply([ACME]) is False


# -- a node that is not set up right -----------------------------------------------------------------------------------

def test_a_missing_configuration_is_named(nginx):
    with pytest.raises(NotFound, match='absent.conf'):
        Router(LocalTransport(), nginx.config + '.absent.conf', nginx.routes, nginx.command).apply([])


def test_a_configuration_that_does_not_include_the_table(nginx):
    with pytest.raises(Permanent, match='includes .*elsewhere 0 times'):
        Router(LocalTransport(), nginx.config, nginx.routes + '.elsewhere', nginx.command).apply([ACME])


def test_a_configuration_without_a_pid_file(nginx):
    text = Path(nginx.config).read_text()
    Path(nginx.config).write_text(text.replace('pid "', '# pid "'))
    with pytest.raises(Permanent, match='no `pid` line'):
        router_of(nginx).apply([ACME])


def test_a_missing_nginx_is_named(nginx):
    with pytest.raises(Permanent, match='no-nginx-here: no such command'):
        Router(LocalTransport(), nginx.config, nginx.routes, ['no-nginx-here']).apply([ACME])


def test_nothing_but_driver_errors_leaves_it(nginx):
    Path(nginx.config).write_bytes(b'\xff\xfe' + Path(nginx.config).read_bytes())
    with pytest.raises(DriverError):
        router_of(nginx).apply([ACME])
