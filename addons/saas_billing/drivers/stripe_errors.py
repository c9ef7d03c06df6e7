"""From what the ``stripe`` package raises to one of the driver errors.

Each carries a ``problem`` (below) for who tells a person in his own language, ``words`` as Stripe said it ('' if it said
nothing) and ``values`` for that sentence: what, words, param, code, status, decline, request.
"""
import re

import requests
import stripe

from ...saas_master.drivers.errors import AuthError, NotFound, Permanent, Retryable
from .stripe_transport import Strange

PROBLEMS = (
    'stripe_silent',        # no answer in time
    'stripe_unreachable',   # no connection, or it broke off
    'stripe_busy',          # too many requests, the same under way, or a fault of Stripe's
    'stripe_refused_key',   # wrong, revoked, without the permission, or no secret key at all
    'stripe_gone',          # what is asked for does not exist there
    'stripe_card',          # the card was declined; values: decline, words
    'stripe_refused',       # an argument is not taken; values: words, param
    'stripe_idempotency',   # the same key was used for something else
    'stripe_mode',          # a test key for what is live, or the other way round
    'stripe_address',       # what answers at the API address is not Stripe's API
)
LONGEST_WAIT = 3600         # seconds; whoever asks for more is asked again by then
LONGEST_WORDS = 300
OTHER_MODE = re.compile(r'(?i)a similar object exists in (live|test) mode')
KEYS = re.compile(r'\b((?:sk|rk|pk)_(?:test|live)|whsec)_[^\s,;"\']+')


def made(kind, problem, message, after=None, **values):
    """An error of ours with everything on it that ``of`` puts there."""
    more = {'after': after} if issubclass(kind, Retryable) else {}
    error = kind(message, problem=problem, **more)
    error.words = values.get('words', '')
    error.values = values
    return error


def of(error, what, secret=''):
    """The driver error for an exception of ``stripe`` or ``requests``.

    :param what: what was tried, as the beginning of a sentence
    :param secret: the key, which must be in no message
    """
    if isinstance(error, Strange):
        kind, problem, message = _strange(error.status)
        return made(kind, problem, f'{what}: {message}', after(error.headers), what=what)
    if isinstance(error, requests.RequestException):
        return _of_way(error, what)
    status = error.http_status or 0
    values = {
        'what': what, 'words': cleaned(_said(error, 'message'), secret), 'param': _said(error, 'param'),
        'code': _said(error, 'code'), 'decline': _said(error, 'decline_code'), 'status': status,
        'request': cleaned(error.headers.get('Request-Id', ''), secret)}
    kind, problem, message = _verdict(error, status, values)
    wait = after(error.headers)
    return made(kind, problem, f'{what}: {message}', wait, **values)


def cleaned(words, secret=''):
    """Short, on one line, and without a key: ours or any other."""
    text = re.sub(r'[\x00-\x1f\x7f]+', ' ', words if isinstance(words, str) else '')
    if secret:
        text = text.replace(secret, '…')
    return KEYS.sub(r'\1_…', text)[:LONGEST_WORDS]


def after(headers):
    """Seconds of Retry-After; None without."""
    wanted = str(headers.get('Retry-After') or '').strip()
    return float(min(int(wanted), LONGEST_WAIT)) if re.fullmatch('[0-9]{1,9}', wanted) else None


def _of_way(error, what):
    if isinstance(error, requests.exceptions.SSLError) and 'CERTIFICATE_VERIFY_FAILED' in str(error):
        return made(AuthError, 'stripe_address', f'{what}: the API address shows a certificate that is not valid for it;'
                    ' check the address and this machine\'s clock.', what=what)
    if isinstance(error, requests.Timeout) or 'timed out' in str(error):
        return made(Retryable, 'stripe_silent', f'{what}: no answer from Stripe in time; it is tried again.', what=what)
    return made(Retryable, 'stripe_unreachable', f'{what}: Stripe cannot be reached, or broke off'
                f' ({type(error).__name__}); check the network of this machine.', what=what)


def _verdict(error, status, values):
    """(kind, problem, the rest of the sentence)"""
    said = f'Stripe says {_quoted(values)}'
    if status == 429 or status == 409 or isinstance(error, stripe.RateLimitError):
        return Retryable, 'stripe_busy', f'{said}. It is tried again.'
    if status >= 500 or 300 <= status < 400:
        return _strange(status)
    if status in (401, 403):
        return AuthError, 'stripe_refused_key', f'{said}. Check the secret key and what it may do.'
    if isinstance(error, stripe.CardError) or _said(error, 'type') == 'card_error':
        return Permanent, 'stripe_card', f'the card was declined; {said}'
    if isinstance(error, stripe.IdempotencyError):
        return Permanent, 'stripe_idempotency', f'{said}. The same was asked for before with other values.'
    return _invalid(status, values, said)


def _invalid(status, values, said):
    if OTHER_MODE.search(values['words']):
        return Permanent, 'stripe_mode', f'{said}. It belongs to the other mode.'
    if status == 404 or values['code'] == 'resource_missing':
        return NotFound, 'stripe_gone', said
    return Permanent, 'stripe_refused', f'{said}. Change what it complains about and retry.'


def _strange(status):
    if status >= 500 or status == 429:
        return Retryable, 'stripe_busy', f'Stripe has a fault (HTTP {status}). It is tried again.'
    if 200 <= status < 300:
        return Retryable, 'stripe_address', 'the answer is not one of Stripe\'s API; if it stays so, check the API address.'
    if 300 <= status < 400:
        return Permanent, 'stripe_address', (
            f'the API answered with a redirect (HTTP {status}), which is not followed because it would carry the key'
            ' elsewhere; check the API address.')
    return Permanent, 'stripe_address', f'what answered (HTTP {status}) is not Stripe\'s API; check the API address.'


def _said(error, name):
    value = error.json_body['error'].get(name)
    return value[:LONGEST_WORDS] if isinstance(value, str) else ''


def _quoted(values):
    code = values['decline'] or values['code']
    words = f'“{values["words"]}”' if values['words'] else f'HTTP {values["status"]}'
    return f'{words} ({code})' if code else words
