"""Cloudflare's API v4: ``Cloudflare`` is the client, ``_call`` the one place from which anything is asked.

Every call has time limits, follows no redirect and raises one of the driver errors (``cloudflare_errors``). The token
is in no log, no message and no representation.
"""
import hashlib
import json
import logging
import re
import time
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import requests
from requests.auth import AuthBase

from ...saas_master.drivers.errors import AuthError, Permanent, Retryable
from . import cloudflare_errors as errors
from .cloudflare_hostnames import Hostnames
from .cloudflare_records import Records
from .cloudflare_tunnels import Tunnels
from .cloudflare_zones import Zones

_logger = logging.getLogger(__name__)

BASE_URL = 'https://api.cloudflare.com/client/v4'
TIMEOUT = (5, 20)       # seconds to connect, and between two pieces of an answer
LONGEST_ANSWER = 64 * 2**20
MOST_PAGES = 1000
LONGEST_WORDS = 300     # of a message of the other side
LOOPBACK = re.compile(r'(localhost|127(\.\d{1,3}){3}|::1)')
CLOSED = {}             # address and token (hashed) -> until when (monotonic) its rate limit is used up, for all of this process


@dataclass(frozen=True)
class Answer:
    """``errors``: pairs (code, message)."""

    status: int
    headers: dict = field(default_factory=dict)
    result: object = None
    info: dict = field(default_factory=dict)
    errors: tuple = ()
    success: bool = False
    is_envelope: bool = False

    @property
    def codes(self):
        return frozenset(code for code, _message in self.errors)


class Cloudflare(Zones, Records, Tunnels, Hostnames):
    """One token's view of Cloudflare.

    :param account: the account's id, for tunnels
    :param timeout: seconds (to connect, to read)
    :param session: a ``requests.Session`` to share connections
    """

    def __init__(self, token, base_url=BASE_URL, account='', timeout=TIMEOUT, session=None):
        self.base_url = base_url.rstrip('/')
        self.account = account
        self.timeout = timeout
        self.requests_left = None       # of the rate limit, as far as the last answer told
        self._auth = _Bearer(token)
        self._key = hashlib.sha256(f'{self.base_url} {token}'.encode()).digest()
        self._session = session or requests.Session()
        if LOOPBACK.fullmatch(urlsplit(self.base_url).hostname or ''):
            self._session.trust_env = False     # a sandbox is for no proxy

    def __repr__(self):
        return f'Cloudflare({self.base_url!r})'

    # -- the seam -----------------------------------------------------------------------------------------------------

    def _call(self, method, path, what, needs, query=None, body=None, patience=1):
        """Ask once. ``path``: a tuple of segments, of which none may be empty.

        :param what: what is tried, as the beginning of a sentence
        :param needs: the permission it takes
        :param patience: how many times the usual time the answer may take
        :return: an ``Answer`` that is a success
        """
        self._check_address(path, what)
        self._check_rate(what)
        url = '/'.join([self.base_url, *(quote(segment, safe='') for segment in path)])
        connect, read = self.timeout
        answer = self._ask(what, method, url, params=query, json=body, timeout=(connect, read * patience))
        self._remember_rate(answer)
        if answer.success:
            return answer
        raise errors.of(answer, what, needs)

    def _ask(self, what, method, url, **options):
        began = time.monotonic()
        try:
            with self._session.request(
                    method, url, auth=self._auth, allow_redirects=False, stream=True, **options) as response:
                answer = self._read(response)
        except requests.exceptions.SSLError:
            raise errors.made(AuthError, 'cloudflare_certificate', f'{what}: {self.base_url} shows a certificate that'
                              ' is not valid for it; check the API address and this machine\'s clock.') from None
        except requests.Timeout:
            raise errors.made(Retryable, 'cloudflare_silent', f'{what}: no answer from {self.base_url} within'
                              f' {sum(options["timeout"]):.0f} s; it is tried again.') from None
        except requests.RequestException as error:
            raise errors.made(Retryable, 'cloudflare_unreachable', f'{what}: {self.base_url} cannot be reached'
                              f' ({type(error).__name__}); check the network of this machine.') from None
        _logger.debug('%s %s: %s in %.3f s', method, urlsplit(url).path, answer.status, time.monotonic() - began)
        return answer

    def _read(self, response):
        response.raw.enforce_content_length = True      # half an answer is none
        data = bytearray()
        for piece in response.iter_content(2**16):
            data += piece
            if len(data) > LONGEST_ANSWER:
                return Answer(response.status_code, response.headers)
        return self._parsed(response, bytes(data))

    def _parsed(self, response, data):
        try:
            content = json.loads(data)
        except ValueError:
            content = None
        if not isinstance(content, dict) or not isinstance(content.get('success'), bool):
            return self._bare(response, content)
        info = content.get('result_info')
        return Answer(response.status_code, response.headers, content.get('result'),
                      info if isinstance(info, dict) else {}, tuple(self._complaints(content.get('errors'))),
                      content['success'] and response.ok and response.status_code < 300, True)

    @staticmethod
    def _bare(response, content):
        """Two deletions answer without the envelope: ``{"result": {"id": …}}``, ``{"id": …}``; or with nothing at all."""
        deleted = response.status_code == 204 or isinstance(content, dict) and bool(content.keys() & {'id', 'result'})
        success = response.request.method == 'DELETE' and response.status_code in (200, 202, 204) and deleted
        return Answer(response.status_code, response.headers, content, success=success)

    def _complaints(self, found):
        """(code, message) of each, also of what lies beneath it; short, on one line and without our token."""
        for error in found if isinstance(found, list) else ():
            if isinstance(error, dict):
                code = error.get('code')
                yield code if isinstance(code, int) else 0, self._cleaned(error.get('message'))
                yield from self._complaints(error.get('error_chain'))

    def _cleaned(self, words):
        text = re.sub(r'[\x00-\x1f\x7f]+', ' ', str(words or ''))
        return self._auth.hide(text)[:LONGEST_WORDS]

    # -- before a call ------------------------------------------------------------------------------------------------

    def _check_address(self, path, what):
        parts = urlsplit(self.base_url)
        local = LOOPBACK.fullmatch(parts.hostname or '')
        if parts.scheme != 'https' and not (parts.scheme == 'http' and local):
            raise errors.made(Permanent, 'cloudflare_address', f'{what}: the API address has to begin with https://, or'
                              ' the token could be read on its way.')
        if not all(path):
            raise errors.made(Permanent, 'cloudflare_ids', f'{what}: the id of the account, zone or tunnel is missing;'
                              ' enter it in the root domain.')
        if not self._auth.is_plausible:
            raise errors.made(AuthError, 'cloudflare_token', f'{what}: the API token is empty or has characters that no'
                              ' token has; enter it again in the root domain.')

    def _check_rate(self, what):
        """Whoever goes on after the last allowed request is shut out for five minutes."""
        wait = CLOSED.get(self._key, 0) - time.monotonic()
        if wait > 0:
            raise errors.made(Retryable, 'cloudflare_busy', f'{what}: the requests that Cloudflare allows with this token'
                              f' are used up for {wait:.0f} s.', after=wait)

    def _remember_rate(self, answer):
        self.requests_left, resets = errors.rate(answer.headers)
        wait = errors.after(answer.headers) if answer.status == 429 else resets if self.requests_left == 0 else None
        if wait:
            CLOSED[self._key] = time.monotonic() + wait

    # -- pages --------------------------------------------------------------------------------------------------------

    def _paged(self, path, what, needs, per_page, query=None):
        """Everything of a list, each once, also where the other side gives fewer a page than it was asked for."""
        seen, query = {}, dict(query or {}, per_page=per_page)
        for page in range(1, MOST_PAGES + 1):
            answer = self._call('GET', path, what, needs, {**query, 'page': page})
            rows = answer.result if isinstance(answer.result, list) else []
            seen.update((row.get('id', len(seen)), row) for row in rows if isinstance(row, dict))
            if not rows or _is_last(answer.info, page, len(rows), per_page):
                return list(seen.values())
        raise errors.made(Permanent, 'cloudflare_address', f'{what}: the list does not end; check the API address.')


def _is_last(info, page, rows, per_page):
    size, total = info.get('per_page') or per_page, info.get('total_count')
    return page * size >= total if isinstance(total, int) else rows < size


class _Bearer(AuthBase):
    """As an object of its own: .netrc cannot replace it, and a printed session does not show it."""

    def __init__(self, token):
        self._token = (token or '').strip()

    def __call__(self, request):
        request.headers['Authorization'] = f'Bearer {self._token}'
        return request

    @property
    def is_plausible(self):
        return bool(re.fullmatch(r'[!-~]{8,400}', self._token))

    def hide(self, text):
        return text.replace(self._token, '…') if self._token else text
