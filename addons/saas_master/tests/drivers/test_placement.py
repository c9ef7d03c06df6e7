"""Placement: never more than there is, spread, and a reason for each node."""
import random

import pytest
from drivers.placement import Candidate, Need, choose, fits

GIB = 1024
NEED = Need(memory_mib=2 * GIB, cores=1, disk_gib=10)


def node(name, memory=10, used=0, **more):
    return Candidate(name, name, used={'memory_mib': used * GIB, **more.pop('used', {})} if not isinstance(used, dict) else used,
                     total={'memory_mib': memory * GIB, **more.pop('total', {})}, **more)


def codes(choice):
    return {line.name: line.code for line in choice.lines}


def test_the_emptier_one_is_taken_and_every_one_is_explained():
    choice = choose([node('a', used=6), node('b', used=3), node('c', used=9)], NEED)
    assert choice.candidate.name == 'b'
    assert codes(choice) == {'a': 'possible', 'b': 'chosen', 'c': 'no_memory_mib'}
    lacking = choice.lines[2].values
    assert (lacking['free_memory_mib'], lacking['total_memory_mib'], lacking['needed']) == (GIB, 10 * GIB, 2 * GIB)


@pytest.mark.parametrize('flag', ['is_draining', 'in_maintenance', 'is_down'])
def test_who_takes_nobody_is_out(flag):
    choice = choose([node('a', **{flag: True}), node('b', used=7)], NEED)
    assert (choice.candidate.name, codes(choice)['a']) == ('b', flag)


def test_a_region_is_kept_to():
    choice = choose([node('a', region='eu'), node('b'), node('c', region='us')], Need(region='us'))
    assert (choice.candidate.name, codes(choice)) == ('c', {'a': 'region', 'b': 'region', 'c': 'chosen'})
    assert choose([node('a', region='eu')], Need()).candidate.name == 'a', 'who wants no region takes any'


@pytest.mark.parametrize('resource, need', [
    ('count', Need()), ('memory_mib', Need(memory_mib=2)), ('cores', Need(cores=2)), ('disk_gib', Need(disk_gib=2))])
def test_any_resource_may_be_the_one_that_lacks(resource, need):
    full = Candidate('a', 'a', used={resource: 4}, total={resource: 4})
    assert choose([full], need).lines[0].code == f'no_{resource}'
    assert not fits(full, need)
    roomy = Candidate('a', 'a', used={resource: 4}, total={resource: 6})
    assert choose([roomy], need).candidate is roomy and fits(roomy, need)


def test_nothing_without_a_limit_is_ever_full():
    endless = Candidate('a', 'a', used={'count': 10**6}, total={})
    assert choose([endless], NEED).candidate is endless


def test_equal_ones_are_taken_by_where_the_template_is_then_by_name():
    assert choose([node('b'), node('a', is_local=False), node('c')], NEED).candidate.name == 'b'
    assert choose([], NEED).candidate is None and choose([], NEED).lines == ()


@pytest.mark.parametrize('seed', range(20))
def test_placed_one_by_one_no_node_ever_gives_more_than_it_has(seed):
    """And as long as any has room somebody is taken."""
    rng = random.Random(seed)
    totals = {f'n{n}': {'memory_mib': rng.randint(0, 64) * GIB, 'cores': rng.choice((0, 8, 32)), 'disk_gib': rng.randint(50, 900),
                        'count': rng.choice((0, 5, 20))} for n in range(rng.randint(1, 5))}
    used = {name: dict.fromkeys(total, 0) for name, total in totals.items()}
    for _tenant in range(100):
        need = Need(memory_mib=rng.randint(0, 8) * GIB, cores=rng.randint(0, 4), disk_gib=rng.randint(0, 100))
        nodes = [Candidate(name, name, used[name], total) for name, total in totals.items()]
        choice = choose(nodes, need)
        assert len(choice.lines) == len(nodes)
        assert (choice.candidate is None) == (not any(fits(candidate, need) for candidate in nodes))
        if choice.candidate:
            for resource in used[choice.candidate.name]:
                used[choice.candidate.name][resource] += getattr(need, resource)
    for name, total in totals.items():
        assert all(not total[resource] or used[name][resource] <= total[resource] for resource in total)
