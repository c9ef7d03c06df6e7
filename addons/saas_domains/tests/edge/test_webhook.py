"""Signing, and sending to real servers on loopback."""
import json
import socket

import pytest

from bare.saas_domains.edge import webhook
from bare.saas_domains.edge.webhook import Limits, Message
from bare.saas_domains.edge.webhook_target import Rules
from bare.saas_master.drivers.errors import AuthError, Permanent, Retryable, Unreachable
from webhook_fixtures import Authority, drip, drip_body, huge, serving, silent

LOCAL = Rules(allow_local=True)
KEY, OLD = 'whsec_new', 'whsec_old'
BODY = webhook.new_body('0001', 'domain.active', '2030-01-31T12:00:00Z', {'domain': 'www.bücher.example'})
MESSAGE = Message('0001', 'domain.active', BODY)
QUICK = Limits(read=0.3, all=0.6)


def send(server, path='/in', scheme='http', host='127.0.0.1', rules=LOCAL, **options):
    return webhook.send(f'{scheme}://{host}:{server.port}{path}', MESSAGE, (KEY, OLD), rules, options.pop('limits', None))


# -- signature ----------------------------------------------------------------------------------


def test_a_known_signature():
    """By openssl: printf '1700000000.{}' | openssl dgst -sha256 -hmac whsec_new"""
    header = webhook.sign(b'{}', [KEY], now=1_700_000_000.9)
    assert header == 't=1700000000,v1=' + 'dfd0c4ddb107e3a391f1dc89c9ba0bec585e31e42f82d6c6673f3d9b3a3429a8'


def test_either_secret_opens_while_one_is_rolled():
    header = webhook.sign(BODY, [KEY, OLD], now=1000)
    for keys in ([KEY], [OLD], ['whsec_other', OLD]):
        assert webhook.verify(header, BODY, keys, now=1000) == 1000


@pytest.mark.parametrize('header, code', [
    ('', 'form'), (None, 'form'), ('v1=00', 'form'), ('t=,v1=00', 'form'), ('t=1000,t=1000', 'form'), ('t=1e3', 'form'),
    ('t=1000', 'signature'), ('t=1000,v1=', 'signature'), ('t=1000,v1=ü', 'signature'), ('t=1000,v0=00', 'signature'),
    ('t=1001,' + webhook.sign(BODY, [KEY], now=1000).partition(',')[2], 'signature')])
def test_what_is_no_signature(header, code):
    with pytest.raises(AuthError) as refused:
        webhook.verify(header, BODY, [KEY], now=1000)
    assert refused.value.problem == code


def test_a_signature_is_of_its_body_secret_and_time():
    header = webhook.sign(BODY, [KEY], now=1000)
    for body, keys, now, code in (
            (BODY + b' ', [KEY], 1000, 'signature'), (BODY, ['whsec_other'], 1000, 'signature'),
            (BODY, [KEY], 1301, 'time'), (BODY, [KEY], 699, 'time')):
        with pytest.raises(AuthError) as refused:
            webhook.verify(header, body, keys, now=now)
        assert refused.value.problem == code
    assert webhook.verify(header, BODY, [KEY], now=1300) == 1000


def test_secrets_differ():
    assert webhook.new_secret() != webhook.new_secret()
    assert len(webhook.new_secret()) > 40


# -- rhythm -------------------------------------------------------------------------------------


def test_pauses_grow_to_six_hours_and_fill_three_days():
    assert webhook.pause(1, jitter=lambda: 1) == 10
    assert webhook.pause(1, jitter=lambda: 0) == 5
    assert webhook.pause(60, jitter=lambda: 1) == 6 * 3600
    assert webhook.pause(1, after=120) == 120
    assert webhook.pause(1, after=10**9) == 6 * 3600
    total, attempt = 0, 0
    while total < 3 * 86400:
        attempt += 1
        total += webhook.pause(attempt, jitter=lambda: 1)
    assert 15 <= attempt <= 40


# -- sending ------------------------------------------------------------------------------------


def test_what_arrives(endpoint):
    answer = send(endpoint, '/in?x=1')
    assert (answer.status, answer.words, answer.is_taken, answer.after) == (204, '', True, None)
    (path, headers, body), = endpoint.requests
    assert (path, body) == ('/in?x=1', BODY)
    assert json.loads(body)['data'] == {'domain': 'www.bücher.example'}
    assert headers['Saas-Delivery'] == '0001'
    assert headers['Saas-Event'] == 'domain.active'
    assert headers['Content-Type'] == 'application/json'
    assert headers['Host'] == f'127.0.0.1:{endpoint.port}'
    assert webhook.verify(headers['Saas-Signature'], body, [OLD])


def test_a_redirect_is_an_answer_and_not_followed(endpoint):
    with serving(lambda handler: handler.answer(307, Location=f'http://127.0.0.1:{endpoint.port}/')) as other:
        answer = send(other)
    assert (answer.status, answer.is_taken) == (307, False)
    assert endpoint.requests == []


def test_words_of_a_refusal_and_when_to_come_back():
    with serving(lambda handler: handler.answer(503, b'busy\x00 \xff' + b'z' * 2000, Retry_After='90')) as server:
        answer = send(server)
    assert (answer.status, answer.after) == (503, 90.0)
    assert answer.words.startswith('busy· ·zz')
    assert len(answer.words) == webhook.KEPT
    with serving(lambda handler: handler.answer(503, Retry_After='Wed, 21 Oct 2030 07:28:00 GMT')) as server:
        assert send(server).after is None


def test_a_huge_answer_is_not_read():
    with serving(huge) as server:
        answer = send(server)
        assert (answer.status, answer.words) == (200, 'y' * webhook.KEPT)
    assert server.sent < 2**26


@pytest.mark.parametrize('behave', [silent, drip])
def test_slow_ones_are_left_in_time(behave):
    with serving(behave) as server, pytest.raises(Retryable) as error:
        send(server, limits=QUICK)
    assert error.value.problem == 'timeout'


def test_a_status_counts_even_if_its_body_drips():
    with serving(drip_body) as server:
        assert send(server, limits=QUICK).status == 200


def test_what_is_no_http():
    def nonsense(handler):
        handler.wfile.write(b'220 mail.example ESMTP\r\n')
        handler.close_connection = True
    with serving(nonsense) as server, pytest.raises(Retryable) as error:
        send(server)
    assert error.value.problem == 'broken'


def test_nobody_listens():
    with serving() as server:
        pass
    with pytest.raises(Unreachable) as error:
        send(server)
    assert error.value.problem == 'unreachable'


def test_proxies_of_the_environment_are_not_used(endpoint, monkeypatch):
    for name in ('http_proxy', 'HTTP_PROXY', 'https_proxy', 'ALL_PROXY'):
        monkeypatch.setenv(name, 'http://127.0.0.1:9')
    assert send(endpoint).is_taken


# -- where to -----------------------------------------------------------------------------------


def test_loopback_is_refused_unless_allowed(endpoint):
    for rules, code in ((Rules(), 'scheme'), (Rules(resolve=lambda host: ['127.0.0.1']), 'scheme')):
        with pytest.raises(Permanent) as refused:
            send(endpoint, host='hooks.example.com', rules=rules)
        assert refused.value.problem == code
    with pytest.raises(Permanent) as refused:
        send(endpoint, scheme='https', host='hooks.example.com', rules=Rules(resolve=lambda host: ['127.0.0.1']))
    assert refused.value.problem == 'not_public'
    assert endpoint.requests == []


def test_a_name_that_changes_its_mind_leads_nowhere(endpoint):
    """It is asked once; the connection goes to that answer, whatever the next one is."""
    asked = []

    def rebinding(host):
        asked.append(host)
        return ['127.0.0.1'] if len(asked) == 1 else ['127.0.0.2']
    assert send(endpoint, host='hooks.example.com', rules=Rules(allow_local=True, resolve=rebinding)).is_taken
    assert asked == ['hooks.example.com']
    assert endpoint.requests[0][1]['Host'] == f'hooks.example.com:{endpoint.port}'
    with pytest.raises(Unreachable):
        send(endpoint, host='hooks.example.com', rules=Rules(allow_local=True, resolve=rebinding))
    assert len(endpoint.requests) == 1


def test_the_next_address_is_taken_when_one_is_dead(endpoint):
    rules = Rules(allow_local=True, resolve=lambda host: ['127.0.0.9', '127.0.0.1'])
    assert send(endpoint, host='hooks.example.com', rules=rules).is_taken


# -- TLS ----------------------------------------------------------------------------------------


def tls(server, authority, host='hooks.example.com', **options):
    rules = Rules(allow_local=True, resolve=lambda _host: ['127.0.0.1'])
    return send(server, scheme='https', host=host, rules=rules, limits=Limits(ca_file=authority.file), **options)


def test_the_certificate_is_that_of_the_name_not_of_the_address(authority):
    with serving(context=authority.context('hooks.example.com')) as server:
        assert tls(server, authority).is_taken
        assert server.names == ['hooks.example.com']
        assert server.requests[0][1]['Host'] == f'hooks.example.com:{server.port}'
        with pytest.raises(AuthError) as error:
            tls(server, authority, host='other.example.com')
        assert error.value.problem == 'certificate'
        assert len(server.requests) == 1


def test_an_address_with_a_certificate_of_its_own(authority):
    with serving(context=authority.context('127.0.0.1')) as server:
        assert tls(server, authority, host='127.0.0.1').is_taken
        with pytest.raises(AuthError):
            tls(server, authority)


def test_only_known_authorities_count(authority, tmp_path):
    stranger = Authority(tmp_path, 'Stranger')
    with serving(context=stranger.context('hooks.example.com')) as server:
        for limits in (Limits(), Limits(ca_file=authority.file)):
            with pytest.raises(AuthError) as error:
                webhook.send(f'https://hooks.example.com:{server.port}/', MESSAGE, (KEY,),
                             Rules(allow_local=True, resolve=lambda _host: ['127.0.0.1']), limits)
            assert error.value.problem == 'certificate'
        assert server.requests == []


def test_plain_http_behind_https_is_refused(authority, endpoint):
    with pytest.raises(Retryable) as error:
        tls(endpoint, authority)
    assert error.value.problem == 'tls'


def test_a_slow_handshake_ends(authority):
    with socket.create_server(('127.0.0.1', 0)) as listener:
        rules = Rules(allow_local=True, resolve=lambda _host: ['127.0.0.1'])
        with pytest.raises(Retryable) as error:
            webhook.send(f'https://hooks.example.com:{listener.getsockname()[1]}/', MESSAGE, (KEY,), rules,
                         Limits(ca_file=authority.file, all=0.5))
    assert error.value.problem == 'timeout'
