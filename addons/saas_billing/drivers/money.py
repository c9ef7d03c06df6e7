"""Amounts: here in the currency itself, at Stripe as whole numbers of its smallest unit."""
from decimal import ROUND_HALF_UP, Decimal

from ..const import MONTHS

# By Stripe's list of currencies. Those with two decimals that are always 00 there (ISK, UGX) are not among them.
NO_DECIMALS = frozenset(('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'))
THREE_DECIMALS = frozenset(('BHD', 'JOD', 'KWD', 'OMR', 'TND'))
WHOLE_ONLY = frozenset(('ISK', 'UGX'))


def decimals(currency):
    """:param currency: its code, in either case"""
    code = currency.upper()
    return 0 if code in NO_DECIMALS else 3 if code in THREE_DECIMALS else 2


def to_units(amount, currency):
    """Rounded to what Stripe accepts: with three decimals the last is 0, ISK and UGX have no fraction."""
    step = 10 if currency.upper() in THREE_DECIMALS else 100 if currency.upper() in WHOLE_ONLY else 1
    units = Decimal(str(amount)).scaleb(decimals(currency)) / step
    return int(units.quantize(Decimal(1), ROUND_HALF_UP)) * step


def from_units(units, currency):
    return float(Decimal(units).scaleb(-decimals(currency)))


def monthly(amount, interval):
    """What a price per interval is per month."""
    return amount / MONTHS[interval]
