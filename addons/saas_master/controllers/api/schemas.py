"""What schemas are made of: strict bodies, queries of plain text, answers in UTC."""
import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from ... import visitor
from ...names import NAME
from .texts import _lt

PATHS = {'name': NAME, 'id': re.compile('[1-9][0-9]{0,8}')}         # form of the values in a path; others are unknown
PATH_TEXTS = {'name': _lt('Name of the tenant.'), 'id': _lt('Number of the operation.')}
ONLY_WHAT_IS_SENT = _lt('Only what is sent is changed.')
LARGEST = 2**31 - 1         # of PostgreSQL's integer


class Body(BaseModel):
    """Strict: no unknown fields, and no text for a number."""
    model_config = ConfigDict(strict=True, extra='forbid')


class Query(BaseModel):
    """Everything comes as text; unknown parameters are refused."""
    model_config = ConfigDict(extra='forbid')


class Out(BaseModel):
    """An answer. Odoo's False for "nothing" becomes null."""
    model_config = ConfigDict(extra='forbid')


class NoQuery(Query):
    pass


# -- input --------------------------------------------------------------------------------------


def _readable(text):
    cleaned = visitor.clean(text)
    if not visitor.is_name(cleaned):
        raise PydanticCustomError('unreadable', _lt(
            'Use letters, digits and punctuation only; no links and no invisible characters.'))
    return cleaned


def _email(text):
    cleaned = visitor.clean(text).lower()
    if not visitor.is_email(cleaned):
        raise PydanticCustomError('email', _lt('This is no e-mail address. It looks like name@company.com.'))
    return cleaned


def _whole(text):
    if isinstance(text, str) and not re.fullmatch('-?[0-9]{1,12}', text):
        raise PydanticCustomError('int_type', _lt('This has to be a whole number.'))
    return text


Label = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_readable)]
Email = Annotated[str, Field(min_length=6, max_length=254), AfterValidator(_email)]
TenantName = Annotated[str, Field(
    min_length=1, max_length=63,
    description=_lt('First label of the address: lower-case letters, digits and hyphens, at most 63.'))]
Code = Annotated[str, Field(min_length=1, max_length=64)]
Number = Annotated[int, BeforeValidator(_whole)]
Limit = Annotated[Number, Field(ge=1, le=100, description=_lt('How many items at most.'))]
Offset = Annotated[Number, Field(ge=0, le=LARGEST, description=_lt('How many items to pass over.'))]


# -- output -------------------------------------------------------------------------------------


def _nothing(value):
    return None if value is False else value


def _utc(moment):
    return moment.isoformat(timespec='seconds') + 'Z'


Nullable = BeforeValidator(_nothing)
Text = Annotated[str | None, Nullable]
Day = Annotated[date | None, Nullable]
Moment = Annotated[
    datetime | None, Nullable, PlainSerializer(lambda moment: moment and _utc(moment), return_type=str | None),
    WithJsonSchema({'anyOf': [{'type': 'string', 'format': 'date-time'}, {'type': 'null'}]})]


class ErrorDetail(Out):
    field: str = Field(description=_lt('Where: a field of the body, or a parameter.'))
    code: str
    message: str


class ErrorContent(Out):
    code: str = Field(description=_lt('For programs; see the table of errors.'))
    message: str = Field(description=_lt("For people, in the caller's language."))
    details: dict | list[ErrorDetail]


class Error(Out):
    error: ErrorContent
