"""Success is observed: ask the tenant's login page through the router, as its first visitor will."""
import time

import requests

from .errors import Retryable
from .personalise import MARK_URL

PAUSE = 0.05        # seconds between looks; a router that reloads takes a moment
LOGIN_FIELD = 'name="login"'


def probe_tenant(router_url, host, mark, timeout):
    """Wait until ``host`` shows a login page and answers ``mark``, which proves whose database it is.

    :param timeout: seconds to keep looking
    :return: seconds it took
    :raises Retryable: it did not within ``timeout``; the message says what was found instead
    """
    start = time.monotonic()
    with requests.Session() as session:
        session.trust_env = False
        while True:
            left = timeout - (time.monotonic() - start)
            problem = _problem(session, router_url.rstrip('/'), host, mark, max(left, 1.0))
            if not problem:
                return time.monotonic() - start
            if time.monotonic() - start + PAUSE > timeout:
                raise Retryable(f'{host} is not live through {router_url} yet: {problem}.')
            time.sleep(PAUSE)


def _problem(session, url, host, mark, timeout):
    """What is wrong with the tenant's pages; '' if nothing is."""
    # the mark first: it is the cheaper page, and it loads the tenant's registry just as well
    for path, is_right, wrong in (
            (MARK_URL, lambda text: text.strip() == mark, 'another database answers'),
            ('/web/login', lambda text: LOGIN_FIELD in text, 'there is no login page')):
        try:
            response = session.get(url + path, headers={'Host': host}, timeout=(5, timeout), allow_redirects=False)
        except requests.Timeout:
            return f'no answer to {path}'
        except requests.ConnectionError:
            return 'nothing answers'
        if response.status_code != 200:
            return f'{path} answered HTTP {response.status_code}'
        if not is_right(response.text):
            return wrong
    return ''
