"""Which of the prices on offer a page shows: those of one interval and one currency, which the visitor chooses by a link."""
from odoo.http import request

from ..const import INTERVALS, MONTHS

CODES = [code for code, _label in INTERVALS]


def choice(plans, query):
    """What the plans page needs beside the plans: {plan's id: price} for the chosen interval and currency, and what else
    there is to choose. A plan that is not sold so keeps a price that it has."""
    prices = plans._offers()
    currencies = prices.currency_id
    currency = currencies.filtered(lambda known: known.name == query.get('currency')) or (
        currencies & request.env.company.currency_id) or currencies[:1]
    shown = prices.filtered(lambda price: price.currency_id == currency)
    intervals = [code for code in CODES if code in shown.mapped('interval')]
    interval = query.get('interval') if query.get('interval') in intervals else (intervals or CODES)[0]
    return {
        'prices': {plan.id: price for plan in plans if (price := pick(prices, plan, interval, currency))},
        'all_prices': {plan.id: shown.filtered(lambda price, plan=plan: price.plan_id == plan).sorted(
            lambda price: CODES.index(price.interval)) for plan in plans},
        'interval': interval, 'intervals': intervals, 'currency': currency, 'currencies': currencies,
        'saving': saving(shown),
    }


def pick(prices, plan, interval, currency):
    """The plan's price that comes nearest to what was chosen; none for a plan that is not paid for here."""
    own = prices.filtered(lambda price: price.plan_id == plan)
    return own.sorted(lambda price: (price.currency_id != currency, price.interval != interval,
                                     CODES.index(price.interval)))[:1]


def saving(prices):
    """By how many percent a year is cheaper than twelve months, at best."""
    found = [0]
    for year in prices.filtered(lambda price: price.interval == 'year'):
        month = prices.filtered(lambda price, year=year: price.plan_id == year.plan_id and price.interval == 'month')[:1]
        if month.amount:
            found.append(int(100 - 100 * year.amount / (month.amount * MONTHS['year']) + 0.5))
    return max(found)
