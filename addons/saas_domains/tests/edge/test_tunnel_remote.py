"""A tunnel managed through the API: one PUT per change, complete when every connector has it."""
import pytest

from bare.saas_domains.edge.ingress import Rule, render
from bare.saas_domains.edge.tunnel_remote import Spread, apply, look, publish
from bare.saas_master.drivers.errors import AuthError, Permanent

ROUTER = 'http://127.0.0.1:8080'
INGRESS = render([Rule('*.sajet.us', ROUTER), Rule('www.acme.test', ROUTER, origin_request={'connectTimeout': 10})], ROUTER)


def puts(cf):
    return sum(call.startswith('PUT ') for call in cf.calls())


def connector(cf, number, **values):
    with cf.fake.world.store.transaction():
        cf.fake.world.add_connector(cf.tunnel.id, number, **values)


def test_a_document_is_put_once_and_every_connector_has_it(cf):
    spread = apply(cf.client, cf.tunnel.id, INGRESS)
    assert (spread, spread.complete, spread.not_yet()) == (Spread(1, 2, 2, True), True, None)
    assert cf.client.configuration(cf.tunnel.id) == (1, {'ingress': INGRESS})
    assert apply(cf.client, cf.tunnel.id, INGRESS) == Spread(1, 2, 2, False)
    assert puts(cf) == 1


def test_what_else_the_document_holds_stays(cf):
    cf.client.put_configuration(cf.tunnel.id, {
        'ingress': [{'service': 'http_status:404'}], 'warp-routing': {'enabled': True}, 'originRequest': {'tlsTimeout': 5}})
    assert publish(cf.client, cf.tunnel.id, INGRESS) == (2, True)
    assert cf.client.configuration(cf.tunnel.id).document == {
        'ingress': INGRESS, 'warp-routing': {'enabled': True}, 'originRequest': {'tlsTimeout': 5}}


def test_empty_values_that_the_api_adds_are_no_difference(cf):
    cf.client.put_configuration(cf.tunnel.id, {'ingress': [{'originRequest': {}, 'path': '', **rule} for rule in INGRESS]})
    assert publish(cf.client, cf.tunnel.id, INGRESS) == (1, False)


def test_a_change_by_somebody_else_is_put_right(cf):
    publish(cf.client, cf.tunnel.id, INGRESS)
    cf.client.put_configuration(cf.tunnel.id, {'ingress': INGRESS[1:]})
    assert publish(cf.client, cf.tunnel.id, INGRESS) == (3, True)


def test_it_waits_for_the_slowest_connector(cf):
    connector(cf, 2, frozen_at=cf.fake.world.now())
    spread = apply(cf.client, cf.tunnel.id, INGRESS)
    assert (spread, spread.complete) == (Spread(1, 2, 1, True), False)
    assert (spread.not_yet().after, spread.not_yet().note) == (1.0, '1 of 2 connectors have version 1')
    connector(cf, 2, frozen_at=None)
    assert look(cf.client, cf.tunnel.id, spread.version).complete


def test_a_connector_with_a_later_version_has_this_one_too(cf):
    publish(cf.client, cf.tunnel.id, INGRESS)
    publish(cf.client, cf.tunnel.id, INGRESS[1:])
    assert look(cf.client, cf.tunnel.id, 1) == Spread(1, 2, 2)


def test_one_that_is_on_its_way_back_is_not_waited_for(cf):
    connector(cf, 2, frozen_at=cf.fake.world.now(), pending=True)
    assert apply(cf.client, cf.tunnel.id, INGRESS).complete


def test_a_tunnel_without_connectors_is_never_complete(cf):
    for number in (1, 2):
        connector(cf, number, connected=False)
    spread = apply(cf.client, cf.tunnel.id, INGRESS)
    assert (spread, spread.complete) == (Spread(1, 0, 0, True), False)
    assert 'start cloudflared' in spread.not_yet().note
    assert spread.not_yet().after == 15.0, 'a person has to act: no need to ask every second'


def test_a_tunnel_that_a_file_manages_is_left_alone(cf):
    tunnel = cf.fake.world.add_tunnel('by-file', config_src='local')
    with pytest.raises(Permanent, match='managed by config.yml') as raised:
        apply(cf.client, tunnel['id'], INGRESS)
    assert (raised.value.problem, puts(cf)) == ('tunnel_local', 0)


def test_wrong_rules_never_leave_here(cf):
    with pytest.raises(Permanent) as raised:
        apply(cf.client, cf.tunnel.id, [{'hostname': '*sajet.us', 'service': ROUTER}, *INGRESS])
    assert (raised.value.problem, puts(cf)) == ('ingress_wrong', 0)


def test_errors_of_the_api_pass_as_they_are(cf):
    with pytest.raises(AuthError):
        apply(cf.client_who_may('Zone Read'), cf.tunnel.id, INGRESS)
