"""Every act of both hosts, cut at its instants one after the other and asked for again, as by a worker that takes over."""
import dataclasses
from itertools import count

import pytest
from drivers.errors import Retryable
from drivers.host import ABSENT, PUBLISHED, STAGING

from pg_fixtures import databases, new_tenant, query

# Where an act that is cut may leave a tenant. Power and resources are in nobody's way.
STATES = {'clone': {ABSENT, STAGING}, 'publish_database': {STAGING, PUBLISHED}, 'remove': {PUBLISHED, STAGING, ABSENT}}
ALL, THEN = 4, 20       # the first instants one by one; further ones, of a long transaction, by such steps


def instants():
    yield from range(ALL)
    yield from count(ALL, THEN)


def written(case):
    """Of what is written in one transaction: the first, something between, and the mark."""
    found, = databases(case.pg, case.database, case.staging).values()
    url = query(case.pg, found.name, "SELECT value FROM ir_config_parameter WHERE key = 'web.base.url'")
    return url, query(case.pg, found.name, 'SELECT login FROM res_users WHERE id = 2'), found.comment


def of(tenant):
    return [(tenant.base_url,)], [(tenant.login,)], f'saas:{tenant.mark}'


def cut_everywhere(case, name, after, assert_fits, tenant=None):
    """Cut once more, one instant later, until an attempt ends before its instant comes; how often that was."""
    reached = 0
    for cutter in case.cutters(name):
        for instant in instants():
            with cutter.cut(instant, after) as cut:
                try:
                    case.act(name, tenant)
                except Retryable:
                    cut.is_error = True
            assert cut.is_reached or not cut.is_error, f'{name} failed without a cut at {instant}'
            if not cut.is_reached:
                break
            reached += 1
            assert_fits(f'{name} cut at {instant}')
    return reached


@pytest.fixture(params=[False, True], ids=['before', 'after'])
def cut(request, case):
    """``cut(name, …)``: the act in spite of everything, at last."""
    def cut(name, assert_fits=lambda _when: None, tenant=None):
        times = cut_everywhere(case, name, request.param, assert_fits, tenant)
        case.act(name, tenant)
        return times
    return cut


def test_made_and_removed(case, cut):
    for name in ('clone', 'configure', 'start', 'stop', 'remove'):
        def assert_fits(when, name=name):
            assert name not in STATES or case.act('look') in STATES[name], when
        times = cut(name, assert_fits)
        assert times or name not in STATES
        if name == 'clone':
            assert len(case.everything()) == 1 and case.act('look') == STAGING
    assert case.act('look') == ABSENT and not case.everything()


def test_written_as_a_whole_or_not_at_all(case, cut):
    case.through('clone', 'configure', 'start')
    other = new_tenant(login='bea@example.com')
    customer = dataclasses.replace(case.tenant, login=other.login, base_url=other.base_url)
    for name, tenant in (('personalise', case.tenant), ('publish_database', case.tenant), ('hand_over', customer)):
        allowed = (written(case), of(tenant))

        def assert_fits(when, name=name, allowed=allowed):
            assert case.act('look') in STATES[name] if name in STATES else written(case) in allowed, when
        assert cut(name, assert_fits, tenant) > 3
        assert written(case) == of(tenant)
    assert case.act('look') == PUBLISHED


@pytest.mark.parametrize('after', [False, True])
def test_what_is_not_confirmed_is_written_or_not(case, after):
    """The last instant of all, which is the one that counts."""
    case.through('clone', 'configure', 'start')
    before = written(case)
    with case.cutters('personalise')[0].cut((b'COMMENT ON DATABASE', b'COMMIT'), after) as cut, pytest.raises(Retryable):
        case.act('personalise')
    assert cut.is_reached and written(case) == (of(case.tenant) if after else before)
    case.through('personalise', 'publish_database')
    assert written(case) == of(case.tenant) and case.act('look') == PUBLISHED
