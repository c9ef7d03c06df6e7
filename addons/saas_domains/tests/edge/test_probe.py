"""Is a name live: whoever answers, only the nonce counts, and nobody keeps the asker longer than it wants to stay."""
import socket
import time

import pytest

from bare.saas_domains.edge import probe
from bare.saas_domains.edge.probe import probe_domain
from bare.saas_master.drivers.errors import Permanent, Retryable

HOST, NONCE = 'www.acme.test', 'nonce-1'


@pytest.fixture(autouse=True)
def one_look(monkeypatch):
    """However slow the machine is, an answer that comes counts."""
    monkeypatch.setattr(probe, 'PAUSE', 1000)


def refused(*args, **values):
    with pytest.raises(Retryable) as raised:
        probe_domain(*args, **{'timeout': 10, **values})
    return raised.value


def test_the_nonce_proves_it(site):
    site.says(NONCE.encode())
    assert probe_domain(site.url, HOST, NONCE, 5) is None
    request, = site.seen
    assert request.startswith('GET /.well-known/saas-domain HTTP/1.1\r\n')
    assert request.count('\r\nHost: ') == 1
    assert f'\r\nHost: {HOST}\r\n' in request


def test_a_base_may_have_a_path_and_the_host_a_port(site):
    site.says(b'nonce-1\n')
    probe_domain(f'{site.url}/edge/', f'{HOST}:8080', NONCE, 5)
    assert site.seen[0].startswith('GET /edge/.well-known/saas-domain ')
    assert f'\r\nHost: {HOST}:8080\r\n' in site.seen[0]


@pytest.mark.parametrize('body, status, headers, code', [
    (b'nonce-2', '200 OK', [], 'probe_other'), (b'', '200 OK', [], 'probe_other'), (b'nonce-1x', '200 OK', [], 'probe_other'),
    (b'nonce-1' + b' ' * 100_000 + b'x', '200 OK', [], 'probe_other'), (b'\xff\xfe', '200 OK', [], 'probe_other'),
    (b'nonce-1', '404 Not Found', [], 'probe_status'), (b'nonce-1', '308 Permanent Redirect', ['Location: /'], 'probe_status'),
    (b'nonce-1', '530 None', [], 'probe_status'), (b'nonce-1', '206 Partial', [], 'probe_status')])
def test_anything_else_is_not_yet(site, body, status, headers, code):
    site.says(body, status, *headers)
    error = refused(site.url, HOST, NONCE)
    assert error.problem == code
    assert 'nonce-1' not in str(error)
    assert len(site.seen) == 1


@pytest.mark.parametrize('answer', [b'', b'\r\n\r\n', b'nonsense', b'HTTP/1.1 abc\r\n\r\n',
                                    b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx',
                                    b'HTTP/1.1 200 OK\r\nX: ' + b'y' * 70_000,
                                    b'HTTP/1.1 200 OK\r\n' + b'X: y\r\n' * 200 + b'\r\n',
                                    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'])
def test_what_is_no_http_is_not_yet(site, answer):
    site.answer = answer
    assert refused(site.url, HOST, NONCE).problem in ('probe_unreachable', 'probe_other')


def test_it_looks_again_until_it_is_there(site, monkeypatch):
    monkeypatch.setattr(probe, 'PAUSE', 0.01)
    site.says(b'', '404 Not Found')
    looks = iter(range(3))
    real = probe._look

    def look(*args):
        if next(looks, None) is None:
            site.says(NONCE.encode())
        return real(*args)
    monkeypatch.setattr(probe, '_look', look)
    probe_domain(site.url, HOST, NONCE, 10)
    assert len(site.seen) == 4


def test_nothing_that_listens(site):
    site.stop()
    assert refused(site.url, HOST, NONCE).problem == 'probe_unreachable'


def test_a_name_without_an_address():
    assert refused('http://nowhere.invalid', HOST, NONCE).problem == 'probe_unreachable'
    assert refused('', 'nowhere.invalid', NONCE).problem == 'probe_unreachable'


def test_one_that_drips_is_left(site, monkeypatch):
    """Each byte comes in time, all of them would take a day."""
    monkeypatch.setattr(probe, 'LOOK_SECONDS', 0.5)
    site.says(b'x' * 10_000)
    site.pause = 0.05
    started = time.monotonic()
    assert refused(site.url, HOST, NONCE).problem == 'probe_timeout'
    assert time.monotonic() - started < 10, 'the whole would have taken minutes'


def test_one_that_never_answers_is_left(monkeypatch):
    with socket.create_server(('127.0.0.1', 0)) as silent:
        for scheme in ('http', 'https'):
            error = refused(f'{scheme}://127.0.0.1:{silent.getsockname()[1]}', HOST, NONCE, timeout=0.3)
            assert error.problem == 'probe_timeout'


def test_a_name_without_a_nonce_proves_nothing(site):
    site.says(b'')
    with pytest.raises(Permanent):
        probe_domain(site.url, HOST, '', 1)
    assert site.seen == []


def test_tls_is_for_the_name_whoever_is_asked(tls_site, authority):
    tls_site.says(NONCE.encode())
    probe_domain(tls_site.url, HOST, NONCE, 5, verify=authority.file)
    assert tls_site.names == [HOST]


@pytest.mark.parametrize('host, verify', [('www.other.test', 'authority'), (HOST, True)],
                         ids=['another name', 'unknown authority'])
def test_a_certificate_that_is_not_the_names(tls_site, authority, host, verify):
    tls_site.says(NONCE.encode())
    trusted = authority.file if verify == 'authority' else verify
    assert refused(tls_site.url, host, NONCE, verify=trusted).problem == 'probe_certificate'
    assert tls_site.seen == []
    probe_domain(tls_site.url, host, NONCE, 5, verify=False)


def test_a_port_without_tls_has_no_certificate(site):
    site.says(NONCE.encode())
    assert refused(site.url.replace('http:', 'https:'), HOST, NONCE).problem in ('probe_certificate', 'probe_unreachable')
