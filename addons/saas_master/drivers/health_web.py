"""A node's Odoo server and its router, asked as the router and as visitors ask them."""
import requests

from .looks import Look, Wrong
from .probe import CONNECT_TIMEOUT, DATABASE_HEADER, LOGIN_FORM, LOGIN_PATH

TIMEOUT = 30                                # seconds; the first page of a tenant loads its registry
HEALTH_PATH = '/web/health'
NO_HOST = 'saas-health-check.invalid'       # RFC 6761: nobody has this name
NO_DATABASE = 'saas-health-check'
OWN_PAGE = 'no-store'                       # Cache-Control of the router's own pages, see nginx.conf.in


def look_at_server(spec, live):
    return _look('server', spec.odoo_url, _server, live)


def look_at_router(spec, live):
    return _look('router', spec.router_url, _router, live)


def _look(part, address, look, live):
    with requests.Session() as session:
        session.trust_env = False

        def get(path, host=NO_HOST, database=None):
            headers = {'Host': host, 'Connection': 'close'}
            if database:
                headers[DATABASE_HEADER] = f'^{database}$'
            return session.get(address.rstrip('/') + path, headers=headers, timeout=(CONNECT_TIMEOUT, TIMEOUT),
                               allow_redirects=False)
        try:
            look(get, live)
        except Wrong as wrong:
            return Look(part, wrong.problem, {'address': address, **wrong.values})
        except requests.Timeout:
            return Look(part, f'{part}_silent', {'address': address})
        except requests.RequestException:
            return Look(part, f'{part}_unreachable', {'address': address})
    return Look(part)


def _server(get, live):
    """The header decides which database answers, whatever the host is called."""
    status = get(HEALTH_PATH).status_code
    if status != 200:
        raise Wrong('server_answer', status=status)
    if _is_login(get(LOGIN_PATH, database=NO_DATABASE)):
        raise Wrong('server_single')
    if live and not any(_is_login(get(LOGIN_PATH, database=tenant.database)) for tenant in live):
        raise Wrong('server_header', database=live[0].database)


def _is_login(response):
    return response.status_code == 200 and LOGIN_FORM in response.text


def _router(get, live):
    """Unknown hosts get its own 404 page, known ones get further."""
    response = get(HEALTH_PATH)
    if response.status_code != 404:
        raise Wrong('router_open', status=response.status_code)
    if response.headers.get('Cache-Control') != OWN_PAGE:
        raise Wrong('router_foreign')
    if live and all(get(HEALTH_PATH, tenant.host).status_code == 404 for tenant in live):
        raise Wrong('router_routes', host=live[0].host)
