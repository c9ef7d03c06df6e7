"""Cloudflare, the tunnel and its document, as staff see them. No secret is in any of it."""
from typing import Annotated, Literal

from pydantic import Field

from odoo.addons.saas_master.controllers.api.schemas import Moment, Out, Query, Text
from odoo.addons.saas_master.controllers.api.texts import _lt

ROOT = _lt('Which root domain; without it the first one.')


class RootQuery(Query):
    root_domain: Annotated[str, Field(max_length=253, description=ROOT)] | None = None


class OfRoot(Out):
    root_domain: str
    is_sandbox: bool = Field(description=_lt('Its Cloudflare is a stand-in: nobody outside sees what is published here.'))


class Tunnel(OfRoot):
    edge_mode: Literal['wildcard', 'per-host']
    tunnel_management: Literal['remote', 'local']
    tunnel_id: Text
    status: Text = Field(description=_lt("Cloudflare's own word: healthy, degraded, down or inactive; null until it was asked."))
    configuration_version: int
    connectors: int
    connectors_current: int = Field(description=_lt('How many of them have this version of the configuration.'))
    health: Literal['unknown', 'ok', 'bad']
    problems: list[str] = Field(description=_lt('What is wrong and what to do.'))
    checked_at: Moment
    synced_at: Moment
    sync_error: Text


class Quota(Out):
    used: int
    allowed: int = Field(description=_lt('0: not known yet.'))


class ZoneUse(OfRoot):
    zone: Text = Field(description=_lt('Zone ID at Cloudflare.'))
    records: Quota
    custom_hostnames: Quota
    checked_at: Moment


class LintProblem(Out):
    code: str
    where: str
    words: str = Field(description=_lt('What stands there.'))


class Ingress(OfRoot):
    tunnel_id: Text
    ingress: list[dict] = Field(description=_lt('All rules in their order; the last one catches the rest.'))
    problems: list[LintProblem] = Field(description=_lt('A document that has any is not written.'))


class Begun(OfRoot):
    message: str
