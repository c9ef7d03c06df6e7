"""What the Proxmox VE drivers are told: plain values, no records. Sizes in MiB and GiB, as Proxmox VE counts them."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PveApi:
    """How the API of a cluster is reached.

    ``url``: ``https://host:8006``; ``token_id``: ``user@realm!name``; ``ca``: PEM of the authority that signed its
    certificate, or ``fingerprint``: SHA-256 of the certificate itself (``AA:BB:…``); with neither the system's
    authorities count. ``timeout``: seconds for one call; ``pool``: resource pool of our containers, '' for none.
    """

    url: str
    token_id: str
    token_secret: str = field(repr=False)
    ca: str = ''
    fingerprint: str = ''
    pool: str = ''
    timeout: float = 30


@dataclass(frozen=True)
class PveNode:
    """One node of the cluster. ``storage``: where root file systems lie; ``backup_storage``: where vzdump writes."""

    api: PveApi
    name: str
    storage: str
    is_storage_shared: bool = False
    backup_storage: str = ''
    bridge: str = 'vmbr0'
    series: str = '17.0'


@dataclass(frozen=True)
class Golden:
    """The template container that tenants are cloned from. ``full``: copy it, instead of a clone that shares its blocks."""

    vmid: int
    node: str
    full: bool = False


@dataclass(frozen=True)
class Container:
    """One container of ours. ``mark``: 32 hexadecimal digits, in its description and as a tag.

    ``address``: its IPv4 address without prefix; ``vlan``: 0 for none; ``task``: UPID of work begun earlier, '' if none.
    """

    vmid: int
    hostname: str
    mark: str
    address: str = ''
    prefix: int = 24
    gateway: str = ''
    bridge: str = ''
    vlan: int = 0
    memory_mib: int = 1024
    swap_mib: int = 0
    cores: int = 1
    disk_gib: int = 10
    task: str = ''
