"""Series that are tested at the same time: every result is counted, and one that leaves none has failed."""
from types import SimpleNamespace

import pytest

from .. import run_all, side_by_side
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


def test_one_that_leaves_no_result_has_failed(settings, capfd):
    """It is told of a part that does not exist, so it ends at once."""
    results = side_by_side.run(settings, ['17.0', '19.0'], options(only=['nothing']))
    assert [result.failed for result in results] == [1, 1]
    assert 'left no result' in results[0].complaints[0]
    assert '19.0 | ' in capfd.readouterr().out
    assert run_all.summary(results) == 1
