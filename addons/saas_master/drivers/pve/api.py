"""The API of a Proxmox VE cluster, by the client library of its field; certificates are always checked.

https://pve.proxmox.com/wiki/Proxmox_VE_API. A token needs no CSRF header. A wrong one is answered after 3 s.
"""
import contextlib
import json
import logging
import os
import ssl
from urllib.parse import urlsplit

import requests
from proxmoxer import ProxmoxAPI
from proxmoxer.backends.https import JsonSerializer
from proxmoxer.core import ResourceException
from requests.adapters import HTTPAdapter

from ..errors import Permanent
from . import problems

logging.getLogger('proxmoxer').setLevel(logging.WARNING)     # it tells of every call with its parameters
SLOWEST_401 = 5         # seconds: no time limit may be shorter


class PveSession:
    """:param api: ``spec.PveApi``. Every method raises nothing but ``errors``; see ``problems``."""

    def __init__(self, api):
        self.api = api
        self._closing = contextlib.ExitStack()
        self._client = self._connect()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def close(self):
        self._closing.close()

    def get(self, path, **params):
        return self._call('get', path, params)

    def post(self, path, **params):
        return self._call('post', path, params)

    def put(self, path, **params):
        return self._call('put', path, params)

    def delete(self, path, **params):
        """``params`` go into the query: a body is answered with 501."""
        return self._call('delete', path, params)

    # -- how ---------------------------------------------------------------------------

    def _call(self, method, path, params):
        where = f'{method.upper()} {path}'
        try:
            return getattr(self._client(path.strip('/')), method)(**params)
        except ResourceException as error:
            said = error.errors if isinstance(error.errors, dict) else {}
            raise problems.of_response(error.status_code, error.content, said.get('message'), said.get('errors'), where) from None
        except requests.RequestException as error:
            raise problems.of_exception(error, self.api.url) from None
        except ValueError as error:
            raise Permanent(f'{self.api.url} does not answer as Proxmox VE does ({where}). Correct the address of its API.',
                            'pve_foreign') from error

    def _connect(self):
        parts = urlsplit(self.api.url)
        user, _, name = self.api.token_id.partition('!')
        if parts.scheme != 'https' or not parts.hostname or '@' not in user or not name:
            raise Permanent(f'The address of the API must be like https://host:8006 and the token like user@realm!name; '
                            f'{self.api.url} and {self.api.token_id} are not.', 'pve_address')
        client = ProxmoxAPI(
            parts.hostname, port=parts.port or 8006, backend='https', user=user, token_name=name,
            token_value=self.api.token_secret, verify_ssl=self._verify(), timeout=max(self.api.timeout, SLOWEST_401))
        client._store['serializer'] = _Words()
        session = client._store['session']
        session.trust_env = False           # a node's address is for no proxy, and no netrc knows its token
        if self.api.fingerprint:
            session.mount('https://', _Pinned(self.api.fingerprint))
        self._closing.callback(session.close)
        return client

    def _verify(self):
        if self.api.fingerprint or not self.api.ca:
            return not self.api.fingerprint         # checked by the adapter below, which nothing gets past
        file = os.memfd_create('pve-ca')        # goes with the process, however that ends
        self._closing.callback(os.close, file)
        os.write(file, self.api.ca.encode())
        return f'/proc/self/fd/{file}'


class _Pinned(HTTPAdapter):
    """Believes one certificate, whoever signed it."""

    def __init__(self, fingerprint):
        self._fingerprint = fingerprint.replace(':', '').strip().lower()
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE         # the fingerprint is what is checked
        return super().init_poolmanager(*args, **kwargs, ssl_context=context, assert_fingerprint=self._fingerprint,
                                        assert_hostname=False)


class _Words(JsonSerializer):
    """The library keeps the reason phrase of an error; the sentence is in the body as well, where no proxy shortens it. And
    it takes a page that is no JSON for an answer, as that of a proxy where one has to log in.
    """

    def loads(self, response):
        """:raises ValueError: this is not the API"""
        answer = json.loads(response.content)
        if not isinstance(answer, dict) or 'data' not in answer:
            raise ValueError('no data')
        return answer['data']

    def loads_errors(self, response):
        try:
            found = json.loads(response.content)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}
