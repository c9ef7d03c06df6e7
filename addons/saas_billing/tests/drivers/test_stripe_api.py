"""The one seam to Stripe: limits, errors, pages, and a key that nobody sees."""
import logging
import time

import pytest

from bare.saas_billing.drivers import stripe_transport
from bare.saas_billing.drivers.stripe_api import StripeApi
from bare.saas_billing.drivers.stripe_errors import cleaned
from bare.saas_billing.drivers.stripe_words import API_VERSION
from bare.saas_master.drivers.errors import AuthError, NotFound, Permanent, Retryable
from odd_fixtures import ACCOUNT, ODD_KEY, OddServer, fails, own_certificate
from tests.stack.ports import unused


# -- the key -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('key, is_live', [
    ('sk_test_abcd', False), ('sk_live_abcd', True), ('rk_test_abcd', False), ('rk_live_abcd', True), (' sk_test_abcd\n', False)])
def test_the_mode_is_the_keys(key, is_live):
    assert StripeApi(key).is_live is is_live


@pytest.mark.parametrize('key', [
    None, '', ' ', 'sk_test_', 'sk_test_ab', 'pk_test_abcd', 'pk_live_abcd', 'whsec_abcd', 'sk_other_abcd', 'xsk_test_abcd',
    'sk_test_ab cd', 'sk_test_ab\ncd', 'sk_test_ñandú', 'sk_live', 'sk_test_' + 'a' * 500])
def test_what_is_no_secret_key(key):
    error = fails(Permanent, 'stripe_refused_key', StripeApi, key)
    assert not key or len(key) < 10 or key not in str(error)


def test_nobody_sees_the_key(odd, caplog):
    caplog.set_level(logging.DEBUG)
    api = odd.api()
    assert 'oddThat' not in repr(api) + str(api)
    api.read_account()
    odd.refuses('401 Unauthorized', message=f'Invalid API Key provided: {ODD_KEY}')
    error = fails(AuthError, 'stripe_refused_key', api.read_account)
    assert '…' in str(error) and 'oddThat' not in caplog.text


def test_no_body_is_logged(odd, caplog):
    """Not even at level debug, where the package logs the secret of a new webhook endpoint."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger('stripe').setLevel(logging.DEBUG)
    odd.says({'id': 'we_1', 'object': 'webhook_endpoint', 'livemode': False, 'secret': 'whsec_toldOnce'})
    assert odd.api().make_webhook('https://a.example/hook', ['invoice.paid']) == ('we_1', 'whsec_toldOnce')
    assert 'toldOnce' not in caplog.text and 'a.example' not in caplog.text


@pytest.mark.parametrize('words', ['sk_live_another123', 'rk_test_another123', 'whsec_another123', 'pk_live_another123'])
def test_other_keys_in_what_stripe_says_are_not_repeated(odd, words):
    odd.refuses('400 Bad Request', message=f'You used {words}, which is wrong.')
    error = fails(Permanent, 'stripe_refused', odd.api().read_account)
    assert 'another123' not in str(error) and '_…, which is wrong' in error.words


def test_what_is_said_is_one_short_line():
    assert cleaned('a\nb\x00c') == 'a b c' and len(cleaned('x' * 1000)) == 300 and cleaned(None) == cleaned(5) == ''
    assert cleaned(f'{ODD_KEY} is wrong', ODD_KEY) == '… is wrong' and cleaned('sk_live_123 is wrong') == 'sk_live_… is wrong'


@pytest.mark.parametrize('address', [
    'http://api.stripe.com', 'ftp://127.0.0.1', 'api.stripe.com', '', 'https://', 'http://127.0.0.1.example.com',
    'http://localhost.example.com', 'https://user:word@api.stripe.com', 'http://[::1', 'http://user@127.0.0.1'])
def test_the_key_goes_nowhere_in_clear(address):
    fails(Permanent, 'stripe_address', StripeApi, ODD_KEY, address)


@pytest.mark.parametrize('address', ['https://api.stripe.com/', 'http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1'])
def test_addresses_that_are_fine(address):
    assert StripeApi(ODD_KEY, address).base_url == address.rstrip('/')


# -- how it asks -------------------------------------------------------------------------------------------------------
def head(request):
    lines = request.partition(b'\r\n\r\n')[0].decode().split('\r\n')[1:]
    return {name.lower(): value for name, _, value in (line.partition(': ') for line in lines)}


def test_version_key_and_nothing_of_this_machine(odd):
    api = odd.api()
    api.read_account()
    api.read_account()
    for request in odd.seen:
        assert request.startswith(b'GET /v1/account ')
        sent = head(request)
        assert (sent['authorization'], sent['stripe-version']) == (f'Bearer {ODD_KEY}', API_VERSION)
        assert 'x-stripe-client-telemetry' not in sent


def test_netrc_does_not_replace_the_key(odd, tmp_path, monkeypatch):
    (tmp_path / 'netrc').write_text('machine 127.0.0.1 login somebody password else\n')
    monkeypatch.setenv('NETRC', str(tmp_path / 'netrc'))
    api = odd.api()
    api._transport._session.trust_env = True        # as for Stripe itself
    api.read_account()
    assert head(odd.seen[0])['authorization'] == f'Bearer {ODD_KEY}'


def test_a_sandbox_is_for_no_proxy(odd, monkeypatch):
    for name in ('http_proxy', 'HTTP_PROXY', 'all_proxy'):
        monkeypatch.setenv(name, f'http://127.0.0.1:{unused()}')
    assert odd.api().read_account().country == 'DO'


def test_a_closed_client_opens_again(odd):
    api = odd.api()
    api.close()
    assert api.read_account().id == 'acct_1'
    api.close()


def test_it_is_asked_once(odd):
    odd.refuses('500 Internal Server Error', {'Stripe_Should_Retry': 'true'}, message='x')
    fails(Retryable, 'stripe_busy', odd.api().read_account)
    assert len(odd.seen) == 1


def test_the_idempotency_key_is_ours_and_short_enough(odd):
    odd.says({'id': 'prod_1', 'object': 'product', 'livemode': False})
    odd.api().make_product('product-7', 'Basic')
    odd.api().make_product('k' * 300, 'Basic')
    assert [head(request)['idempotency-key'] for request in odd.seen] == ['product-7', 'k' * 255]


@pytest.mark.parametrize('ask', [
    lambda api: api.read_subscription(''), lambda api: api.read_invoice(''), lambda api: api.cancel(''),
    lambda api: api.read_checkout(''), lambda api: api.archive_price(''), lambda api: api.keep('')])
def test_without_an_id_nothing_is_asked(odd, ask):
    fails(NotFound, 'stripe_gone', ask, odd.api())
    assert odd.seen == []


def test_an_id_cannot_lead_elsewhere(odd):
    odd.says({'id': 'sub_1', 'object': 'subscription', 'livemode': False})
    odd.api().read_subscription('../account?x=1#y')
    assert odd.seen[0].split(b' ')[1].startswith(b'/v1/subscriptions/..%2Faccount%3Fx%3D1%23y')


# -- what goes wrong on the way ----------------------------------------------------------------------------------------
def test_silence(odd):
    odd.answer = None
    began = time.monotonic()
    fails(Retryable, 'stripe_silent', odd.api(timeout=0.3).read_account)
    assert time.monotonic() - began < 5


def test_silence_in_the_middle_of_an_answer(odd):
    odd.answer = None
    api = odd.api(timeout=0.3)
    original, odd._talk = odd._talk, None

    def talk(connection):
        with connection:
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id"')
            odd.over.wait(30)
    odd._talk = talk
    fails(Retryable, 'stripe_silent', api.read_account)
    odd._talk = original


def test_nobody_there():
    fails(Retryable, 'stripe_unreachable', StripeApi(ODD_KEY, f'http://127.0.0.1:{unused()}', timeout=2).read_account)


def test_it_hangs_up(odd):
    odd.answer = b''
    fails(Retryable, 'stripe_unreachable', odd.api().read_account)


def test_half_an_answer(odd):
    odd.says(ACCOUNT, length=5000)
    fails(Retryable, 'stripe_unreachable', odd.api().read_account)


def test_no_http_at_all(odd):
    odd.answer = b'SSH-2.0-OpenSSH_9.6\r\n'
    fails(Retryable, 'stripe_unreachable', odd.api().read_account)


def test_a_certificate_that_nobody_vouches_for(tmp_path):
    with OddServer(own_certificate(tmp_path)) as odd:
        odd.says(ACCOUNT)
        fails(AuthError, 'stripe_address', odd.api().read_account)
        assert odd.seen == []


def test_no_tls_where_there_should_be_some(odd):
    fails(Retryable, 'stripe_silent', StripeApi(ODD_KEY, odd.url.replace('http:', 'https:'), timeout=0.3).read_account)


def test_tls_that_breaks_off(odd):
    """Which says nothing of a certificate, and may go better the next time."""
    with OddServer() as server:
        server._is_whole = bool        # hangs up on the first bytes
        fails(Retryable, 'stripe_unreachable', StripeApi(ODD_KEY, server.url.replace('http:', 'https:')).read_account)


def test_a_redirect_is_not_followed(odd):
    odd.says(b'', '302 Found', Location=f'{odd.url}/v1/elsewhere')
    fails(Permanent, 'stripe_address', odd.api().read_account)
    assert len(odd.seen) == 1


def test_a_redirect_with_a_good_answer_is_none(odd):
    odd.says(ACCOUNT, '301 Moved Permanently', Location='https://elsewhere.example')
    fails(Permanent, 'stripe_address', odd.api().read_account)


@pytest.mark.parametrize('content', [
    b'', b'<html>Welcome to the hotel</html>', b'null', b'[]', b'5', b'"account"', b'{}', b'{"object": 5}', b'{"id": "acct_1"',
    b'\xff\xfe', b'[{"object": "account"}]', b'{"object": null}', b'NaN'])
def test_garbage(odd, content):
    odd.says(content)
    fails(Retryable, 'stripe_address', odd.api().read_account)


@pytest.mark.parametrize('content', [b'<html>Forbidden</html>', b'', b'{}', b'{"error": null}', b'{"error": []}', b'[]'])
def test_a_refusal_that_is_not_stripes(odd, content):
    odd.says(content, '403 Forbidden')
    fails(Permanent, 'stripe_address', odd.api().read_account)


@pytest.mark.parametrize('content', [b'<html>Bad Gateway</html>', b'', b'{"error": {"message": "x"}}', b'{"error": "x"}'])
@pytest.mark.parametrize('status', ['500 Internal Server Error', '502 Bad Gateway', '503 Service Unavailable', '504 Timeout'])
def test_a_fault_of_theirs(odd, content, status):
    odd.says(content, status, Retry_After='7')
    assert fails(Retryable, 'stripe_busy', odd.api().read_account).after == 7


def test_an_answer_without_an_end(odd, monkeypatch):
    monkeypatch.setattr(stripe_transport, 'LONGEST_ANSWER', 1000)
    odd.says(b' ' * 5000)
    fails(Retryable, 'stripe_unreachable', odd.api().read_account)


# -- what Stripe refuses -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize('status, error, kind, problem', [
    ('400 Bad Request', {'code': 'parameter_unknown', 'param': 'x', 'message': 'm'}, Permanent, 'stripe_refused'),
    ('400 Bad Request', {'message': 'm'}, Permanent, 'stripe_refused'),
    ('400 Bad Request', {'code': 'rate_limit', 'message': 'm'}, Retryable, 'stripe_busy'),
    ('400 Bad Request', {'type': 'idempotency_error', 'message': 'm'}, Permanent, 'stripe_idempotency'),
    ('400 Bad Request', {'type': 'card_error', 'code': 'card_declined', 'message': 'm'}, Permanent, 'stripe_card'),
    ('400 Bad Request', {'code': 'resource_missing', 'param': 'customer', 'message': 'm'}, NotFound, 'stripe_gone'),
    ('401 Unauthorized', {'message': 'm'}, AuthError, 'stripe_refused_key'),
    ('402 Payment Required', {'type': 'card_error', 'message': 'm'}, Permanent, 'stripe_card'),
    ('403 Forbidden', {'message': 'm'}, AuthError, 'stripe_refused_key'),
    ('404 Not Found', {'code': 'resource_missing', 'message': 'm'}, NotFound, 'stripe_gone'),
    ('404 Not Found', {'message': 'Unrecognized request URL'}, NotFound, 'stripe_gone'),
    ('404 Not Found', {'message': "No such customer: 'cus_1'; a similar object exists in live mode, but a test mode key was used "
                       'to make this request.'}, Permanent, 'stripe_mode'),
    ('409 Conflict', {'code': 'lock_timeout', 'message': 'm'}, Retryable, 'stripe_busy'),
    ('409 Conflict', {'type': 'idempotency_error', 'message': 'm'}, Retryable, 'stripe_busy'),
    ('418 Teapot', {'message': 'm'}, Permanent, 'stripe_refused'),
    ('429 Too Many Requests', {'code': 'rate_limit', 'message': 'm'}, Retryable, 'stripe_busy'),
    ('400 Bad Request', {'message': None, 'code': 5, 'param': []}, Permanent, 'stripe_refused'),
])
def test_refusals(odd, status, error, kind, problem):
    odd.refuses(status, **error)
    found = fails(kind, problem, odd.api().read_account)
    assert found.words == (error['message'] or '') and found.values['status'] == int(status[:3])
    assert str(found).startswith('Reading the account: ')


def test_what_a_refusal_carries(odd):
    odd.refuses('402 Payment Required', {'Request_Id': 'req_77'}, type='card_error', code='card_declined', param='card',
                decline_code='insufficient_funds', message='Your card has\ninsufficient funds.' + 'x' * 1000)
    error = fails(Permanent, 'stripe_card', odd.api().read_account)
    assert {name: error.values[name] for name in ('what', 'param', 'code', 'decline', 'status', 'request')} == {
        'what': 'Reading the account', 'param': 'card', 'code': 'card_declined', 'decline': 'insufficient_funds',
        'status': 402, 'request': 'req_77'}
    assert error.words == error.values['words'] and len(error.words) == 300
    assert error.words.startswith('Your card has insufficient funds.')


@pytest.mark.parametrize('said, after', [
    ('5', 5.0), (' 0 ', 0.0), ('86400', 3600.0), ('9' * 30, None), ('soon', None), ('-1', None), ('1.5', None), ('', None),
    ('Wed, 21 Oct 2026 07:28:00 GMT', None)])
def test_how_long_to_wait(odd, said, after):
    odd.refuses('429 Too Many Requests', {'Retry_After': said}, message='m')
    assert fails(Retryable, 'stripe_busy', odd.api().read_account).after == after


def test_without_a_word_of_waiting_the_policy_decides(odd):
    odd.refuses('429 Too Many Requests', message='m')
    assert fails(Retryable, 'stripe_busy', odd.api().read_account).after is None


@pytest.mark.parametrize('key, livemode', [('sk_test_abcd', True), ('sk_live_abcd', False)])
def test_what_is_of_the_other_mode_is_not_taken(odd, key, livemode):
    odd.says({'id': 'sub_1', 'object': 'subscription', 'livemode': livemode})
    fails(Permanent, 'stripe_mode', odd.api(key=key).read_subscription, 'sub_1')
