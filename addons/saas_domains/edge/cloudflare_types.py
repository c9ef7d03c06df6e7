"""What the Cloudflare client takes and gives, and how we mark what is ours."""
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

MARK = 'saas:'                  # every comment of ours begins so
METADATA_KEY = 'saas'           # where a custom hostname carries the same words
COMMENT_LIMIT = 100             # characters, on Free zones
FREE_BATCH, PAID_BATCH = 200, 3500      # records in one batch call


def owner_mark(master):
    """What one master's records begin with; another master in the same zone has another one.

    :param master: the master's ``database.uuid``
    """
    return f'{MARK}{master.replace("-", "")[:12]}:'


def comment(master, kind):
    """Of a record of ours; ``kind`` says what it is for: ``tenant``, ``wildcard``, ``fallback`` …"""
    return (owner_mark(master) + kind)[:COMMENT_LIMIT]


def metadata(master, kind):
    """Of a custom hostname of ours, as ``comment``."""
    return {METADATA_KEY: comment(master, kind)}


@dataclass(frozen=True)
class TokenStatus:
    """``status``: active, disabled or expired; ``owner``: user or account."""

    id: str
    status: str
    expires_on: datetime | None = None
    owner: str = 'user'


@dataclass(frozen=True)
class Zone:
    """``status``: active once its name servers lead to Cloudflare; ``plan``: free, pro, business, enterprise or ''."""

    id: str
    name: str
    status: str
    plan: str = ''
    account: str = ''

    @property
    def batch_limit(self):
        """Records in one batch; the small number where the plan is not known."""
        return PAID_BATCH if self.plan and self.plan != 'free' else FREE_BATCH


@dataclass(frozen=True)
class Record:
    """A DNS record; without ``id`` one that is wanted. ``ttl``: seconds, 1 = automatic."""

    type: str
    name: str
    content: str
    proxied: bool = True
    ttl: int = 1
    comment: str = ''
    id: str = field(default='', compare=False)

    @property
    def key(self):
        return self.name.rstrip('.').lower(), self.type

    @property
    def same(self):
        """Two records with equal ``same`` need no change."""
        content = self.content if self.type == 'TXT' else self.content.rstrip('.').lower()
        return *self.key, content, self.proxied, self.ttl, self.comment

    @property
    def line(self):
        return f'{self.name} {self.type} {self.content}{" (proxied)" if self.proxied else ""}'

    def is_marked(self, mark=MARK):
        return self.comment.startswith(mark)

    def payload(self):
        return {'type': self.type, 'name': self.name, 'content': self.content, 'proxied': self.proxied,
                'ttl': self.ttl, 'comment': self.comment}


@dataclass(frozen=True)
class Usage:
    """Records of a zone; ``quota`` None where Cloudflare names none."""

    quota: int | None
    used: int

    @property
    def left(self):
        return None if self.quota is None else max(self.quota - self.used, 0)


@dataclass(frozen=True)
class BatchResult:
    deletes: tuple = ()
    patches: tuple = ()
    posts: tuple = ()


@dataclass(frozen=True)
class Applied:
    """What became of a plan. ``created`` includes what an interrupted attempt had made (``adopted``);
    ``foreign``: wanted, but somebody else's record has the name (``cloudflare_plan.Foreign``)."""

    created: tuple = ()
    changed: tuple = ()
    deleted: tuple = ()
    foreign: tuple = ()
    adopted: tuple = ()


@dataclass(frozen=True)
class Tunnel:
    """``status``: inactive, degraded, healthy or down; ``remote``: its configuration is Cloudflare's, not a file's."""

    id: str
    name: str
    status: str
    remote: bool
    deleted: bool = False

    @property
    def target(self):
        """Where records of the tunnel's own account point to."""
        return f'{self.id}.cfargotunnel.com'


@dataclass(frozen=True)
class Connector:
    """One running cloudflared. ``is_pending``: none of its connections is up at this moment."""

    id: str
    config_version: int
    is_pending: bool
    version: str = ''


class Configuration(NamedTuple):
    """``document``: ``{'ingress': […], 'originRequest': …}``; version 0 and {} if there never was one."""

    version: int
    document: dict


@dataclass(frozen=True)
class ValidationRecord:
    """What proves a name to the certificate authority: a file (``url``, ``body``) or a TXT record."""

    url: str = ''
    body: str = ''
    txt_name: str = ''
    txt_value: str = ''


@dataclass(frozen=True)
class CustomHostname:
    """``errors``: Cloudflare's own words about ownership and certificate; ``delegation``: pairs (name, CNAME target)."""

    id: str
    hostname: str
    status: str = ''
    ssl_status: str = ''
    method: str = 'http'
    metadata: dict = field(default_factory=dict)
    created_at: datetime | None = None
    expires_on: datetime | None = None
    issuer: str = ''
    ownership_name: str = ''
    ownership_value: str = ''
    validation: tuple = ()
    delegation: tuple = ()
    errors: tuple = ()

    @property
    def key(self):
        return self.hostname

    @property
    def same(self):
        return self.hostname, self.method

    @property
    def is_live(self):
        return self.status == 'active' and self.ssl_status == 'active'

    @property
    def line(self):
        return f'{self.hostname} custom hostname'

    @property
    def mark(self):
        return str(self.metadata.get(METADATA_KEY) or '')

    def is_marked(self, mark=MARK):
        return self.mark.startswith(mark)


@dataclass(frozen=True)
class FallbackOrigin:
    """``status``: active, initializing, pending_deployment …, '' if there is none."""

    origin: str = ''
    status: str = ''
    errors: tuple = ()


@dataclass(frozen=True)
class HostnameQuota:
    """``allocated``: included in the price; ``hard_cap``: never more than that."""

    allocated: int
    used: int
    hard_cap: int
    exceeded: bool = False

    @property
    def left(self):
        return max(self.hard_cap - self.used, 0)
