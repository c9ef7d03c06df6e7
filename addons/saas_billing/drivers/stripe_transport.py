"""How requests of the ``stripe`` package go out here: with time limits, without redirects, telemetry or ``.netrc``.

What goes wrong on the way leaves as an exception of ``requests``; ``stripe_errors`` makes a driver error of it.
"""
import json
import logging
import time
from urllib.parse import urlsplit

import requests
import stripe
from requests.auth import AuthBase

_logger = logging.getLogger(__name__)

LONGEST_ANSWER = 64 * 2**20


class TooLong(requests.RequestException):
    """No answer of Stripe's has that many bytes."""


class Strange(requests.RequestException):
    """What answered is not Stripe's API: the package would fail in many ways on what it says."""

    def __init__(self, status, headers):
        super().__init__(f'HTTP {status}')
        self.status, self.headers = status, headers


class Transport(stripe.HTTPClient):
    """:param timeout: seconds (to connect, between two pieces of an answer)"""

    name = 'requests'

    def __init__(self, timeout, is_local=False):
        super().__init__()
        self._timeout = timeout
        self._session = requests.Session()
        if is_local:
            self._session.trust_env = False     # a sandbox is for no proxy

    def request(self, method, url, headers, post_data=None):
        began = time.monotonic()
        with self._session.request(
                method, url, headers=headers, data=post_data, auth=_AsItIs(), timeout=self._timeout,
                allow_redirects=False, stream=True) as response:
            response.raw.enforce_content_length = True      # half an answer is none
            body = self._body(response)
        _logger.debug('%s %s: %s in %.3f s', method.upper(), urlsplit(url).path, response.status_code, time.monotonic() - began)
        if not _is_stripes(response.status_code, body):
            raise Strange(response.status_code, response.headers)
        return body, response.status_code, response.headers

    @staticmethod
    def _body(response):
        data = bytearray()
        for piece in response.iter_content(2**16):
            data += piece
            if len(data) > LONGEST_ANSWER:
                raise TooLong()
        return bytes(data)

    def close(self):
        self._session.close()

    def _add_telemetry_header(self, headers):
        return headers

    def _record_request_metrics(self, *_args, **_options):
        """Nothing is measured for others."""


class _AsItIs(AuthBase):
    """Without an ``auth`` of one's own requests would put what ``.netrc`` says in place of the key."""

    def __call__(self, request):
        return request


def _is_stripes(status, body):
    """An object by its name, or an error in its envelope."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(content, dict):
        return False
    return isinstance(content.get('object'), str) if 200 <= status < 300 else isinstance(content.get('error'), dict)


def _is_grave(record):
    return record.levelno >= logging.WARNING


# Below that the package logs bodies, also the one with the secret of a new webhook endpoint, and what an error says.
logging.getLogger('stripe').addFilter(_is_grave)
