"""Lanes of tests: together they are every part; every result is counted, and a lane that leaves none has failed."""
from types import SimpleNamespace

import pytest

from .. import run_all, side_by_side
from ..side_by_side import lanes
from ..stack import Settings
from ..suites import Result


@pytest.fixture
def settings(tmp_path):
    return Settings(state=tmp_path / 'state', cache=tmp_path / 'cache')


def options(**values):
    return SimpleNamespace(**{'only': ['docker'], 'keep': False, 'pytest': [], **values})


def test_results_come_back_as_they_were(tmp_path):
    results = [Result('17.0 unit', passed=3, failed=1, complaints=['a.b']), Result('17.0 fuzz', skipped=2, seconds=1.5)]
    side_by_side.write_results(tmp_path / 'r.json', results)
    assert side_by_side.read_results(tmp_path / 'r.json', '17.0', 0) == results


def test_each_series_is_a_lane():
    first, second = lanes(['17.0', '19.0'], run_all.PARTS)
    assert (first.series, first.is_first, first.parts) == ('17.0', True, run_all.PARTS)
    assert (second.series, second.is_first, second.parts) == ('19.0', False, run_all.PARTS)


def test_a_single_series_has_two_lanes_with_every_part_in_one_of_them():
    first, second = lanes(['19.0'], run_all.PARTS)
    assert (first.is_first, second.is_first) == (True, False)
    assert sorted(first.parts + second.parts) == sorted(run_all.PARTS)
    assert len({first.name, second.name}) == 2, 'they have a folder each'


def test_no_lane_without_parts():
    assert [lane.parts for lane in lanes(['19.0'], ['crash'])] == [('crash',)]


def test_one_that_leaves_no_result_has_failed(settings, capfd):
    """It is told of a part that does not exist, so it ends at once."""
    results = side_by_side.run(settings, lanes(['17.0', '19.0'], ['nothing']), options())
    assert [result.failed for result in results] == [1, 1]
    assert 'left no result' in results[0].complaints[0]
    assert '19.0 | ' in capfd.readouterr().out
    assert run_all.summary(results) == 1
