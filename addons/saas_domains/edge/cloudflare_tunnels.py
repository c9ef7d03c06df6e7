"""Tunnels of the account: their connectors and their remote configuration."""
from ...saas_master.drivers.errors import NotFound
from .cloudflare_parse import dicts, mapping, number, text
from .cloudflare_types import Configuration, Connector, Tunnel

TUNNEL_WRITE = 'Cloudflare Tunnel Write'
TUNNELS_A_PAGE = 100


class Tunnels:

    def tunnel(self, tunnel):
        """:param tunnel: its id, a UUID"""
        return _tunnel(self._call('GET', self._tunnel_path(tunnel), f'Looking at the tunnel {tunnel}', TUNNEL_WRITE).result)

    def tunnels(self, name=''):
        """Those that live, or the one of that name; to find ids by a name."""
        query = {'is_deleted': 'false', **({'name': name} if name else {})}
        rows = self._paged(('accounts', self.account, 'cfd_tunnel'), 'Listing tunnels', TUNNEL_WRITE, TUNNELS_A_PAGE, query)
        return [_tunnel(found) for found in rows]

    def connections(self, tunnel):
        """One ``Connector`` for each running cloudflared."""
        answer = self._call('GET', (*self._tunnel_path(tunnel), 'connections'), f'Looking at the connectors of {tunnel}',
                            TUNNEL_WRITE)
        return [_connector(found) for found in dicts(answer.result)]

    def configuration(self, tunnel):
        """The remote one: ``(version, document)``."""
        answer = self._call('GET', (*self._tunnel_path(tunnel), 'configurations'),
                            f'Reading the configuration of the tunnel {tunnel}', TUNNEL_WRITE)
        found = mapping(answer.result)
        return Configuration(number(found, 'version'), mapping(found.get('config')))

    def put_configuration(self, tunnel, document):
        """Replace the whole document. There is no ETag: whoever writes must hold the lock of the tunnel.

        From then on config.yml of its connectors is ignored.

        :param document: ``{'ingress': [{'hostname', 'path'?, 'service', 'originRequest'?}, …, {'service'}]}``; durations
            are whole seconds
        :return: its version; connectors take it within seconds (``connections``)
        """
        answer = self._call('PUT', (*self._tunnel_path(tunnel), 'configurations'),
                            f'Writing the configuration of the tunnel {tunnel}', TUNNEL_WRITE, body={'config': document})
        return number(mapping(answer.result), 'version')

    def check_tunnel_write(self, nobody):
        """:param nobody: the id of no tunnel, of which old connections are asked to be cleaned up
        :raises AuthError: the token may not write
        """
        try:
            self._call('DELETE', (*self._tunnel_path(nobody), 'connections'), 'Looking whether tunnels may be written',
                       TUNNEL_WRITE)
        except NotFound:
            return

    def _tunnel_path(self, tunnel):
        return 'accounts', self.account, 'cfd_tunnel', tunnel


def _tunnel(found):
    found = mapping(found)
    remote = found.get('config_src') == 'cloudflare' or found.get('remote_config') is True
    return Tunnel(text(found, 'id'), text(found, 'name'), text(found, 'status'), remote, bool(found.get('deleted_at')))


def _connector(found):
    up = [connection for connection in dicts(found.get('conns')) if connection.get('is_pending_reconnect') is not True]
    return Connector(text(found, 'id'), number(found, 'config_version'), not up, text(found, 'version'))
