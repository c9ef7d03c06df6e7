"""Dedicated sign-ups at once on a cluster in trouble, as ``make bench`` has them: only fewer."""
import pytest

from ..bench.dedicated import RATE_LIMIT
from ..bench.dedicated_cloud import cloud
from ..bench.dedicated_storm import Storm


@pytest.fixture
def no_limit(world):
    """All of them come from one address."""
    staff = world.staff()
    before = staff.call('ir.config_parameter', 'get_param', RATE_LIMIT)
    staff.call('ir.config_parameter', 'set_param', RATE_LIMIT, '0')
    yield
    staff.call('ir.config_parameter', 'set_param', RATE_LIMIT, before)


def test_all_end_live_or_cleanly_failed(world, no_limit):
    with cloud(world) as made:
        storm = Storm(made, 6, dead_seconds=5)
        try:
            live, failed, wrong = storm.run()
        finally:
            storm.clear()
        assert not wrong
        assert len(live) + len(failed) == 6 and live
        assert not made.kept() and not made.addresses_in_use()
