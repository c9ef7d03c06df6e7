"""What every place where tenants live promises: a shared Odoo server (``shared_node``), containers (``pve.dedicated_node``).

Every method looks before it acts and may be repeated after being killed at any instant. What is ours is told by the
tenant's mark; what does not carry it is left alone: Permanent. Nothing but ``errors`` is raised.
"""
from typing import Protocol

from .spec import TenantSpec
from .waiting import NotYet

ABSENT, STAGING, PUBLISHED = 'absent', 'staging', 'published'


class Host(Protocol):
    """Work that takes longer than a moment answers ``NotYet``, with the name that the other side has for it."""

    def clone(self, template, tenant: TenantSpec) -> NotYet | None:
        """A copy of the template that no visitor reaches. ``template``: a database's name, or ``pve.spec.Golden``."""

    def configure(self, tenant: TenantSpec) -> NotYet | None:
        """Its address and resources, where it has any of its own."""

    def start(self, tenant: TenantSpec) -> NotYet | None:
        """Let it run, where it can be stopped."""

    def stop(self, tenant: TenantSpec) -> NotYet | None:
        """Stop it, where it can be; what is gone needs no stopping."""

    def personalise(self, tenant: TenantSpec) -> None:
        """Make the copy the tenant's own, in one transaction; Permanent once it is published."""

    def publish_database(self, tenant: TenantSpec) -> None:
        """Give the database its name, from which moment Odoo serves it."""

    def hand_over(self, tenant: TenantSpec) -> str:
        """Make a published one that was kept ready the tenant's, but for uuid and secret, which it keeps; the uuid. Its Odoo,
        which runs, may show the address and language of before until it is told to ``forget``."""

    def forget(self, tenant: TenantSpec) -> None:
        """Have the Odoo that serves a published one read everything anew."""

    def remove(self, tenant: TenantSpec) -> NotYet | None:
        """All of it, complete or not; what never existed is silently gone."""

    def look(self, tenant: TenantSpec) -> str:
        """ABSENT, STAGING or PUBLISHED."""
