"""What the outside parts of steps and crons share: what they are told of a root domain, and how they write.

These functions get a cursor and plain values, never a record; they run while the ledger has no transaction open.
"""
import random
import time
from dataclasses import dataclass, field

import psycopg2.errors

from odoo.addons.saas_master.drivers.access import Access
from odoo.addons.saas_master.series import in_test

from ..edge.cloudflare import Cloudflare
from ..edge.cloudflare_types import comment, metadata, owner_mark

CONFLICTS = (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected)
TRIES = 20


@dataclass(frozen=True)
class EdgeSpec:
    """A root domain as drivers need it. ``master``: the uuid that our marks carry."""

    id: int
    name: str
    master: str
    zone: str
    account: str
    tunnel: str
    api_base: str
    token: str = field(repr=False)
    per_host: bool = False
    remote: bool = True
    is_sandbox: bool = False
    origin_service: str = ''
    fallback: str = ''
    probe_url: str = ''
    access: Access = None
    config_path: str = ''
    credentials_path: str = ''
    cloudflared: str = 'cloudflared'
    reload: str | tuple = 'replica'

    @property
    def target(self):
        return f'{self.tunnel}.cfargotunnel.com'

    @property
    def mark(self):
        return owner_mark(self.master)

    def comment(self, kind):
        return comment(self.master, kind)

    def metadata(self):
        return metadata(self.master, 'domain')

    def client(self):
        return Cloudflare(self.token, self.api_base, self.account)


def renew(cr):
    """End the snapshot: what is read from now on is what others have committed. Session locks stay."""
    if not in_test():
        cr.commit()  # pylint: disable=invalid-commit


def write(cr, query, params):
    """One statement as a transaction of its own; again when another one stood in the way. Returns its rows."""
    for attempt in range(1, TRIES + 1):
        renew(cr)
        try:
            cr.execute(query, params, log_exceptions=False)
            rows = cr.fetchall() if cr.description else []
            renew(cr)
            return rows
        except CONFLICTS:
            if attempt == TRIES or in_test():
                raise
            cr.rollback()
            time.sleep(random.uniform(0, 0.02 * attempt))
    return []


def problem_of(error):
    """A driver's error as code and values, for the words in the reader's language."""
    values = {key: value for key, value in getattr(error, 'values', {}).items() if isinstance(value, str | int)}
    return {'problem': error.problem or 'words', 'values': {**values, 'words': str(error)}}
