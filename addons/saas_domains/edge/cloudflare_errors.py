"""From an answer of Cloudflare's API to one of the four driver errors.

Each error carries Cloudflare's numbers as ``codes``, a ``problem`` for who tells a person in his own language, and
``values`` for that sentence.
"""
import re

from ...saas_master.drivers.errors import AuthError, NotFound, Permanent, Retryable

RECORD_EXISTS = frozenset((81053, 81054, 81057, 81058))
RECORD_MISSING = frozenset((81044,))
HOSTNAME_EXISTS = frozenset((1406,))
HOSTNAME_MISSING = frozenset((1436,))
NO_METADATA = frozenset((1413,))        # custom metadata is sold to Enterprise zones only
NO_QUOTA = frozenset((1404, 1405, 81045))
BAD_TOKEN = frozenset((1000, 6003, 6111, 9106, 9107, 10001))    # malformed, unknown or revoked
FORBIDDEN = frozenset((9109, 10000))
BAD_ROUTE = frozenset((1001, 7000, 7003))       # the zone or account itself is not there
MISSING = RECORD_MISSING | HOSTNAME_MISSING | BAD_ROUTE

LONGEST_WAIT = 3600     # seconds; whoever asks for more is asked again by then
TOO_MANY = 300          # Cloudflare closes for five minutes


def of(answer, what, needs):
    """The error for an answer that is no success.

    :param answer: ``cloudflare.Answer``
    :param what: what was tried, as the beginning of a sentence
    :param needs: the permission it takes
    """
    error = _error(answer, what, needs)
    error.codes = answer.codes
    return error


def made(kind, problem, message, codes=(), after=None, **values):
    """An error of ours with everything on it that ``of`` puts there."""
    more = {'after': after} if issubclass(kind, Retryable) else {}
    error = kind(message, problem=problem, **more)
    error.codes, error.values = frozenset(codes), values
    return error


def has_code(error, codes):
    return bool(getattr(error, 'codes', frozenset()) & codes)


def _error(answer, what, needs):
    said = f'{what}: Cloudflare says {_quoted(answer)}'
    values = {'what': what, 'permission': needs, 'said': _quoted(answer)}
    if answer.status == 429:
        wait = after(answer.headers) or TOO_MANY
        return made(Retryable, 'cloudflare_busy', f'{what}: too many requests with this token; Cloudflare asks to wait'
                    f' {wait:.0f} s.', after=wait, **values)
    if answer.status >= 500 or answer.status in (408, 425):
        return made(Retryable, 'cloudflare_down', f'{said}. It is tried again.', after=after(answer.headers), **values)
    if _is_refused(answer):
        return _refused(answer, said, needs, values)
    if answer.codes & NO_QUOTA:
        return made(Permanent, 'cloudflare_quota', f'{said}. Nothing more fits there: remove what is not needed or'
                    ' raise the quota at Cloudflare.', **values)
    if answer.codes & MISSING or answer.status == 404:
        return made(NotFound, 'cloudflare_missing', f'{said}. If it should exist, check the ids of account, zone and'
                    ' tunnel.', **values)
    return _unexpected(answer, said, what, values)


def _unexpected(answer, said, what, values):
    if 300 <= answer.status < 400:
        return made(Permanent, 'cloudflare_address', f'{what}: the API answered with a redirect (HTTP {answer.status}),'
                    ' which is not followed because it would carry the token elsewhere; check the API address.', **values)
    if not answer.is_envelope:
        return made(Permanent, 'cloudflare_address', f'{what}: what answered (HTTP {answer.status}) is not Cloudflare\'s'
                    ' API; check the API address.', **values)
    return made(Permanent, 'cloudflare_refused', f'{said}. Change what it complains about and retry.', **values)


def _is_refused(answer):
    return answer.status in (401, 403) and not answer.codes & (NO_QUOTA | NO_METADATA) \
        or bool(answer.codes & (FORBIDDEN | BAD_TOKEN))


def _refused(answer, said, needs, values):
    """A token without a permission and one that is unknown may get the same number; status and words tell them apart."""
    is_unknown = answer.status == 401 or answer.codes & BAD_TOKEN or re.search(r'(?i)invalid (access|api) token', said)
    if not is_unknown:
        return made(AuthError, 'cloudflare_permission', f'{said}. The API token needs the permission “{needs}” for this'
                    ' zone or account; add it at Cloudflare, or check that the token has not been revoked.', **values)
    return made(AuthError, 'cloudflare_token', f'{said}. The API token is wrong, revoked or expired: make a new one at'
                f' Cloudflare (with “{needs}”) and enter it in the root domain.', **values)


def _quoted(answer):
    words = '; '.join(f'“{message}” ({code})' if code else f'“{message}”' for code, message in answer.errors[:3])
    return words or f'HTTP {answer.status}'


def after(headers):
    """Seconds to wait by ``Retry-After`` or, without one, by a used-up ``Ratelimit``; None if neither says."""
    wanted = headers.get('Retry-After', '').strip()
    if wanted.isdigit():
        return float(min(int(wanted[:9]), LONGEST_WAIT))
    left, resets = rate(headers)
    return min(resets, LONGEST_WAIT) if left == 0 and resets else None


def rate(headers):
    """(requests left, seconds until there are more) of the tightest limit in ``Ratelimit: "default";r=50;t=30, …``;
    (None, 0.0) without."""
    found = re.findall(r';\s*r=(\d{1,9});\s*t=(\d{1,9})', headers.get('Ratelimit', ''))
    left = min((int(left) for left, _resets in found), default=None)
    return left, max((float(resets) for other, resets in found if int(other) == left), default=0.0)
