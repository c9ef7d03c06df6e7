"""The difference between wanted and actual: only what is ours is touched, and not too much at once."""
import itertools
import random
from dataclasses import replace

import pytest

from bare.saas_domains.edge.cloudflare_plan import Plan, TooMuch, plan
from bare.saas_domains.edge.cloudflare_types import CustomHostname, Record, metadata
from bare.saas_master.drivers.errors import Permanent

OURS, THEIRS = 'saas:abc:', 'saas:xyz:'


def records(count, start=0, **values):
    return [Record('CNAME', f'n{number:03}.sajet.us', 'tunnel.example', comment=f'{OURS}tenant', **values)
            for number in range(start, start + count)]


def there(wanted):
    return [replace(record, id=f'id-{record.name}') for record in wanted]


def test_nothing_to_do():
    assert not plan(records(3), there(records(3)), OURS)


def test_create_change_and_delete():
    actual = there(records(3))
    wanted = [replace(records(1)[0], content='other.example'), *records(1, 2), *records(1, 7)]
    changes = plan(wanted, actual, OURS)
    assert [record.name for record in changes.creates] == ['n007.sajet.us']
    assert [(record.id, record.content) for record in changes.changes] == [('id-n000.sajet.us', 'other.example')]
    assert [record.id for record in changes.deletes] == ['id-n001.sajet.us']


def test_the_difference_reads_as_lines():
    actual = there(records(2))
    wanted = [replace(records(1)[0], content='other.example'), *records(1, 5)]
    taken = Record('A', 'n005.sajet.us', '192.0.2.1', id='theirs')
    assert plan(wanted, [*actual, taken], OURS).lines == (
        '- n001.sajet.us CNAME tunnel.example (proxied)',
        '~ n000.sajet.us CNAME tunnel.example (proxied)  →  n000.sajet.us CNAME other.example (proxied)',
        '! n005.sajet.us CNAME tunnel.example (proxied): kept out by n005.sajet.us A 192.0.2.1 (proxied), which is not ours')


@pytest.mark.parametrize('words', ['', 'by hand', f'{THEIRS}tenant', 'saas', 'SAAS:abc:tenant'])
def test_what_is_not_ours_is_never_touched(words):
    actual = [replace(record, comment=words) for record in there(records(4))]
    changes = plan(records(2), actual, OURS)
    assert not changes and changes.total == 0
    assert [foreign.found.id for foreign in changes.foreign] == ['id-n000.sajet.us', 'id-n001.sajet.us']


def test_other_types_beside_each_other_are_no_hindrance():
    text = Record('TXT', 'n000.sajet.us', 'ours', proxied=False, comment=f'{OURS}txt')
    other = Record('TXT', 'n000.sajet.us', 'theirs', proxied=False, id='1')
    address = Record('A', 'n000.sajet.us', '192.0.2.1', id='2')
    assert plan([text], [other, address], OURS).creates == (text,)
    assert plan([text], [replace(other, content='ours')], OURS).foreign
    assert plan([text], [Record('CNAME', 'n000.sajet.us', 'x.example', id='3')], OURS).foreign


@pytest.mark.parametrize('values, same', [
    ({'content': 'TUNNEL.example.'}, True), ({'name': 'N000.Sajet.us.'}, True), ({'ttl': 300}, False),
    ({'proxied': False}, False),
    ({'comment': f'{OURS}wildcard'}, False), ({'content': 'x.example'}, False)])
def test_what_counts_as_a_change(values, same):
    assert bool(plan(records(1), [replace(records(1)[0], id='1', **values)], OURS)) is not same


def test_of_two_of_ours_for_one_name_the_right_one_stays():
    right, wrong = replace(records(1)[0], id='9'), replace(records(1)[0], id='1', content='old.example')
    changes = plan(records(1), [wrong, right], OURS)
    assert changes.deletes == (wrong,) and not changes.changes and not changes.creates


def test_the_order_of_what_is_given_does_not_matter():
    wanted, actual = records(20, 10), there(records(20))
    found = set()
    for seed in range(5):
        mixer = random.Random(seed)
        mixer.shuffle(wanted)
        mixer.shuffle(actual)
        changes = plan(wanted, actual, OURS)
        found.add((changes.lines, changes.digest))
    assert len(found) == 1


# -- not too much ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('total, gone, refused', [
    (0, 0, False), (5, 5, False), (6, 6, True), (12, 5, False), (17, 6, True), (18, 6, False), (300, 100, False),
    (300, 101, True)])
def test_more_than_a_third_waits_for_a_person(total, gone, refused):
    changes = plan(records(total - gone), there(records(total)), OURS)
    if not refused:
        assert changes.check() is changes
        return
    with pytest.raises(TooMuch, match=f'{gone} of {total} entries') as caught:
        changes.check()
    assert isinstance(caught.value, Permanent) and caught.value.problem == 'cloudflare_too_much'
    assert len(caught.value.lines) == gone and caught.value.lines[0].startswith('- ')


def test_changes_count_as_removals_do_and_creates_do_not():
    actual = there(records(9))
    changed = [replace(record, content='x.example') for record in records(4)]
    with pytest.raises(TooMuch, match='6 of 9'):
        plan([*changed, *records(3, 4)], actual, OURS).check()
    plan(records(1000), actual, OURS).check()


def test_a_person_allows_exactly_what_he_saw():
    actual = there(records(30))
    seen = plan(records(10), actual, OURS)
    assert seen.check(force=seen.digest) is seen and seen.check(force=True) is seen
    worse = plan(records(5), actual, OURS)
    with pytest.raises(TooMuch):
        worse.check(force=seen.digest)


def test_the_total_may_be_another_one():
    changes = plan([], there(records(10)), OURS)
    assert changes.check(total=1000) is changes
    with pytest.raises(TooMuch):
        changes.check(total=29)


# -- calls -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('limit', [1, 3, 7, 200])
def test_batches_hold_their_limit_and_their_order(limit):
    changes = Plan(creates=tuple(range(100, 105)), changes=tuple(range(50, 54)), deletes=tuple(range(5)), before=())
    parts = list(changes.batches(limit))
    assert all(0 < sum(map(len, part)) <= limit for part in parts)
    assert [list(itertools.chain(*(part[kind] for part in parts))) for kind in range(3)] == [
        [*range(5)], [*range(50, 54)], [*range(100, 105)]]
    kinds = [kind for part in parts for kind in range(3) for _entry in part[kind]]
    assert kinds == sorted(kinds)


def test_room_that_deletes_make_is_used():
    changes = plan(records(4, 10), there(records(2)), OURS)
    fitting, left_out = changes.fitting(1)
    assert len(fitting.creates) == 3 and len(left_out) == 1 and fitting.deletes == changes.deletes
    assert changes.fitting(None) == (changes, ())


# -- custom hostnames ------------------------------------------------------------------------------------------------
def hostname(name, **values):
    return CustomHostname(values.pop('id', ''), name, metadata=metadata('abc', 'domain'), **values)


def test_custom_hostnames_are_compared_alike():
    kept, changed, gone = (hostname(name, id=name) for name in ('a.example', 'b.example', 'c.example'))
    foreign = CustomHostname('x', 'd.example')
    changes = plan([hostname('a.example'), hostname('b.example', method='txt'), hostname('d.example'), hostname('e.example')],
                   [kept, changed, gone, foreign], OURS)
    assert [entry.hostname for entry in changes.creates] == ['e.example']
    assert [(entry.id, entry.method) for entry in changes.changes] == [('b.example', 'txt')]
    assert changes.deletes == (gone,) and changes.foreign[0].found == foreign
    assert '(method \'http\' → \'txt\')' in changes.lines[1]


def test_hostnames_that_cannot_carry_a_mark_are_known_by_their_ids():
    bare = [CustomHostname(name, name) for name in ('a.example', 'b.example', 'c.example')]
    changes = plan([hostname('a.example')], bare, OURS, known=['a.example', 'b.example'])
    assert [entry.hostname for entry in changes.deletes] == ['b.example'] and not changes.creates
