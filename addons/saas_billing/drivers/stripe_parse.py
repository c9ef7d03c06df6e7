"""Values out of Stripe's answers, which come as the plain JSON they were: dictionaries in, our dataclasses out.

What is missing or of another kind becomes an empty value, never an exception: a field that Stripe drops must not keep us
from reading the others.
"""
from datetime import datetime, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from .types import (
    Account,
    Checkout,
    Endpoint,
    Event,
    Invoice,
    InvoiceLine,
    Item,
    Price,
    Product,
    Subscription,
)


def moment(value):
    """Seconds since 1970 as naive UTC; None for anything else."""
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value, timezone.utc).replace(tzinfo=None)
    except (OverflowError, ValueError, OSError):
        return None


def seconds(value):
    """The other way round: naive UTC as Stripe wants it."""
    return int(value.replace(tzinfo=timezone.utc).timestamp())


def text(found, name):
    value = mapping(found).get(name)
    return value if isinstance(value, str) else ''


def number(found, name, default=0):
    value = mapping(found).get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def flag(found, name):
    return mapping(found).get(name) is True


def mapping(value):
    return value if isinstance(value, dict) else {}


def inner(found, *names):
    """The dictionary at the end of a path of names."""
    for name in names:
        found = mapping(mapping(found).get(name))
    return mapping(found)


def rows(found, name='data'):
    """The dictionaries of a list, or of a list object under that name."""
    value = mapping(found).get(name)
    value = mapping(value).get('data') if isinstance(value, dict) else value
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def identifier(found, name):
    """The id under a name, whether it was expanded or not."""
    value = mapping(found).get(name)
    return text(value, 'id') if isinstance(value, dict) else value if isinstance(value, str) else ''


def metadata(found):
    return {name: value for name, value in inner(found, 'metadata').items() if isinstance(value, str)}


def account(found):
    profile = inner(found, 'business_profile')
    dashboard = inner(found, 'settings', 'dashboard')
    return Account(text(found, 'id'), text(found, 'country'), text(found, 'default_currency'),
                   text(dashboard, 'display_name') or text(profile, 'name'), flag(found, 'charges_enabled'))


def product(found):
    return Product(text(found, 'id'), text(found, 'name'), text(found, 'description'), flag(found, 'active'), metadata(found))


def price(found):
    return Price(text(found, 'id'), identifier(found, 'product'), unit_amount(found), text(found, 'currency'),
                 text(inner(found, 'recurring'), 'interval'), flag(found, 'active'), metadata(found))


def unit_amount(found):
    """Prices with fractions of a cent have it as a decimal only."""
    whole = number(found, 'unit_amount', None)
    if whole is not None:
        return whole
    try:
        return int(Decimal(text(found, 'unit_amount_decimal') or '0').quantize(Decimal(1), ROUND_HALF_UP))
    except InvalidOperation:
        return 0


def subscription(found):
    items = tuple(_item(row) for row in rows(found, 'items'))
    details = inner(found, 'cancellation_details')
    return Subscription(
        id=text(found, 'id'), customer=identifier(found, 'customer'), status=text(found, 'status'),
        livemode=flag(found, 'livemode'), items=items, created=moment(found.get('created')),
        started_at=moment(found.get('start_date')), trial_start=moment(found.get('trial_start')),
        trial_end=moment(found.get('trial_end')), cancel_at=_cancel_at(found, items),
        canceled_at=moment(found.get('canceled_at')), ended_at=moment(found.get('ended_at')),
        collection_paused=bool(inner(found, 'pause_collection')), has_payment_method=_has_payment_method(found),
        has_pending_update=bool(inner(found, 'pending_update')), latest_invoice=identifier(found, 'latest_invoice'),
        cancel_reason=text(details, 'reason'), cancel_feedback=text(details, 'feedback'), metadata=metadata(found))


def _item(found):
    priced = inner(found, 'price')
    return Item(
        id=text(found, 'id'), price=identifier(found, 'price'), product=identifier(priced, 'product'),
        quantity=number(found, 'quantity', 1), unit_amount=unit_amount(priced), currency=text(priced, 'currency'),
        interval=text(inner(priced, 'recurring'), 'interval'), kind=metadata(priced).get('saas_kind', ''),
        period_start=moment(found.get('current_period_start')), period_end=moment(found.get('current_period_end')))


def _cancel_at(found, items):
    """Since API clover a cancellation at the period's end may be either of the two."""
    said = moment(found.get('cancel_at'))
    if said or not flag(found, 'cancel_at_period_end'):
        return said
    return max((item.period_end for item in items if item.period_end), default=None)


def _has_payment_method(found):
    customer = inner(found, 'customer')
    return any((identifier(found, 'default_payment_method'), identifier(found, 'default_source'),
                identifier(inner(customer, 'invoice_settings'), 'default_payment_method'),
                identifier(customer, 'default_source')))


def invoice(found):
    return Invoice(
        id=text(found, 'id'), customer=identifier(found, 'customer'), livemode=flag(found, 'livemode'),
        number=text(found, 'number'), subscription=subscription_of_invoice(found), status=text(found, 'status'),
        billing_reason=text(found, 'billing_reason'), currency=text(found, 'currency'), subtotal=number(found, 'subtotal'),
        tax=sum(number(row, 'amount') for row in rows(found, 'total_taxes')), total=number(found, 'total'),
        amount_due=number(found, 'amount_due'), amount_paid=number(found, 'amount_paid'),
        amount_remaining=number(found, 'amount_remaining'), created=moment(found.get('created')),
        due_at=moment(found.get('due_date')), paid_at=moment(inner(found, 'status_transitions').get('paid_at')),
        period_start=moment(found.get('period_start')), period_end=moment(found.get('period_end')),
        attempt_count=number(found, 'attempt_count'), next_attempt=moment(found.get('next_payment_attempt')),
        hosted_url=text(found, 'hosted_invoice_url'), pdf_url=text(found, 'invoice_pdf'), lines=lines(found))


def subscription_of_invoice(found):
    return identifier(inner(found, 'parent', 'subscription_details'), 'subscription')


def proration_moment(found):
    """Of a preview: from when the change was reckoned."""
    return moment(inner(found, 'parent', 'subscription_details').get('subscription_proration_date'))


def lines(found):
    return tuple(_line(row) for row in rows(found, 'lines'))


def _line(found):
    parent = inner(found, 'parent')
    period = inner(found, 'period')
    return InvoiceLine(
        text(found, 'description'), number(found, 'amount'), number(found, 'quantity', 1), moment(period.get('start')),
        moment(period.get('end')), any(flag(inner(parent, name), 'proration') for name in (
            'subscription_item_details', 'invoice_item_details')),
        identifier(inner(inner(found, 'pricing'), 'price_details'), 'price'))


def checkout(found):
    return Checkout(
        id=text(found, 'id'), livemode=flag(found, 'livemode'), status=text(found, 'status'),
        payment_status=text(found, 'payment_status'), url=text(found, 'url'), expires_at=moment(found.get('expires_at')),
        subscription=identifier(found, 'subscription'), customer=identifier(found, 'customer'),
        reference=text(found, 'client_reference_id'), metadata=metadata(found))


def endpoint(found):
    types = found.get('enabled_events')
    return Endpoint(text(found, 'id'), text(found, 'url'), text(found, 'status') == 'enabled',
                    tuple(name for name in types if isinstance(name, str)) if isinstance(types, list) else (),
                    text(found, 'api_version'))


def event(found, raw):
    """An Event, or None where that is none: without id, type, mode or time."""
    created = moment(mapping(found).get('created'))
    livemode = mapping(found).get('livemode')
    thing = inner(found, 'data', 'object')
    if not (text(found, 'object') == 'event' and text(found, 'id') and text(found, 'type') and created and thing) \
            or not isinstance(livemode, bool):
        return None
    return Event(id=text(found, 'id'), type=text(found, 'type'), livemode=livemode, created=created, raw=raw,
                 object_type=text(thing, 'object'), object_id=text(thing, 'id'), **_related(thing))


def _related(thing):
    kind, own = text(thing, 'object'), text(thing, 'id')
    found = {'customer': own if kind == 'customer' else identifier(thing, 'customer'),
             'subscription': identifier(thing, 'subscription'), 'invoice': identifier(thing, 'invoice')}
    if kind == 'invoice':
        found.update(invoice=own, subscription=subscription_of_invoice(thing))
    elif kind == 'subscription':
        found['subscription'] = own
    elif kind == 'checkout.session':
        found['checkout'] = own
    return found
