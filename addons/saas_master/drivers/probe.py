"""Success is observed: ask a tenant's pages through the router, as its visitors do."""
import time
from urllib.parse import urlsplit

import requests

from .errors import Retryable
from .personalise import MARK_URL

PAUSE = 0.05        # seconds between looks; a router that reloads takes a moment
CONNECT_TIMEOUT = 5
REDIRECTS = 3       # a website of several languages sends its visitors to theirs
LOGIN_PATH = '/web/login'
DATABASE_HEADER = 'X-Odoo-dbfilter'     # of OCA's dbfilter_from_header, as the router sets it
LOGIN_FORM = 'oe_login_form'     # of web.login, both series; Odoo's page of databases has a field "login" too


def probe_tenant(router_url, host, mark, timeout):
    """Wait until ``host`` shows a login page and answers ``mark``, which proves whose database it is.

    :param host: name, and port if it is not the scheme's, as a browser would send it
    :param timeout: seconds to keep looking
    :return: seconds it took
    :raises Retryable: it did not within ``timeout``; the message says what was found instead
    """
    def problem(get):
        # the login page first: after ``warm_tenant`` it is the cheaper one, and visitors come at this very moment
        found = _login_page(get)
        if found:
            return found
        response = get(MARK_URL)
        if response.status_code != 200:
            return f'{MARK_URL} answered HTTP {response.status_code}'
        return '' if response.text.strip() == mark else 'another database answers'
    return _watch(problem, router_url, host, timeout, 'is not live')


def warm_tenant(odoo_url, host, database, timeout):
    """Have the tenants' server load ``database`` and render its login page, past the router; as ``probe_tenant``.

    The first page costs half a second (registry, templates); three visitors who ask for it at once pay that thrice.
    So it is asked for once, before the router lets anybody in.
    """
    return _watch(_login_page, odoo_url, host, timeout, 'does not start', {DATABASE_HEADER: f'^{database}$'})


def probe_suspended(router_url, host, timeout):
    """Wait until the router answers for ``host`` that it is suspended (HTTP 503); as ``probe_tenant``."""
    return _watch(_status(503), router_url, host, timeout, 'is not suspended')


def probe_gone(router_url, host, timeout):
    """Wait until the router knows no ``host`` (HTTP 404); as ``probe_tenant``."""
    return _watch(_status(404), router_url, host, timeout, 'is not gone')


def _login_page(get):
    response = get(LOGIN_PATH)
    if response.status_code != 200:
        return f'{LOGIN_PATH} answered HTTP {response.status_code}'
    return '' if LOGIN_FORM in response.text else 'there is no login page'


def _status(expected):
    def problem(get):
        status = get(LOGIN_PATH).status_code
        return '' if status == expected else f'{LOGIN_PATH} answered HTTP {status}'
    return problem


def _watch(problem, router_url, host, timeout, what, headers=()):
    """Look until ``problem(get)`` finds none."""
    start, seen = time.monotonic(), ''
    with requests.Session() as session:
        session.trust_env = False       # a node's address is for no proxy
        # each look is a new visitor: a kept connection stays with a worker that nginx is about to replace
        session.headers.update({'Host': host, 'Connection': 'close', **dict(headers)})

        def get(path):
            left = max(timeout - (time.monotonic() - start), 1.0)
            return _get(session, router_url.rstrip('/'), host, path, left)

        while True:
            try:
                found = seen = problem(get)
            except requests.Timeout:        # the last look has little time left: what one before saw tells more
                found = f'{seen}, then no answer in time' if seen else 'no answer in time'
            except requests.RequestException:
                found = 'nothing answers'
            if not found:
                return time.monotonic() - start
            if time.monotonic() - start + PAUSE > timeout:
                raise Retryable(f'{host} {what} through {router_url} yet: {found}.')
            time.sleep(PAUSE)


def _get(session, router_url, host, path, timeout):
    """The page at ``path``; redirects are followed while they stay at ``host``, always through the router."""
    for _redirect in range(REDIRECTS):
        response = session.get(router_url + path, timeout=(CONNECT_TIMEOUT, timeout), allow_redirects=False)
        target = urlsplit(response.headers.get('Location', ''))
        if not response.is_redirect or target.netloc not in ('', host):
            break
        path = target._replace(scheme='', netloc='').geturl()
    return response
