"""What time alone makes happen, in the order of time: trials end, periods are renewed, invoices are tried again."""
import heapq

from . import debits, invoices, periods, subscriptions
from .items import period_of
from .objects import save

DAY = 86400
TELL_BEFORE = 3 * DAY       # trial_will_end, invoice.upcoming
ALIVE = ('active', 'past_due', 'unpaid', 'trialing')


def run(world, until):
    """Everything that is due up to ``until``, each at its own hour and each as often as it comes due."""
    queue, touched, reached = [], set(), 0
    for table in DUES:
        for row in world.all(table):
            _push(queue, world, table, row, until)
    watch = _watch(touched)
    world.store.listeners.append(watch)
    try:
        while queue:
            moment, table, key, name = heapq.heappop(queue)
            row = world.get(table, key)
            if row and (moment, name) in DUES[table](world, row):
                reached = max(reached, moment)
                with world.at(reached):
                    ACTS[name](world, row)
            for other in list(touched):
                _push(queue, world, other[0], world.get(*other), until)
            touched.clear()
    finally:
        world.store.listeners.remove(watch)


def _watch(touched):
    def note(table, key, _old, new):
        if table in DUES and new is not None:
            touched.add((table, key))
    return note


def _push(queue, world, table, row, until):
    for moment, name in DUES[table](world, row) if row else ():
        if moment <= until:
            heapq.heappush(queue, (moment, table, row['id'], name))


# -- when -------------------------------------------------------------------------------------------------------------
def _of_subscription(world, row):
    if row['status'] in subscriptions.OVER:
        return []
    dues = []
    if row['status'] == 'incomplete':
        dues.append((row['created'] + subscriptions.HOURS_TO_PAY, 'expire'))
    if row['cancel_at']:
        dues.append((row['cancel_at'], 'cancel'))
    pause = row['pause_collection']
    if pause and pause['resumes_at']:
        dues.append((pause['resumes_at'], 'collect'))
    if row['status'] in ALIVE:
        dues += _of_period(world, row)
    return dues


def _of_period(world, row):
    end, is_ending = period_end(row), row['cancel_at_period_end']
    if is_ending or row['cancel_at'] and row['cancel_at'] <= end:
        turn = [(end, 'cancel')] if is_ending else []
    else:
        turn = [(end, 'end_trial' if row['status'] == 'trialing' else 'renew')]
        if row.get('_told_upcoming') != end:
            turn.append((max(end - _before(world), _start(row)), 'upcoming'))
    if row['status'] == 'trialing' and row.get('_told_trial') != row['trial_end']:
        turn.append((max(row['trial_end'] - TELL_BEFORE, row['trial_start']), 'trial_will_end'))
    return turn


def _before(world):
    days = world.setting('upcoming_days')
    return TELL_BEFORE if days is None else days * DAY


def _start(row):
    return min(item['current_period_start'] for item in row['items']['data'])


def period_end(row):
    return min(item['current_period_end'] for item in row['items']['data'])


def _of_invoice(_world, row):
    if row['status'] == 'open' and row.get('_clears'):
        return [(row['_clears'], 'clear')]
    if not row['auto_advance']:
        return []
    if row['status'] == 'draft' and row['automatically_finalizes_at']:
        return [(row['automatically_finalizes_at'], 'finalize')]
    if row['status'] == 'open' and row['next_payment_attempt']:
        return [(row['next_payment_attempt'], 'retry')]
    return []


def _of_session(_world, row):
    return [(row['expires_at'], 'expire_session')] if row['status'] == 'open' else []


def _of_pending_update(_world, row):
    return [(row['expires_at'], 'expire_update')]


DUES = {'subscriptions': _of_subscription, 'invoices': _of_invoice, 'checkout_sessions': _of_session,
        'pending_updates': _of_pending_update}


# -- what -------------------------------------------------------------------------------------------------------------
def _trial_will_end(world, row):
    save(world, 'subscriptions', {**row, '_told_trial': row['trial_end']})
    world.emit('customer.subscription.trial_will_end', row)


def _upcoming(world, row):
    """Of an invoice that is no object yet: it has no id."""
    from . import previews

    save(world, 'subscriptions', {**row, '_told_upcoming': period_end(row)})
    invoice = previews.upcoming(world, row)
    invoice.pop('id')
    world.emit('invoice.upcoming', invoice)


def _end_trial(world, row):
    periods.finish_trial(world, row, row['trial_end'])


def _renew(world, row):
    now, data = period_end(row), []
    save(world, 'last_period', {'id': row['id'], 'start': _start(row)})
    for item in row['items']['data']:
        if item['current_period_end'] <= now:
            start, end = period_of(item['price'], row['billing_cycle_anchor'], item['current_period_end'])
            item = {**item, 'current_period_start': start, 'current_period_end': end, 'billed_until': end}
        data.append(item)
    periods.renew(world, row, data, 'subscription_cycle')


def _cancel(world, row):
    subscriptions.cancel(world, row, row['cancellation_details']['reason'] or 'cancellation_requested')


def _collect(world, row):
    subscriptions.change(world, row, pause_collection=None)


def _expire(world, row):
    """A first invoice nobody paid in 23 hours."""
    for invoice in invoices.of_subscription(world, row['id'], 'open', 'draft'):
        invoices.void(world, invoice)
    subscriptions.change(world, row, status='incomplete_expired', ended_at=world.now())


def _expire_update(world, row):
    subscriptions.forget_pending(world, world.get('subscriptions', row['id']),
                                 'customer.subscription.pending_update_expired')


def _finalize(world, row):
    invoice = invoices.finalize(world, row, next_payment_attempt=None)
    if invoice['status'] == 'open':
        subscriptions.pay(world, invoice, is_retried=True)
    else:
        subscriptions.follow(world, invoice)


def _clear(world, row):
    debits.clear(world, row)


def _retry(world, row):
    subscriptions.pay(world, row, is_retried=True)


def _expire_session(world, row):
    from . import checkout

    checkout.expire(world, row)


ACTS = {'trial_will_end': _trial_will_end, 'upcoming': _upcoming, 'end_trial': _end_trial, 'renew': _renew,
        'cancel': _cancel, 'collect': _collect, 'expire': _expire, 'expire_update': _expire_update,
        'finalize': _finalize, 'clear': _clear, 'retry': _retry, 'expire_session': _expire_session}
