"""Custom domains. Names and bodies are those of customers' programs that are in use: nothing is added to them."""
from typing import Annotated, Literal

from pydantic import Field

from odoo.addons.saas_master.controllers.api.schemas import (
    LARGEST,
    Body,
    Limit,
    Moment,
    Number,
    Offset,
    Out,
    Query,
    Text,
)
from odoo.addons.saas_master.controllers.api.schemas_tenants import OperationBrief
from odoo.addons.saas_master.controllers.api.texts import _lt

Status = Literal['pending', 'verifying', 'verified', 'failed']
Customer = Annotated[int, Field(ge=1, le=LARGEST, description=_lt("Number of the customer's contact; by default one's own."))]
Tenant = Annotated[int, Field(ge=1, le=LARGEST, description=_lt('Number of the tenant that the name leads to.'))]
Asked = Annotated[Number, Field(ge=1, le=LARGEST)]


class NewDomain(Body):
    external_domain: Annotated[str, Field(min_length=1, max_length=1000, description=_lt(
        "The customer's own name, in Unicode or as punycode."))]
    customer_id: Customer | None = None
    tenant_deployment_id: Tenant | None = Field(None, description=_lt("By default the customer's only one."))


class DomainChange(Body):
    tenant_deployment_id: Tenant


class DomainQuery(Query):
    customer_id: Asked | None = None
    tenant_deployment_id: Asked | None = None
    status: Status | None = None
    q: Annotated[str, Field(max_length=253, description=_lt('Part of the name.'))] = ''
    claim_state: Literal['living', 'ended'] = Field('living', description=_lt(
        'Ended ones were removed, or proven by another customer.'))
    view: Literal['brief', 'full'] = Field('brief', description=_lt('Full ones are as those read by themselves.'))
    sort: Literal['external_domain', '-external_domain', 'created_at', '-created_at', 'verification_status',
                  '-verification_status'] = '-created_at'
    limit: Limit = 20
    offset: Offset = 0


class Whose(Query):
    customer_id: Asked | None = Field(None, description=_lt('Whose claim, where several customers have one to this name.'))


class Instruction(Out):
    type: str
    record: str
    value: str
    note: str


class Record(Instruction):
    host: str = Field(description=_lt('What most providers want as the name of the record.'))
    is_required: bool


class NewClaim(Out):
    id: int
    external_domain: str
    sajet_subdomain: str
    sajet_full_domain: str
    verification_status: Status
    verification_token: str
    verification_instructions: Instruction


class DomainItem(Out):
    id: int
    external_domain: str
    sajet_full_domain: str
    verification_status: Status
    is_active: bool
    is_primary: bool


class LastCheck(Out):
    at: Moment
    outcome: Literal['yes', 'no', 'unknown'] = Field(description=_lt('unknown: it could not be asked; nothing was changed.'))
    code: str
    message: str
    expected: Text
    found: list[str]
    next_step: Text
    warnings: list[str]
    provider: Text = Field(description=_lt('Whose name servers these are, as far as it shows.'))


class Domain(DomainItem):
    display_domain: str = Field(description=_lt('In Unicode.'))
    sajet_subdomain: str
    root_domain: str
    customer_id: int
    tenant_deployment_id: int | None
    tenant: Text = Field(description=_lt('Name of the tenant.'))
    verification_token: str
    verified_at: Moment
    cloudflare_dns_record_id: Text = Field(description=_lt('For staff; null for customers.'))
    cloudflare_configured: bool
    tunnel_ingress_configured: bool
    ssl_status: Literal['none', 'initializing', 'pending', 'active', 'expiring', 'failed']
    url: Text = Field(description=_lt('Null until it is active.'))
    claim_state: Literal['living', 'ended']
    ended_at: Moment
    ended_reason: Literal['proved_by_other', 'removed', 'tenant_deleted'] | None
    left_at: Moment = Field(description=_lt('Since when it points elsewhere.'))
    unpublish_at: Moment = Field(description=_lt('When it is unpublished if it goes on pointing elsewhere.'))
    activated_at: Moment
    next_check_at: Moment
    created_at: Moment
    updated_at: Moment
    created_by: Text = Field(description=_lt('For staff; null for customers.'))
    error: Text = Field(description=_lt('Why it could not be published, for staff; null for customers.'))
    operation: OperationBrief | None = Field(description=_lt('The latest one.'))
    instructions: list[Record] = Field(description=_lt('The records to set, the one that matters first.'))
    last_check: LastCheck | None = Field(description=_lt('Null until the DNS was asked once.'))


class DomainPage(Out):
    items: list[DomainItem] | list[Domain]
    total: int = Field(description=_lt('How many there are without limit and offset.'))


class Verified(Out):
    status: Literal['verified']
    message: str
    cname_detected: Text = Field(description=_lt('Null where the name was proven otherwise.'))
    next_step: Text


class NotVerified(Out):
    status: Literal['pending', 'verifying', 'failed'] = Field(description=_lt(
        'failed: something else was found; otherwise it could not be asked, or has to wait, and is asked again by itself.'))
    message: str
    expected: Text
    found: Text
    instructions: Text


class Activation(Out):
    status: Literal['activating', 'active']
    message: str
    operation: OperationBrief | None = Field(description=_lt('Null when nothing had to be begun.'))
