"""What the drivers give back: plain values, with moments as naive UTC and amounts as whole numbers of the currency's
smallest unit (``money.py`` converts)."""
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Account:
    id: str
    country: str = ''
    currency: str = ''          # lower case, as Stripe writes it
    name: str = ''
    charges_enabled: bool = False


@dataclass(frozen=True)
class Product:
    id: str
    name: str = ''
    description: str = ''
    active: bool = True
    metadata: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Price:
    """Its amount never changes; an archived one (not ``active``) goes on serving who has it."""

    id: str
    product: str
    unit_amount: int
    currency: str
    interval: str = ''
    active: bool = True
    metadata: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Item:
    """One price of a subscription. Since API basil the period is the item's, not the subscription's."""

    id: str
    price: str
    product: str = ''
    quantity: int = 1
    unit_amount: int = 0
    currency: str = ''
    interval: str = ''          # month, year
    kind: str = ''              # metadata saas_kind of the price: plan, user, domain
    period_start: datetime | None = None
    period_end: datetime | None = None


@dataclass(frozen=True)
class Subscription:
    id: str
    customer: str
    status: str
    livemode: bool
    items: tuple[Item, ...] = ()
    created: datetime | None = None
    started_at: datetime | None = None
    trial_start: datetime | None = None
    trial_end: datetime | None = None
    cancel_at: datetime | None = None           # also set where only cancel_at_period_end is
    canceled_at: datetime | None = None
    ended_at: datetime | None = None
    collection_paused: bool = False
    has_payment_method: bool = False            # its own or its customer's default
    has_pending_update: bool = False
    latest_invoice: str = ''
    cancel_reason: str = ''                     # cancellation_details.reason
    cancel_feedback: str = ''
    metadata: dict = field(default_factory=dict)

    @property
    def plan_item(self):
        """The item that is the plan itself; the first one where none is marked."""
        return next((item for item in self.items if item.kind == 'plan'), self.items[0] if self.items else None)

    def item(self, kind):
        return next((item for item in self.items if item.kind == kind), None)


@dataclass(frozen=True)
class InvoiceLine:
    description: str
    amount: int
    quantity: int = 1
    period_start: datetime | None = None
    period_end: datetime | None = None
    is_proration: bool = False
    price: str = ''


@dataclass(frozen=True)
class Invoice:
    """``subscription`` is read from ``parent.subscription_details``."""

    id: str
    customer: str
    livemode: bool
    number: str = ''
    subscription: str = ''
    status: str = ''            # draft, open, paid, uncollectible, void
    billing_reason: str = ''
    currency: str = ''
    subtotal: int = 0
    tax: int = 0
    total: int = 0
    amount_due: int = 0
    amount_paid: int = 0
    amount_remaining: int = 0
    created: datetime | None = None
    due_at: datetime | None = None
    paid_at: datetime | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    attempt_count: int = 0
    next_attempt: datetime | None = None
    hosted_url: str = ''
    pdf_url: str = ''
    lines: tuple[InvoiceLine, ...] = ()


@dataclass(frozen=True)
class Checkout:
    id: str
    livemode: bool
    status: str                 # open, complete, expired
    payment_status: str = ''    # paid, unpaid, no_payment_required
    url: str = ''
    expires_at: datetime | None = None
    subscription: str = ''
    customer: str = ''
    reference: str = ''         # client_reference_id: the checkout's key here
    metadata: dict = field(default_factory=dict)


@dataclass(frozen=True)
class CheckoutOrder:
    """What a payment page is asked for. ``lines``: pairs (price id, quantity)."""

    key: str                    # of the record here: client_reference_id and part of the idempotency key
    customer: str
    lines: tuple
    success_url: str
    cancel_url: str
    expires_at: datetime | None     # None: Stripe's own, a day
    trial_days: int = 0
    card_always: bool = True    # False: no card is asked for while nothing is due
    promotion_codes: bool = False
    automatic_tax: bool = False
    locale: str = 'auto'
    metadata: dict = field(default_factory=dict)
    attempt: int = 1            # another one is another page; the same one is the same page, however often it is asked for


@dataclass(frozen=True)
class Preview:
    """What a change would cost. ``at``: the moment the proration is computed for; give it to the change itself."""

    currency: str
    due_now: int                # may be negative: credit
    lines: tuple[InvoiceLine, ...]
    at: datetime
    next_amount: int = 0        # of the coming regular invoice
    next_at: datetime | None = None


@dataclass(frozen=True)
class Event:
    """One entry of the events list or one delivery; ``raw`` is its JSON as it came."""

    id: str
    type: str
    livemode: bool
    created: datetime
    raw: bytes = b''
    object_type: str = ''
    object_id: str = ''
    subscription: str = ''
    invoice: str = ''
    checkout: str = ''
    customer: str = ''


@dataclass(frozen=True)
class Endpoint:
    """Where Stripe delivers events to; its secret is told once, when it is made."""

    id: str
    url: str
    is_enabled: bool = True
    types: tuple[str, ...] = ()
    api_version: str = ''       # '' is the account's default
