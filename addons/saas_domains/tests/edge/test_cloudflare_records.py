"""DNS records at Cloudflare: written once, adopted only when they are ours, many in few calls."""
from dataclasses import replace

import pytest

from bare.saas_domains.edge.cloudflare_plan import plan
from bare.saas_domains.edge.cloudflare_types import Record, comment
from bare.saas_master.drivers.errors import NotFound, Permanent, Retryable
from cloudflare_fixtures import CF_MARK, CF_MASTER


def listed(cf, mark=CF_MARK):
    return cf.client.records(cf.zone.id, mark)


# -- one record ------------------------------------------------------------------------------------------------------
def test_a_record_is_made_as_wanted(cf):
    made = cf.client.create_record(cf.zone.id, cf.record('acme'))
    assert made == cf.record('acme') and made.id
    assert listed(cf) == [made]


def test_what_an_interrupted_attempt_made_is_adopted(cf):
    cf.fault('status', method='POST', status=502, when='after')
    with pytest.raises(Retryable):
        cf.client.create_record(cf.zone.id, cf.record('acme'))
    again = cf.client.create_record(cf.zone.id, cf.record('acme'))
    assert listed(cf) == [again]


@pytest.mark.parametrize('words', ['by hand', '', comment('another-master', 'tenant')])
def test_the_same_content_without_our_comment_is_not_adopted(cf, words):
    cf.foreign('acme', cf.tunnel.target, words=words)
    with pytest.raises(Permanent, match='acme.sajet.us CNAME .* left alone') as caught:
        cf.client.create_record(cf.zone.id, cf.record('acme'))
    assert caught.value.problem == 'cloudflare_foreign'


@pytest.mark.parametrize('kind, content', [('A', '192.0.2.1'), ('CNAME', 'shop.example.net'), ('TXT', 'hello')])
def test_another_record_of_that_name_is_named(cf, kind, content):
    cf.foreign('acme', content, kind)
    with pytest.raises(Permanent, match=f'acme.sajet.us {kind} {content}'):
        cf.client.create_record(cf.zone.id, cf.record('acme'))
    assert [record.content for record in listed(cf, '')] == [content]


def test_our_own_record_that_says_something_else_is_no_foreign_one(cf):
    cf.client.create_record(cf.zone.id, cf.record('acme', content='old.example.net'))
    with pytest.raises(Permanent, match='synchronise') as caught:
        cf.client.create_record(cf.zone.id, cf.record('acme'))
    assert caught.value.problem == 'cloudflare_stale'


def test_a_record_that_exists_yet_is_not_listed_is_tried_again(cf):
    cf.fault('status', method='POST', status=400, code=81053, message='exists')
    with pytest.raises(Retryable):
        cf.client.create_record(cf.zone.id, cf.record('acme'))


def test_deleting_twice_is_deleting(cf):
    made = cf.client.create_record(cf.zone.id, cf.record('acme'))
    assert cf.client.delete_record(cf.zone.id, made.id) is True
    assert cf.client.delete_record(cf.zone.id, made.id) is False
    assert cf.client.delete_record(cf.zone.id, made.id, CF_MARK) is False


def test_a_record_whose_mark_is_gone_is_left_alone(cf):
    taken = cf.foreign('acme')
    with pytest.raises(Permanent, match='does not carry our mark'):
        cf.client.delete_record(cf.zone.id, taken.id, CF_MARK)
    assert listed(cf, '') == [taken]


def test_deleting_in_a_zone_that_is_not_there_is_no_success(cf):
    with pytest.raises(NotFound, match='7003'):
        cf.client.delete_record('not-a-zone', 'f' * 32)


def test_only_marked_records_are_listed(cf):
    cf.foreign('www')
    cf.foreign('other', words=comment('another-master', 'tenant'))
    ours = cf.client.create_record(cf.zone.id, cf.record('acme'))
    assert listed(cf) == [ours]
    assert len(cf.client.records(cf.zone.id)) == 2 and len(listed(cf, '')) == 3


def test_comments_fit_in_a_free_zone():
    assert len(comment(CF_MASTER, 'x' * 200)) == 100
    assert comment(CF_MASTER, 'tenant').startswith('saas:0c7a1c349d0e:')


# -- batches ---------------------------------------------------------------------------------------------------------
def test_a_batch_deletes_changes_and_creates(cf):
    first, second, third = (cf.client.create_record(cf.zone.id, record) for record in cf.records(3))
    changed = replace(second, content='new.example.net')
    result = cf.client.batch_records(cf.zone.id, [first.id, third.id], [changed], [cf.record('t0000', 'again')])
    assert (len(result.deletes), result.patches) == (2, (changed,))
    assert {(record.name, record.comment) for record in listed(cf)} == {
        ('t0000.sajet.us', comment(CF_MASTER, 'again')), ('t0001.sajet.us', comment(CF_MASTER, 'tenant'))}


def test_a_refused_batch_changes_nothing(cf):
    first = cf.client.create_record(cf.zone.id, cf.record('first'))
    cf.foreign('taken')
    with pytest.raises(Permanent, match='81053'):
        cf.client.batch_records(cf.zone.id, [first.id], [], [cf.record('fine'), cf.record('taken')])
    assert listed(cf) == [first]


def test_an_empty_batch_asks_nothing(cf):
    before = len(cf.calls())
    assert cf.client.batch_records(cf.zone.id).posts == ()
    assert len(cf.calls()) == before


def test_a_batch_that_was_done_in_part_is_looked_at_again(cf):
    cf.fault('partial', path='batch', done=3)
    with pytest.raises(Retryable, match='only 3'):
        cf.client.batch_records(cf.zone.id, posts=cf.records(5))
    changes = plan(cf.records(5), listed(cf), CF_MARK)
    assert len(changes.creates) == 2
    cf.client.apply_records(cf.zone, changes)
    assert len(listed(cf)) == 5


# -- plans carried out -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize('kind, most', [('free', 12), ('pro', 12)])
def test_a_thousand_records_in_few_calls(cf, kind, most):
    """With a Free zone's batches of 200, and the quota that an older Free zone may have."""
    cf.fake.world.add_zone('sajet.us', kind, record_quota=3500)
    before = len(cf.calls())
    zone = cf.client.zone(cf.zone.id)
    wanted = cf.records(1000)
    applied = cf.client.apply_records(zone, plan(wanted, listed(cf), CF_MARK).check())
    assert len(cf.calls()) - before <= most
    assert len(applied.created) == 1000 and not plan(wanted, listed(cf), CF_MARK)


def test_the_quota_is_asked_for_before_anything_is_written(cf):
    cf.fake.world.add_zone('sajet.us', 'free', record_quota=200)
    cf.client.batch_records(cf.zone.id, posts=cf.records(190))
    with pytest.raises(Permanent, match='room for 10 more DNS records .190 of 200 are used. and 15 are needed') as caught:
        cf.client.apply_records(cf.zone, plan(cf.records(205), listed(cf), CF_MARK))
    assert caught.value.problem == 'cloudflare_quota' and caught.value.values['left'] == 10
    assert len(listed(cf)) == 190


def test_what_fits_can_be_done_alone(cf):
    cf.fake.world.add_zone('sajet.us', 'free', record_quota=10)
    changes, left_out = plan(cf.records(15), [], CF_MARK).fitting(cf.client.record_usage(cf.zone.id).left)
    cf.client.apply_records(cf.zone, changes)
    assert len(listed(cf)) == 10 and len(left_out) == 5


def test_a_full_zone_that_says_so_late_is_permanent(cf):
    cf.fake.world.add_zone('sajet.us', 'free', record_quota=2)
    with pytest.raises(Permanent, match='81045') as caught:
        cf.client.batch_records(cf.zone.id, posts=cf.records(3))
    assert caught.value.problem == 'cloudflare_quota' and not listed(cf)


def test_who_came_in_between_is_left_alone_and_the_rest_is_done(cf):
    """We listed only what is ours, and somebody has a record by hand where one of ours should be."""
    theirs = cf.foreign('t0003')
    changes = plan(cf.records(6), listed(cf), CF_MARK)
    applied = cf.client.apply_records(cf.zone, changes)
    assert [foreign.found for foreign in applied.foreign] == [theirs]
    assert len(applied.created) == 5 and len(listed(cf)) == 5
    assert listed(cf, '')[3] == theirs


def test_what_another_attempt_has_made_meanwhile_is_adopted(cf):
    changes = plan(cf.records(6), listed(cf), CF_MARK)
    cf.client.batch_records(cf.zone.id, posts=cf.records(2))
    applied = cf.client.apply_records(cf.zone, changes)
    assert (len(applied.adopted), len(applied.created)) == (2, 4) and len(listed(cf)) == 6


def test_what_somebody_has_deleted_meanwhile_is_gone(cf):
    cf.client.batch_records(cf.zone.id, posts=cf.records(4))
    changes = plan(cf.records(1), listed(cf), CF_MARK)
    cf.client.delete_record(cf.zone.id, changes.deletes[1].id)
    applied = cf.client.apply_records(cf.zone, changes)
    assert len(applied.deleted) == 2 and [record.name for record in listed(cf)] == ['t0000.sajet.us']


def test_a_zone_that_does_not_hold_still_is_tried_again_later(cf):
    changes = plan(cf.records(2), listed(cf), CF_MARK)
    cf.fault('status', path='batch', status=400, code=81057, times=2)
    with pytest.raises(Retryable, match='change while they are written'):
        cf.client.apply_records(cf.zone, changes)


def test_an_answer_that_was_lost_is_found_done(cf):
    cf.fault('drop', path='batch', when='after')
    with pytest.raises(Retryable):
        cf.client.apply_records(cf.zone, plan(cf.records(3), listed(cf), CF_MARK))
    assert not plan(cf.records(3), listed(cf), CF_MARK)


def test_a_record_of_another_kind_makes_way_first(cf):
    """A CNAME bears nothing beside it, and deletes come before creates."""
    old = cf.client.create_record(cf.zone.id, Record('A', 'acme.sajet.us', '192.0.2.1', comment=comment(CF_MASTER, 'x')))
    applied = cf.client.apply_records(cf.zone, plan([cf.record('acme')], listed(cf), CF_MARK).check())
    assert applied.deleted == (old,) and [record.type for record in listed(cf)] == ['CNAME']
