import pytest

from bare.saas_billing.drivers import money


@pytest.mark.parametrize('amount, currency, units', [
    (10, 'USD', 1000), (19.99, 'usd', 1999), (0.1 + 0.2, 'EUR', 30), (1.005, 'EUR', 101), (0, 'EUR', 0), (-5.5, 'EUR', -550),
    (2500, 'JPY', 2500), (2500.5, 'JPY', 2501), (1000000, 'KRW', 1000000), (3, 'PYG', 3),
    (5.124, 'KWD', 5120), (5.126, 'KWD', 5130), (1, 'BHD', 1000), (12.5, 'TND', 12500),
    (5, 'ISK', 500), (5.4, 'ISK', 500), (5, 'UGX', 500), (10.45, 'HUF', 1045), (800.5, 'TWD', 80050), (1495, 'DOP', 149500)])
def test_units(amount, currency, units):
    assert money.to_units(amount, currency) == units


@pytest.mark.parametrize('units, currency, amount', [
    (1999, 'usd', 19.99), (2500, 'JPY', 2500.0), (5120, 'KWD', 5.12), (500, 'ISK', 5.0), (-1, 'EUR', -0.01), (0, 'EUR', 0.0)])
def test_amounts(units, currency, amount):
    found = money.from_units(units, currency)
    assert found == amount and isinstance(found, float)


def test_there_and_back():
    for currency in ('EUR', 'JPY', 'KWD'):
        for units in range(0, 5000, 10):
            assert money.to_units(money.from_units(units, currency), currency) == units


def test_a_year_is_twelve_months():
    assert (money.monthly(120, 'year'), money.monthly(9.5, 'month')) == (10, 9.5)
    with pytest.raises(KeyError):
        money.monthly(1, 'week')
