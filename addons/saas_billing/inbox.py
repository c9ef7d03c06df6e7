"""Taking in what Stripe delivers: verified, stored once, acknowledged; acted upon later. Plain SQL, no model on the way.

Stripe waits for the answer, and sends again when it is late. What is stored is safe: the cron works it off, and reads
what never arrived from Stripe's list (``saas.billing.event``).
"""
import functools
import json
import logging
from contextlib import suppress
from datetime import datetime, timezone
from typing import NamedTuple

import psycopg2.errors

from odoo.addons.saas_master.drivers.errors import DriverError
from odoo.addons.saas_master.drivers.vault import Vault

from .const import EVENT_TYPES
from .drivers import webhook

_logger = logging.getLogger(__name__)

ACCOUNTS = """
    SELECT id, mode, webhook_secrets_sealed FROM saas_stripe_account
     WHERE active AND webhook_secrets_sealed IS NOT NULL ORDER BY is_current DESC NULLS LAST, id"""
# Only while the account is as it was when its secrets were opened: one statement stores and makes sure of that.
STORE = """
    INSERT INTO saas_billing_event (account_id, stripe_id, type, created_at, received_at, source, object_kind, object_id,
                                    body, state, attempt, due_at, processed_at)
    SELECT id, %(id)s, %(type)s, %(created)s, %(now)s, %(source)s, %(kind)s, %(object)s,
           %(body)s, %(state)s, 0, %(now)s, %(processed)s
      FROM saas_stripe_account
     WHERE id = %(account)s AND active AND mode = %(mode)s AND webhook_secrets_sealed IS NOT DISTINCT FROM %(sealed)s
    ON CONFLICT (account_id, stripe_id) DO NOTHING RETURNING id"""
PAYS_FOR = """
    SELECT stripe_id FROM saas_subscription WHERE account_id = %s AND customer = %s
       AND status NOT IN ('canceled', 'incomplete_expired') ORDER BY id DESC LIMIT 1"""
LONGEST = 255       # of ids and types; Stripe's are far shorter


class Sender(NamedTuple):
    """An account, and its secrets as they were when they were opened."""

    id: int
    mode: str
    sealed: str
    secrets: tuple = ()


_senders = {}       # by database: as they were when a delivery met them last


def receive(cr, body, header):
    """Store one delivery; returns whether there is something to do. Raises ``webhook.Refused``: nothing was stored.

    One statement, as a rule. Where it stores nothing the accounts are read anew: they have changed, or it is known already.
    """
    stored = None
    with suppress(webhook.Refused):
        stored = _take(cr, body, header, _senders.get(cr.dbname, ()))
    if stored is None:
        _senders[cr.dbname] = _read_senders(cr)
        stored = _take(cr, body, header, _senders[cr.dbname])
    return bool(stored)


def _take(cr, body, header, senders):
    sender = _sender_of(body, header, senders)
    event = webhook.parse(body)
    if event.livemode != (sender.mode == 'live'):
        raise webhook.Refused('wrong_mode')
    try:
        return store(cr, sender, event, body, 'webhook')
    except psycopg2.errors.SerializationFailure:
        cr.rollback()
        return store(cr, sender, event, body, 'webhook')


def _sender_of(body, header, senders):
    """The account whose secret signed it."""
    refused = webhook.Refused('no_secret')
    for sender in senders:
        try:
            webhook.verify(body, header, sender.secrets)
        except webhook.Refused as error:
            refused = error if refused.code in ('no_secret', 'wrong') else refused      # signed by it, but too old
        else:
            return sender
    raise refused


def _read_senders(cr):
    cr.execute(ACCOUNTS)
    return tuple(Sender(*row, _opened(row[-1])) for row in cr.fetchall())


@functools.lru_cache(maxsize=64)
def _opened(sealed):
    """The secrets, opened once per process: another row, another entry. What cannot be opened signs nothing."""
    try:
        return tuple(json.loads(Vault.from_environment().open(sealed)))
    except DriverError as error:
        _logger.error('The signing secrets of a Stripe account cannot be opened, so its deliveries are refused: %s', error)
        return ()


def store(cr, sender, event, body, source):
    """Note an event once, however often it comes: whether it is of concern; None where nothing was stored.

    Where the same one is stored at the same moment a conflict of snapshots is raised: in a new one it is seen.
    """
    kind, object_id = subject(event)
    if kind == 'customer':
        kind, object_id = _paid_by(cr, sender.id, object_id)
    now = datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)
    cr.execute(STORE, {
        'account': sender.id, 'mode': sender.mode, 'sealed': sender.sealed, 'id': event.id, 'type': event.type,
        'created': event.created, 'now': now, 'source': source, 'kind': kind, 'object': object_id,
        'body': webhook.without_cards(body), 'state': 'pending' if kind else 'ignored', 'processed': None if kind else now,
    }, log_exceptions=False)
    return bool(kind) if cr.fetchone() else None


def _paid_by(cr, account, customer):
    """The subscription that has a card now, or none any more, because its customer has."""
    cr.execute(PAYS_FOR, [account, customer])
    found = cr.fetchone()
    return ('subscription', found[0]) if found else (None, customer)


def subject(event):
    """What has to be read again because of it, as (kind, id); (None, id) where nothing has."""
    if event.type not in EVENT_TYPES:
        return None, event.object_id[:LONGEST] or None
    if event.type == 'customer.updated':
        found = 'customer', event.object_id
    elif event.type.startswith('checkout.'):
        found = 'checkout', event.checkout or event.object_id
    elif event.type.startswith('customer.subscription.') or event.type == 'invoice.upcoming':     # which has no id
        found = 'subscription', event.subscription or event.object_id
    else:
        found = 'invoice', event.invoice or event.object_id
    return found if found[1] else (None, None)
