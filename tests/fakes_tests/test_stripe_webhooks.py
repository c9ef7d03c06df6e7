"""Events and their deliveries: signed, repeated, late, in no order, forged."""
import hashlib
import hmac
import json
import time

import pytest
import stripe


def names(merchant, count):
    return [merchant.client.products.create({'name': str(number)}).id for number in range(count)]


# -- events ----------------------------------------------------------------------------------------------------------
def test_an_event(merchant):
    product = merchant.client.products.create({'name': 'a'}, {'idempotency_key': 'one'})
    event = merchant.client.events.list().data[0]
    assert (event.object, event.type, event.livemode) == ('event', 'product.created', False)
    assert event.api_version == '2026-10-28.endive'
    assert event.data.object.to_dict() == product.to_dict() and event.request.idempotency_key == 'one'
    assert merchant.client.events.retrieve(event.id).to_dict() == event.to_dict()


def test_events_by_type_and_time(merchant):
    first = merchant.client.products.create({'name': 'a'})
    merchant.control.advance(days=2)
    merchant.price(product=first.id)
    merchant.client.products.update(first.id, {'name': 'b'})

    def kinds(**params):
        return [row.type for row in merchant.client.events.list(params).data]
    assert kinds() == ['product.updated', 'price.created', 'product.created']
    assert kinds(type='price.created') == ['price.created'] and kinds(type='product.*') == ['product.updated', 'product.created']
    assert kinds(types=['price.created', 'product.created']) == ['price.created', 'product.created']
    assert kinds(created={'gte': merchant.world.now() - 86400}) == ['product.updated', 'price.created']
    assert merchant.error('GET', '/v1/events', {'type': 'a', 'types[]': 'b'}) == (400, None, 'type')


def test_events_page_both_ways(merchant):
    names(merchant, 7)
    rows = merchant.client.events.list({'limit': 3})
    older = merchant.client.events.list({'limit': 3, 'starting_after': rows.data[-1].id})
    newer = merchant.client.events.list({'limit': 2, 'ending_before': older.data[0].id})
    assert newer.data == rows.data[1:] and newer.has_more
    assert len(list(merchant.client.events.list({'limit': 2}).auto_paging_iter())) == 7
    oldest = merchant.events()[0]
    after = merchant.client.events.list({'limit': 2, 'ending_before': oldest.id}).auto_paging_iter()
    assert [event.id for event in after] == [event.id for event in merchant.events()[1:]], 'towards the newest'


def test_events_are_kept_for_30_days(merchant):
    names(merchant, 1)
    event = merchant.events()[0]
    merchant.control.advance(days=29)
    assert merchant.client.events.retrieve(event.id).id == event.id
    merchant.control.advance(days=1)
    assert merchant.events() == []
    assert merchant.error('GET', f'/v1/events/{event.id}') == (404, 'resource_missing', 'id')


# -- endpoints -------------------------------------------------------------------------------------------------------
def test_an_endpoint(merchant):
    made = merchant.client.webhook_endpoints.create({
        'url': 'https://saas.example/hook', 'enabled_events': ['invoice.paid'], 'api_version': '2026-10-28.endive'})
    assert made.secret.startswith('whsec_') and made.status == 'enabled'
    assert 'secret' not in merchant.client.webhook_endpoints.retrieve(made.id)
    assert [row.url for row in merchant.client.webhook_endpoints.list().data] == ['https://saas.example/hook']
    changed = merchant.client.webhook_endpoints.update(made.id, {'disabled': True, 'enabled_events': ['*']})
    assert (changed.status, changed.enabled_events) == ('disabled', ['*'])
    assert merchant.client.webhook_endpoints.delete(made.id).deleted
    assert merchant.error('GET', f'/v1/webhook_endpoints/{made.id}')[0] == 404


@pytest.mark.parametrize('params, expected', [
    ({'url': 'saas.example/hook', 'enabled_events[0]': '*'}, (400, 'url_invalid', 'url')),
    ({'url': 'http://x.example', 'enabled_events[0]': 'invoice paid'}, (400, None, 'enabled_events[0]')),
    ({'url': 'http://x.example'}, (400, 'parameter_missing', 'enabled_events')),
    ({'url': 'http://x.example', 'enabled_events[0]': '*', 'api_version': '2019-05-16'}, (400, None, 'api_version'))])
def test_endpoints_that_are_none(merchant, params, expected):
    assert merchant.error('POST', '/v1/webhook_endpoints', params) == expected


def test_no_more_than_sixteen(merchant):
    params = {'url': 'https://saas.example/hook', 'enabled_events': ['*']}
    for _number in range(16):
        merchant.client.webhook_endpoints.create(params)
    with pytest.raises(stripe.InvalidRequestError, match='maximum of 16'):
        merchant.client.webhook_endpoints.create(params)


def test_an_endpoint_gets_what_it_wants(merchant, receiver):
    merchant.client.webhook_endpoints.update(receiver.id, {'enabled_events': ['price.created', 'price.updated']})
    price = merchant.price()
    merchant.control.settle()
    assert receiver.kinds == ['price.created']
    merchant.client.webhook_endpoints.update(receiver.id, {'disabled': True})
    merchant.client.prices.update(price.id, {'active': False})
    merchant.control.settle()
    assert receiver.kinds == ['price.created']


# -- deliveries ------------------------------------------------------------------------------------------------------
def test_a_delivery(merchant, receiver):
    names(merchant, 1)
    merchant.control.settle()
    event, headers = receiver.taken[0], receiver.headers[0]
    stored = merchant.events()[0]
    assert event == {**stored.to_dict(), 'pending_webhooks': 1} and stored.pending_webhooks == 0
    assert headers['Content-Type'].startswith('application/json') and headers['User-Agent'].startswith('Stripe/1.0')
    values = dict(part.split('=') for part in headers['Stripe-Signature'].split(','))
    assert abs(int(values['t']) - time.time()) < 10
    body = json.dumps(event, indent=2).encode()
    assert values['v1'] == hmac.new(receiver.secret.encode(), values['t'].encode() + b'.' + body, hashlib.sha256).hexdigest()


def test_the_time_of_sending_is_the_real_one(merchant, receiver):
    merchant.control.advance(days=20)
    names(merchant, 1)
    merchant.control.settle()
    assert len(receiver.taken) == 1 and receiver.taken[0]['created'] > time.time() + 19 * 86400


def test_a_secret_that_is_rolled(merchant, receiver):
    merchant.control.post('settings', retries=1)
    old, receiver.secret = receiver.secret, merchant.control.post(f'endpoints/{receiver.id}', overlap=3600)['secret']
    names(merchant, 1)
    merchant.control.settle()
    assert len(receiver.taken) == 1 and receiver.headers[0]['Stripe-Signature'].count('v1=') == 2
    receiver.secret = old
    names(merchant, 1)
    merchant.control.settle()
    assert len(receiver.taken) == 2, 'the former secret is good until it ends'
    merchant.control.post(f'endpoints/{receiver.id}', overlap=0)
    names(merchant, 1)
    merchant.control.settle()
    assert len(receiver.taken) == 2 and len(receiver.refused) == 1


@pytest.mark.parametrize('status', [500, 302, 404])
def test_what_was_not_taken_comes_again(merchant, receiver, status):
    receiver.answers = [status, status]
    names(merchant, 1)
    merchant.control.settle()
    assert len(receiver.taken) == 1
    assert [(row['status'], row['attempt']) for row in merchant.control.sent()] == [(status, 1), (status, 2), (200, 3)]
    assert len({row['event'] for row in merchant.control.sent()}) == 1


def test_an_endpoint_that_is_away(merchant, receiver):
    merchant.control.post('settings', retries=3)
    receiver.server_close()
    names(merchant, 1)
    merchant.control.settle()
    assert merchant.control.deliveries()['given_up'] == 1
    assert [row['status'] for row in merchant.control.sent()] == [0, 0, 0] and merchant.control.sent()[0]['problem']


def test_what_is_held_leaves_when_it_is_released(merchant, receiver):
    merchant.control.deliveries(hold=True)
    made = names(merchant, 20)
    merchant.control.settle()
    assert receiver.taken == [] and merchant.control.deliveries()['held'] == 20 and merchant.events()[0].pending_webhooks == 1
    sent = merchant.control.release(duplicate=2, shuffle=True, seed=7)['sent']
    merchant.control.settle()
    arrived = [event['data']['object']['id'] for event in receiver.taken]
    assert len(arrived) == sent > 20 and set(arrived) == set(made)
    assert max(map(arrived.count, made)) <= 3 and list(dict.fromkeys(arrived)) != made
    names(merchant, 1)
    merchant.control.settle()
    assert len(receiver.taken) == sent + 1, 'nothing is held any more'


def test_more_than_once_as_they_come(merchant, receiver):
    merchant.control.deliveries(duplicate=2, seed=1)
    names(merchant, 20)
    merchant.control.settle()
    assert 20 < len(receiver.taken) <= 60 and len({event['id'] for event in receiver.taken}) == 20


def test_late_and_in_no_order(merchant, receiver):
    merchant.control.deliveries(delay=0.2, shuffle=True, seed=3)
    began, made = time.time(), names(merchant, 10)
    merchant.control.settle()
    assert [event['data']['object']['id'] for event in receiver.taken] != made and len(receiver.taken) == 10
    assert min(row['at'] for row in merchant.control.sent()) >= began + 0.2


def test_forged_ones_are_among_them(merchant, receiver):
    merchant.control.deliveries(hold=True)
    names(merchant, 50)
    assert merchant.control.release(forge=0.2, shuffle=True, seed=1) == {'sent': 60, 'forged': 10}
    merchant.control.settle()
    kinds = {row['kind']: row['status'] for row in merchant.control.sent() if row['kind']}
    assert kinds == {'forged': 400, 'stale': 400, 'unsigned': 400, 'future': 200}, "the package's own check takes the future"
    assert {event['id'] for event in merchant.events()} == {event['id'] for event in receiver.taken}
    assert merchant.control.deliveries()['accepted'] == 50


def test_forged_on_demand_and_never_again(merchant, receiver):
    names(merchant, 1)
    merchant.control.post('forge', kinds=['forged', 'unsigned'], times=3)
    merchant.control.settle()
    counts = merchant.control.deliveries()
    assert (counts['accepted'], counts['bad_refused'], counts.get('bad_accepted', 0)) == (1, 6, 0)
    assert all(event['id'].startswith('evt_forged') for event in receiver.refused)


def test_one_of_the_other_mode_is_signed_well(merchant, receiver):
    names(merchant, 1)
    merchant.control.post('forge', kinds=['other_mode'])
    merchant.control.settle()
    assert sorted(event['livemode'] for event in receiver.taken) == [False, True]


def test_once_more_on_demand(merchant, receiver):
    names(merchant, 1)
    merchant.control.settle()
    merchant.control.resend(receiver.taken[0]['id'])
    merchant.control.post('events', type='plan.created', object={'id': 'plan_x', 'object': 'plan'})
    merchant.control.settle()
    assert sorted(receiver.kinds) == ['plan.created', 'product.created', 'product.created']


def test_what_was_undone_is_not_told(merchant, receiver):
    merchant.ask('POST', '/v1/products', {'name': 'a', 'unknown': '1'})
    merchant.control.settle()
    assert receiver.headers == [] and merchant.events() == []
