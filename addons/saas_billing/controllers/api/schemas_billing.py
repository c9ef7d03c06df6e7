"""What is paid for tenants, as the interface takes and shows it."""
from typing import Annotated, Literal

from pydantic import Field

from odoo.addons.saas_master.controllers.api.schemas import Body, Moment, Out, Query, TenantName, Text
from odoo.addons.saas_master.controllers.api.schemas_tenants import PlanCode
from odoo.addons.saas_master.controllers.api.texts import _lt

Status = Literal['incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled']
Interval = Literal['month', 'year']
Currency = Annotated[str, Field(pattern='^[A-Z]{3}$', description=_lt('Code of the currency, like EUR.'))]


class BillingQuery(Query):
    tenant: Annotated[str, Field(max_length=63, description=_lt(
        "Name of a tenant; may be left out by who has one that is paid for."))] | None = None


class NewCheckout(Body):
    tenant: TenantName
    plan: PlanCode
    interval: Interval = 'month'
    currency: Currency | None = Field(None, description=_lt("By default the plan's own."))


class PortalVisit(Body):
    tenant: TenantName
    purpose: Literal['overview', 'card'] = Field('overview', description=_lt(
        'overview: invoices, addresses and everything else; card: another card, and back.'))


class NextPayment(Out):
    at: Moment
    amount: float = Field(description=_lt('Before discounts and tax.'))


class BillingSubscription(Out):
    plan: Text = Field(description=_lt('Code of the plan that is paid for.'))
    status: Status = Field(description=_lt('As Stripe has it.'))
    entitlement: Literal['none', 'trial', 'active', 'grace', 'suspended', 'ended'] = Field(
        description=_lt('What follows from it: the tenant runs while it is trial, active or grace.'))
    interval: Interval | None
    currency: Text
    amount: float = Field(description=_lt('Per interval, before discounts and tax.'))
    extra_users: int
    extra_domains: int
    started_at: Moment
    period_end: Moment
    trial_end: Moment
    cancel_at: Moment = Field(description=_lt('When it ends, if it was cancelled.'))
    ended_at: Moment
    next_payment: NextPayment | None
    next_plan: Text = Field(description=_lt('Code of a smaller plan that was chosen for the end of the period.'))
    has_card: bool
    waits_for_payment: bool = Field(description=_lt('A change was asked for that is not paid yet.'))


class BillingOrder(Out):
    plan: str
    interval: Interval
    currency: str
    amount: float
    with_trial: bool
    state: Literal['new', 'open', 'processing', 'complete', 'expired', 'abandoned']
    expires_at: Moment


class Billing(Out):
    tenant: str
    subscription: BillingSubscription | None = Field(description=_lt('The living one, or the latest.'))
    order: BillingOrder | None = Field(description=_lt('One that waits for its payment.'))


class CheckoutPage(Out):
    url: str = Field(description=_lt('The page of Stripe where a person pays; it may be opened until the order expires.'))
    order: BillingOrder


class PortalPage(Out):
    url: str = Field(description=_lt('A page of Stripe for one person, good for some minutes.'))
