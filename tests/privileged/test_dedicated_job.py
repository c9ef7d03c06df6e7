"""The whole story of a dedicated tenant: what ``make demo-dedicated`` tells. Also where pages stand in for containers."""
import secrets

import pytest

from .. import dedicated_job
from .. import journey_steps as steps
from ..client import Timeline


def order(kind):
    name = f'{kind}-{secrets.token_hex(3)}'
    return steps.Order(name, 'Impulse Max', f'{name}@impulse-max.example', plan=dedicated_job.PLAN)


@pytest.mark.parametrize(('story', 'real', 'stood_in'), [(dedicated_job.journey, 17, 13), (dedicated_job.from_standby, 8, 6)])
def test_story(sold, story, real, stood_in):
    timeline = Timeline(lambda line: None)
    story(sold.world, order('own'), timeline)
    assert len(timeline.rows) == (real if sold.pve.runtime == 'lxc' else stood_in)
