"""A tunnel managed through the API: its document is put there once per change, then every connector has to take it.

The API replaces the whole document and knows no ETag: whoever calls ``apply`` holds the tunnel's lock.
"""
from dataclasses import dataclass

from ...saas_master.drivers.errors import Permanent
from ...saas_master.drivers.waiting import NotYet
from .ingress import normal, require_sound

PAUSE = 1.0         # seconds until the connectors are looked at again; they are told within moments
DOWN = 15.0         # the same while none is up: somebody has to start one


@dataclass(frozen=True)
class Spread:
    """How far a version has got. ``connectors``: those with a connection; ``current``: those of them that have it."""

    version: int
    connectors: int
    current: int
    changed: bool = False

    @property
    def complete(self):
        """Every visitor is served by this version; never true while nothing serves."""
        return self.current == self.connectors > 0

    def not_yet(self):
        """None when complete, else when to look again."""
        if self.complete:
            return None
        note = f'{self.current} of {self.connectors} connectors have version {self.version}' if self.connectors else \
            'no connector of the tunnel is up: start cloudflared'
        return NotYet(PAUSE if self.connectors else DOWN, note)


def apply(client, tunnel, ingress):
    """Make the tunnel's document hold exactly ``ingress`` and look how far that has got.

    :param client: a ``Cloudflare``; :param tunnel: its id; :param ingress: what ``ingress.render`` made
    :return: ``Spread``; call ``look`` with its version until it is complete
    :raises Permanent: our own check finds something (``ingress_lint``), or the tunnel is managed by a file
    """
    version, changed = publish(client, tunnel, ingress)
    spread = look(client, tunnel, version)
    return Spread(spread.version, spread.connectors, spread.current, changed)


def publish(client, tunnel, ingress):
    """``(version, whether it was put)``. What else the document holds (``warp-routing`` …) stays."""
    require_sound(ingress)
    version, document = client.configuration(tunnel)
    if document and normal(document.get('ingress')) == normal(ingress):
        return version, False
    if not client.tunnel(tunnel).remote:
        raise Permanent(f'The tunnel {tunnel} is managed by config.yml: a document of the API would override that. '
                        'Set its root domain to local management, or migrate the tunnel in Cloudflare\'s dashboard.',
                        'tunnel_local')
    return client.put_configuration(tunnel, {**document, 'ingress': ingress}), True


def look(client, tunnel, version):
    """Connectors without a connection are not counted: they take the newest version when they come back."""
    serving = [connector for connector in client.connections(tunnel) if not connector.is_pending]
    current = sum(connector.config_version >= version for connector in serving)
    return Spread(version, len(serving), current)
