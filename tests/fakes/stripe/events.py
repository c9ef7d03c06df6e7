"""What happened in the last 30 days, for whoever missed its delivery."""
from collections import Counter

from . import answers, errors, lists
from .routes import route
from .world import EVENTS_KEPT


@route('GET', '/v1/events')
def list_events(call):
    world = call.world
    rows = [row for row in world.all('events') if row['created'] > world.now() - EVENTS_KEPT]
    kinds = _kinds(call)
    if kinds is not None:
        rows = [row for row in rows if _fits(row['type'], kinds)]
    waiting = _waiting(world)
    if call.has('delivery_success'):
        wanted = call.flag('delivery_success')
        rows = [row for row in rows if (waiting[row['id']] == 0) is wanted]
    answer = answers.page(call, lists.within(call, rows))
    return {**answer, 'data': [{**row, 'pending_webhooks': waiting[row['id']]} for row in answer['data']]}


def _kinds(call):
    if call.has('type') and call.has('types'):
        raise errors.invalid('You may only specify one of these parameters: type, types.', 'type')
    if call.has('types'):
        return call.texts('types')[:20]
    return [call.text('type', required=True)] if call.has('type') else None


def _fits(kind, wanted):
    return any(kind == one or (one.endswith('*') and kind.startswith(one[:-1])) for one in wanted)


def _waiting(world):
    return Counter(row['event'] for row in world.all('deliveries'))


@route('GET', '/v1/events/{key}')
def get_event(call, key):
    row = call.world.need('events', key)
    if row['created'] <= call.world.now() - EVENTS_KEPT:
        raise errors.no_such('event', key)
    return {**row, 'pending_webhooks': _waiting(call.world)[key]}
