"""Tenants that have a server of their own: the router leads to it, and nowhere else."""
from pathlib import Path

import pytest
from drivers.errors import Permanent
from drivers.router import Route, Router, render
from drivers.transport import LocalTransport

from nginx_fixtures import raw, upstream
from real_servers import free_port, wait_until

HANDSHAKE = ('GET /websocket?version=1 HTTP/1.1\nHost: {host}\nUpgrade: websocket\nConnection: Upgrade\n'
             'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\n\nping')
OWN, SHARED, CLOSED = 'own.localhost', 'acme.localhost', 'closed.localhost'


@pytest.fixture
def nginx(make_nginx):
    return make_nginx()


@pytest.fixture
def container():
    with upstream_at() as server:
        yield server


@pytest.fixture
def gevent():
    with upstream_at() as server:
        yield server


class upstream_at:
    """One more upstream, with its address."""

    def __enter__(self):
        self._context = upstream('container')
        server = self._context.__enter__()
        server.address = f'127.0.0.1:{server.server_port}'
        return server

    def __exit__(self, *exc):
        return self._context.__exit__(*exc)


def routes(container, websocket=''):
    return [Route(SHARED, 'acme'), Route(OWN, 'odoo', upstream=container, websocket=websocket),
            Route(CLOSED, 'odoo', suspended=True, upstream=container, websocket=websocket)]


def test_a_host_leads_to_its_container_and_another_to_the_shared_server(make_nginx, container):
    nginx = make_nginx(routes(container.address))
    own, shared = nginx.echo(OWN, '/web/login?a=%2F'), nginx.echo(SHARED, '/web/login')
    assert (own['upstream'], own['path'], own['headers']['x-odoo-dbfilter']) == ('container', '/web/login?a=%2F', '^odoo$')
    assert (own['headers']['host'], own['headers']['x-forwarded-host']) == (OWN, OWN)
    assert (shared['upstream'], shared['headers']['x-odoo-dbfilter']) == ('TENANT_HTTP', '^acme$')
    assert nginx.echo(OWN, '/.well-known/saas-tenant')['upstream'] == 'container'
    assert nginx.ask(CLOSED)[0] == 503


def test_web_sockets_go_to_the_port_for_them(make_nginx, container, gevent):
    gevent.name = 'gevent'
    nginx = make_nginx(routes(container.address, gevent.address))
    assert 'X-Upstream: gevent' in raw(nginx, HANDSHAKE.format(host=OWN))
    assert 'X-Upstream: TENANT_WS' in raw(nginx, HANDSHAKE.format(host=SHARED))
    assert raw(nginx, HANDSHAKE.format(host=CLOSED)).startswith('HTTP/1.1 503')


def test_web_sockets_of_an_odoo_without_workers_go_to_its_one_port(make_nginx, container):
    nginx = make_nginx(routes(container.address, f'127.0.0.1:{free_port()}'))
    answer = raw(nginx, HANDSHAKE.format(host=OWN))
    assert answer.startswith('HTTP/1.1 101') and 'X-Upstream: container' in answer
    assert 'X-Seen-Filter: ^odoo$' in answer


def test_a_container_that_is_off_is_told_as_away(make_nginx):
    nginx = make_nginx(routes(f'127.0.0.1:{free_port()}'))
    status, headers, body = nginx.ask(OWN)
    assert (status, headers['Retry-After']) == (502, '10')
    assert b'<html' in body
    assert nginx.ask(SHARED)[0] == 200


def test_a_move_to_another_container_is_a_new_table(nginx, container, gevent):
    router = Router(LocalTransport(), nginx.config, nginx.routes, nginx.command)
    gevent.name = 'second'
    assert router.apply(routes(container.address)) is True
    wait_until(lambda: nginx.ask(OWN)[0] == 200, 'the first container')
    assert router.apply(routes(container.address)) is False
    assert router.apply(routes(gevent.address)) is True
    wait_until(lambda: nginx.echo(OWN)['upstream'] == 'second', 'the second container')


def test_a_table_from_before_there_were_containers_goes_on_serving(nginx):
    nginx.stop()
    table = render([Route(SHARED, 'acme')])
    Path(nginx.routes).write_text(table[:table.index('map $host $saas_http')])
    nginx.start()
    assert nginx.echo(SHARED)['upstream'] == 'TENANT_HTTP'
    assert 'X-Upstream: TENANT_WS' in raw(nginx, HANDSHAKE.format(host=SHARED))


NEVER = ['10.0.0.1', ':8069', '10.0.0.1:', '10.0.0.1:0', '10.0.0.1:65536', '10.0.0:80', '256.0.0.1:80', '010.0.0.1:80',
         'localhost:8069', '10.0.0.1:80;', '10.0.0.1:80/x', '10.0.0.1:80 down', '[::1]:80', '$host:80', '10.0.0.1:80\n', 7,
         '١.0.0.1:80', 'unix:/x']


@pytest.mark.parametrize('upstream_address', NEVER, ids=repr)
def test_what_is_no_address_and_port_is_refused(upstream_address):
    with pytest.raises(Permanent, match='must be an IPv4 address and a port'):
        render([Route(OWN, 'odoo', upstream=upstream_address)])
    with pytest.raises(Permanent, match='must be an IPv4 address and a port'):
        render([Route(OWN, 'odoo', upstream='10.0.0.1:8069', websocket=upstream_address)])


def test_web_sockets_alone_are_refused():
    with pytest.raises(Permanent, match='give both or neither'):
        render([Route(OWN, 'odoo', websocket='10.0.0.1:8072')])


def test_databases_of_one_name_in_two_containers_are_not_the_same():
    """Every container calls its database `odoo`."""
    first, other = '10.0.0.1:8069', '10.0.0.2:8069'
    render([Route(OWN, 'odoo', upstream=first), Route('www.own.test', 'odoo', upstream=first, redirect=OWN)])
    with pytest.raises(Permanent, match='cannot redirect'):
        render([Route(OWN, 'odoo', upstream=first), Route('www.other.test', 'odoo', upstream=other, redirect=OWN)])
    with pytest.raises(Permanent, match='two routes'):
        render([Route(OWN, 'odoo', upstream=first), Route(OWN, 'odoo', upstream=other)])
