"""The rhythm of checks, written out."""
import pytest

from bare.saas_domains.edge import backoff


@pytest.mark.parametrize('count, seconds', [
    (-1, 60), (0, 60), (1, 63), (2, 66.15), (9, 93.08), (10, 242.73), (11, 279.14), (20, 981.99), (39, 13975.49),
    (40, 14400), (75, 14400), (10**9, 14400),
])
def test_delay(count, seconds):
    assert backoff.delay(count) == pytest.approx(seconds, abs=0.01)


def test_it_never_becomes_shorter():
    delays = [backoff.delay(count) for count in range(200)]
    assert delays == sorted(delays)


def test_seventy_five_checks_take_about_a_week():
    assert 6 < sum(map(backoff.delay, range(75))) / 86400 < 8
