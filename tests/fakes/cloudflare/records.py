"""``/zones/{zone}/dns_records``."""
import secrets

from . import record_rules
from .answers import Answer, ApiError, page_of
from .shapes import stamp

MOST_A_PAGE = 5_000_000
ORDERS = ('type', 'name', 'content', 'ttl', 'proxied')


class Index:
    """Ids by zone and by name, kept with the table."""

    def __init__(self, store):
        self.of_zone, self.of_name = {}, {}
        for key, record in store.table('records').items():
            self.changed('records', key, None, record)
        store.listeners.append(self.changed)

    def changed(self, table, key, old, new):
        if table != 'records':
            return
        for record, act in ((old, 'pop'), (new, 'add')):
            for places, place in ((self.of_zone, record and record['zone']),
                                  (self.of_name, record and (record['zone'], record['name']))):
                if record is None:
                    continue
                if act == 'add':
                    places.setdefault(place, {})[key] = True
                else:
                    places.get(place, {}).pop(key, None)


def of_name(world, zone, name):
    return [world.store.get('records', key) for key in world.records.of_name.get((zone['id'], name), ())]


def of_zone(world, zone):
    return [world.store.get('records', key) for key in world.records.of_zone.get(zone['id'], ())]


# -- endpoints --------------------------------------------------------------------------------------------------------
def list_records(call):
    query = call.query
    rows = [record for record in _candidates(call) if all(test(record) for test in _filters(call))]
    order = query.get('order', 'type')
    if order not in ORDERS or query.get('direction', 'asc') not in ('asc', 'desc'):
        raise ApiError(400, 1004, 'DNS Validation Error', [(9999, 'order or direction is invalid')])
    rows.sort(key=lambda record: (record[order], record['name'], record['id']), reverse=query.get('direction') == 'desc')
    return page_of([shown(call.zone, record) for record in rows], query, 100, 1, MOST_A_PAGE, call.world.setting('page_cap'))


def _candidates(call):
    name = call.query.get('name.exact', call.query.get('name'))
    return of_zone(call.world, call.zone) if name is None else of_name(call.world, call.zone, name.lower())


def _filters(call):
    query = call.query
    tests = {
        'type': lambda record, value: record['type'] == value,
        'content': lambda record, value: record['content'] == value,
        'content.exact': lambda record, value: record['content'] == value,
        'proxied': lambda record, value: record['proxied'] == (value == 'true'),
        'comment': lambda record, value: record['comment'] == value,
        'comment.exact': lambda record, value: record['comment'] == value,
        'comment.startswith': lambda record, value: record['comment'].startswith(value),
        'comment.endswith': lambda record, value: record['comment'].endswith(value),
        'comment.contains': lambda record, value: value in record['comment'],
        'comment.present': lambda record, _value: bool(record['comment']),
        'comment.absent': lambda record, _value: not record['comment'],
        'search': lambda record, value: value in f'{record["name"]} {record["content"]} {record["comment"]}',
    }
    return [lambda record, test=test, value=query[name]: test(record, value) for name, test in tests.items() if name in query]


def usage(call):
    return Answer({'record_quota': call.zone['record_quota'], 'record_usage': _count(call.world, call.zone)})


def get_record(call):
    return Answer(shown(call.zone, _record(call, call.key)))


def create_record(call):
    return Answer(shown(call.zone, _create(call, call.fields())))


def patch_record(call):
    return Answer(shown(call.zone, _patch(call, call.key, call.fields())))


def put_record(call):
    return Answer(shown(call.zone, _put(call, call.key, call.fields())))


def delete_record(call):
    _delete(call, call.key)
    return Answer({'id': call.key})


def batch(call):
    """One transaction, in this order; the first error undoes everything."""
    body = call.fields()
    if set(body) - {'deletes', 'patches', 'puts', 'posts'} or not all(isinstance(rows, list) for rows in body.values()):
        raise ApiError(400, 9207, 'Request body is invalid.')
    count, limit = sum(map(len, body.values())), record_rules.batch_limit(call.zone)
    if not count:
        raise ApiError(400, 9207, 'Request body is invalid.', [(9207, 'at least one operation is needed')])
    if count > limit:
        raise ApiError(400, 9207, f'Too many operations in a batch: {count}, at most {limit} are allowed on this plan.')
    done = {'deletes': [_delete(call, row.get('id')) for row in body.get('deletes', ())],
            'patches': [_patch(call, row.get('id'), row) for row in body.get('patches', ())],
            'puts': [_put(call, row.get('id'), row) for row in body.get('puts', ())],
            'posts': [_create(call, row) for row in body.get('posts', ())]}
    return Answer({name: [shown(call.zone, record) for record in rows] for name, rows in done.items()})


# -- acts -------------------------------------------------------------------------------------------------------------
def _create(call, fields):
    record = record_rules.checked(call.zone, {name: value for name, value in fields.items() if name != 'id'})
    record_rules.check_beside(record, of_name(call.world, call.zone, record['name']))
    if _count(call.world, call.zone) >= (call.zone['record_quota'] or 10**9):
        raise ApiError(400, 81045, 'The record quota has been exceeded.')
    now = call.world.now()
    return _save(call, {**record, 'id': secrets.token_hex(16), 'zone': call.zone['id'], 'created': now, 'modified': now})


def _patch(call, key, fields):
    old = _record(call, key)
    kept = {name: old[name] for name in ('type', 'name', 'content', 'proxied', 'ttl', 'comment', 'tags')}
    return _replace(call, old, {**kept, **{name: value for name, value in fields.items() if name != 'id'}})


def _put(call, key, fields):
    return _replace(call, _record(call, key), {name: value for name, value in fields.items() if name != 'id'})


def _replace(call, old, fields):
    record = record_rules.checked(call.zone, fields)
    others = [other for other in of_name(call.world, call.zone, record['name']) if other['id'] != old['id']]
    record_rules.check_beside(record, others)
    return _save(call, {**old, **record, 'modified': call.world.now()})


def _save(call, record):
    return call.world.store.put('records', record['id'], record)


def _delete(call, key):
    record = _record(call, key)
    call.world.store.remove('records', record['id'])
    return record


def _record(call, key):
    record = call.world.store.get('records', key) if isinstance(key, str) else None
    if record is None or record['zone'] != call.zone['id']:
        raise ApiError(404, 81044, 'Record does not exist.')
    return record


def _count(world, zone):
    return len(world.records.of_zone.get(zone['id'], ()))


def shown(zone, record):
    found = {name: record[name] for name in ('id', 'name', 'type', 'content', 'proxied', 'ttl', 'tags')}
    found.update(zone_id=zone['id'], zone_name=zone['name'], proxiable=record['type'] in record_rules.ADDRESSES,
                 settings={}, meta={'auto_added': False},
                 created_on=stamp(record['created']), modified_on=stamp(record['modified']))
    if record['comment']:
        found.update(comment=record['comment'], comment_modified_on=stamp(record['modified']))
    if 'priority' in record:
        found['priority'] = record['priority']
    return found
