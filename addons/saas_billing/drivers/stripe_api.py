"""Stripe: ``StripeApi`` is the client, ``_ask`` the one place from which anything is asked.

Every call has time limits, follows no redirect, is made once and raises one of the driver errors (``stripe_errors``). The
key is in no log, no message and no representation. Only the base address tells Stripe from a sandbox.
"""
import re
from urllib.parse import urlsplit

import requests
import stripe

from ...saas_master.drivers.errors import Permanent
from . import stripe_errors as errors
from . import stripe_parse as parse
from .stripe_catalogue import Catalogue
from .stripe_checkout import Pages
from .stripe_events import Events
from .stripe_invoices import Invoices
from .stripe_subscriptions import Subscriptions
from .stripe_transport import Transport
from .stripe_words import API_VERSION

BASE_URL = 'https://api.stripe.com'
CONNECT_SECONDS = 5
MOST_PAGES = 10000
KEY = re.compile('(?:sk|rk)_(test|live)_[!-~]{4,400}')
LOOPBACK = re.compile(r'(localhost|127(\.\d{1,3}){3}|::1)')


class StripeApi(Catalogue, Pages, Subscriptions, Invoices, Events):
    """One key's view of Stripe.

    :param key: a secret or restricted key
    :param timeout: seconds between two pieces of an answer
    :raises Permanent: the key is none, or would go over the network in clear
    """

    def __init__(self, key, base_url=BASE_URL, timeout=20):
        self.base_url = base_url.rstrip('/')
        self._key = (key or '').strip()
        self.is_live = self._mode() == 'live'
        self._transport = Transport((min(CONNECT_SECONDS, timeout), timeout), self._is_local())
        self._client = stripe.StripeClient(
            self._key, stripe_version=API_VERSION, base_addresses={'api': self.base_url}, max_network_retries=0,
            http_client=self._transport)

    def __repr__(self):
        return f'StripeApi({self.base_url!r}, {"live" if self.is_live else "test"})'

    def close(self):
        self._transport.close()

    def read_account(self):
        """:return: an ``Account``; that it answers is the test of a key"""
        return parse.account(self._ask('Reading the account', self._v1.accounts.retrieve_current))

    # -- the seam -----------------------------------------------------------------------------------------------------

    @property
    def _v1(self):
        return self._client.v1

    def _ask(self, what, method, *ids, key='', **params):
        """Ask once; the answer as the plain dictionary it was.

        :param what: what is tried, as the beginning of a sentence
        :param ids: of the address, of which none may be empty
        :param key: the idempotency key; without one each call stands for itself
        """
        if not all(ids):
            raise errors.made(errors.NotFound, 'stripe_gone', f'{what}: there is no id to ask for.', what=what)
        options = {'idempotency_key': key[:255]} if key else {}
        try:
            answer = method(*ids, params, options)
        except (stripe.StripeError, requests.RequestException) as error:
            raise errors.of(error, what, self._key) from None
        return self._checked(what, answer)

    def _checked(self, what, answer):
        found = answer.last_response.data
        if found.get('livemode') is (not self.is_live):
            raise errors.made(Permanent, 'stripe_mode', f'{what}: the answer is of the other mode than the key.', what=what)
        return found

    def _pages(self, what, method, **params):
        """Everything of a list, newest first, page by page while it is read."""
        params = {'limit': 100, **params}
        for _page in range(MOST_PAGES):
            found = self._ask(what, method, **params)
            rows = parse.rows(found)
            yield from rows
            last = parse.text(rows[-1], 'id') if rows else ''
            if not found.get('has_more') or not last or last == params.get('starting_after'):
                return
            params['starting_after'] = last
        raise errors.made(Permanent, 'stripe_address', f'{what}: the list does not end; check the API address.', what=what)

    # -- before the first call ----------------------------------------------------------------------------------------

    def _mode(self):
        """By the key, since a test key must never meet what is live."""
        match = KEY.fullmatch(self._key)
        if not match:
            raise errors.made(Permanent, 'stripe_refused_key', 'This is no secret key of Stripe\'s: those begin with'
                              ' sk_test_, sk_live_, rk_test_ or rk_live_.')
        return match[1]

    def _is_local(self):
        try:
            parts = urlsplit(self.base_url)
            is_local = bool(LOOPBACK.fullmatch(parts.hostname or ''))
            is_fine = parts.scheme == 'https' and parts.hostname or parts.scheme == 'http' and is_local
        except ValueError:
            is_local = is_fine = False
        if not is_fine or '@' in parts.netloc:
            raise errors.made(Permanent, 'stripe_address', 'The API address has to begin with https://, or the key could be'
                              ' read on its way.')
        return is_local
