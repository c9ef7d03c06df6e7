"""How requests of the ``stripe`` package go out here: with time limits, without redirects, telemetry or ``.netrc``.

What goes wrong on the way leaves as an exception of ``requests``; ``stripe_errors`` makes a driver error of it.
"""
import logging

import requests
import stripe
from requests.auth import AuthBase

LONGEST_ANSWER = 64 * 2**20


class TooLong(requests.RequestException):
    """No answer of Stripe's has that many bytes."""


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
        with self._session.request(
                method, url, headers=headers, data=post_data, auth=_AsItIs(), timeout=self._timeout,
                allow_redirects=False, stream=True) as response:
            response.raw.enforce_content_length = True      # half an answer is none
            return self._body(response), response.status_code, response.headers

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


def _has_no_body(record):
    return record.levelno > logging.DEBUG


# At level debug the package logs every body, also the one with the secret of a new webhook endpoint.
logging.getLogger('stripe').addFilter(_has_no_body)
