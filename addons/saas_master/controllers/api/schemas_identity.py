"""Log-in, the caller, and proofs of identity."""
from typing import Annotated, Literal

from pydantic import Field

from .schemas import Body, Moment, Out, Text
from .texts import _lt

StepUpKind = Literal['delete', 'restore', 'secret', 'api_key']


class Login(Body):
    email: Annotated[str, Field(min_length=1, max_length=254, description=_lt('The log-in name, mostly an e-mail address.'))]
    password: Annotated[str, Field(min_length=1, max_length=4096)]
    totp: Annotated[str, Field(min_length=1, max_length=20, description=_lt(
        'The present code, when a second factor is enrolled.'))] | None = None
    role: Literal['admin', 'manager', 'support', 'customer'] | None = Field(None, description=_lt(
        'Refuse the log-in to who does not have this role. "admin" is the same as "manager".'))


class Proof(Body):
    kind: StepUpKind
    proof: Annotated[str, Field(min_length=1, max_length=4096, description=_lt(
        'The present code of the second factor; without one, the password.'))]


class FreshProof(Out):
    kind: StepUpKind
    expires_at: Moment


class Proven(Out):
    step_ups: list[FreshProof]


class Me(Out):
    email: str
    name: str
    lang: str
    role: Literal['manager', 'support', 'customer', 'none']
    right: Literal['look', 'act'] | None = Field(description=_lt("A customer's right over the tenants of his company."))
    customer: Text = Field(description=_lt('The company of a customer.'))
    customer_id: int | None = Field(description=_lt('Number of that company.'))
    totp_enrolled: bool
    proof: Literal['totp', 'password'] = Field(description=_lt('What dangerous acts ask for.'))
    step_ups: list[FreshProof] = Field(description=_lt('Kinds of dangerous acts that are open for the moment.'))
    via: Literal['session', 'api_key']
    scope: Text = Field(description=_lt('Of the API key.'))


class Done(Out):
    ok: Literal[True] = True
