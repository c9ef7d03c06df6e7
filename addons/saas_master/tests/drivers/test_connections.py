"""Connections that are kept for a moment between two uses."""
import pytest
from drivers.access import Access
from drivers.errors import NotFound
from drivers.pve import connections
from drivers.pve.connections import Lender

from real_servers import wait_until


class Thing:
    def __init__(self):
        self.closed = False

    def close(self):
        self.closed = True


def lent(lender, key='one'):
    with lender.lend(key, Thing) as thing:
        assert not thing.closed
    return thing


def test_one_that_was_given_back_is_used_again_by_who_asks_for_the_same():
    lender = Lender()
    assert lent(lender) is lent(lender)
    assert lent(lender, 'another') is not lent(lender)


def test_it_has_one_user_at_a_time():
    lender = Lender()
    with lender.lend('one', Thing) as first, lender.lend('one', Thing) as second:
        assert first is not second


def test_what_went_wrong_is_not_kept():
    lender = Lender()
    with pytest.raises(KeyError), lender.lend('one', Thing) as broken:
        raise KeyError
    assert broken.closed and lent(lender) is not broken


def test_what_nobody_uses_is_closed():
    lender = Lender(seconds=0.05)
    thing = lent(lender)
    wait_until(lambda: thing.closed, 'the end of what nobody uses')
    assert lent(lender) is not thing


def test_what_is_in_use_is_not_closed_however_long_it_takes():
    lender = Lender(seconds=0.05)
    lent(lender)
    with lender.lend('one', Thing) as used:
        other = lent(lender, 'another')
        wait_until(lambda: other.closed, 'the end of the other one')
        assert not used.closed


def test_two_calls_of_a_cluster_go_over_one_session(pve, api):
    with connections.session(api) as first:
        assert first.get('version')
    with connections.session(api) as second:
        assert second is first and second.get('version')
    with pytest.raises(NotFound), connections.session(api) as third:
        third.get('nodes/pve1/lxc/77777/config')
    with connections.session(api) as fourth:
        assert fourth is not first and fourth.get('version'), 'an error is no reason to keep one'


def test_two_containers_of_a_node_go_over_one_connection(pct_node, pct_sshd):
    access = Access('127.0.0.1', pct_sshd.port, pct_sshd.user, pct_sshd.host_key, pct_sshd.private_key)
    pct_node.container(102)
    found = []
    for vmid in (101, 102):
        with connections.inside(access, vmid) as transport:
            found.append(transport._node)
            assert transport.run(('echo', str(vmid)), 30).stdout == f'{vmid}\n'
    assert found[0] is found[1]
