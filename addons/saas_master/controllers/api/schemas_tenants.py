"""Tenants, their operations and plans."""
from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from .schemas import (
    LARGEST,
    ONLY_WHAT_IS_SENT,
    Body,
    Code,
    Day,
    Email,
    Label,
    Limit,
    Moment,
    Nullable,
    Number,
    Offset,
    Out,
    Query,
    TenantName,
    Text,
)
from .texts import _lt

TenantState = Literal['draft', 'provisioning', 'running', 'suspended', 'deleting', 'deleted', 'failed']
OperationState = Literal['waiting', 'running', 'done', 'failed', 'cancelled']
Customer = Annotated[int, Field(ge=1, le=LARGEST, description=_lt("Number of the customer's contact."))]
PlanCode = Annotated[Code, Field(description=_lt('Code of a plan; see /api/plans.'))]
Lang = Annotated[str, Field(pattern=r'^[a-z]{2,3}(_[A-Z0-9]{2,3})?(@[a-z]{2,10})?$', description=_lt(
    'Language of the tenant, a code as in Odoo like es_ES.'))]
Percent = Annotated[int, Field(ge=0, le=100)]


class OperationBrief(Out):
    id: int
    kind: str
    state: OperationState
    percent: Percent


class Usage(Out):
    users: int = Field(description=_lt('Active people who are no portal users.'))
    database_mib: int
    files_mib: int
    at: Moment = Field(description=_lt('When it was read.'))


class Container(Out):
    state: Literal['preparing', 'running', 'stopped', 'problem'] = Field(description=_lt(
        'As last seen; "problem": it is not as it should be, and staff know.'))
    cpu_cores: int
    cpu_percent: float = Field(description=_lt('Of all its cores.'))
    memory_mib: int
    memory_used_mib: int
    disk_gib: int
    disk_used_mib: int
    at: Moment = Field(description=_lt('When it was seen.'))


class Reference(Out):
    id: int
    name: str


class Tenant(Out):
    id: int
    name: str
    state: TenantState
    url: Text
    company_name: str
    email: str = Field(description=_lt("Login of the tenant's administrator."))
    admin_name: str
    lang: str
    plan: str = Field(description=_lt('Code of its plan.'))
    customer: Reference | None = Field(description=_lt('For staff; null for customers.'))
    suspension_reasons: list[str] = Field(description=_lt('Codes; it runs only while there are none.'))
    trial_end: Day
    live_at: Moment
    created_at: Moment
    delete_on: Moment = Field(description=_lt('When it will be deleted, as its customer asked.'))
    isolation: Literal['shared', 'dedicated'] = Field(description=_lt('On a shared server, or in a container of its own.'))
    container: Container | None = Field(description=_lt('Null for tenants on shared servers, and before it was placed.'))
    usage: Usage | None = Field(description=_lt('Null until it was read once.'))
    operation: OperationBrief | None = Field(description=_lt('The latest one.'))


class TenantPage(Out):
    items: list[Tenant]
    total: int = Field(description=_lt('How many there are without limit and offset.'))


class TenantQuery(Query):
    q: Annotated[str, Field(max_length=100, description=_lt('Part of the name, the company or the e-mail.'))] = ''
    state: TenantState | None = Field(None, description=_lt('Without it all but deleted ones.'))
    plan: Annotated[str, Field(max_length=64, description=_lt('Code of a plan.'))] | None = None
    customer: Annotated[Number, Field(ge=1, le=LARGEST)] | None = None
    sort: Literal['name', '-name', 'created_at', '-created_at', 'state', '-state', 'trial_end', '-trial_end'] = '-created_at'
    limit: Limit = 20
    offset: Offset = 0


class NewTenant(Body):
    name: TenantName
    company_name: Label
    email: Email = Field(description=_lt("Login of the tenant's administrator."))
    admin_name: Label
    plan: PlanCode
    lang: Lang = 'en_US'
    customer: Customer | None = None


class TenantChange(Body):
    model_config = ConfigDict(json_schema_extra={'description': ONLY_WHAT_IS_SENT})

    company_name: Label = None
    plan: PlanCode = None
    trial_end: date | None = None
    customer: Customer | None = None


class Deletion(Query):
    confirm: Annotated[str, Field(max_length=63, description=_lt('The name once more.'))]


class NewProvision(Body):
    tenant_name: Label = Field(description=_lt('Name of the company.'))
    subdomain: TenantName
    email: Email | None = Field(None, description=_lt("Login of the tenant's administrator; by default the key owner's."))
    plan: PlanCode | None = Field(None, description=_lt('Code of a plan; by default the first one.'))
    lang: Lang = 'en_US'
    customer: Customer | None = None


class Step(Out):
    name: str
    state: Literal['waiting', 'running', 'done', 'skipped', 'failed']


class Operation(Out):
    id: int
    kind: str
    state: OperationState
    tenant: Text = Field(description=_lt('Name of the tenant; null when it is done to something else.'))
    percent: Percent
    step: int = Field(description=_lt('Number of the present step.'))
    total: int
    label: str = Field(description=_lt("The present step in the caller's language."))
    steps: list[Step]
    elapsed: float = Field(description=_lt('Seconds since it began.'))
    requested_at: Moment
    started_at: Moment
    ended_at: Moment
    error: Annotated[str | None, Nullable] = Field(description=_lt('Why it failed, for staff; null for customers.'))


class OperationPage(Out):
    items: list[Operation]
    total: int


class OperationQuery(Query):
    tenant: Annotated[str, Field(max_length=63, description=_lt('Name of a tenant.'))] | None = None
    state: OperationState | None = None
    limit: Limit = 20
    offset: Offset = 0


class Accepted(Out):
    model_config = ConfigDict(json_schema_extra={'description': _lt(
        'Work that was begun: follow the operation until it is done or failed.')})

    tenant: Tenant
    operation: Operation | None = Field(
        description=_lt('Null when nothing had to be begun, or something else is under way first.'))


class Plan(Out):
    code: str
    name: str
    tagline: Text
    price: float = Field(description=_lt('Per month.'))
    currency: str
    trial_days: int
    isolation: Literal['shared', 'dedicated']
    user_limit: int = Field(description=_lt('0: unlimited.'))
    domain_limit: int = Field(description=_lt('0: unlimited.'))
    disk_gib: int = Field(description=_lt('0: unlimited.'))
    memory_mib: int = Field(description=_lt('0: unlimited.'))
    cpu_cores: int = Field(description=_lt('0: unlimited.'))


class PlanList(Out):
    items: list[Plan]
    total: int
