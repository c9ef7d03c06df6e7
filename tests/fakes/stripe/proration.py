"""Periods by the calendar and parts of them to the second. Pure: moments are unix seconds (UTC)."""
import calendar
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

MONTHS = {'month': 1, 'year': 12}
DAYS = {'day': 1, 'week': 7}


def shifted(anchor, interval, count):
    """``count`` intervals after the anchor. The 31st becomes a shorter month's last day, and the 31st again later."""
    start = datetime.fromtimestamp(anchor, timezone.utc)
    if interval in DAYS:
        return int((start + timedelta(days=DAYS[interval] * count)).timestamp())
    months = start.year * 12 + start.month - 1 + MONTHS[interval] * count
    year, month = months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def period_at(anchor, interval, count, moment):
    """(start, end) of the period around ``moment``. Before the anchor: the part that leads to it."""
    if moment < anchor:
        return moment, anchor
    number = 1
    while shifted(anchor, interval, number * count) <= moment:
        number += 1
    return shifted(anchor, interval, (number - 1) * count), shifted(anchor, interval, number * count)


def rounded(value):
    """Half away from zero, as on an invoice."""
    return int(Decimal(value).quantize(Decimal(1), ROUND_HALF_UP))


def share(amount, start, end, at):
    """What of ``amount``, paid for start…end, belongs to at…end."""
    if end <= start:
        return 0
    left = min(max(end - at, 0), end - start)
    return rounded(Decimal(amount) * left / (end - start))


def percent_of(amount, percent):
    return rounded(Decimal(amount) * Decimal(str(percent)) / 100)
