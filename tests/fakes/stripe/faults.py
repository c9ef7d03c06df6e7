"""What goes wrong on demand: the kinds of fault, beyond what ``tests.fakes.faults`` says of all.

- ``status``: answers ``status`` (402, 409, 429, 500 …) with ``type``, ``code``, ``message``, ``decline_code``,
  ``headers``; ``after``: the work has been done all the same, and the answer is kept under the idempotency key
- ``slow``: waits for ``seconds`` before it begins, or ``after`` the work with the key still taken
- ``drop``: closes the connection without an answer, ``before`` or ``after`` the work
- ``garbage``: answers HTML; ``truncated``: half of the answer
"""
import time

from .cards import DECLINES
from .errors import ApiError

KINDS = ('status', 'drop', 'slow', 'garbage', 'truncated')
OF_LISTENER = ('drop', 'garbage', 'truncated')
KNOWN = {
    402: ('card_error', 'card_declined', DECLINES['generic_decline'][1], {}),
    409: ('invalid_request_error', 'lock_timeout',
          'This object cannot be accessed right now because another API request or Stripe process is currently accessing it.',
          {'Stripe-Should-Retry': 'true'}),
    429: ('invalid_request_error', 'rate_limit', 'Request rate limit exceeded.',
          {'Stripe-Should-Retry': 'true', 'Retry-After': '1'}),
}
OTHER = ('api_error', '', 'An unknown error occurred', {})


class Dropped(ApiError):
    """The listener hangs up before anything is said."""

    def __init__(self):
        super().__init__(500, 'dropped')


def before(fault):
    if fault['when'] != 'before':
        return
    if fault['kind'] == 'slow':
        time.sleep(fault.get('seconds', 1))
    if fault['kind'] == 'drop':
        raise Dropped
    if fault['kind'] == 'status':
        raise _error(fault)


def after(fault):
    if fault['when'] != 'after':
        return
    if fault['kind'] == 'slow':
        time.sleep(fault.get('seconds', 1))
    if fault['kind'] == 'status':
        raise _error(fault)


def _error(fault):
    status = fault.get('status', 500)
    kind, code, message, headers = KNOWN.get(status, OTHER)
    decline = fault.get('decline_code') or ('generic_decline' if status == 402 else '')
    if decline in DECLINES:
        code, message = DECLINES[decline]
    more = {'decline_code': decline} if decline else {}
    return ApiError(status, fault.get('message', message), fault.get('code', code), kind=fault.get('type', kind),
                    headers={**headers, **fault.get('headers', {})}, **more)
