"""Webhook endpoints, and which deliveries an event makes.

Setting ``deliver``: ``duplicate`` (each is sent up to so many times more), ``delay`` (seconds), ``shuffle`` (in no order),
``hold`` (nothing leaves until it is released), ``seed`` (of the chances).
"""
import json
import random
import re
import secrets
import time

from . import answers, errors, lists
from .routes import route
from .world import VERSION

MOST = 16                       # endpoints of an account
JITTER = 1.0                    # seconds within which deliveries are shuffled as they come
MIXED = ('forged', 'stale', 'future', 'unsigned')       # kinds of deliveries that no receiver may take
KINDS = (*MIXED, 'other_mode')                          # the last one is signed well, of a live account in a test one
NAME = re.compile(r'\*|[a-z0-9_]+(\.[a-z0-9_]+)+')


# -- endpoints --------------------------------------------------------------------------------------------------------
def add_endpoint(world, url, secret='', kinds=('*',)):
    """Again: the same one. A secret that is given is kept in memory only, the world's own in its file."""
    with world.transaction():
        row = next(iter(world.all('webhook_endpoints', url=url)), None) or _new_row(world, url)
        if secret:
            world.secrets[row['id']] = secret
        row = {**row, '_secret': row['_secret'] or ('' if secret else new_secret()), 'enabled_events': list(kinds)}
        return world.put('webhook_endpoints', row['id'], row)


def _new_row(world, url, **values):
    return {'id': world.new_id('we'), 'object': 'webhook_endpoint', 'api_version': VERSION, 'application': None,
            'created': world.now(), 'description': None, 'livemode': world.livemode, 'metadata': {}, 'status': 'enabled',
            'url': url, '_secret': '', **values}


def new_secret():
    return f'whsec_{secrets.token_urlsafe(24)}'


def secrets_of(world, endpoint, moment):
    """What a delivery is signed with: the secret, and former ones while they are being rolled."""
    old = [secret for secret, until in endpoint.get('_old_secrets', ()) if until > moment]
    return [world.secrets.get(endpoint['id']) or endpoint['_secret'], *old]


def roll_secret(world, key, overlap):
    """A new secret; former ones sign too for ``overlap`` seconds, or with 0 no longer."""
    row = world.need('webhook_endpoints', key)
    old = [[secret, time.time() + overlap] for secret in secrets_of(world, row, time.time())] if overlap else []
    world.secrets.pop(key, None)
    return world.put('webhook_endpoints', key, {**row, '_secret': new_secret(), '_old_secrets': old})['_secret']


@route('POST', '/v1/webhook_endpoints')
def create_endpoint(call):
    world = call.world
    if len(world.all('webhook_endpoints')) >= MOST:
        raise errors.invalid(f'You have reached the maximum of {MOST} test webhook endpoints.')
    if call.text('api_version') not in (None, VERSION):
        raise errors.invalid(f'Invalid api_version: this sandbox speaks {VERSION}.', 'api_version')
    call.ignore('connect')
    row = _new_row(world, _url(call), enabled_events=_enabled(call), description=call.text('description'),
                   metadata=call.metadata(), _secret=new_secret())
    world.put('webhook_endpoints', row['id'], row)
    return {**row, 'secret': row['_secret']}


def _url(call):
    url = call.text('url', required=True)
    if not re.match(r'https?://[^/\s]+', url):
        raise errors.invalid('Invalid URL: An explicit scheme (such as https) must be provided.', 'url', 'url_invalid')
    if call.world.livemode and not url.startswith('https:'):
        raise errors.invalid('Invalid URL: URL must be an https URL in live mode.', 'url', 'url_invalid')
    return url


def _enabled(call):
    kinds = call.texts('enabled_events', required=True)
    for index, kind in enumerate(kinds):
        if not NAME.fullmatch(kind):
            raise errors.invalid(f'Invalid enabled_events[{index}]: {kind} is no type of event', f'enabled_events[{index}]')
    return kinds


@route('GET', '/v1/webhook_endpoints')
def list_endpoints(call):
    return answers.page(call, lists.within(call, call.world.all('webhook_endpoints')))


@route('GET', '/v1/webhook_endpoints/{key}')
def get_endpoint(call, key):
    return call.world.need('webhook_endpoints', key)


@route('POST', '/v1/webhook_endpoints/{key}')
def change_endpoint(call, key):
    old = call.world.need('webhook_endpoints', key)
    values = {**call.given(description=call.text), 'metadata': call.metadata(old['metadata'])}
    if call.has('url'):
        values['url'] = _url(call)
    if call.has('enabled_events'):
        values['enabled_events'] = _enabled(call)
    if call.has('disabled'):
        values['status'] = 'disabled' if call.flag('disabled') else 'enabled'
    return call.world.change('webhook_endpoints', key, values)


@route('DELETE', '/v1/webhook_endpoints/{key}')
def delete_endpoint(call, key):
    row = call.world.need('webhook_endpoints', key)
    call.world.remove('webhook_endpoints', key)
    for delivery in call.world.all('deliveries', endpoint=key):
        call.world.remove('deliveries', delivery['id'])
    return answers.deleted(row)


# -- deliveries -------------------------------------------------------------------------------------------------------
def queue(world, event, endpoint=''):
    """Deliveries to every endpoint that wants the event, or to that one."""
    how = world.setting('deliver')
    for row in world.all('webhook_endpoints', status='enabled'):
        if row['id'] == endpoint or not endpoint and _wants(row, event['type']):
            for due in [time.time()] if how.get('hold') else _moments(how, event['id']):
                add_delivery(world, event['id'], row['id'], due, is_held=bool(how.get('hold')))


def _wants(endpoint, kind):
    return '*' in endpoint['enabled_events'] or kind in endpoint['enabled_events']


def _moments(how, key):
    """When each copy of an event is sent. The same event meets the same chances under the same seed."""
    chance = random.Random(f'{how["seed"]}/{key}' if 'seed' in how else None)
    copies = 1 + chance.randint(0, how.get('duplicate', 0))
    begin, jitter = time.time() + how.get('delay', 0), JITTER if how.get('shuffle') else 0
    return [begin + chance.uniform(0, jitter) for _copy in range(copies)]


def add_delivery(world, event, endpoint, due, is_held=False, kind=''):
    """``kind``: one of KINDS, or what it should be."""
    key = secrets.token_hex(10)
    return world.put('deliveries', key, {
        'id': key, 'event': event, 'endpoint': endpoint, 'attempts': 0, 'due': due, 'held': is_held, 'kind': kind})


def release(world, duplicate=0, shuffle=False, seed=None, forge=0.0, delay=0):
    """All that was held leaves: each once, and up to ``duplicate`` times more; with a share ``forge`` that are none."""
    chance, sent = random.Random(seed), []
    for row in world.all('deliveries', held=True):
        sent += [(row['event'], row['endpoint'], '')] * (1 + chance.randint(0, duplicate))
        world.remove('deliveries', row['id'])
    sent += [(*chance.choice(sent)[:2], chance.choice(MIXED)) for _forged in range(round(len(sent) * forge))]
    if shuffle:
        chance.shuffle(sent)
    begin = time.time() + delay
    for place, (event, endpoint, kind) in enumerate(sent):
        add_delivery(world, event, endpoint, begin + place * 1e-6, kind=kind)
    world.set('deliver', {name: value for name, value in world.setting('deliver').items() if name != 'hold'})
    return {'sent': len(sent), 'forged': sum(1 for *_row, kind in sent if kind)}


def content(world, row):
    """(body, event) of a delivery: an event in the way Stripe writes it; a forged one is another with an id of its own."""
    event = world.get('events', row['event'])
    if event is None:
        return None, None
    event['pending_webhooks'] = 1
    if row['kind'] in ('forged', 'unsigned', 'other_mode'):
        event.update(id=f'evt_forged{row["id"]}', type='customer.subscription.deleted')
    if row['kind'] == 'other_mode':
        event['livemode'] = not event['livemode']
    return json.dumps(event, indent=2).encode(), event
