"""What a change of a subscription is: plain functions of prices and quantities, without Odoo, clock or network."""
from dataclasses import dataclass

from .const import MONTHS

UP, DOWN, SAME = 'up', 'down', 'same'       # at once, at the period's end, nothing at all


@dataclass(frozen=True)
class Terms:
    """What is paid for: which price, how many users and domains besides, and what it comes to per interval."""

    price: int
    interval: str
    users: int = 0
    domains: int = 0
    amount: float = 0

    @property
    def monthly(self):
        return self.amount / MONTHS[self.interval]


def kind_of(now: Terms, then: Terms):
    """A longer interval is paid at once, a shorter one begins when the longer is over; else the monthly amount decides.

    What costs the same and is something else follows at once: nobody waits for nothing.
    """
    if (now.price, now.users, now.domains) == (then.price, then.users, then.domains):
        return SAME
    if now.interval != then.interval:
        return UP if MONTHS[then.interval] > MONTHS[now.interval] else DOWN
    return DOWN if round(then.monthly - now.monthly, 6) < 0 else UP


def items(current, wanted):
    """What to ask of Stripe so that ``current`` (types.Subscription) has ``wanted``: kind -> (price id, quantity).

    As (item id or '', price id or '', quantity): no item id makes one, no price keeps it, quantity 0 takes it away. An
    item that is as wanted is left out, so a repeated call asks for nothing.
    """
    asked = []
    for kind, (price, quantity) in wanted.items():
        item = current.plan_item if kind == 'plan' else current.item(kind)
        if not item:
            asked += [('', price, quantity)] if quantity else []
        elif not quantity:
            asked.append((item.id, '', 0))
        elif (item.price, item.quantity) != (price or item.price, quantity):
            asked.append((item.id, price if price != item.price else '', quantity))
    return tuple(asked)
