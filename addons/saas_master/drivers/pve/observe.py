"""What is on a cluster: its nodes and our containers, in one call however many there are.

``/cluster/resources`` has no descriptions, but tags: ours tell the mark as well.
"""
from dataclasses import dataclass

from .api import PveSession
from .config import mark_of_tags

UNKNOWN = 'unknown'


@dataclass(frozen=True)
class Seen:
    """One container. ``cpu``: share of its cores (0 to 1); sizes in bytes; ``uptime`` in seconds; ``state``: ``running``,
    ``stopped``, or ``unknown`` when its node does not answer."""

    vmid: int
    node: str
    name: str
    state: str
    mark: str
    cpu: float = 0.0
    memory: int = 0
    disk: int = 0
    uptime: int = 0
    lock: str = ''


@dataclass(frozen=True)
class SeenNode:
    """Sizes in bytes; ``cpu``: share of all its cores."""

    name: str
    is_online: bool
    cores: int = 0
    cpu: float = 0.0
    memory: int = 0
    memory_total: int = 0


@dataclass(frozen=True)
class Overview:
    containers: list
    nodes: list


def observe(api):
    """Everything that is ours on the cluster of ``api`` (``spec.PveApi``).

    :raises DriverError: the cluster cannot be asked
    """
    with PveSession(api) as session:
        rows = session.get('cluster/resources')
    containers = [_seen(row, mark) for row in rows if row.get('type') == 'lxc' and not row.get('template')
                  and (mark := mark_of_tags(row.get('tags')))]
    return Overview(containers, [_node(row) for row in rows if row.get('type') == 'node'])


def _seen(row, mark):
    return Seen(
        vmid=row['vmid'], node=row['node'], name=row.get('name') or '', state=row.get('status') or UNKNOWN, mark=mark,
        cpu=float(row.get('cpu') or 0), memory=int(row.get('mem') or 0), disk=int(row.get('disk') or 0),
        uptime=int(row.get('uptime') or 0), lock=row.get('lock') or '')


def _node(row):
    return SeenNode(row['node'], row.get('status') == 'online', int(row.get('maxcpu') or 0), float(row.get('cpu') or 0),
                    int(row.get('mem') or 0), int(row.get('maxmem') or 0))
