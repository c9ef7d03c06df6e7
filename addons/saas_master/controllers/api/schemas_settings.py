"""Settings. Secrets are in none of them."""
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from .schemas import ONLY_WHAT_IS_SENT, Body, Out
from .texts import _lt

Count = Annotated[int, Field(ge=0, le=1_000_000)]


class TemplateSettings(Out):
    name: str
    version: int
    state: Literal['draft', 'building', 'ready', 'outdated']
    modules: list[str]
    languages: list[str]


class NodeSettings(Out):
    name: str
    series: str
    health: Literal['unknown', 'ok', 'bad']
    tenants: int
    capacity: int = Field(description=_lt('0: unlimited.'))


class OdooSettings(Out):
    series: list[str] = Field(description=_lt('Odoo series that tenants run on.'))
    address_patterns: list[str] = Field(description=_lt("Addresses of tenants; {name} stands for the tenant's name."))
    templates: list[TemplateSettings]
    nodes: list[NodeSettings] | None = Field(description=_lt('For staff; null for customers.'))


class SignupSettings(Out):
    per_hour: int = Field(description=_lt('From one address, and for one e-mail. 0: no limit.'))
    name_checks_per_minute: int
    link_hours: int
    keep_days: int


class OperationSettings(Out):
    workers: int
    lease_seconds: int


class DeletionSettings(Out):
    cooling_off_days: int


class ApiSettings(Out):
    requests_per_minute: int = Field(description=_lt('By one caller, in each process. 0: no limit.'))
    login_failures: int = Field(description=_lt('For one log-in name within 15 minutes. 0: no limit.'))
    address_failures: int = Field(description=_lt('From one network address within 15 minutes. 0: no limit.'))


class Settings(Out):
    odoo: OdooSettings
    signup: SignupSettings
    operations: OperationSettings
    deletion: DeletionSettings
    api: ApiSettings


class SignupChange(Body):
    per_hour: Count = None
    name_checks_per_minute: Count = None
    link_hours: Annotated[int, Field(ge=1, le=720)] = None
    keep_days: Annotated[int, Field(ge=1, le=3650)] = None


class OperationChange(Body):
    workers: Annotated[int, Field(ge=1, le=32)] = None
    lease_seconds: Annotated[int, Field(ge=10, le=3600)] = None


class DeletionChange(Body):
    cooling_off_days: Annotated[int, Field(ge=0, le=365)] = None


class ApiChange(Body):
    requests_per_minute: Annotated[int, Field(ge=0, le=1_000_000)] = None
    login_failures: Count = None
    address_failures: Count = None


class SettingsChange(Body):
    model_config = ConfigDict(json_schema_extra={'description': ONLY_WHAT_IS_SENT})

    signup: SignupChange = None
    operations: OperationChange = None
    deletion: DeletionChange = None
    api: ApiChange = None
